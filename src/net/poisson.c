/*
 * Half the deviance of a Poisson model with a log link [McCullagh & Nelder 1989, section 2.3]: the negative logarithm of
 * the likelihood, exp(z) - y z, plus what makes it 0 for a perfect fit and as large for all units of y. Targets are 0
 * or more; the caller sees to that.
 */
#include <net/rows.h>

#include <math.h>

#define TANGENT 80.0 /* from here on exp is its tangent: a step that overshoots leaves finite numbers, in float too */

static double curvature(size_t k)
{
    (void)k;
    return 4; /* no bound: that of a row of 4 times the mean, which training scales to 1 */
}

static double mean(double z, double *slope)
{
    double base = exp(fmin(z, TANGENT));

    *slope = base;
    return z > TANGENT ? base * (1 + (z - TANGENT)) : base;
}

static double row(const struct mli_loss *loss, double z, double y, double *slope)
{
    double mu = mean(z, slope);

    (void)loss;
    *slope -= y;
    return y > 0 ? mu - y - y * (z - log(y)) : mu;
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    return mli_sum_rows(loss, n, k, Z, y, weight, dZ, row);
}

const struct mli_loss mli_loss_poisson = {
    .name = "poisson",
    .objective = "half the mean Poisson deviance",
    .predicts = MLI_PREDICTS_MEAN,
    .power = 1,
    .outputs = mli_outputs_one,
    .curvature = curvature,
    .value = value,
    .predict = mli_predict_mean,
};
