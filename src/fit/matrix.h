/*
 * Matrix: chosen rows of a table as a feature matrix, a block at a time so that only the matrix itself is large.
 */
#ifndef FIT_MATRIX_H
#define FIT_MATRIX_H

#include <prep/pipeline.h>

/*
 * X (marked rows, features) for the rows with part[row] == which, in order. prepared: the table is what
 * `mlctl preprocess` wrote, the features as its first columns; otherwise it holds raw rows and the pipeline is applied.
 * ML_EUSAGE for a prepared table that was read with columns dropped or pinned to other types.
 */
ML_NODISCARD enum ml_status mli_matrix_build(const struct mli_pipeline *pipeline, bool prepared,
                                             const struct ml_table *table, const uint8_t *part,
                                             uint8_t which, double *X, struct ml_error *err);

#endif
