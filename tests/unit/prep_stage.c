/* Stages behind the steps: what they do to rows, as files, and files that lie. */
#include <tests/unit/prep.h>

#include <math.h>
#include <prep/stage.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

static const char source[] = "n,c,m\n1.5,red,4\n-3,blue,7\n2,red,8.25\n4,green,9\n0.25,green,1e3\n";

/* n c=blue c=green c=red m: the second and the last but one go, two components of the other three. */
static struct mli_pipeline *staged(const struct ml_table *table)
{
    static const double score[] = { 5, 0, 3, 0.5, 9 };
    static const uint8_t keep[] = { 1, 0, 1, 0, 1 };
    static const double component[] = { 0.6, 0, 0.8, 0.8, 0, -0.6 };
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_pca *pca = mli_pca_new(3, 2);

    assert_int_equal(mli_pipeline_append(pipeline, &mli_select_stage,
                                         mli_select_new(MLI_SELECT_F, 3, 5, score, keep), NULL),
                     ML_OK);
    assert_non_null(pca);
    for (size_t i = 0; i < 3; i++)
        pca->mean[i] = 0.25 * (double)i;
    memcpy(pca->component, component, sizeof(component));
    for (size_t i = 0; i < 2; i++)
        pca->variance[i] = pca->ratio[i] = 0.5 - 0.25 * (double)i;
    assert_int_equal(mli_pipeline_append(pipeline, &mli_pca_stage, pca, NULL), ML_OK);
    return pipeline;
}

static void names_and_numbers(void **state)
{
    struct ml_table *table = table_of(source);
    struct mli_pipeline *plain = pipeline_of(table, NULL, NULL), *pipeline = staged(table);
    double *X = matrix_of(plain, table, NULL), *Z = matrix_of(pipeline, table, NULL);

    (void)state;
    assert_string_equal(features_of(plain), "n c=blue c=green c=red m ");
    assert_string_equal(features_of(pipeline), "pc1 pc2 ");
    assert_int_equal(mli_pipeline_made(pipeline), 5);
    for (size_t i = 0; i < table->rows; i++) {
        double n = X[i * 5], green = X[i * 5 + 2] - 0.25, m = X[i * 5 + 4] - 0.5;
        assert_true(Z[i * 2] == n * 0.6 + green * 0 + m * 0.8);
        assert_true(Z[i * 2 + 1] == n * 0.8 + green * 0 + m * -0.6);
    }
    free(X);
    free(Z);
    mli_pipeline_free(plain);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void selected_features_keep_their_names(void **state)
{
    static const double score[] = { 5, 0, 3, 0.5, 9 };
    static const uint8_t keep[] = { 0, 1, 0, 1, 1 };
    struct ml_table *table = table_of(source);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);

    (void)state;
    assert_int_equal(mli_pipeline_append(pipeline, &mli_select_stage,
                                         mli_select_new(MLI_SELECT_F, 3, 5, score, keep), NULL),
                     ML_OK);
    assert_string_equal(features_of(pipeline), "c=blue c=red m ");
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

/* A block of many rows, and each row on its own: the same bits. */
static void a_row_alone_and_in_a_batch(void **state)
{
    struct ml_table *table = table_counted("n,m", 3000, "%.5,#.25");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_pca *pca = mli_pca_new(2, 2);
    struct mli_arena arena = MLI_ARENA_INIT;

    (void)state;
    assert_non_null(pca);
    for (size_t i = 0; i < 4; i++)
        pca->component[i] = sin(1 + (double)i);
    for (size_t i = 0; i < 2; i++)
        pca->mean[i] = pca->variance[i] = pca->ratio[i] = 0.3;
    assert_int_equal(mli_pipeline_append(pipeline, &mli_pca_stage, pca, NULL), ML_OK);
    double *X = matrix_of(pipeline, table, NULL);
    for (size_t i = 0; i < table->rows; i += 7) {
        struct mli_column column[2] = { table->column[0], table->column[1] };
        struct ml_table row = *table;
        double x[2];
        column[0].number += i;
        column[1].number += i;
        row.rows = 1;
        row.column = column;
        assert_int_equal(mli_pipeline_apply(pipeline, &row, &arena, x, NULL, NULL), ML_OK);
        assert_memory_equal(x, X + i * 2, sizeof(x));
    }
    mli_arena_release(&arena);
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void stages_that_do_not_fit(void **state)
{
    static const double score[] = { 1, 2, 3 };
    static const uint8_t keep[] = { 1, 1, 1 };
    struct ml_table *table = table_of(source);
    struct mli_pipeline *pipeline = staged(table);
    struct ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(mli_pipeline_append(pipeline, &mli_select_stage,
                                         mli_select_new(MLI_SELECT_F, 1, 2, score, keep), &err),
                     ML_EUSAGE);
    expect_error(&err, ML_EUSAGE, "\"select\" cannot stand behind \"pca\"");
    mli_pipeline_free(pipeline);
    pipeline = pipeline_of(table, NULL, NULL);
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(mli_pipeline_append(pipeline, &mli_select_stage,
                                         mli_select_new(MLI_SELECT_F, 1, 3, score, keep), &err),
                     ML_EARTIFACT);
    expect_error(&err, ML_EARTIFACT, "\"inputs\" is 3, but there are 5 features");
    assert_string_equal(features_of(pipeline), "n c=blue c=green c=red m ");
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static void load(json_t *doc, struct mli_tensors *set, const char *what, const char *part)
{
    struct mli_pipeline *pipeline = NULL;
    struct ml_error err = ML_ERROR_INIT;

    if (mli_pipeline_load(doc, set, &pipeline, &err) == ML_OK)
        fail_msg("%s was not refused", what);
    if (err.status != ML_EARTIFACT || !strstr(err.text, part))
        fail_msg("%s: expected \"%s\", got \"%s\"", what, part, err.text);
}

static void round_trip(void **state)
{
    struct ml_table *table = table_of(source);
    struct mli_pipeline *pipeline = staged(table), *loaded = NULL;
    struct mli_tensors set;
    json_t *doc = NULL;

    (void)state;
    mli_tensors_init(&set);
    assert_int_equal(mli_pipeline_save(pipeline, &doc, &set, NULL), ML_OK);
    char *stages = mli_json_text(json_object_get(doc, "stages"), false);
    assert_string_equal(stages, "[{\"kind\":\"select\",\"method\":\"f\",\"bound\":3,\"inputs\":5,"
                                "\"columns\":[0,2,4]},"
                                "{\"kind\":\"pca\",\"inputs\":3,\"components\":2}]");
    free(stages);
    assert_int_equal(mli_pipeline_load(doc, &set, &loaded, NULL), ML_OK);
    assert_null(mli_tensors_unused(&set));
    assert_string_equal(features_of(loaded), "pc1 pc2 ");
    double *X = matrix_of(pipeline, table, NULL), *Y = matrix_of(loaded, table, NULL);
    assert_memory_equal(X, Y, table->rows * 2 * sizeof(*X));
    free(X);
    free(Y);
    json_decref(doc);
    mli_tensors_release(&set);
    mli_pipeline_free(loaded);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void wrong_words(void **state)
{
    static const struct {
        const char *from, *to, *part;
    } cases[] = {
        { "\"kind\":\"select\"", "\"kind\":\"choose\"", "\"stages[0].kind\" is \"choose\"" },
        { "\"kind\":\"select\"", "\"kind\":\"pca\"", "\"stages[0].method\" is a member" },
        { "\"kind\":\"pca\"", "\"kind\":\"select\"", "\"stages[1].kind\" is \"select\", which this version" },
        { "\"method\":\"f\"", "\"method\":\"g\"", "\"stages[0].method\" is \"g\"" },
        { "\"bound\":3", "\"bound\":\"3\"", "\"stages[0].bound\"" },
        { "\"inputs\":5", "\"inputs\":6", "tensor \"prep.select.score\" has shape (5), expected (6)" },
        { "\"inputs\":5", "\"inputs\":-1", "\"stages[0].inputs\"" },
        { "[0,2,4]", "[0,2,5]", "\"stages[0].columns\" has 5, but there are 5 inputs" },
        { "[0,2,4]", "[0,0,4]", "\"stages[0].columns[1]\" must be an integer above" },
        { "[0,2,4]", "[]", "\"stages[0].columns\" is empty" },
        { "[0,2,4]", "[0,2]", "\"stages[1].inputs\" is 3, but there are 2 features" },
        { "\"inputs\":3", "\"inputs\":18446744073709551615", "" },
        { "\"inputs\":3", "\"inputs\":4", "tensor \"prep.pca.mean\" has shape (3), expected (4)" },
        { "\"components\":2", "\"components\":0", "0 \"components\" of 3 \"inputs\"" },
        { "\"components\":2", "\"components\":4", "4 \"components\" of 3 \"inputs\"" },
        { "\"components\":2", "\"components\":3", "tensor \"prep.pca.components\" has shape (6), expected (9)" },
        { "\"components\":2", "\"more\":1,\"components\":2", "\"stages[1].more\" is a member" },
        { "\"pc1\"", "\"pc2\"", "\"features[0]\" is not the feature" },
        { "\"pc1\",", "", "\"features\" has 1 names, the steps make 2" },
    };
    struct ml_table *table = table_of(source);
    struct mli_pipeline *pipeline = staged(table);
    struct mli_tensors set;
    json_t *doc = NULL;

    (void)state;
    mli_tensors_init(&set);
    assert_int_equal(mli_pipeline_save(pipeline, &doc, &set, NULL), ML_OK);
    char *text = mli_json_text(doc, false);
    json_decref(doc);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char other[2048];
        const char *at = strstr(text, cases[i].from);
        assert_non_null(at);
        snprintf(other, sizeof(other), "%.*s%s%s", (int)(at - text), text, cases[i].to,
                 at + strlen(cases[i].from));
        if (mli_json_parse(other, strlen(other), 16, "test", &doc, NULL) != ML_OK)
            continue; /* an integer that JSON cannot hold */
        load(doc, &set, cases[i].to, cases[i].part);
        json_decref(doc);
    }
    free(text);
    for (size_t k = 0; k < set.count; k++) {
        double before = set.items[k].data[0];
        set.items[k].data[0] = NAN;
        struct mli_tensors again;
        mli_tensors_init(&again);
        assert_int_equal(mli_pipeline_save(pipeline, &doc, &again, NULL), ML_OK);
        load(doc, &set, set.items[k].name, "element 0 is not a finite number");
        json_decref(doc);
        mli_tensors_release(&again);
        set.items[k].data[0] = before;
    }
    mli_tensors_release(&set);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

int prep_stage_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_numbers),      cmocka_unit_test(selected_features_keep_their_names),
        cmocka_unit_test(a_row_alone_and_in_a_batch), cmocka_unit_test(stages_that_do_not_fit),
        cmocka_unit_test(round_trip),             cmocka_unit_test(wrong_words),
    };

    return cmocka_run_group_tests_name("prep: stages", tests, NULL, NULL);
}
