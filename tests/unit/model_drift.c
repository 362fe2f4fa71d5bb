/* Rows counted over a schema's bins: the numbers of docs/drift.md, by hand. */
#include <tests/unit/model_tests.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <base/mem.h>
#include <model/drift.h>
#include <model/output.h>
#include <model/predicted.h>
#include <stdlib.h>
#include <string.h>
#include <table/rows.h>
#include <tests/unit/heap.h>
#include <tests/unit/model_sample.h>

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

/* ---- predictions ------------------------------------------------------------------------------------------------- */

#define ROWS ((size_t)500)

/* Predictions of a model: each number, or class by class, another curve of the row; the last class is never the largest. */
static double *make_predictions(const struct ml_model *model, double shift)
{
    size_t width = ml_model_width(model), last = mli_model_target_width(&model->target[0]);
    double *P = mli_alloc(ROWS, width * sizeof(*P));

    assert_non_null(P);
    for (size_t i = 0; i < ROWS * width; i++)
        P[i] = (i % width) % last == last - 1 && last > 2 ? -9 : sin((double)(i / width) * (double)(i % width + 2)) + shift * (double)(i % width + 1);
    return P;
}

static void keep_predicted(struct ml_model *model, const double *P, size_t n)
{
    json_t *list = NULL;

    assert_int_equal(mli_predicted_json(model, n, P, &list, NULL), ML_OK);
    assert_non_null(list);
    assert_int_equal(json_object_set_new(model->record, "predicted", list), 0);
    assert_int_equal(mli_predicted_check(model, NULL), ML_OK);
}

/* Counted one by one and by their class or bin, without what counts in drift.c. */
static double psi_by_hand(const struct ml_model *model, size_t t, const struct mli_field *field, const double *then, const double *now)
{
    size_t at = 0, classes = model->target[t].classes, width = ml_model_width(model), bins = classes ? classes : field->bins->count;
    uint64_t before[MLI_DRIFT_BINS] = { 0 }, after[MLI_DRIFT_BINS] = { 0 };

    for (size_t k = 0; k < t; k++)
        at += mli_model_target_width(&model->target[k]);
    for (size_t i = 0; i < 2 * ROWS; i++) {
        const double *p = (i < ROWS ? then : now) + i % ROWS * width + at;
        size_t bin = 0;
        for (size_t k = 0; k < (classes ? classes : bins - 1); k++)
            bin = classes ? (p[k] > p[bin] ? k : bin) : bin + (p[0] > field->bins->edge[k]);
        (i < ROWS ? before : after)[bin]++;
    }
    return psi_of(before, after, bins + (classes ? 2 : 1));
}

void test_predicted(void **state)
{
    (void)state;
    for (int kind = 0; kind < SAMPLES; kind++) {
        struct ml_model *model = sample_model((enum sample_kind)kind, NULL, "");
        struct mli_drift *drift = NULL;
        struct mli_schema *fields = NULL;
        struct mli_drift_column c;
        double *then = make_predictions(model, 0), *now = make_predictions(model, 0.3);

        assert_int_equal(mli_drift_of(model, &drift, NULL), ML_OK); /* a model of before there was such a thing */
        assert_int_equal(mli_drift_targets(drift), 0);
        mli_drift_free(drift);
        keep_predicted(model, then, ROWS);
        assert_int_equal(mli_predicted_read(model, &fields, NULL), ML_OK);
        assert_int_equal(mli_drift_of(model, &drift, NULL), ML_OK);
        assert_int_equal(mli_drift_targets(drift), model->targets);
        uint64_t *counts = mli_calloc(mli_drift_counts(drift), sizeof(*counts));
        uint64_t *other = mli_calloc(mli_drift_counts(drift), sizeof(*other));
        mli_drift_target(drift, 0, counts, &c);
        assert_true(isnan(c.psi) && c.rows == 0); /* no rows, no PSI */
        mli_drift_add_predictions(drift, then, ROWS, counts);
        for (size_t t = 0; t < model->targets; t++) {
            mli_drift_target(drift, t, counts, &c);
            assert_string_equal(c.name, model->target[t].name);
            assert_true(c.rows == ROWS && c.psi == 0 && c.missing == 0 && c.unseen == 0 && c.outside == 0);
        }
        memset(counts, 0, mli_drift_counts(drift) * sizeof(*counts));
        mli_drift_add_predictions(drift, now, ROWS, counts);
        for (size_t i = ROWS; i-- > 0;)
            mli_drift_add_predictions(drift, now + i * ml_model_width(model), 1, other);
        assert_memory_equal(counts, other, mli_drift_counts(drift) * sizeof(*counts));
        for (size_t t = 0; t < model->targets; t++) {
            mli_drift_target(drift, t, counts, &c);
            assert_true(c.psi > 0 && fabs(c.psi - psi_by_hand(model, t, &fields->field[t], then, now)) < 1e-12);
        }
        free(counts);
        free(other);
        free(then);
        free(now);
        mli_schema_free(fields);
        mli_drift_free(drift);
        ml_model_free(model);
    }
}

void test_predicted_malformed(void **state)
{
    static const char *const texts[] = {
        "7", "[]", "[7]", "{}",
        "[{\"name\":\"who\",\"type\":\"number\",\"integer\":false,\"missing\":0,\"min\":0,\"max\":1,\"histogram\":{\"edges\":[1],\"rows\":[1,2]}}]",
        "[{\"name\":\"%s\",\"type\":\"number\",\"integer\":false,\"missing\":0,\"min\":0,\"max\":1}]",
        "[{\"name\":\"%s\",\"type\":\"category\",\"missing\":0,\"categories\":[\"a\"],\"histogram\":{\"rows\":[1]}}]",
        "[{\"name\":\"%s\",\"type\":\"number\",\"integer\":false,\"missing\":0,\"min\":0,\"max\":1,\"histogram\":{\"edges\":[2,1],\"rows\":[1,2,3]}}]",
    };
    (void)state;
    for (int kind = SAMPLE_REGRESSION; kind <= SAMPLE_BINARY; kind++) {
        struct ml_model *model = sample_model((enum sample_kind)kind, NULL, "");
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            struct ml_error err = ML_ERROR_INIT;
            const char *name = strstr(texts[i], "%s");
            char text[300];
            snprintf(text, sizeof(text), "%.*s%s%s", name ? (int)(name - texts[i]) : 299, texts[i],
                     name ? model->target[0].name : "", name ? name + 2 : "");
            json_t *list = json_loads(text, JSON_DECODE_ANY, NULL);
            assert_non_null(list);
            assert_int_equal(json_object_set_new(model->record, "predicted", list), 0);
            assert_int_equal(mli_predicted_check(model, &err), ML_EARTIFACT);
            assert_non_null(strstr(err.text, "\"predicted\""));
        }
        ml_model_free(model);
    }
    /* predictions that are not finite leave nothing behind */
    struct ml_model *model = sample_model(SAMPLE_REGRESSION, NULL, "");
    json_t *list = NULL;
    assert_int_equal(mli_predicted_json(model, 2, (const double[]){ 1, INFINITY }, &list, NULL), ML_OK);
    assert_null(list);
    ml_model_free(model);
}

void test_predicted_memory(void **state)
{
    struct ml_model *model = sample_model(SAMPLE_MULTILABEL, NULL, "");
    double *P = make_predictions(model, 0);
    (void)state;

    for (size_t n = 0; heap_counts(); n++) {
        struct mli_drift *drift = NULL;
        json_t *list = NULL;
        json_object_del(model->record, "predicted");
        heap_start(n);
        enum ml_status status = mli_predicted_json(model, ROWS, P, &list, NULL);
        if (status == ML_OK && !mli_json_put(model->record, "predicted", list))
            status = ML_ENOMEM;
        if (status == ML_OK)
            status = mli_drift_of(model, &drift, NULL);
        struct heap_report report = heap_stop();
        mli_drift_free(drift);
        if (status == ML_OK && !report.failed)
            break;
        assert_int_equal(status, ML_ENOMEM);
    }
    free(P);
    ml_model_free(model);
}
