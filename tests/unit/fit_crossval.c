/* Folds, that a fold learns nothing of its rows, and that scores do not depend on how they are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first */
#include <cmocka.h>

#include <base/file.h>
#include <fit/crossval.h>
#include <fit/matrix.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tests/numeric/search_expected.h>
#include <tests/unit/fit.h>

/* ---- folds ---- */

static int compare_rows(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    for (size_t c = 0; c < 3; c++)
        if (x[c] != y[c])
            return x[c] < y[c] ? -1 : 1;
    return 0;
}

/* Class counts of the folds, sorted, are the expected ones, of `classes` columns; the same again for the same seed. */
static void expect_folds(const struct mli_split_rows *rows, size_t k, size_t classes, const size_t *expected)
{
    struct ml_error err = ML_ERROR_INIT;
    for (uint64_t seed = 0; seed < 5; seed++) {
        uint8_t *fold = malloc(rows->n), *again = malloc(rows->n);
        size_t count[16][3] = { { 0 } };
        if (mli_folds_assign(rows, k, seed, fold, &err))
            fail_msg("%s", err.text);
        assert_int_equal(mli_folds_assign(rows, k, seed, again, &err), ML_OK);
        assert_memory_equal(fold, again, rows->n);
        for (size_t i = 0; i < rows->n; i++) {
            assert_true(fold[i] < k);
            count[fold[i]][rows->classes ? rows->classes[i] : 0]++;
            for (size_t j = 0; rows->groups && j < i; j++)
                assert_true(rows->groups[i] != rows->groups[j] || fold[i] == fold[j]);
        }
        qsort(count, k, sizeof *count, compare_rows);
        for (size_t f = 0; f < k; f++)
            for (size_t c = 0; c < classes; c++)
                assert_int_equal(count[f][c], expected[f * classes + c]);
        free(fold);
        free(again);
    }
}

/* Rows of classes, in turn, as many of each as said. */
static size_t deal(const size_t *per_class, size_t classes, int32_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < 100; i++)
        for (size_t c = 0; c < classes; c++)
            if (i < per_class[c])
                out[n++] = (int32_t)c;
    return n;
}

static void folds_are_those_of_scikit_learn(void **state)
{
    (void)state;
    static const size_t even[] = { 50, 50, 50 }, rare[] = { 3, 97, 14 }, odd[] = { 7, 12 };
    static const size_t sizes[] = { 3, 1, 13, 8, 2, 8, 1, 5 }; /* of groups */
    int32_t classes[200];
    size_t groups[64], n = 0;
    struct mli_split_rows rows = { .classes = classes };
    rows.n = deal(even, 3, classes);
    expect_folds(&rows, 5, 3, &folds_even[0][0]);
    rows.n = deal(rare, 3, classes);
    expect_folds(&rows, 5, 3, &folds_rare[0][0]);
    rows.n = deal(odd, 2, classes);
    expect_folds(&rows, 4, 2, &folds_odd[0][0]);
    for (size_t g = 0; g < 8; g++)
        for (size_t i = 0; i < sizes[g]; i++)
            groups[n++] = g;
    rows = (struct mli_split_rows){ .n = n, .groups = groups };
    expect_folds(&rows, 3, 1, &folds_groups[0][0]);
    for (size_t i = 0; i < 22; i++)
        groups[i] = i % 11;
    rows.n = 22;
    expect_folds(&rows, 4, 1, &folds_pairs[0][0]);
}

static void groups_keep_the_shares_of_classes(void **state)
{
    (void)state;
    static const size_t table[9][2] = { { 9, 1 }, { 1, 8 }, { 2, 8 }, { 6, 1 }, { 1, 5 }, { 4, 1 }, { 1, 3 }, { 2, 1 }, { 2, 2 } };
    int32_t classes[64];
    size_t groups[64], n = 0;
    for (size_t g = 0; g < 9; g++)
        for (size_t c = 0; c < 2; c++)
            for (size_t i = 0; i < table[g][c]; i++, n++) {
                groups[n] = g;
                classes[n] = (int32_t)c;
            }
    const struct mli_split_rows rows = { .n = n, .classes = classes, .groups = groups };
    expect_folds(&rows, 3, 2, &folds_mixed[0][0]);
}

static void folds_that_cannot_be(void **state)
{
    (void)state;
    size_t groups[10] = { 0, 0, 0, 0, 0, 1, 1, 1, 1, 1 };
    uint8_t fold[10];
    struct ml_error err = ML_ERROR_INIT;
    const struct mli_split_rows rows = { .n = 10 }, grouped = { .n = 10, .groups = groups };
    assert_int_equal(mli_folds_assign(&rows, 1, 0, fold, NULL), ML_EUSAGE);
    assert_int_equal(mli_folds_assign(&rows, 101, 0, fold, NULL), ML_EUSAGE);
    assert_int_equal(mli_folds_assign(&rows, 11, 0, fold, NULL), ML_EDATA);
    assert_int_equal(mli_folds_assign(&grouped, 3, 0, fold, &err), ML_EDATA);
    assert_non_null(strstr(err.text, "2 groups"));
}

/* ---- what a fold may know ---- */

static struct ml_table *table_of(const char *text)
{
    struct mli_input *input = NULL;
    struct ml_table *table = NULL;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_input_memory("data.csv", text, strlen(text), &input, &err), ML_OK);
    if (mli_table_read_input(input, NULL, &table, &err))
        fail_msg("%s", err.text);
    return table;
}

static struct ml_table *sample(size_t n)
{
    struct mli_buf text;
    mli_buf_init(&text, 1 << 20);
    mli_buf_str(&text, "a,b,c,y\n");
    for (size_t i = 0; i < n; i++)
        mli_buf_printf(&text, "%zu,%zu,%s,%g\n", (i * 7) % 13, (i * 5) % 11, i % 3 ? "red" : "blue",
                       (double)((i * 7) % 13) - (double)((i * 5) % 11) + (double)((i * 3) % 7) / 7);
    char *whole = mli_buf_detach(&text);
    struct ml_table *table = table_of(whole);
    free(whole);
    return table;
}

/* Features of the training rows of fold f, and of nothing else. */
static double *fold_matrix(const struct ml_table *table, const struct mli_job *job, const uint8_t *fold, uint8_t f,
                           size_t *size)
{
    struct mli_plan plan;
    struct mli_pipeline *pipeline = NULL;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_plan_fold(table, &job->plan, &job->settings, fold, f, 1, &plan, &err), ML_OK);
    assert_int_equal(mli_plan_fit_pipeline(table, &plan, &job->settings, NULL, &pipeline, &err), ML_OK);
    *size = plan.rows[MLI_PART_TRAIN] * mli_pipeline_features(pipeline);
    double *X = malloc(*size * sizeof *X);
    const struct mli_matrix_rows rows = { .pipeline = pipeline, .table = table, .part = plan.part, .which = MLI_PART_TRAIN };
    assert_int_equal(mli_matrix_build(&rows, false, X, &err), ML_OK);
    mli_pipeline_free(pipeline);
    mli_plan_fold_release(&plan);
    return X;
}

static void a_fold_learns_nothing_of_its_rows(void **state)
{
    (void)state;
    struct ml_table *table = sample(120), *other = sample(120);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    struct mli_job job = { .table = table, .config = &config };
    struct ml_error err = ML_ERROR_INIT;
    uint8_t fold[120];
    size_t held = 0, size, same;
    config.split = "every:4";
    assert_int_equal(mli_job_plan(&job, &err), ML_OK);
    assert_int_equal(mli_plan_folds(table, &job.plan, &job.settings, 3, NULL, fold, &err), ML_OK);
    for (size_t i = 0; i < 120; i++) {
        assert_int_equal(fold[i] == MLI_NO_FOLD, i % 4 == 3);
        if (fold[i] != 1 && fold[i] != MLI_NO_FOLD)
            continue;
        other->column[0].number[i] = 1e6 + (double)i; /* of the fold and of the rows that nobody sees */
        other->column[1].number[i] = NAN;
        held++;
    }
    assert_int_equal(held, 60);
    double *X = fold_matrix(table, &job, fold, 1, &size), *Z = fold_matrix(other, &job, fold, 1, &same);
    assert_int_equal(size, same);
    assert_memory_equal(X, Z, size * sizeof *X);
    free(X);
    free(Z);
    mli_job_release(&job);
    ml_table_free(table);
    ml_table_free(other);
}

static json_t *scores_of(const struct ml_table *table, struct ml_fit_config *config, size_t memory)
{
    struct mli_job job = { .table = table, .config = config };
    struct mli_crossval *cv = NULL;
    struct ml_error err = ML_ERROR_INIT;
    json_t *scores = NULL, *again = NULL;
    config->memory = memory;
    assert_int_equal(mli_job_plan(&job, &err), ML_OK);
    assert_int_equal(mli_crossval_new(&job, 4, 0, &cv, &err), ML_OK);
    if (mli_crossval_run(cv, config, 1, &scores, &err))
        fail_msg("%s", err.text);
    assert_int_equal(mli_crossval_run(cv, config, 1, &again, &err), ML_OK);
    assert_true(json_equal(scores, again));
    json_decref(again);
    mli_crossval_free(cv);
    mli_job_release(&job);
    return scores;
}

static void scores_do_not_depend_on_what_is_kept(void **state)
{
    (void)state;
    struct ml_table *table = sample(200);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    json_t *much = scores_of(table, &config, (size_t)1 << 30);
    json_t *little = scores_of(table, &config, ((size_t)32 << 20) + 40000);
    double mean, deviation;
    assert_true(json_equal(much, little));
    assert_int_equal(json_array_size(json_object_get(much, "rmse")), 4);
    assert_null(json_object_get(much, "accuracy"));
    mli_scores_summary(much, "r2", &mean, &deviation);
    assert_true(mean > 0.9 && mean < 1 && deviation > 0 && deviation < 0.1);
    json_decref(much);
    json_decref(little);
    ml_table_free(table);
}

int fit_crossval_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_are_those_of_scikit_learn),
        cmocka_unit_test(groups_keep_the_shares_of_classes),
        cmocka_unit_test(folds_that_cannot_be),
        cmocka_unit_test(a_fold_learns_nothing_of_its_rows),
        cmocka_unit_test(scores_do_not_depend_on_what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
