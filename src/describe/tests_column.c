/* Tests of columns of any type. */
#include <describe/tests.h>

#include <base/num.h>
#include <base/text.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MOSTLY 0.5
#define SHARE_OF_DISTINCT 0.9 /* above this, texts and numbers look like identifiers */
#define FEW_ROWS ((size_t)20) /* with no more than these, distinct values are nothing special */
#define TEXT_WORDS 6.0        /* more words than this on average: text rather than an identifier */

bool mli_found(struct mli_finding *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    mli_text_format(out->text, sizeof(out->text), format, args);
    va_end(args);
    return true;
}

void mli_label(const char *text, char out[MLI_LABEL])
{
    size_t len = strlen(text), keep = len < MLI_LABEL ? len : MLI_LABEL - 4;

    memcpy(out, text, keep);
    out[keep] = '\0';
    mli_text_clean(out, keep < len);
    if (keep < len)
        memcpy(out + strlen(out), "...", 4);
}

void mli_label_value(const struct mli_column *column, const struct mli_value *value, char out[MLI_LABEL])
{
    char text[2 * MLI_LABEL];

    if (column->dict) {
        mli_label(mli_dict_text(column->dict, (size_t)value->code), out);
        return;
    }
    mli_value_text(column, value, text, sizeof(text));
    mli_label(text, out);
}

bool mli_test_leak(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    bool classes = d->goal.kind == MLI_GOAL_CLASS;
    char label[MLI_LABEL];

    if (!(d->leak[column].score > MLI_LEAK))
        return false;
    mli_label(d->table->column[d->goal.column].name, label);
    return mli_found(out, "alone it predicts \"%s\" on rows held out (%s %.4f)", label,
                     classes ? "ROC AUC" : "R2", d->leak[column].score);
}

static double missing_share(const struct mli_description *d, size_t column)
{
    return (double)d->profile[column].missing / (double)d->table->rows;
}

bool mli_test_mostly_missing(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_profile *p = &d->profile[column];

    if (column == d->goal.column || p->present == 0 || missing_share(d, column) < MOSTLY)
        return false;
    return mli_found(out, "%.1f%% missing (%zu of %zu rows)", 100 * missing_share(d, column), p->missing,
                     d->table->rows);
}

bool mli_test_missing(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_profile *p = &d->profile[column];

    if (column == d->goal.column || p->missing == 0 || missing_share(d, column) >= MOSTLY)
        return false;
    return mli_found(out, "%.1f%% missing (%zu of %zu rows)", 100 * missing_share(d, column), p->missing,
                     d->table->rows);
}

bool mli_test_empty(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    if (column == d->goal.column || d->profile[column].present > 0 || d->table->rows == 0)
        return false;
    return mli_found(out, "no value in %zu rows", d->table->rows);
}

bool mli_test_constant(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_profile *p = &d->profile[column];
    char value[MLI_LABEL];

    if (column == d->goal.column || p->values.distinct != 1)
        return false;
    mli_label_value(&d->table->column[column], &p->values.top[0], value);
    if (p->missing > 0)
        return mli_found(out, "\"%s\" wherever it is not missing", value);
    return mli_found(out, "always \"%s\"", value);
}

bool mli_test_ambiguous_dates(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_instants *t = &d->profile[column].instants;
    char first[MLI_INSTANT_MAX], last[MLI_INSTANT_MAX];

    if (!d->table->column[column].ambiguous || d->profile[column].present == 0)
        return false;
    mli_instant_format(t->first, first);
    mli_instant_format(t->last, last);
    return mli_found(out, "read day first, so from %.10s to %.10s, but month first fits every cell as well", first,
                     last);
}

/* ---- identifiers --------------------------------------------------------------------------------------------- */

bool mli_test_row_number(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_number *number = &d->profile[column].number;
    char start[MLI_NUM_MAX], step[MLI_NUM_MAX];

    if (column == d->goal.column || d->table->rows <= FEW_ROWS || !number->counts_rows)
        return false;
    mli_num_format(number->start, start);
    mli_num_format(number->step, step);
    return mli_found(out, "counts the rows, from %s in steps of %s", start, step);
}

/* "id", "user_id", "userId", "uuid", "key" and the like. */
static bool named_as_identifier(const char *name)
{
    static const char *const words[] = { "id", "uuid", "guid", "key" };
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        size_t n = strlen(words[i]);
        if (len < n || strcasecmp(name + len - n, words[i]) != 0)
            continue;
        char before = len > n ? name[len - n - 1] : '_', first = name[len - n];
        if (strchr("_-. ", before) || (first >= 'A' && first <= 'Z' && before >= 'a' && before <= 'z'))
            return true;
    }
    return false;
}

static bool number_identifies(const struct mli_description *d, size_t column)
{
    const struct mli_profile *p = &d->profile[column];
    bool distinct = p->values.distinct == p->present, whole = p->number.whole == p->present;

    return whole && distinct && p->present > FEW_ROWS && !p->number.counts_rows &&
           (named_as_identifier(d->table->column[column].name) || p->number.rising);
}

static bool text_identifies(const struct mli_description *d, size_t column)
{
    const struct mli_profile *p = &d->profile[column];
    enum ml_type type = d->table->column[column].type;

    if (type == ML_TYPE_IDENTIFIER)
        return p->present > 0;
    if (p->present <= FEW_ROWS || type == ML_TYPE_BOOLEAN)
        return false;
    if (type == ML_TYPE_TEXT)
        return p->words.words < TEXT_WORDS;
    return (double)p->values.distinct > SHARE_OF_DISTINCT * (double)p->present;
}

bool mli_test_identifier(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_profile *p = &d->profile[column];
    const struct mli_column *c = &d->table->column[column];
    bool number = c->type == ML_TYPE_NUMBER;

    if (column == d->goal.column || c->type == ML_TYPE_INSTANT)
        return false;
    if (number ? !number_identifies(d, column) : !text_identifies(d, column))
        return false;
    return mli_found(out, "%zu distinct %s in %zu rows%s", p->values.distinct,
                     number ? "whole numbers" : "texts", p->present,
                     number && p->number.rising ? ", rising" : "");
}

bool mli_is_text(const struct mli_description *d, size_t column)
{
    return d->table->column[column].type == ML_TYPE_TEXT && d->profile[column].present > 0 && !text_identifies(d, column);
}

bool mli_test_text(const struct mli_description *d, size_t column, struct mli_finding *out)
{
    const struct mli_profile *p = &d->profile[column];

    if (column == d->goal.column || !mli_is_text(d, column))
        return false;
    return mli_found(out, "%zu distinct texts of %.1f words on average", p->values.distinct, p->words.words);
}
