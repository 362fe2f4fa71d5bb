/* The matrix of whole tables against scikit-learn's, see tests/numeric/prep_reference.py. */
#include <tests/unit/prep.h>

#include <math.h>
#include <stdlib.h>
#include <table/table.h>

struct expected {
    const char *file, *target;
    const char *impute, *scale;
    size_t rows, step, features;
    const char *const *name;
    const double *X; /* of every step-th row */
};

#include <tests/numeric/prep_expected.h>

/* Both round a handful of times; near 0 what counts is the size of the values that the mean was taken from. */
static bool near(double found, double wanted)
{
    return fabs(found - wanted) <= 1e-12 * (1 + fabs(wanted));
}

static struct mli_pipeline *fit_case(const struct expected *c, const struct ml_table *table)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_pipeline *pipeline = NULL;
    struct ml_error err = ML_ERROR_INIT;
    size_t columns[16], n = 0, target = ml_table_find(table, c->target);
    uint8_t train[512];

    config.impute = (const char *const[]){ c->impute, NULL };
    config.scale = (const char *const[]){ c->scale, NULL };
    for (size_t i = 0; i < table->columns; i++) {
        if (i != target)
            columns[n++] = i;
    }
    assert_true(table->rows == c->rows && table->rows <= COUNT(train));
    for (size_t i = 0; i < table->rows; i++)
        train[i] = i % 5 != 4;
    if (mli_pipeline_fit(table, columns, n, train, &config, NULL, &pipeline, &err) != ML_OK)
        fail_msg("%s: %s", c->file, err.text);
    return pipeline;
}

static void against_scikit_learn(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(expected); k++) {
        const struct expected *c = &expected[k];
        struct ml_error err = ML_ERROR_INIT;
        struct ml_table *table = NULL;
        if (ml_table_read(c->file, NULL, &table, &err) != ML_OK)
            fail_msg("%s (run in the root of the repository)", err.text);
        struct mli_pipeline *pipeline = fit_case(c, table);
        double *X = matrix_of(pipeline, table, NULL);
        const double *wanted = c->X;
        assert_int_equal(mli_pipeline_features(pipeline), c->features);
        for (size_t j = 0; j < c->features; j++)
            assert_string_equal(mli_pipeline_feature(pipeline, j), c->name[j]);
        for (size_t i = 0; i < c->rows; i += c->step, wanted += c->features) {
            for (size_t j = 0; j < c->features; j++) {
                double found = X[i * c->features + j];
                if (!near(found, wanted[j]))
                    fail_msg("case %zu, row %zu, %s: %.17g instead of %.17g", k, i, c->name[j],
                             found, wanted[j]);
            }
        }
        free(X);
        mli_pipeline_free(pipeline);
        ml_table_free(table);
    }
}

int prep_numeric_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(against_scikit_learn) };

    return cmocka_run_group_tests_name("prep: numeric", tests, NULL, NULL);
}
