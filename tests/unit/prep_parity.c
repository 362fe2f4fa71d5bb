/* One step at a time against scikit-learn's counterpart, see tests/numeric/steps_reference.py. */
#include <tests/unit/prep.h>

#include <base/buf.h>
#include <base/file.h>
#include <math.h>
#include <prep/options.h>
#include <stdlib.h>
#include <table/table.h>

enum { ENTRIES = 8, LISTS = 16 };

/* Options of a case: {"scale": ["robust"], ...} */
struct settings {
    struct ml_prep_config config;
    const char *entry[LISTS][ENTRIES];
};

static void set_option(struct settings *s, size_t list, const char *name, const json_t *entries)
{
    size_t n, i = 0;
    const struct mli_prep_option *options = mli_prep_options(&n);

    while (i < n && strcmp(options[i].name, name) != 0)
        i++;
    assert_true(i < n && list < LISTS && json_array_size(entries) < ENTRIES);
    for (size_t k = 0; k < json_array_size(entries); k++)
        s->entry[list][k] = json_string_value(json_array_get(entries, k));
    *(const char *const **)(void *)((char *)&s->config + options[i].offset) = s->entry[list];
}

/* What "target" and "classes" say: y (rows) of a number, or the place of a label. NULL: there is no target. Caller frees. */
static double *targets_of(const json_t *c, const struct ml_table *table)
{
    const char *name = json_string_value(json_object_get(c, "target"));
    const json_t *classes = json_object_get(c, "classes");
    double *y = name ? calloc(table->rows, sizeof(*y)) : NULL;

    if (!name)
        return NULL;
    const struct mli_column *column = &table->column[ml_table_find(table, name)];
    assert_non_null(y);
    for (size_t i = 0; i < table->rows; i++) {
        size_t k = 0;
        while (k < json_array_size(classes) && strcmp(json_string_value(json_array_get(classes, k)),
                                                      mli_dict_text(column->dict, (size_t)column->code[i])) != 0)
            k++;
        y[i] = column->number ? column->number[i] : (double)k;
    }
    return y;
}

static struct mli_pipeline *fit_case(const json_t *c, const struct ml_table *table)
{
    struct settings s = { .config = ML_PREP_CONFIG_INIT };
    json_t *names = json_object_get(c, "columns"), *entries;
    struct mli_pipeline *pipeline = NULL;
    struct ml_error err = ML_ERROR_INIT;
    size_t columns[16], n = json_array_size(names), list = 0;
    uint8_t *train = malloc(table->rows);
    const char *name;
    char *label[8];
    json_t *classes = json_object_get(c, "classes");
    double *y = targets_of(c, table);
    const struct mli_goal goal = { y, json_array_size(classes), label, 1 };

    assert_non_null(train);
    assert_true(json_array_size(classes) <= COUNT(label));
    for (size_t k = 0; k < json_array_size(classes); k++)
        label[k] = strdup(json_string_value(json_array_get(classes, k)));
    s.config.keep_all = true; /* identifier-like columns are columns here */
    json_object_foreach(json_object_get(c, "options"), name, entries)
        set_option(&s, list++, name, entries);
    assert_true(n <= COUNT(columns));
    for (size_t i = 0; i < n; i++)
        columns[i] = ml_table_find(table, json_string_value(json_array_get(names, i)));
    for (size_t i = 0; i < table->rows; i++)
        train[i] = i % 5 != 4;
    if (mli_pipeline_fit_to(table, columns, n, train, &s.config, y ? &goal : NULL, NULL, &pipeline, &err) != ML_OK)
        fail_msg("%s", err.text);
    for (size_t k = 0; k < json_array_size(classes); k++)
        free(label[k]);
    free(y);
    free(train);
    return pipeline;
}

/*
 * Where a likelihood is flat its maximum is found to the root of the rounding error and no better, by scikit-learn as by
 * us. With the lambda that it found the transformed values must be its own.
 */
static void take_lambda(const json_t *c, struct mli_pipeline *pipeline)
{
    const json_t *wanted = json_object_get(c, "lambda");

    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++) {
        if (mli_pipeline_step(pipeline, i)->kind != &mli_power_step)
            continue;
        struct mli_power *power = mli_pipeline_step(pipeline, i)->state;
        assert_int_equal(power->count, json_array_size(wanted));
        for (size_t k = 0; k < power->count; k++) {
            double lambda = json_real_value(json_array_get(wanted, k));
            if (!(fabs(power->lambda[k] - lambda) <= 1e-6 * (1 + fabs(lambda))))
                fail_msg("lambda %zu: %.17g instead of %.17g", k, power->lambda[k], lambda);
            power->lambda[k] = lambda;
        }
        return;
    }
    assert_null(wanted);
}

static void check_case(size_t number, const json_t *c)
{
    const char *file = json_string_value(json_object_get(c, "file"));
    const json_t *features = json_object_get(c, "features"), *wanted = json_object_get(c, "X");
    size_t step = (size_t)json_integer_value(json_object_get(c, "step"));
    struct ml_read_options read = ML_READ_OPTIONS_INIT;
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;

    if (ml_table_read(file, &read, &table, &err) != ML_OK)
        fail_msg("%s (run in the root of the repository)", err.text);
    assert_int_equal(table->rows, json_integer_value(json_object_get(c, "rows")));
    struct mli_pipeline *pipeline = fit_case(c, table);
    size_t d = mli_pipeline_features(pipeline), at = 0;
    take_lambda(c, pipeline);
    if (d != json_array_size(features))
        fail_msg("case %zu (%s): %zu features instead of %zu", number, file, d, json_array_size(features));
    for (size_t j = 0; j < d; j++)
        assert_string_equal(mli_pipeline_feature(pipeline, j),
                            json_string_value(json_array_get(features, j)));
    double *X = matrix_of(pipeline, table, NULL);
    for (size_t i = 0; i < table->rows; i += step) {
        for (size_t j = 0; j < d; j++) {
            double found = X[i * d + j], value = json_number_value(json_array_get(wanted, at++));
            if (!(fabs(found - value) <= 1e-9 * (1e-3 + fabs(value))))
                fail_msg("case %zu (%s), row %zu, %s: %.17g instead of %.17g", number, file, i,
                         mli_pipeline_feature(pipeline, j), found, value);
        }
    }
    assert_int_equal(at, json_array_size(wanted));
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void against_scikit_learn(void **state)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf text;
    json_t *doc = NULL, *c;
    size_t i;

    (void)state;
    mli_buf_init(&text, (size_t)1 << 24);
    if (mli_file_read("tests/numeric/steps_expected.json", &text, &err) != ML_OK)
        fail_msg("%s (run in the root of the repository)", err.text);
    assert_int_equal(mli_json_parse(text.data, text.len, 0, "steps_expected.json", &doc, NULL), ML_OK);
    assert_true(json_array_size(json_object_get(doc, "cases")) > 10);
    json_array_foreach(json_object_get(doc, "cases"), i, c)
        check_case(i, c);
    json_decref(doc);
    mli_buf_release(&text);
}

int prep_parity_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(against_scikit_learn) };

    return cmocka_run_group_tests_name("prep: parity", tests, NULL, NULL);
}
