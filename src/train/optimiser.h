/*
 * Optimisers: one const row each, in a file of its own, listed in train/optimiser.c. What those over batches share,
 * and how step sizes are chosen and fall, is in train/batches.h and train/rate.h.
 *
 *   gd        theta -= rate * gradient over all rows
 *   sgd       the same over a batch of rows
 *   momentum  sgd along a velocity that forgets by `momentum`
 *   nesterov  momentum whose gradient counts once more, as if taken further on
 *   adagrad   sgd with a step size for every parameter, by the sum of its squared gradients
 *   rmsprop   the same by a running mean of them
 *   adam      rmsprop along a running mean of the gradients
 *   adamw     adam, and a share of every weight taken away each step: `decay`
 *   lbfgs     quasi-Newton over all rows with a line search
 *   interior  Newton steps through the inside of the dual, for losses with kinks
 *
 * All know both penalties; l1 enters by the proximal map (lbfgs: orthant by orthant), so weights become exactly 0.
 */
#ifndef TRAIN_OPTIMISER_H
#define TRAIN_OPTIMISER_H

#include <train/descent.h>

/* Bounds on the curvature of the objective of one layer: of its mean, and of its worst row alone. */
struct mli_curvature {
    double mean, row;
    size_t n, batch;
};

struct mli_optimiser {
    const char *name;
    /* Doubles that `vectors` of a descent needs. */
    size_t (*doubles)(size_t p);
    /* And besides, where it keeps something for every row; NULL: nothing. */
    size_t (*kept)(const struct mli_network *net, size_t n);
    /*
     * One of the two: a whole epoch over all rows, or what follows the gradient of one batch, for the parameters from
     * `first` to before `end`, each by itself; ranges go to several threads. count of the descent counts this one.
     */
    enum mli_fault (*epoch)(struct mli_descent *descent);
    mli_step *step;
    /* Step size when none is given, for one layer and for a stack; neither where it finds its own (lbfgs). */
    double (*rate)(const struct mli_curvature *curvature, const struct mli_train_config *config);
    bool preconditioned; /* wants train/precondition.h */
    bool decays;         /* knows config->decay */
    bool kinks;          /* for losses with kinks alone, and one layer of at most MLI_INTERIOR_WIDEST inputs */
    bool fixed;          /* rate() does not depend on the curvature */
    double stack_rate;
};

extern const struct mli_optimiser mli_optimiser_gd, mli_optimiser_sgd, mli_optimiser_momentum,
    mli_optimiser_nesterov, mli_optimiser_adagrad, mli_optimiser_rmsprop, mli_optimiser_adam, mli_optimiser_adamw,
    mli_optimiser_lbfgs, mli_optimiser_interior;

/* ML_EUSAGE, with the nearest name, when there is none of that name. */
ML_NODISCARD enum ml_status mli_optimiser_find(const char *name, const struct mli_optimiser **out,
                                               struct ml_error *err);

#endif
