/*
 * Rows of a JSON body: one object is one row, an array of objects is that many. What a row is: row.h. A name that is a
 * column's may not come twice in one object, and nothing may be nested over max_depth.
 */
#ifndef SERVE_JSON_ROWS_H
#define SERVE_JSON_ROWS_H

#include <serve/intake.h>

/*
 * Reads text[0..len) into the intake (faults are not errors). ML_EDATA: not a JSON object or array of objects, with
 * the byte; what the intake says.
 */
ML_NODISCARD enum ml_status mli_json_rows(const char *text, size_t len, size_t max_depth,
                                          struct mli_intake *intake, struct ml_error *err);

#endif
