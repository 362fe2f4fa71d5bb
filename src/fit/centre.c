/* Means by running updates [Welford 1962]: equal values leave theirs exactly. */
#include <fit/centre.h>

enum ml_status mli_centre_add(void *data, size_t n, double *X, struct ml_error *err)
{
    struct mli_centre *centre = data;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        const double *x = X + i * centre->d;
        centre->n++;
        for (size_t j = 0; j < centre->d; j++)
            centre->mean[j] += (x[j] - centre->mean[j]) / (double)centre->n;
    }
    return ML_OK;
}

void mli_centre_take(const struct mli_centre *centre, size_t n, double *X)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < centre->d; j++)
            X[i * centre->d + j] -= centre->mean[j];
}
