/*
 * Every allocation of every call fails once: the call must say ML_ENOMEM, leave its output alone
 * and free what it had taken. Blocks are counted, which is how a leak shows.
 */
#include <tests/unit/heap.h>
#include <tests/unit/table.h>

#include <stdlib.h>
#include <table/csv.h>
#include <table/duplicates.h>
#include <table/split.h>
#include <table/stream.h>
#include <table/table.h>

/* Runs until the call succeeds; everything it took must be back after each run. */
static void exhaust(enum ml_status (*call)(void *data, struct ml_error *err), void *data,
                    size_t at_least)
{
    struct heap_report report;
    size_t n = 0;
    enum ml_status status;

    do {
        struct ml_error err = ML_ERROR_INIT;
        heap_start(n++);
        status = call(data, &err);
        report = heap_stop();
        assert_int_equal(report.blocks, 0);
        if (report.failed && status != ML_OK) {
            assert_int_equal(status, ML_ENOMEM);
            assert_int_equal(err.status, ML_ENOMEM);
            assert_string_not_equal(err.text, "");
        } else {
            assert_int_equal(status, ML_OK); /* shrinking may fail without harm */
        }
        assert_true(n < 10000);
    } while (report.failed);
    assert_true(n > at_least);
}

static const char csv[] = "a,b,c,d,b,\n"
                          "1,x,2013-01-01,1,\"y\n\",\n"
                          "2,x,2013-01-02,2,z,\n"
                          "3,NA,NA,x,\"\"\"\",\n";

static enum ml_status read_csv(void *data, struct ml_error *err)
{
    static const char *const type[] = { "a=category", NULL }, *const drop[] = { "c", NULL };
    const struct ml_read_options options = { .type = type, .drop = drop, .missing = "-" };
    struct ml_table *table = NULL;
    struct mli_input *input;
    enum ml_status status = mli_input_memory("test.csv", csv, sizeof(csv) - 1, &input, err);

    (void)data;
    if (status == ML_OK)
        status = mli_table_read_input(input, data ? &options : NULL, &table, err);
    assert_true((status == ML_OK) == (table != NULL));
    ml_table_free(table);
    return status;
}

static void reading_survives(void **state)
{
    static int pinned;

    (void)state;
    exhaust(read_csv, NULL, 50);
    exhaust(read_csv, &pinned, 50);
}

static enum ml_status make_schema(void *data, struct ml_error *err)
{
    static const size_t columns[] = { 0, 1, 2, 3, 4, 5 };
    static const uint8_t use[] = { 1, 1, 0 };
    struct mli_schema *schema = NULL;
    enum ml_status status = mli_schema_from_table(data, columns, COUNT(columns), use, &schema, err);

    assert_true((status == ML_OK) == (schema != NULL));
    mli_schema_free(schema);
    return status;
}

static enum ml_status load_schema(void *data, struct ml_error *err)
{
    struct mli_schema *schema = NULL;
    enum ml_status status = mli_schema_from_json(data, &schema, err);

    assert_true((status == ML_OK) == (schema != NULL));
    mli_schema_free(schema);
    return status;
}

static enum ml_status save_schema(void *data, struct ml_error *err)
{
    json_t *doc = mli_schema_to_json(data);

    json_decref(doc);
    return doc ? ML_OK : ml_error_set(err, ML_ENOMEM, "no memory");
}

static void schemas_survive(void **state)
{
    struct ml_table *table = table_of(csv);
    struct mli_schema *schema = schema_of(table);
    json_t *doc = mli_schema_to_json(schema);

    (void)state;
    exhaust(make_schema, table, 15);
    exhaust(save_schema, schema, 50);
    exhaust(load_schema, doc, 15);
    json_decref(doc);
    mli_schema_free(schema);
    ml_table_free(table);
}

static enum ml_status read_stream(void *data, struct ml_error *err)
{
    static const char *const keep[] = { "b", NULL };
    const struct mli_stream_options options = { .keep = keep, .block = 2, .missing = "x" };
    const struct ml_table *table = NULL;
    struct mli_stream *stream = NULL;
    struct mli_input *input;
    size_t rows = 0;
    enum ml_status status = mli_input_memory("test.csv", csv, sizeof(csv) - 1, &input, err);

    if (status == ML_OK)
        status = mli_stream_open_input(input, data, &options, &stream, err);
    assert_true((status == ML_OK) == (stream != NULL));
    while (status == ML_OK) {
        status = mli_stream_next(stream, &table, err);
        if (status != ML_OK || !table)
            break;
        rows += ml_table_rows(table);
    }
    assert_true(status != ML_OK || rows == 3);
    mli_stream_close(stream);
    return status;
}

static enum ml_status make_rows(void *data, struct ml_error *err)
{
    struct mli_rows *rows = NULL;
    enum ml_status status = mli_rows_new(data, NULL, 3, &rows, err);

    assert_true((status == ML_OK) == (rows != NULL));
    mli_rows_free(rows);
    return status;
}

static void streams_and_rows_survive(void **state)
{
    struct ml_table *table = table_of(csv);
    struct mli_schema *schema = schema_of(table);

    (void)state;
    exhaust(read_stream, schema, 20);
    exhaust(make_rows, schema, 4);
    mli_schema_free(schema);
    ml_table_free(table);
}

/* Filling allocates nothing, so it cannot fail either. */
static void filling_rows_allocates_nothing(void **state)
{
    struct ml_table *table = table_of(csv);
    struct mli_schema *schema = schema_of(table);
    struct mli_rows *rows = NULL;

    (void)state;
    assert_int_equal(mli_rows_new(schema, NULL, 2, &rows, NULL), ML_OK);
    heap_start(0);
    for (size_t i = 0; i < 4; i++) {
        if (i == 2)
            mli_rows_reset(rows);
        mli_rows_append(rows);
        for (size_t field = 0; field < 6; field++) {
            mli_rows_set_text(rows, field, "12.25", 5);
            mli_rows_set_text(rows, field, "2013-01-01", 10);
            mli_rows_set_text(rows, field, "never seen", 10);
            mli_rows_set_number(rows, field, 0.1);
            mli_rows_set_bool(rows, field, true);
        }
    }
    assert_false(heap_stop().failed);
    mli_rows_free(rows);
    mli_schema_free(schema);
    ml_table_free(table);
}

static enum ml_status filter(void *data, struct ml_error *err)
{
    static const uint8_t keep[] = { 1, 0, 1 };
    struct ml_table *some = NULL;
    enum ml_status status = mli_table_filter(data, keep, &some, err);

    assert_true((status == ML_OK) == (some != NULL));
    ml_table_free(some);
    return status;
}

static enum ml_status split(void *data, struct ml_error *err)
{
    const struct mli_split random = { .kind = MLI_SPLIT_RANDOM, .shares = 1, .share = { 0.5 } };
    static const int32_t classes[] = { 0, 1, 0, 1 };
    static const size_t groups[] = { 0, 1, 2, 3 };
    const struct mli_split_rows rows = { .n = 4, .classes = classes, .groups = data ? groups : NULL };
    uint8_t test[4];

    return mli_split_apply(&random, &rows, 1, test, err);
}

static enum ml_status duplicates(void *data, struct ml_error *err)
{
    size_t id[3], count;

    return mli_duplicates_number(data, NULL, 0, id, &count, err);
}

static void filter_and_split_survive(void **state)
{
    struct ml_table *table = table_of(csv);

    (void)state;
    exhaust(filter, table, 15);
    exhaust(split, NULL, 1);
    exhaust(split, table, 5); /* by groups */
    exhaust(duplicates, table, 2);
    ml_table_free(table);
}

static void left_out(void **state)
{
    (void)state;
    skip();
}

int table_memory_tests(void)
{
    const struct CMUnitTest none[] = { cmocka_unit_test(left_out) };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_survives),
        cmocka_unit_test(schemas_survive),
        cmocka_unit_test(streams_and_rows_survive),
        cmocka_unit_test(filling_rows_allocates_nothing),
        cmocka_unit_test(filter_and_split_survive),
    };
    if (!heap_counts())
        return cmocka_run_group_tests_name("table/memory", none, NULL, NULL);
    return cmocka_run_group_tests_name("table/memory", tests, NULL, NULL);
}
