/*
 * Losses: one const row each. A loss reads the network's outputs Z (n,outputs) and targets y (n): a number for
 * regression, a class index 0..classes-1 for classification. Sums over rows, not means: the caller divides once.
 *
 *   squared        1/2 (z - y)^2                       prediction z
 *   cross_entropy  2 classes: one logit, log(1 + exp(-m)); more: one logit a class, softmax. prediction: probability a class
 *
 * Finite for every finite Z: log1p(exp(-|m|)) + max(-m, 0) [Maechler 2012]; softmax and its logarithm shifted by the
 * largest logit [Blanchard, Higham & Higham 2021].
 */
#ifndef NET_LOSSES_H
#define NET_LOSSES_H

#include <mlctl/status.h>
#include <stdbool.h>

struct mli_loss {
    const char *name;
    bool classification;
    /* Network outputs wanted for that many classes (regression: classes is 0). */
    size_t (*outputs)(size_t classes);
    /* Bound on the largest eigenvalue of the loss's Hessian in z: 1, 1/4 (one logit), 1/2 (softmax); for step sizes. */
    double (*curvature)(size_t outputs);
    /*
     * Sum over n rows of weight[i] (NULL: 1) times the loss of row i; if dZ is not NULL it is overwritten with the
     * gradient of that sum at Z.
     */
    double (*value)(size_t n, size_t outputs, const double *Z, const double *y, const double *weight, double *dZ);
    /* Predictions P (n, width): width 1 for regression, classes for classification (2 for one logit). */
    void (*predict)(size_t n, size_t outputs, const double *Z, double *P);
};

extern const struct mli_loss mli_loss_squared, mli_loss_cross_entropy;
const struct mli_loss *mli_loss_find(const char *name); /* NULL: no such loss */

#endif
