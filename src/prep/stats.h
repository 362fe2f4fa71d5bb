/*
 * Statistics of a vector of finite doubles. n > 0 everywhere. A result may be infinite when values are near the
 * largest double.
 */
#ifndef PREP_STATS_H
#define PREP_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* Mean, and the population variance about it. */
double mli_stats_mean(const double *x, size_t n);
double mli_stats_variance(const double *x, size_t n, double mean);

/* Sorts x ascending (-0 before +0); temp has n elements. */
void mli_stats_sort(double *x, double *temp, size_t n);
/* Of a sorted vector: the most frequent value, the smallest of equals. */
double mli_stats_mode(const double *sorted, size_t n);

/*
 * out[i]: the value that q[i] of the values are below, 0 <= q[i] <= 1, NaN skipped; between two values it is
 * interpolated linearly, in the middle it is the mean of the two. At least one value is no NaN. At most
 * MLI_STATS_QUANTILES of them. False: no memory.
 */
#define MLI_STATS_QUANTILES ((size_t)4)
bool mli_stats_quantiles(const double *x, size_t n, size_t count, const double *q, double *out);

#endif
