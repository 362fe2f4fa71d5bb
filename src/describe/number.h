/*
 * Statistics of the present values of a number column. Agree with pandas: std divides by n - 1, skewness is the
 * adjusted Fisher-Pearson coefficient, quantiles are numpy's. NaN where a statistic does not exist.
 */
#ifndef DESCRIBE_NUMBER_H
#define DESCRIBE_NUMBER_H

#include <describe/order.h>
#include <stdbool.h>

/* One end of the values: what a code for "missing", a limit of the instrument and a slip of the pen have in common. */
struct mli_end {
    double value, next;  /* the extreme value and the nearest other one (NaN: none) */
    size_t count;        /* rows that hold it */
    double beside;       /* mean rows of each of the next 5 values */
};

struct mli_number {
    double min, q05, q25, median, q75, q95, max, mean, std, skewness;
    size_t zeros, negative;
    size_t whole;                  /* values that are whole numbers */
    double fence_low, fence_high;  /* quartiles less and plus 1.5 IQR [Tukey 1977] */
    size_t outliers_low, outliers_high;
    struct mli_end low, high;
    bool counts_rows;  /* whole numbers on a straight line over the rows, none missing */
    double start, step; /* of that line */
    bool rising;       /* no value is less than one in a row above it */
};

/* order: of x. n > 0 values. */
void mli_number_fill(struct mli_number *number, const double *x, size_t rows, const struct mli_order *order);

#endif
