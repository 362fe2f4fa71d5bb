#include <prep/stats.h>

#include <base/mem.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- quantiles ----------------------------------------------------------------------------------------------- */

#define TOP_SHIFT 48 /* a bucket is the sign, the exponent and four bits of the fraction */
#define BUCKETS ((size_t)1 << 16)
#define RANKS (2 * MLI_STATS_QUANTILES)
#define FEW ((size_t)1 << 13) /* are all sorted */

static size_t bucket_of(double value)
{
    return (size_t)(ordered(value) >> TOP_SHIFT);
}

static void count_buckets(const double *x, size_t n, size_t *count)
{
    for (size_t i = 0; i < n; i++)
        count[bucket_of(x[i])] += isnan(x[i]) == 0;
}

/*
 * Marks the buckets that hold the values of m ranks; place[i] is rank[i] among the values of marked buckets, whose
 * number is returned.
 */
static size_t mark_buckets(const size_t *count, const size_t *rank, size_t m, uint8_t *mark,
                           size_t *place)
{
    size_t below = 0, kept = 0;

    for (size_t b = 0; b < BUCKETS; b++) {
        size_t end = below + count[b];
        for (size_t i = 0; i < m && below < end; i++) {
            if (rank[i] < below || rank[i] >= end)
                continue;
            place[i] = rank[i] - below + kept;
            mark[b] = 1;
        }
        kept += mark[b] ? count[b] : 0;
        below = end;
    }
    return kept;
}

/* The values of marked buckets (NULL: of all) that are no NaN. `to` has room for `kept` of them. */
static void collect(const double *x, size_t n, const uint8_t *mark, size_t kept, double *to)
{
    size_t at = 0;

    for (size_t i = 0; i < n && at < kept; i++) {
        to[at] = x[i];
        at += !isnan(x[i]) && (!mark || mark[bucket_of(x[i])]);
    }
}

/* value[i]: the one at place[i] of the sorted values of marked buckets. False: no memory. */
static bool pick(const double *x, size_t n, const uint8_t *mark, size_t kept, size_t m,
                 const size_t *place, double *value)
{
    double *found = mli_alloc(kept, 2 * sizeof(*found));

    if (!found)
        return false;
    collect(x, n, mark, kept, found);
    mli_stats_sort(found, found + kept, kept);
    for (size_t i = 0; i < m; i++)
        value[i] = found[place[i]];
    free(found);
    return true;
}

/* value[i]: the rank[i]-th smallest of `present` values. */
static bool select_ranks(const double *x, size_t n, size_t present, size_t m, const size_t *rank,
                         double *value)
{
    size_t place[RANKS];

    if (n <= FEW)
        return pick(x, n, NULL, present, m, rank, value);
    size_t *count = mli_calloc(BUCKETS, sizeof(*count));
    uint8_t *mark = mli_calloc(BUCKETS, sizeof(*mark));
    bool done = count && mark;
    if (done) {
        count_buckets(x, n, count);
        size_t kept = mark_buckets(count, rank, m, mark, place);
        done = pick(x, n, mark, kept, m, place, value);
    }
    free(count);
    free(mark);
    return done;
}

/* Definition 7 of Hyndman & Fan 1996; from the nearer end, so that it never leaves the two values, as numpy has it. */
static double between(double low, double high, double part)
{
    if (part < 0.5)
        return low + (high - low) * part;
    return part > 0.5 ? high - (high - low) * (1 - part) : low / 2 + high / 2; /* the sum may not fit */
}

/* One pass counts, one collects the few values around the places asked for, and only those are sorted. */
bool mli_stats_quantiles(const double *x, size_t n, size_t count, const double *q, double *out)
{
    size_t present = 0, rank[RANKS];
    double part[MLI_STATS_QUANTILES], value[RANKS];

    for (size_t i = 0; i < n; i++)
        present += isnan(x[i]) == 0;
    for (size_t i = 0; i < count; i++) {
        double at = q[i] * (double)(present - 1), below = floor(at);
        part[i] = at - below;
        rank[2 * i] = (size_t)below;
        rank[2 * i + 1] = rank[2 * i] + (rank[2 * i] + 1 < present);
    }
    if (!select_ranks(x, n, present, 2 * count, rank, value))
        return false;
    for (size_t i = 0; i < count; i++)
        out[i] = between(value[2 * i], value[2 * i + 1], part[i]);
    return true;
}
