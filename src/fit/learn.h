/*
 * Learn: a matrix of features and targets to the parameters of a network; the part of fit that is compiled twice
 * (base/real.h). Nothing here tells one build from the other but the numbers that X points to.
 */
#ifndef FIT_LEARN_H
#define FIT_LEARN_H

#include <train/health.h>
#include <base/tensors.h>
#include <train/trainer.h>

/* Rows to learn from. X (n,inputs) row-major: doubles for mli_learn, floats for mli_learn_f32. */
struct mli_learn_rows {
    size_t n;
    const void *X;
    const double *y;
    const double *weight; /* NULL: all 1 */
    const struct mli_supply *supply; /* instead of X, of what X would be; NULL: X */
};

struct mli_learn {
    const char *layers; /* specification of the network */
    size_t inputs;
    const char *loss;
    double parameter;    /* of the loss */
    const double *sides; /* of the loss; NULL: none */
    const struct mli_train_config *config;
    struct mli_learn_rows train, validation; /* validation.n = 0: none */
    /*
     * Before the first epoch (state->epoch is 0), after each, and once more for the last when it is ended early: what is
     * not ML_OK ends it.
     */
    enum ml_status (*epoch)(void *data, const struct mli_train_state *state, struct ml_error *err);
    /* Asked after each step: why to end here, MLI_TRAIN_RUNNING to go on. NULL: never. */
    enum mli_train_end (*over)(void *data);
    /* Asked at the same places: whether the state (train/state.h) is to be kept now; and what keeps it. NULL: never. */
    bool (*due)(void *data);
    enum ml_status (*keep)(void *data, struct mli_tensors *state, struct ml_error *err);
    struct mli_tensors *from; /* a state that was kept, to go on from; the first _epoch is that of the next one. NULL: theta */
    bool keeps;               /* for mli_learn_memory: there will be a _keep */
    void *data;
    double *began; /* gets the mean training loss of the start; NULL: not wanted. For config->trained */
    struct mli_health *health; /* gets that of the result; NULL: not wanted */
};

/* Bytes that learning from n rows will allocate, besides the rows. The same errors as mli_learn. */
typedef enum ml_status mli_learn_memory_fn(const struct mli_learn *learn, size_t n, size_t *out,
                                           struct ml_error *err);
/* theta (parameters of the network) is the start, and then the best that was found; what mli_trainer_epoch returns. */
typedef enum ml_status mli_learn_fn(const struct mli_learn *learn, double *theta, struct ml_error *err);

mli_learn_memory_fn mli_learn_memory, mli_learn_memory_f32;
mli_learn_fn mli_learn, mli_learn_f32;

#endif
