/* What margins lack to 1, one class against the rest [Cortes & Vapnik 1995]. */
#include <net/rows.h>

#include <math.h>

static double curvature(size_t k)
{
    (void)k;
    return 1; /* no bound: a scale, that of margins around 1 */
}

static double margin(double m, double *slope)
{
    *slope = m < 1 ? -1 : 0;
    return fmax(1 - m, 0);
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    (void)loss;
    return mli_sum_margins(n, k, Z, y, weight, dZ, margin);
}

static void kinks(const struct mli_loss *loss, double y, size_t output, size_t outputs, struct mli_kinks *out)
{
    double side = mli_side(y, output, outputs);

    (void)loss;
    *out = (struct mli_kinks){ side > 0 ? -1 : 0, 1, { side }, { 1 } };
}

const struct mli_loss mli_loss_hinge = {
    .name = "hinge",
    .objective = "mean hinge loss",
    .task = MLI_TASK_CLASSIFICATION,
    .predicts = MLI_PREDICTS_SCORE,
    .outputs = mli_outputs_classes,
    .curvature = curvature,
    .value = value,
    .kinks = kinks,
    .predict = mli_predict_scores,
};
