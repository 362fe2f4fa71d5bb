/*
 * Logistic and softmax loss. Written with exp(-|m|) and with the largest logit taken out, so that nothing overflows
 * and small losses keep their digits [Maechler 2012; Blanchard, Higham & Higham 2021].
 */
#include <net/rows.h>

#include <math.h>
#include <net/logistic.h>

static double curvature(size_t k)
{
    return k > 1 ? 0.5 : 0.25; /* largest eigenvalue of diag(p) - p p' [Boehning 1992] */
}

static size_t largest(size_t k, const mli_real *z)
{
    size_t best = 0;
    for (size_t j = 1; j < k; j++)
        if (z[j] > z[best])
            best = j;
    return best;
}

/* dz is the gradient by z; the sum of exponentials less the 1 of z[top] keeps the digits that 1 + sum would round away. */
static double softmax_row(size_t k, const mli_real *z, size_t label, double w, mli_real *dz)
{
    size_t top = largest(k, z);
    double rest = 0;

    for (size_t j = 0; j < k; j++) {
        double e = exp((double)z[j] - z[top]);
        rest += j == top ? 0 : e;
        if (dz)
            dz[j] = e;
    }
    double loss = w * (log1p(rest) + ((double)z[top] - z[label]));
    if (!dz)
        return loss;
    double others = 0; /* p[label] - 1, summed from the small side when the label is likely */
    for (size_t j = 0; j < k; j++) {
        dz[j] *= w / (1 + rest);
        if (j != label)
            others += dz[j];
    }
    dz[label] = -others;
    return loss;
}

static double value(const struct mli_loss *loss, size_t n, size_t k, const mli_real *Z, const double *y,
                    const double *weight, mli_real *dZ)
{
    (void)loss;
    if (k == 1)
        return mli_logistic_value(n, Z, y, weight, dZ);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum +=
            softmax_row(k, Z + i * k, (size_t)y[i], weight ? weight[i] : 1, dZ ? dZ + i * k : NULL);
    return sum;
}

static void predict(size_t n, size_t k, const mli_real *Z, double *P)
{
    if (k == 1) {
        mli_logistic_predict(n, Z, P);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const mli_real *z = Z + i * k;
        double *p = P + i * k, rest = 0;
        size_t top = largest(k, z);
        for (size_t j = 0; j < k; j++) {
            p[j] = exp((double)z[j] - z[top]);
            rest += j == top ? 0 : p[j];
        }
        for (size_t j = 0; j < k; j++)
            p[j] /= 1 + rest;
    }
}

const struct mli_loss mli_loss_cross_entropy = {
    .name = "cross_entropy",
    .objective = "mean cross entropy",
    .task = MLI_TASK_CLASSIFICATION,
    .predicts = MLI_PREDICTS_PROBABILITY,
    .outputs = mli_outputs_classes,
    .curvature = curvature,
    .value = value,
    .predict = predict,
};
