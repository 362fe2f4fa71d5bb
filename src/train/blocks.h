/*
 * Sums of a loss and its gradient over rows. Rows are cut into blocks that stay in the L2 cache from forward to
 * backward; runs of blocks ("chunks") are shared out to threads, each summed in row order, and the sums of the
 * chunks are added in order. Extents of blocks and chunks follow from shapes alone, so the bits do not depend on the
 * number of threads.
 */
#ifndef TRAIN_BLOCKS_H
#define TRAIN_BLOCKS_H

#include <base/team.h>
#include <net/losses.h>
#include <net/network.h>
#include <train/trainer.h>

struct mli_blocks {
    const struct mli_network *net;
    const struct mli_loss *loss;
    size_t threads;
    struct mli_team *team;
    size_t rows;       /* of a block */
    size_t chunks;     /* at most; one partial gradient each */
    size_t stride;     /* numbers of one thread's workspace */
    mli_real *workspace; /* (threads, stride) */
    mli_real *input;     /* (threads, rows, inputs): what comes from a supply; NULL: nothing does */
    double *sums;        /* (chunks) */
    mli_real *grads; /* (chunks, parameters); NULL with one chunk, which writes to the caller's gradient */
};

/* For gradients over at most n rows, and for values over any number of rows. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_blocks_init(struct mli_blocks *blocks,
                                            const struct mli_network *net,
                                            const struct mli_loss *loss, size_t n, size_t threads,
                                            struct ml_error *err);
/* And for rows from a supply. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_blocks_supply(struct mli_blocks *blocks, struct ml_error *err);
void mli_blocks_release(struct mli_blocks *blocks);
/* Bytes that _init allocates. */
size_t mli_blocks_memory(const struct mli_network *net, size_t n, size_t threads);
/* Bytes that _supply allocates. */
size_t mli_blocks_supply_memory(const struct mli_network *net, size_t n, size_t threads);

/*
 * Weighted sum of the loss over all rows; grad (parameters) is overwritten with its gradient, NULL when not wanted.
 * pass: what for, NULL for predicting; its row is that of the first of the rows. A network that measures its rows in
 * training gets those of a gradient as one block.
 */
double mli_blocks_sum(const struct mli_blocks *blocks, const struct mli_train_data *data,
                      const struct mli_pass *pass, const mli_real *theta, mli_real *grad);

/*
 * The same, but the gradient is left in parts: of more than one it is their sum in order, which _add makes for a range of
 * the p parameters, wherever they are gone through next. Of one part it is in grad.
 */
struct mli_parts {
    size_t n;
    const mli_real *grad; /* (n,p) */
};
double mli_blocks_parts(const struct mli_blocks *blocks, const struct mli_train_data *data, const struct mli_pass *pass,
                        const mli_real *theta, mli_real *grad, struct mli_parts *parts);
void mli_parts_add(const struct mli_parts *parts, size_t p, size_t first, size_t end, mli_real *grad);

#endif
