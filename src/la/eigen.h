/*
 * What principal components need: the products of a matrix with itself, and the largest eigenvalues of a symmetric one,
 * by BLAS and LAPACK (of OpenBLAS). Row-major. Not in the runtime build.
 */
#ifndef LA_EIGEN_H
#define LA_EIGEN_H

#include <stdbool.h>
#include <stddef.h>

/* C (d,d) += X' X for X (n,d); only the lower triangle of C is read and written. */
void mli_gram_add(size_t n, size_t d, const double *X, double *C);
/* C (n,n) = X X' for X (n,d); only the lower triangle of C is written. */
void mli_gram_rows(size_t n, size_t d, const double *X, double *C);

/*
 * The k largest eigenvalues of a symmetric A (n,n), of which the lower triangle is read: value (k) descending, vector
 * (k,n) one eigenvector of length 1 a row, with the sign that LAPACK gave it. A is spoiled. False when LAPACK did not
 * find them or memory is out; 0 < k <= n.
 */
bool mli_eigen_largest(size_t n, double *A, size_t k, double *value, double *vector);
/* Bytes that _largest allocates, for an estimate before the work. */
size_t mli_eigen_memory(size_t n);

#endif
