#include <prep/stats.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * The second pass adds the mean of what is left, which takes back the rounding of the first [Chan, Golub & LeVeque
 * 1983].
 */
double mli_stats_mean(const double *x, size_t n)
{
    double sum = 0, rest = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        rest += x[i] - mean;
    return mean + rest / (double)n;
}

/* Corrected two-pass algorithm, equation 1.7 of Chan, Golub & LeVeque 1983: the second sum is 0 but for rounding. */
double mli_stats_variance(const double *x, size_t n, double mean)
{
    double squares = 0, rest = 0;

    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        squares += d * d;
        rest += d;
    }
    return (squares - rest * rest / (double)n) / (double)n;
}

/* ---- sorting ------------------------------------------------------------------------------------------------- */

#define DIGIT_BITS 11 /* six passes over 64 bits; the counts fit the first-level cache */
#define DIGITS ((size_t)1 << DIGIT_BITS)

/* The bits of a double in the order of its values: all bits of a negative flipped, the sign of a positive set. */
static uint64_t ordered(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static size_t digit(double value, unsigned shift)
{
    return (size_t)(ordered(value) >> shift) & (DIGITS - 1);
}

/* One stable pass by one digit; false when all values share it and nothing was moved. */
static bool pass(const double *from, double *to, size_t n, unsigned shift)
{
    size_t start[DIGITS] = { 0 }, sum = 0;

    for (size_t i = 0; i < n; i++)
        start[digit(from[i], shift)]++;
    if (start[digit(from[0], shift)] == n)
        return false;
    for (size_t k = 0; k < DIGITS; k++) {
        size_t count = start[k];
        start[k] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[digit(from[i], shift)]++] = from[i];
    return true;
}

/* Radix sort, lowest digit first [Knuth, TAOCP 3, 5.2.5]: linear whatever the order of the values. */
void mli_stats_sort(double *x, double *temp, size_t n)
{
    double *from = x, *to = temp;

    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (!pass(from, to, n, shift))
            continue;
        double *swap = from;
        from = to;
        to = swap;
    }
    if (from != x)
        memcpy(x, from, n * sizeof(*x));
}

double mli_stats_median(const double *sorted, size_t n)
{
    if (n % 2)
        return sorted[n / 2];
    return sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2; /* halves first: the sum may not fit */
}

/* Definition 7 of Hyndman & Fan 1996; from the nearer end, so that it never leaves the two values, as numpy has it. */
double mli_stats_quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1), below = floor(at), part = at - below;
    size_t i = (size_t)below, next = i + 1 < n ? i + 1 : i;
    double difference = sorted[next] - sorted[i];

    return part < 0.5 ? sorted[i] + difference * part : sorted[next] - difference * (1 - part);
}

double mli_stats_mode(const double *sorted, size_t n)
{
    double mode = sorted[0];
    size_t most = 0;

    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && sorted[end] == sorted[i])
            end++;
        if (end - i > most) {
            most = end - i;
            mode = sorted[i];
        }
        i = end;
    }
    return mode;
}
