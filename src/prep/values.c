/*
 * Values picked out of a vector are brought together piece by piece, and everything is done with a piece while it is in
 * the first-level cache: the vector is read from memory once.
 */
#include <prep/stats.h>

#include <base/clones.h>
#include <base/spool.h>
#include <math.h>
#include <prep/pack.h>
#include <string.h>

#define STRETCH ((size_t)1 << 18) /* rows that leave memory together */
#define LANES 8 /* side by side: an addition need not wait for the one before it */
#define HALF 4

#ifdef MLI_WIDE
#define TAKEN ((size_t)32) /* at a time */

/* The first of them, whole TAKEN; *kept of those that count. */
MLI_WIDE_CODE static size_t take_present_wide(const double *x, const uint8_t *use, size_t n, double *to, size_t *kept)
{
    size_t i = 0, at = 0;

    for (; n - i >= TAKEN; i += TAKEN) {
        __m256i used = _mm256_loadu_si256((const __m256i *)(const void *)(use + i));
        uint32_t chosen = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(used, _mm256_setzero_si256()));
        for (size_t k = 0; k < TAKEN; k += 4, chosen >>= 4) {
            __m256d four = _mm256_loadu_pd(x + i + k);
            unsigned present = (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(four, four, _CMP_ORD_Q));
            at += mli_pack(four, present & chosen & 15, to + at);
        }
    }
    *kept = at;
    return i;
}
#endif

/* Each value is written, and kept if it counts: there is room for one that does not. */
static size_t take_present(const double *x, const uint8_t *use, size_t n, double *to)
{
    size_t kept = 0, i = 0;

#ifdef MLI_WIDE
    if (mli_wide())
        i = take_present_wide(x, use, n, to, &kept);
#endif
    for (; i < n; i++) {
        to[kept] = x[i];
        kept += (size_t)(use[i] != 0) & (size_t)(x[i] == x[i]);
    }
    return kept;
}

static size_t take_filled(const double *x, const uint8_t *use, size_t n, double fill, double *to)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        to[kept] = x[i] == x[i] ? x[i] : fill;
        kept += use[i] != 0;
    }
    return kept;
}

void mli_values_leave(const struct mli_values *values, size_t from, size_t to)
{
    if (!values->spooled || (from / STRETCH == to / STRETCH && to < values->rows))
        return;
    mli_spool_leave(values->x + from / STRETCH * STRETCH, values->x + to);
}

/* Rows for which there is room even if all of them count, until there is none. */
size_t mli_values_next(const struct mli_values *values, size_t *at, double *piece)
{
    uint8_t all[MLI_VALUES_PIECE];
    size_t n = 0, before = *at;

    if (!values->use)
        memset(all, 1, sizeof(all));
    while (n < MLI_VALUES_PIECE && *at < values->rows) {
        size_t left = values->rows - *at, room = MLI_VALUES_PIECE - n, rows = left < room ? left : room;
        const double *x = values->x + *at;
        const uint8_t *use = values->use ? values->use + *at : all;
        n += isnan(values->fill) ? take_present(x, use, rows, piece + n)
                                 : take_filled(x, use, rows, values->fill, piece + n);
        *at += rows;
    }
    mli_values_leave(values, before, *at);
    return n;
}

size_t mli_values_copy(const struct mli_values *values, double *to)
{
    double piece[MLI_VALUES_PIECE];
    size_t n = 0, at = 0, got;

    while ((got = mli_values_next(values, &at, piece)) > 0) {
        memcpy(to + n, piece, got * sizeof(*to));
        n += got;
    }
    return n;
}

/* ---- moments ------------------------------------------------------------------------------------------------- */

static double add_lanes(const double *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

MLI_CLONES
static double mean_of(const double *x, size_t n)
{
    double sum[LANES] = { 0 };
    size_t whole = n - n % LANES;

    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            sum[l] += x[i + l];
    for (size_t i = whole; i < n; i++)
        sum[i - whole] += x[i];
    return add_lanes(sum) / (double)n;
}

/*
 * Squares of the distances from the mean, by the corrected two-pass algorithm, equation 1.7 of Chan, Golub & LeVeque 1983.
 * *rest: the sum of the distances, 0 but for rounding.
 */
MLI_CLONES
static double squares_of(const double *x, size_t n, double mean, double *rest)
{
    double squares[LANES] = { 0 }, sum[LANES] = { 0 };
    size_t whole = n - n % LANES;

    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            double d = x[i + l] - mean;
            squares[l] += d * d;
            sum[l] += d;
        }
    for (size_t i = whole; i < n; i++) {
        double d = x[i] - mean;
        squares[i - whole] += d * d;
        sum[i - whole] += d;
    }
    *rest = add_lanes(sum);
    return add_lanes(squares) - *rest * *rest / (double)n;
}

MLI_CLONES
static void extremes_of(const double *x, size_t n, double *low, double *high)
{
    double least[LANES], most[LANES];
    size_t whole = n - n % LANES;

    for (size_t l = 0; l < LANES; l++) {
        least[l] = *low;
        most[l] = *high;
    }
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            least[l] = x[i + l] < least[l] ? x[i + l] : least[l];
            most[l] = x[i + l] > most[l] ? x[i + l] : most[l];
        }
    for (size_t i = whole; i < n; i++) {
        least[0] = x[i] < least[0] ? x[i] : least[0];
        most[0] = x[i] > most[0] ? x[i] : most[0];
    }
    for (size_t l = 0; l < LANES; l++) {
        *low = least[l] < *low ? least[l] : *low;
        *high = most[l] > *high ? most[l] : *high;
    }
}

/* Three edges: so many counts are kept in registers. A piece is filled up with -INFINITY, which is above nothing. */
#define SIDE 3
_Static_assert(MLI_STATS_EDGES % SIDE == 0, "no edges are left over");

MLI_CLONES
static void count_above(const double *x, size_t n, const double *edge, uint64_t *above)
{
    uint64_t a[HALF] = { 0 }, b[HALF] = { 0 }, c[HALF] = { 0 };

    for (size_t i = 0; i < n; i += HALF)
        for (size_t l = 0; l < HALF; l++) {
            a[l] += x[i + l] > edge[0];
            b[l] += x[i + l] > edge[1];
            c[l] += x[i + l] > edge[2];
        }
    above[0] += (a[0] + a[1]) + (a[2] + a[3]);
    above[1] += (b[0] + b[1]) + (b[2] + b[3]);
    above[2] += (c[0] + c[1]) + (c[2] + c[3]);
}

static void count_edges(double *piece, size_t n, const double *edge, uint64_t *above)
{
    for (size_t l = 0; l < HALF; l++)
        piece[n + l] = -INFINITY;
    for (size_t i = 0; i < MLI_STATS_EDGES && edge[i] < INFINITY; i += SIDE)
        count_above(piece, n, edge + i, above + i);
}

/*
 * Pieces are added one to the other in their order, by equations 2.1 of Chan, Golub & LeVeque 1983. The mean goes along with
 * what its rounding takes off: far from 0, distances between means are small beside it.
 */
static void find_moments(const struct mli_values *values, const double *edge, uint64_t *above, struct mli_moments *out)
{
    struct mli_moments m = { .low = INFINITY, .high = -INFINITY, .mean = NAN, .variance = NAN };
    double piece[MLI_VALUES_PIECE + HALF], squares = 0, rest = 0;
    size_t at = 0, n;

    while ((n = mli_values_next(values, &at, piece)) > 0) {
        double left, mean = mean_of(piece, n), more = squares_of(piece, n, mean, &left);
        double before = m.n ? m.mean : mean, share = (double)n / (double)(m.n + n);
        double apart = (mean - before) + (left / (double)n - rest);
        extremes_of(piece, n, &m.low, &m.high);
        squares += (more < 0 ? 0 : more) + apart * apart * ((double)m.n * share);
        m.mean = before + apart * share;
        rest += apart * share - (m.mean - before);
        m.n += n;
        if (edge)
            count_edges(piece, n, edge, above);
    }
    if (m.n) {
        m.mean += rest;
        m.variance = squares / (double)m.n;
    }
    *out = m;
}

void mli_stats_moments(const struct mli_values *values, struct mli_moments *out)
{
    find_moments(values, NULL, NULL, out);
}

void mli_stats_moments_above(const struct mli_values *values, const double edge[MLI_STATS_EDGES],
                             uint64_t above[MLI_STATS_EDGES], struct mli_moments *out)
{
    for (size_t i = 0; i < MLI_STATS_EDGES; i++)
        above[i] = 0;
    find_moments(values, edge, above, out);
}
