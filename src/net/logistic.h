/*
 * Logistic: the cross entropy of two classes from one logit, log(1 + exp(-m)) with m = +z or -z. Written with exp(-|m|),
 * so that nothing overflows and small losses keep their digits [Maechler 2012].
 */
#ifndef NET_LOGISTIC_H
#define NET_LOGISTIC_H

#include <base/real.h>
#include <stddef.h>

/* Sum over n logits of weight[i] (NULL: 1) times the loss of y[i], 0 or 1; dz (n) gets its gradient, NULL: not wanted. */
double mli_logistic_value(size_t n, const mli_real *z, const double *y, const double *weight, mli_real *dz);
/* P (n,2): the probabilities of 0 and 1. */
void mli_logistic_predict(size_t n, const mli_real *z, double *P);

#endif
