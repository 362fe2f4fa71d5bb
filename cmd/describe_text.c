#include <cmd/describe_text.h>

#include <cmd/draw.h>
#include <describe/suggest.h>
#include <describe/tests.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL = 11, FEW = 6 }; /* cells of the labels at the left; findings of a kind told one by one */

struct page {
    struct draw draw;
    const struct mli_description *d;
    const size_t *order;
    size_t columns; /* of order, to print */
};

/* ---- small things ------------------------------------------------------------------------------------------------ */

static void share_text(double share, char out[16])
{
    double percent = 100 * share;
    if (!(percent > 0))
        snprintf(out, 16, "-");
    else if (percent < 0.1)
        snprintf(out, 16, "<0.1%%");
    else
        snprintf(out, 16, percent < 9.95 ? "%.1f%%" : "%.0f%%", percent);
}

static double part(size_t n, size_t of)
{
    return of ? (double)n / (double)of : 0;
}

/* Four digits or so, without an exponent where that is as short; at most 9 characters. */
static void number_text(double value, char out[32])
{
    double size = fabs(value);
    if (isnan(value))
        snprintf(out, 32, "-");
    else if (size >= 1e4 && size < 1e7)
        snprintf(out, 32, "%.0f", value);
    else
        snprintf(out, 32, size < 0.01 || size >= 1e4 ? "%.3g" : "%.4g", value);
}

static void bytes_text(uint64_t bytes, char out[32])
{
    static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1000 && unit < 4; unit++)
        size /= 1000;
    snprintf(out, 32, unit && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static const char *name_of(const struct page *page, size_t column)
{
    return page->d->table->column[column].name;
}

static void value_text(const struct page *page, size_t column, const struct mli_value *value, char *out, size_t size)
{
    mli_value_text(&page->d->table->column[column], value, out, size);
    if (!*out)
        snprintf(out, size, "\"\"");
}

static void heading(struct page *page, const char *text)
{
    draw_end(&page->draw);
    draw_colour(&page->draw, DRAW_BOLD);
    mli_buf_str(&page->draw.line, text);
    draw_plain(&page->draw);
    draw_end(&page->draw);
}

static void labelled(struct page *page, const char *label, const char *text)
{
    draw_colour(&page->draw, DRAW_BOLD);
    draw_text(&page->draw, label, LABEL - 1, false);
    draw_plain(&page->draw);
    draw_spaces(&page->draw, 1);
    draw_wrapped(&page->draw, text, LABEL, LABEL);
    draw_end(&page->draw);
}

/* ---- the file and the target ------------------------------------------------------------------------------------- */

static void print_file(struct page *page)
{
    const struct ml_table *t = page->d->table;
    char text[1024], size[32], missing[16], cells[64] = "no cell missing", copies[64] = "no duplicate rows";
    bytes_text(t->bytes, size);
    share_text(part(page->d->missing, t->rows * t->columns), missing);
    if (page->d->missing)
        snprintf(cells, sizeof cells, "%zu cells missing (%s)", page->d->missing, missing);
    if (page->d->duplicates)
        snprintf(copies, sizeof copies, "%zu duplicate row%s", page->d->duplicates, page->d->duplicates == 1 ? "" : "s");
    snprintf(text, sizeof text, "%.300s: %zu row%s, %zu column%s, %s; %s; %s", t->source, t->rows,
             t->rows == 1 ? "" : "s", t->columns, t->columns == 1 ? "" : "s", size, cells, copies);
    labelled(page, "data", text);
}

static void print_target(struct page *page)
{
    const struct mli_goal *goal = &page->d->goal;
    char text[512], what[256], share[16], label[128];
    const char *last = goal->given ? "" : ", the last column (--target takes another)";
    if (goal->kind == MLI_GOAL_NONE)
        snprintf(what, sizeof what, "no target: %s", goal->none);
    else if (goal->kind == MLI_GOAL_QUANTITY)
        snprintf(what, sizeof what, "a quantity, so a regression");
    else
        snprintf(what, sizeof what, "%zu classes", goal->classes);
    snprintf(text, sizeof text, "\"%.120s\"%s: %s", name_of(page, goal->column), last, what);
    for (size_t k = 0; goal->kind == MLI_GOAL_CLASS && goal->classes <= FEW && k < goal->classes; k++) {
        size_t len = strlen(text);
        value_text(page, goal->column, &goal->class[k], label, 40);
        share_text(part(goal->class[k].count, goal->n), share);
        snprintf(text + len, sizeof text - len, "%s%s %s", k ? ", " : ": ", label, share);
    }
    labelled(page, "target", text);
}

/* ---- warnings ---------------------------------------------------------------------------------------------------- */

static void print_finding(struct page *page, const struct mli_warning *w, bool first)
{
    static const enum draw_colour colours[] = { DRAW_RED, DRAW_YELLOW, DRAW_DIM };
    const char *const marks[] = { "!!", "! ", "- " };
    struct draw *draw = &page->draw;
    char text[1024];
    enum { KIND = 17, INDENT = 3 + KIND };
    if (first) {
        draw_colour(draw, colours[w->kind->level]);
        mli_buf_str(&draw->line, marks[w->kind->level]);
        draw_spaces(draw, 1);
        draw_text(draw, w->kind->name, KIND, false);
        draw_plain(draw);
    } else {
        draw_spaces(draw, INDENT);
    }
    bool file = w->column == page->d->table->columns;
    snprintf(text, sizeof text, "%.200s%s%s", file ? "" : name_of(page, w->column), file ? "" : ": ", w->text);
    draw_wrapped(draw, text, INDENT, INDENT + 2);
    draw_end(draw);
}

/* What the findings have in common, behind the last of them. */
static void print_kind(struct page *page, const struct mli_warning *w, size_t n)
{
    struct draw *draw = &page->draw;
    struct mli_buf advice;
    char text[160];
    if (n > FEW) {
        snprintf(text, sizeof text, "and %zu more like it (--json tells all)", n - FEW);
        draw_spaces(draw, 20);
        mli_buf_str(&draw->line, text);
        draw_end(draw);
    }
    mli_buf_init(&advice, 1 << 16);
    mli_buf_str(&advice, w->kind->why);
    if (*w->kind->advice) {
        mli_buf_str(&advice, draw->blocks ? " \xe2\x86\x92 " : " -> ");
        mli_warning_advice(page->d, w, n > 1, &mli_markup_plain, &advice);
        mli_buf_char(&advice, '.');
    }
    draw_spaces(draw, 20);
    draw_colour(draw, DRAW_DIM);
    draw_wrapped(draw, advice.data ? advice.data : "", 20, 20);
    draw_plain(draw);
    draw_end(draw);
    mli_buf_release(&advice);
}

static void print_warnings(struct page *page)
{
    const struct mli_warnings *all = &page->d->warnings;
    size_t of[3] = { 0 };
    char text[160];
    for (size_t i = 0; i < all->n; i++)
        of[all->item[i].kind->level]++;
    if (all->n)
        snprintf(text, sizeof text, "%zu: %zu problem%s (!!), %zu to check (!), %zu to know (-)", all->n, of[0],
                 of[0] == 1 ? "" : "s", of[1], of[2]);
    else
        snprintf(text, sizeof text, "none");
    labelled(page, "warnings", text);
    for (size_t i = 0; i < all->n;) {
        size_t end = i;
        for (; end < all->n && all->item[end].kind == all->item[i].kind; end++)
            if (end - i < FEW)
                print_finding(page, &all->item[end], end == i);
        print_kind(page, &all->item[i], end - i);
        i = end;
    }
}

/* A command to copy: where it does not fit it goes on behind a backslash. */
static void print_command(struct page *page, const char *const *files, size_t n)
{
    struct mli_suggestion suggestion;
    struct mli_buf command;
    struct draw *draw = &page->draw;
    if (mli_suggestion_make(page->d, &suggestion, NULL))
        return;
    if (page->d->goal.kind == MLI_GOAL_NONE && suggestion.n == 0) { /* nothing to train */
        mli_suggestion_release(&suggestion);
        return;
    }
    mli_buf_init(&command, 1 << 16);
    mli_buf_str(&command, "mlctl train");
    for (size_t i = 0; i < n; i++) {
        mli_buf_char(&command, ' ');
        mli_shell_word(&command, files[i]);
    }
    if (command.status)
        goto out;
    draw_colour(draw, DRAW_BOLD);
    draw_text(draw, "next", LABEL, false);
    draw_plain(draw);
    size_t at = LABEL + draw_cells(command.data);
    draw_text(draw, command.data, draw_cells(command.data), false);
    for (size_t i = 0; i < suggestion.n; i++) {
        const char *flag = suggestion.flag[i].data;
        size_t cells = draw_cells(flag);
        if (at + 1 + cells + 2 > draw->width) {
            mli_buf_str(&draw->line, " \\");
            draw_end(draw);
            draw_spaces(draw, LABEL + 2);
            at = LABEL + 2;
        } else {
            draw_spaces(draw, 1);
            at++;
        }
        draw_text(draw, flag, cells, false);
        at += cells;
    }
    draw_end(draw);
out:
    mli_buf_release(&command);
    mli_suggestion_release(&suggestion);
}

/* ---- the columns ------------------------------------------------------------------------------------------------- */

/* Beside these a row has the type, missing cells, distinct values and the link: ROW_CELLS with the spaces between. */
struct widths {
    size_t name, shape, typical;
};

enum { ROW_CELLS = 44 };

static bool is_wide(const struct page *page)
{
    return page->draw.width >= 110;
}

static struct widths widths_of(const struct page *page)
{
    struct widths w = { .shape = is_wide(page) ? 20 : 10 };
    for (size_t i = 0; i < page->columns; i++) {
        size_t cells = draw_cells(name_of(page, page->order[i]));
        w.name = cells > w.name ? cells : w.name;
    }
    size_t most = is_wide(page) ? 26 : 18;
    w.name = w.name < 7 ? 7 : w.name > most ? most : w.name;
    size_t used = w.name + w.shape + ROW_CELLS;
    w.typical = page->draw.width > used ? page->draw.width - used : 0;
    return w;
}

/* Neighbouring bins together until they fit. */
static void print_shape(struct page *page, size_t column, size_t cells)
{
    const struct mli_profile *p = &page->d->profile[column];
    size_t bars[MLI_HISTOGRAM_BINS] = { 0 }, n = p->histogram.bins;
    if (n == 0) {
        n = p->values.tops < cells ? p->values.tops : cells;
        for (size_t i = 0; i < n; i++)
            bars[i] = p->values.top[i].count;
        n = p->words.longest > 0 ? 0 : n; /* of texts nearly all distinct there is no shape */
    } else {
        size_t by = (n + cells - 1) / cells;
        for (size_t i = 0; i < n; i++)
            bars[i / by] += p->histogram.count[i];
        n = (n + by - 1) / by;
    }
    draw_histogram(&page->draw, bars, n);
    draw_spaces(&page->draw, cells - n);
}

/* Where there is room, the range as well as the middle, and more than one value. */
static void typical_text(const struct page *page, size_t column, char *out, size_t size)
{
    size_t values = is_wide(page) ? 3 : 1;
    const struct mli_profile *p = &page->d->profile[column];
    char a[MLI_INSTANT_MAX], b[MLI_INSTANT_MAX], c[32], share[16], label[64];
    out[0] = 0;
    if (p->present == 0)
        return;
    switch (page->d->table->column[column].type) {
    case ML_TYPE_NUMBER:
        number_text(p->number.min, a);
        number_text(p->number.median, b);
        number_text(p->number.max, c);
        if (is_wide(page))
            snprintf(out, size, "%s .. %s .. %s", a, b, c);
        else
            snprintf(out, size, "%s", b);
        break;
    case ML_TYPE_INSTANT:
        mli_instant_format(p->instants.first, a);
        mli_instant_format(p->instants.last, b);
        snprintf(out, size, is_wide(page) ? "%.10s .. %.10s" : "%.10s ..", a, b);
        break;
    case ML_TYPE_TEXT:
    case ML_TYPE_IDENTIFIER:
        value_text(page, column, &p->values.top[0], label, sizeof label);
        if (is_wide(page))
            snprintf(out, size, "%.3g word%s: %s", p->words.words, p->words.words > 1 ? "s" : "", label);
        else
            snprintf(out, size, "%s", label);
        break;
    case ML_TYPE_CATEGORY:
    case ML_TYPE_BOOLEAN:
        for (size_t k = 0; k < p->values.tops && k < values; k++) {
            size_t len = strlen(out);
            value_text(page, column, &p->values.top[k], label, sizeof label);
            share_text(part(p->values.top[k].count, p->present), share);
            snprintf(out + len, size - len, "%s%s %s", k ? ", " : "", label, share);
        }
        break;
    }
}

static void print_link(struct page *page, size_t column)
{
    double strength = page->d->link[column].strength;
    char text[16];
    if (column == page->d->goal.column) {
        draw_text(&page->draw, "target", 8, false);
        return;
    }
    if (isnan(strength)) {
        draw_text(&page->draw, "   -", 8, false);
        return;
    }
    snprintf(text, sizeof text, "%.2f ", strength);
    draw_text(&page->draw, text, 5, false);
    draw_bar(&page->draw, strength, 3);
}

static const char *type_text(const struct mli_column *column)
{
    return column->type == ML_TYPE_NUMBER && column->integer ? "integer" : ml_type_name(column->type);
}

static void print_row(struct page *page, size_t column, const struct widths *w)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct draw *draw = &page->draw;
    char text[512];
    draw_text(draw, name_of(page, column), w->name, false);
    draw_spaces(draw, 1);
    draw_text(draw, type_text(&page->d->table->column[column]), 10, false);
    draw_spaces(draw, 1);
    share_text(part(p->missing, page->d->table->rows), text);
    draw_text(draw, text, 7, true);
    snprintf(text, sizeof text, "%zu", p->values.distinct);
    draw_text(draw, text, 9, true);
    draw_spaces(draw, 3);
    print_link(page, column);
    draw_spaces(draw, 2);
    print_shape(page, column, w->shape);
    draw_spaces(draw, 1);
    typical_text(page, column, text, sizeof text);
    draw_text(draw, text, w->typical, false);
    draw_end(draw);
}

static void print_rest(struct page *page)
{
    char text[96];
    size_t all = page->d->table->columns;
    if (page->columns == all)
        return;
    snprintf(text, sizeof text, "and %zu more columns (--max-columns %zu prints all, --json tells all)",
             all - page->columns, all);
    mli_buf_str(&page->draw.line, text);
    draw_end(&page->draw);
}

static void print_columns(struct page *page)
{
    struct widths w = widths_of(page);
    struct draw *draw = &page->draw;
    draw_end(draw);
    draw_colour(draw, DRAW_BOLD);
    draw_text(draw, "column", w.name + 1, false);
    mli_buf_str(&draw->line, "type       missing distinct   link      ");
    draw_text(draw, "shape", w.shape + 1, false);
    draw_text(draw, is_wide(page) ? "least .. middle .. greatest, or top values" : w.typical > 13 ? "middle or top" : "middle", w.typical, false);
    draw_plain(draw);
    draw_end(draw);
    for (size_t i = 0; i < page->columns; i++)
        print_row(page, page->order[i], &w);
    print_rest(page);
}

/* ---- each type --------------------------------------------------------------------------------------------------- */

struct statistic {
    const char *name;
    double value;
};

enum { STATISTICS = 12 }; /* the first of them are what a narrow page has room for */

static void statistics_of(const struct mli_number *n, struct statistic out[STATISTICS])
{
    const struct statistic all[STATISTICS] = {
        { "least", n->min }, { "25%", n->q25 }, { "75%", n->q75 }, { "greatest", n->max }, { "mean", n->mean },
        { "std", n->std }, { "skew", n->skewness }, { "5%", n->q05 }, { "95%", n->q95 }, { "zeros", (double)n->zeros },
        { "negative", (double)n->negative }, { "outliers", (double)(n->outliers_low + n->outliers_high) },
    };
    memcpy(out, all, sizeof all);
}

/* Cells of a statistic: as many as are left, a space in front of each. */
static size_t statistics_shown(const struct page *page, size_t name)
{
    size_t fit = (page->draw.width - name) / 9;
    return fit < STATISTICS ? fit : STATISTICS;
}

static void print_numbers_of(struct page *page, size_t column, size_t name)
{
    struct statistic all[STATISTICS];
    char text[32];
    statistics_of(&page->d->profile[column].number, all);
    draw_text(&page->draw, name_of(page, column), name, false);
    for (size_t k = 0; k < statistics_shown(page, name); k++) {
        number_text(all[k].value, text);
        draw_spaces(&page->draw, 1);
        draw_text(&page->draw, text, 8, true);
    }
    draw_end(&page->draw);
}

static bool of_type(const struct page *page, size_t column, enum ml_type type)
{
    return page->d->table->column[column].type == type && page->d->profile[column].present > 0;
}

static size_t count_type(const struct page *page, enum ml_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < page->columns; i++)
        n += of_type(page, page->order[i], type);
    return n;
}

static void print_numbers(struct page *page)
{
    struct statistic all[STATISTICS];
    size_t name = widths_of(page).name;
    if (!count_type(page, ML_TYPE_NUMBER))
        return;
    statistics_of(&(struct mli_number){ 0 }, all);
    draw_end(&page->draw);
    draw_colour(&page->draw, DRAW_BOLD);
    draw_text(&page->draw, "numbers", name, false);
    for (size_t k = 0; k < statistics_shown(page, name); k++)
        draw_text(&page->draw, all[k].name, 9, true);
    draw_plain(&page->draw);
    draw_end(&page->draw);
    for (size_t i = 0; i < page->columns; i++)
        if (of_type(page, page->order[i], ML_TYPE_NUMBER))
            print_numbers_of(page, page->order[i], name);
}

static void print_values_of(struct page *page, size_t column, size_t name)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct draw *draw = &page->draw;
    size_t shown = p->values.tops < FEW ? p->values.tops : FEW, rows = 0, width = 6;
    char text[256], share[16];
    for (size_t k = 0; k < shown; k++) {
        value_text(page, column, &p->values.top[k], text, sizeof text);
        width = draw_cells(text) > width ? draw_cells(text) : width;
    }
    width = width > 24 ? 24 : width;
    for (size_t k = 0; k < shown; k++) {
        const struct mli_value *v = &p->values.top[k];
        draw_text(draw, k ? "" : name_of(page, column), name, false);
        draw_spaces(draw, 1);
        value_text(page, column, v, text, sizeof text);
        draw_text(draw, text, width, false);
        snprintf(text, sizeof text, "%zu", v->count);
        draw_text(draw, text, 9, true);
        share_text(part(v->count, p->present), share);
        draw_text(draw, share, 8, true);
        draw_spaces(draw, 1);
        draw_bar(draw, part(v->count, p->present), 20);
        draw_end(draw);
        rows += v->count;
    }
    if (p->values.distinct > shown) {
        draw_spaces(draw, name + 1);
        snprintf(text, sizeof text, "and %zu more in %zu rows", p->values.distinct - shown, p->present - rows);
        mli_buf_str(&draw->line, text);
        draw_end(draw);
    }
}

static void print_categories(struct page *page)
{
    size_t name = widths_of(page).name;
    if (!count_type(page, ML_TYPE_CATEGORY) && !count_type(page, ML_TYPE_BOOLEAN))
        return;
    heading(page, "categories");
    for (size_t i = 0; i < page->columns; i++)
        if (of_type(page, page->order[i], ML_TYPE_CATEGORY) || of_type(page, page->order[i], ML_TYPE_BOOLEAN))
            print_values_of(page, page->order[i], name);
}

static void seconds_text(double seconds, char out[48])
{
    static const struct {
        double seconds;
        const char *name;
    } units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
    size_t unit = 0;
    while (unit < 3 && seconds < units[unit].seconds)
        unit++;
    double n = seconds / units[unit].seconds;
    snprintf(out, 48, "%.4g %s%s", n, units[unit].name, n > 1 ? "s" : "");
}

static void print_dates(struct page *page)
{
    size_t name = widths_of(page).name;
    if (!count_type(page, ML_TYPE_INSTANT))
        return;
    heading(page, "dates");
    for (size_t i = 0; i < page->columns; i++) {
        size_t column = page->order[i];
        if (!of_type(page, column, ML_TYPE_INSTANT))
            continue;
        const struct mli_instants *t = &page->d->profile[column].instants;
        char first[MLI_INSTANT_MAX], last[MLI_INSTANT_MAX], from[MLI_INSTANT_MAX], to[MLI_INSTANT_MAX], step[48], text[400];
        mli_instant_format(t->first, first);
        mli_instant_format(t->last, last);
        mli_instant_format(t->gap_from, from);
        mli_instant_format(t->gap_to, to);
        seconds_text(t->step, step);
        snprintf(text, sizeof text, "%s to %s", first, last);
        if (t->step > 0)
            snprintf(text + strlen(text), sizeof text - strlen(text), ", mostly %s apart, longest gap %s to %s", step,
                     from, to);
        draw_text(&page->draw, name_of(page, column), name + 1, false);
        draw_wrapped(&page->draw, text, name + 1, name + 1);
        draw_end(&page->draw);
    }
}

static void print_texts(struct page *page)
{
    size_t name = widths_of(page).name;
    if (!count_type(page, ML_TYPE_TEXT) && !count_type(page, ML_TYPE_IDENTIFIER))
        return;
    heading(page, "texts");
    for (size_t i = 0; i < page->columns; i++) {
        size_t column = page->order[i];
        if (!of_type(page, column, ML_TYPE_TEXT) && !of_type(page, column, ML_TYPE_IDENTIFIER))
            continue;
        const struct mli_words *w = &page->d->profile[column].words;
        char text[160];
        snprintf(text, sizeof text, "%zu to %zu characters, %.4g on average; %.3g words on average, at most %zu",
                 w->shortest, w->longest, w->characters, w->words, w->most_words);
        draw_text(&page->draw, name_of(page, column), name + 1, false);
        draw_wrapped(&page->draw, text, name + 1, name + 1);
        draw_end(&page->draw);
    }
}

void describe_text(const struct mli_description *description, const size_t *order, size_t most,
                   const char *const *files, size_t nfiles)
{
    struct page page = { .d = description, .order = order, .columns = description->table->columns };
    page.columns = page.columns < most ? page.columns : most;
    draw_init(&page.draw);
    print_file(&page);
    print_target(&page);
    print_warnings(&page);
    if (nfiles)
        print_command(&page, files, nfiles);
    print_columns(&page);
    print_numbers(&page);
    print_categories(&page);
    print_dates(&page);
    print_texts(&page);
    draw_release(&page.draw);
}
