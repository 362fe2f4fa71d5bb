#include <prep/stats.h>

#define LANES 4 /* sums side by side: an addition need not wait for the one before it */

static double sum_of(const double *lane)
{
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

/*
 * The second pass adds the mean of what is left, which takes back the rounding of the first [Chan, Golub & LeVeque
 * 1983].
 */
double mli_stats_mean(const double *x, size_t n)
{
    double sum[LANES] = { 0 }, rest[LANES] = { 0 };
    size_t whole = n - n % LANES;

    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            sum[l] += x[i + l];
    for (size_t i = whole; i < n; i++)
        sum[0] += x[i];
    double mean = sum_of(sum) / (double)n;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            rest[l] += x[i + l] - mean;
    for (size_t i = whole; i < n; i++)
        rest[0] += x[i] - mean;
    return mean + sum_of(rest) / (double)n;
}

/* Corrected two-pass algorithm, equation 1.7 of Chan, Golub & LeVeque 1983: the second sum is 0 but for rounding. */
double mli_stats_variance(const double *x, size_t n, double mean)
{
    double squares[LANES] = { 0 }, rest[LANES] = { 0 };
    size_t whole = n - n % LANES;

    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            double d = x[i + l] - mean;
            squares[l] += d * d;
            rest[l] += d;
        }
    }
    for (size_t i = whole; i < n; i++) {
        double d = x[i] - mean;
        squares[0] += d * d;
        rest[0] += d;
    }
    return (sum_of(squares) - sum_of(rest) * sum_of(rest) / (double)n) / (double)n;
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
