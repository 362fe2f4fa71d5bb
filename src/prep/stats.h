/*
 * Statistics of finite doubles, of a vector or of values that are picked out of one. n > 0 everywhere. A result may be
 * infinite, or NaN, when values are near the largest double.
 */
#ifndef PREP_STATS_H
#define PREP_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- values -------------------------------------------------------------------------------------------------- */

/*
 * x[i] of all i below rows, or of those where use[i] is not 0. A NaN stands for `fill`, and for nothing when that is NaN as
 * well. What follows does not depend on where in x a value is, but for the order.
 */
struct mli_values {
    const double *x;
    const uint8_t *use; /* NULL: all */
    size_t rows;
    double fill;
    bool spooled; /* x is in a spool: what has been walked over leaves memory */
};

/* The values behind row *at, MLI_VALUES_PIECE of them but for the last, into piece, which has room for so many; moves
 * *at on. 0: there are no more. */
#define MLI_VALUES_PIECE ((size_t)2048)
size_t mli_values_next(const struct mli_values *values, size_t *at, double *piece);
/* Rows [from, to) have been walked over, all before them earlier. */
void mli_values_leave(const struct mli_values *values, size_t from, size_t to);
/* All of them into `to`; how many. */
size_t mli_values_copy(const struct mli_values *values, double *to);

/* Those at `places` places all over the rows, of which there are no fewer, in their order; how many. Always the same ones. */
size_t mli_values_sample(const struct mli_values *values, size_t places, double *sample);

/* In one pass. n may be 0 here; then the rest is infinities and NaN. */
struct mli_moments {
    size_t n;
    double low, high, mean;
    double variance; /* the population's, by n */
};
void mli_stats_moments(const struct mli_values *values, struct mli_moments *out);
/* The same, and above[i]: values above edge[i]. */
#define MLI_STATS_EDGES 9
void mli_stats_moments_above(const struct mli_values *values, const double edge[MLI_STATS_EDGES],
                             uint64_t above[MLI_STATS_EDGES], struct mli_moments *out);

/* ---- vectors ------------------------------------------------------------------------------------------------- */

/* Mean, and the population variance about it. */
double mli_stats_mean(const double *x, size_t n);
double mli_stats_variance(const double *x, size_t n, double mean);

/* Of a sorted vector: the most frequent value, the smallest of equals. */
double mli_stats_mode(const double *sorted, size_t n);

/* ---- quantiles ----------------------------------------------------------------------------------------------- */

/*
 * out[i]: the value that q[i] of the values are below, 0 <= q[i] <= 1; between two values it is interpolated linearly, in
 * the middle it is the mean of the two, and 0 has no sign. There is at least one value. At most MLI_STATS_QUANTILES of them.
 * False: no memory.
 */
#define MLI_STATS_QUANTILES ((size_t)4)
bool mli_stats_quantiles(const struct mli_values *values, size_t count, const double *q, double *out);

#endif
