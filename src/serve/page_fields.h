/* Fields of the page's form: one a column of the model, set to a value like those of training. */
#ifndef SERVE_PAGE_FIELDS_H
#define SERVE_PAGE_FIELDS_H

#include <base/buf.h>
#include <table/schema.h>

#define MLI_PAGE_FIELDS ((size_t)200) /* columns with a field; the others are sent as missing */

/* The field as HTML; `number` is its own among the page's. */
void mli_page_field(struct mli_buf *out, const struct mli_field *field, size_t number);
/* The value that it is set to, in JSON. */
void mli_page_value(struct mli_buf *out, const struct mli_field *field);

#endif
