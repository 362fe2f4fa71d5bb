/*
 * A description as one HTML page: no script, no style sheet, font or picture from elsewhere, so that it can be mailed and
 * read without a network. Histograms and bars are inline SVG. Light and dark by the reader's preference; prints.
 */
#ifndef DESCRIBE_HTML_H
#define DESCRIBE_HTML_H

#include <base/buf.h>
#include <describe/describe.h>

/*
 * Writes the page to a file, which appears whole or not at all. order: the columns in the order to show them in; at most
 * `most` are shown one by one. ML_EIO, ML_ENOMEM, ML_ELIMIT.
 */
ML_NODISCARD enum ml_status mli_description_html(const struct mli_description *description,
                                                 const size_t *order, size_t most, const char *path,
                                                 struct ml_error *err);

/* Text for HTML: < > & and both quotes as references, control characters and what is not UTF-8 as '?'. */
void mli_html_text(struct mli_buf *out, const char *text);

#endif
