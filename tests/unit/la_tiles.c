/* The tiles of the float build, which are the same source: against sums in double, over all remainders. */
#define MLI_SINGLE
#define mli_tiles tiles_single
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#include <la/tiles.c>

#include <tests/unit/la.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <base/rng.h>
#include <float.h>
#include <math.h>

enum { N = 13, K = 13, D = 35, MOST = 35 * 13 };

static void fill(size_t n, float *x, struct mli_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)mli_rng_normal(rng);
}

/* What is added to: 3 in every place, half of which is kept. */
static void start(float C[MOST])
{
    for (size_t i = 0; i < MOST; i++)
        C[i] = 3;
}

/* 1.5 + sum of a[i step_a] b[i step_b], to what rounding to float may do. */
static void expect(float got, size_t n, const float *a, size_t step_a, const float *b, size_t step_b)
{
    double sum = 1.5, size = 1.5;

    for (size_t i = 0; i < n; i++) {
        double product = (double)a[i * step_a] * (double)b[i * step_b];
        sum += product;
        size += fabs(product);
    }
    assert_true(fabs((double)got - sum) <= 8 * FLT_EPSILON * size);
}

static void check_shape(const struct mli_kernels *la, size_t n, size_t k, size_t d, const float *A, const float *B)
{
    float C[MOST];

    start(C);
    la->multiply_nt(n, k, d, A, B, 0.5, C);
    for (size_t i = 0; i < n * k; i++)
        expect(C[i], d, A + i / k * d, 1, B + i % k * d, 1);
    start(C);
    la->multiply_tn(n, k, d, B, A, 0.5, C); /* B as (n,k) */
    for (size_t i = 0; i < k * d; i++)
        expect(C[i], n, B + i / d, k, A + i % d, d);
    start(C);
    la->multiply_nn(n, k, d, A, B, 0.5, C); /* A as (n,k) */
    for (size_t i = 0; i < n * d; i++)
        expect(C[i], k, A + i / d * k, 1, B + i % d, d);
}

void test_single_tiles(void **state)
{
    const struct mli_kernels *single = tiles_single();
    static float A[MOST], B[MOST];
    struct mli_rng rng;
    (void)state;

    if (!single)
        skip();
    mli_rng_init(&rng, 6);
    fill(MOST, A, &rng);
    fill(MOST, B, &rng);
    for (size_t n = 1; n <= N; n++)
        for (size_t k = 1; k <= K; k++)
            for (size_t d = 1; d <= D; d++)
                check_shape(single, n, k, d, A, B);
}
