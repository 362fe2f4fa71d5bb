/*
 * L1: scores of features by a linear or logistic model with the penalty strength |v|_1 (bias free), in three ways of one
 * meaning. Which one is a matter of time and memory: mli_reduce_l1() chooses.
 *
 *   gram     regression with at least as many rows as features: their covariance, and no matrix
 *   newton   classification with few weights: Newton's method with the whole Hessian
 *   trained  the rest: the quasi-Newton steps of src/train, which hold neither
 */
#ifndef FIT_L1_H
#define FIT_L1_H

#include <fit/reduce.h>

#define MLI_L1_OF_LARGEST 0.01 /* the strength if none is given, as a share of the smallest that leaves no feature */

struct mli_l1 {
    const struct mli_pipeline *pipeline;
    const struct mli_reduce_rows *rows;
    size_t d;        /* features */
    size_t outputs;  /* of the model: 1, or the classes if there are more than two */
    const double *y; /* of the rows: class, each of which has a row, or value with mean 0 and deviation 1 */
    double strength; /* in units of that y; NaN: to be chosen */
};

/*
 * score (d): the sum of |weight| over the outputs, of features as the pipeline makes them. *strength is set to what was
 * chosen if it is NaN. A model that has not settled is a warning. ML_ELIMIT over rows->memory, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_l1_gram(struct mli_l1 *l1, double *score, struct ml_error *err);
ML_NODISCARD enum ml_status mli_l1_newton(struct mli_l1 *l1, double *score, struct ml_error *err);
ML_NODISCARD enum ml_status mli_l1_trained(struct mli_l1 *l1, double *score, struct ml_error *err);

/* Bytes that _newton holds. SIZE_MAX: too many to count. */
size_t mli_l1_newton_memory(const struct mli_l1 *l1);
void mli_l1_unsettled(const struct mli_l1 *l1);

#endif
