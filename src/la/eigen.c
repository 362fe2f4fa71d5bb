/*
 * The lower triangle of a row-major matrix is the upper one of the same memory read column-major, hence 'U'; eigenvectors
 * come as columns, which read row-major are rows.
 */
#include <la/eigen.h>

#include <base/mem.h>
#include <la/openblas.h>
#include <la/turn.h>
#include <stdlib.h>
#include <string.h>

/* Doubles and integers of workspace a row of the matrix; the blocks that dsytrd works in are 64 wide at most. */
#define WORK ((size_t)90)
#define IWORK ((size_t)10)

void mli_gram_add(size_t n, size_t d, const double *X, double *C)
{
    if (n == 0 || d == 0)
        return;
    mli_turn_begin();
    mli_openblas()->dsyrk(CblasRowMajor, CblasLower, CblasTrans, (blasint)d, (blasint)n, 1, X, (blasint)d, 1, C,
                (blasint)d);
    mli_turn_end();
}

void mli_gram_rows(size_t n, size_t d, const double *X, double *C)
{
    if (n > 0 && d > 0)
        mli_openblas()->dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (blasint)n, (blasint)d, 1, X,
                    (blasint)d, 0, C, (blasint)n);
}

size_t mli_eigen_memory(size_t n)
{
    return n * (WORK + 1) * sizeof(double) + n * (IWORK + 2) * sizeof(blasint);
}

static void reverse_rows(size_t k, size_t n, double *rows, double *temp)
{
    for (size_t i = 0; i < k / 2; i++) {
        double *a = rows + i * n, *b = rows + (k - 1 - i) * n;
        memcpy(temp, a, n * sizeof(*temp));
        memcpy(a, b, n * sizeof(*temp));
        memcpy(b, temp, n * sizeof(*temp));
    }
}

/*
 * MRRR [Dhillon, Parlett & Voemel 2006]: finds some of the eigenvectors without the others. Ascending, so the largest
 * are il..iu = n-k+1..n, turned round afterwards.
 */
bool mli_eigen_largest(size_t n, double *A, size_t k, double *value, double *vector)
{
    blasint order = (blasint)n, low = (blasint)(n - k + 1), found = 0, info = 0;
    blasint lwork = (blasint)(WORK * n), liwork = (blasint)(IWORK * n);
    double zero = 0;
    double *w = mli_alloc(n, sizeof(*w)), *work = mli_alloc(n, WORK * sizeof(*work));
    blasint *support = mli_alloc(n, 2 * sizeof(*support));
    blasint *iwork = mli_alloc(n, IWORK * sizeof(*iwork));

    if (w && work && support && iwork)
        mli_openblas()->dsyevr("V", "I", "U", &order, A, &order, &zero, &zero, &low, &order, &zero, &found, w,
                vector, &order, support, work, &lwork, iwork, &liwork, &info, 1, 1, 1);
    bool done = info == 0 && found == (blasint)k;
    if (done) {
        for (size_t i = 0; i < k; i++)
            value[i] = w[k - 1 - i];
        reverse_rows(k, n, vector, w);
    }
    free(iwork);
    free(support);
    free(work);
    free(w);
    return done;
}
