/* The words of booleans, columns of them, and new rows against such a column. */
#include <tests/unit/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <table/boolean.h>
#include <table/table.h>

static void knows_its_words(void **state)
{
    static const char *const no[] = { "no", "N", "False", "f", "OFF", "0" };
    static const char *const yes[] = { "YES", "y", "tRUE", "T", "on", "1" };
    static const char *const neither[] = { "", "noo", "ye", "nope", "2", "true ", "01", "falsefalse" };

    (void)state;
    for (size_t i = 0; i < COUNT(no); i++)
        assert_int_equal(mli_boolean_parse(no[i], strlen(no[i])), 0);
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_int_equal(mli_boolean_parse(yes[i], strlen(yes[i])), 1);
    for (size_t i = 0; i < COUNT(neither); i++)
        assert_int_equal(mli_boolean_parse(neither[i], strlen(neither[i])), MLI_CODE_UNKNOWN);
    assert_true(mli_boolean_pair("No", "yes"));
    assert_false(mli_boolean_pair("yes", "no"));
    assert_false(mli_boolean_pair("no", "true"));
    assert_false(mli_boolean_pair("0", "1"));
}

struct column_case {
    const char *csv;
    enum ml_type type;
    const char *no, *yes; /* of a BOOLEAN */
    const char *cells;    /* of all rows */
};

static void check_column(const struct ml_table *table, const struct column_case *c)
{
    char cells[64] = "";

    assert_int_equal(ml_table_type(table, 0), c->type);
    if (c->type != ML_TYPE_BOOLEAN)
        return;
    assert_int_equal(mli_dict_count(table->column[0].dict), 2);
    assert_string_equal(mli_dict_text(table->column[0].dict, 0), c->no);
    assert_string_equal(mli_dict_text(table->column[0].dict, 1), c->yes);
    for (size_t row = 0; row < ml_table_rows(table); row++)
        snprintf(cells + strlen(cells), sizeof(cells) - strlen(cells), "%d ", table->column[0].code[row]);
    assert_string_equal(cells, c->cells);
}

static void columns_of_one_pair(void **state)
{
    static const struct column_case cases[] = {
        { "c,d\nyes,\nno,\nNA,\nno,\n", ML_TYPE_BOOLEAN, "no", "yes", "1 0 -1 0 " },
        { "c\nTrue\nFalse\nFalse\n", ML_TYPE_BOOLEAN, "False", "True", "1 0 0 " },
        { "c\nno\nYes\n", ML_TYPE_BOOLEAN, "no", "Yes", "0 1 " }, /* 'Y' sorts before 'n' */
        { "c\nYes\nyes\nNO\n", ML_TYPE_BOOLEAN, "NO", "yes", "1 1 0 " },
        { "c\nY\nN\n", ML_TYPE_BOOLEAN, "N", "Y", "1 0 " },
        { "c\nt\nf\n", ML_TYPE_BOOLEAN, "f", "t", "1 0 " },
        { "c\noff\non\n", ML_TYPE_BOOLEAN, "off", "on", "0 1 " },
        { "c,d\nyes,1\nyes,2\n", ML_TYPE_CATEGORY, NULL, NULL, NULL }, /* one of the two only */
        { "c\nyes\nno\nmaybe\n", ML_TYPE_CATEGORY, NULL, NULL, NULL },
        { "c\nyes\nfalse\n", ML_TYPE_CATEGORY, NULL, NULL, NULL },
        { "c\ny\nno\n", ML_TYPE_CATEGORY, NULL, NULL, NULL },
        { "c\n1\n0\n", ML_TYPE_NUMBER, NULL, NULL, NULL },
        { "c\n1\n0\nyes\nno\n", ML_TYPE_CATEGORY, NULL, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_table *table = table_of(cases[i].csv);
        check_column(table, &cases[i]);
        ml_table_free(table);
    }
}

static void pinned(void **state)
{
    static const char *const pins[] = { "c=boolean", NULL }, *const other[] = { "c=category", NULL };
    static const struct column_case cases[] = {
        { "c\n1\n0\n1\n", ML_TYPE_BOOLEAN, "0", "1", "1 0 1 " },
        { "c,d\nyes,\nNA,\n", ML_TYPE_BOOLEAN, "no", "yes", "1 -1 " },
        { "c\ny\nTRUE\n0\noff\n", ML_TYPE_BOOLEAN, "false", "true", "1 1 0 0 " },
        { "c,d\n,1\n,2\n", ML_TYPE_BOOLEAN, "false", "true", "-1 -1 " },
    };
    struct ml_read_options options = { .type = pins };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ml_table *table = table_with(cases[i].csv, &options);
        check_column(table, &cases[i]);
        ml_table_free(table);
    }
    expect_refused("c\nyes\n2\n", &options, ML_EDATA, 3, 1, "\"2\" is not a boolean (yes/no, ");
    options.type = other;
    struct ml_table *table = table_with("c\nyes\nno\n", &options);
    assert_int_equal(ml_table_type(table, 0), ML_TYPE_CATEGORY);
    ml_table_free(table);
}

static int32_t code_of(const struct mli_rows *rows)
{
    return mli_rows_table(rows)->column[0].code[mli_rows_count(rows) - 1];
}

static void new_rows(void **state)
{
    struct ml_table *table = table_of("c\nYes\nNo\n");
    struct mli_schema *schema = schema_of(table);
    struct mli_rows *rows = NULL;

    (void)state;
    assert_int_equal(mli_rows_new(schema, NULL, 1, &rows, NULL), ML_OK);
    assert_true(mli_rows_append(rows));
    assert_int_equal(mli_rows_set_text(rows, 0, "YES", 3), MLI_CELL_OK);
    assert_int_equal(code_of(rows), 1);
    assert_int_equal(mli_rows_set_text(rows, 0, "0", 1), MLI_CELL_OK);
    assert_int_equal(code_of(rows), 0);
    assert_int_equal(mli_rows_set_bool(rows, 0, true), MLI_CELL_OK);
    assert_int_equal(code_of(rows), 1);
    assert_int_equal(mli_rows_set_bool(rows, 0, false), MLI_CELL_OK);
    assert_int_equal(code_of(rows), 0);
    assert_int_equal(mli_rows_set_number(rows, 0, 1.0), MLI_CELL_OK);
    assert_int_equal(code_of(rows), 1);
    assert_int_equal(mli_rows_set_number(rows, 0, 0.5), MLI_CELL_UNKNOWN);
    assert_int_equal(mli_rows_set_text(rows, 0, "maybe", 5), MLI_CELL_UNKNOWN);
    assert_int_equal(code_of(rows), MLI_CODE_UNKNOWN);
    assert_int_equal(mli_rows_set_text(rows, 0, "?", 1), MLI_CELL_MISSING);
    assert_int_equal(code_of(rows), MLI_CODE_MISSING);
    mli_rows_free(rows);
    mli_schema_free(schema);
    ml_table_free(table);
}

/* The pair stays whole even where training rows show one word of it, and in this order. */
static void schema_keeps_the_pair(void **state)
{
    struct ml_table *table = table_of("c\nYes\nno\nno\n");
    struct mli_schema *schema = NULL, *back = NULL;
    static const uint8_t use[] = { 0, 1, 1 };

    (void)state;
    assert_int_equal(mli_schema_from_table(table, (size_t[]){ 0 }, 1, use, &schema, NULL), ML_OK);
    json_t *doc = mli_schema_to_json(schema);
    char *text = mli_json_text(doc, false);
    assert_string_equal(text, "[{\"name\":\"c\",\"type\":\"boolean\",\"missing\":0,"
                              "\"categories\":[\"no\",\"Yes\"]}]");
    free(text);
    assert_int_equal(mli_schema_from_json(doc, &back, NULL), ML_OK);
    json_array_remove(json_object_get(json_array_get(doc, 0), "categories"), 0);
    mli_schema_free(back);
    struct ml_error err = ML_ERROR_INIT;
    assert_int_equal(mli_schema_from_json(doc, &back, &err), ML_EARTIFACT);
    expect_error(&err, ML_EARTIFACT, 0, 0, "a false word and a true one");
    json_decref(doc);
    mli_schema_free(schema);
    ml_table_free(table);
}

int table_boolean_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_words),       cmocka_unit_test(columns_of_one_pair),
        cmocka_unit_test(pinned),                cmocka_unit_test(new_rows),
        cmocka_unit_test(schema_keeps_the_pair),
    };

    return cmocka_run_group_tests_name("boolean", tests, NULL, NULL);
}
