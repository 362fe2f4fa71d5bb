#include <cmd/describe_page.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Beside these a row has the type, missing cells, distinct values and the link: ROW_CELLS with the spaces between. */
struct widths {
    size_t name, shape, typical;
};

enum { ROW_CELLS = 44 };

static bool is_wide(const struct describe_page *page)
{
    return page->draw.width >= 110;
}

size_t describe_name_cells(const struct describe_page *page)
{
    size_t cells = 7, most = is_wide(page) ? 26 : 18;
    for (size_t i = 0; i < page->columns; i++) {
        size_t own = draw_cells(describe_name(page, page->order[i]));
        cells = own > cells ? own : cells;
    }
    return cells > most ? most : cells;
}

static struct widths widths_of(const struct describe_page *page)
{
    struct widths w = { .name = describe_name_cells(page), .shape = is_wide(page) ? 20 : 10 };
    size_t used = w.name + w.shape + ROW_CELLS;
    w.typical = page->draw.width > used ? page->draw.width - used : 0;
    return w;
}

/* Neighbouring bins together until they fit. */
static void print_shape(struct describe_page *page, size_t column, size_t cells)
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
static void typical_text(const struct describe_page *page, size_t column, char *out, size_t size)
{
    size_t values = is_wide(page) ? 3 : 1;
    const struct mli_profile *p = &page->d->profile[column];
    char a[MLI_INSTANT_MAX], b[MLI_INSTANT_MAX], c[32], share[16], label[64];
    out[0] = 0;
    if (p->present == 0)
        return;
    switch (page->d->table->column[column].type) {
    case ML_TYPE_NUMBER:
        describe_number(p->number.min, a);
        describe_number(p->number.median, b);
        describe_number(p->number.max, c);
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
        describe_value(page, column, &p->values.top[0], label, sizeof label);
        if (is_wide(page))
            snprintf(out, size, "%.3g word%s: %s", p->words.words, p->words.words > 1 ? "s" : "",
                     label);
        else
            snprintf(out, size, "%s", label);
        break;
    case ML_TYPE_CATEGORY:
    case ML_TYPE_BOOLEAN:
        for (size_t k = 0; k < p->values.tops && k < values; k++) {
            size_t len = strlen(out);
            describe_value(page, column, &p->values.top[k], label, sizeof label);
            describe_share(describe_part(p->values.top[k].count, p->present), share);
            snprintf(out + len, size - len, "%s%s %s", k ? ", " : "", label, share);
        }
        break;
    }
}

static void print_link(struct describe_page *page, size_t column)
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
    return column->type == ML_TYPE_NUMBER && column->integer ? "integer"
                                                             : ml_type_name(column->type);
}

static void print_row(struct describe_page *page, size_t column, const struct widths *w)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct draw *draw = &page->draw;
    char text[512];
    draw_text(draw, describe_name(page, column), w->name, false);
    draw_spaces(draw, 1);
    draw_text(draw, type_text(&page->d->table->column[column]), 10, false);
    draw_spaces(draw, 1);
    describe_share(describe_part(p->missing, page->d->table->rows), text);
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

static void print_rest(struct describe_page *page)
{
    char text[96];
    size_t all = page->d->table->columns;
    if (page->columns == all)
        return;
    snprintf(text, sizeof text,
             "and %zu more columns (--max-columns %zu prints all, --json tells all)",
             all - page->columns, all);
    mli_buf_str(&page->draw.line, text);
    draw_end(&page->draw);
}

void describe_columns(struct describe_page *page)
{
    struct widths w = widths_of(page);
    struct draw *draw = &page->draw;
    draw_end(draw);
    draw_colour(draw, DRAW_BOLD);
    draw_text(draw, "column", w.name + 1, false);
    mli_buf_str(&draw->line, "type       missing distinct   link      ");
    draw_text(draw, "shape", w.shape + 1, false);
    draw_text(draw,
              is_wide(page)    ? "least .. middle .. greatest, or top values"
              : w.typical > 13 ? "middle or top"
                               : "middle",
              w.typical, false);
    draw_plain(draw);
    draw_end(draw);
    for (size_t i = 0; i < page->columns; i++)
        print_row(page, page->order[i], &w);
    print_rest(page);
}
