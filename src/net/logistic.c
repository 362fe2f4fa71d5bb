#include <net/logistic.h>

#include <base/clones.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Four terms of a series from x^0 on, in pairs, so that products do not wait for each other [Estrin 1960]. */
static inline double four(double x, double x2, double c0, double c1, double c2, double c3)
{
    return (c0 + c1 * x) + (c2 + c3 * x) * x2;
}

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
    double power, r2 = r * r, r4 = r2 * r2;
    memcpy(&power, &bits, sizeof(power));
    double low = four(r, r2, 0.5, 1.0 / 6, 1.0 / 24, 1.0 / 120);
    double middle = four(r, r2, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880);
    double high = four(r, r2, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800);
    double rest = low + r4 * (middle + r4 * high);
    return x < -708 ? 0 : (1 + (r + r2 * rest)) * power;
}

/* log(1 + e) for e in [0, 1]: 2 atanh(s) with s = e / (2 + e) <= 1/3, by its series; small results keep their digits. */
static inline double log1p_unit(double e)
{
    double s = e / (2 + e), q = s * s, q2 = q * q, q4 = q2 * q2, q8 = q4 * q4;
    double low = four(q, q2, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9) + q4 * four(q, q2, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17);
    double high = four(q, q2, 1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25) + q4 * four(q, q2, 1.0 / 27, 1.0 / 29, 1.0 / 31, 1.0 / 33);

    return 2 * s + 2 * s * (q * (low + q8 * high));
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
