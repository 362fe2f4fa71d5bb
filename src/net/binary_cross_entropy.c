/*
 * Several labels of two classes each: one logit a label, and the sum of their cross entropies. The labels share what lies
 * below the last layer and nothing else, so a network of one layer is as many logistic regressions. The sum over labels is
 * scikit-learn's (MLPClassifier); PyTorch's BCEWithLogitsLoss divides it by their number.
 */
#include <net/rows.h>

#include <net/logistic.h>
#include <stdint.h>

enum { STRIP = 64 };

static double curvature(size_t outputs)
{
    (void)outputs;
    return 0.25;
}

double mli_labels_code(size_t labels, const double *on)
{
    uint64_t code = 0;

    for (size_t j = 0; j < labels; j++)
        code |= (uint64_t)(on[j] > 0.5) << j;
    return (double)code;
}

/* The labels from number `first` on of all rows' labels, side by side, and their weights. */
static void unfold(const struct mli_loss *loss, size_t outputs, size_t first, size_t n, const double *y,
                   const double *weight, double *on, double *part)
{
    size_t row = first / outputs, label = first % outputs;

    for (size_t e = 0; e < n; e++) {
        size_t bit = (uint64_t)y[row] >> label & 1;
        on[e] = (double)bit;
        part[e] = (weight ? weight[row] : 1) * (loss->sides ? loss->sides[2 * label + bit] : 1);
        if (++label == outputs) {
            label = 0;
            row++;
        }
    }
}

static double value(const struct mli_loss *loss, size_t n, size_t outputs, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    double sum = 0, on[STRIP], part[STRIP];
    bool weighted = weight || loss->sides;

    for (size_t first = 0, all = n * outputs; first < all; first += STRIP) {
        size_t count = all - first < STRIP ? all - first : STRIP;
        unfold(loss, outputs, first, count, y, weight, on, part);
        sum += mli_logistic_value(count, Z + first, on, weighted ? part : NULL, dZ ? dZ + first : NULL);
    }
    return sum;
}

static void predict(size_t n, size_t outputs, const mli_real *Z, double *P)
{
    mli_logistic_predict(n * outputs, Z, P);
}

const struct mli_loss mli_loss_binary_cross_entropy = {
    .name = "binary_cross_entropy",
    .objective = "sum of the labels' mean cross entropies",
    .task = MLI_TASK_MULTILABEL,
    .predicts = MLI_PREDICTS_PROBABILITY,
    .outputs = mli_outputs_each,
    .curvature = curvature,
    .value = value,
    .predict = predict,
};
