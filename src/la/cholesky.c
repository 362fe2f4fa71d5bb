/*
 * LAPACK is Fortran: column-major, arguments by address, one hidden length a character argument. The lower triangle of a
 * row-major matrix is the upper one of the same memory read column-major, hence 'U'.
 */
#include <la/cholesky.h>

#include <cblas.h>

void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info, size_t uplo_length);
void dpotrs_(const char *uplo, const blasint *n, const blasint *nrhs, const double *a, const blasint *lda, double *b,
             const blasint *ldb, blasint *info, size_t uplo_length);

bool mli_cholesky_factor(size_t n, double *A)
{
    blasint order = (blasint)n, info = 0;

    if (n == 0)
        return true;
    dpotrf_("U", &order, A, &order, &info, 1);
    return info == 0;
}

void mli_cholesky_solve(size_t n, const double *L, double *b)
{
    blasint order = (blasint)n, one = 1, info = 0;

    if (n > 0)
        dpotrs_("U", &order, &one, L, &order, b, &order, &info, 1);
}
