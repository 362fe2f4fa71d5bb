#include <table/advise.h>

#include <base/buf.h>
#include <base/mem.h>
#include <base/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID ((size_t)10) /* warnings that are said one by one */
#define SAMPLE ((size_t)256)
#define TOKENS ((size_t)3) /* exceptions that an advice names */

/* ---- what a string looks like ---------------------------------------------------------------- */

enum look { LOOK_OTHER, LOOK_NUMBER, LOOK_DECORATED, LOOK_DATE };

struct decoration {
    bool currency, percent;
    bool grouped; /* fits 1,234.5 */
    bool comma;   /* fits 1.234,5 */
};

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len > n && memcmp(text + len - n, end, n) == 0;
}

/* Takes a currency sign off the front or the end. */
static bool take_currency(const char **text, size_t *len)
{
    static const char *const signs[] = { "$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5" }; /* dollar, euro, pound, yen */

    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
        size_t n = strlen(signs[i]);
        if (*len > n && memcmp(*text, signs[i], n) == 0) {
            *text += n;
            *len -= n;
            return true;
        }
        if (ends_with(*text, *len, signs[i])) {
            *len -= n;
            return true;
        }
    }
    return false;
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && **text == ' ') {
        ++*text;
        --*len;
    }
    while (*len > 0 && (*text)[*len - 1] == ' ')
        --*len;
}

/* A number once sign, percent and separators are taken off. */
static bool is_decorated(const char *text, size_t len, struct decoration *out)
{
    static const struct mli_numerals grouped = { '.', ',' }, comma = { ',', '.' };
    double value;

    *out = (struct decoration){ 0 };
    if (len > 1 && *text == '-') { /* -$5 */
        text++;
        len--;
    }
    out->currency = take_currency(&text, &len);
    if (len > 1 && text[len - 1] == '%') {
        out->percent = true;
        len--;
    }
    trim(&text, &len);
    out->grouped = mli_num_parse_grouped(text, len, grouped, &value);
    out->comma = mli_num_parse_grouped(text, len, comma, &value);
    return out->grouped || out->comma;
}

/* ---- a column -------------------------------------------------------------------------------- */

struct view {
    const struct mli_adviser *adviser;
    const struct mli_column *column;
    struct mli_buf buf;
    uint8_t *look;     /* of each string */
    size_t *cells;     /* of each string */
    size_t present;
};

static enum look look_at(const struct view *v, const char *text, struct decoration *decoration)
{
    struct mli_numerals numerals = v->adviser->numerals;
    bool plain = !numerals.thousands && numerals.decimal != ',';
    size_t len = strlen(text);
    double value;

    if (mli_num_parse_grouped(text, len, numerals, &value))
        return LOOK_NUMBER;
    if (mli_instant_shapes(text, len, MLI_SHAPES_ALL))
        return LOOK_DATE;
    return plain && is_decorated(text, len, decoration) ? LOOK_DECORATED : LOOK_OTHER;
}

/* Whether it is worth looking at all strings: a third of some that are spread over the dictionary look like something. */
static bool is_promising(const struct view *v)
{
    size_t n = mli_dict_count(v->column->dict), step = n / SAMPLE + 1, seen = 0, like = 0;
    struct decoration decoration;

    for (size_t i = 0; i < n; i += step, seen++)
        like += look_at(v, mli_dict_text(v->column->dict, i), &decoration) != LOOK_OTHER;
    return like * 3 >= seen && like > 0;
}

static bool count_cells(struct view *v)
{
    size_t n = mli_dict_count(v->column->dict);

    v->look = mli_calloc(n, 1);
    v->cells = mli_calloc(n, sizeof(*v->cells));
    if (!v->look || !v->cells)
        return false;
    for (size_t i = 0; i < v->adviser->rows; i++) {
        if (v->column->code[i] < 0)
            continue;
        v->cells[v->column->code[i]]++;
        v->present++;
    }
    return true;
}

/* Where the first cell with a string is for which `good` is false. */
static const char *first_exception(const struct view *v, const uint8_t *good, char place[48])
{
    size_t row = 0;

    while (v->column->code[row] < 0 || good[v->column->code[row]])
        row++;
    if (v->adviser->first_line)
        snprintf(place, 48, "line %zu", v->adviser->first_line + row);
    else
        snprintf(place, 48, "row %zu", row + 1);
    return mli_dict_text(v->column->dict, (size_t)v->column->code[row]);
}

/* "--na abc treats it as missing", if there are few exceptions and a list can hold them. */
static void add_tokens(struct view *v, const uint8_t *good)
{
    size_t n = mli_dict_count(v->column->dict), bad = 0;
    bool plain = true;
    struct mli_buf *buf = &v->buf;

    for (size_t i = 0; i < n; i++) {
        const char *text = mli_dict_text(v->column->dict, i);
        bad += !good[i];
        plain = plain && (good[i] || !text[strcspn(text, ",'\"")]);
    }
    if (bad > TOKENS || !plain)
        return;
    mli_buf_str(buf, "; --na '");
    for (size_t i = 0, added = 0; i < n; i++) {
        if (!good[i])
            mli_buf_printf(buf, "%s%.60s", added++ ? "," : "", mli_dict_text(v->column->dict, i));
    }
    mli_buf_printf(buf, "' treats %s as missing", bad == 1 ? "it" : "them");
}

static void say(struct mli_adviser *adviser, struct view *v)
{
    if (v->buf.status == ML_OK && adviser->said++ < SAID) {
        mli_text_clean(v->buf.data, false);
        ml_log(adviser->log, ML_LOG_WARNING, "%s", v->buf.data);
    }
}

/* `good` marks the strings that are as most are; what those are is said for one and for several. */
static void say_exceptions(struct mli_adviser *adviser, struct view *v, const uint8_t *good, size_t bad,
                           const char *one, const char *several)
{
    char place[48];
    const char *text = first_exception(v, good, place);

    mli_buf_printf(&v->buf, "column \"%.200s\" is a %s: %zu of %zu cells %s%s, the first is \"%.60s\" in %s",
                   v->column->name, ml_type_name(v->column->type), bad, v->present,
                   bad == 1 ? "is not a " : "are not ", bad == 1 ? one : several, text, place);
    add_tokens(v, good);
    say(adviser, v);
}

static void say_decorated(struct mli_adviser *adviser, struct view *v, uint8_t *good,
                          const struct decoration *all)
{
    char place[48];

    for (size_t i = 0; i < mli_dict_count(v->column->dict); i++)
        good[i] = v->look[i] != LOOK_DECORATED; /* to find the first that is */
    const char *text = first_exception(v, good, place);
    mli_buf_printf(&v->buf, "column \"%.200s\" is a %s: cells like \"%.60s\" in %s are numbers with ",
                   v->column->name, ml_type_name(v->column->type), text, place);
    if (all->currency || all->percent)
        mli_buf_printf(&v->buf, "a %s sign; take it off in the file to have numbers",
                       all->currency ? "currency" : "percent");
    else if (all->grouped)
        mli_buf_str(&v->buf, "thousands separators; --thousands , reads them");
    else if (all->comma)
        mli_buf_str(&v->buf, "a decimal comma; --decimal , reads them (with --thousands . if they have points too)");
    else
        mli_buf_str(&v->buf, "commas of two meanings; write them in one way to have numbers");
    say(adviser, v);
}

/* ---- the looks of a column ------------------------------------------------------------------- */

static bool is_most(const struct view *v, size_t cells)
{
    return cells >= v->present - v->present / 10 && v->present >= 10;
}

/* The shape that most cells have, and how many. */
static size_t best_shape(const struct view *v, unsigned *best)
{
    size_t cells[11] = { 0 }, most = 0;

    for (size_t i = 0; i < mli_dict_count(v->column->dict); i++) {
        const char *text = mli_dict_text(v->column->dict, i);
        unsigned shapes = mli_instant_shapes(text, strlen(text), MLI_SHAPES_ALL);
        for (unsigned s = 0; s < 11; s++)
            cells[s] += (shapes >> s & 1) ? v->cells[i] : 0;
    }
    for (unsigned s = 1; s < 11; s++)
        most = cells[s] > cells[most] ? s : most;
    *best = 1u << most;
    return cells[most];
}

static void advise_dates(struct mli_adviser *adviser, struct view *v, uint8_t *good)
{
    unsigned shape;
    bool ambiguous;
    char one[48], several[48];
    size_t cells = best_shape(v, &shape);

    if (!is_most(v, cells))
        return;
    for (size_t i = 0; i < mli_dict_count(v->column->dict); i++) {
        const char *text = mli_dict_text(v->column->dict, i);
        good[i] = mli_instant_shapes(text, strlen(text), shape) != 0;
    }
    const char *example = mli_format_example(mli_instant_format_of(shape, &ambiguous));
    snprintf(one, sizeof(one), "date like %s", example);
    snprintf(several, sizeof(several), "dates like %s", example);
    say_exceptions(adviser, v, good, v->present - cells, one, several);
}

static void advise_view(struct mli_adviser *adviser, struct view *v, uint8_t *good)
{
    size_t n = mli_dict_count(v->column->dict), cells[4] = { 0 };
    struct decoration all = { .grouped = true, .comma = true }, one = { 0 };

    for (size_t i = 0; i < n; i++) {
        enum look look = look_at(v, mli_dict_text(v->column->dict, i), &one);
        v->look[i] = (uint8_t)look;
        cells[look] += v->cells[i];
        good[i] = look == LOOK_NUMBER;
        if (look != LOOK_DECORATED)
            continue;
        all.currency |= one.currency;
        all.percent |= one.percent;
        all.grouped &= one.grouped;
        all.comma &= one.comma;
    }
    if (is_most(v, cells[LOOK_NUMBER]))
        say_exceptions(adviser, v, good, v->present - cells[LOOK_NUMBER], "number", "numbers");
    else if (is_most(v, cells[LOOK_NUMBER] + cells[LOOK_DECORATED]))
        say_decorated(adviser, v, good, &all);
    else if (cells[LOOK_DATE] > 0)
        advise_dates(adviser, v, good);
}

static void advise_codes(struct mli_adviser *adviser, const struct mli_column *column)
{
    struct view v = { .adviser = adviser, .column = column };
    size_t n = mli_dict_count(column->dict);

    if (!is_promising(&v))
        return;
    mli_buf_init(&v.buf, (size_t)1 << 16);
    uint8_t *good = mli_calloc(n, 1);
    if (good && count_cells(&v)) /* without memory there is no advice */
        advise_view(adviser, &v, good);
    free(good);
    free(v.look);
    free(v.cells);
    mli_buf_release(&v.buf);
}

static void say_day_first(const struct mli_column *column, const struct ml_log *log)
{
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\": dates are read day first, but month first fits every cell as well; "
           "--type %.200s=instant:mdy reads them so, instant:dmy says that day first is right",
           column->name, column->name);
}

/* Doubles hold whole numbers up to 2^53 apart; from there on neighbours fall together. */
static void say_rounded(const struct mli_column *column, const struct ml_log *log)
{
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\" holds whole numbers of 2^53 or more, which are rounded; if they are "
           "names, --type %.200s=identifier keeps every digit",
           column->name, column->name);
}

static void say_zeros(const struct mli_column *column, const struct ml_log *log)
{
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\" has numbers with zeros in front, which are lost; if they are codes, "
           "--type %.200s=category keeps them",
           column->name, column->name);
}

void mli_advise(struct mli_adviser *adviser, const struct mli_column *column, bool pinned)
{
    if (column->ambiguous && adviser->said++ < SAID)
        say_day_first(column, adviser->log);
    if (column->rounded && !pinned && adviser->said++ < SAID)
        say_rounded(column, adviser->log);
    if (column->zeros && !pinned && adviser->said++ < SAID)
        say_zeros(column, adviser->log);
    if (column->code && !pinned && column->type != ML_TYPE_BOOLEAN)
        advise_codes(adviser, column);
}

void mli_advise_end(const struct mli_adviser *adviser)
{
    if (adviser->said > SAID)
        ml_log(adviser->log, ML_LOG_WARNING, "and %zu more warnings about the types of columns",
               adviser->said - SAID);
}
