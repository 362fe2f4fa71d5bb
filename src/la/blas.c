/*
 * The training kernels: OpenBLAS where it wins, the portable loops where packing costs more than it saves. With
 * fewer than MANY columns on the short side dgemm packs for nothing (measured on Zen: at k = 3 the loops are two to
 * three times as fast, at k = 8 to 12 equal), and that covers every linear model and most softmax ones.
 */
#include <la/kernels.h>

#include <cblas.h>
#include <la/turn.h>
#include <omp.h>
#include <stdbool.h>

#define MANY 12

#ifdef MLI_SINGLE
#define CBLAS_GEMM cblas_sgemm
#else
#define CBLAS_GEMM cblas_dgemm
#endif

/* Without inputs there is no matrix, and BLAS refuses a leading extent of 0. */
static bool small(size_t k, size_t d)
{
    return k < MANY || d == 0;
}

/* C (m,n) = op(A) op(B) + beta C with an inner extent of k, all row-major; lda, ldb as stored. */
static void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, size_t m, size_t n, size_t k,
                 const mli_real *A, size_t lda, const mli_real *B, size_t ldb, double beta, mli_real *C)
{
    mli_turn_begin();
    CBLAS_GEMM(CblasRowMajor, ta, tb, (blasint)m, (blasint)n, (blasint)k, 1, A, (blasint)lda, B,
                (blasint)ldb, beta, C, (blasint)n);
    mli_turn_end();
}

static void multiply_nt(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    if (small(k, d))
        mli_kernels_plain.multiply_nt(n, k, d, A, B, beta, C);
    else
        gemm(CblasNoTrans, CblasTrans, n, k, d, A, d, B, d, beta, C);
}

static void multiply_tn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    if (small(k, d))
        mli_kernels_plain.multiply_tn(n, k, d, A, B, beta, C);
    else
        gemm(CblasTrans, CblasNoTrans, k, d, n, A, k, B, d, beta, C);
}

static void multiply_nn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    if (small(k, d))
        mli_kernels_plain.multiply_nn(n, k, d, A, B, beta, C);
    else
        gemm(CblasNoTrans, CblasNoTrans, n, d, k, A, k, B, d, beta, C);
}

const struct mli_kernels mli_kernels_blas = { "blas", multiply_nt, multiply_tn, multiply_nn };

const char *mli_blas_prepare(void)
{
    openblas_set_num_threads(1);
    return openblas_get_corename();
}
