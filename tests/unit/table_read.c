#include <tests/unit/table.h>

#include <base/file.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>
#include <unistd.h>
#include <zlib.h>

static void infers_types_over_all_rows(void **state)
{
    struct ml_table *table = table_of("n,whole,when,c,late,none\n"
                                      "1.5,1,2013-01-01,x,1,\n"
                                      ",-2,2013-01-01T06:30:00Z,7,2,NA\n"
                                      "1e3,NaN,?,null,x3,\n");

    (void)state;
    assert_int_equal(ml_table_rows(table), 3);
    assert_int_equal(ml_table_columns(table), 6);
    assert_int_equal(ml_table_type(table, 0), ML_TYPE_NUMBER);
    assert_int_equal(ml_table_type(table, 1), ML_TYPE_NUMBER);
    assert_int_equal(ml_table_type(table, 2), ML_TYPE_INSTANT);
    assert_int_equal(ml_table_type(table, 3), ML_TYPE_CATEGORY);
    assert_int_equal(ml_table_type(table, 4), ML_TYPE_CATEGORY);
    assert_int_equal(ml_table_type(table, 5), ML_TYPE_NUMBER);
    assert_false(table->column[0].integer);
    assert_true(table->column[1].integer);
    assert_false(table->column[5].integer);
    assert_true(ml_table_numbers(table, 0)[0] == 1.5);
    assert_true(isnan(ml_table_numbers(table, 0)[1]));
    assert_true(ml_table_numbers(table, 0)[2] == 1000.0);
    assert_true(ml_table_numbers(table, 2)[1] == 1357021800.0);
    assert_true(isnan(ml_table_numbers(table, 2)[2]));
    assert_null(ml_table_numbers(table, 3));
    assert_int_equal(table->column[3].code[2], MLI_CODE_MISSING);
    assert_true(isnan(ml_table_numbers(table, 5)[0]));
    assert_string_equal(ml_table_name(table, 4), "late");
    assert_int_equal(ml_table_find(table, "late"), 4);
    assert_int_equal(ml_table_find(table, "Late"), 6);
    ml_table_free(table);
    ml_table_free(NULL);
}

/* A column that stops being a number, or an instant, late keeps the text of its first cells. */
static void keeps_the_text_of_what_looked_like_numbers(void **state)
{
    struct ml_table *table = table_of("a,b,c\n"
                                      "1.50,2013-01-01T00:00Z,007\n"
                                      "NA,2013-01-02,+7\n"
                                      "x,3,2013-01-01\n");

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ml_table_type(table, i), ML_TYPE_CATEGORY);
    assert_string_equal(cell(table, 0, 0), "1.50");
    assert_string_equal(cell(table, 1, 0), "");
    assert_string_equal(cell(table, 2, 0), "x");
    assert_string_equal(cell(table, 0, 1), "2013-01-01T00:00Z");
    assert_string_equal(cell(table, 0, 2), "007");
    assert_string_equal(cell(table, 1, 2), "+7");
    ml_table_free(table);
}

static void texts_and_identifiers_are_mostly_distinct(void **state)
{
    static const struct {
        int rows, distinct;
        int spaced; /* of the distinct values */
        enum ml_type type;
    } cases[] = {
        { 50, 50, 50, ML_TYPE_CATEGORY },   { 51, 51, 51, ML_TYPE_TEXT },
        { 101, 51, 51, ML_TYPE_TEXT },      { 102, 51, 51, ML_TYPE_CATEGORY },
        { 103, 52, 52, ML_TYPE_TEXT },      { 400, 200, 200, ML_TYPE_CATEGORY },
        { 60, 60, 0, ML_TYPE_IDENTIFIER },  { 60, 60, 5, ML_TYPE_IDENTIFIER },
        { 60, 60, 6, ML_TYPE_TEXT },        { 50, 50, 0, ML_TYPE_CATEGORY },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[8192] = "t,u\n";
        size_t len = strlen(text);
        for (int row = 0; row < cases[i].rows; row++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "v%s%d,1\nNA,2\n",
                                    row % cases[i].distinct < cases[i].spaced ? " " : "",
                                    row % cases[i].distinct);
        struct ml_table *table = table_of(text); /* missing cells do not count */
        assert_int_equal(ml_table_type(table, 0), cases[i].type);
        ml_table_free(table);
    }
}

static void codes_do_not_depend_on_the_order_of_rows(void **state)
{
    struct ml_table *one = table_of("c\nb\na\n10\n9\n"), *two = table_of("c\n9\n10\na\nb\n");

    (void)state;
    for (size_t row = 0; row < 4; row++) {
        assert_string_equal(mli_dict_text(one->column[0].dict, row),
                            mli_dict_text(two->column[0].dict, row));
        assert_int_equal(one->column[0].code[row], two->column[0].code[3 - row]);
    }
    assert_string_equal(mli_dict_text(one->column[0].dict, 0), "10");
    ml_table_free(one);
    ml_table_free(two);

    static const char *const pins[] = { "c=category", NULL };
    one = table_with("c\n10\n9\nNA\n-1\n", &(struct ml_read_options){ .type = pins });
    assert_string_equal(mli_dict_text(one->column[0].dict, 0), "-1");
    assert_string_equal(mli_dict_text(one->column[0].dict, 1), "9");
    assert_string_equal(cell(one, 0, 0), "10");
    assert_string_equal(cell(one, 2, 0), "");
    ml_table_free(one);
}

static void trims_fields_without_quotes_only(void **state)
{
    struct ml_table *table = table_of("n,c\n 5.1 , NA \n\t-1,\" NA \"\n");

    (void)state;
    assert_int_equal(ml_table_type(table, 0), ML_TYPE_NUMBER);
    assert_true(ml_table_numbers(table, 0)[0] == 5.1);
    assert_string_equal(cell(table, 0, 1), "");
    assert_string_equal(cell(table, 1, 1), " NA ");
    ml_table_free(table);
}

static void built_in_tokens_are_missing(void **state)
{
    struct ml_table *table = table_of("a,b\nNA,N/A\nNaN,nan\nnull,NULL\nNone,?\n,\"\"\nna,Null\n");

    (void)state;
    for (size_t row = 0; row < 5; row++) {
        assert_string_equal(cell(table, row, 0), "");
        assert_string_equal(cell(table, row, 1), "");
    }
    assert_string_equal(cell(table, 5, 0), "na");
    assert_string_equal(cell(table, 5, 1), "Null");
    ml_table_free(table);
}

static void tokens_of_the_caller_are_missing_too(void **state)
{
    struct ml_read_options options = { .missing = "-999, n/a ,,." };
    struct ml_table *table = table_with("a,b\n-999,n/a\nNA,.\n1,2\n", &options);

    (void)state;
    assert_true(isnan(ml_table_numbers(table, 0)[0]));
    assert_true(isnan(ml_table_numbers(table, 0)[1]));
    assert_true(isnan(ml_table_numbers(table, 1)[0]));
    assert_true(isnan(ml_table_numbers(table, 1)[1]));
    assert_true(ml_table_numbers(table, 1)[2] == 2.0);
    ml_table_free(table);
}

static void pins_decide_the_type(void **state)
{
    static const char *const pins[] = { "zip=category", "id=text",  "a=b=number",
                                        "when=instant", "e=number", NULL };
    struct ml_read_options options = { .type = pins };
    struct ml_table *table =
        table_with("zip,id,a=b,when,e\n01234,1,1,2013-01-01,\n1234,2,,NA,\n", &options);

    (void)state;
    assert_int_equal(ml_table_type(table, 0), ML_TYPE_CATEGORY);
    assert_string_equal(cell(table, 0, 0), "01234");
    assert_int_equal(ml_table_type(table, 1), ML_TYPE_TEXT);
    assert_int_equal(ml_table_type(table, 2), ML_TYPE_NUMBER);
    assert_int_equal(ml_table_type(table, 3), ML_TYPE_INSTANT);
    assert_true(isnan(ml_table_numbers(table, 3)[1]));
    assert_int_equal(ml_table_type(table, 4), ML_TYPE_NUMBER);
    ml_table_free(table);
}

static void pinned_columns_refuse_what_does_not_fit(void **state)
{
    static const char *const pins[] = { "age=number", "when=instant", NULL };
    struct ml_read_options options = { .type = pins };

    (void)state;
    expect_refused("x,age,when\na,1,NA\n\"b\nc\",n/a,\n", &options, ML_EDATA, 3, 2,
                   "column \"age\": \"n/a\" is not a number (--na n/a treats it as missing)");
    expect_refused("x,age,when\na,1,2013-02-30\n", &options, ML_EDATA, 2, 3,
                   "column \"when\": \"2013-02-30\" is not a date or date-time (--na");
    expect_refused("x,age,when\na,\"1,5\",\n", &options, ML_EDATA, 2, 2,
                   "column \"age\": \"1,5\" is not a number");
}

static void dropped_columns_are_not_there(void **state)
{
    static const char *const drop[] = { "b", "b", NULL };
    struct ml_table *table =
        table_with("a,b,c\n1,x,3\n4,5,6\n", &(struct ml_read_options){ .drop = drop });

    (void)state;
    assert_int_equal(ml_table_columns(table), 2);
    assert_string_equal(ml_table_name(table, 1), "c");
    assert_true(ml_table_numbers(table, 1)[1] == 6.0);
    assert_int_equal(ml_table_find(table, "b"), 2);
    ml_table_free(table);
}

static void refuses_pins_and_drops_of_no_column(void **state)
{
    static const char text[] = "age,sex\n1,m\n";
    static const char *const near[] = { "agee=number", NULL }, *const type[] = { "age=numeric",
                                                                                 NULL };
    static const char *const bare[] = { "age", NULL }, *const unnamed[] = { "=number", NULL };
    static const char *const drop[] = { "Sex", NULL }, *const far[] = { "whatever", NULL };
    static const char *const all[] = { "age", "sex", NULL };

    (void)state;
    expect_refused(text, &(struct ml_read_options){ .type = near }, ML_EUSAGE, 0, 0,
                   "--type: no column \"agee\"; did you mean \"age\"?");
    expect_refused(text, &(struct ml_read_options){ .type = type }, ML_EUSAGE, 0, 0,
                   "\"numeric\" is not a type");
    expect_refused(text, &(struct ml_read_options){ .type = bare }, ML_EUSAGE, 0, 0,
                   "expected COLUMN=TYPE");
    expect_refused(text, &(struct ml_read_options){ .type = unnamed }, ML_EUSAGE, 0, 0,
                   "expected COLUMN=TYPE");
    expect_refused(text, &(struct ml_read_options){ .drop = drop }, ML_EUSAGE, 0, 0,
                   "--drop-columns: no column \"Sex\"; did you mean \"sex\"?");
    expect_refused(text, &(struct ml_read_options){ .drop = far }, ML_EUSAGE, 0, 0,
                   "no column \"whatever\"; the first of 2 is \"age\"");
    expect_refused(text, &(struct ml_read_options){ .drop = all }, ML_EUSAGE, 0, 0,
                   "no column is left");
    expect_refused(text, &(struct ml_read_options){ .csv.delimiter = '"' }, ML_EUSAGE, 0, 0,
                   "delimiter");
}

static void refuses_files_that_are_no_table(void **state)
{
    (void)state;
    expect_refused("", NULL, ML_EDATA, 0, 0, "empty");
    expect_refused("\xEF\xBB\xBF\n\n", NULL, ML_EDATA, 0, 0, "empty");
    expect_refused("a,b\n\n", NULL, ML_EDATA, 0, 0, "no rows");
    expect_refused("a,b,c,d,e\n1,2,3,4,5\n\n1,2,3,4,5,6\n", NULL, ML_EDATA, 4, 0,
                   "6 fields where the header has 5");
    expect_refused("a,b\n1\n", NULL, ML_EDATA, 2, 0, "1 field where the header has 2");
    expect_refused("a,b\n1,\"2\n", NULL, ML_EDATA, 2, 2, "never closed");
    expect_refused("a,\"b\n1,2\n", NULL, ML_EDATA, 1, 2, "never closed");
}

static void gives_every_column_a_name_of_its_own(void **state)
{
    struct notes notes;
    const struct ml_log log = log_to(&notes);
    struct ml_table *table = table_with("x,,x,x.1,x,,column6,\" \"\n1,2,3,4,5,6,7,8\n",
                                        &(struct ml_read_options){ .log = &log });
    static const char *const names[] = { "x",   "column2",   "x.2",     "x.1",
                                         "x.3", "column6.1", "column6", " " };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(ml_table_name(table, i), names[i]);
    assert_int_equal(notes.lines, 4);
    assert_string_equal(notes.text,
                        "column 2 has no name; it is called \"column2\"\n"
                        "column 3 has the name of another column; it is called \"x.2\"\n"
                        "column 5 has the name of another column; it is called \"x.3\"\n"
                        "column 6 has no name; it is called \"column6.1\"\n");
    ml_table_free(table);
    table = table_with(",,,,,,,\n1,2,3,4,5,6,7,8\n",
                       &(struct ml_read_options){ .log = &log, .csv.delimiter = ',' });
    assert_string_equal(ml_table_name(table, 7), "column8");
    assert_int_equal(notes.lines, 4 + 6);
    assert_non_null(strstr(notes.text, "and 3 more columns without a name of their own\n"));
    ml_table_free(table);
}

static void names_types(void **state)
{
    static const char *const names[] = { "number", "category", "instant", "text" };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        enum ml_type type = i == 0 ? ML_TYPE_TEXT : ML_TYPE_NUMBER;
        assert_true(ml_type_parse(names[i], &type));
        assert_int_equal(type, i);
        assert_string_equal(ml_type_name(type), names[i]);
    }
    enum ml_type type = ML_TYPE_TEXT;
    assert_false(ml_type_parse("Number", &type));
    assert_false(ml_type_parse("", &type));
    assert_int_equal(type, ML_TYPE_TEXT);
}

static void gives_cells_as_text(void **state)
{
    struct ml_table *table = table_of("n,when,c\n0.10,2013-01-01T00:00:00Z,gr\xC3\xBC\xC3\x9F"
                                      "e\n,NA,\n");
    char out[8] = "unused";

    (void)state;
    assert_string_equal(cell(table, 0, 0), "0.1");
    assert_string_equal(cell(table, 0, 1), "2013-01-01");
    assert_string_equal(cell(table, 0, 2), "gr\xC3\xBC\xC3\x9F"
                                           "e");
    for (size_t column = 0; column < 3; column++)
        assert_string_equal(cell(table, 1, column), "");
    ml_table_text(table, 0, 1, out, sizeof(out));
    assert_string_equal(out, "2013-01");
    ml_table_text(table, 0, 2, out, 5); /* no half characters */
    assert_string_equal(out, "gr\xC3\xBC");
    ml_table_text(table, 0, 2, out, 4);
    assert_string_equal(out, "gr");
    ml_table_text(table, 0, 2, out, 1);
    assert_string_equal(out, "");
    memcpy(out, "as is", 6);
    ml_table_text(table, 0, 2, out, 0);
    assert_string_equal(out, "as is");
    ml_table_free(table);
}

static void filters_rows(void **state)
{
    struct ml_table *table =
                        table_of("n,c,when\n1,x,2013-01-01\n2,NA,2013-01-02\n3,z,2013-01-03\n"),
                    *some = NULL;
    const uint8_t keep[] = { 0, 1, 7 };

    (void)state;
    assert_int_equal(mli_table_filter(table, keep, &some, NULL), ML_OK);
    for (size_t row = 0; row < 2; row++) {
        for (size_t column = 0; column < 3; column++) {
            char expected[64];
            snprintf(expected, sizeof(expected), "%s", cell(table, row + 1, column));
            assert_string_equal(cell(some, row, column), expected);
        }
    }
    assert_int_equal(some->rows, 2);
    assert_true(some->column[0].integer);
    assert_int_equal(some->column[1].code[1], table->column[1].code[2]);
    assert_int_equal(mli_dict_count(some->column[1].dict), 2);
    assert_string_equal(some->column[2].name, "when");
    assert_string_equal(some->source, "test.csv");
    assert_string_equal(some->sha256, table->sha256);
    assert_true(some->bytes == table->bytes && some->delimiter == ',');
    ml_table_free(table); /* nothing is shared */
    assert_string_equal(cell(some, 1, 1), "z");
    ml_table_free(some);
}

/* ---- files ----------------------------------------------------------------------------------- */

static char directory[] = "/tmp/table-test-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static void reads_a_file(void **state)
{
    char path[64], digest[MLI_SHA256_HEX];
    struct ml_table *table = NULL;
    struct ml_error err = ML_ERROR_INIT;

    (void)state;
    snprintf(path, sizeof(path), "%s/a.csv", directory);
    assert_int_equal(mli_file_write(path, "a;b\r\n1;2\r\n", 10, false, NULL), ML_OK);
    assert_int_equal(mli_file_sha256(path, digest, NULL), ML_OK);
    assert_int_equal(ml_table_read(path, NULL, &table, &err), ML_OK);
    assert_string_equal(table->source, path);
    assert_string_equal(table->sha256, digest);
    assert_true(table->bytes == 10);
    assert_int_equal(table->delimiter, ';');
    ml_table_free(table);
    unlink(path);
    table = NULL;
    assert_int_equal(ml_table_read(path, NULL, &table, &err), ML_EIO);
    assert_null(table);
    expect_error(&err, ML_EIO, 0, 0, "");
}

static void reads_gzip(void **state)
{
    static const char text[] = "a\tb\n1\tx\n2\ty\n";
    char path[64], digest[MLI_SHA256_HEX];
    struct ml_table *table = NULL;

    (void)state;
    snprintf(path, sizeof(path), "%s/a.csv.gz", directory);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, sizeof(text) - 1), sizeof(text) - 1);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(mli_file_sha256(path, digest, NULL), ML_OK);
    assert_int_equal(ml_table_read(path, NULL, &table, NULL), ML_OK);
    assert_int_equal(table->rows, 2);
    assert_int_equal(table->delimiter, '\t');
    assert_string_equal(cell(table, 1, 1), "y");
    assert_string_equal(table->sha256, digest); /* of the bytes as stored */
    ml_table_free(table);
    unlink(path);
}

static void numbers_as_the_file_writes_them(void **state)
{
    static const char csv[] = "a;b;c\n1.234,5;7;1.5\n-0,25;1.000.000;2,5\nNA;12;3\n";
    static const char *const pins[] = { "c=number", NULL };
    struct ml_read_options options = { .csv = { .decimal = ',', .thousands = '.' } };

    (void)state;
    for (int libcsv = 0; libcsv < 2; libcsv++) {
        options.csv.libcsv = libcsv;
        struct ml_table *table = table_with(csv, &options);
        assert_int_equal(ml_table_type(table, 0), ML_TYPE_NUMBER);
        assert_true(ml_table_numbers(table, 0)[0] == 1234.5);
        assert_true(ml_table_numbers(table, 0)[1] == -0.25);
        assert_true(table->column[1].integer);
        assert_true(ml_table_numbers(table, 1)[1] == 1e6);
        assert_int_equal(ml_table_type(table, 2), ML_TYPE_CATEGORY); /* 1.5 is no number there */
        assert_string_equal(cell(table, 0, 2), "1.5");
        ml_table_free(table);
    }
    options.type = pins;
    expect_refused(csv, &options, ML_EDATA, 2, 3, "column \"c\": \"1.5\" is not a number");
}

int table_read_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(infers_types_over_all_rows),
        cmocka_unit_test(keeps_the_text_of_what_looked_like_numbers),
        cmocka_unit_test(texts_and_identifiers_are_mostly_distinct),
        cmocka_unit_test(codes_do_not_depend_on_the_order_of_rows),
        cmocka_unit_test(trims_fields_without_quotes_only),
        cmocka_unit_test(built_in_tokens_are_missing),
        cmocka_unit_test(tokens_of_the_caller_are_missing_too),
        cmocka_unit_test(pins_decide_the_type),
        cmocka_unit_test(pinned_columns_refuse_what_does_not_fit),
        cmocka_unit_test(dropped_columns_are_not_there),
        cmocka_unit_test(refuses_pins_and_drops_of_no_column),
        cmocka_unit_test(refuses_files_that_are_no_table),
        cmocka_unit_test(gives_every_column_a_name_of_its_own),
        cmocka_unit_test(names_types),
        cmocka_unit_test(gives_cells_as_text),
        cmocka_unit_test(filters_rows),
        cmocka_unit_test(reads_a_file),
        cmocka_unit_test(reads_gzip),
        cmocka_unit_test(numbers_as_the_file_writes_them),
    };
    return cmocka_run_group_tests_name("table/read", tests, make_directory, remove_directory);
}
