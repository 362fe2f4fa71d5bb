/* The k-th smallest of n numbers, without sorting them all. */
#ifndef BASE_SELECT_H
#define BASE_SELECT_H

#include <stddef.h>

/* k counts from 0. x is reordered: what stands before place k is no larger than it, what stands behind no smaller. */
double mli_select(size_t n, double *x, size_t k);

#endif
