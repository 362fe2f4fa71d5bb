/* The portable kernels of the float build, which are the same source: against sums in double, and row by row. */
#define MLI_SINGLE
#define mli_kernels_plain kernels_single
#define mli_dot dot_single
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#include <la/plain.c>

#include <tests/unit/la.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/rng.h>
#include <float.h>
#include <math.h>

enum { N = 9, K = 7, D = 37 };

static void fill(size_t n, float *x, struct mli_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)mli_rng_normal(rng);
}

/* sum of a[i step_a] b[i step_b], and how far rounding to float may take it */
static void expect(float got, size_t n, const float *a, size_t step_a, const float *b, size_t step_b)
{
    double sum = 0, size = 0;

    for (size_t i = 0; i < n; i++) {
        double product = (double)a[i * step_a] * (double)b[i * step_b];
        sum += product;
        size += fabs(product);
    }
    assert_true(fabs((double)got - sum) <= 8 * FLT_EPSILON * size);
}

void test_single_kernels(void **state)
{
    float A[N * D], B[K * D], C[N * K], G[K * D], H[N * D], one[K];
    struct mli_rng rng;
    (void)state;

    mli_rng_init(&rng, 5);
    fill(N * D, A, &rng);
    fill(K * D, B, &rng);
    kernels_single.multiply_nt(N, K, D, A, B, 0, C);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < K; j++)
            expect(C[i * K + j], D, A + i * D, 1, B + j * D, 1);
        kernels_single.multiply_nt(1, K, D, A + i * D, B, 0, one);
        assert_memory_equal(one, C + i * K, sizeof one);
        assert_true((float)dot_single(D, A + i * D, B) == C[i * K]);
    }
    kernels_single.multiply_tn(N, K, D, C, A, 0, G);
    kernels_single.multiply_nn(N, K, D, C, B, 0, H);
    for (size_t j = 0; j < D; j++) {
        for (size_t k = 0; k < K; k++)
            expect(G[k * D + j], N, C + k, K, A + j, D);
        for (size_t i = 0; i < N; i++)
            expect(H[i * D + j], K, C + i * K, 1, B + j, D);
    }
}
