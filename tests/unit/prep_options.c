/* Lists of the configuration: what they choose, and what is refused. */
#include <tests/unit/prep.h>

#include <prep/options.h>
#include <table/table.h>

static void choices(void **state)
{
    static const char *const list[] = { "b=one", "a=b=two", "three", "b=four", "five", NULL };

    (void)state;
    assert_string_equal(mli_choice_find(list, "b", "none"), "four");
    assert_string_equal(mli_choice_find(list, "a=b", "none"), "two");
    assert_string_equal(mli_choice_find(list, "a", "none"), "five");
    assert_string_equal(mli_choice_find(NULL, "a", "none"), "none");
    assert_string_equal(mli_choice_find(list + 3, "", "none"), "five");
    assert_null(mli_choice_named(list, "a"));
    assert_string_equal(mli_choice_named(list, "a=b"), "two");
}

/* Each line is a configuration that is refused, and words of the error. */
static const struct {
    struct ml_prep_config config;
    const char *part;
} refused[] = {
#define WITH(...) { .max_categories = 1000, __VA_ARGS__ }
#define LIST(...) (const char *const[]) { __VA_ARGS__, NULL }
    { WITH(.impute = LIST("medain")),
      "--impute medain: \"medain\" is no way to fill missing numbers; did you mean \"median\"?" },
    { WITH(.impute = LIST("constant")), "\"constant\" is no way" }, /* the number says it */
    { WITH(.impute = LIST("mean", "a=0x10")), "expected mean, median, mode or a number" },
    { WITH(.scale = LIST("min-max")), "--scale min-max: \"min-max\" is no way to scale; did you mean" },
    { WITH(.scale = LIST("a=")), "--scale a=: \"\" is no way to scale; expected standard, minmax" },
    { WITH(.scale = LIST("lenght=none")),
      "--scale lenght=none: there is no column \"lenght\"; did you mean \"length\"?" },
    { WITH(.outliers = LIST("c=iqr")), "column \"c\" holds categories, which it does not work on" },
    { WITH(.impute = LIST("y=mode")), "column \"y\" is not one that predicts" },
    { WITH(.max_missing = 1.5), "--max-missing 1.5 is out of range: it must be from 0 to 1" },
    { { .max_categories = 0 }, "--max-categories 0 is out of range" },
};

static void refusals(void **state)
{
    struct ml_table *table = table_of("length,c,y\n1,red,1\n3,blue,2\n2,red,3\n");
    static const size_t columns[] = { 0, 1 };

    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_pipeline *pipeline = NULL;
        assert_int_equal(
            mli_pipeline_fit(table, columns, 2, NULL, &refused[i].config, NULL, &pipeline, &err),
            ML_EUSAGE);
        expect_error(&err, ML_EUSAGE, refused[i].part);
        assert_null(pipeline);
    }
    ml_table_free(table);
}

/* ---- entries without effect ----------------------------------------------------------------------------------- */

/* Each line is a list that names a column, and the warning; NULL: there is none. */
static const struct {
    struct ml_prep_config config;
    const char *part;
} idle[] = {
    { WITH(.scale = LIST("gone=robust")), "--scale gone=robust has no effect: column \"gone\" is dropped: always 7" },
    { WITH(.scale = LIST("gone=none")), NULL },
    { WITH(.scale = LIST("robust")), NULL },
    { WITH(.scale = LIST("c=robust")), "column \"c\" becomes indicators or hashed features, which are not scaled" },
    { WITH(.scale = LIST("c=robust"), .encode = LIST("ordinal")), NULL },
    { WITH(.scale = LIST("c=robust"), .encode = LIST("hash:4")), "--scale c=robust has no effect" },
    { WITH(.missing_flags = LIST("x=yes")),
      "--missing-flags=x has no effect: column \"x\" has no missing cell in the training rows" },
    { WITH(.missing_flags = LIST("hole=yes", "x=no")), NULL },
    { WITH(.min_count = LIST("c=2"), .encode = LIST("ordinal")), "column \"c\" has no one-hot features to group" },
    { WITH(.min_count = LIST("c=2")), NULL },
    { WITH(.impute = LIST("c=mode", "x=mean")), NULL },
    { WITH(.impute = LIST("c=mode"), .text = LIST("c=hash:4")), "column \"c\" becomes hashed words" },
    { WITH(.impute = LIST("c=indicator"), .text = LIST("c=hash:4")), NULL },
    { WITH(.encode = LIST("b=hash:4")), "--encode b=hash:4 has no effect: column \"b\" is a boolean" },
    { WITH(.encode = LIST("b=ordinal", "c=hash:4")), NULL },
    { WITH(.text = LIST("b=hash:4")), "--text b=hash:4 has no effect: column \"b\" is a boolean" },
};

static void entries_without_effect(void **state)
{
    struct ml_table *table = table_of("gone,c,x,hole,b\n7,red,1,1,yes\n7,blue,3,,no\n7,red,2,4,yes\n7,blue,5,2,yes\n");

    (void)state;
    for (size_t i = 0; i < COUNT(idle); i++) {
        struct notes notes = { "" };
        struct ml_prep_config config = idle[i].config;
        struct mli_pipeline *pipeline = NULL;
        struct ml_error err = ML_ERROR_INIT;
        config.max_missing = 1;
        if (fit_all(table, NULL, &config, &notes, &pipeline, &err) != ML_OK)
            fail_msg("line %zu: %s", i, err.text);
        if (idle[i].part ? !strstr(notes.text, idle[i].part) : strstr(notes.text, "no effect") != NULL)
            fail_msg("line %zu: expected \"%s\" in:\n%s", i, idle[i].part, notes.text);
        mli_pipeline_free(pipeline);
    }
    ml_table_free(table);
}

/* ---- names of features ---------------------------------------------------------------------------------------- */

static void names_of_features(void **state)
{
    static const char *const twice[] = {
        "e,e.missing,y\n1,2,1\n,3,2\n4,6,3\n",
        "c,c=red,y\nred,1,1\nblue,2,2\nred,5,3\n",
    };
    const struct ml_prep_config flags = WITH(.max_missing = 1, .missing_flags = LIST("yes"));
    struct ml_table *table = table_of("c\nmissing\nred\n\"\"\nmissing\n(rare)\n");
    const struct ml_prep_config rare = WITH(.max_missing = 1, .min_count = LIST("2"));

    (void)state;
    for (size_t i = 0; i < COUNT(twice); i++) {
        struct ml_table *both = table_of(twice[i]);
        struct mli_pipeline *pipeline = NULL;
        struct ml_error err = ML_ERROR_INIT;
        assert_int_equal(fit_all(both, NULL, &flags, NULL, &pipeline, &err), ML_EDATA);
        expect_error(&err, ML_EDATA, i == 0 ? "two features are called \"e.missing\", one of column \"e\" and one of "
                                              "column \"e.missing\""
                                            : "two features are called \"c=red\"");
        assert_null(pipeline);
        ml_table_free(both);
    }
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    assert_string_equal(features_of(pipeline), "c=(rare) c=missing c=red c=(missing) ");
    mli_pipeline_free(pipeline);
    pipeline = pipeline_of(table, NULL, &rare);
    assert_string_equal(features_of(pipeline), "c=missing c=(rare values) ");
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void in_json(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    json_t *doc = json_object();

    (void)state;
    assert_null(mli_prep_given(&config));
    config.keep_all = true;
    assert_string_equal(mli_prep_given(&config), "keep-all");
    config.max_missing = 0.5;
    assert_string_equal(mli_prep_given(&config), "max-missing");
    config.impute = LIST("mean", "a=0");
    assert_string_equal(mli_prep_given(&config), "impute");
    assert_true(mli_prep_to_json(&config, doc));
    assert_int_equal(json_array_size(json_object_get(doc, "impute")), 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(doc, "impute"), 1)), "a=0");
    assert_int_equal(json_array_size(json_object_get(doc, "scale")), 0);
    assert_true(json_real_value(json_object_get(doc, "max_missing")) == 0.5);
    assert_int_equal(json_integer_value(json_object_get(doc, "max_categories")), 1000);
    assert_true(json_is_true(json_object_get(doc, "keep_all")));
    json_decref(doc);
}

int prep_options_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices),
        cmocka_unit_test(refusals),
        cmocka_unit_test(entries_without_effect),
        cmocka_unit_test(names_of_features),
        cmocka_unit_test(in_json),
    };

    return cmocka_run_group_tests_name("prep: options", tests, NULL, NULL);
}
