#include <tests/unit/table.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

static const char csv[] = "age,half,sex,when,none,word\n"
                          "22,0.5,male,2013-01-02,,a\n"
                          "NA,-1,female,2013-01-01,,b\n"
                          "80,2,NA,,,c\n"
                          "-7,3,diverse,2020-01-01,,d\n";

static void describes_the_rows_in_use(void **state)
{
    struct ml_table *table = table_of(csv);
    const size_t columns[] = { 2, 0, 3, 1, 4 };
    const uint8_t use[] = { 1, 1, 1, 0 };
    struct mli_schema *schema = NULL;

    (void)state;
    assert_int_equal(mli_schema_from_table(table, columns, COUNT(columns), use, &schema, NULL),
                     ML_OK);
    ml_table_free(table); /* nothing is shared */
    assert_int_equal(schema->count, 5);
    const struct mli_field *sex = &schema->field[0], *age = &schema->field[1],
                           *when = &schema->field[2];
    assert_string_equal(sex->name, "sex");
    assert_int_equal(sex->type, ML_TYPE_CATEGORY);
    assert_int_equal(sex->missing, 1);
    assert_true(isnan(sex->low) && isnan(sex->high));
    assert_int_equal(mli_dict_count(sex->dict), 2); /* training did not see "diverse" */
    assert_string_equal(mli_dict_text(sex->dict, 0), "female");
    assert_string_equal(mli_dict_text(sex->dict, 1), "male");
    assert_true(age->integer && age->low == 22 && age->high == 80 && age->missing == 1 &&
                !age->dict);
    assert_true(when->low == 1356998400 && when->high == 1357084800 && when->missing == 1 &&
                !when->integer);
    assert_true(!schema->field[3].integer && schema->field[3].low == -1 &&
                schema->field[3].high == 2);
    assert_true(isnan(schema->field[4].low) && schema->field[4].missing == 3 &&
                !schema->field[4].integer);
    assert_int_equal(mli_schema_find(schema, "when"), 2);
    assert_int_equal(mli_schema_find(schema, "word"), 5);
    mli_schema_free(schema);
    mli_schema_free(NULL);
}

static void describes_all_rows(void **state)
{
    struct ml_table *table = table_of(csv);
    struct mli_schema *schema = schema_of(table);

    (void)state;
    assert_true(schema->field[0].low == -7);
    assert_int_equal(mli_dict_count(schema->field[2].dict), 3);
    for (size_t i = 0; i < 3; i++) /* codes are the table's */
        assert_string_equal(mli_dict_text(schema->field[2].dict, i),
                            mli_dict_text(table->column[2].dict, i));
    mli_schema_free(schema);
    ml_table_free(table);
}

static void refuses_too_many_categories(void **state)
{
    const size_t n = MLI_SCHEMA_CATEGORIES + 1;
    struct mli_dict *dict = mli_dict_new();
    int32_t *code = calloc(n, sizeof(*code));
    struct mli_schema *schema = NULL;
    struct ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_non_null(code);
    for (size_t i = 0; i < n; i++) {
        char text[32];
        int len = snprintf(text, sizeof(text), "%zu", i);
        assert_int_equal(mli_dict_add(dict, text, (size_t)len, &code[i]), ML_OK);
    }
    char name[] = "id";
    struct mli_column column = { .name = name, .type = ML_TYPE_TEXT, .code = code, .dict = dict };
    struct ml_table table = { .rows = n, .columns = 1, .column = &column };
    assert_int_equal(mli_schema_from_table(&table, (size_t[]){ 0 }, 1, NULL, &schema, &err),
                     ML_ELIMIT);
    assert_null(schema);
    expect_error(&err, ML_ELIMIT, 0, 0, "1000001 distinct categories");
    table.rows--;
    assert_int_equal(mli_schema_from_table(&table, (size_t[]){ 0 }, 1, NULL, &schema, NULL), ML_OK);
    mli_schema_free(schema);
    mli_dict_free(dict);
    free(code);
}

static const char json[] =
    "[{\"name\":\"age\",\"type\":\"number\",\"integer\":true,\"missing\":1,\"min\":-7,\"max\":80},"
    "{\"name\":\"half\",\"type\":\"number\",\"integer\":false,\"missing\":0,\"min\":-1,\"max\":3},"
    "{\"name\":\"sex\",\"type\":\"category\",\"missing\":1,\"categories\":[\"diverse\",\"female\","
    "\"male\"]},"
    "{\"name\":\"when\",\"type\":\"instant\",\"format\":\"iso\",\"missing\":1,\"min\":1356998400,\"max\":1577836800},"
    "{\"name\":\"none\",\"type\":\"number\",\"integer\":false,\"missing\":4,\"min\":null,\"max\":"
    "null},"
    "{\"name\":\"word\",\"type\":\"text\",\"missing\":0,\"categories\":[\"a\",\"b\",\"c\",\"d\"]}]";

static void goes_to_json_and_back(void **state)
{
    static const char *const pins[] = { "half=number", "word=text", NULL };
    struct ml_table *table = table_with(csv, &(struct ml_read_options){ .type = pins });
    struct mli_schema *schema = schema_of(table), *back = NULL;

    (void)state;
    schema->field[1].integer = false;
    json_t *doc = mli_schema_to_json(schema);
    char *text = mli_json_text(doc, false);
    assert_string_equal(text, json);
    free(text);
    assert_int_equal(mli_schema_from_json(doc, &back, NULL), ML_OK);
    json_decref(doc);
    assert_int_equal(back->count, schema->count);
    for (size_t i = 0; i < back->count; i++) {
        const struct mli_field *a = &schema->field[i], *b = &back->field[i];
        assert_string_equal(a->name, b->name);
        assert_true(a->type == b->type && a->integer == b->integer && a->missing == b->missing);
        assert_true(a->low == b->low || (isnan(a->low) && isnan(b->low)));
        assert_true(a->high == b->high || (isnan(a->high) && isnan(b->high)));
        assert_true(!a->dict == !b->dict);
        for (size_t k = 0; a->dict && k < mli_dict_count(a->dict); k++)
            assert_string_equal(mli_dict_text(a->dict, k), mli_dict_text(b->dict, k));
    }
    mli_schema_free(back);
    mli_schema_free(schema);
    ml_table_free(table);
}

#define NUMBER(rest) "[{\"name\":\"a\",\"type\":\"number\"," rest "}]"
#define CATEGORY(rest) "[{\"name\":\"a\",\"type\":\"category\",\"missing\":0," rest "}]"
#define GOOD                                                                                       \
    "{\"name\":\"a\",\"type\":\"number\",\"integer\":true,\"missing\":0,\"min\":1,\"max\":2}"

static const struct {
    const char *json, *error;
} bad[] = {
    { "{}", "not an array" },
    { "[5]", "schema[0]: " },
    { "[{}]", "schema[0]: \"name\" must be a string" },
    { "[{\"name\":\"\"}]", "schema[0]: \"name\" must be a string that is not empty" },
    { "[" GOOD "," GOOD "]", "schema[1]: \"name\" \"a\" stands twice" },
    { "[{\"name\":\"a\",\"type\":\"float\",\"missing\":0}]", "schema[0]: \"float\" is not a type" },
    { "[{\"name\":\"a\",\"type\":7,\"missing\":0}]", "schema[0]: \"type\"" },
    { "[{\"name\":\"a\"}]", "schema[0]: \"type\"" },
    { NUMBER("\"integer\":true,\"min\":1,\"max\":2"), "schema[0]: \"missing\"" },
    { NUMBER("\"integer\":true,\"missing\":-1,\"min\":1,\"max\":2"), "schema[0]: \"missing\"" },
    { NUMBER("\"integer\":true,\"missing\":1.5,\"min\":1,\"max\":2"), "schema[0]: \"missing\"" },
    { NUMBER("\"integer\":1,\"missing\":0,\"min\":1,\"max\":2"), "schema[0]: \"integer\"" },
    { NUMBER("\"integer\":true,\"missing\":0,\"max\":2"), "schema[0]: \"min\"" },
    { NUMBER("\"integer\":true,\"missing\":0,\"min\":1,\"max\":\"2\""), "schema[0]: \"max\"" },
    { NUMBER("\"integer\":true,\"missing\":0,\"min\":3,\"max\":2"), "no range" },
    { NUMBER("\"integer\":true,\"missing\":0,\"min\":null,\"max\":2"), "no range" },
    { CATEGORY("\"categories\":{}"), "schema[0]: \"categories\"" },
    { CATEGORY("\"integer\":true"), "schema[0]: \"categories\"" },
    { CATEGORY("\"categories\":[\"x\",5]"), "schema[0]: a category must be a string" },
    { CATEGORY("\"categories\":[\"x\",\"\"]"),
      "schema[0]: a category must be a string that is not empty" },
    { CATEGORY("\"categories\":[\"x\",\"y\",\"x\"]"), "schema[0]: a category \"x\" stands twice" },
};

static void refuses_documents_that_are_no_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_schema *schema = NULL;
        json_t *doc = NULL;
        assert_int_equal(mli_json_parse(bad[i].json, strlen(bad[i].json), 0, "test", &doc, NULL),
                         ML_OK);
        assert_int_equal(mli_schema_from_json(doc, &schema, &err), ML_EARTIFACT);
        assert_null(schema);
        expect_error(&err, ML_EARTIFACT, 0, 0, bad[i].error);
        json_decref(doc);
    }
}

static void refuses_oversized_documents(void **state)
{
    struct ml_error err = ML_ERROR_INIT, err2 = ML_ERROR_INIT;
    struct mli_schema *schema = NULL;
    json_t *doc = json_array(), *list = json_array();

    (void)state;
    for (size_t i = 0; i <= MLI_SCHEMA_FIELDS; i++)
        json_array_append_new(doc, json_object());
    assert_int_equal(mli_schema_from_json(doc, &schema, &err), ML_EARTIFACT);
    expect_error(&err, ML_EARTIFACT, 0, 0, "more than 65536 fields");
    json_decref(doc);
    for (size_t i = 0; i <= MLI_SCHEMA_CATEGORIES; i++)
        json_array_append_new(list, json_true());
    doc = json_pack("[{s:s,s:s,s:i,s:o}]", "name", "a", "type", "category", "missing", 0,
                    "categories", list);
    assert_int_equal(mli_schema_from_json(doc, &schema, &err2), ML_EARTIFACT);
    expect_error(&err2, ML_EARTIFACT, 0, 0, "more than 1000000 categories");
    json_decref(doc);
    assert_null(schema);
}

int table_schema_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_the_rows_in_use),
        cmocka_unit_test(describes_all_rows),
        cmocka_unit_test(refuses_too_many_categories),
        cmocka_unit_test(goes_to_json_and_back),
        cmocka_unit_test(refuses_documents_that_are_no_schema),
        cmocka_unit_test(refuses_oversized_documents),
    };
    return cmocka_run_group_tests_name("table/schema", tests, NULL, NULL);
}
