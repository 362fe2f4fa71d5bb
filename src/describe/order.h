/*
 * The present values of one column in ascending order, with the rows that hold them: what quantiles, distinct values,
 * histograms, ranks and bins are all read off. One thread, one order; it is filled again for each column.
 */
#ifndef DESCRIBE_ORDER_H
#define DESCRIBE_ORDER_H

#include <mlctl/status.h>
#include <stdint.h>

struct mli_order {
    size_t n;      /* present values */
    double *value; /* n, ascending, -0 as 0 */
    uint32_t *row; /* n: where value[i] stands; rows of equal values ascend */
    void *memory;
};

/* Room for `rows` values, 24 bytes each. ML_ENOMEM; ML_ELIMIT past 2^32 - 1 rows. */
ML_NODISCARD enum ml_status mli_order_init(struct mli_order *order, size_t rows, struct ml_error *err);
void mli_order_release(struct mli_order *order);

/* Takes the values of a column; NaN is missing. */
void mli_order_fill(struct mli_order *order, const double *x, size_t rows);

/* One past the last place whose value equals that at `first`. */
size_t mli_order_run(const struct mli_order *order, size_t first);

/* Quantile q of the values, n > 0: linear between neighbours, numpy's default [Hyndman & Fan 1996, definition 7]. */
double mli_order_quantile(const struct mli_order *order, double q);

#endif
