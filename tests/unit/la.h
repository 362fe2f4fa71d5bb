/* The portable kernels as a machine without AVX2 runs them; mli_kernels_plain is what this machine picks. */
#ifndef TESTS_UNIT_LA_H
#define TESTS_UNIT_LA_H

#include <la/kernels.h>

extern const struct mli_kernels kernels_baseline;
double dot_baseline(size_t n, const double *x, const double *y);

void test_single_kernels(void **state);
void test_single_tiles(void **state);

#endif
