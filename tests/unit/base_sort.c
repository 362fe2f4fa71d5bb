/* Sorting, and the value at a place without it. */
#include <tests/unit/base.h>

#include <base/select.h>
#include <base/sort.h>
#include <math.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void sorting(void **state)
{
    static const double special[] = {
        0.0, 5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 1, -1
    };
    double x[500], y[500], temp[500];
    uint64_t bits = 1;

    (void)state;
    for (size_t n = 1; n <= sizeof(x) / sizeof(*x); n += 83) {
        for (size_t i = 0; i < n; i++) {
            bits = bits * 6364136223846793005U + 1442695040888963407U;
            x[i] = i < sizeof(special) / sizeof(*special) ? special[i]
                                      : ldexp((double)(int64_t)bits, (int)(bits >> 58) - 32);
            y[i] = x[i];
        }
        mli_sort(x, temp, n);
        qsort(y, n, sizeof(*y), compare);
        assert_memory_equal(x, y, n * sizeof(*x));
    }
}

/* Against sorting, with ties, at every place. */
static void selecting_is_sorting(void **state)
{
    (void)state;
    for (size_t n = 1; n < 40; n++) {
        for (size_t k = 0; k < n; k++) {
            double x[40], found;
            for (size_t i = 0; i < n; i++)
                x[i] = (double)(i * 7919 % 31 % (n / 2 + 1));
            found = mli_select(n, x, k);
            for (size_t i = 0; i < n; i++)
                assert_true(i < k ? x[i] <= found : x[i] >= found);
            assert_true(x[k] == found);
        }
    }
}

/* Up and down again, so that the middle place always has the largest value: that takes no longer than any other. */
static void patterns_are_nothing_special(void **state)
{
    enum { MANY = 400000 };
    double *x = malloc(MANY * sizeof(*x));

    (void)state;
    assert_non_null(x);
    for (size_t i = 0; i < MANY; i++)
        x[i] = (double)(i < MANY / 2 ? i : MANY - i);
    assert_true(mli_select(MANY, x, MANY / 2) == MANY / 4);
    free(x);
}

int base_sort_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting),
        cmocka_unit_test(selecting_is_sorting),
        cmocka_unit_test(patterns_are_nothing_special),
    };

    return cmocka_run_group_tests_name("base: sort", tests, NULL, NULL);
}
