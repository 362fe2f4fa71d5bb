/*
 * Matrix: chosen rows of a table as a feature matrix, a block at a time so that only the matrix itself is large.
 */
#ifndef FIT_MATRIX_H
#define FIT_MATRIX_H

#include <prep/pipeline.h>

/*
 * X (marked rows, features) for the rows with part[row] == which, in order. prepared: the table is what
 * `mlctl preprocess` wrote, the features as its first columns; otherwise it holds raw rows and the pipeline is applied.
 * A raw table is the one that the pipeline was fitted on, or the pipeline was loaded: rows that trained come out as a
 * model is to be trained on them, see mli_pipeline_view_fitted().
 * ML_EUSAGE for a prepared table that was read with columns dropped or pinned to other types.
 */
ML_NODISCARD enum ml_status mli_matrix_build(const struct mli_pipeline *pipeline, bool prepared,
                                             const struct ml_table *table, const uint8_t *part,
                                             uint8_t which, double *X, struct ml_error *err);

/*
 * The same rows of a raw table a block at a time, without the matrix: calls each() with up to 1024 of them, in order.
 * X (n,features) is the callee's to change. Stops at the first status that is not ML_OK and returns it.
 */
ML_NODISCARD enum ml_status
mli_matrix_each(const struct mli_pipeline *pipeline, const struct ml_table *table, const uint8_t *part,
                uint8_t which, enum ml_status (*each)(void *data, size_t n, double *X, struct ml_error *err),
                void *data, struct ml_error *err);

#endif
