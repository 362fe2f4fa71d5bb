/* Warm starts: what is kept of a model, what is refused, and where the parameters begin. */
#include <tests/unit/fit.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/file.h>
#include <fit/warm.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Rows from `first` on; a colour of which some rows know more, and a target around `center`. */
static struct ml_table *numbers_new(size_t first, size_t n, double center, size_t colours)
{
    static const char *const colour[] = { "red", "green", "blue", "mauve" };
    struct mli_buf text;
    mli_buf_init(&text, 1 << 20);
    mli_buf_str(&text, "a,b,c,y\n");
    for (size_t i = first; i < first + n; i++) {
        double a = (double)((i * 7) % 13), b = (double)((i * 5) % 11), e = (double)((i * 3) % 7);
        mli_buf_printf(&text, "%g,%g,%s,%g\n", a, b, colour[i % colours], center + 2 * a - 3 * b + e);
    }
    struct ml_table *table = table_of(text.data);
    mli_buf_release(&text);
    return table;
}

static struct ml_table *classes_new(size_t n, size_t classes, bool labelled)
{
    static const char *const label[] = { "ant", "bee", "cat" };
    struct mli_buf text;
    mli_buf_init(&text, 1 << 20);
    mli_buf_str(&text, "a,b,y\n");
    for (size_t i = 0; i < n; i++)
        mli_buf_printf(&text, "%zu,%zu,%s\n", i * 7 % 13, i * 5 % 11, labelled ? label[(i * 7 % 13 + i % 4) % classes] : "");
    struct ml_table *table = table_of(text.data);
    mli_buf_release(&text);
    return table;
}

static struct ml_model *fit(const struct ml_table *table, const struct ml_fit_config *config)
{
    struct ml_model *model = NULL;
    struct ml_error err = ML_ERROR_INIT;
    if (ml_fit(table, config, &model, &err))
        fail_msg("%s", err.text);
    return model;
}

static double distance(const struct ml_model *a, const struct ml_model *b)
{
    double most = 0;
    assert_int_equal(a->network->parameters, b->network->parameters);
    for (size_t j = 0; j < a->network->parameters; j++)
        most = fmax(most, fabs(a->theta[j] - b->theta[j]));
    return most;
}

static void the_optimum_does_not_depend_on_the_start(void **state)
{
    struct ml_table *half = numbers_new(0, 60, 5, 3), *whole = numbers_new(0, 130, 5, 3);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    (void)state;
    config.split = "none";
    config.tolerance = 1e-13;
    struct ml_model *one = fit(half, &config);
    config.warm = one;
    struct ml_model *warm = fit(whole, &config);
    /* the same pipeline, from 0 */
    for (size_t j = 0; j < one->network->parameters; j++)
        one->theta[j] = 0;
    struct ml_model *cold = fit(whole, &config);
    assert_true(distance(cold, warm) < 1e-9);
    assert_true(json_real_value(json_object_get(json_object_get(cold->record, "warm_start"), "loss")) >
                10 * json_real_value(json_object_get(json_object_get(warm->record, "warm_start"), "loss")));
    /* on the same rows once more: there already */
    config.warm = warm;
    config.tolerance = 1e-8;
    struct ml_model *again = fit(whole, &config);
    assert_true(distance(warm, again) <= 0);
    assert_int_equal(json_integer_value(json_object_get(again->record, "epochs")), 1);
    ml_model_free(one);
    ml_model_free(warm);
    ml_model_free(cold);
    ml_model_free(again);
    ml_table_free(half);
    ml_table_free(whole);
}

static void parameters_go_to_training_and_back(void **state)
{
    static const char *const losses[] = { "squared", "poisson" };
    struct mli_network *net = NULL;
    double theta[64], start[64];
    (void)state;
    assert_int_equal(mli_network_new("dense 3, relu, dense 1", 2, &net, NULL), ML_OK);
    for (size_t i = 0; i < 2; i++) {
        const struct mli_loss *loss = mli_loss_find(losses[i]);
        const double y[] = { 3, 8, 4, 90 };
        struct mli_units units;
        assert_int_equal(mli_units_find(loss, true, 4, y, &units, NULL), ML_OK);
        for (size_t j = 0; j < net->parameters; j++)
            start[j] = theta[j] = sin((double)j + 1);
        assert_int_equal(mli_units_theta(&units, net, theta, NULL), ML_OK);
        assert_true(fabs(theta[net->parameters - 1] - start[net->parameters - 1]) > 1);
        assert_int_equal(mli_units_start(&units, net, theta, NULL), ML_OK);
        for (size_t j = 0; j < net->parameters; j++)
            assert_true(fabs(theta[j] - start[j]) < 1e-14);
    }
    mli_network_free(net);
}

static void pipeline_scale_and_classes_are_kept(void **state)
{
    struct ml_table *a = numbers_new(0, 60, 5, 3), *b = numbers_new(60, 90, 500, 4);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    (void)state;
    struct ml_model *one = fit(a, &config);
    config.warm = one;
    config.warm_path = "one.safetensors";
    struct ml_model *two = fit(b, &config);
    assert_int_equal(mli_warm_same(one, two->pipeline, "x", NULL), ML_OK);
    assert_true(json_equal(json_object_get(one->record, "target_scale"), json_object_get(two->record, "target_scale")));
    assert_string_equal(json_string_value(json_object_get(json_object_get(two->record, "warm_start"), "path")), "one.safetensors");
    config.warm = NULL;
    struct ml_model *other = fit(b, &config);
    assert_int_equal(mli_warm_same(one, other->pipeline, "x", NULL), ML_EUSAGE);
    assert_false(json_equal(json_object_get(one->record, "target_scale"), json_object_get(other->record, "target_scale")));
    ml_model_free(one);
    ml_model_free(two);
    ml_model_free(other);
    ml_table_free(a);
    ml_table_free(b);

    a = classes_new(80, 3, true), b = classes_new(80, 2, true);
    one = fit(a, &config);
    config.warm = one;
    two = fit(b, &config);
    assert_int_equal(two->target[0].classes, 3);
    assert_string_equal(two->target[0].label[2], "cat");
    ml_model_free(one);
    ml_model_free(two);
    ml_table_free(a);
    ml_table_free(b);
}

static void refuse(const struct ml_table *table, const struct ml_fit_config *config, enum ml_status status, const char *part)
{
    struct ml_model *model = NULL;
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(ml_fit(table, config, &model, &err), status);
    assert_null(model);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void what_contradicts_the_model_is_refused(void **state)
{
    static const char *const mean[] = { "mean", NULL };
    struct ml_table *table = numbers_new(0, 60, 5, 3);
    struct ml_fit_config config = ML_FIT_CONFIG_INIT, c;
    (void)state;
    struct ml_model *model = fit(table, &config);
    config.warm = model;
#define REFUSED(field, value, part)                          \
    do {                                                     \
        c = config;                                          \
        c.field = value;                                     \
        refuse(table, &c, ML_EUSAGE, part);                  \
    } while (0)
    REFUSED(kind, "svm", "--kind svm contradicts the model");
    REFUSED(task, "classification", "--task classification contradicts");
    REFUSED(target, "a", "--target a contradicts");
    REFUSED(precision, "float", "which has double");
    REFUSED(loss, "huber", "--loss huber:1.35 contradicts the model of --warm-start, which has squared");
    REFUSED(loss, "hubr", "did you mean \"huber\"");
    REFUSED(layers, "dense 1", "--layers does not go with --warm-start");
    REFUSED(hidden, "8", "--hidden does not go");
    REFUSED(activation, "relu", "--activation does not go");
    REFUSED(dropout, 0.1, "--dropout does not go");
    REFUSED(batch_norm, true, "--batch-norm does not go");
    REFUSED(clean.impute, mean, "--impute does not go");
    REFUSED(members, 2, "--members does not go");
    REFUSED(folds, 3, "--folds does not go");
    REFUSED(optimiser, "admm", "did you mean \"adam\"");
#undef REFUSED
    ml_model_free(model);
    ml_table_free(table);
}

static void rows_that_are_not_the_models_are_refused(void **state)
{
    struct ml_table *three = classes_new(80, 3, true), *two = classes_new(80, 2, true), *none = classes_new(80, 2, false);
    struct ml_table *fewer = table_of("a,y\n1,ant\n2,bee\n3,ant\n4,bee\n"), *other = table_of("a,b,z\n1,2,ant\n1,2,bee\n");
    struct ml_table *numbers = table_of("a,b,y\n1,2,0\n1,2,1\n2,2,1\n"), *instants = table_of("a,b,y\n2020-01-01,2,ant\n2020-01-02,2,bee\n");
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    (void)state;
    struct ml_model *model = fit(two, &config);
    config.warm = model;
    refuse(three, &config, ML_EDATA, "row 2: target \"y\" is \"cat\", which is not one of the 2 classes the model knows (\"ant\", \"bee\")");
    refuse(numbers, &config, ML_EDATA, "row 1: target \"y\" is \"0\", which is not one of");
    refuse(none, &config, ML_EDATA, "0 rows with a target \"y\"");
    refuse(fewer, &config, ML_EDATA, "there is no column \"b\", which the model needs");
    refuse(other, &config, ML_EDATA, "there is no column \"y\", the target of the model");
    config.split = "none";
    refuse(instants, &config, ML_EDATA, "column \"a\": expected type number, found instant");
    json_object_del(model->record, "kind");
    refuse(two, &config, ML_EARTIFACT, "kind");
    json_object_set_new(model->record, "kind", json_string("linear"));
    refuse(two, &config, ML_EARTIFACT, "kind \"linear\" is none that takes the model's loss cross_entropy");
    ml_model_free(model);
    ml_table_free(three);
    ml_table_free(two);
    ml_table_free(none);
    ml_table_free(fewer);
    ml_table_free(other);
    ml_table_free(numbers);
    ml_table_free(instants);
}

int fit_warm_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_optimum_does_not_depend_on_the_start),
        cmocka_unit_test(parameters_go_to_training_and_back),
        cmocka_unit_test(pipeline_scale_and_classes_are_kept),
        cmocka_unit_test(what_contradicts_the_model_is_refused),
        cmocka_unit_test(rows_that_are_not_the_models_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
