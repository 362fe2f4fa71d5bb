/*
 * Rows of a JSON body: one object is one row, an array of objects is that many. jansson reads a row at a time, so the
 * memory of a request does not grow with its rows. Strict RFC 8259: also refused are a name twice in one object, NUL
 * bytes, and nesting over max_depth.
 *
 *   null              a missing value                    number  a NUMBER; seconds since 1970 for an INSTANT;
 *   absent name       fault missing_column                       for a category looked up by its shortest text
 *   unknown name      ignored                            string  a category, or an instant; never a number
 *   array or object   fault wrong_type                   bool    1 or 0 for a NUMBER, its word for a category
 */
#ifndef SERVE_JSON_ROWS_H
#define SERVE_JSON_ROWS_H

#include <serve/intake.h>

/*
 * Reads text[0..len), len at most INT_MAX, into the intake (faults are not errors). The thread must have no budget of
 * its own running (budget.h). ML_EDATA: not a JSON object or array of objects, with the byte; ML_ELIMIT: too many
 * rows, or a row that takes too much memory; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_json_rows(const char *text, size_t len, size_t max_depth,
                                          struct mli_intake *intake, struct ml_error *err);

#endif
