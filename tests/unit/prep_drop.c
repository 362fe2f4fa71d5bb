#include <tests/unit/prep.h>

#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

/* Drops of a table: what is said about them, and the names of the features that are left. */
static void expect_drops(struct ml_table *table, const struct ml_prep_config *config,
                         const char *notes, const char *features)
{
    struct notes said;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;

    if (fit_all(table, NULL, config, &said, &pipeline, &err) != ML_OK)
        fail_msg("%s", err.text);
    assert_string_equal(said.text, notes);
    assert_string_equal(features_of(pipeline), features);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static const struct ml_prep_config keep_all = { .max_missing = 0.95,
                                                 .max_categories = 1000,
                                                 .keep_all = true };

static void constants(void **state)
{
    (void)state;
    const char *text = "a,b,c,d,e\n1,2,x,1,\n2,2,x,1,\n3,2,x,,\n";
    const char *notes = "dropped column \"b\": always 2 (constant)\n"
                        "dropped column \"c\": always \"x\" (constant)\n"
                        "dropped column \"d\": 1 wherever it is not missing (constant; --type "
                        "d=category keeps it)\n"
                        "dropped column \"e\": no value in 3 rows (empty)\n";

    expect_drops(table_of(text), NULL, notes, "a ");
    expect_drops(table_of(text), &keep_all, notes, "a ");
    /* the advice is right, and a category with missing cells is not constant */
    const char *const type[] = { "d=category", NULL };
    expect_drops(table_typed("a,d\n1,1\n2,1\n3,\n", type), NULL, "", "a d=1 d=missing ");
}

static void instants_without_a_part_that_varies(void **state)
{
    (void)state;
    expect_drops(
        table_of("a,t,u\n1,2024-05-05T10:01:00Z,2024-05-05\n2,2024-05-05T10:02:00Z,2024-05-06\n"),
        NULL, "dropped column \"t\": no part of the 2 dates varies (constant)\n",
        "a u.day u.weekday ");
}

static void missing_share(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    const char *text = "a,b\n1,1\n2,2\n3,\n4,\n";

    (void)state;
    config.max_missing = 0.5; /* half is not more than half */
    expect_drops(table_of(text), &config, "", "a b ");
    config.max_missing = 0.4;
    expect_drops(
        table_of(text), &config,
        "dropped column \"b\": 2 of 4 values missing (over 40%; --max-missing 1 keeps it)\n", "a ");
    config.keep_all = true;
    expect_drops(table_of(text), &config, "", "a b ");
}

static void texts(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    expect_drops(table_counted("a,Name", 60, "%,n#"), NULL,
                 "dropped column \"Name\": 60 distinct values in 60 rows (identifier-like; --type "
                 "Name=category keeps it)\n",
                 "a ");
    expect_drops(table_counted("a,Name", 60, "%,n #"), NULL,
                 "dropped column \"Name\": 60 distinct texts in 60 rows (identifier-like; --type "
                 "Name=category keeps it, --text tfidf:1024:chars takes its words)\n",
                 "a ");
    config.max_categories = 59;
    expect_drops(table_counted("a,my name", 60, "%,n #"), &config,
                 "dropped column \"my name\": 60 distinct texts in 60 rows (identifier-like; "
                 "--type 'my name=category' --max-categories 60 keeps it, --text tfidf:1024:chars takes its words)\n",
                 "a ");
}

/* What the advice says is what happens. */
static void pinned_text_is_kept(void **state)
{
    char text[2048] = "a,Name\n";
    const char *const type[] = { "Name=category", NULL };
    size_t used = strlen(text);

    (void)state;
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%d,n%d\n", i * i % 7, i);
    struct ml_table *table = table_typed(text, type);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    assert_int_equal(mli_pipeline_features(pipeline), 61);
    mli_pipeline_free(pipeline);
    ml_table_free(table);

    table = table_of(text);
    pipeline = pipeline_of(table, NULL, &keep_all);
    assert_int_equal(mli_pipeline_features(pipeline), 61);
    assert_int_equal(mli_pipeline_schema(pipeline)->field[1].type, ML_TYPE_CATEGORY);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void identifiers(void **state)
{
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;

    (void)state;
    expect_drops(table_counted("a,id", 21, "%,n#"), NULL,
                 "dropped column \"id\": 21 distinct values in 21 rows (identifier-like; "
                 "--keep-all keeps it)\n",
                 "a ");
    config.max_categories = 3;
    expect_drops(table_counted("a,id", 20, "%,n%"), &config,
                 "dropped column \"id\": 4 distinct values in 20 rows (identifier-like; "
                 "--max-categories 4 keeps it)\n",
                 "a ");
    /* twenty distinct names in twenty rows are nothing special */
    struct ml_table *table = table_counted("a,id", 20, "%,n#");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    assert_int_equal(mli_pipeline_features(pipeline), 21);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void row_numbers(void **state)
{
    (void)state;
    expect_drops(
        table_counted("a,id", 21, "%,#"), NULL,
        "dropped column \"id\": counts the rows, from 0 in steps of 1 (row number; --keep-all keeps it)\n",
        "a ");
    expect_drops(table_counted("a,id", 21, "%,#"), &keep_all, "", "a id ");
    expect_drops(table_counted("a,id", 20, "%,#"), NULL, "", "a id ");
    expect_drops(table_counted("a,id", 21, "%,#.5"), NULL, "", "a id "); /* not whole numbers */
    expect_drops(table_counted("x", 21, "#"), NULL, "", "x ");           /* all there is */
}

/* Training rows taken out of the middle still show that a column counts the rows, and one that does not is kept. */
static void row_numbers_in_a_split(void **state)
{
    struct ml_table *table = table_counted("a,id,other", 60, "%,1#,#");
    struct mli_pipeline *pipeline = NULL;
    struct notes notes;
    uint8_t train[60];

    (void)state;
    for (size_t i = 0; i < 60; i++)
        train[i] = i * 7919 % 5 != 0;
    table->column[1].number[7] = 5; /* row 7 trains */
    assert_int_equal(train[7], 1);
    assert_int_equal(fit_all(table, train, NULL, &notes, &pipeline, NULL), ML_OK);
    assert_string_equal(features_of(pipeline), "a id ");
    assert_string_equal(notes.text, "dropped column \"other\": counts the rows, from 0 in steps of 1 (row "
                                    "number; --keep-all keeps it)\n");
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

/* Long values are cut between characters in what is said and saved. */
static void long_values(void **state)
{
    char value[161] = "", text[512];
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline;
    struct mli_tensors set;
    json_t *doc = NULL;

    (void)state;
    value[0] = 'x'; /* puts every two-byte character across an even place */
    for (size_t i = 1; i + 2 < sizeof(value); i += 2)
        memcpy(value + i, "\xc3\xa9", 2);
    snprintf(text, sizeof(text), "a,b\n1,%s\n2,%s\n", value, value);
    struct ml_table *table = table_of(text);
    pipeline = pipeline_of(table, NULL, NULL);
    mli_tensors_init(&set);
    if (mli_pipeline_save(pipeline, &doc, &set, &err) != ML_OK)
        fail_msg("%s", err.text);
    json_decref(doc);
    mli_tensors_release(&set);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void nothing_left(void **state)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_pipeline *pipeline = NULL;
    struct ml_table *table = table_of("a,b\n1,x\n1,x\n");
    uint8_t none[2] = { 0 };

    (void)state;
    assert_int_equal(fit_all(table, NULL, NULL, NULL, &pipeline, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, "no feature is left");
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(fit_all(table, none, NULL, NULL, &pipeline, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, "no row");
    assert_null(pipeline);
    ml_table_free(table);
}

int prep_drop_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants),
        cmocka_unit_test(instants_without_a_part_that_varies),
        cmocka_unit_test(missing_share),
        cmocka_unit_test(texts),
        cmocka_unit_test(pinned_text_is_kept),
        cmocka_unit_test(identifiers),
        cmocka_unit_test(row_numbers),
        cmocka_unit_test(row_numbers_in_a_split),
        cmocka_unit_test(long_values),
        cmocka_unit_test(nothing_left),
    };

    return cmocka_run_group_tests_name("prep: drop", tests, NULL, NULL);
}
