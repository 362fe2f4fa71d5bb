/* Models: making, saving, loading, predicting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/mem.h>
#include <base/rng.h>
#include <math.h>
#include <model/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/heap.h>
#include <tests/unit/model_sample.h>
#include <tests/unit/model_target.h>
#include <tests/unit/model_tests.h>
#include <unistd.h>

#define ROWS 1000

static double *predict(const struct ml_model *model, const struct ml_table *table)
{
    struct ml_error err = ML_ERROR_INIT;
    double *P = mli_alloc(table->rows * ml_model_width(model), sizeof(*P));

    assert_non_null(P);
    assert_int_equal(ml_model_predict(model, table, P, &err), ML_OK);
    return P;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void assert_same_model(const struct ml_model *a, const struct ml_model *b)
{
    assert_int_equal(ml_model_inputs(a), ml_model_inputs(b));
    for (size_t i = 0; i < ml_model_inputs(a); i++) {
        assert_string_equal(ml_model_input(a, i), ml_model_input(b, i));
        assert_int_equal(ml_model_input_type(a, i), ml_model_input_type(b, i));
    }
    assert_int_equal(ml_model_targets(a), ml_model_targets(b));
    for (size_t t = 0; t < ml_model_targets(a); t++) {
        assert_string_equal(ml_model_target(a, t), ml_model_target(b, t));
        assert_int_equal(ml_model_classes(a, t), ml_model_classes(b, t));
        for (size_t k = 0; k < ml_model_classes(a, t); k++)
            assert_string_equal(ml_model_label(a, t, k), ml_model_label(b, t, k));
    }
    assert_int_equal(ml_model_width(a), ml_model_width(b));
    assert_true(json_equal(a->record, b->record));
    assert_string_equal(a->loss.name, b->loss.name);
    assert_true(a->loss.parameter == b->loss.parameter);
}

static void test_save_and_load(void **state)
{
    static const struct {
        enum sample_kind kind;
        const char *loss; /* NULL: the sample's */
    } cases[] = { { SAMPLE_REGRESSION, NULL },  { SAMPLE_REGRESSION, "huber:0.1" }, { SAMPLE_REGRESSION, "poisson" },
                  { SAMPLE_BINARY, NULL },      { SAMPLE_BINARY, "hinge" },         { SAMPLE_MULTICLASS, NULL },
                  { SAMPLE_MULTICLASS, "squared_hinge" }, { SAMPLE_MULTILABEL, NULL } };
    struct ml_table *table = sample_table(ROWS, 5, true);
    (void)state;

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct ml_error err = ML_ERROR_INIT;
        struct ml_model *model = sample_model(cases[c].kind, NULL, "a \"note\""), *back;
        if (cases[c].loss)
            assert_int_equal(mli_loss_parse(cases[c].loss, &model->loss, NULL, NULL), ML_OK);
        char path[] = "/tmp/mlctl-model-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(ml_model_save(model, path, &err), ML_OK);
        assert_int_equal(ml_model_load(path, &back, &err), ML_OK);
        unlink(path);
        assert_same_model(model, back);
        double *before = predict(model, table), *after = predict(back, table);
        assert_memory_equal(before, after, ROWS * ml_model_width(model) * sizeof(double));
        for (size_t i = 0; i < ROWS * ml_model_width(model); i++)
            assert_true(isfinite(before[i]));
        free(before);
        free(after);
        ml_model_free(model);
        ml_model_free(back);
    }
    ml_table_free(table);
}

/* Same model, same bytes; a loaded model is the same model. */
static void test_same_bytes(void **state)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *one = sample_model(SAMPLE_MULTICLASS, NULL, "x"),
                    *two = sample_model(SAMPLE_MULTICLASS, NULL, "x");
    struct mli_buf a = sample_bytes(one), b = sample_bytes(two);
    struct ml_model *back;
    (void)state;

    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    assert_int_equal(a.len % 8, 0);
    assert_int_equal(mli_model_decode(a.data, a.len, "a", &back, &err), ML_OK);
    assert_int_equal(strlen(back->sha256), 64);
    struct mli_buf c = sample_bytes(back);
    assert_int_equal(a.len, c.len);
    assert_memory_equal(a.data, c.data, a.len);
    ml_model_free(one);
    ml_model_free(two);
    ml_model_free(back);
    mli_buf_release(&a);
    mli_buf_release(&b);
    mli_buf_release(&c);
}

/* A model of floats is kept as floats, and comes back with the same numbers. */
static void test_single(void **state)
{
    struct ml_model *model = sample_model(SAMPLE_MULTICLASS, NULL, ""), *back = NULL;
    struct ml_error err = ML_ERROR_INIT;
    (void)state;

    struct mli_buf wide = sample_bytes(model);
    model->single = true;
    for (size_t i = 0; i < model->network->parameters; i++)
        model->theta[i] = (float)model->theta[i];
    struct mli_buf bytes = sample_bytes(model);
    assert_null(memmem(wide.data, wide.len, "\"F32\"", 5));
    assert_non_null(memmem(bytes.data, bytes.len, "\"F32\"", 5));
    assert_int_equal(wide.len - bytes.len, model->network->parameters * sizeof(float));
    assert_int_equal(mli_model_decode(bytes.data, bytes.len, "f", &back, &err), ML_OK);
    assert_true(back->single);
    assert_memory_equal(back->theta, model->theta, model->network->parameters * sizeof(double));
    struct mli_buf again = sample_bytes(back);
    assert_int_equal(again.len, bytes.len);
    assert_memory_equal(again.data, bytes.data, bytes.len);
    mli_buf_release(&again);
    mli_buf_release(&bytes);
    mli_buf_release(&wide);
    ml_model_free(back);
    ml_model_free(model);
}

static void test_save_errors(void **state)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = sample_model_small(""), *none = NULL;
    (void)state;

    assert_int_equal(ml_model_save(model, "/nowhere/at/all/model", &err), ML_EIO);
    assert_true(err.text[0] != '\0');
    assert_int_equal(ml_model_load("/nowhere/at/all/model", &none, NULL), ML_EIO);
    assert_null(none);
    ml_model_free(model);
    ml_model_free(NULL);
}

/* ---- golden ------------------------------------------------------------------------------------------------------ */

/*
 * A file of each format version as it was written once; it is to be read for ever. The predictions beside it are those of
 * the day it was made, for rows that sample_table gives; 1e-12 leaves room for another libm's exp. One row a line.
 */
static const struct {
    const char *model, *predictions;
    enum sample_kind kind;
} golden[] = {
    { "tests/golden/model-v1.safetensors", "tests/golden/model-v1.predictions", SAMPLE_MULTICLASS },
    { "tests/golden/model-v2.safetensors", "tests/golden/model-v2.predictions", SAMPLE_MULTILABEL },
    { "tests/golden/model-v1-histograms.safetensors", "tests/golden/model-v1-histograms.predictions", SAMPLE_MULTICLASS },
};
enum { GOLDEN_ROWS = 50, GOLDENS = sizeof golden / sizeof *golden };

static void check_golden(size_t g)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = sample_table(GOLDEN_ROWS, 11, true);
    FILE *expected = fopen(golden[g].predictions, "r");
    struct ml_model *model;

    assert_non_null(expected);
    if (ml_model_load(golden[g].model, &model, &err) != ML_OK)
        fail_msg("%s: %s", err.source, err.text);
    double *P = predict(model, table);
    for (size_t i = 0; i < GOLDEN_ROWS * ml_model_width(model); i++) {
        double value;
        assert_int_equal(fscanf(expected, "%lf", &value), 1);
        assert_true(fabs(P[i] - value) <= 1e-12);
    }
    fclose(expected);
    free(P);
    ml_model_free(model);
    ml_table_free(table);
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t g = 0; g < GOLDENS; g++)
        check_golden(g);
}

static int write_golden(size_t g)
{
    struct ml_table *table = sample_table(GOLDEN_ROWS, 11, true);
    struct ml_model *model = sample_model(golden[g].kind, NULL, "golden");
    double *P = predict(model, table);
    FILE *out = fopen(golden[g].predictions, "w");
    size_t width = ml_model_width(model);

    assert_non_null(out);
    assert_int_equal(ml_model_save(model, golden[g].model, NULL), ML_OK);
    for (size_t i = 0; i < GOLDEN_ROWS * width; i++)
        fprintf(out, "%.17g%c", P[i], i % width + 1 < width ? ' ' : '\n');
    assert_int_equal(fclose(out), 0);
    free(P);
    ml_model_free(model);
    ml_table_free(table);
    return 0;
}

/* ---- predicting -------------------------------------------------------------------------------------------------- */

/* One row alone, bit for bit the same as among a thousand; blocks do not show. */
static void test_rows_are_alone(void **state)
{
    struct ml_model *model = sample_model(SAMPLE_MULTICLASS, NULL, "");
    struct ml_table *table = sample_table(ROWS, 6, true);
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;
    struct ml_error err = ML_ERROR_INIT;
    double *P = predict(model, table), alone[3];
    struct mli_apply_counts counts = { 0 }, sum = { 0 };
    (void)state;

    assert_int_equal(mli_pipeline_view(model->pipeline, table, &arena, &view, &err), ML_OK);
    assert_int_equal(mli_model_predict_rows(model, view, &arena, P, &counts, &err), ML_OK);
    for (size_t i = 0; i < ROWS; i++) {
        struct mli_column *column = mli_arena_alloc(&arena, view->columns, sizeof(*column));
        struct ml_table row = *view;
        struct mli_apply_counts part;
        assert_non_null(column);
        for (size_t j = 0; j < view->columns; j++) {
            column[j] = view->column[j];
            if (column[j].number)
                column[j].number += i;
            if (column[j].code)
                column[j].code += i;
        }
        row.rows = 1;
        row.column = column;
        assert_int_equal(mli_model_predict_rows(model, &row, &arena, alone, &part, &err), ML_OK);
        assert_memory_equal(alone, P + 3 * i, sizeof(alone));
        sum.missing += part.missing;
        sum.unknown += part.unknown;
    }
    assert_int_equal(counts.missing, sum.missing);
    assert_int_equal(counts.unknown, sum.unknown);
    assert_true(counts.missing > 0 && counts.unknown > 0);
    mli_arena_release(&arena);
    free(P);
    ml_table_free(table);
    ml_model_free(model);
}

/* Scratch for a block is all it takes, and it is given back. */
static void test_scratch_is_bounded(void **state)
{
    enum { MANY = 20000 };
    struct ml_model *model = sample_model(SAMPLE_BINARY, NULL, "");
    struct ml_table *table = sample_table(MANY, 6, false);
    struct mli_arena keep = MLI_ARENA_INIT, scratch;
    const struct ml_table *view;
    struct ml_error err = ML_ERROR_INIT;
    double *P = mli_alloc(MANY * 2, sizeof(*P));
    (void)state;

    assert_int_equal(mli_pipeline_view(model->pipeline, table, &keep, &view, &err), ML_OK);
    mli_arena_init(&scratch, (size_t)1 << 20);
    assert_int_equal(mli_model_predict_rows(model, view, &scratch, P, NULL, &err), ML_OK);
    mli_arena_release(&scratch);
    mli_arena_init(&scratch, (size_t)1 << 12);
    assert_int_equal(mli_model_predict_rows(model, view, &scratch, P, NULL, &err), ML_ENOMEM);
    mli_arena_release(&scratch);
    mli_arena_release(&keep);
    free(P);
    ml_table_free(table);
    ml_model_free(model);
}

static void test_no_rows(void **state)
{
    struct ml_model *model = sample_model(SAMPLE_REGRESSION, NULL, "");
    struct ml_table *table = sample_table(0, 1, false);
    (void)state;

    free(predict(model, table));
    ml_table_free(table);
    ml_model_free(model);
}

static void swap_columns(struct ml_table *table, size_t a, size_t b)
{
    struct mli_column kept = table->column[a];
    table->column[a] = table->column[b];
    table->column[b] = kept;
}

static void test_columns_by_name(void **state)
{
    struct ml_model *model = sample_model(SAMPLE_BINARY, NULL, "");
    struct ml_table *table = sample_table(ROWS, 8, false);
    struct ml_error err = ML_ERROR_INIT;
    double *expected = predict(model, table);
    (void)state;

    for (size_t j = 0; j < table->columns / 2; j++)
        swap_columns(table, j, table->columns - 1 - j);
    double *P = predict(model, table);
    assert_memory_equal(P, expected, 2 * ROWS * sizeof(*P));
    table->column[table->columns - 1].name[0] = 'A';
    assert_int_equal(ml_model_predict(model, table, P, &err), ML_EDATA);
    assert_non_null(strstr(err.text, "age"));
    free(P);
    free(expected);
    ml_table_free(table);
    ml_model_free(model);
}

/* ---- parts that do not fit together ------------------------------------------------------------------------------ */

struct parts {
    struct mli_pipeline *pipeline;
    struct mli_network *network;
    double *theta;
    const struct mli_loss *loss;
    char *target;
    size_t classes;
    char **label;
    json_t *record;
};

static struct parts good_parts(const char *layers, size_t extra)
{
    struct ml_table *table = sample_table(100, 3, false);
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct parts p = { .loss = &mli_loss_cross_entropy, .target = mli_strdup("y"), .classes = 2 };
    static const size_t columns[] = { 0, 1, 6 };

    assert_int_equal(mli_pipeline_fit(table, columns, 3, NULL, &config, NULL, &p.pipeline, NULL),
                     ML_OK);
    assert_int_equal(
        mli_network_new(layers, mli_pipeline_features(p.pipeline) + extra, &p.network, NULL),
        ML_OK);
    p.theta = mli_calloc(p.network->parameters, sizeof(*p.theta));
    p.label = mli_calloc(3, sizeof(*p.label));
    p.label[0] = mli_strdup("a");
    p.label[1] = mli_strdup("b");
    p.record = json_object();
    ml_table_free(table);
    return p;
}

static void assert_parts(struct parts p, const char *text)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    struct mli_model_target *target = one_target(p.target, p.classes, p.label);
    enum ml_status status =
        mli_model_new(p.pipeline, p.network, p.theta, p.loss, target, 1, p.record, &model, &err);
    if (!text) {
        assert_int_equal(status, ML_OK);
        ml_model_free(model);
        return;
    }
    assert_int_equal(status, ML_EARTIFACT);
    assert_null(model);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" has no \"%s\"", err.text, text);
}

static void test_parts_that_disagree(void **state)
{
    struct parts p;
    (void)state;

    assert_parts(good_parts("dense 1", 0), NULL);
    assert_parts(good_parts("dense 1", 1), "but the network wants");
    assert_parts(good_parts("dense 2", 0), "the network has 2 outputs");
    p = good_parts("dense 1", 0);
    p.theta[1] = NAN;
    assert_parts(p, "parameter 1 of the network is not a finite number");
    p = good_parts("dense 1", 0);
    p.loss = &mli_loss_squared;
    assert_parts(p, "is for regression, but the model has 2 labels");
    p = good_parts("dense 1", 0);
    p.loss = &mli_loss_binary_cross_entropy;
    assert_parts(p, "is for multilabel, but the model has 1 target");
    p = good_parts("dense 1", 0);
    p.target[0] = '\0';
    assert_parts(p, "the model's target has no name");
    p = good_parts("dense 1", 0);
    free(p.target);
    p.target = mli_strdup("sex");
    assert_parts(p, "is one of its inputs");
    p = good_parts("dense 1", 0);
    p.label[1][0] = 'a';
    assert_parts(p, "label \"a\" of the model stands twice");
    p = good_parts("dense 1", 0);
    p.label[1][0] = '\0';
    assert_parts(p, "label 1 of the model is empty");
    p = good_parts("dense 1", 0);
    json_decref(p.record);
    p.record = json_array();
    assert_parts(p, "record is not a JSON object");
    p = good_parts("dense 3", 0);
    p.classes = 3;
    p.label[2] = mli_strdup("c");
    assert_parts(p, NULL);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

struct work { /* what a turn works on */
    const struct ml_model *model;
    const struct mli_buf *file;
    const struct ml_table *table;
    double *P;
};

static enum ml_status work_decode(const struct work *w, struct ml_error *err)
{
    struct ml_model *model = NULL;
    enum ml_status status = mli_model_decode(w->file->data, w->file->len, "f", &model, err);
    ml_model_free(model);
    return status;
}

static enum ml_status work_encode(const struct work *w, struct ml_error *err)
{
    char sha256[MLI_SHA256_HEX];
    struct mli_buf out;

    mli_buf_init(&out, SIZE_MAX);
    enum ml_status status = mli_model_encode(w->model, &out, sha256, err);
    mli_buf_release(&out);
    return status;
}

static enum ml_status work_predict(const struct work *w, struct ml_error *err)
{
    return ml_model_predict(w->model, w->table, w->P, err);
}

/*
 * Allocations stop to succeed at the first, the second, ...: the call says so and holds on to nothing. jansson's parser may
 * call a text invalid when it has no memory for it; then the status is ML_EARTIFACT.
 */
static void test_no_memory(void **state)
{
    static enum ml_status (*const works[])(
        const struct work *w, struct ml_error *err) = { work_decode, work_encode, work_predict };
    struct ml_model *model = sample_model_small("");
    struct mli_buf file = sample_bytes(model);
    struct ml_table *table = sample_table(300, 2, true);
    struct work w = { model, &file, table, mli_alloc(600, sizeof(double)) };
    (void)state;

    for (size_t i = 0; heap_counts() && i < sizeof(works) / sizeof(works[0]); i++) {
        for (size_t n = 0;; n++) {
            struct ml_error err = ML_ERROR_INIT;
            heap_start(n);
            enum ml_status status = works[i](&w, &err);
            struct heap_report report = heap_stop();
            assert_int_equal(report.blocks, 0);
            bool parser =
                works[i] == work_decode && status == ML_EARTIFACT && strstr(err.text, "not valid");
            if (status != (report.failed ? ML_ENOMEM : ML_OK) && !(report.failed && parser))
                fail_msg("allocation %zu: status %s, \"%s\"", n, ml_status_name(status), err.text);
            assert_int_equal(err.status, status);
            if (!report.failed)
                break;
            assert_true(n < 10000);
        }
    }
    free(w.P);
    ml_table_free(table);
    mli_buf_release(&file);
    ml_model_free(model);
    if (!heap_counts())
        skip();
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_bytes),
        cmocka_unit_test(test_foreign_file),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_other_reader),
        cmocka_unit_test(test_other_digest),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_encode_refusals),
        cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_save_errors),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_rows_are_alone),
        cmocka_unit_test(test_scratch_is_bounded),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_columns_by_name),
        cmocka_unit_test(test_parts_that_disagree),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_contributions),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_predicted),
        cmocka_unit_test(test_predicted_malformed),
        cmocka_unit_test(test_predicted_memory),
        cmocka_unit_test(test_rowlog),
        cmocka_unit_test(test_rowlog_long),
        cmocka_unit_test(test_selftest_holds),
        cmocka_unit_test(test_selftest_fails),
        cmocka_unit_test(test_selftest_malformed),
        cmocka_unit_test(test_selftest_memory),
        cmocka_unit_test(test_reading_inherited),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_hostile_paths),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_cut_short),
    };

    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_hostile_files(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--golden") == 0) /* the first, second... of the list */
        return write_golden(strtoul(argv[2], NULL, 10) - 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
