/* What the parts of a description for people share. */
#ifndef CMD_DESCRIBE_PAGE_H
#define CMD_DESCRIBE_PAGE_H

#include <cmd/draw.h>
#include <describe/describe.h>

enum { DESCRIBE_FEW = 6 }; /* findings of a kind, or values of a column, told one by one */

struct describe_page {
    struct draw draw;
    const struct mli_description *d;
    const size_t *order;
    size_t columns; /* of order, to print */
};

double describe_part(size_t n, size_t of);       /* n / of, 0 of nothing */
void describe_share(double share, char out[16]); /* in per cent */
/* Four digits or so, without an exponent where that is as short; at most 9 characters. */
void describe_number(double value, char out[32]);
const char *describe_name(const struct describe_page *page, size_t column);
void describe_value(const struct describe_page *page, size_t column, const struct mli_value *value,
                    char *out, size_t size);
/* Cells that names of columns get in every table of the page. */
size_t describe_name_cells(const struct describe_page *page);

void describe_columns(struct describe_page *page); /* a line each */
void describe_types(
    struct describe_page *page); /* then those of each type with what is known of it */

#endif
