/* Step sizes for those who give none. */
#ifndef TRAIN_RATE_H
#define TRAIN_RATE_H

#include <train/optimiser.h>

struct mli_rate {
    double size;
    const char *by; /* where it comes from, in words; NULL: given, or there is none */
};

/*
 * The step size to start with: config->rate, or the optimiser's choice by the curvature of the objective for a
 * network of one layer, or its constant for a stack. NaN, which no descent survives, when the curvature overflows.
 * ML_ENOMEM.
 */
ML_NODISCARD enum ml_status
mli_rate_choose(const struct mli_optimiser *optimiser, const struct mli_network *net,
                const struct mli_loss *loss, const struct mli_train_data *data,
                const struct mli_train_config *config, struct mli_rate *out, struct ml_error *err);

/* Bound on the curvature that steps on random batches meet. */
double mli_batch_curvature(const struct mli_curvature *curvature);

#endif
