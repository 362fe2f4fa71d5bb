#include <describe/html_parts.h>

#include <math.h>

/* The bounds of a bin: dates as dates. */
void mli_html_bound(struct mli_page *page, size_t column, double value)
{
    char text[MLI_INSTANT_MAX];

    if (page->d->table->column[column].type != ML_TYPE_INSTANT) {
        mli_html_number(&page->buf, value);
        return;
    }
    mli_instant_format(value, text);
    mli_buf_printf(&page->buf, "%.10s", text);
}

static void add_columns(struct mli_buf *out, const char *class, const size_t *count, size_t n)
{
    size_t most = 1;

    for (size_t i = 0; i < n; i++)
        most = count[i] > most ? count[i] : most;
    mli_buf_printf(out,
                   "<svg class=\"%s\" viewBox=\"0 0 %zu 60\" preserveAspectRatio=\"none\" "
                   "aria-hidden=\"true\">",
                   class, 10 * n);
    for (size_t i = 0; i < n; i++) {
        double height = fmax(1, 60 * (double)count[i] / (double)most);
        if (count[i] > 0)
            mli_buf_printf(out, "<rect x=\"%zu\" y=\"%.1f\" width=\"9\" height=\"%.1f\"/>", 10 * i,
                           60 - height, height);
    }
    mli_buf_str(out, "</svg>");
}

/* The histogram, or the rows of the most frequent values; of texts nearly all distinct there is no shape. */
void mli_html_shape(struct mli_page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    size_t count[MLI_TOP];

    if (p->histogram.bins > 0) {
        add_columns(&page->buf, "mini", p->histogram.count, p->histogram.bins);
    } else if (p->words.longest == 0 && p->values.tops > 0) {
        for (size_t k = 0; k < p->values.tops; k++)
            count[k] = p->values.top[k].count;
        add_columns(&page->buf, "mini", count, p->values.tops);
    }
}

/* Each bar says its bounds and its rows when it is pointed at. */
void mli_html_histogram(struct mli_page *page, size_t column)
{
    const struct mli_histogram *h = &page->d->profile[column].histogram;
    bool one = h->width <= 1 && page->d->table->column[column].integer;
    size_t most = 1;

    for (size_t i = 0; i < h->bins; i++)
        most = h->count[i] > most ? h->count[i] : most;
    mli_buf_printf(
        &page->buf,
        "<svg class=\"hist\" viewBox=\"0 0 %zu 60\" preserveAspectRatio=\"none\" role=\"img\" "
        "aria-label=\"histogram\">",
        10 * h->bins);
    for (size_t i = 0; i < h->bins; i++) {
        double height = fmax(1, 60 * (double)h->count[i] / (double)most);
        if (h->count[i] == 0)
            continue;
        mli_buf_printf(&page->buf, "<rect x=\"%zu\" y=\"%.1f\" width=\"9\" height=\"%.1f\"><title>",
                       10 * i, 60 - height, height);
        mli_html_bound(page, column, h->low + (double)i * h->width);
        if (!one) {
            mli_buf_str(&page->buf, " to ");
            mli_html_bound(page, column, h->low + (double)(i + 1) * h->width);
        }
        mli_buf_printf(&page->buf, ": %zu rows</title></rect>", h->count[i]);
    }
    mli_buf_str(&page->buf, "</svg>");
}

/* 5 to 95 % as a line, the middle half as a box, the median as a stroke, on the histogram's scale [Tukey 1977]. */
void mli_html_box(struct mli_page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    const struct mli_number *n = &p->number;
    double whole = (double)p->histogram.bins * p->histogram.width;

    if (!(whole > 0) || !isfinite(whole))
        return;
    /* whole numbers stand in the middle of their bin when each has one of its own */
    double shift = page->d->table->column[column].integer && p->histogram.width <= 1 ? 0.5 : 0;
    double scale = 1000 / whole, low = n->min - shift;
    mli_buf_printf(&page->buf,
                   "<svg class=\"box\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" "
                   "aria-hidden=\"true\">"
                   "<rect x=\"%.1f\" y=\"6\" width=\"%.1f\" height=\"2\"/><rect x=\"%.1f\" y=\"2\" "
                   "width=\"%.1f\" "
                   "height=\"10\"/><rect class=\"m\" x=\"%.1f\" width=\"6\" height=\"14\"/></svg>",
                   (n->q05 - low) * scale, (n->q95 - n->q05) * scale, (n->q25 - low) * scale,
                   fmax(2, (n->q75 - n->q25) * scale), fmax(0, (n->median - low) * scale - 3));
}
