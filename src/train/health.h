/*
 * Health of a network in training: ways in which layers stop learning while the loss still looks like a loss.
 */
#ifndef TRAIN_HEALTH_H
#define TRAIN_HEALTH_H

#include <train/descent.h>

struct mli_health {
    /*
     * Root mean square of the loss's gradient in the weights of the lowest dense layer over that of the topmost
     * [Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010]; NaN with less than two of them.
     */
    double vanishing;
    /* Of the relu layer that has most of them by share: units that are 0 for every row looked at, so that no gradient
       gets through [Maas, Hannun & Ng 2013]. units is 0 without such a layer. */
    size_t units, dead;
    size_t layer; /* its place in the network, from 1 */
    /* Of the rows looked at: how far apart, over them, answers of one output are at most (before softmax or sigmoid; NaN for a model of
       one layer), the root mean square of all inputs, and the largest of them. */
    double apart, size, reach;
};

/* Over up to 1024 rows of the training data, in the given batches, at theta; overwrites descent->grad. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_health_of(struct mli_descent *descent, const mli_real *theta, struct mli_health *out,
                                          struct ml_error *err);

#endif
