/* Rows counted over a schema's bins: the numbers of docs/drift.md, by hand. */
#include <tests/unit/model_tests.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <model/drift.h>
#include <string.h>
#include <table/rows.h>

static const char document[] =
    "[{\"name\":\"n\",\"type\":\"number\",\"integer\":false,\"missing\":10,\"min\":0,\"max\":4,\"histogram\":{\"edges\":[1,2.5],\"rows\":[20,30,40]}},"
    "{\"name\":\"c\",\"type\":\"category\",\"missing\":0,\"categories\":[\"a\",\"b\"],\"histogram\":{\"rows\":[75,25]}},"
    "{\"name\":\"old\",\"type\":\"number\",\"integer\":false,\"missing\":0,\"min\":0,\"max\":1},"
    "{\"name\":\"t\",\"type\":\"text\",\"missing\":0}]";

/* NaN and NULL: missing. */
static const struct {
    double n;
    const char *c, *t;
} cells[] = { { -1, "a", "x" },  { 0, "a", NULL },    { 1, "b", "y" },      { 1.5, "z", "" },
              { 2.5, "z", "x" }, { 4, NULL, "x" },    { 4.25, "a", "x" },   { INFINITY, "b", "x" },
              { NAN, "b", "x" }, { 1e308, "b", "x" } };
enum { CELLS = sizeof(cells) / sizeof(cells[0]) };

static void put(struct mli_rows *rows, size_t i)
{
    assert_true(mli_rows_append(rows));
    if (isfinite(cells[i].n)) {
        assert_int_equal(mli_rows_set_number(rows, 0, cells[i].n), MLI_CELL_OK);
        assert_int_equal(mli_rows_set_number(rows, 2, cells[i].n), MLI_CELL_OK);
    }
    if (cells[i].c)
        mli_rows_set_text(rows, 1, cells[i].c, strlen(cells[i].c));
    if (cells[i].t)
        mli_rows_set_text(rows, 3, cells[i].t, strlen(cells[i].t));
}

static double psi_of(const uint64_t *before, const uint64_t *now, size_t bins)
{
    double n = 0, m = 0, sum = 0, e = 1e-4;

    for (size_t i = 0; i < bins; i++) {
        n += (double)before[i];
        m += (double)now[i];
    }
    for (size_t i = 0; i < bins; i++) {
        double p = ((double)before[i] / n + e) / (1 + e * (double)bins), q = ((double)now[i] / m + e) / (1 + e * (double)bins);
        sum += (q - p) * log(q / p);
    }
    return sum;
}

struct expected {
    uint64_t missing, unseen, outside;
    size_t bins;
    uint64_t before[4], now[4];
};

static const struct expected columns[] = {
    /* at most 1, at most 2.5, above, missing: an infinite number is none that a row takes */
    { 2, 0, 3, 4, { 20, 30, 40, 10 }, { 3, 2, 3, 2 } },
    { 1, 2, 0, 4, { 75, 25, 0, 0 }, { 3, 4, 2, 1 } },
    { 2, 0, 6, 0, { 0 }, { 0 } },
    { 2, 0, 0, 0, { 0 }, { 0 } }, /* the empty text is a missing token */
};

static void expect(const struct mli_drift *drift, const uint64_t *counts, size_t times)
{
    for (size_t j = 0; j < sizeof(columns) / sizeof(columns[0]); j++) {
        const struct expected *e = &columns[j];
        struct mli_drift_column c;
        uint64_t now[4];
        mli_drift_column(drift, j, counts, &c);
        assert_int_equal(c.rows, CELLS * times);
        assert_int_equal(c.missing, e->missing * times);
        assert_int_equal(c.unseen, e->unseen * times);
        assert_int_equal(c.outside, e->outside * times);
        assert_int_equal(c.bins, e->bins);
        for (size_t i = 0; i < e->bins; i++) {
            now[i] = e->now[i] * times;
            assert_int_equal(c.before[i], e->before[i]);
            assert_int_equal(c.now[i], now[i]);
        }
        if (e->bins)
            assert_true(fabs(c.psi - psi_of(e->before, now, e->bins)) < 1e-15); /* the same formula in the same order */
        else
            assert_true(isnan(c.psi));
    }
}

void test_drift(void **state)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_schema *schema = NULL;
    struct mli_rows *rows = NULL;
    json_t *doc = json_loads(document, 0, NULL);
    uint64_t together[64] = { 0 }, one[64] = { 0 };
    struct mli_drift_column c;

    (void)state;
    if (mli_schema_from_json(doc, &schema, &err) != ML_OK)
        fail_msg("%s", err.text);
    assert_int_equal(mli_rows_new(schema, NULL, CELLS, &rows, &err), ML_OK);
    struct mli_drift *drift = mli_drift_new(schema);
    assert_non_null(drift);
    assert_int_equal(mli_drift_columns(drift), 4);
    assert_in_range(mli_drift_counts(drift), 4, 64);
    mli_drift_column(drift, 0, together, &c);
    assert_true(c.rows == 0 && isnan(c.psi)); /* no rows, no PSI */
    for (size_t i = 0; i < CELLS; i++)
        put(rows, i);
    mli_drift_add(drift, mli_rows_table(rows), together);
    expect(drift, together, 1);
    /* one by one, the other way round, and twice as many */
    for (size_t i = CELLS; i-- > 0;) {
        mli_rows_reset(rows);
        put(rows, i);
        mli_drift_add(drift, mli_rows_table(rows), one);
    }
    assert_memory_equal(one, together, mli_drift_counts(drift) * sizeof(*one));
    for (size_t i = 0; i < mli_drift_counts(drift); i++)
        one[i] += together[i];
    expect(drift, one, 2);
    mli_drift_free(drift);
    mli_drift_free(NULL);
    mli_rows_free(rows);
    mli_schema_free(schema);
    json_decref(doc);
}
