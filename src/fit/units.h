/*
 * Units: a target as training sees it, and the way back. What is trained on has a spread of about 1, so that step sizes
 * and tolerances mean the same for every target; penalties and the loss's parameter follow, so that the optimum is that
 * of the objective in the target's own unit.
 *
 *   a value           y = center + unit y',  center the mean of the training rows, unit their deviation
 *   a mean (poisson)  y = unit y',           unit the mean: the bias of the logarithm moves by log(unit)
 *   a class           y = y'
 */
#ifndef FIT_UNITS_H
#define FIT_UNITS_H

#include <net/losses.h>
#include <net/network.h>
#include <train/trainer.h>

struct mli_units {
    enum mli_predicts predicts;
    double center, unit;
    bool stack;  /* of layers: penalties weigh against the loss as training sees it, for they lie on all layers alike */
    double loss; /* times the loss in training is the loss in the target's unit */
};

/* From the n training targets. ML_EDATA: a mean is wanted of targets that are all 0. */
ML_NODISCARD enum ml_status mli_units_find(const struct mli_loss *loss, bool stack, size_t n, const double *y,
                                           struct mli_units *out, struct ml_error *err);
/* A scale that was found before, in the place of that of these rows. */
void mli_units_set(const struct mli_loss *loss, double center, double unit, struct mli_units *out);
/* l2 when none is given: 1 / n (rows, or the sum of their weights), for a value in units in which its deviation is 1. */
double mli_units_l2(const struct mli_units *units, double n);
void mli_units_scale(const struct mli_units *units, size_t n, double *y);
double mli_units_back(const struct mli_units *units, double y);
/* Penalties, min_delta and loss in the target's unit become those of training. */
void mli_units_train(const struct mli_units *units, struct mli_train_config *config, struct mli_loss *loss);
/* The reverse of the next: parameters that predict in the target's unit become those of training. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_units_start(const struct mli_units *units, const struct mli_network *net,
                                            double *theta, struct ml_error *err);
/* What was trained becomes the parameters that predict in the target's unit. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_units_theta(const struct mli_units *units, const struct mli_network *net,
                                            double *theta, struct ml_error *err);

#endif
