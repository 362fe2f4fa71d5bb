#include <net/rows.h>

#include <math.h>

#define LOG_LARGEST 700 /* exp of it is finite */

size_t mli_outputs_one(size_t classes)
{
    (void)classes;
    return 1;
}

size_t mli_outputs_classes(size_t classes)
{
    return classes > 2 ? classes : 1;
}

size_t mli_outputs_each(size_t labels)
{
    return labels;
}

void mli_predict_value(size_t n, size_t outputs, const mli_real *Z, double *P)
{
    for (size_t i = 0; i < n * outputs; i++)
        P[i] = Z[i];
}

void mli_predict_mean(size_t n, size_t outputs, const mli_real *Z, double *P)
{
    for (size_t i = 0; i < n * outputs; i++)
        P[i] = exp(Z[i] < LOG_LARGEST ? Z[i] : LOG_LARGEST);
}

void mli_predict_scores(size_t n, size_t outputs, const mli_real *Z, double *P)
{
    if (outputs > 1) {
        mli_predict_value(n, outputs, Z, P);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        P[2 * i] = -Z[i];
        P[2 * i + 1] = Z[i];
    }
}

bool mli_is_positive(double x)
{
    return x > 0 && isfinite(x);
}

bool mli_is_not_negative(double x)
{
    return x >= 0 && isfinite(x);
}
