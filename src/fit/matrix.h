/*
 * Matrix: chosen rows of a table as a feature matrix, a block at a time so that only the matrix itself is large.
 */
#ifndef FIT_MATRIX_H
#define FIT_MATRIX_H

#include <prep/pipeline.h>

#define MLI_MATRIX_BLOCK 1024 /* rows at most */

/* The rows with part[row] == which, in order. */
struct mli_matrix_rows {
    const struct mli_pipeline *pipeline;
    /*
     * prepared: what `mlctl preprocess` wrote, the features as its first columns. Otherwise raw rows, to which the
     * pipeline is applied: it was fitted on this table, or loaded. Rows that trained come out as a model is to be
     * trained on them, see mli_pipeline_view_fitted().
     */
    const struct ml_table *table;
    bool prepared;
    const uint8_t *part;
    uint8_t which;
    size_t threads; /* 0: one */
};

/*
 * X (rows, features): doubles, or floats if `single`. ML_EUSAGE for a prepared table that was read with columns dropped or
 * pinned to other types.
 */
ML_NODISCARD enum ml_status mli_matrix_build(const struct mli_matrix_rows *rows, bool single, void *X,
                                             struct ml_error *err);

/* Rows of a part as a matrix of their own. */
struct mli_matrix_into {
    uint8_t which;
    bool single;
    void *X;
};

/*
 * Several parts at once, n at most MLI_MATRIX_PARTS, of which each row is made once; rows->which does not count. spend: the
 * table is read for the last time, the memory of its cells is given back on the way.
 */
enum { MLI_MATRIX_PARTS = 4 };
ML_NODISCARD enum ml_status mli_matrix_spread(const struct mli_matrix_rows *rows, const struct mli_matrix_into *into,
                                              size_t n, bool spend, struct ml_error *err);

/* Some of the rows, the first of them the first-th of all. X (n,features) is the callee's to change; n at most MLI_MATRIX_BLOCK. */
struct mli_matrix_block {
    size_t first, n;
    double *X;
    size_t thread; /* that works on it, below `threads` */
};

/*
 * The same a block at a time, without the matrix: calls each() with every block, in any order and from several threads.
 * A status that is not ML_OK ends it; of several that of the first block is returned.
 */
ML_NODISCARD enum ml_status
mli_matrix_share(const struct mli_matrix_rows *rows,
                 enum ml_status (*each)(void *data, const struct mli_matrix_block *block, struct ml_error *err),
                 void *data, struct ml_error *err);
/* Made by several threads, each() called with one after the other, in order. */
ML_NODISCARD enum ml_status
mli_matrix_ordered(const struct mli_matrix_rows *rows,
                   enum ml_status (*each)(void *data, const struct mli_matrix_block *block, struct ml_error *err),
                   void *data, struct ml_error *err);
/* In order and in this thread. */
ML_NODISCARD enum ml_status
mli_matrix_each(const struct mli_matrix_rows *rows,
                enum ml_status (*each)(void *data, size_t n, double *X, struct ml_error *err), void *data,
                struct ml_error *err);

#endif
