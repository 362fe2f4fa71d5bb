/*
 * Row: one JSON value to the cells of the intake's open row.
 *
 *   {"age": 31, "city": "Oslo"}      by name, in any order; what the model does not know is passed over
 *   [31, "Oslo"]                     by place, one for each column
 *   {"features": [31, "Oslo"]}       the same, as Amazon SageMaker sends it; {"data":{"features":{"values":[..]}}}, too
 *   31                               of a model with one column
 *
 *   null              a missing value                    number  a NUMBER; seconds since 1970 for an INSTANT;
 *   absent name       fault missing_column                       for a category looked up by its shortest text
 *   array or object   fault wrong_type                   string  a category, or an instant; never a number
 *                                                        bool    1 or 0 for a NUMBER, its word for a category
 */
#ifndef SERVE_ROW_H
#define SERVE_ROW_H

#include <serve/intake.h>
#include <serve/scan.h>

/* Opens a row of the intake and fills it. ML_EDATA: not JSON, or no row; ML_ELIMIT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_row_read(struct mli_scan *scan, struct mli_intake *intake,
                                         struct ml_error *err);
/* The same for an object of names and nothing else. */
ML_NODISCARD enum ml_status mli_row_read_named(struct mli_scan *scan, struct mli_intake *intake,
                                               struct ml_error *err);
/* All items of an array, which `scan` stands before; one at least. */
ML_NODISCARD enum ml_status mli_row_read_list(struct mli_scan *scan, struct mli_intake *intake,
                                              struct ml_error *err);
/*
 * Opens a row and fills it from an array of `count` values; field[i] is the column of the i-th, schema->count for one
 * that is passed over. ML_EDATA, and what the intake says.
 */
ML_NODISCARD enum ml_status mli_row_read_placed(struct mli_scan *scan, struct mli_intake *intake,
                                                const size_t *field, size_t count,
                                                struct ml_error *err);
/* The column of a name, schema->count when there is none. `guess` is tried first: most names come in order. */
size_t mli_row_field(const struct mli_intake *intake, const struct mli_scan_text *name,
                     size_t guess);
/* One cell of the open row. What is no cell is a fault, what is no JSON is in scan->wrong. */
void mli_row_cell(struct mli_scan *scan, struct mli_intake *intake, size_t field);

#endif
