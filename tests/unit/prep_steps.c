/* One step at a time: its statistics and what it makes of rows. */
#include <tests/unit/prep.h>

#include <math.h>
#include <stdlib.h>
#include <table/table.h>
#include <time.h>

static const void *state_of(const struct mli_pipeline *pipeline, const struct mli_step_kind *kind)
{
    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++) {
        if (mli_pipeline_step(pipeline, i)->kind == kind)
            return mli_pipeline_step(pipeline, i)->state;
    }
    return NULL;
}

/* Against the C library's calendar, at steps that meet every hour, month end and leap rule. */
static void calendar(void **state)
{
    (void)state;
    for (double t = -62167219200.0; t < 253402300800.0; t += 86400.0 * 17 + 3600 * 5 + 7) {
        time_t seconds = (time_t)t;
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_true(mli_date_part(t, MLI_DATE_YEAR) == tm.tm_year + 1900);
        assert_true(mli_date_part(t, MLI_DATE_MONTH) == tm.tm_mon + 1);
        assert_true(mli_date_part(t, MLI_DATE_DAY) == tm.tm_mday);
        assert_true(mli_date_part(t, MLI_DATE_WEEKDAY) == (tm.tm_wday + 6) % 7);
        assert_true(mli_date_part(t, MLI_DATE_HOUR) == tm.tm_hour);
    }
}

static void calendar_ends(void **state)
{
    (void)state;
    assert_true(mli_date_part(-1e300, MLI_DATE_YEAR) == 0);
    assert_true(mli_date_part(1e300, MLI_DATE_YEAR) == 9999);
    assert_true(mli_date_part(1e300, MLI_DATE_HOUR) == 23);
    assert_true(mli_date_part(-0.25, MLI_DATE_YEAR) == 1969);
    assert_true(mli_date_part(-0.25, MLI_DATE_HOUR) == 23);
    assert_true(isnan(mli_date_part(NAN, MLI_DATE_DAY)));
}

static void dates(void **state)
{
    struct ml_table *table =
        table_of("t,a\n2024-02-29T13:00:00Z,1\n2023-03-01,2\n,3\n2023-01-01,4\n");
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    static const double expected[] = { 2024, 2,  29, 3,  13, 1, 2023, 3, 1, 2, 0, 2,
                                       -1,   -1, -1, -1, -1, 3, 2023, 1, 1, 6, 0, 4 };
    struct mli_apply_counts counts;

    (void)state;
    config.scale = (const char *const[]){ "none", NULL };
    config.impute = (const char *const[]){ "-1", NULL };
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
    assert_string_equal(features_of(pipeline), "t.year t.month t.day t.weekday t.hour a ");
    double *X = matrix_of(pipeline, table, &counts);
    assert_memory_equal(X, expected, sizeof(expected));
    assert_int_equal(counts.missing, 1); /* one cell, though five features */
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void impute_methods(void **state)
{
    static const struct {
        const char *word;
        double value;
    } cases[] = { { "mean", 3.4 }, { "median", 3 }, { "mode", 1 }, { "-2.5", -2.5 } };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_prep_config config = ML_PREP_CONFIG_INIT;
        struct ml_table *table =
            table_of("a\n8\n1\n\n3\nNA\n4\n1\n"); /* the third line is blank: no row */
        config.impute = (const char *const[]){ cases[i].word, NULL };
        struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
        const struct mli_imputer *imputer = state_of(pipeline, &mli_impute_step);
        assert_int_equal(imputer->count, 1);
        assert_true(imputer->value[0] == cases[i].value);
        mli_pipeline_free(pipeline);
        ml_table_free(table);
    }
}

/* More cells than are worth one thread: the same bytes by however many. */
static void threads_change_nothing(void **state)
{
    struct ml_table *table = table_counted("a,b,c,d", 40000, "%,,#e-3,x%");
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_tensors set[3];
    json_t *doc[3];

    (void)state;
    for (size_t i = 0; i < 40000; i++) /* b is empty in the text */
        table->column[1].number[i] = i % 5 ? (double)(i * 7919 % 10007) : NAN;
    config.missing_flags = (const char *const[]){ "yes", NULL };
    config.outliers = (const char *const[]){ "iqr:0.1", "a=zscore:1", NULL };
    config.power = (const char *const[]){ "yeo-johnson", NULL };
    config.keep_all = true;
    for (size_t k = 0; k < 3; k++) {
        config.threads = k == 0 ? 1 : k + 1;
        struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
        mli_tensors_init(&set[k]);
        assert_int_equal(mli_pipeline_save(pipeline, &doc[k], &set[k], NULL), ML_OK);
        mli_pipeline_free(pipeline);
        assert_true(json_equal(doc[0], doc[k]));
        assert_int_equal(set[0].count, set[k].count);
        for (size_t t = 0; t < set[0].count; t++)
            assert_memory_equal(set[0].items[t].data, set[k].items[t].data,
                                set[0].items[t].shape[0] * sizeof(double));
    }
    for (size_t k = 0; k < 3; k++) {
        mli_tensors_release(&set[k]);
        json_decref(doc[k]);
    }
    ml_table_free(table);
}

static void scaling(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct ml_table *table = table_of("a,tiny\n1,1e-200\n3,2e-200\n,3e-200\n");

    (void)state;
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
    const struct mli_scaler *scaler = state_of(pipeline, &mli_scale_step);
    assert_int_equal(scaler->method[0], MLI_SCALE_STANDARD);
    assert_true(scaler->shift[0] == 2 &&
                scaler->scale[0] == sqrt(2.0 / 3)); /* the imputed 2 counts */
    assert_true(scaler->scale[1] == 1);             /* the variance underflows */
    mli_pipeline_free(pipeline);
    config.scale = (const char *const[]){ "minmax", NULL };
    pipeline = pipeline_of(table, NULL, &config);
    scaler = state_of(pipeline, &mli_scale_step);
    assert_true(scaler->shift[0] == 1 && scaler->scale[0] == 2);
    mli_pipeline_free(pipeline);
    config.scale = (const char *const[]){ "robust", "tiny=none", NULL };
    pipeline = pipeline_of(table, NULL, &config);
    scaler = state_of(pipeline, &mli_scale_step);
    assert_int_equal(scaler->count, 1);
    assert_int_equal(scaler->method[0], MLI_SCALE_ROBUST);
    assert_true(scaler->shift[0] == 2 && scaler->scale[0] == 1); /* of 1, 2, 3 */
    mli_pipeline_free(pipeline);
    config.scale = (const char *const[]){ "none", NULL };
    pipeline = pipeline_of(table, NULL, &config);
    assert_null(state_of(pipeline, &mli_scale_step));
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void values_too_large(void **state)
{
    struct ml_table *table = table_of("a\n1.7e308\n1.7e308\n-1.7e308\n");
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;

    (void)state;
    assert_int_equal(fit_all(table, NULL, &config, NULL, &pipeline, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, "column \"a\": values are too large to be scaled");
    config.impute = (const char *const[]){ "mean", NULL };
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(fit_all(table, NULL, &config, NULL, &pipeline, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, "too large for a mean");
    ml_table_free(table);
}

static void categories(void **state)
{
    struct ml_table *table = table_of("c,n,a\nb,10,1\na,9,2\n,100,3\nb,9,4\n");
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    ml_table_free(table);
    const char *const type[] = { "n=category", NULL };
    config.scale = (const char *const[]){ "none", NULL };
    table = table_typed("c,n,a\nb,10,1\na,9,2\n,100,3\nb,9,4\n", type);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, &config);
    assert_string_equal(features_of(pipeline), "c=a c=b c=missing n=9 n=10 n=100 a ");
    static const double expected[] = { 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 2,
                                       0, 0, 1, 0, 0, 1, 3, 0, 1, 0, 1, 0, 0, 4 };
    double *X = matrix_of(pipeline, table, NULL);
    assert_memory_equal(X, expected, sizeof(expected));
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

int prep_steps_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calendar),   cmocka_unit_test(calendar_ends),
        cmocka_unit_test(dates),      cmocka_unit_test(impute_methods),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(scaling),    cmocka_unit_test(values_too_large),
        cmocka_unit_test(categories),
    };

    return cmocka_run_group_tests_name("prep: steps", tests, NULL, NULL);
}
