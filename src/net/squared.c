#include <net/rows.h>

static double curvature(size_t k)
{
    (void)k;
    return 1;
}

static double row(const struct mli_loss *loss, double z, double y, double *slope)
{
    (void)loss;
    *slope = z - y;
    return 0.5 * *slope * *slope;
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    return mli_sum_rows(loss, n, k, Z, y, weight, dZ, row);
}

const struct mli_loss mli_loss_squared = {
    .name = "squared",
    .quadratic = true,
    .objective = "half the mean squared error",
    .power = 2,
    .outputs = mli_outputs_one,
    .curvature = curvature,
    .value = value,
    .predict = mli_predict_value,
};
