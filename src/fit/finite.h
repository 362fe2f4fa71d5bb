/*
 * Finite: columns that would be numbers if some cells were not infinite ("inf", or digits that no double holds). Taken for
 * categories, as reading has to, they would train a model that nobody meant.
 */
#ifndef FIT_FINITE_H
#define FIT_FINITE_H

#include <table/table.h>

/* The code of such a cell's text, when all the other texts of the column are numbers; -1: it has none, or no codes. */
int32_t mli_infinite_code(const struct mli_column *column);
/* A text that is no number among many that are, by which a target looks like classes; -1: it has none. */
int32_t mli_odd_code(const struct mli_column *column);
/* The first row of a code, from 0; table->rows: none. */
size_t mli_code_row(const struct ml_table *table, const struct mli_column *column, int32_t code);

/* ML_EDATA for the first of columns[0..n) with infinite cells, unless `read` (NULL: it does not) pins its type. */
ML_NODISCARD enum ml_status mli_finite_check(const struct ml_table *table, const size_t *columns, size_t n,
                                             const struct ml_read_options *read, struct ml_error *err);

#endif
