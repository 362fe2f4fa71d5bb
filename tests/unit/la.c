/* src/la: the portable kernels against a scalar copy of their order of additions, bit by bit; BLAS against them. */
#include <base/mem.h>
#include <base/rng.h>
#include <float.h>
#include <la/cholesky.h>
#include <la/eigen.h>
#include <la/kernels.h>
#include <la/tiles.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tests/unit/la.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static double *normals(struct mli_rng *rng, size_t n)
{
    double *x = mli_alloc(n, sizeof(double));
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = mli_rng_normal(rng);
    return x;
}

static double *filled(size_t n, double value)
{
    double *x = mli_alloc(n, sizeof(double));
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

static void assert_same(const double *a, const double *b, size_t n)
{
    if (n > 0)
        assert_memory_equal(a, b, n * sizeof(double));
}

/*
 * ---- the order of additions, one number at a time ----------------------------------------------------------------
 */

static double scalar_dot(size_t n, const double *x, const double *y)
{
    double lane[4] = { 0 };
    size_t whole = n - n % 4;

    for (size_t i = 0; i < whole; i++)
        lane[i % 4] += x[i] * y[i];
    double sum = (lane[0] + lane[2]) + (lane[1] + lane[3]);
    for (size_t i = whole; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void scalar_nt(size_t n, size_t k, size_t d, const double *A, const double *B, double beta,
                      double *C)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            C[i * k + j] =
                (beta == 0 ? 0 : beta * C[i * k + j]) + scalar_dot(d, A + i * d, B + j * d);
}

/* C (rows,columns) = beta C + sum over r of a(r, row) B(r, column), r in order. */
static void scalar_sum(size_t rows, size_t columns, size_t inner, const double *A, size_t down,
                       size_t right, const double *B, double beta, double *C)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            double sum = beta == 0 ? 0 : beta * C[i * columns + j];
            for (size_t r = 0; r < inner; r++)
                sum += A[r * down + i * right] * B[r * columns + j];
            C[i * columns + j] = sum;
        }
    }
}

static void scalar_tn(size_t n, size_t k, size_t d, const double *A, const double *B, double beta,
                      double *C)
{
    scalar_sum(k, d, n, A, k, 1, B, beta, C);
}

static void scalar_nn(size_t n, size_t k, size_t d, const double *A, const double *B, double beta,
                      double *C)
{
    scalar_sum(n, d, k, A, 1, k, B, beta, C);
}

static const struct mli_kernels scalar = { "scalar", scalar_nt, scalar_tn, scalar_nn };

/*
 * ---- plain -------------------------------------------------------------------------------------------------------
 */

static void dot_adds_in_the_order_it_says(void **state)
{
    struct mli_rng rng;
    (void)state;

    mli_rng_init(&rng, 1);
    double *x = normals(&rng, 200), *y = normals(&rng, 200);
    for (size_t n = 0; n <= 130; n++) {
        for (size_t shift = 0; shift < 4; shift++) {
            double want = scalar_dot(n, x + shift, y + 2 * shift);
            double got[] = { mli_dot(n, x + shift, y + 2 * shift),
                             dot_baseline(n, x + shift, y + 2 * shift) };
            assert_same(got, &want, 1);
            assert_same(got + 1, &want, 1);
        }
    }
    free(x);
    free(y);
}

typedef void multiply(size_t n, size_t k, size_t d, const double *A, const double *B, double beta,
                      double *C);

/* Calls both with the same operands; the result has `out` entries and starts from `start`. */
static void compare(multiply *got, multiply *want, size_t n, size_t k, size_t d, const double *A,
                    const double *B, size_t out, double beta, double start, double tolerance)
{
    double *C = filled(out, start), *D = filled(out, start);

    got(n, k, d, A, B, beta, C);
    want(n, k, d, A, B, beta, D);
    if (tolerance == 0)
        assert_same(C, D, out);
    for (size_t i = 0; i < out; i++)
        if (!(fabs(C[i] - D[i]) <= tolerance))
            fail_msg("n %zu, k %zu, d %zu, entry %zu: %.17g and %.17g", n, k, d, i, C[i], D[i]);
    free(C);
    free(D);
}

/* All three products of one shape. Without beta the result may hold anything, NaN too, and is not read. */
static void compare_shape(const struct mli_kernels *got, const struct mli_kernels *want, size_t n,
                          size_t k, size_t d, double tolerance)
{
    static const struct {
        double beta, start;
    } cases[] = { { 0, NAN }, { 1, 0.75 }, { -0.5, 3 } };
    struct mli_rng rng;

    mli_rng_init(&rng, n * 10000 + k * 100 + d);
    double *X = normals(&rng, n * d), *W = normals(&rng, k * d), *Z = normals(&rng, n * k);
    for (size_t c = 0; c < COUNT(cases); c++) {
        double beta = cases[c].beta, start = cases[c].start;
        compare(got->multiply_nt, want->multiply_nt, n, k, d, X, W, n * k, beta, start, tolerance);
        compare(got->multiply_tn, want->multiply_tn, n, k, d, Z, X, k * d, beta, start, tolerance);
        compare(got->multiply_nn, want->multiply_nn, n, k, d, Z, W, n * d, beta, start, tolerance);
    }
    free(X);
    free(W);
    free(Z);
}

static void compare_with_scalar(const struct mli_kernels *kernels)
{
    for (size_t n = 0; n <= 9; n++)
        for (size_t k = 0; k <= 6; k++)
            for (size_t d = 0; d <= 11; d++)
                compare_shape(kernels, &scalar, n, k, d, 0);
    compare_shape(kernels, &scalar, 61, 13, 103, 0);
    compare_shape(kernels, &scalar, 67, 5, 1030, 0); /* wide, and more rows than stay in a cache */
    compare_shape(kernels, &scalar, 9, 4, 256, 0);
}

static void plain_equals_the_scalar_order_bit_by_bit(void **state)
{
    (void)state;
    compare_with_scalar(&mli_kernels_plain);
    compare_with_scalar(&kernels_baseline);
}

static void a_row_does_not_depend_on_its_neighbours(void **state)
{
    enum { N = 23, K = 5, D = 17 };
    struct mli_rng rng;
    double all[N * K], one[K];
    (void)state;

    mli_rng_init(&rng, 3);
    double *X = normals(&rng, N * D), *W = normals(&rng, K * D);
    mli_kernels_plain.multiply_nt(N, K, D, X, W, 0, all);
    for (size_t i = 0; i < N; i++) {
        mli_kernels_plain.multiply_nt(1, K, D, X + i * D, W, 0, one);
        assert_same(all + i * K, one, K);
    }
    free(X);
    free(W);
}

static void infinities_and_nan_pass_through(void **state)
{
    double A[5] = { 1, 2, 3, 4, NAN }, B[5] = { INFINITY, 1, 1, 1, 0 }, C;
    (void)state;

    mli_kernels_plain.multiply_nt(1, 1, 4, A, B, 0, &C);
    assert_true(C == INFINITY);
    mli_kernels_plain.multiply_nt(1, 1, 5, A, B, 0, &C);
    assert_true(isnan(C));
}

/*
 * ---- BLAS --------------------------------------------------------------------------------------------------------
 */

/*
 * Both add the same products in another order: at most inner extent * eps * the sizes of the terms, which are near
 * 1.
 */
static void blas_equals_plain_to_rounding(void **state)
{
    static const size_t shapes[][3] = { { 0, 3, 2 },     { 1, 1, 1 },    { 7, 1, 30 },
                                        { 50, 11, 9 },   { 50, 12, 9 },  { 33, 13, 0 },
                                        { 1, 40, 25 },   { 64, 64, 64 }, { 37, 100, 3 },
                                        { 257, 20, 31 }, { 0, 20, 5 } };
    (void)state;

    for (size_t i = 0; i < COUNT(shapes); i++) {
        size_t n = shapes[i][0], k = shapes[i][1], d = shapes[i][2];
        double inner = (double)(n + k + d + 1);
        compare_shape(&mli_kernels_blas, &mli_kernels_plain, n, k, d, 8 * inner * DBL_EPSILON);
    }
}

/* All remainders of rows, columns and lanes, and inner extents of more than one piece. */
static void tiles_equal_plain_to_rounding(void **state)
{
    const struct mli_kernels *tiles = mli_tiles();
    (void)state;

    if (!tiles)
        skip();
    for (size_t n = 0; n <= 13; n++)
        for (size_t k = 0; k <= 13; k++)
            for (size_t d = 0; d <= 19; d++)
                compare_shape(tiles, &mli_kernels_plain, n, k, d, 8 * (double)(n + k + d + 1) * DBL_EPSILON);
    compare_shape(tiles, &mli_kernels_plain, 600, 13, 21, 8 * 700 * DBL_EPSILON);
}

/* OpenBLAS without locks mixes up the buffers of threads that are in it at the same time; ours must not. */
static void blas_is_right_from_many_threads(void **state)
{
    enum { N = 64, K = 48, D = 64, CALLS = 2000, THREADS = 4 };
    struct mli_rng rng;
    int wrong = 0;
    (void)state;

    mli_rng_init(&rng, 5);
    double *A = normals(&rng, N * D), *B = normals(&rng, K * D), *want = filled(N * K, 0);
    double *C = filled(THREADS * N * K, 0);
    mli_kernels_blas.multiply_nt(N, K, D, A, B, 0, want);
#pragma omp parallel for num_threads(THREADS) reduction(+ : wrong)
    for (size_t t = 0; t < THREADS; t++) {
        for (int i = 0; i < CALLS; i++) {
            mli_kernels_blas.multiply_nt(N, K, D, A, B, 0, C + t * N * K);
            wrong += memcmp(C + t * N * K, want, N * K * sizeof(double)) != 0;
        }
    }
    assert_int_equal(wrong, 0);
    free(A);
    free(B);
    free(C);
    free(want);
}

/* L L' gives the matrix back and the solution solves; an indefinite matrix is told. */
static void cholesky_factors_and_solves(void **state)
{
    enum { SIZE = 37 };
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 6);
    double *G = normals(&rng, SIZE * SIZE), *A = filled(SIZE * SIZE, 0), *b = normals(&rng, SIZE);
    mli_kernels_plain.multiply_nt(SIZE, SIZE, SIZE, G, G, 0, A);
    for (size_t j = 0; j < SIZE; j++)
        A[j * SIZE + j] += 1;
    double *L = filled(SIZE * SIZE, 0), *x = filled(SIZE, 0);
    memcpy(L, A, SIZE * SIZE * sizeof(double));
    memcpy(x, b, SIZE * sizeof(double));
    assert_true(mli_cholesky_factor(SIZE, L));
    mli_cholesky_solve(SIZE, L, x);
    for (size_t i = 0; i < SIZE; i++) {
        double product = 0;
        for (size_t k = 0; k < SIZE; k++)
            product += A[i * SIZE + k] * x[k];
        assert_true(fabs(product - b[i]) < 1e-9); /* condition about 1e2, SIZE * eps */
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k <= j; k++)
                sum += L[i * SIZE + k] * L[j * SIZE + k];
            assert_true(fabs(sum - A[i * SIZE + j]) < 1e-10);
        }
    }
    A[5 * SIZE + 5] = -1;
    assert_false(mli_cholesky_factor(SIZE, A));
    free(G);
    free(A);
    free(b);
    free(L);
    free(x);
}

/* A = X' X: the vectors are of length 1, orthogonal, and A turns each into its value times it; the largest come first. */
static void eigenvalues_of_a_gram_matrix(void **state)
{
    enum { ROWS = 90, SIZE = 37, LARGEST = 9 };
    struct mli_rng rng;
    double value[SIZE], vector[SIZE * SIZE], trace = 0, sum = 0;

    (void)state;
    mli_rng_init(&rng, 7);
    double *X = normals(&rng, ROWS * SIZE), *A = filled(SIZE * SIZE, 0), *full = filled(SIZE * SIZE, 0);
    mli_gram_add(ROWS / 2, SIZE, X, A);
    mli_gram_add(ROWS - ROWS / 2, SIZE, X + ROWS / 2 * SIZE, A);
    mli_kernels_plain.multiply_tn(ROWS, SIZE, SIZE, X, X, 0, full);
    for (size_t i = 0; i < SIZE; i++) {
        trace += full[i * SIZE + i];
        for (size_t j = 0; j <= i; j++)
            assert_true(fabs(A[i * SIZE + j] - full[i * SIZE + j]) < 1e-10);
    }
    mli_kernels_plain.multiply_nt(SIZE, SIZE, ROWS, X, X, 0, full); /* the same numbers as (SIZE,ROWS) */
    double *rows = filled(SIZE * SIZE, 9);
    mli_gram_rows(SIZE, ROWS, X, rows);
    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j < SIZE; j++)
            assert_true(fabs(rows[i * SIZE + j] - (j <= i ? full[i * SIZE + j] : 9)) < 1e-10);
    free(rows);
    mli_kernels_plain.multiply_tn(ROWS, SIZE, SIZE, X, X, 0, full);
    for (size_t k = LARGEST; k <= SIZE; k += SIZE - LARGEST) {
        double *copy = filled(SIZE * SIZE, 0);
        memcpy(copy, A, SIZE * SIZE * sizeof(double));
        assert_true(mli_eigen_largest(SIZE, copy, k, value, vector));
        free(copy);
        for (size_t i = 0; i < k; i++) {
            const double *v = vector + i * SIZE;
            assert_true(i == 0 || value[i] <= value[i - 1]);
            for (size_t j = 0; j < k; j++)
                assert_true(fabs(mli_dot(SIZE, v, vector + j * SIZE) - (i == j)) < 1e-12);
            for (size_t r = 0; r < SIZE; r++)
                assert_true(fabs(mli_dot(SIZE, full + r * SIZE, v) - value[i] * v[r]) < 1e-10);
        }
    }
    for (size_t i = 0; i < SIZE; i++)
        sum += value[i];
    assert_true(fabs(sum - trace) < 1e-9 * trace);
    free(full);
    free(A);
    free(X);
}

static void prepare_names_the_core(void **state)
{
    (void)state;
    assert_int_equal(mli_blas_prepare(NULL), ML_OK);
    assert_string_not_equal(mli_blas_core(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_adds_in_the_order_it_says),
        cmocka_unit_test(plain_equals_the_scalar_order_bit_by_bit),
        cmocka_unit_test(a_row_does_not_depend_on_its_neighbours),
        cmocka_unit_test(infinities_and_nan_pass_through),
        cmocka_unit_test(blas_equals_plain_to_rounding),
        cmocka_unit_test(tiles_equal_plain_to_rounding),
        cmocka_unit_test(blas_is_right_from_many_threads),
        cmocka_unit_test(cholesky_factors_and_solves),
        cmocka_unit_test(eigenvalues_of_a_gram_matrix),
        cmocka_unit_test(prepare_names_the_core),
        cmocka_unit_test(test_single_kernels),
        cmocka_unit_test(test_single_tiles),
    };

    return cmocka_run_group_tests_name("la", tests, NULL, NULL);
}
