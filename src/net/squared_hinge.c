/* Squares of what margins lack to 1, one class against the rest [Chang, Hsieh & Lin 2008]. */
#include <net/rows.h>

#include <math.h>

static double curvature(size_t k)
{
    (void)k;
    return 2;
}

static double margin(double m, double *slope)
{
    double lack = fmax(1 - m, 0);

    *slope = -2 * lack;
    return lack * lack;
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    (void)loss;
    return mli_sum_margins(n, k, Z, y, weight, dZ, margin);
}

const struct mli_loss mli_loss_squared_hinge = {
    .name = "squared_hinge",
    .objective = "mean squared hinge loss",
    .task = MLI_TASK_CLASSIFICATION,
    .predicts = MLI_PREDICTS_SCORE,
    .outputs = mli_outputs_classes,
    .curvature = curvature,
    .value = value,
    .predict = mli_predict_scores,
};
