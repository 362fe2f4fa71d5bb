/* The lower triangle of a row-major matrix is the upper one of the same memory read column-major, hence 'U'. */
#include <la/cholesky.h>

#include <la/openblas.h>

bool mli_cholesky_factor(size_t n, double *A)
{
    blasint order = (blasint)n, info = 0;

    if (n == 0)
        return true;
    mli_openblas()->dpotrf("U", &order, A, &order, &info, 1);
    return info == 0;
}

void mli_cholesky_solve(size_t n, const double *L, double *b)
{
    blasint order = (blasint)n, one = 1, info = 0;

    if (n > 0)
        mli_openblas()->dpotrs("U", &order, &one, L, &order, b, &order, &info, 1);
}
