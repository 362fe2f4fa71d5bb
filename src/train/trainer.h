/*
 * Trainer: minimises  1/W sum_i w_i loss_i(theta) + l2/2 |v|^2 + l1 |v|_1  over the parameters of a network, W = sum w_i,
 * v the penalised ones (weights, not biases). Stepped by the caller: _new, then _epoch until _state says it is over. One
 * epoch is one step (gd), one iteration with its line search (lbfgs), or one pass over the rows (all others).
 *
 * Deterministic: rows are cut into blocks of fixed size, blocks are shared out to `threads`, and their partial sums are
 * added in block order, so the result does not depend on the number of threads. Everything is allocated by _new.
 * "Not converged yet" is a state, not an error. Compiled twice (base/real.h).
 */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include <net/losses.h>
#include <net/network.h>

/* Chosen rows: the i-th is that of number row[i], and is copied to the i-th place of X, y and weight to be worked on. */
struct mli_gather {
    const size_t *row;
    size_t known; /* entries of row: those after the chosen ones will be next */
    const size_t *soon; /* rows to ask memory for, one with each of the chosen ones; NULL: those that will be next */
    size_t coming;      /* entries of soon */
    mli_real *X;
    double *y, *weight;
};

/*
 * Rows that are not in memory: _read puts n of them, from `first` on, into X (n,d), in any thread. What cannot be read
 * becomes NaN, and whoever made the supply knows why.
 */
struct mli_supply {
    void (*read)(void *data, size_t first, size_t n, void *X);
    void *data;
};

struct mli_train_data {
    size_t n, d;
    const mli_real *X;    /* (n,d) row-major, finite */
    const struct mli_supply *supply; /* instead of X; NULL: X */
    const double *y;      /* (n) */
    const double *weight; /* (n) positive, NULL: all 1 */
    const struct mli_gather *gather; /* NULL: these rows, in this order */
};

struct mli_train_config {
    const char *optimiser; /* a name of train/optimiser.h */
    double rate;           /* step size; 0: chosen (train/rate.c, train/range.h). It falls to 0 over `epochs` for those over
                              batches; lbfgs finds its own and refuses one */
    double momentum;       /* of `momentum` and `nesterov` */
    double decay;          /* of `adamw`: share of the weights that a step of size 1 takes; 0.01 as PyTorch's */
    double l1, l2;
    double tolerance; /* converged when the largest gradient entry is at most this (lbfgs, gd), or the objective stalls */
    const char *schedule; /* train/schedule.h; NULL: linear over batches, else constant. Not for lbfgs */
    double warmup;    /* epochs before the schedule begins, below 1 a share of all; 0: none */
    double clip;      /* longest gradient; 0: any. Not for lbfgs */
    bool trained;     /* the start was trained before: what it loses is measured, and it is the best that there is at epoch 0 */
    size_t epochs;    /* at most */
    size_t batch;     /* rows a step, of those over batches */
    bool windows;     /* those over batches take the rows in an order that a disk can give (train/batches.h); a supply
                         has no other */
    size_t patience;  /* epochs without a better validation loss before stopping; 0: no early stopping */
    double min_delta; /* what a validation loss must be lower by to be better */
    uint64_t seed;
    size_t threads;
    /* Asked between two steps of an epoch over batches: true ends _epoch there, with state.partial. NULL: never. */
    bool (*pause)(void *data);
    void *pause_data;
};

#define MLI_TRAIN_CONFIG_INIT                                                                      \
    { .optimiser = "lbfgs", .momentum = 0.9, .decay = 0.01, .tolerance = 1e-8, .epochs = 1000, .batch = 32, .threads = 1 }

enum mli_train_end { MLI_TRAIN_RUNNING, MLI_TRAIN_CONVERGED, MLI_TRAIN_EPOCHS, MLI_TRAIN_PATIENCE, MLI_TRAIN_STALLED, MLI_TRAIN_TIME,
                     MLI_TRAIN_INTERRUPTED };

struct mli_train_state {
    size_t epoch;      /* epochs done */
    size_t steps;      /* of an optimiser whose steps have a size: done */
    double objective;  /* with penalties */
    double loss;       /* mean training loss without penalties; over batches that of the epoch as it went. At epoch 0 NaN,
                          and that of a start that was trained, as predictions have it */
    double validation; /* mean validation loss, NaN without validation rows */
    double gradient;   /* largest absolute entry of the objective's gradient (full-batch optimisers), else NaN */
    double norm;       /* length of the gradient of the smooth part, before clipping; over batches the root of the mean
                          square of the epoch's */
    double rate;       /* step size in use */
    double base;       /* step size given or chosen, of which a schedule takes its share; 0: found anew by each iteration */
    const char *rate_by; /* how the first one was chosen, in words; NULL: given, or found anew by each iteration */
    bool sampled;      /* it began at the optimum of a sample of the rows */
    bool partial;      /* paused within an epoch: the next _epoch goes on there */
    size_t best;       /* epoch of the parameters that _theta gives */
    enum mli_train_end end;
};

struct mli_trainer;
struct mli_health;

/* "converged", "epoch limit", ... for messages. */
const char *mli_train_end_text(enum mli_train_end end);
/* Optimiser names, NULL-terminated, for help and suggestions. */
const char *const *mli_optimiser_names(void);
/* Whether one takes steps over batches, so that the rows come in some order. */
bool mli_optimiser_steps(const char *name);
/* Bytes that _new will allocate, for the memory estimate before BLAS is touched. */
size_t mli_trainer_memory(const struct mli_network *net, const struct mli_train_config *config, size_t n);
/* And those that rows from a supply take besides. */
size_t mli_trainer_supply_memory(const struct mli_network *net, const struct mli_train_config *config, size_t n);

/*
 * Everything but theta0 is borrowed and must outlive the trainer. theta0 (parameters) is the start, copied. validation
 * may be NULL. ML_EUSAGE names a setting out of range or an unknown optimiser; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_trainer_new(const struct mli_network *net, const struct mli_loss *loss,
                                            const struct mli_train_data *data, const struct mli_train_data *validation,
                                            const struct mli_train_config *config, const mli_real *theta0,
                                            struct mli_trainer **out, struct ml_error *err);
/*
 * One epoch. ML_EDIVERGED when loss, gradient or a parameter is no longer finite: the text says epoch, step size and
 * what to do, and the trainer keeps the last good parameters. Data that no step size could train on, a value of 1e150
 * or more, ends the same way, and so does a loss that has grown a million times. ML_OK and no change when it is over.
 */
ML_NODISCARD enum ml_status mli_trainer_epoch(struct mli_trainer *trainer, struct ml_error *err);
/*
 * Ends a run here, for the reason given. An epoch under way counts as one, of the rows it has seen. ML_EDIVERGED as
 * _epoch. ML_OK and no change when it is over.
 */
ML_NODISCARD enum ml_status mli_trainer_stop(struct mli_trainer *trainer, enum mli_train_end why, struct ml_error *err);
const struct mli_train_state *mli_trainer_state(const struct mli_trainer *trainer);
/* How well the layers of those parameters learn (train/health.h); when the run is over. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_trainer_health(struct mli_trainer *trainer, struct mli_health *out, struct ml_error *err);
/* Best parameters so far: by validation loss with early stopping, else the latest. Borrowed. */
const mli_real *mli_trainer_theta(const struct mli_trainer *trainer);
void mli_trainer_free(struct mli_trainer *trainer);

/*
 * Objective and, if grad is not NULL, its gradient at theta over all rows of data (blocks, threads, block order). Also
 * what the gradient checks call. workspace and partial sums are allocated inside. Returns ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_objective(const struct mli_network *net, const struct mli_loss *loss,
                                          const struct mli_train_data *data, double l1, double l2, size_t threads,
                                          const mli_real *theta, mli_real *grad, double *value, struct ml_error *err);

#endif
