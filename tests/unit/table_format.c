/* Dates in the common forms: cell by cell, decided over a column, in new rows. */
#include <tests/unit/table.h>

#include <math.h>
#include <stdlib.h>
#include <table/decide.h>
#include <table/table.h>

/* The instant that each format makes of a text, as ISO 8601; "" where it makes none. */
static const struct {
    const char *text, *dmy, *mdy, *ymd, *named;
} readings[] = {
    { "2021-03-04", "2021-03-04", "2021-03-04", "2021-03-04", "2021-03-04" }, /* ISO in any column */
    { "4/3/2021", "2021-03-04", "2021-04-03", "", "" },
    { "04.03.2021", "2021-03-04", "2021-04-03", "", "" },
    { "31-12-2021", "2021-12-31", "", "", "" },
    { "12/31/2021", "", "2021-12-31", "", "" },
    { "2021/3/4", "", "", "2021-03-04", "" },
    { "2021.12.31", "", "", "2021-12-31", "" },
    { "2021-3-4", "", "", "2021-03-04", "" },
    { "3/4/21", "2021-04-03", "2021-03-04", "", "" },
    { "03.04.68", "2068-04-03", "2068-03-04", "", "" },
    { "03-04-69", "1969-04-03", "1969-03-04", "", "" },
    { "31/12/00", "2000-12-31", "", "", "" },
    { "1.10.12", "", "", "", "" }, /* a version */
    { "10.1.2.3", "", "", "", "" },
    { "29/2/2021", "", "", "", "" },
    { "29/2/2020", "2020-02-29", "", "", "" },
    { "0/1/2021", "", "", "", "" },
    { "13/13/2021", "", "", "", "" },
    { "4/3-2021", "", "", "", "" },
    { "4/3/021", "", "", "", "" },
    { "4/3/20211", "", "", "", "" },
    { "4/3/2021 ", "", "", "", "" },
    { " 4/3/2021", "", "", "", "" },
    { "20210304", "", "", "", "" }, /* stays a number */
    { "4/3/2021 9:05", "2021-03-04T09:05:00Z", "2021-04-03T09:05:00Z", "", "" },
    { "31/12/2021T09:05:07", "2021-12-31T09:05:07Z", "", "", "" },
    { "31/12/2021, 9:05:07.25 pm", "2021-12-31T21:05:07.250Z", "", "", "" },
    { "31/12/2021 12:00 AM", "2021-12-31", "", "", "" },
    { "31/12/2021 12:00PM", "2021-12-31T12:00:00Z", "", "", "" },
    { "31/12/2021 12:30 am Z", "2021-12-31T00:30:00Z", "", "", "" },
    { "31/12/2021 10:00 +0200", "2021-12-31T08:00:00Z", "", "", "" },
    { "31/12/2021 10:00-05:30", "2021-12-31T15:30:00Z", "", "", "" },
    { "31/12/2021 23:59:60", "2022-01-01", "", "", "" },
    { "31/12/2021 13:00 PM", "", "", "", "" },
    { "31/12/2021 0:30 AM", "", "", "", "" },
    { "31/12/2021 24:00", "", "", "", "" },
    { "31/12/2021 10:60", "", "", "", "" },
    { "31/12/2021 10:5", "", "", "", "" },
    { "31/12/2021 10", "", "", "", "" },
    { "31/12/2021 10:00 XM", "", "", "", "" },
    { "31/12/2021 10:00 +25:00", "", "", "", "" },
    { "31/12/2021Z", "", "", "", "" },
    { "04-Mar-2021", "", "", "", "2021-03-04" },
    { "4 Mar 2021", "", "", "", "2021-03-04" },
    { "4/MARCH/2021", "", "", "", "2021-03-04" },
    { "04-MAR-69", "", "", "", "1969-03-04" },
    { "Mar 4, 2021", "", "", "", "2021-03-04" },
    { "March 4, 2021 10:00 PM", "", "", "", "2021-03-04T22:00:00Z" },
    { "march 4 2021", "", "", "", "2021-03-04" },
    { "Sept. 30, 2021", "", "", "", "2021-09-30" },
    { "May 1, 2021", "", "", "", "2021-05-01" },
    { "Mar 4, 21", "", "", "", "" },
    { "Marc 4, 2021", "", "", "", "" },
    { "Mars 4, 2021", "", "", "", "" },
    { "4-Mar 2021", "", "", "", "" },
    { "4Mar2021", "", "", "", "" },
    { "31 Apr 2021", "", "", "", "" },
    { "Mar", "", "", "", "" },
    { "4 Mar", "", "", "", "" },
    { "", "", "", "", "" },
};

static void check(enum mli_format format, const char *text, const char *expected)
{
    char found[MLI_INSTANT_MAX] = "";
    double seconds = NAN;

    if (mli_instant_parse_as(format, text, strlen(text), &seconds))
        mli_instant_format(seconds, found);
    if (strcmp(found, expected) != 0)
        fail_msg("\"%s\" as %s: \"%s\" instead of \"%s\"", text, mli_format_name(format), found,
                 expected);
}

static void reads_each_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(readings); i++) {
        check(MLI_FORMAT_DMY, readings[i].text, readings[i].dmy);
        check(MLI_FORMAT_MDY, readings[i].text, readings[i].mdy);
        check(MLI_FORMAT_YMD, readings[i].text, readings[i].ymd);
        check(MLI_FORMAT_NAMED, readings[i].text, readings[i].named);
    }
}

/* A text has a shape exactly if it can be read in a format. */
static void shapes_agree_with_readings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(readings); i++) {
        const char *text = readings[i].text;
        bool any = readings[i].dmy[0] || readings[i].mdy[0] || readings[i].ymd[0] ||
                   readings[i].named[0];
        unsigned shapes = mli_instant_shapes(text, strlen(text), MLI_SHAPES_ALL);
        if (any != (shapes != 0))
            fail_msg("\"%s\" has the shapes %x", text, shapes);
        for (unsigned bit = 1; bit <= MLI_SHAPES_ALL; bit <<= 1)
            assert_int_equal(mli_instant_shapes(text, strlen(text), bit), shapes & bit);
    }
}

static const struct {
    const char *csv;
    const char *type; /* as a pin would say it */
    const char *first; /* cell, as ISO 8601 */
    bool said;
} columns[] = {
    { "c\n2021-03-04\n2021-03-05T10:00\n", "instant:iso", "2021-03-04", false },
    { "c\n31/12/2021\n1/2/2021\n", "instant:dmy", "2021-12-31", false },
    { "c\n1/2/2021\n31/12/2021\n", "instant:dmy", "2021-02-01", false },
    { "c\n1/2/2021\n12/31/2021 5:00 PM\n", "instant:mdy", "2021-01-02", false },
    { "c,d\n1/2/2021,x\nNA,y\n3/4/2021,z\n", "instant:dmy", "2021-02-01", true },
    { "c\n2021/3/4\n2021/12/31\n", "instant:ymd", "2021-03-04", false },
    { "c\n2021-03-04\n2021-3-5\n", "instant:ymd", "2021-03-04", false },
    { "c\n4 Mar 2021\n\"Mar 5, 2021\"\n", "instant:named", "2021-03-04", false },
    { "c\nMay 1 2021\nJune 1 2021\n", "instant:named", "2021-05-01", false },
    { "c\nJan 5 2021\n6-Feb-21\n", "instant:named", "2021-01-05", false },
    { "c\n31/12/2021\n12/31/2021\n", "category", NULL, false },
    { "c\n1/2/2021\n1.2.2021\n", "category", NULL, false }, /* two separators */
    { "c\n1/2/2021\n2021-02-01\n", "category", NULL, false },
    { "c\n1/2/2021\nsoon\n", "category", NULL, false },
    { "c\nMay 1 2021\nsoon\n", "category", NULL, false },
    { "c\n1.2.12\n1.10.3\n", "category", NULL, false },
    { "c\n20210304\n20210305\n", "number", NULL, false },
};

static void decides_over_the_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(columns); i++) {
        struct notes notes;
        struct ml_log log = log_to(&notes);
        struct mli_pin expected;
        assert_true(mli_pin_parse(columns[i].type, &expected));
        for (int libcsv = 0; libcsv < 2; libcsv++) {
            struct ml_table *table = table_with(
                columns[i].csv, &(struct ml_read_options){ .csv.libcsv = libcsv, .log = &log });
            const struct mli_column *column = &table->column[0];
            if (column->type != expected.type || column->format != expected.format)
                fail_msg("%s: %s:%s", columns[i].csv, ml_type_name(column->type),
                         mli_format_name(column->format));
            if (columns[i].first)
                assert_string_equal(cell(table, 0, 0), columns[i].first);
            ml_table_free(table);
        }
        assert_int_equal(notes.lines, columns[i].said ? 2 : 0);
        if (columns[i].said)
            assert_non_null(strstr(notes.text, "--type c=instant:mdy reads them so"));
    }
}

static void pins(void **state)
{
    static const char *const mdy[] = { "c=instant:mdy", NULL }, *const any[] = { "c=instant", NULL },
                            *const wrong[] = { "c=instant:dym", NULL };
    struct notes notes;
    struct ml_log log = log_to(&notes);
    struct ml_read_options options = { .type = mdy, .log = &log };

    (void)state;
    struct ml_table *table = table_with("c\n1/2/2021\n2021-03-04\n", &options);
    assert_string_equal(cell(table, 0, 0), "2021-01-02");
    assert_string_equal(cell(table, 1, 0), "2021-03-04");
    ml_table_free(table);
    assert_int_equal(notes.lines, 0);
    expect_refused("c\n31/12/2021\n", &options, ML_EDATA, 2, 1,
                   "\"31/12/2021\" is not a date (mdy) or date-time, like 12/31/2021 (--na");
    options.type = any;
    table = table_with("c\n1/2/2021\n31/12/2021\n", &options);
    assert_int_equal(table->column[0].format, MLI_FORMAT_DMY);
    ml_table_free(table);
    expect_refused("c\n1/2/2021\n31/12/2021\n12/31/2021\n", &options, ML_EDATA, 0, 0,
                   "column \"c\": its dates are not all written in one way; --type c=instant:dmy");
    expect_refused("c\nsoon\n", &options, ML_EDATA, 2, 1, "\"soon\" is not a date or date-time (--na");
    options.type = wrong;
    expect_refused("c\nsoon\n", &options, ML_EUSAGE, 0, 0, "\"instant:dym\" is not a type");
}

static void new_rows_follow_the_format(void **state)
{
    struct ml_table *table = table_of("c\n31/12/2021\n1/2/2021\n");
    struct mli_schema *schema = schema_of(table), *back = NULL;
    struct mli_rows *rows = NULL;

    (void)state;
    json_t *doc = mli_schema_to_json(schema);
    assert_string_equal(json_string_value(json_object_get(json_array_get(doc, 0), "format")), "dmy");
    assert_int_equal(mli_schema_from_json(doc, &back, NULL), ML_OK);
    assert_int_equal(mli_rows_new(back, NULL, 1, &rows, NULL), ML_OK);
    assert_true(mli_rows_append(rows));
    assert_int_equal(mli_rows_set_text(rows, 0, "3.4.2021", 8), MLI_CELL_OK);
    assert_string_equal(cell(mli_rows_table(rows), 0, 0), "2021-04-03");
    assert_int_equal(mli_rows_set_text(rows, 0, "2021-05-06", 10), MLI_CELL_OK);
    assert_string_equal(cell(mli_rows_table(rows), 0, 0), "2021-05-06");
    assert_int_equal(mli_rows_set_text(rows, 0, "12/31/2021", 10), MLI_CELL_NOT_AN_INSTANT);
    mli_rows_free(rows);
    mli_schema_free(back);

    struct ml_error err = ML_ERROR_INIT;
    json_object_set_new(json_array_get(doc, 0), "format", json_string("dym"));
    assert_int_equal(mli_schema_from_json(doc, &back, &err), ML_EARTIFACT);
    expect_error(&err, ML_EARTIFACT, 0, 0, "\"dym\" is not a format of dates");
    json_object_del(json_array_get(doc, 0), "format"); /* as older models have it */
    assert_int_equal(mli_schema_from_json(doc, &back, NULL), ML_OK);
    assert_int_equal(back->field[0].format, MLI_FORMAT_ISO);
    mli_schema_free(back);
    json_decref(doc);
    mli_schema_free(schema);
    ml_table_free(table);
}

int table_format_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_format),       cmocka_unit_test(shapes_agree_with_readings),
        cmocka_unit_test(decides_over_the_column), cmocka_unit_test(pins),
        cmocka_unit_test(new_rows_follow_the_format),
    };

    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
