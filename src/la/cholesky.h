/*
 * Cholesky factorisation of a symmetric positive definite matrix, A = L L', by LAPACK (of OpenBLAS). Row-major; only the
 * lower triangle of A is read and only that of L is written. Not in the runtime build.
 */
#ifndef LA_CHOLESKY_H
#define LA_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

/* A (n,n) becomes L in place; false when a pivot is not positive (A not definite), A is then spoiled. */
bool mli_cholesky_factor(size_t n, double *A);
/* Solves L L' x = b in place: b (n) becomes x. */
void mli_cholesky_solve(size_t n, const double *L, double *b);

#endif
