/*
 * Compensated sum [Neumaier 1974, Kahan's method for terms of any size]: the error does not grow with the number of
 * terms, so a metric over ten million rows is as exact as one over ten. Start as { 0 }. An infinite or NaN term gives
 * what plain addition gives.
 */
#ifndef EVAL_SUM_H
#define EVAL_SUM_H

#include <math.h>

struct mli_sum {
    double value, carry; /* the plain sum, and what its roundings lost */
};

static inline void mli_sum_add(struct mli_sum *sum, double x)
{
    double t = sum->value + x;

    sum->carry += fabs(sum->value) >= fabs(x) ? (sum->value - t) + x : (x - t) + sum->value;
    sum->value = t;
}

static inline double mli_sum_total(const struct mli_sum *sum)
{
    return isfinite(sum->value) ? sum->value + sum->carry : sum->value;
}

#endif
