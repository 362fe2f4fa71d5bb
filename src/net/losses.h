/*
 * Losses: one const row each, in a file of its own, listed in net/losses.c. A loss reads the network's outputs
 * Z (n,outputs) and targets y (n): a number for regression, a class index 0..classes-1 for classification, the code of all
 * labels (mli_labels_code) for several of them. Sums over rows, not means: the caller divides once. docs/losses.md has the formulas.
 *
 *   squared                        1/2 r^2, r = z - y                                    prediction z
 *   absolute                       |r|                                                   z
 *   quantile:q                     q (y - z) above the prediction, (1 - q) (z - y) below it   z
 *   epsilon_insensitive:e          max(|r| - e, 0)                                       z
 *   huber:delta                    1/2 r^2, and delta |r| - 1/2 delta^2 beyond delta     z
 *   squared_epsilon_insensitive:e  max(|r| - e, 0)^2                                     z
 *   poisson                        half the deviance, y log(y / mu) - y + mu             mu = exp(z)
 *   cross_entropy                  two classes: one logit, log(1 + exp(-m)), m = +z or -z; more: one logit a class, softmax
 *                                                                                        a probability a class
 *   hinge                          max(1 - m, 0), and
 *   squared_hinge                  max(1 - m, 0)^2; more than two classes: the sum over one output a class against the rest
 *                                                                                        a score a class
 *   binary_cross_entropy           several labels: one logit each, the sum of their log(1 + exp(-m))
 *                                                                                        two probabilities a label
 *
 * A loss with a parameter is a copy of its row with that parameter set; _parse and _text are its two ways to "huber:1.35".
 * Finite for finite Z of ordinary size (whose square is finite): log1p(exp(-|m|)) + max(-m, 0) [Maechler 2012]; softmax and
 * its logarithm shifted by the largest logit [Blanchard, Higham & Higham 2021]; exp goes on as its tangent where it is huge.
 */
#ifndef NET_LOSSES_H
#define NET_LOSSES_H

#include <base/real.h>
#include <mlctl/status.h>
#include <stdbool.h>

/* What a target is, and so which losses go with it. */
enum mli_task {
    MLI_TASK_REGRESSION,     /* a number */
    MLI_TASK_CLASSIFICATION, /* one of two classes or more */
    MLI_TASK_MULTILABEL,     /* several, each one of two classes */
};

/* What the numbers of a prediction are. */
enum mli_predicts {
    MLI_PREDICTS_VALUE,       /* the target itself */
    MLI_PREDICTS_MEAN,        /* the target's mean as exp(z) */
    MLI_PREDICTS_PROBABILITY, /* one a class */
    MLI_PREDICTS_SCORE        /* one a class, the largest is the class; any size and sign */
};

/* A loss of one output that is linear between kinks: 0 at at[0], and slope z left of them all. */
struct mli_kinks {
    double slope;
    size_t n;
    double at[2], rise[2]; /* ascending; what the slope rises by */
};

struct mli_loss {
    const char *name;
    const char *objective; /* its mean, in words */
    enum mli_task task;
    bool quadratic; /* the Hessian in z is the same everywhere: that of curvature() */
    enum mli_predicts predicts;
    /* loss(u z; u y, u parameter) = u^power loss(z; y, parameter) for targets with a unit; 0 for classes. */
    int power;
    const char *parameter_name; /* NULL: takes none */
    const char *range;          /* of the parameter, in words */
    bool in_units;              /* the parameter is in the target's unit, `parameter` of the row in its deviations */
    double parameter;           /* of the row: what is taken when none is given */
    bool (*accepts)(double parameter);
    /* Of a loss of labels: what its two classes count, two numbers a label; NULL: all 1. Borrowed. */
    const double *sides;
    /* Network outputs wanted for that many classes (regression: classes is 0), or that many labels. */
    size_t (*outputs)(size_t classes);
    /*
     * Bound on the largest eigenvalue of the loss's Hessian in z: 1, 1/4 (one logit), 1/2 (softmax); for step sizes.
     * Where there is none (poisson, losses with kinks) that of the loss near its start, which is a scale and no bound.
     */
    double (*curvature)(size_t outputs);
    /*
     * Sum over n rows of weight[i] (NULL: 1) times the loss of row i; if dZ is not NULL it is overwritten with the
     * gradient of that sum at Z.
     */
    double (*value)(const struct mli_loss *loss, size_t n, size_t outputs, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ);
    /* The loss of a row at one of its outputs; NULL: it is smooth. */
    void (*kinks)(const struct mli_loss *loss, double y, size_t output, size_t outputs, struct mli_kinks *out);
    /* Predictions P (n, width): width 1 for regression, classes for classification (2 for one output), 2 a label. */
    void (*predict)(size_t n, size_t outputs, const mli_real *Z, double *P);
};

extern const struct mli_loss mli_loss_squared, mli_loss_absolute, mli_loss_huber, mli_loss_quantile,
    mli_loss_epsilon_insensitive, mli_loss_squared_epsilon_insensitive, mli_loss_poisson, mli_loss_cross_entropy,
    mli_loss_hinge, mli_loss_squared_hinge, mli_loss_binary_cross_entropy;

/* The curvature bound of a loss with its sides. */
double mli_loss_curvature(const struct mli_loss *loss, size_t outputs);

const char *mli_task_name(enum mli_task task); /* "regression", "classification", "multilabel" */

const struct mli_loss *const *mli_losses(size_t *n); /* all of them, count in *n */
const struct mli_loss *mli_loss_find(const char *name); /* NULL: no such loss */

#define MLI_LABELS_MAX 53 /* whole numbers below 2^53 are doubles */
/* y of a row of so many labels: the sum of 2^j over those that are 1 and not 0, the second of their classes. */
double mli_labels_code(size_t labels, const double *on);

#define MLI_LOSS_TEXT 80
/*
 * Reads "NAME" or "NAME:PARAMETER"; *given (may be NULL) is whether a parameter stood there. ML_EUSAGE: no such loss (with
 * the nearest name), a parameter where none is taken, or one out of range.
 */
ML_NODISCARD enum ml_status mli_loss_parse(const char *text, struct mli_loss *out, bool *given, struct ml_error *err);
/* The text that _parse reads, the parameter in the shortest form that gives it back. */
void mli_loss_text(const struct mli_loss *loss, char out[MLI_LOSS_TEXT]);

#endif
