/* What the parts of the page share: each adds its piece to page->buf, whose status says whether all of it fitted. */
#ifndef DESCRIBE_HTML_PARTS_H
#define DESCRIBE_HTML_PARTS_H

#include <describe/html.h>

struct mli_page {
    struct mli_buf buf;
    const struct mli_description *d;
    const size_t *order; /* columns in the order shown, `columns` of them */
    size_t columns;
};

extern const char mli_html_style[];

double mli_html_part(size_t n, size_t of); /* n / of, 0 of nothing */
const char *mli_html_type(const struct mli_column *column);
void mli_html_kind(struct mli_buf *out, const char *name); /* its underscores as spaces */
void mli_html_number(struct mli_buf *out, double value);
void mli_html_share(struct mli_buf *out, double share); /* in per cent */
void mli_html_bar(struct mli_buf *out, double share);
void mli_html_name(struct mli_page *page, size_t column);
void mli_html_link(struct mli_page *page,
                   size_t column); /* its name, leading to its part of the page if it has one */
void mli_html_value(struct mli_page *page, size_t column, const struct mli_value *value);
/* The n values with their rows and shares of `of`. */
void mli_html_bars(struct mli_page *page, size_t column, const struct mli_value *value, size_t n,
                   size_t of);

void mli_html_shape(struct mli_page *page, size_t column); /* a small picture for a table */
void mli_html_histogram(struct mli_page *page,
                        size_t column); /* each bar with its bounds and rows */
void mli_html_box(struct mli_page *page, size_t column);
void mli_html_bound(struct mli_page *page, size_t column,
                    double value); /* the bound of a bin, dates as dates */

void mli_html_column(struct mli_page *page, size_t column); /* all that is known of it */

#endif
