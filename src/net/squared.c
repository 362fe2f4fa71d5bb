#include <net/losses.h>

#include <assert.h>
#include <string.h>

static size_t outputs(size_t classes)
{
    (void)classes;
    return 1;
}

static double curvature(size_t k)
{
    (void)k;
    return 1;
}

static double value(size_t n, size_t k, const double *Z, const double *y, const double *weight,
                    double *dZ)
{
    (void)k;
    double sum = 0;

    assert(k == 1);
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1, residual = Z[i] - y[i];
        sum += w * (0.5 * residual * residual);
        if (dZ)
            dZ[i] = w * residual;
    }
    return sum;
}

static void predict(size_t n, size_t k, const double *Z, double *P)
{
    memcpy(P, Z, n * k * sizeof(*P));
}

const struct mli_loss mli_loss_squared = {
    .name = "squared",
    .outputs = outputs,
    .curvature = curvature,
    .value = value,
    .predict = predict,
};
