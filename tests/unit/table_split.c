#include <tests/unit/table.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/split.h>

static void parses_specifications(void **state)
{
    struct mli_split split;

    (void)state;
    assert_int_equal(mli_split_parse("random:0.2", &split, NULL), ML_OK);
    assert_true(split.kind == MLI_SPLIT_RANDOM && split.shares == 1 && split.share[0] == 0.2);
    assert_int_equal(mli_split_parse("every:5", &split, NULL), ML_OK);
    assert_true(split.kind == MLI_SPLIT_EVERY && split.every == 5);
    assert_int_equal(mli_split_parse("last:.25", &split, NULL), ML_OK);
    assert_true(split.kind == MLI_SPLIT_LAST && split.share[0] == 0.25);
    assert_int_equal(mli_split_parse("column:is:test", &split, NULL), ML_OK);
    assert_int_equal(split.kind, MLI_SPLIT_COLUMN);
    assert_string_equal(split.column, "is:test");
    assert_int_equal(mli_split_parse("time:a:b:0.2,0.1", &split, NULL), ML_OK);
    assert_true(split.kind == MLI_SPLIT_TIME && split.shares == 2 && split.share[1] == 0.1);
    assert_string_equal(split.column, "a:b");
    assert_int_equal(mli_split_parse("none", &split, NULL), ML_OK);
    assert_int_equal(split.kind, MLI_SPLIT_NONE);
    assert_int_equal(mli_split_parts(&split), 1);
}

static const struct {
    const char *text, *error;
} bad[] = {
    { "", "expected random:F, every:K, last:F, time:COLUMN:F, column:NAME or none" },
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
    { "random:0.5,0.5", "expected random:F" },
    { "random:0.2,", "expected random:F" },
    { "random:.1,.1,.1,.1,.1,.1,.1,.1,.1", "expected random:F" },
    { "time:0.2", "expected time:COLUMN:F" },
    { "time::0.2", "expected time:COLUMN:F" },
    { "time:day", "expected time:COLUMN:F" },
    { "time:day:2", "expected time:COLUMN:F" },
    { "tiem:day:0.2", "did you mean time:COLUMN:F" },
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
    const struct mli_split_rows rows = { .n = n, .classes = classes, .table = table };
    struct mli_split split;
    size_t held = 0;

    memset(test, 0xAA, n);
    assert_int_equal(mli_split_parse(text, &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &rows, seed, test, NULL), ML_OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(test[i] <= 1);
        held += test[i];
    }
    return held;
}

static void expect_one_sided(const char *text, size_t n, const int32_t *classes,
                             const struct ml_table *table, enum ml_status status, const char *part)
{
    const struct mli_split_rows rows = { .n = n, .classes = classes, .table = table };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_split split;
    uint8_t test[64];

    assert_int_equal(mli_split_parse(text, &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &rows, 1, test, &err), status);
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
    static const char *const no[] = { "", "0", "-1", "1x", "11", "y", "tests", "train" };

    (void)state;
    for (size_t i = 0; i < COUNT(yes) + COUNT(no); i++) {
        const char *word = i < COUNT(yes) ? yes[i] : no[i - COUNT(yes)];
        char text[128];
        uint8_t test[3];
        snprintf(text, sizeof(text), "a,is\n1,test\n2,train\n3,%s\n", word);
        struct ml_table *table = table_of(text);
        assert_int_equal(apply("column:is", 3, NULL, table, 1, test), i < COUNT(yes) ? 2 : 1);
        assert_int_equal(test[2], i < COUNT(yes));
        ml_table_free(table);
    }
}

static void splits_into_more_parts(void **state)
{
    enum { N = 200 };
    const struct mli_split_rows rows = { .n = N, .classes = (int32_t[N]){ [7] = 1, [9] = 1, [11] = 1 } };
    struct mli_split split;
    uint8_t part[N];
    size_t count[3] = { 0 }, rare[3] = { 0 };

    (void)state;
    assert_int_equal(mli_split_parse("random:0.1,0.25", &split, NULL), ML_OK);
    assert_int_equal(mli_split_parts(&split), 3);
    assert_int_equal(mli_split_apply(&split, &rows, 5, part, NULL), ML_OK);
    for (size_t i = 0; i < N; i++) {
        count[part[i]]++;
        rare[part[i]] += (size_t)rows.classes[i];
    }
    assert_true(count[1] == 20 || count[1] == 21);
    assert_true(count[2] == 50 || count[2] == 51);
    assert_true(rare[0] == 1 && rare[1] == 1 && rare[2] == 1);
    assert_int_equal(mli_split_parse("last:0.1,0.25", &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &rows, 5, part, NULL), ML_OK);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(part[i], i < 130 ? 0 : i < 150 ? 1 : 2);
    struct ml_error err = ML_ERROR_INIT;
    const struct mli_split_rows few = { .n = 2 };
    assert_int_equal(mli_split_apply(&split, &few, 5, part, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, 0, 0, "2 rows are too few for a split into 3 parts");
}

/* part of each row as digits */
static const char *parts_of(const char *text, const struct ml_table *table)
{
    static char digits[64];
    const struct mli_split_rows rows = { .n = table->rows, .table = table };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_split split;
    uint8_t part[64];

    assert_int_equal(mli_split_parse(text, &split, NULL), ML_OK);
    if (mli_split_apply(&split, &rows, 1, part, &err) != ML_OK)
        return strcpy(digits, strstr(err.text, "both sides") ? "one side" : "?");
    for (size_t i = 0; i < table->rows; i++)
        digits[i] = (char)('0' + part[i]);
    digits[table->rows] = '\0';
    return digits;
}

static void splits_by_time(void **state)
{
    struct ml_table *table = table_of("day,t,a:b,same,word,pair\n"
                                      "2020-01-05,1,1,3,x,1\n"
                                      "2020-01-01,2,2,3,y,2\n"
                                      "2020-01-09,2,3,3,x,3\n"
                                      "2020-01-07,2,4,3,y,4\n"
                                      ",5,5,3,x,4\n"
                                      "2020-01-03,6,6,3,y,5\n");
    struct ml_error err = ML_ERROR_INIT;
    struct mli_split split;
    struct notes notes;
    struct ml_log log = log_to(&notes);
    struct mli_split_rows rows = { .n = 6, .table = table, .log = &log };
    uint8_t part[6];

    (void)state;
    assert_string_equal(parts_of("time:day:0.4", table), "001100"); /* 2 of the 5 that have one */
    assert_string_equal(parts_of("time:a:b:0.5", table), "000111");
    assert_string_equal(parts_of("time:a:b:0.3,0.2", table), "000112");
    assert_string_equal(parts_of("time:t:0.5", table), "000011");  /* three are equal: 2 or 5 rows, 2 is nearer */
    assert_string_equal(parts_of("time:t:0.67", table), "011111"); /* 5 is nearer to 4 than 2, of equals the fewer */
    assert_string_equal(parts_of("time:t:0.01", table), "000001");
    assert_string_equal(parts_of("time:t:0.99", table), "011111");
    assert_string_equal(parts_of("time:pair:0.33", table), "000001"); /* 1 and 3 rows are as near to 2: the fewer */
    assert_string_equal(parts_of("time:same:0.5", table), "one side");
    assert_int_equal(mli_split_parse("time:word:0.5", &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &rows, 1, part, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, 0, 0, "the column is a category; it takes a number or an instant");
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(mli_split_parse("time:dya:0.5", &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &rows, 1, part, &err), ML_EUSAGE);
    expect_error(&err, ML_EUSAGE, 0, 0, "split time:dya: no such column; did you mean \"day\"?");
    assert_int_equal(mli_split_parse("time:day:0.5", &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &rows, 1, part, NULL), ML_OK);
    assert_non_null(strstr(notes.text, "1 of 6 rows have no \"day\""));
    ml_table_free(table);
}

/* 300 groups of 1 to 12 rows in a random order, three classes: whole groups, near the share, each class near its own. */
static void keeps_groups_together(void **state)
{
    enum { N = 1950, GROUPS = 300 };
    static size_t groups[N];
    static int32_t classes[N];
    static uint8_t part[N], again[N], other[N];
    const struct mli_split_rows rows = { .n = N, .classes = classes, .groups = groups };
    struct mli_split split;

    (void)state;
    for (size_t i = 0, group = 0, left = 1; i < N; i++, left--) {
        if (left == 0)
            left = ++group % 12 + 1;
        groups[(i * 7) % N] = group; /* 7 and N have no common divisor: every row once */
        classes[(i * 7) % N] = (int32_t)(group % 10 == 0 ? 2 : group % 2);
    }
    for (size_t t = 0; t < 2; t++) {
        assert_int_equal(mli_split_parse(t ? "random:0.2,0.1" : "random:0.2", &split, NULL), ML_OK);
        for (uint64_t seed = 1; seed < 20; seed++) {
            double held[3][3] = { 0 };
            int8_t of[N];
            memset(of, -1, sizeof(of));
            assert_int_equal(mli_split_apply(&split, &rows, seed, part, NULL), ML_OK);
            assert_int_equal(mli_split_apply(&split, &rows, seed, again, NULL), ML_OK);
            assert_int_equal(mli_split_apply(&split, &rows, seed + 1, other, NULL), ML_OK);
            assert_memory_equal(part, again, N);
            assert_memory_not_equal(part, other, N);
            for (size_t i = 0; i < N; i++) {
                assert_true(of[groups[i]] < 0 || of[groups[i]] == part[i]);
                of[groups[i]] = (int8_t)part[i];
                held[part[i]][classes[i]]++;
            }
            for (size_t p = 1; p <= split.shares; p++) {
                double sum = held[p][0] + held[p][1] + held[p][2];
                /* the last group may miss by half its size, once a class: 12 / 2 * 3 rows */
                assert_true(fabs(sum - split.share[p - 1] * N) <= 18);
                for (size_t c = 0; c < 3; c++) {
                    double all = held[0][c] + held[1][c] + held[2][c];
                    assert_true(fabs(held[p][c] - split.share[p - 1] * all) <= 12);
                }
            }
        }
    }
}

static void odd_groups(void **state)
{
    static const struct {
        const char *split;
        size_t n, groups[8];
        size_t held[3]; /* rows of parts 1 and 2 at least, of both at most */
    } cases[] = {
        { "random:0.2", 8, { 0, 0, 0, 0, 1, 1, 1, 1 }, { 4, 0, 4 } },    /* either group is too much */
        { "random:0.9", 8, { 0, 0, 0, 0, 1, 1, 1, 1 }, { 4, 0, 4 } },    /* both would be nearer */
        { "random:0.1", 8, { 0, 0, 0, 0, 0, 0, 5, 5 }, { 2, 0, 2 } },    /* the smallest one */
        { "random:0.5", 8, { 0, 1, 2, 3, 4, 5, 6, 7 }, { 4, 0, 4 } },    /* each row its own */
        { "random:0.3,0.3", 8, { 0, 0, 0, 0, 0, 0, 1, 2 }, { 1, 1, 2 } },
    };

    (void)state;
    for (size_t t = 0; t < COUNT(cases); t++) {
        const struct mli_split_rows rows = { .n = cases[t].n, .groups = cases[t].groups };
        struct mli_split split;
        for (uint64_t seed = 1; seed < 9; seed++) {
            uint8_t part[8];
            size_t count[3] = { 0 };
            assert_int_equal(mli_split_parse(cases[t].split, &split, NULL), ML_OK);
            assert_int_equal(mli_split_apply(&split, &rows, seed, part, NULL), ML_OK);
            for (size_t i = 0; i < rows.n; i++)
                count[part[i]]++;
            assert_true(count[1] >= cases[t].held[0] && count[2] >= cases[t].held[1]);
            assert_true(count[1] + count[2] <= cases[t].held[2]);
        }
    }
    const struct mli_split_rows one = { .n = 3, .groups = (size_t[]){ 1, 1, 1 } };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_split split;
    uint8_t part[3];
    assert_int_equal(mli_split_parse("random:0.5", &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &one, 1, part, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, 0, 0, "1 group cannot be on both sides");
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(mli_split_parse("last:0.5", &split, NULL), ML_OK);
    assert_int_equal(mli_split_apply(&split, &one, 1, part, &err), ML_EUSAGE);
    expect_error(&err, ML_EUSAGE, 0, 0, "groups go with a random split");
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
        cmocka_unit_test(splits_into_more_parts),
        cmocka_unit_test(splits_by_time),
        cmocka_unit_test(keeps_groups_together),
        cmocka_unit_test(odd_groups),
    };
    return cmocka_run_group_tests_name("table/split", tests, NULL, NULL);
}
