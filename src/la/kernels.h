/*
 * Dense kernels, row-major. Two implementations with one meaning: `plain` (portable loops, fixed order of
 * additions, a row's result does not depend on how many rows go with it) answers predictions, so that a batch of n
 * equals n single rows and every build gives the same bits; `blas` (OpenBLAS on one thread) trains. A test holds
 * them together. Shapes: n rows, d inputs, k outputs.
 */
#ifndef LA_KERNELS_H
#define LA_KERNELS_H

#include <base/real.h>
#include <mlctl/status.h>
#include <stddef.h>

struct mli_kernels {
    const char *name;
    /* C (n,k) = A (n,d) B' (k,d) + beta C */
    void (*multiply_nt)(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta, mli_real *C);
    /* C (k,d) = A' (n,k) B (n,d) + beta C */
    void (*multiply_tn)(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta, mli_real *C);
    /* C (n,d) = A (n,k) B (k,d) + beta C */
    void (*multiply_nn)(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta, mli_real *C);
};

extern const struct mli_kernels mli_kernels_plain; /* la/plain.c */
extern const struct mli_kernels mli_kernels_blas;  /* la/blas.c, not in the runtime build */

double mli_dot(size_t n, const mli_real *x, const mli_real *y); /* la/plain.c, as multiply_nt adds */

/*
 * Loads OpenBLAS, on one thread: blocks are shared out by OpenMP above it. Before anything else of it; again does nothing.
 * ML_EIO where that cannot be. Its kernels by name, such as "Zen"; static storage.
 */
ML_NODISCARD enum ml_status mli_blas_prepare(struct ml_error *err);
const char *mli_blas_core(void);

#endif
