/* Numbers in order. */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>

/* Sorts x ascending, -0 before +0, no NaN; temp has n elements. */
void mli_sort(double *x, double *temp, size_t n);

#endif
