/*
 * The distinct numbers of a column, which tell classes from quantities, and which of them each row has.
 */
#ifndef FIT_DISTINCT_H
#define FIT_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <table/table.h>

enum { MLI_CODES_MOST = 10 /* more whole numbers are a quantity */ };

/*
 * Sorted distinct values of a number column, at most `most` (more: *count = most + 1); NaN is none. has[rows]: which rows to
 * look at, NULL: all. The caller frees them. NULL: out of memory.
 */
double *mli_distinct_numbers(const struct mli_column *column, const uint8_t *has, size_t rows, size_t most, size_t *count);

/* The whole numbers 0..count-1, all of them, or any two values: codes of classes rather than quantities. value: sorted. */
bool mli_distinct_codes(const double *value, size_t count);

/* Where v is among `count` sorted values that it is one of, without a branch that nothing could foresee. */
size_t mli_distinct_place(const double *value, size_t count, double v);

/* y[i]: how many of few sorted values, but the first, x[i] reaches; which is its place among them. x[n] without NaN. */
void mli_distinct_reached(size_t n, const double *x, size_t count, const double *value, double *y);

#endif
