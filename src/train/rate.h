/* Step sizes for those who give none. */
#ifndef TRAIN_RATE_H
#define TRAIN_RATE_H

#include <train/optimiser.h>

/*
 * The step size to start with: config->rate, or the optimiser's choice by the curvature of the objective for a
 * network of one layer, or its constant for a stack. NaN, which no descent survives, when the curvature overflows.
 * ML_ENOMEM.
 */
ML_NODISCARD enum ml_status
mli_rate_choose(const struct mli_optimiser *optimiser, const struct mli_network *net,
                const struct mli_loss *loss, const struct mli_train_data *data,
                const struct mli_train_config *config, double *out, struct ml_error *err);

/* Bound on the curvature that steps on random batches meet. */
double mli_batch_curvature(const struct mli_curvature *curvature);

/* Step size of an epoch (counted from 0): over batches it falls in a straight line to 0 at the last epoch. */
double mli_rate_at(double rate, size_t epoch, size_t epochs);

#endif
