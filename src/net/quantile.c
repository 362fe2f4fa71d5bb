/* The pinball loss, whose optimum is a quantile: a share q of the targets lies below it [Koenker & Bassett 1978]. */
#include <net/rows.h>

static double curvature(size_t k)
{
    (void)k;
    return 1; /* no bound: a scale, that of errors of one deviation */
}

static bool is_share(double q)
{
    return q > 0 && q < 1;
}

/* At the kink the slope is 0, one of the subgradients. */
static double row(const struct mli_loss *loss, double z, double y, double *slope)
{
    double r = z - y, q = loss->parameter;

    *slope = r > 0 ? 1 - q : r < 0 ? -q : 0;
    return *slope * r;
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
    *out = (struct mli_kinks){ -loss->parameter, 1, { y }, { 1 } };
}

const struct mli_loss mli_loss_quantile = {
    .name = "quantile",
    .objective = "mean pinball loss",
    .power = 1,
    .parameter_name = "q",
    .range = "above 0 and below 1",
    .parameter = 0.5,
    .accepts = is_share,
    .outputs = mli_outputs_one,
    .curvature = curvature,
    .value = value,
    .kinks = kinks,
    .predict = mli_predict_value,
};
