/* Rows counted by several threads' parts, of all and of the window, and what is left when a part goes. */
#include <tests/unit/serve.h>

#include <math.h>
#include <serve/live.h>
#include <string.h>
#include <table/rows.h>

static const char document[] =
    "[{\"name\":\"n\",\"type\":\"number\",\"integer\":false,\"missing\":0,\"min\":0,\"max\":4,\"histogram\":{\"edges\":[1,2,3],\"rows\":[25,25,25,25]}}]";

/* So many rows of that value. */
static void count(struct mli_live_part *part, struct mli_rows *rows, size_t n, double value)
{
    for (; n > 0; n--) {
        mli_rows_reset(rows);
        assert_true(mli_rows_append(rows));
        assert_int_equal(mli_rows_set_number(rows, 0, value), MLI_CELL_OK);
        mli_live_add(part, mli_rows_table(rows), NULL);
    }
}

/* Rows of all and of the window, and how many of the window are in each of the four bins. */
static void expect(struct mli_live *live, uint64_t all, uint64_t recent, const uint64_t bins[4])
{
    struct mli_live_look look;
    struct mli_drift_column c;

    assert_true(mli_live_look(live, &look));
    assert_int_equal(look.rows, all);
    assert_int_equal(look.recent_rows, recent);
    mli_drift_column(look.drift, 0, look.all, &c);
    assert_int_equal(c.rows, all);
    mli_drift_column(look.drift, 0, look.recent, &c);
    assert_int_equal(c.rows, recent);
    assert_int_equal(c.bins, 5); /* and the missing cells */
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(c.now[i], bins[i]);
    mli_live_look_free(&look);
}

static void test_live(void **state)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_schema *schema = NULL;
    struct mli_rows *rows = NULL;
    size_t column;
    json_t *doc = json_loads(document, 0, NULL);

    (void)state;
    assert_int_equal(mli_schema_from_json(doc, &schema, &err), ML_OK);
    assert_int_equal(mli_rows_new(schema, NULL, 4, &rows, &err), ML_OK);
    struct mli_live *live = mli_live_new(mli_drift_new(schema), 20);
    struct mli_live_part *one = mli_live_part_new(live), *two = mli_live_part_new(live), *three = mli_live_part_new(live);
    assert_int_equal(mli_live_window(live), 20);
    expect(live, 0, 0, (const uint64_t[]){ 0, 0, 0, 0 });
    count(one, rows, 5, 0.5);
    count(two, rows, 5, 1.5);
    expect(live, 10, 10, (const uint64_t[]){ 5, 5, 0, 0 }); /* noted: ten rows */
    mli_live_part_free(two);                                /* what it counted stays, wherever it is in the list */
    expect(live, 10, 10, (const uint64_t[]){ 5, 5, 0, 0 });
    count(three, rows, 19, 2.5);
    expect(live, 29, 29, (const uint64_t[]){ 5, 5, 19, 0 }); /* the note is 19 rows old: all is in the window */
    count(one, rows, 1, 3.5);
    expect(live, 30, 20, (const uint64_t[]){ 0, 0, 19, 1 }); /* it is 20 rows old */
    for (uint64_t i = 1; i <= 100; i++) { /* more notes than there is room for */
        count(one, rows, 2, 3.5);
        struct mli_live_look look;
        assert_true(mli_live_look(live, &look));
        assert_int_equal(look.rows, 30 + 2 * i);
        assert_in_range(look.recent_rows, 20, i > 30 ? 21 : 60); /* finer once there are notes all along */
        mli_live_look_free(&look);
    }
    struct mli_live_look look;
    assert_true(mli_live_look(live, &look));
    double worst = mli_live_worst(look.drift, look.recent, &column);
    struct mli_drift_column c;
    mli_drift_column(look.drift, 0, look.recent, &c);
    assert_true(column == 0 && worst == c.psi && worst > 1);
    uint64_t nothing[64] = { 0 };
    assert_in_range(mli_drift_counts(look.drift), 1, 64);
    assert_true(isnan(mli_live_worst(look.drift, nothing, &column)));
    mli_live_look_free(&look);
    mli_live_part_free(one);
    mli_live_part_free(three);
    mli_live_part_free(NULL);
    mli_live_free(live);
    mli_live_free(NULL);
    mli_rows_free(rows);
    mli_schema_free(schema);
    json_decref(doc);
}

int run_live_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_live) };

    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
