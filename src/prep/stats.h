/*
 * Statistics of a vector of finite doubles. n > 0 everywhere. A result may be infinite when values are near the
 * largest double.
 */
#ifndef PREP_STATS_H
#define PREP_STATS_H

#include <stddef.h>

/* Mean, and the population variance about it. */
double mli_stats_mean(const double *x, size_t n);
double mli_stats_variance(const double *x, size_t n, double mean);

/* Sorts x ascending (-0 before +0); temp has n elements. */
void mli_stats_sort(double *x, double *temp, size_t n);
/* Of a sorted vector: the middle, or the mean of the middle two; the most frequent value, the smallest of equals. */
double mli_stats_median(const double *sorted, size_t n);
double mli_stats_mode(const double *sorted, size_t n);
/* Of a sorted vector: q of the values, 0 <= q <= 1, are below it; between two values it is interpolated linearly. */
double mli_stats_quantile(const double *sorted, size_t n, double q);

#endif
