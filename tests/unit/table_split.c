#include <tests/unit/table.h>

#include <math.h>
#include <stdlib.h>
#include <table/split.h>

static void parses_specifications(void **state)
{
    struct mli_split split;

    (void)state;
    assert_int_equal(mli_split_parse("random:0.2", &split, NULL), ML_OK);
    assert_true(split.kind == MLI_SPLIT_RANDOM && split.fraction == 0.2);
    assert_int_equal(mli_split_parse("every:5", &split, NULL), ML_OK);
    assert_true(split.kind == MLI_SPLIT_EVERY && split.every == 5);
    assert_int_equal(mli_split_parse("last:.25", &split, NULL), ML_OK);
    assert_true(split.kind == MLI_SPLIT_LAST && split.fraction == 0.25);
    assert_int_equal(mli_split_parse("column:is:test", &split, NULL), ML_OK);
    assert_int_equal(split.kind, MLI_SPLIT_COLUMN);
    assert_string_equal(split.column, "is:test");
    assert_int_equal(mli_split_parse("none", &split, NULL), ML_OK);
    assert_int_equal(split.kind, MLI_SPLIT_NONE);
}

static const struct {
    const char *text, *error;
} bad[] = {
    { "", "expected random:F, every:K, last:F, column:NAME or none" },
    { "random", "expected random:F with a fraction" },
    { "random:", "expected random:F" },
    { "random:0", "expected random:F" },
    { "random:1", "expected random:F" },
    { "random:-0.5", "expected random:F" },
    { "random:0.2x", "expected random:F" },
    { "last:1.5", "expected last:F" },
    { "every:1", "expected every:K" },
    { "every:-5", "expected every:K" },
    { "every:2.5", "expected every:K" },
    { "column:", "expected column:NAME" },
    { "none:5", "expected none" },
    { "radnom:0.2", "did you mean random:F" },
    { "Random:0.2", "did you mean random:F" },
    { "evry:5", "did you mean every:K" },
    { "a-word-of-no-kind:5", "expected random:F, every:K" },
};

static void refuses_other_specifications(void **state)
{
    char long_name[512] = "column:";

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_split split = { .every = 42 };
        assert_int_equal(mli_split_parse(bad[i].text, &split, &err), ML_EUSAGE);
        assert_int_equal(split.every, 42);
        expect_error(&err, ML_EUSAGE, 0, 0, bad[i].error);
    }
    memset(long_name + 7, 'x', 255);
    struct mli_split split;
    assert_int_equal(mli_split_parse(long_name, &split, NULL), ML_OK);
    assert_int_equal(strlen(split.column), 255);
    long_name[7 + 255] = 'x';
    assert_int_equal(mli_split_parse(long_name, &split, NULL), ML_EUSAGE);
}

/* Applies a specification and gives the number of rows held out. */
static size_t apply(const char *text, size_t n, const int32_t *classes,
                    const struct ml_table *table, uint64_t seed, uint8_t *test)
{
    struct mli_split split;
    size_t held = 0;

    memset(test, 0xAA, n);
    assert_int_equal(mli_split_parse(text, &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, n, classes, table, seed, test, NULL), ML_OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(test[i] <= 1);
        held += test[i];
    }
    return held;
}

static void expect_one_sided(const char *text, size_t n, const int32_t *classes,
                             const struct ml_table *table, enum ml_status status, const char *part)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_split split;
    uint8_t test[64];

    assert_int_equal(mli_split_parse(text, &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, n, classes, table, 1, test, &err), status);
    expect_error(&err, status, 0, 0, part);
}

static void splits_by_position(void **state)
{
    uint8_t test[10];

    (void)state;
    assert_int_equal(apply("every:5", 10, NULL, NULL, 1, test), 2);
    assert_true(test[4] && test[9]);
    assert_int_equal(apply("last:0.3", 10, NULL, NULL, 1, test), 3);
    assert_true(test[7] && test[8] && test[9]);
    assert_int_equal(apply("last:0.01", 10, NULL, NULL, 1, test), 1);
    assert_int_equal(apply("last:0.99", 10, NULL, NULL, 1, test), 9);
    assert_int_equal(apply("none", 10, NULL, NULL, 1, test), 0);
    expect_one_sided("every:5", 4, NULL, NULL, ML_EDATA, "holds out 0 of 4 rows");
    expect_one_sided("last:0.5", 1, NULL, NULL, ML_EDATA, "holds out 0 of 1 rows");
    expect_one_sided("random:0.5", 1, NULL, NULL, ML_EDATA, "holds out 0 of 1 rows");
}

static void splits_at_random_by_the_seed(void **state)
{
    enum { N = 1000 };
    static uint8_t one[N], two[N], other[N];
    size_t first_half = 0, same = 0;

    (void)state;
    assert_int_equal(apply("random:0.2", N, NULL, NULL, 7, one), 200);
    assert_int_equal(apply("random:0.2", N, NULL, NULL, 7, two), 200);
    assert_int_equal(apply("random:0.2", N, NULL, NULL, 8, other), 200);
    assert_memory_equal(one, two, N);
    for (size_t i = 0; i < N; i++) {
        first_half += i < N / 2 && one[i];
        same += one[i] && other[i];
    }
    /* hypergeometric with mean 100 and 40, deviation 6.3 and 5.1: six deviations are enough for two
     * fixed seeds */
    assert_in_range(first_half, 62, 138);
    assert_in_range(same, 10, 70);
}

static void stratifies_by_class(void **state)
{
    enum { N = 107 };
    int32_t classes[N];
    uint8_t test[N];
    size_t held[5] = { 0 };
    /* 70 of class 0, 30 of 1, 4 of 2, 2 of 3, 1 of 4; a fifth is 14, 6, 0.8, 0.4, 0.2, in all 21.4
     */
    static const size_t rows[5] = { 70, 30, 4, 2, 1 }, expected[5] = { 14, 6, 1, 1, 0 };

    (void)state;
    for (size_t c = 0, i = 0; c < 5; c++) {
        for (size_t k = 0; k < rows[c]; k++)
            classes[i++] = (int32_t)c;
    }
    assert_int_equal(apply("random:0.2", N, classes, NULL, 3, test), 22);
    for (size_t i = 0; i < N; i++)
        held[classes[i]] += test[i];
    for (size_t c = 0; c < 5; c++)
        assert_int_equal(held[c], expected[c]);
    assert_int_equal(apply("random:0.9", N, classes, NULL, 3, test), 63 + 27 + 3 + 1);
    memset(held, 0, sizeof(held));
    for (size_t i = 0; i < N; i++)
        held[classes[i]] += test[i];
    assert_int_equal(held[2], 3);
    assert_int_equal(held[3], 1);
    assert_int_equal(held[4], 0);
    expect_one_sided("random:0.5", 3, (int32_t[]){ 2, 0, 1 }, NULL, ML_EDATA,
                     "holds out 0 of 3 rows");
}

/* 3 classes of 5 rows, 0.3: 1.5 each, 4.5 in all, so 5 (to the nearest row): two classes get 2, the
 * lower codes first. */
static void gives_remainders_to_the_largest_first(void **state)
{
    int32_t classes[15];
    uint8_t test[15];
    size_t held[3] = { 0 };

    (void)state;
    for (int32_t i = 0; i < 15; i++)
        classes[i] = i % 3;
    assert_int_equal(apply("random:0.3", 15, classes, NULL, 9, test), 5);
    for (size_t i = 0; i < 15; i++)
        held[classes[i]] += test[i];
    assert_true(held[0] == 2 && held[1] == 2 && held[2] == 1);
}

static void splits_by_a_column(void **state)
{
    struct ml_table *table = table_of("x,n,w,no,all\n"
                                      "1,0,train,0,1\n"
                                      "2,1,TEST,0,1\n"
                                      "3,2,Yes,0,1\n"
                                      "4,,NA,0,1\n"
                                      "5,1,true,0,1\n"
                                      "6,0.5,1,0,1\n");
    uint8_t test[6];

    (void)state;
    assert_int_equal(apply("column:n", 6, NULL, table, 1, test), 2);
    assert_true(test[1] && test[4]);
    assert_int_equal(apply("column:w", 6, NULL, table, 1, test), 4);
    assert_false(test[0] || test[3]);
    expect_one_sided("column:no", 6, NULL, table, ML_EDATA, "column:no holds out 0 of 6 rows");
    expect_one_sided("column:all", 6, NULL, table, ML_EDATA, "column:all holds out 6 of 6 rows");
    expect_one_sided("column:ALL", 6, NULL, table, ML_EUSAGE,
                     "no such column; did you mean \"all\"?");
    expect_one_sided("column:holdout", 6, NULL, table, ML_EUSAGE, "no such column");
    ml_table_free(table);
}

static void text_marks_rows_as_numbers_do(void **state)
{
    static const char *const yes[] = { "1", "1.0", "01", "+1e0", "true", "Yes", "TEST" };
    static const char *const no[] = { "", "0", "-1", "1x", "11", "t", "y", "tests", "train" };

    (void)state;
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_true(mli_split_marks(yes[i]));
    for (size_t i = 0; i < COUNT(no); i++)
        assert_false(mli_split_marks(no[i]));
}

int table_split_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_specifications),
        cmocka_unit_test(refuses_other_specifications),
        cmocka_unit_test(splits_by_position),
        cmocka_unit_test(splits_at_random_by_the_seed),
        cmocka_unit_test(stratifies_by_class),
        cmocka_unit_test(gives_remainders_to_the_largest_first),
        cmocka_unit_test(splits_by_a_column),
        cmocka_unit_test(text_marks_rows_as_numbers_do),
    };
    return cmocka_run_group_tests_name("table/split", tests, NULL, NULL);
}
