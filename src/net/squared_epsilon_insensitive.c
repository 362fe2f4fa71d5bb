/* Squares of what errors are beyond epsilon, the L2 loss of support vector regression [Ho & Lin 2012]. */
#include <net/rows.h>

#include <math.h>

static double curvature(size_t k)
{
    (void)k;
    return 2;
}

static double row(const struct mli_loss *loss, double z, double y, double *slope)
{
    double r = z - y, beyond = fmax(fabs(r) - loss->parameter, 0);

    *slope = 2 * copysign(beyond, r);
    return beyond * beyond;
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    return mli_sum_rows(loss, n, k, Z, y, weight, dZ, row);
}

const struct mli_loss mli_loss_squared_epsilon_insensitive = {
    .name = "squared_epsilon_insensitive",
    .objective = "mean squared epsilon-insensitive loss",
    .power = 2,
    .parameter_name = "epsilon",
    .range = "0 or more",
    .in_units = true,
    .parameter = 0.1,
    .accepts = mli_is_not_negative,
    .outputs = mli_outputs_one,
    .curvature = curvature,
    .value = value,
    .predict = mli_predict_value,
};
