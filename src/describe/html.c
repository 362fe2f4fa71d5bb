#include <describe/html.h>

#include <base/file.h>
#include <describe/html_parts.h>
#include <math.h>
#include <string.h>

#define LARGEST ((size_t)256 << 20)
#define TOLD ((size_t)20) /* findings of a kind, told one by one */

static void add_tile(struct mli_buf *out, const char *label, size_t n)
{
    mli_buf_printf(out, "<div><b>%zu</b>%s</div>", n, label);
}

static void add_size(struct mli_buf *out, uint64_t bytes)
{
    bool large = bytes >= 1000000;

    mli_buf_printf(out, "<div><b>%.3g</b>%s</div>", (double)bytes / (large ? 1e6 : 1e3),
                   large ? "MB" : "kB");
}

/* The file's name without its folder, which is nobody's business in a mail. */
static const char *file_name(const struct mli_description *d)
{
    const char *slash = strrchr(d->table->source, '/');
    return slash ? slash + 1 : d->table->source;
}

static void add_head(struct mli_page *page)
{
    const struct mli_description *d = page->d;
    struct mli_buf *out = &page->buf;
    mli_buf_str(
        out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'unsafe-inline'\"><title>");
    mli_html_text(out, file_name(d));
    mli_buf_printf(out, "</title><style>%s</style></head>\n<body><h1>", mli_html_style);
    mli_html_text(out, file_name(d));
    mli_buf_str(
        out,
        "</h1><nav><a href=\"#warnings\">Warnings</a><a href=\"#target\">Target</a>"
        "<a href=\"#overview\">All columns</a><a href=\"#columns\">Column by column</a></nav>\n"
        "<div class=\"tiles\">");
    add_tile(out, "rows", d->table->rows);
    add_tile(out, "columns", d->table->columns);
    add_size(out, d->table->bytes);
    mli_buf_str(out, "<div><b>");
    mli_html_share(out, mli_html_part(d->missing, d->table->rows * d->table->columns));
    mli_buf_str(out, "</b>of the cells missing</div>");
    add_tile(out, "duplicate rows", d->duplicates);
    add_tile(out, "warnings", d->warnings.n);
    mli_buf_str(out, "</div>\n");
}

static void add_finding(struct mli_page *page, const struct mli_warning *w)
{
    mli_buf_str(&page->buf, "<li>");
    if (w->column < page->d->table->columns) {
        mli_html_link(page, w->column);
        mli_buf_str(&page->buf, ": ");
    }
    mli_html_text(&page->buf, w->text);
    mli_buf_str(&page->buf, "</li>");
}

static void add_advice(struct mli_page *page, const struct mli_warning *w, bool general)
{
    static const struct mli_markup html = { .command = "<code>",
                                            .end = "</code>",
                                            .text = mli_html_text };

    if (!w->kind->advice[0])
        return;
    mli_buf_str(&page->buf, "<span class=\"dim\">What to do:</span> ");
    mli_warning_advice(page->d, w, general, &html, &page->buf);
    mli_buf_char(&page->buf, '.');
}

static void add_warnings(struct mli_page *page)
{
    const struct mli_warnings *all = &page->d->warnings;
    struct mli_buf *out = &page->buf;

    mli_buf_str(out, "<h2 id=\"warnings\">Warnings</h2>\n");
    if (all->n == 0)
        mli_buf_str(out, "<p>None: nothing that these tests look for was found.</p>\n");
    for (size_t i = 0, end; i < all->n; i = end) {
        const struct mli_warning_kind *kind = all->item[i].kind;
        mli_buf_printf(out, "<div class=\"w %s\"><h3>", mli_level_name(kind->level));
        mli_html_kind(out, kind->name);
        mli_buf_printf(out, "<span class=\"lvl\">%s</span></h3><ul>", mli_level_name(kind->level));
        for (end = i; end < all->n && all->item[end].kind == kind; end++) {
            if (end - i < TOLD)
                add_finding(page, &all->item[end]);
        }
        if (end - i > TOLD)
            mli_buf_printf(out, "<li>and %zu more</li>", end - i - TOLD);
        mli_buf_printf(out, "</ul><p>%s ", kind->why);
        add_advice(page, &all->item[i], end - i > 1);
        mli_buf_str(out, "</p></div>\n");
    }
}

static void add_target(struct mli_page *page)
{
    const struct mli_goal *goal = &page->d->goal;
    const struct mli_values *values = &page->d->profile[goal->column].values;
    struct mli_buf *out = &page->buf;

    mli_buf_str(out, "<h2 id=\"target\">Target</h2><p>");
    mli_html_link(page, goal->column);
    if (!goal->given)
        mli_buf_str(out, ", the last column (<code>--target</code> takes another)");
    if (goal->kind == MLI_GOAL_NONE)
        mli_buf_printf(out, ": no target, %s.</p>\n", goal->none);
    else if (goal->kind == MLI_GOAL_QUANTITY)
        mli_buf_str(out, ": a quantity, so a regression.</p>\n");
    else
        mli_buf_printf(out, ": %zu classes.</p>\n", goal->classes);
    if (goal->kind == MLI_GOAL_CLASS)
        mli_html_bars(page, goal->column, values->top, values->tops, goal->n);
}

static void add_strength(struct mli_page *page, size_t column)
{
    double strength = page->d->link[column].strength;

    if (column == page->d->goal.column) {
        mli_buf_str(&page->buf, "target");
    } else if (isnan(strength)) {
        mli_buf_str(&page->buf, "&ndash;");
    } else {
        mli_buf_printf(&page->buf, "%.2f ", strength);
        mli_html_bar(&page->buf, strength);
    }
}

static void add_row(struct mli_page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct mli_buf *out = &page->buf;

    mli_buf_printf(out, "<tr><td><a href=\"#c%zu\">", column + 1);
    mli_html_name(page, column);
    mli_buf_printf(out, "</a></td><td>%s</td><td class=\"n\">",
                   mli_html_type(&page->d->table->column[column]));
    if (p->missing > 0)
        mli_html_share(out, mli_html_part(p->missing, page->d->table->rows));
    mli_buf_printf(out, "</td><td class=\"n\">%zu</td><td>", p->values.distinct);
    add_strength(page, column);
    mli_buf_str(out, "</td><td class=\"wide\">");
    mli_html_shape(page, column);
    mli_buf_str(out, "</td></tr>\n");
}

static void add_overview(struct mli_page *page)
{
    struct mli_buf *out = &page->buf;
    size_t rest = page->d->table->columns - page->columns;

    mli_buf_str(out, "<h2 id=\"overview\">All columns</h2><p class=\"dim\">Link: how strongly a "
                     "column by itself goes "
                     "with the target, from 0 (not at all) to 1 (one gives the other away).</p>"
                     "<div class=\"scroll\"><table "
                     "class=\"over\"><tr><th>column</th><th>type</th><th class=\"n\">"
                     "missing</th><th class=\"n\">distinct</th><th>link</th><th "
                     "class=\"wide\">shape</th></tr>\n");
    for (size_t i = 0; i < page->columns; i++)
        add_row(page, page->order[i]);
    mli_buf_str(out, "</table></div>\n");
    if (rest > 0)
        mli_buf_printf(out, "<p>and %zu more columns (<code>--max-columns</code> shows them)</p>\n",
                       rest);
}

static void add_page(struct mli_page *page)
{
    add_head(page);
    add_warnings(page);
    add_target(page);
    add_overview(page);
    mli_buf_str(&page->buf, "<h2 id=\"columns\">Column by column</h2>\n");
    for (size_t i = 0; i < page->columns; i++)
        mli_html_column(page, page->order[i]);
    mli_buf_str(&page->buf,
                "<p class=\"dim\">Written by mlctl " ML_VERSION " describe.</p></body></html>\n");
}

enum ml_status mli_description_html(const struct mli_description *description, const size_t *order,
                                    size_t most, const char *path, struct ml_error *err)
{
    struct mli_page page = { .d = description,
                             .order = order,
                             .columns = description->table->columns };
    enum ml_status status;

    page.columns = page.columns < most ? page.columns : most;
    mli_buf_init(&page.buf, LARGEST);
    add_page(&page);
    status = page.buf.status;
    if (status != ML_OK)
        ml_error_set(err, status, "the page does not fit: fewer columns by --max-columns");
    else
        status = mli_file_write(path, page.buf.data, page.buf.len, false, err);
    mli_buf_release(&page.buf);
    return status;
}
