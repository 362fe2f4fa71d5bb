#include <eval/metrics.h>

#include <assert.h>
#include <base/mem.h>
#include <base/select.h>
#include <eval/sum.h>
#include <stdlib.h>
#include <string.h>

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

static double mean_loss(size_t n, const double *y, const double *p, double at, double (*loss)(double y, double p, double q),
                        double q)
{
    struct mli_sum sum = { 0 };

    for (size_t i = 0; i < n; i++)
        mli_sum_add(&sum, loss(y[i], p ? p[i] : at, q));
    return mli_sum_total(&sum) / (double)n;
}

/* Share of what the best constant loses that the predictions do not; NaN if it loses nothing. */
static double explained(double loss, double of_constant)
{
    return of_constant > 0 ? 1 - loss / of_constant : (double)NAN;
}

static double pinball(double y, double p, double q)
{
    return y >= p ? q * (y - p) : (1 - q) * (p - y);
}

/* Twice the logarithm of how much more likely y is under itself than under p [McCullagh & Nelder 1989, section 2.3]. */
static double deviance(double y, double p, double q)
{
    (void)q;
    if (!(p > 0) || !(y >= 0))
        return (double)NAN;
    return 2 * ((y > 0 ? y * log(y / p) : 0) - y + p);
}

/* The best constant for the pinball loss is the smallest value that a share q of the targets does not exceed. */
static void measure_quantile(size_t n, const double *y, const double *p, double q, double *work, struct mli_regression *out)
{
    size_t rank = (size_t)ceil(q * (double)n);

    memcpy(work, y, n * sizeof *work);
    double constant = mli_select(n, work, rank > 0 ? rank - 1 : 0);
    out->quantile = q;
    out->pinball = mean_loss(n, y, p, 0, pinball, q);
    out->d2_pinball = explained(out->pinball, mean_loss(n, y, NULL, constant, pinball, q));
}

static void measure_counts(size_t n, const double *y, const double *p, struct mli_regression *out)
{
    struct mli_sum sum = { 0 };

    for (size_t i = 0; i < n; i++)
        mli_sum_add(&sum, y[i]);
    out->counts = true;
    out->deviance = mean_loss(n, y, p, 0, deviance, 0);
    out->d2_deviance = explained(out->deviance, mean_loss(n, y, NULL, mli_sum_total(&sum) / (double)n, deviance, 0));
}

/* The middle one of n absolute errors, or the mean of the two; spoils their order. */
static double median(size_t n, double *x)
{
    double high = mli_select(n, x, n / 2), low = high;

    if (n % 2 == 0)
        low = mli_select(n / 2, x, n / 2 - 1); /* selecting has put the smaller half in front */
    return low + (high - low) / 2;
}

enum ml_status mli_eval_regression(size_t n, const double *y, const double *p, const struct mli_regression_of *of,
                                   struct mli_regression *out, struct ml_error *err)
{
    struct mli_regression made = { .n = n, .quantile = NAN, .pinball = NAN, .d2_pinball = NAN, .deviance = NAN,
                                   .d2_deviance = NAN };
    struct mli_sum squares = { 0 }, absolutes = { 0 };
    double *work = mli_alloc(n, sizeof *work);

    assert(n > 0);
    if (!work)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the errors of %zu rows", n);
    for (size_t i = 0; i < n; i++) {
        double d = y[i] - p[i];
        mli_sum_add(&squares, d * d);
        mli_sum_add(&absolutes, fabs(d));
        work[i] = fabs(d);
        made.max_error = work[i] <= made.max_error ? made.max_error : work[i];
    }
    double residual = mli_sum_total(&squares), total = squared_deviations(n, y);
    made.mse = residual / (double)n;
    made.rmse = sqrt(made.mse);
    made.mae = mli_sum_total(&absolutes) / (double)n;
    made.median_ae = isfinite(made.mae) ? median(n, work) : made.mae;
    made.r2 = explained(residual, total);
    if (of && of->quantile > 0)
        measure_quantile(n, y, p, of->quantile, work, &made);
    if (of && of->counts)
        measure_counts(n, y, p, &made);
    free(work);
    *out = made;
    return ML_OK;
}
