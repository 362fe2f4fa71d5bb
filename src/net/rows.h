/* What losses have in common: the loops over rows and outputs, and how outputs become predictions. */
#ifndef NET_ROWS_H
#define NET_ROWS_H

#include <net/losses.h>

#include <assert.h>
#include <stddef.h>

/* Numbers of outputs: one, or one a class of more than two. */
size_t mli_outputs_one(size_t classes);
size_t mli_outputs_classes(size_t classes);
size_t mli_outputs_each(size_t labels); /* one a label */

/* P = Z */
void mli_predict_value(size_t n, size_t outputs, const mli_real *Z, double *P);
/* P = exp(Z), finite */
void mli_predict_mean(size_t n, size_t outputs, const mli_real *Z, double *P);
/* P = Z, or -z and z for one output */
void mli_predict_scores(size_t n, size_t outputs, const mli_real *Z, double *P);

/* Ranges of parameters. */
bool mli_is_positive(double x);
bool mli_is_not_negative(double x);

/* Sum of a loss of one output: row() is the loss of one row and its slope in z. */
static inline double mli_sum_rows(const struct mli_loss *loss, size_t n, size_t outputs, const mli_real *Z,
                                  const double *y, const double *weight, mli_real *dZ,
                                  double (*row)(const struct mli_loss *loss, double z, double y, double *slope))
{
    double sum = 0;

    (void)outputs;
    assert(outputs == 1);
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1, slope;
        sum += w * row(loss, Z[i], y[i], &slope);
        if (dZ)
            dZ[i] = w * slope;
    }
    return sum;
}

/* +1 where the row is of the output's class, else -1. The one output of two classes stands for the second. */
static inline double mli_side(double y, size_t output, size_t outputs)
{
    return (size_t)y == (outputs > 1 ? output : 1) ? 1 : -1;
}

/* Sum of a loss of margins, over outputs that each separate a class from the rest. */
static inline double mli_sum_margins(size_t n, size_t outputs, const mli_real *Z, const double *y,
                                     const double *weight, mli_real *dZ, double (*margin)(double m, double *slope))
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1;
        for (size_t j = 0; j < outputs; j++) {
            double side = mli_side(y[i], j, outputs), slope;
            sum += w * margin(side * Z[i * outputs + j], &slope);
            if (dZ)
                dZ[i * outputs + j] = w * side * slope;
        }
    }
    return sum;
}

#endif
