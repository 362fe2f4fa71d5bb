/* What errors are beyond epsilon: the loss of support vector regression [Vapnik 1995]. */
#include <net/rows.h>

#include <math.h>

static double curvature(size_t k)
{
    (void)k;
    return 1; /* no bound: a scale, that of errors of one deviation */
}

static double row(const struct mli_loss *loss, double z, double y, double *slope)
{
    double r = z - y, beyond = fabs(r) - loss->parameter;

    *slope = beyond > 0 ? copysign(1, r) : 0;
    return fmax(beyond, 0);
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    return mli_sum_rows(loss, n, k, Z, y, weight, dZ, row);
}

static void kinks(const struct mli_loss *loss, double y, size_t output, size_t outputs, struct mli_kinks *out)
{
    (void)output;
    (void)outputs;
    *out = (struct mli_kinks){ -1, 2, { y - loss->parameter, y + loss->parameter }, { 1, 1 } };
}

const struct mli_loss mli_loss_epsilon_insensitive = {
    .name = "epsilon_insensitive",
    .objective = "mean epsilon-insensitive loss",
    .power = 1,
    .parameter_name = "epsilon",
    .range = "0 or more",
    .in_units = true,
    .parameter = 0.1,
    .accepts = mli_is_not_negative,
    .outputs = mli_outputs_one,
    .curvature = curvature,
    .value = value,
    .kinks = kinks,
    .predict = mli_predict_value,
};
