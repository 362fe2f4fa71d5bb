/* Histogram: counts of values in bins of equal width from the least value to the greatest. */
#ifndef DESCRIBE_HISTOGRAM_H
#define DESCRIBE_HISTOGRAM_H

#include <describe/order.h>
#include <stdbool.h>

#define MLI_HISTOGRAM_BINS ((size_t)20)

/* Bin i holds low + i width <= x < low + (i + 1) width; the last one its upper end too. */
struct mli_histogram {
    size_t bins; /* 0: no value */
    double low, width;
    size_t count[MLI_HISTOGRAM_BINS];
};

/* `whole`: the values are whole numbers, so the width is one too, and no bin holds fewer of them than its neighbour. */
void mli_histogram_fill(struct mli_histogram *histogram, const struct mli_order *order, bool whole);

#endif
