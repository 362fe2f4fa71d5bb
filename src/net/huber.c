/* Squared near the target and absolute far from it, so that a few wild rows pull with a bounded force [Huber 1964]. */
#include <net/rows.h>

#include <math.h>

static double curvature(size_t k)
{
    (void)k;
    return 1;
}

static double row(const struct mli_loss *loss, double z, double y, double *slope)
{
    double r = z - y, delta = loss->parameter;

    if (fabs(r) <= delta) {
        *slope = r;
        return 0.5 * r * r;
    }
    *slope = copysign(delta, r);
    return delta * (fabs(r) - 0.5 * delta);
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    return mli_sum_rows(loss, n, k, Z, y, weight, dZ, row);
}

const struct mli_loss mli_loss_huber = {
    .name = "huber",
    .objective = "mean Huber loss",
    .power = 2,
    .parameter_name = "delta",
    .range = "above 0",
    .in_units = true,
    .parameter = 1.35, /* 95 % as efficient as squares when errors are normal */
    .accepts = mli_is_positive,
    .outputs = mli_outputs_one,
    .curvature = curvature,
    .value = value,
    .predict = mli_predict_value,
};
