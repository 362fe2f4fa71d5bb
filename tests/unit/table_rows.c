#include <tests/unit/table.h>

#include <math.h>
#include <stdlib.h>
#include <table/table.h>

/* A schema of one column of each type: n number, c category of a, 1.5, true; i instant; t text. */
static struct mli_schema *small_schema(void)
{
    static const char *const pins[] = { "c=category", "t=text", NULL };
    struct ml_table *table =
        table_with("n,c,i,t\n1,a,2013-01-01,p\n2,1.5,2013-01-02,q\n3,true,2013-01-03,r\n",
                   &(struct ml_read_options){ .type = pins });
    struct mli_schema *schema = schema_of(table);

    ml_table_free(table);
    return schema;
}

enum { N, C, I, T };

struct given {
    size_t field;
    const char *text;
    enum mli_cell result;
    const char *stored; /* as ml_table_text() shows it */
};

static const struct given texts[] = {
    { N, "1.50", MLI_CELL_OK, "1.5" },
    { N, "NA", MLI_CELL_MISSING, "" },
    { N, "", MLI_CELL_MISSING, "" },
    { N, "x", MLI_CELL_NOT_A_NUMBER, "" },
    { N, " 1", MLI_CELL_NOT_A_NUMBER, "" }, /* trimmed of nothing */
    { N, "inf", MLI_CELL_NOT_A_NUMBER, "" },
    { C, "a", MLI_CELL_OK, "a" },
    { C, "A", MLI_CELL_UNKNOWN, "" },
    { C, "1.50", MLI_CELL_UNKNOWN, "" },
    { C, "null", MLI_CELL_MISSING, "" },
    { I, "2013-01-01T12:00+12:00", MLI_CELL_OK, "2013-01-01" },
    { I, "?", MLI_CELL_MISSING, "" },
    { I, "5", MLI_CELL_NOT_AN_INSTANT, "" },
    { T, "q", MLI_CELL_OK, "q" },
    { T, "new", MLI_CELL_OK, "" },
    { T, "None", MLI_CELL_MISSING, "" },
};

static void text_meets_the_schema(void **state)
{
    struct mli_schema *schema = small_schema();
    struct mli_rows *rows = NULL;

    (void)state;
    assert_int_equal(mli_rows_new(schema, NULL, COUNT(texts), &rows, NULL), ML_OK);
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_true(mli_rows_append(rows));
        enum mli_cell result =
            mli_rows_set_text(rows, texts[i].field, texts[i].text, strlen(texts[i].text));
        assert_int_equal(result, texts[i].result);
        assert_string_equal(cell(mli_rows_table(rows), i, texts[i].field), texts[i].stored);
    }
    const struct ml_table *table = mli_rows_table(rows);
    assert_int_equal(table->column[C].code[7], MLI_CODE_UNKNOWN);
    assert_int_equal(table->column[C].code[9], MLI_CODE_MISSING);
    assert_int_equal(table->column[T].code[14], MLI_CODE_UNKNOWN);
    mli_rows_free(rows);
    mli_rows_free(NULL);
    mli_schema_free(schema);
}

static void values_meet_the_schema(void **state)
{
    struct mli_schema *schema = small_schema();
    struct mli_rows *rows = NULL;

    (void)state;
    assert_int_equal(mli_rows_new(schema, NULL, 1, &rows, NULL), ML_OK);
    const struct ml_table *table = mli_rows_table(rows);
    assert_true(mli_rows_append(rows));
    assert_int_equal(mli_rows_set_number(rows, N, -0.5), MLI_CELL_OK);
    assert_int_equal(mli_rows_set_number(rows, C, 1.5), MLI_CELL_OK);
    assert_int_equal(mli_rows_set_number(rows, I, 86400.0), MLI_CELL_OK);
    assert_int_equal(mli_rows_set_number(rows, T, 5.0), MLI_CELL_OK);
    assert_string_equal(cell(table, 0, N), "-0.5");
    assert_string_equal(cell(table, 0, C), "1.5");
    assert_string_equal(cell(table, 0, I), "1970-01-02");
    assert_int_equal(mli_rows_set_number(rows, C, 2.0), MLI_CELL_UNKNOWN);
    for (size_t field = N; field <= T; field++) {
        assert_int_equal(mli_rows_set_number(rows, field, NAN), MLI_CELL_NOT_A_NUMBER);
        assert_int_equal(mli_rows_set_number(rows, field, -INFINITY), MLI_CELL_NOT_A_NUMBER);
    }
    assert_string_equal(cell(table, 0, N), "-0.5"); /* refused: as before */
    assert_int_equal(mli_rows_set_bool(rows, N, true), MLI_CELL_OK);
    assert_string_equal(cell(table, 0, N), "1");
    assert_int_equal(mli_rows_set_bool(rows, N, false), MLI_CELL_OK);
    assert_string_equal(cell(table, 0, N), "0");
    assert_int_equal(mli_rows_set_bool(rows, C, true), MLI_CELL_OK);
    assert_string_equal(cell(table, 0, C), "true");
    assert_int_equal(mli_rows_set_bool(rows, C, false), MLI_CELL_UNKNOWN);
    assert_int_equal(mli_rows_set_bool(rows, I, true), MLI_CELL_NOT_AN_INSTANT);
    mli_rows_free(rows);
    mli_schema_free(schema);
}

static void fills_and_resets(void **state)
{
    struct mli_schema *schema = small_schema();
    struct mli_rows *rows = NULL;

    (void)state;
    assert_int_equal(mli_rows_new(schema, NULL, 2, &rows, NULL), ML_OK);
    const struct ml_table *table = mli_rows_table(rows);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(mli_rows_count(rows), 0);
        assert_true(mli_rows_append(rows));
        for (size_t field = N; field <= T; field++)
            assert_string_equal(cell(table, 0, field), "");
        assert_int_equal(table->column[C].code[0], MLI_CODE_MISSING);
        assert_int_equal(mli_rows_set_number(rows, N, 1.0), MLI_CELL_OK);
        assert_int_equal(mli_rows_set_text(rows, C, "a", 1), MLI_CELL_OK);
        assert_true(mli_rows_append(rows));
        assert_int_equal(mli_rows_set_number(rows, N, 2.0), MLI_CELL_OK);
        assert_false(mli_rows_append(rows));
        assert_int_equal(mli_rows_count(rows), 2);
        assert_int_equal(ml_table_rows(table), 2);
        assert_string_equal(cell(table, 0, N), "1");
        assert_string_equal(cell(table, 1, N), "2");
        mli_rows_reset(rows);
    }
    assert_int_equal(ml_table_columns(table), 4);
    assert_string_equal(ml_table_name(table, I), "i");
    assert_string_equal(table->source, "");
    assert_string_equal(table->sha256, "");
    mli_rows_free(rows);
    mli_schema_free(schema);
}

static void takes_missing_tokens_of_the_caller(void **state)
{
    struct mli_schema *schema = small_schema();
    struct mli_missing *missing = mli_missing_new("-,n/a");
    struct mli_rows *rows = NULL;

    (void)state;
    assert_true(mli_missing_has(missing, "", 0));
    assert_true(mli_missing_has(missing, "-", 1));
    assert_true(mli_missing_has(missing, "n/a", 3));
    assert_true(mli_missing_has(missing, "N/A", 3));
    assert_false(mli_missing_has(missing, "-1", 2));
    assert_false(mli_missing_has(missing, "n", 1));
    assert_int_equal(mli_rows_new(schema, missing, 1, &rows, NULL), ML_OK);
    assert_true(mli_rows_append(rows));
    assert_int_equal(mli_rows_set_text(rows, N, "-", 1), MLI_CELL_MISSING);
    mli_rows_free(rows);
    mli_missing_free(missing);
    mli_missing_free(NULL);
    mli_schema_free(schema);
}

static void refuses_more_rows_than_memory(void **state)
{
    struct mli_schema *schema = small_schema();
    struct mli_rows *rows = NULL;
    struct ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(mli_rows_new(schema, NULL, SIZE_MAX / 8, &rows, &err), ML_ENOMEM);
    assert_null(rows);
    expect_error(&err, ML_ENOMEM, 0, 0, "out of memory");
    mli_schema_free(schema);
}

static void cells_have_codes(void **state)
{
    (void)state;
    assert_string_equal(mli_cell_code(MLI_CELL_OK), "");
    assert_string_equal(mli_cell_code(MLI_CELL_MISSING), "");
    assert_string_equal(mli_cell_code(MLI_CELL_UNKNOWN), "unknown_category");
    assert_string_equal(mli_cell_code(MLI_CELL_NOT_A_NUMBER), "not_a_number");
    assert_string_equal(mli_cell_code(MLI_CELL_NOT_AN_INSTANT), "not_an_instant");
}

int table_rows_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_meets_the_schema),
        cmocka_unit_test(values_meet_the_schema),
        cmocka_unit_test(fills_and_resets),
        cmocka_unit_test(takes_missing_tokens_of_the_caller),
        cmocka_unit_test(refuses_more_rows_than_memory),
        cmocka_unit_test(cells_have_codes),
    };
    return cmocka_run_group_tests_name("table/rows", tests, NULL, NULL);
}
