#include <eval/metrics.h>

#include <assert.h>
#include <eval/sum.h>

/*
 * Sum of squared deviations from the mean, in two passes; the second term takes out what the rounding of the mean put
 * in [Chan, Golub & LeVeque 1983, equation 1.7]. Exactly 0 for equal values: all deviations are then the same few units
 * in the last place of the mean, so that both terms are exact.
 */
static double squared_deviations(size_t n, const double *y)
{
    struct mli_sum sum = { 0 }, squares = { 0 }, rest = { 0 };

    for (size_t i = 0; i < n; i++)
        mli_sum_add(&sum, y[i]);
    double mean = mli_sum_total(&sum) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = y[i] - mean;
        mli_sum_add(&squares, d * d);
        mli_sum_add(&rest, d);
    }
    double r = mli_sum_total(&rest);
    return mli_sum_total(&squares) - r * r / (double)n;
}

void mli_eval_regression(size_t n, const double *y, const double *p, struct mli_regression *out)
{
    struct mli_sum squares = { 0 }, absolutes = { 0 };

    assert(n > 0);
    for (size_t i = 0; i < n; i++) {
        double d = y[i] - p[i];
        mli_sum_add(&squares, d * d);
        mli_sum_add(&absolutes, fabs(d));
    }
    double residual = mli_sum_total(&squares), total = squared_deviations(n, y);
    out->n = n;
    out->mse = residual / (double)n;
    out->rmse = sqrt(out->mse);
    out->mae = mli_sum_total(&absolutes) / (double)n;
    out->r2 = total > 0 ? 1 - residual / total : (double)NAN;
}
