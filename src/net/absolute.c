/* Least absolute deviations, whose optimum is a median [Boscovich 1757; Koenker & Bassett 1978]. */
#include <net/rows.h>

#include <math.h>

static double curvature(size_t k)
{
    (void)k;
    return 1; /* no bound: a scale, that of errors of one deviation */
}

/* At the kink the slope is 0, one of the subgradients. */
static double row(const struct mli_loss *loss, double z, double y, double *slope)
{
    double r = z - y;

    (void)loss;
    *slope = (r > 0) - (r < 0);
    return fabs(r);
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    return mli_sum_rows(loss, n, k, Z, y, weight, dZ, row);
}

static void kinks(const struct mli_loss *loss, double y, size_t output, size_t outputs, struct mli_kinks *out)
{
    (void)loss;
    (void)output;
    (void)outputs;
    *out = (struct mli_kinks){ -1, 1, { y }, { 2 } };
}

const struct mli_loss mli_loss_absolute = {
    .name = "absolute",
    .objective = "mean absolute error",
    .power = 1,
    .outputs = mli_outputs_one,
    .curvature = curvature,
    .value = value,
    .kinks = kinks,
    .predict = mli_predict_value,
};
