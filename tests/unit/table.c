#include <tests/unit/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

struct mli_input *input_of(const char *text, size_t len)
{
    struct mli_input *input = NULL;

    assert_int_equal(mli_input_memory("test.csv", text, len, &input, NULL), ML_OK);
    return input;
}

struct ml_table *table_with(const char *text, const struct ml_read_options *options)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;

    if (mli_table_read_input(input_of(text, strlen(text)), options, &table, &err) != ML_OK)
        fail_msg("%zu:%zu: %s", err.line, err.column, err.text);
    return table;
}

struct ml_table *table_of(const char *text)
{
    return table_with(text, NULL);
}

void expect_error(const struct ml_error *err, enum ml_status status, size_t line, size_t column,
                  const char *part)
{
    if (err->status != status || err->line != line || err->column != column ||
        !strstr(err->text, part))
        fail_msg("expected %s at %zu:%zu with \"%s\", got %s at %zu:%zu \"%s\"",
                 ml_status_name(status), line, column, part, ml_status_name(err->status), err->line,
                 err->column, err->text);
}

void expect_refused(const char *text, const struct ml_read_options *options, enum ml_status status,
                    size_t line, size_t column, const char *part)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;

    assert_int_equal(mli_table_read_input(input_of(text, strlen(text)), options, &table, &err),
                     status);
    assert_null(table);
    expect_error(&err, status, line, column, part);
}

const char *cell(const struct ml_table *table, size_t row, size_t column)
{
    static char text[512];

    ml_table_text(table, row, column, text, sizeof(text));
    return text;
}

struct mli_schema *schema_of(const struct ml_table *table)
{
    struct mli_schema *schema = NULL;
    size_t n = ml_table_columns(table);
    size_t *columns = calloc(n, sizeof(*columns));

    assert_non_null(columns);
    for (size_t i = 0; i < n; i++)
        columns[i] = i;
    assert_int_equal(mli_schema_from_table(table, columns, n, NULL, &schema, NULL), ML_OK);
    free(columns);
    return schema;
}

static void gather(void *data, enum ml_log_level level, const char *text)
{
    struct notes *notes = data;
    size_t len = strlen(notes->text);

    assert_true(level == ML_LOG_WARNING || level == ML_LOG_NOTE);
    notes->lines++;
    snprintf(notes->text + len, sizeof(notes->text) - len, "%s\n", text);
}

struct ml_log log_to(struct notes *notes)
{
    *notes = (struct notes){ 0 };
    return (struct ml_log){ .write = gather, .data = notes, .level = ML_LOG_DEBUG };
}

int main(void)
{
    int failed = 0;

    failed += table_advise_tests();
    failed += table_bins_tests();
    failed += table_boolean_tests();
    failed += table_chunks_tests();
    failed += table_csv_tests();
    failed += table_decode_tests();
    failed += table_dict_tests();
    failed += table_duplicates_tests();
    failed += table_fast_tests();
    failed += table_flow_tests();
    failed += table_format_tests();
    failed += table_grid_tests();
    failed += table_instant_tests();
    failed += table_read_tests();
    failed += table_rows_tests();
    failed += table_rules_tests();
    failed += table_schema_tests();
    failed += table_split_tests();
    failed += table_stream_tests();
    failed += table_write_tests();
    failed += table_memory_tests();
    return failed > 0;
}
