/* Statistics of vectors, and of values picked out of them. */
#include <tests/unit/prep.h>

#include <math.h>
#include <prep/binning.h>
#include <prep/stats.h>
#include <stdlib.h>

static double quantile(const double *x, size_t n, double q)
{
    const struct mli_values values = { x, NULL, n, NAN, false };
    double out;

    assert_true(mli_stats_quantiles(&values, 1, &q, &out));
    return out;
}

static void statistics(void **state)
{
    static const double even[] = { -3, -1, 2, 8 }, modes[] = { 1, 2, 2, 5, 5, 9 };
    double big[1000];

    (void)state;
    assert_true(quantile(even, 4, 0.5) == 0.5);
    assert_true(quantile(even, 3, 0.5) == -1);
    assert_true(mli_stats_mode(modes, 6) == 2);
    assert_true(quantile(even, 4, 0) == -3 && quantile(even, 4, 1) == 8);
    assert_true(quantile(even, 4, 0.25) == -1.5);
    assert_true(quantile(modes, 1, 0.75) == 1);
    assert_true(mli_stats_mode(even, 1) == -3);
    /* the textbook formula loses all digits of this variance: values 1e9 + {0, 1, 2} */
    for (size_t i = 0; i < COUNT(big); i++)
        big[i] = 1e9 + (double)(i % 2);
    assert_true(mli_stats_mean(big, COUNT(big)) == 1e9 + 0.5);
    assert_true(mli_stats_variance(big, COUNT(big), 1e9 + 0.5) == 0.25);
}

static uint64_t next_bits(uint64_t *bits)
{
    return *bits = *bits * 6364136223846793005U + 1442695040888963407U;
}

/* ---- picking ------------------------------------------------------------------------------------------------- */

enum { MANY = 70000 };

/* Values that a test picks out of, and the same by themselves, in order and sorted. */
struct picked {
    struct mli_values values;
    double *x, *alone, *sorted;
    uint8_t *use;
    size_t n;
};

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* use: one in `every` rows does not count, 0: all do, 1: hardly any does. */
static struct picked pick(int kind, size_t every, double fill)
{
    struct picked p = { .x = malloc(MANY * sizeof(double)), .alone = malloc(MANY * sizeof(double)),
                        .sorted = malloc(MANY * sizeof(double)), .use = malloc(MANY) };
    uint64_t bits = 1;

    assert_non_null(p.x);
    assert_non_null(p.alone);
    assert_non_null(p.sorted);
    assert_non_null(p.use);
    for (size_t i = 0; i < MANY; i++) {
        double wild = ldexp((double)(int64_t)next_bits(&bits), (int)(bits >> 58) - 32);
        double whole = (double)(bits >> 60) - 8, pipe = (double)(i < MANY / 2 ? i : MANY - i);
        const double of_kind[] = { wild, whole, 1 + (i == 77), pipe, 1e9 + (double)(bits >> 40) / 1e6 };
        p.x[i] = of_kind[kind];
        if (kind > 0 && i % 7 == 3)
            p.x[i] = i % 2 ? NAN : -NAN;
        p.use[i] = every == 1 ? i % 5000 == 4999 : !every || i % every;
        double value = isnan(p.x[i]) ? fill : p.x[i];
        if (p.use[i] && !isnan(value))
            p.alone[p.n++] = value;
    }
    memcpy(p.sorted, p.alone, p.n * sizeof(double));
    qsort(p.sorted, p.n, sizeof(double), compare);
    p.values = (struct mli_values){ p.x, every ? p.use : NULL, MANY, fill, false };
    return p;
}

static void drop(struct picked *p)
{
    free(p->x);
    free(p->alone);
    free(p->sorted);
    free(p->use);
}

static void check_quantiles(const struct picked *p)
{
    static const double q[] = { 0, 0.25, 0.5, 1 };
    const double *sorted = p->sorted;
    size_t n = p->n;
    double out[4];

    assert_true(mli_stats_quantiles(&p->values, 4, q, out));
    assert_true(out[0] == sorted[0] && out[3] == sorted[n - 1]);
    double at = 0.25 * (double)(n - 1), part = at - floor(at);
    double low = sorted[(size_t)at], high = sorted[(size_t)at + 1];
    assert_true(fabs(out[1] - (low + (high - low) * part)) <= 1e-15 * (fabs(low) + fabs(high)));
    assert_true(out[2] == (n % 2 ? sorted[n / 2] : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2));
}

/* A textbook's two passes, with more digits than a double has. */
static void check_moments(const struct picked *p)
{
    struct mli_moments m, alone;
    long double sum = 0, squares = 0;
    const struct mli_values by_themselves = { p->alone, NULL, p->n, NAN, false };

    for (size_t i = 0; i < p->n; i++)
        sum += p->alone[i];
    long double mean = sum / (long double)p->n;
    for (size_t i = 0; i < p->n; i++)
        squares += (p->alone[i] - mean) * (p->alone[i] - mean);
    mli_stats_moments(&p->values, &m);
    assert_int_equal(m.n, p->n);
    assert_true(m.low == p->sorted[0] && m.high == p->sorted[p->n - 1]);
    double variance = (double)(squares / (long double)p->n), reach = sqrt(variance) + fabs((double)mean);
    assert_true(fabs(m.mean - (double)mean) <= 1e-15 * reach); /* an ulp or two of the largest sum */
    assert_true(fabs(m.variance - variance) <= 1e-14 * variance + 1e-30);
    mli_stats_moments(&by_themselves, &alone);
    assert_memory_equal(&alone, &m, sizeof(m)); /* wherever they were */
}

/* Spread out, whole numbers, nearly all equal, up and down again, far from 0; with NaN between; all, most and few of them. */
static void picked_values(void **state)
{
    (void)state;
    for (int kind = 0; kind < 5; kind++)
        for (size_t every = 0; every < 6; every++)
            for (int filled = 0; filled < 2; filled++) {
                struct picked p = pick(kind, every, filled ? 3 : NAN);
                double *copy = malloc((p.n + 1) * sizeof(double));
                assert_non_null(copy);
                assert_int_equal(mli_values_copy(&p.values, copy), p.n);
                assert_memory_equal(copy, p.alone, p.n * sizeof(double));
                free(copy);
                check_quantiles(&p);
                check_moments(&p);
                drop(&p);
            }
}

static void nothing_has_no_moments(void **state)
{
    static const double x[] = { NAN, 5, NAN, false };
    static const uint8_t use[] = { 1, 0, 1 };
    const struct mli_values values = { x, use, 3, NAN, false };
    struct mli_moments m;

    (void)state;
    mli_stats_moments(&values, &m);
    assert_true(m.n == 0 && isnan(m.mean) && isnan(m.variance) && m.low == INFINITY && m.high == -INFINITY);
}

/* Bins of n values: none empty, edges that are values, rows as they are counted one by one. */
static void check_bins(const struct mli_values *values, const double *alone, size_t n)
{
    struct mli_moments moments;
    struct mli_bins *bins = NULL;

    assert_true(mli_bins_of_values(values, &moments, &bins));
    assert_int_equal(moments.n, n);
    assert_true(bins->count >= 1 && bins->count <= 10);
    for (size_t k = 0; k < bins->count; k++) {
        uint64_t rows = 0;
        for (size_t i = 0; i < n; i++)
            rows += (k == 0 || alone[i] > bins->edge[k - 1]) && (k + 1 == bins->count || alone[i] <= bins->edge[k]);
        assert_true(rows > 0 && rows == bins->rows[k]);
    }
    free(bins);
}

static void bins_count_every_value(void **state)
{
    (void)state;
    for (int kind = 0; kind < 5; kind++)
        for (size_t every = 0; every < 6; every++) {
            struct picked p = pick(kind, every, NAN);
            check_bins(&p.values, p.alone, p.n);
            drop(&p);
        }
}

/* Tenths of ten thousand different values in any order, to within what a sample may be wrong by; few values are bins. */
static void bins_are_tenths(void **state)
{
    enum { N = 10000 };
    double *x = malloc(N * sizeof(*x));
    struct mli_moments moments;
    struct mli_bins *bins = NULL;

    (void)state;
    assert_non_null(x);
    for (size_t i = 0; i < N; i++)
        x[i] = (double)(i * 7919 % N);
    const struct mli_values values = { x, NULL, N, NAN, false };
    assert_true(mli_bins_of_values(&values, &moments, &bins));
    assert_int_equal(bins->count, 10);
    for (size_t k = 0; k < bins->count; k++)
        assert_in_range(bins->rows[k], N / 10 - 250, N / 10 + 250);
    free(bins);
    for (size_t i = 0; i < N; i++)
        x[i] = i < 9990 ? 0 : i < 9995 ? -0.0 : 1;
    assert_true(mli_bins_of_values(&values, &moments, &bins));
    assert_true(bins->count == 1 || (bins->count == 2 && bins->edge[0] == 0 && bins->rows[1] == 5));
    free(bins);
    for (size_t i = 0; i < N; i++)
        x[i] = i % 3 == 0 ? -1 : i % 3 == 1 ? 0 : 5;
    assert_true(mli_bins_of_values(&values, &moments, &bins));
    assert_true(bins->count == 3 && bins->edge[0] == -1 && bins->edge[1] == 0);
    assert_true(bins->rows[0] == 3334 && bins->rows[1] == 3333 && bins->rows[2] == 3333);
    free(bins);
    for (size_t i = 0; i < N; i++)
        x[i] = i % 400 ? NAN : (double)i; /* a sample meets next to none */
    assert_true(mli_bins_of_values(&values, &moments, &bins));
    assert_true(moments.n == 25 && bins->count == 10);
    free(bins);
    free(x);
}

static void no_value_has_no_bins(void **state)
{
    static const double x[] = { NAN, NAN, false };
    const struct mli_values values = { x, NULL, 2, NAN, false };
    struct mli_bins *bins = NULL;
    struct mli_moments moments;

    (void)state;
    assert_true(mli_bins_of_values(&values, &moments, &bins));
    assert_true(!bins && moments.n == 0);
}

static void sign_of_zero_does_not_count(void **state)
{
    static const double x[] = { -0.0, -0.0, -0.0 };

    (void)state;
    assert_false(signbit(quantile(x, 3, 0.5)));
}

int prep_stats_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics),
        cmocka_unit_test(picked_values),
        cmocka_unit_test(nothing_has_no_moments),
        cmocka_unit_test(bins_count_every_value),
        cmocka_unit_test(bins_are_tenths),
        cmocka_unit_test(no_value_has_no_bins),
        cmocka_unit_test(sign_of_zero_does_not_count),
    };

    return cmocka_run_group_tests_name("prep: statistics", tests, NULL, NULL);
}
