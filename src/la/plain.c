/*
 * Portable kernels with one order of additions, whatever the compiler, the instruction set and the number of rows.
 *
 * A dot product runs in four lanes, lane l taking the products l, l+4, l+8 ..; the lanes are joined as (0+2) + (1+3)
 * and the last n mod 4 products follow one by one. With float there are eight, joined half by half in the same way. Sums over rows run in row order. Four rows go through a loop
 * together, or of one row four results, because their sums do not wait for each other; no row's own order changes by that,
 * nor by which rows of A and B meet while they are in a cache [Goto & van de Geijn 2008]. The vectors are the compilers'
 * own, lowered to what the machine has; with -ffp-contract=off every lowering gives the same bits.
 */
#include <la/kernels.h>

#include <base/clones.h>
#include <string.h>

#define LANES (32 / sizeof(mli_real))
#define KEPT ((size_t)256 << 10) /* bytes */
#define WIDE ((size_t)256)       /* rows of B from which on two of them go through the loop, which saves reading A */
#define INLINE static inline __attribute__((always_inline))

#ifndef CLONES
#define CLONES MLI_CLONES
#endif

typedef mli_real lanes
    __attribute__((vector_size(LANES * sizeof(mli_real)), aligned(sizeof(mli_real)), may_alias));

#define LOAD(p) (*(const lanes *)(p))

INLINE mli_real join(lanes *s)
{
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            (*s)[l] += (*s)[l + half];
    return (*s)[0];
}

INLINE mli_real dot(size_t n, const mli_real *x, const mli_real *y)
{
    lanes sum = { 0 };
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        sum += LOAD(x + i) * LOAD(y + i);
    mli_real total = join(&sum);
    for (; i < n; i++)
        total += x[i] * y[i];
    return total;
}

/* out[r] = dot(n, A + r n, y) for four rows of A. */
INLINE void dot4(size_t n, const mli_real *A, const mli_real *y, mli_real out[4])
{
    const mli_real *a0 = A, *a1 = A + n, *a2 = A + 2 * n, *a3 = A + 3 * n;
    lanes s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 };
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        lanes v = LOAD(y + i);
        s0 += LOAD(a0 + i) * v;
        s1 += LOAD(a1 + i) * v;
        s2 += LOAD(a2 + i) * v;
        s3 += LOAD(a3 + i) * v;
    }
    mli_real t0 = join(&s0), t1 = join(&s1), t2 = join(&s2), t3 = join(&s3);
    for (; i < n; i++) {
        t0 += a0[i] * y[i];
        t1 += a1[i] * y[i];
        t2 += a2[i] * y[i];
        t3 += a3[i] * y[i];
    }
    out[0] = t0;
    out[1] = t1;
    out[2] = t2;
    out[3] = t3;
}

/* The same for two y, each after the other: out[r + 4 q] */
INLINE void dot4x2(size_t n, const mli_real *A, const mli_real *y, mli_real out[8])
{
    const mli_real *a0 = A, *a1 = A + n, *a2 = A + 2 * n, *a3 = A + 3 * n, *y1 = y + n;
    lanes s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 }, u0 = { 0 }, u1 = { 0 }, u2 = { 0 }, u3 = { 0 };
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        lanes v = LOAD(y + i), w = LOAD(y1 + i), a;
        a = LOAD(a0 + i);
        s0 += a * v;
        u0 += a * w;
        a = LOAD(a1 + i);
        s1 += a * v;
        u1 += a * w;
        a = LOAD(a2 + i);
        s2 += a * v;
        u2 += a * w;
        a = LOAD(a3 + i);
        s3 += a * v;
        u3 += a * w;
    }
    lanes *sum[8] = { &s0, &s1, &s2, &s3, &u0, &u1, &u2, &u3 };
    for (size_t r = 0; r < 8; r++) {
        mli_real t = join(sum[r]);
        for (size_t l = i; l < n; l++)
            t += A[(r % 4) * n + l] * y[(r / 4) * n + l];
        out[r] = t;
    }
}

/* c (d) += a b */
INLINE void add_row(size_t d, mli_real a, const mli_real *b, mli_real *restrict c)
{
    for (size_t i = 0; i < d; i++)
        c[i] += a * b[i];
}

/* The same for four rows of B, one after the other in each entry: c (d) += a[0] B[0] + .. a[3 stride] B[3] */
INLINE void add_row4(size_t d, const mli_real *a, size_t stride, const mli_real *B, mli_real *restrict c)
{
    const mli_real *b0 = B, *b1 = B + d, *b2 = B + 2 * d, *b3 = B + 3 * d;
    mli_real a0 = a[0], a1 = a[stride], a2 = a[2 * stride], a3 = a[3 * stride];
    size_t i = 0;

    for (; i + LANES <= d; i += LANES)
        *(lanes *)(c + i) =
            (((LOAD(c + i) + a0 * LOAD(b0 + i)) + a1 * LOAD(b1 + i)) + a2 * LOAD(b2 + i)) +
            a3 * LOAD(b3 + i);
    for (; i < d; i++)
        c[i] = (((c[i] + a0 * b0[i]) + a1 * b1[i]) + a2 * b2[i]) + a3 * b3[i];
}

/* What a product is added to: beta C, where beta = 0 does not read C. */
INLINE void scale(size_t n, mli_real beta, mli_real *C)
{
    if (beta == 0)
        memset(C, 0, n * sizeof(*C));
    else if (beta != 1)
        for (size_t i = 0; i < n; i++)
            C[i] *= beta;
}

CLONES
static double lanes_dot(size_t n, const mli_real *x, const mli_real *y)
{
    return dot(n, x, y);
}

/* Rows of A that stay in the second cache while those of B go by, by fours. */
INLINE size_t rows_kept(size_t n, size_t d)
{
    size_t rows = KEPT / (d * sizeof(mli_real) + 1);

    if (rows > n)
        rows = n;
    return rows < 4 ? 4 : rows / 4 * 4;
}

CLONES
static void multiply_nt(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    size_t i = 0, fours = n / 4 * 4, kept = rows_kept(n, d);
    mli_real z[8];

    scale(n * k, (mli_real)beta, C);
    while (i < fours) {
        size_t end = fours - i < kept ? fours : i + kept;
        size_t j = 0;
        for (; d >= WIDE && j + 2 <= k; j += 2) {
            for (size_t row = i; row < end; row += 4) {
                dot4x2(d, A + row * d, B + j * d, z);
                for (size_t r = 0; r < 8; r++)
                    C[(row + r % 4) * k + j + r / 4] += z[r];
            }
        }
        for (; j < k; j++) {
            for (size_t row = i; row < end; row += 4) {
                dot4(d, A + row * d, B + j * d, z);
                for (size_t r = 0; r < 4; r++)
                    C[(row + r) * k + j] += z[r];
            }
        }
        i = end;
    }
    for (; i < n; i++) {
        size_t j = 0;
        for (; j + 4 <= k; j += 4) {
            dot4(d, B + j * d, A + i * d, z);
            for (size_t r = 0; r < 4; r++)
                C[i * k + j + r] += z[r];
        }
        for (; j < k; j++)
            C[i * k + j] += dot(d, A + i * d, B + j * d);
    }
}

CLONES
static void multiply_tn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    size_t i = 0;

    scale(k * d, (mli_real)beta, C);
    for (; i + 4 <= n; i += 4)
        for (size_t j = 0; j < k; j++)
            add_row4(d, A + i * k + j, k, B + i * d, C + j * d);
    for (; i < n; i++)
        for (size_t j = 0; j < k; j++)
            add_row(d, A[i * k + j], B + i * d, C + j * d);
}

CLONES
static void multiply_nn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta,
                        mli_real *C)
{
    scale(n * d, (mli_real)beta, C);
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        for (; j + 4 <= k; j += 4)
            add_row4(d, A + i * k + j, 1, B + j * d, C + i * d);
        for (; j < k; j++)
            add_row(d, A[i * k + j], B + j * d, C + i * d);
    }
}

double mli_dot(size_t n, const mli_real *x, const mli_real *y)
{
    return lanes_dot(n, x, y);
}

const struct mli_kernels mli_kernels_plain = { "plain", multiply_nt, multiply_tn, multiply_nn };
