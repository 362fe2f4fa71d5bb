/*
 * Shuffle: which row comes when in an epoch over batches. Two kinds, both of seed and epoch alone:
 *
 *   rows     all rows shuffled, one by one
 *   windows  stripes of rows that lie side by side are shuffled, and the row of stripes that this makes is cut into
 *            windows, within which rows are shuffled one by one. Rows are read a stripe at a time and a window is what
 *            has to be in memory, so a disk can give this order; a batch never lies in two windows.
 *
 * Extents of stripes and windows follow from the number of features and the batch alone, so that the order is the same
 * wherever the rows are, in both precisions, and however much memory there is.
 */
#ifndef TRAIN_SHUFFLE_H
#define TRAIN_SHUFFLE_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <stdint.h>

struct mli_shuffle {
    size_t n;
    size_t window;     /* rows; n when all are shuffled */
    size_t stripe;     /* rows; 0 when all are shuffled */
    size_t stripes, *stripe_at; /* the stripes as they come; NULL when all are shuffled */
    size_t last;       /* where the last one, which may be short, has come to */
    uint64_t seed;     /* of the epoch */
    size_t begin, end; /* places in the epoch that row[] tells of */
    size_t *row;       /* (window) */
    size_t coming;     /* rows of the window after this one, to be asked for early */
    size_t *soon;      /* (window) they, in the order that memory has them; NULL: not wanted */
};

/* d: features; batch: rows a step. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_shuffle_init(struct mli_shuffle *shuffle, size_t n, size_t d, size_t batch, bool windows,
                                           struct ml_error *err);
void mli_shuffle_release(struct mli_shuffle *shuffle);
size_t mli_shuffle_memory(size_t n, size_t d, size_t batch, bool windows);
/* Rows of a window. */
size_t mli_shuffle_window(size_t n, size_t d, size_t batch, bool windows);

/* Begins an epoch: no place is known yet. */
void mli_shuffle_epoch(struct mli_shuffle *shuffle, uint64_t seed);
bool mli_shuffle_has(const struct mli_shuffle *shuffle, size_t place);
/* Goes to the window of a place. row[] is then to be filled, by _number or the caller, run by run, and to be shuffled. */
void mli_shuffle_open(struct mli_shuffle *shuffle, size_t place);
/* row[] and soon[] for rows in memory: their numbers. */
void mli_shuffle_number(struct mli_shuffle *shuffle);

/* Rows side by side that the window takes in from a stripe: n of them, from `first`, to come to `at` of the window. */
struct mli_shuffle_run {
    size_t first, n, at;
};
size_t mli_shuffle_runs(const struct mli_shuffle *shuffle);
struct mli_shuffle_run mli_shuffle_run(const struct mli_shuffle *shuffle, size_t k);
/* Shuffles row[], which was filled in the order of the runs. */
void mli_shuffle_mix(struct mli_shuffle *shuffle);

#endif
