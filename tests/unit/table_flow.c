/* A flow must hand out what a stream does, in the same order, wherever the file is cut and however many threads take part. */
#include <tests/unit/table.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/flow.h>
#include <table/stream.h>
#include <table/table.h>
#include <unistd.h>

static const char *const keep[] = { "id", NULL };

static void add_rows(const struct ml_table *table, const char *const *kept, struct mli_buf *out)
{
    char cell[64];

    for (size_t row = 0; row < table->rows; row++) {
        mli_buf_printf(out, "%s:", kept[row]);
        for (size_t i = 0; i < table->columns; i++) {
            ml_table_text(table, row, i, cell, sizeof(cell));
            mli_buf_printf(out, "%s|", cell);
        }
        mli_buf_str(out, "\n");
    }
}

static void *text_new(void *shared)
{
    struct mli_buf *text = mli_calloc(1, sizeof(*text));

    (void)shared;
    if (text)
        mli_buf_init(text, SIZE_MAX);
    return text;
}

static void text_free(void *text)
{
    if (text)
        mli_buf_release(text);
    free(text);
}

static enum ml_status work(void *shared, void *state, const struct mli_bound *rows, struct ml_error *err)
{
    const struct ml_table *table = mli_rows_table(rows->rows);
    const char **kept = mli_alloc(table->rows, sizeof(*kept));

    (void)shared;
    (void)err;
    for (size_t i = 0; i < table->rows; i++)
        kept[i] = mli_bound_kept(rows, i, 0);
    add_rows(table, kept, state);
    free(kept);
    return ML_OK;
}

static enum ml_status commit(void *shared, void *state, struct ml_error *err)
{
    struct mli_buf *all = shared, *text = state;

    (void)err;
    mli_buf_add(all, text->data, text->len);
    mli_buf_reset(text);
    return ML_OK;
}

static void write_file(char path[32], const char *text, size_t len)
{
    snprintf(path, 32, "/tmp/mlctl-flow-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0);
}

static enum ml_status run(const char *path, const struct mli_schema *schema, size_t threads, size_t chunk,
                          struct mli_buf *out, struct ml_error *err)
{
    const struct mli_flow_options options = { .keep = keep, .threads = threads, .chunk = chunk };
    const struct mli_flow_job job = {
        .shared = out, .state_new = text_new, .state_free = text_free, .work = work, .commit = commit
    };
    struct mli_flow *flow = NULL;
    enum ml_status status = mli_flow_open(&path, 1, schema, &options, &flow, err);

    if (status == ML_OK)
        status = mli_flow_run(flow, &job, err);
    mli_flow_close(flow);
    return status;
}

static void by_stream(const char *path, const struct mli_schema *schema, struct mli_buf *out)
{
    const struct mli_stream_options options = { .keep = keep };
    struct mli_stream *stream = NULL;
    const struct ml_table *table = NULL;

    assert_int_equal(mli_stream_open(path, schema, &options, &stream, NULL), ML_OK);
    while (mli_stream_next(stream, &table, NULL) == ML_OK && table) {
        const char **kept = mli_alloc(table->rows, sizeof(*kept));
        for (size_t i = 0; i < table->rows; i++)
            kept[i] = mli_stream_kept(stream, i, 0);
        add_rows(table, kept, out);
        free(kept);
    }
    mli_stream_close(stream);
}

/* Columns stand in another order than the schema's; quoted line ends, missing cells and new categories. */
static void same_rows_as_a_stream(void **state)
{
    static const size_t chunks[] = { 1, 40, 1000, 0 };
    struct ml_table *table = table_of("n,c\n1.5,a\n2,b\n3,a\n");
    struct mli_schema *schema = schema_of(table);
    struct mli_buf text, expected, found;
    char path[32];

    (void)state;
    mli_buf_init(&text, SIZE_MAX);
    mli_buf_init(&expected, SIZE_MAX);
    mli_buf_init(&found, SIZE_MAX);
    mli_buf_str(&text, "extra,c,id,n\n");
    for (size_t i = 0; i < 500; i++)
        mli_buf_printf(&text, "%zu,%s,\"row\n\"\"%zu\"\"\",%s\n", i % 7,
                       i % 3 ? "a" : i % 2 ? "\"new, one\"" : "b", i, i % 5 ? "1.25" : "");
    write_file(path, text.data, text.len);
    by_stream(path, schema, &expected);
    assert_true(expected.len > 5000);
    for (size_t threads = 1; threads <= 4; threads++) {
        for (size_t i = 0; i < COUNT(chunks); i++) {
            mli_buf_reset(&found);
            assert_int_equal(run(path, schema, threads, chunks[i], &found, NULL), ML_OK);
            assert_int_equal(found.len, expected.len);
            assert_memory_equal(found.data, expected.data, expected.len);
        }
    }
    unlink(path);
    mli_buf_release(&found);
    mli_buf_release(&expected);
    mli_buf_release(&text);
    mli_schema_free(schema);
    ml_table_free(table);
}

static void first_bad_cell_is_said(void **state)
{
    struct ml_table *table = table_of("n,c\n1.5,a\n2,b\n3,a\n");
    struct mli_schema *schema = schema_of(table);
    struct mli_buf text, found;
    char path[32];

    (void)state;
    mli_buf_init(&text, SIZE_MAX);
    mli_buf_init(&found, SIZE_MAX);
    mli_buf_str(&text, "c,id,n\n");
    for (size_t i = 2; i <= 400; i++)
        mli_buf_printf(&text, "a,%zu,%s\n", i, i == 200 ? "first" : i > 200 && i % 2 ? "later" : "1");
    write_file(path, text.data, text.len);
    for (size_t threads = 1; threads <= 4; threads++) {
        struct ml_error err = ML_ERROR_INIT;
        mli_buf_reset(&found);
        assert_int_equal(run(path, schema, threads, 64, &found, &err), ML_EDATA);
        assert_int_equal(err.line, 200);
        assert_int_equal(err.column, 3);
        assert_non_null(strstr(err.text, "\"first\""));
        assert_null(strstr(found.data, "\n200:")); /* nothing from the piece at fault on */
        assert_non_null(strstr(found.data, "\n150:"));
    }
    unlink(path);
    mli_buf_release(&found);
    mli_buf_release(&text);
    mli_schema_free(schema);
    ml_table_free(table);
}

int table_flow_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_rows_as_a_stream),
        cmocka_unit_test(first_bad_cell_is_said),
    };
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
