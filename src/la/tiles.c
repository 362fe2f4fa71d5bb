/*
 * Products for processors with AVX2 and FMA, without the packing that a BLAS does first: at the sizes of a batch it costs
 * as much as a third of the product. Twelve sums stay in registers, the most that leave room for their operands [Goto & van
 * de Geijn 2008]; each runs over the whole inner extent in order, so a result does not depend on what is computed beside
 * it. The right-hand rows of a tile stay in the first cache.
 */
#include <la/tiles.h>

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>

#ifdef MLI_SINGLE
#define LANES ((size_t)8)
typedef __m256 lanes;
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define ALL(x) _mm256_set1_ps(x)
#define ADD_PRODUCT(a, b, c) _mm256_fmadd_ps(a, b, c)
#define TIMES(a, b) _mm256_mul_ps(a, b)
#define LOAD_SOME(p, mask) _mm256_maskload_ps(p, mask)
#define STORE_SOME(p, mask, v) _mm256_maskstore_ps(p, mask, v)
static const int32_t ones[2 * LANES] = { -1, -1, -1, -1, -1, -1, -1, -1 };
#else
#define LANES ((size_t)4)
typedef __m256d lanes;
#define LOAD(p) _mm256_loadu_pd(p)
#define STORE(p, v) _mm256_storeu_pd(p, v)
#define ALL(x) _mm256_set1_pd(x)
#define ADD_PRODUCT(a, b, c) _mm256_fmadd_pd(a, b, c)
#define TIMES(a, b) _mm256_mul_pd(a, b)
#define LOAD_SOME(p, mask) _mm256_maskload_pd(p, mask)
#define STORE_SOME(p, mask, v) _mm256_maskstore_pd(p, mask, v)
static const int64_t ones[2 * LANES] = { -1, -1, -1, -1 };
#endif

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE AVX2 __attribute__((always_inline)) static inline
enum { ROWS = 6, INNER = 256, DOT_ROWS = 3, DOT_COLUMNS = 4 };

/* The first n lanes, n < LANES. */
INLINE __m256i first_lanes(size_t n)
{
    return _mm256_loadu_si256((const __m256i *)(ones + LANES - n));
}

/* ---- sums of rows of B ------------------------------------------------------------------------------------------- */

/* C (rows,wide) = beta C + sum over l < inner of a(row, l) B[l, .] */
struct sums {
    size_t inner, wide;
    const mli_real *B;
    mli_real beta, *C;
};

/* a(r, l) of the rows of a tile is a[r down + l right]. */
INLINE void two_vectors(const struct sums *t, size_t rows, const mli_real *a, size_t down, size_t right, const mli_real *b,
                        mli_real *c)
{
    lanes low[ROWS], high[ROWS];

    for (size_t r = 0; r < rows; r++)
        low[r] = high[r] = ALL(0);
    for (size_t l = 0; l < t->inner; l++, a += right, b += t->wide) {
        lanes b0 = LOAD(b), b1 = LOAD(b + LANES);
        for (size_t r = 0; r < rows; r++) {
            lanes x = ALL(a[r * down]);
            low[r] = ADD_PRODUCT(x, b0, low[r]);
            high[r] = ADD_PRODUCT(x, b1, high[r]);
        }
    }
    for (size_t r = 0; r < rows; r++, c += t->wide) {
        STORE(c, t->beta == 0 ? low[r] : ADD_PRODUCT(ALL(t->beta), LOAD(c), low[r]));
        STORE(c + LANES, t->beta == 0 ? high[r] : ADD_PRODUCT(ALL(t->beta), LOAD(c + LANES), high[r]));
    }
}

/* The same for at most LANES columns. */
INLINE void one_vector(const struct sums *t, size_t rows, const mli_real *a, size_t down, size_t right, const mli_real *b,
                       mli_real *c, size_t columns)
{
    __m256i some = first_lanes(columns);
    lanes sum[ROWS];

    for (size_t r = 0; r < rows; r++)
        sum[r] = ALL(0);
    for (size_t l = 0; l < t->inner; l++, a += right, b += t->wide)
        for (size_t r = 0; r < rows; r++)
            sum[r] = ADD_PRODUCT(ALL(a[r * down]), LOAD_SOME(b, some), sum[r]);
    for (size_t r = 0; r < rows; r++, c += t->wide) {
        lanes before = t->beta == 0 ? ALL(0) : LOAD_SOME(c, some);
        STORE_SOME(c, some, ADD_PRODUCT(ALL(t->beta), before, sum[r]));
    }
}

INLINE void strip(const struct sums *t, size_t rows, const mli_real *a, size_t down, size_t right, mli_real *c)
{
    size_t j = 0, columns;

    for (; j + 2 * LANES <= t->wide; j += 2 * LANES)
        two_vectors(t, rows, a, down, right, t->B + j, c + j);
    for (; j < t->wide; j += columns) {
        columns = t->wide - j < LANES ? t->wide - j : LANES;
        one_vector(t, rows, a, down, right, t->B + j, c + j, columns);
    }
}

/* Columns of A, of `stride`, side by side: from far apart they would push each other out of the cache. */
INLINE void collect(size_t inner, size_t rows, const mli_real *A, size_t stride, mli_real *out)
{
    for (size_t l = 0; l < inner; l++, A += stride, out += rows)
        memcpy(out, A, rows * sizeof *out);
}

INLINE void strip_of_columns(const struct sums *t, size_t rows, const mli_real *A, size_t stride, mli_real *c)
{
    mli_real a[ROWS * INNER];

    collect(t->inner, rows, A, stride, a);
    strip(t, rows, a, 1, rows, c);
}

AVX2 static void sum_columns(const struct sums *t, size_t k, const mli_real *A)
{
    size_t i = 0;

    for (; i + ROWS <= k; i += ROWS)
        strip_of_columns(t, ROWS, A + i, k, t->C + i * t->wide);
    for (; i + 2 <= k; i += 2)
        strip_of_columns(t, 2, A + i, k, t->C + i * t->wide);
    if (i < k)
        strip_of_columns(t, 1, A + i, k, t->C + i * t->wide);
}

static void multiply_tn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta, mli_real *C)
{
    size_t first = 0, inner;

    do {
        inner = n - first < INNER ? n - first : INNER;
        const struct sums t = { inner, d, B + first * d, first ? 1 : (mli_real)beta, C };
        sum_columns(&t, k, A + first * k);
        first += inner;
    } while (first < n);
}

AVX2 static void multiply_nn(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta, mli_real *C)
{
    const struct sums t = { k, d, B, (mli_real)beta, C };
    size_t i = 0;

    for (; i + ROWS <= n; i += ROWS)
        strip(&t, ROWS, A + i * k, k, 1, C + i * d);
    for (; i < n; i++)
        strip(&t, 1, A + i * k, k, 1, C + i * d);
}

/* ---- dot products ------------------------------------------------------------------------------------------------ */

/* The sums of the lanes of each of four. */
INLINE void join(const lanes s[4], mli_real out[4])
{
#ifdef MLI_SINGLE
    lanes pairs = _mm256_hadd_ps(_mm256_hadd_ps(s[0], s[1]), _mm256_hadd_ps(s[2], s[3]));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
#else
    lanes low = _mm256_hadd_pd(s[0], s[1]), high = _mm256_hadd_pd(s[2], s[3]);
    STORE(out, _mm256_add_pd(_mm256_permute2f128_pd(low, high, 0x20), _mm256_permute2f128_pd(low, high, 0x31)));
#endif
}

/* C (n,k) = A (n,d) B' (k,d) + beta C */
struct dots {
    size_t k, d;
    const mli_real *A, *B;
    mli_real beta, *C;
};

INLINE void dots(const struct dots *t, size_t rows, size_t columns, size_t i, size_t j)
{
    const mli_real *a = t->A + i * t->d, *b = t->B + j * t->d;
    size_t d = t->d, l = 0;
    lanes sum[DOT_ROWS][DOT_COLUMNS];
    mli_real out[DOT_COLUMNS];

    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < DOT_COLUMNS; c++)
            sum[r][c] = ALL(0);
    for (; l + LANES <= d; l += LANES)
        for (size_t c = 0; c < columns; c++)
            for (size_t r = 0; r < rows; r++)
                sum[r][c] = ADD_PRODUCT(LOAD(a + r * d + l), LOAD(b + c * d + l), sum[r][c]);
    if (l < d) {
        __m256i some = first_lanes(d - l);
        for (size_t c = 0; c < columns; c++)
            for (size_t r = 0; r < rows; r++)
                sum[r][c] = ADD_PRODUCT(LOAD_SOME(a + r * d + l, some), LOAD_SOME(b + c * d + l, some), sum[r][c]);
    }
    for (size_t r = 0; r < rows; r++) {
        mli_real *z = t->C + (i + r) * t->k + j;
        join(sum[r], out);
        for (size_t c = 0; c < columns; c++)
            z[c] = t->beta == 0 ? out[c] : t->beta * z[c] + out[c];
    }
}

INLINE void dot_columns(const struct dots *t, size_t n, size_t columns, size_t j)
{
    size_t i = 0;

    for (; i + DOT_ROWS <= n; i += DOT_ROWS)
        dots(t, DOT_ROWS, columns, i, j);
    for (; i < n; i++)
        dots(t, 1, columns, i, j);
}

AVX2 static void multiply_nt(size_t n, size_t k, size_t d, const mli_real *A, const mli_real *B, double beta, mli_real *C)
{
    const struct dots t = { k, d, A, B, (mli_real)beta, C };
    size_t j = 0;

    for (; j + DOT_COLUMNS <= k; j += DOT_COLUMNS)
        dot_columns(&t, n, DOT_COLUMNS, j);
    for (; j < k; j++)
        dot_columns(&t, n, 1, j);
}

static const struct mli_kernels tiles = { "tiles", multiply_nt, multiply_tn, multiply_nn };

const struct mli_kernels *mli_tiles(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &tiles : NULL;
}

#else

const struct mli_kernels *mli_tiles(void)
{
    return NULL;
}

#endif
