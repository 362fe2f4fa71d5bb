#include <net/logistic.h>

#include <base/clones.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/*
 * exp(x) for x <= 0, to an ulp: x = n ln 2 + r, |r| <= ln 2 / 2, the series of exp(r) to its 13th term, and n into the
 * exponent. Below -708, where results would lose their digits, 0. Without branches, so that a loop of it is a
 * vector's; ln 2 in two parts [Cody & Waite 1980].
 */
static inline double exp_falling(double x)
{
    const double shift = 0x1.8p52; /* the sum's last bits are the whole number */
    double top = x < -708 ? 0 : x, sum = top * 0x1.71547652b82fep0 + shift, n = sum - shift;
    double r = (top - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    uint64_t bits;

    memcpy(&bits, &sum, sizeof(bits));
    bits = (bits + 1023) << 52;
    double power, p = 1.0 / 6227020800;
    memcpy(&power, &bits, sizeof(power));
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    return x < -708 ? 0 : (p * r + 1) * power;
}

/* log(1 + e) for e in [0, 1]: 2 atanh(s) with s = e / (2 + e) <= 1/3, by its series; small results keep their digits. */
static inline double log1p_unit(double e)
{
    double s = e / (2 + e), q = s * s, p = 1.0 / 33;

    for (int k = 31; k >= 3; k -= 2)
        p = p * q + 1.0 / k;
    return 2 * s + 2 * s * (q * p);
}

enum { STRIP = 64 };

/* Loss and slope of n <= STRIP rows of the weight 1. */
MLI_CLONES
static void logistic_rows(size_t n, const mli_real *restrict z, const double *restrict y, double *restrict loss,
                          double *restrict slope)
{
    for (size_t i = 0; i < n; i++) {
        double sign = y[i] > 0.5 ? 1 : -1, margin = sign * z[i];
        double e = exp_falling(margin < 0 ? margin : -margin), rest = 1 / (1 + e);
        loss[i] = (margin < 0 ? -margin : 0) + log1p_unit(e);
        slope[i] = -sign * (margin < 0 ? rest : e * rest); /* times the probability of the other class */
    }
}

double mli_logistic_value(size_t n, const mli_real *z, const double *y, const double *weight, mli_real *dz)
{
    double sum = 0, loss[STRIP], slope[STRIP];

    for (size_t first = 0; first < n; first += STRIP) {
        size_t rows = n - first < STRIP ? n - first : STRIP;
        logistic_rows(rows, z + first, y + first, loss, slope);
        for (size_t i = 0; i < rows; i++)
            sum += weight ? weight[first + i] * loss[i] : loss[i];
        for (size_t i = 0; dz && i < rows; i++)
            dz[first + i] = weight ? weight[first + i] * slope[i] : slope[i];
    }
    return sum;
}

void mli_logistic_predict(size_t n, const mli_real *z, double *P)
{
    for (size_t i = 0; i < n; i++) {
        double e = exp(-fabs(z[i])), likely = 1 / (1 + e), other = e / (1 + e);
        P[2 * i] = z[i] >= 0 ? other : likely;
        P[2 * i + 1] = z[i] >= 0 ? likely : other;
    }
}
