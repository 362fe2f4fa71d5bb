#include <cmd/describe_page.h>

#include <stdio.h>
#include <string.h>

static void heading(struct describe_page *page, const char *text)
{
    draw_end(&page->draw);
    draw_colour(&page->draw, DRAW_BOLD);
    mli_buf_str(&page->draw.line, text);
    draw_plain(&page->draw);
    draw_end(&page->draw);
}

struct statistic {
    const char *name;
    double value;
};

enum { STATISTICS = 12 }; /* the first of them are what a narrow page has room for */

static void statistics_of(const struct mli_number *n, struct statistic out[STATISTICS])
{
    const struct statistic all[STATISTICS] = {
        { "least", n->min },
        { "25%", n->q25 },
        { "75%", n->q75 },
        { "greatest", n->max },
        { "mean", n->mean },
        { "std", n->std },
        { "skew", n->skewness },
        { "5%", n->q05 },
        { "95%", n->q95 },
        { "zeros", (double)n->zeros },
        { "negative", (double)n->negative },
        { "outliers", (double)(n->outliers_low + n->outliers_high) },
    };
    memcpy(out, all, sizeof all);
}

/* Cells of a statistic: as many as are left, a space in front of each. */
static size_t statistics_shown(const struct describe_page *page, size_t name)
{
    size_t fit = (page->draw.width - name) / 9;
    return fit < STATISTICS ? fit : STATISTICS;
}

static void print_numbers_of(struct describe_page *page, size_t column, size_t name)
{
    struct statistic all[STATISTICS];
    char text[32];
    statistics_of(&page->d->profile[column].number, all);
    draw_text(&page->draw, describe_name(page, column), name, false);
    for (size_t k = 0; k < statistics_shown(page, name); k++) {
        describe_number(all[k].value, text);
        draw_spaces(&page->draw, 1);
        draw_text(&page->draw, text, 8, true);
    }
    draw_end(&page->draw);
}

static bool of_type(const struct describe_page *page, size_t column, enum ml_type type)
{
    return page->d->table->column[column].type == type && page->d->profile[column].present > 0;
}

static size_t count_type(const struct describe_page *page, enum ml_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < page->columns; i++)
        n += of_type(page, page->order[i], type);
    return n;
}

static void print_numbers(struct describe_page *page)
{
    struct statistic all[STATISTICS];
    size_t name = describe_name_cells(page);
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

static void print_values_of(struct describe_page *page, size_t column, size_t name)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct draw *draw = &page->draw;
    size_t shown = p->values.tops < DESCRIBE_FEW ? p->values.tops : DESCRIBE_FEW, rows = 0,
           width = 6;
    char text[256], share[16];
    for (size_t k = 0; k < shown; k++) {
        describe_value(page, column, &p->values.top[k], text, sizeof text);
        width = draw_cells(text) > width ? draw_cells(text) : width;
    }
    width = width > 24 ? 24 : width;
    for (size_t k = 0; k < shown; k++) {
        const struct mli_value *v = &p->values.top[k];
        draw_text(draw, k ? "" : describe_name(page, column), name, false);
        draw_spaces(draw, 1);
        describe_value(page, column, v, text, sizeof text);
        draw_text(draw, text, width, false);
        snprintf(text, sizeof text, "%zu", v->count);
        draw_text(draw, text, 9, true);
        describe_share(describe_part(v->count, p->present), share);
        draw_text(draw, share, 8, true);
        draw_spaces(draw, 1);
        draw_bar(draw, describe_part(v->count, p->present), 20);
        draw_end(draw);
        rows += v->count;
    }
    if (p->values.distinct > shown) {
        draw_spaces(draw, name + 1);
        snprintf(text, sizeof text, "and %zu more in %zu rows", p->values.distinct - shown,
                 p->present - rows);
        mli_buf_str(&draw->line, text);
        draw_end(draw);
    }
}

static void print_categories(struct describe_page *page)
{
    size_t name = describe_name_cells(page);
    if (!count_type(page, ML_TYPE_CATEGORY) && !count_type(page, ML_TYPE_BOOLEAN))
        return;
    heading(page, "categories");
    for (size_t i = 0; i < page->columns; i++)
        if (of_type(page, page->order[i], ML_TYPE_CATEGORY) ||
            of_type(page, page->order[i], ML_TYPE_BOOLEAN))
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

static void print_dates(struct describe_page *page)
{
    size_t name = describe_name_cells(page);
    if (!count_type(page, ML_TYPE_INSTANT))
        return;
    heading(page, "dates");
    for (size_t i = 0; i < page->columns; i++) {
        size_t column = page->order[i];
        if (!of_type(page, column, ML_TYPE_INSTANT))
            continue;
        const struct mli_instants *t = &page->d->profile[column].instants;
        char first[MLI_INSTANT_MAX], last[MLI_INSTANT_MAX], from[MLI_INSTANT_MAX],
            to[MLI_INSTANT_MAX], step[48], text[400];
        mli_instant_format(t->first, first);
        mli_instant_format(t->last, last);
        mli_instant_format(t->gap_from, from);
        mli_instant_format(t->gap_to, to);
        seconds_text(t->step, step);
        snprintf(text, sizeof text, "%s to %s", first, last);
        if (t->step > 0)
            snprintf(text + strlen(text), sizeof text - strlen(text),
                     ", mostly %s apart, longest gap %s to %s", step, from, to);
        draw_text(&page->draw, describe_name(page, column), name + 1, false);
        draw_wrapped(&page->draw, text, name + 1, name + 1);
        draw_end(&page->draw);
    }
}

static void print_texts(struct describe_page *page)
{
    size_t name = describe_name_cells(page);
    if (!count_type(page, ML_TYPE_TEXT) && !count_type(page, ML_TYPE_IDENTIFIER))
        return;
    heading(page, "texts");
    for (size_t i = 0; i < page->columns; i++) {
        size_t column = page->order[i];
        if (!of_type(page, column, ML_TYPE_TEXT) && !of_type(page, column, ML_TYPE_IDENTIFIER))
            continue;
        const struct mli_words *w = &page->d->profile[column].words;
        char text[160];
        snprintf(text, sizeof text,
                 "%zu to %zu characters, %.4g on average; %.3g words on average, at most %zu",
                 w->shortest, w->longest, w->characters, w->words, w->most_words);
        draw_text(&page->draw, describe_name(page, column), name + 1, false);
        draw_wrapped(&page->draw, text, name + 1, name + 1);
        draw_end(&page->draw);
    }
}

void describe_types(struct describe_page *page)
{
    print_numbers(page);
    print_categories(page);
    print_dates(page);
    print_texts(page);
}
