#include <tests/unit/table.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/stream.h>
#include <table/table.h>
#include <unistd.h>

static struct mli_schema *schema_from(const char *text)
{
    struct ml_table *table = table_of(text);
    struct mli_schema *schema = schema_of(table);

    ml_table_free(table);
    return schema;
}

static struct mli_schema *small_schema(void) /* n number, c category a b, i instant */
{
    return schema_from("n,c,i\n1.5,a,2013-01-01\n2,b,2013-01-02\n3,a,2013-01-03\n");
}

static struct mli_stream *stream_of(const char *text, const struct mli_schema *schema,
                                    const struct mli_stream_options *options)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_stream *stream = NULL;

    if (mli_stream_open_input(input_of(text, strlen(text)), schema, options, &stream, &err) !=
        ML_OK)
        fail_msg("%s", err.text);
    return stream;
}

static const struct ml_table *next(struct mli_stream *stream)
{
    struct ml_error err = ML_ERROR_INIT;
    const struct ml_table *table = NULL;

    if (mli_stream_next(stream, &table, &err) != ML_OK)
        fail_msg("%zu:%zu %s", err.line, err.column, err.text);
    return table;
}

/* Opening, or else the first block, must fail. */
static void expect_stream_refused(const char *text, const struct mli_schema *schema,
                                  const struct mli_stream_options *options, enum ml_status status,
                                  size_t line, size_t column, const char *part)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_stream *stream = NULL;
    const struct ml_table *table = NULL;

    if (mli_stream_open_input(input_of(text, strlen(text)), schema, options, &stream, &err) ==
        ML_OK)
        assert_int_equal(mli_stream_next(stream, &table, &err), status);
    assert_null(table);
    expect_error(&err, status, line, column, part);
    assert_string_equal(err.source, "test.csv");
    mli_stream_close(stream);
}

static void matches_columns_by_name(void **state)
{
    struct mli_schema *schema = small_schema();
    struct mli_stream *stream =
        stream_of("i;extra;c;n\nNA;x;b;7\n2013-01-02;y;a;NA\n", schema, NULL);
    const struct ml_table *table = next(stream);

    (void)state;
    assert_int_equal(ml_table_rows(table), 2);
    assert_int_equal(ml_table_columns(table), 3);
    assert_string_equal(ml_table_name(table, 0), "n");
    assert_string_equal(cell(table, 0, 0), "7");
    assert_string_equal(cell(table, 0, 1), "b");
    assert_string_equal(cell(table, 0, 2), "");
    assert_string_equal(cell(table, 1, 0), "");
    assert_string_equal(cell(table, 1, 1), "a");
    assert_string_equal(cell(table, 1, 2), "2013-01-02");
    assert_ptr_equal(table->column[1].dict, schema->field[1].dict);
    assert_null(next(stream));
    assert_null(next(stream));
    assert_string_equal(mli_input_name(mli_stream_input(stream)), "test.csv");
    mli_stream_close(stream);
    mli_stream_close(NULL);
    mli_schema_free(schema);
}

static void gives_blocks(void **state)
{
    struct mli_schema *schema = small_schema();
    const struct mli_stream_options options = { .block = 2 };
    struct mli_stream *stream =
        stream_of("n,c,i\n1,a,\n\n2,a,\n3,\"a\",\n4,b,\n5,b,\n", schema, &options);
    static const size_t lines[3][2] = { { 2, 4 }, { 5, 6 }, { 7, 0 } };
    const struct ml_table *table;
    double expected = 1.0;

    (void)state;
    for (size_t block = 0; block < 3; block++) {
        table = next(stream);
        assert_int_equal(ml_table_rows(table), block < 2 ? 2 : 1);
        for (size_t row = 0; row < ml_table_rows(table); row++) {
            assert_true(ml_table_numbers(table, 0)[row] == expected++);
            assert_int_equal(mli_stream_line(stream, row), lines[block][row]);
        }
    }
    assert_null(next(stream));
    mli_stream_close(stream);
    mli_schema_free(schema);
}

static void keeps_raw_text(void **state)
{
    static const char *const keep[] = { "id", "n", NULL };
    const struct mli_stream_options options = { .block = 2, .keep = keep };
    struct mli_schema *schema = small_schema();
    struct mli_stream *stream =
        stream_of("id,n,c,i\n007,1.50,a,\n\" x \",NA,a,\n,3,b,\n", schema, &options);

    (void)state;
    assert_non_null(next(stream));
    assert_string_equal(mli_stream_kept(stream, 0, 0), "007");
    assert_string_equal(mli_stream_kept(stream, 0, 1), "1.50");
    assert_string_equal(mli_stream_kept(stream, 1, 0), " x ");
    assert_string_equal(mli_stream_kept(stream, 1, 1), "NA");
    assert_non_null(next(stream));
    assert_string_equal(mli_stream_kept(stream, 0, 0), "");
    assert_string_equal(mli_stream_kept(stream, 0, 1), "3");
    mli_stream_close(stream);
    mli_schema_free(schema);
}

/* Memory stays bounded whatever the texts: a block ends when 16 MiB have been kept. */
static void ends_a_block_early_for_long_texts(void **state)
{
    static const char *const keep[] = { "id", NULL };
    const size_t len = (size_t)6 << 20;
    struct mli_schema *schema = schema_from("n\n1\n");
    char *text = malloc(4 * (len + 2) + 16), *at = text;

    (void)state;
    assert_non_null(text);
    memcpy(at, "n,id\n", 5);
    at += 5;
    for (int i = 0; i < 4; i++) {
        *at++ = '1';
        *at++ = ',';
        memset(at, 'a' + i, len);
        at += len;
        *at++ = '\n';
    }
    *at = '\0';
    struct mli_stream *stream =
        stream_of(text, schema, &(struct mli_stream_options){ .keep = keep });
    assert_int_equal(ml_table_rows(next(stream)), 3);
    assert_int_equal(strlen(mli_stream_kept(stream, 2, 0)), len);
    assert_int_equal(ml_table_rows(next(stream)), 1);
    assert_int_equal(mli_stream_kept(stream, 0, 0)[0], 'd');
    assert_null(next(stream));
    mli_stream_close(stream);
    mli_schema_free(schema);
    free(text);
}

static void counts_unknown_categories(void **state)
{
    struct mli_schema *schema = small_schema();
    const struct mli_stream_options options = { .block = 2, .missing = "-" };
    struct mli_stream *stream = stream_of("n,c,i\n1,A,\n1,a,\n-,z,\n1,-,\n", schema, &options);

    (void)state;
    const struct ml_table *table = next(stream);
    assert_int_equal(table->column[1].code[0], MLI_CODE_UNKNOWN);
    assert_int_equal(mli_stream_unknown(stream), 1);
    table = next(stream);
    assert_int_equal(table->column[1].code[1], MLI_CODE_MISSING);
    assert_int_equal(mli_stream_unknown(stream), 2);
    mli_stream_close(stream);
    mli_schema_free(schema);
}

static void an_optional_column_may_be_absent(void **state)
{
    struct mli_schema *schema = small_schema();
    static const char *const optional[] = { "c", NULL };
    const struct mli_stream_options options = { .optional = optional };
    struct mli_stream *stream = stream_of("i,n\n,1\n", schema, &options);
    const struct ml_table *table = next(stream);

    (void)state;
    assert_int_equal(table->column[1].code[0], MLI_CODE_MISSING);
    mli_stream_close(stream);
    stream = stream_of("i,n,c\n,1,b\n", schema, &options);
    assert_string_equal(cell(next(stream), 0, 1), "b");
    mli_stream_close(stream);
    expect_stream_refused("c,i\na,\n", schema, &options, ML_EDATA, 0, 0, "no column \"n\"");
    mli_schema_free(schema);
}

static void an_optional_kept_text_may_be_absent(void **state)
{
    static const char *const keep[] = { "id", "y", NULL };
    static const char *const optional[] = { "y", NULL };
    const struct mli_stream_options options = { .keep = keep, .optional = optional };
    struct mli_schema *schema = schema_from("n\n1\n");
    struct mli_stream *stream = stream_of("id,n\na,1\nb,2\n", schema, &options);

    (void)state;
    assert_int_equal(ml_table_rows(next(stream)), 2);
    assert_true(mli_stream_has_kept(stream, 0));
    assert_false(mli_stream_has_kept(stream, 1));
    assert_string_equal(mli_stream_kept(stream, 1, 0), "b");
    assert_string_equal(mli_stream_kept(stream, 1, 1), "");
    mli_stream_close(stream);
    stream = stream_of("y,n,id\nq,1,a\n", schema, &options);
    assert_non_null(next(stream));
    assert_true(mli_stream_has_kept(stream, 1));
    assert_string_equal(mli_stream_kept(stream, 0, 1), "q");
    mli_stream_close(stream);
    expect_stream_refused("y,n\n1,2\n", schema, &options, ML_EUSAGE, 0, 0, "no column \"id\"");
    mli_schema_free(schema);
}

static void says_what_is_not_used(void **state)
{
    static const char *const keep[] = { "id", NULL };
    struct mli_schema *schema = small_schema();
    struct notes notes;
    const struct ml_log log = log_to(&notes);
    struct mli_stream_options options = { .log = &log, .keep = keep };

    (void)state;
    mli_stream_close(stream_of("n,c,i,id\n", schema, &options));
    assert_int_equal(notes.lines, 0);
    struct mli_stream *stream = stream_of("n,p,c,i,id,q\n1,,a,,,\n", schema, &options);
    assert_non_null(next(stream));
    assert_null(next(stream));
    mli_stream_close(stream);
    assert_string_equal(notes.text, "test.csv: not used: \"p\", \"q\"\n"); /* once */
    mli_stream_close(stream_of("n,p,q,r,s,t,u,v,c,i,id\n", schema, &options));
    assert_non_null(strstr(notes.text, "\"p\", \"q\", \"r\", \"s\", \"t\" and 2 more\n"));
    options.quiet_extra = true;
    mli_stream_close(stream_of("n,p,q,c,i,id\n", schema, &options));
    assert_int_equal(notes.lines, 2);
    mli_schema_free(schema);
}

static void refuses_what_does_not_fit(void **state)
{
    static const char *const keep[] = { "idd", NULL };
    struct mli_schema *schema = small_schema();

    (void)state;
    expect_stream_refused("n,c,when\n", schema, NULL, ML_EDATA, 0, 0, "no column \"i\"");
    expect_stream_refused("N,c,i\n", schema, NULL, ML_EDATA, 0, 0,
                          "no column \"n\"; did you mean \"N\"?");
    expect_stream_refused("N,x,k\n", schema, NULL, ML_EDATA, 0, 0,
                          "3 columns are not there: \"n\" (did you mean \"N\"?), \"c\"");
    expect_stream_refused("n,c,i,id\n", schema, &(struct mli_stream_options){ .keep = keep },
                          ML_EUSAGE, 0, 0, "no column \"idd\"; did you mean \"id\"?");
    expect_stream_refused("c,i,n\na,,1\na,,x1\n", schema, NULL, ML_EDATA, 3, 3,
                          "column \"n\": \"x1\" is not a number (--na x1 treats it as missing)");
    expect_stream_refused("c,i,n\n\na,1.1.2013,1\n", schema, NULL, ML_EDATA, 3, 2,
                          "column \"i\": \"1.1.2013\" is not an ISO 8601 date");
    expect_stream_refused("c,i,n\na,,1,2\n", schema, NULL, ML_EDATA, 2, 0,
                          "4 fields where the header has 3");
    expect_stream_refused("c,i,n\na,,\"1\n", schema, NULL, ML_EDATA, 2, 3, "never closed");
    expect_stream_refused("", schema, NULL, ML_EDATA, 0, 0, "empty");
    mli_schema_free(schema);
}

static void repeated_names_are_matched_as_in_training(void **state)
{
    struct mli_schema *schema = schema_from("x,x,\n1,2,3\n");
    struct mli_stream *stream = stream_of("x,x,\n4,5,6\n", schema, NULL);
    const struct ml_table *table = next(stream);

    (void)state;
    assert_string_equal(ml_table_name(table, 1), "x.1");
    assert_string_equal(ml_table_name(table, 2), "column3");
    for (size_t column = 0; column < 3; column++)
        assert_true(ml_table_numbers(table, column)[0] == 4.0 + (double)column);
    mli_stream_close(stream);
    mli_schema_free(schema);
}

static void reads_a_path(void **state)
{
    char path[] = "/tmp/table-test-XXXXXX";
    struct mli_schema *schema = small_schema();
    struct mli_stream *stream = NULL;
    struct ml_error err = ML_ERROR_INIT;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "n,c,i\n1,a,\n", 11), 11);
    close(fd);
    assert_int_equal(mli_stream_open(path, schema, NULL, &stream, NULL), ML_OK);
    assert_string_equal(cell(next(stream), 0, 1), "a");
    mli_stream_close(stream);
    unlink(path);
    stream = NULL;
    assert_int_equal(mli_stream_open(path, schema, NULL, &stream, &err), ML_EIO);
    assert_null(stream);
    assert_string_equal(err.source, path);
    mli_schema_free(schema);
}

int table_stream_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_columns_by_name),
        cmocka_unit_test(gives_blocks),
        cmocka_unit_test(keeps_raw_text),
        cmocka_unit_test(ends_a_block_early_for_long_texts),
        cmocka_unit_test(counts_unknown_categories),
        cmocka_unit_test(an_optional_column_may_be_absent),
        cmocka_unit_test(an_optional_kept_text_may_be_absent),
        cmocka_unit_test(says_what_is_not_used),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(repeated_names_are_matched_as_in_training),
        cmocka_unit_test(reads_a_path),
    };
    return cmocka_run_group_tests_name("table/stream", tests, NULL, NULL);
}
