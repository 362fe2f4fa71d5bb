/*
 * OpenBLAS, loaded by the first that asks for it: what reads, predicts or serves needs none of it, and is spared the 5 ms
 * in which the loader looks up the names of thirty megabytes, and threads that BLAS would start for every core there is,
 * which spin for a while and, under a limit on the address space, ask for their buffers for ever. mlctl's own threads call it
 * side by side, so it gets one.
 */
#ifndef LA_OPENBLAS_H
#define LA_OPENBLAS_H

#include <cblas.h>
#include <stdbool.h>

/* LAPACK is Fortran: column-major, arguments by address, one hidden length a character argument. */
struct mli_openblas {
    __typeof__(cblas_sgemm) *sgemm;
    __typeof__(cblas_dgemm) *dgemm;
    __typeof__(cblas_dsyrk) *dsyrk;
    void (*dpotrf)(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info, size_t uplo_length);
    void (*dpotrs)(const char *uplo, const blasint *n, const blasint *nrhs, const double *a, const blasint *lda, double *b,
                   const blasint *ldb, blasint *info, size_t uplo_length);
    void (*dsyevr)(const char *job, const char *range, const char *uplo, const blasint *n, double *a, const blasint *lda,
                   const double *vl, const double *vu, const blasint *il, const blasint *iu, const double *tolerance,
                   blasint *found, double *w, double *z, const blasint *ldz, blasint *support, double *work,
                   const blasint *lwork, blasint *iwork, const blasint *liwork, blasint *info, size_t job_length,
                   size_t range_length, size_t uplo_length);
    const char *core;    /* its kernels, such as "Zen" */
    bool serial, openmp; /* which of Debian's three variants it is; neither: that of POSIX threads */
};

/* Behind mli_blas_prepare(), which says what is wrong where it cannot be loaded; without, that ends the program. */
const struct mli_openblas *mli_openblas(void);

#endif
