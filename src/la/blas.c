/*
 * The training kernels: OpenBLAS for matrices that outgrow the caches, tiles without packing for those that do not, and
 * the portable loops for very few outputs. On processors that the tiles are not made for the loops go on to MANY outputs:
 * dgemm packs for nothing there (measured on Zen: at k = 3 the loops are two to three times as fast, at k = 8 to 12 equal).
 */
#include <la/kernels.h>

#include <la/openblas.h>
#include <la/tiles.h>
#include <la/turn.h>
#include <omp.h>

#define MANY 12
#define FEW 4
#define TILED_BYTES ((size_t)800 * 1024) /* of the weights: beyond it packing pays (measured on Zen 3) */

#ifdef MLI_SINGLE
#define GEMM sgemm
#else
#define GEMM dgemm
#endif

/* What needs no packing, NULL: BLAS. Without inputs there is no matrix, and BLAS refuses a leading extent of 0. */
static const struct mli_kernels *unpacked(size_t k, size_t d)
{
    const struct mli_kernels *tiles = mli_tiles();

    if (d == 0 || k < (tiles ? FEW : MANY))
        return &mli_kernels_plain;
    return k * d <= TILED_BYTES / sizeof(mli_real) ? tiles : NULL;
}

/* C (m,n) = op(A) op(B) + beta C with an inner extent of k, all row-major; lda, ldb as stored. */
static void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, size_t m, size_t n, size_t k,
                 const mli_real *A, size_t lda, const mli_real *B, size_t ldb, double beta, mli_real *C)
{
    mli_turn_begin();
    mli_openblas()->GEMM(CblasRowMajor, ta, tb, (blasint)m, (blasint)n, (blasint)k, 1, A, (blasint)lda, B,
                (blasint)ldb, beta, C, (blasint)n);
    mli_turn_end();
}

static void multiply_nt(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    const struct mli_kernels *kernels = unpacked(k, d);

    if (kernels)
        kernels->multiply_nt(n, k, d, A, B, beta, C);
    else
        gemm(CblasNoTrans, CblasTrans, n, k, d, A, d, B, d, beta, C);
}

static void multiply_tn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    const struct mli_kernels *kernels = unpacked(k, d);

    if (kernels)
        kernels->multiply_tn(n, k, d, A, B, beta, C);
    else
        gemm(CblasTrans, CblasNoTrans, k, d, n, A, k, B, d, beta, C);
}

static void multiply_nn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    const struct mli_kernels *kernels = unpacked(k, d);

    if (kernels)
        kernels->multiply_nn(n, k, d, A, B, beta, C);
    else
        gemm(CblasNoTrans, CblasNoTrans, n, d, k, A, k, B, d, beta, C);
}

const struct mli_kernels mli_kernels_blas = { "blas", multiply_nt, multiply_tn, multiply_nn };
