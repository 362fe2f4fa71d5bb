/* Whole pipelines on rows: what does not depend on what. */
#include <tests/unit/prep.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/table.h>

/* Every type, missing cells of each. */
static const char mixed[] = "n,c,t,m\n"
                            "1.5,red,2024-01-05,\n"
                            "-3,blue,2024-02-06T10:00:00Z,7\n"
                            ",red,,8.25\n"
                            "4,,2023-03-07,9\n"
                            "0.1,green,2024-03-31,1e3\n"
                            "17,blue,2024-12-31T23:59:59Z,\n";

static struct ml_table *read_file(const char *path)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;

    if (ml_table_read(path, NULL, &table, &err) != ML_OK)
        fail_msg("%s (run in the root of the repository)", err.text);
    return table;
}

/* JSON and tensors of a pipeline as one text, every bit of a number in it. */
static char *everything(const struct mli_pipeline *pipeline)
{
    struct mli_tensors set;
    json_t *doc = NULL;
    struct mli_buf buf;

    mli_tensors_init(&set);
    mli_buf_init(&buf, SIZE_MAX);
    assert_int_equal(mli_pipeline_save(pipeline, &doc, &set, NULL), ML_OK);
    char *text = mli_json_text(doc, true);
    mli_buf_str(&buf, text);
    for (size_t i = 0; i < set.count; i++) {
        for (size_t k = 0; k < set.items[i].shape[0]; k++)
            mli_buf_printf(&buf, "%s %a\n", set.items[i].name, set.items[i].data[k]);
    }
    free(text);
    json_decref(doc);
    mli_tensors_release(&set);
    return mli_buf_detach(&buf);
}

static struct mli_column *slice_columns(const struct ml_table *view, size_t row)
{
    struct mli_column *column = calloc(view->columns, sizeof(*column));

    assert_non_null(column);
    for (size_t j = 0; j < view->columns; j++) {
        column[j] = view->column[j];
        if (column[j].number)
            column[j].number += row;
        if (column[j].code)
            column[j].code += row;
    }
    return column;
}

static void row_alone_equals_row_in_block(void **state)
{
    struct ml_table *table = read_file("datasets/weather.csv");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_arena arena = MLI_ARENA_INIT, scratch = MLI_ARENA_INIT;
    size_t d = mli_pipeline_features(pipeline);
    double *X = matrix_of(pipeline, table, NULL), *x = calloc(d, sizeof(*x));
    const struct ml_table *view;

    (void)state;
    assert_true(table->rows > 1024); /* more than one block */
    assert_int_equal(mli_pipeline_view(pipeline, table, &arena, &view, NULL), ML_OK);
    for (size_t i = 0; i < table->rows; i++) {
        struct ml_table row = *view;
        row.rows = 1;
        row.column = slice_columns(view, i);
        mli_arena_reset(&scratch);
        assert_int_equal(mli_pipeline_apply(pipeline, &row, &scratch, x, NULL, NULL), ML_OK);
        assert_memory_equal(x, X + i * d, d * sizeof(*x));
        free(row.column);
    }
    free(X);
    free(x);
    mli_arena_release(&arena);
    mli_arena_release(&scratch);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void held_out_rows_change_nothing(void **state)
{
    static const char *const others[] = {
        "n,c,t,m\n1.5,red,2024-01-05,\n-3,blue,2024-02-06T10:00:00Z,7\n1e9,9,1999-01-01,\n,red,,8."
        "25\n4,,2023-03-07,9\n"
        "0.1,green,2024-03-31,1e3\n-5,0,,2\n17,blue,2024-12-31T23:59:59Z,\n",
        "n,c,t,m\n1.5,red,2024-01-05,\n-3,blue,2024-02-06T10:00:00Z,7\n-5,0,,2\n,red,,8.25\n4,,"
        "2023-03-07,9\n"
        "0.1,green,2024-03-31,1e3\n1e9,9,1999-01-01,\n17,blue,2024-12-31T23:59:59Z,\n",
        "n,c,t,m\n1.5,red,2024-01-05,\n-3,blue,2024-02-06T10:00:00Z,7\n,a,,\n,red,,8.25\n4,,2023-"
        "03-07,9\n"
        "0.1,green,2024-03-31,1e3\n,,,-1e300\n17,blue,2024-12-31T23:59:59Z,\n",
    };
    static const uint8_t train[] = { 1, 1, 0, 1, 1, 1, 0, 1 };
    struct ml_table *table = table_of(mixed);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    char *alone = everything(pipeline);

    (void)state;
    mli_pipeline_free(pipeline);
    ml_table_free(table);
    for (size_t i = 0; i < COUNT(others); i++) {
        table = table_of(others[i]);
        pipeline = pipeline_of(table, train, NULL);
        char *text = everything(pipeline);
        assert_string_equal(text, alone);
        free(text);
        mli_pipeline_free(pipeline);
        ml_table_free(table);
    }
    free(alone);
}

/* A held-out "x" makes the table sort its values as text; training still sees nothing but numbers. */
static void held_out_rows_do_not_order_categories(void **state)
{
    const char *const type[] = { "c=category", NULL };
    static const uint8_t train[] = { 1, 1, 1, 0 };
    struct ml_table *table = table_typed("c\n10\n9\n100\nx\n", type);
    struct mli_pipeline *pipeline = pipeline_of(table, train, NULL);

    (void)state;
    assert_string_equal(features_of(pipeline), "c=9 c=10 c=100 ");
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

/* No reader makes such codes, but nothing may be written outside the row if one does. */
static void codes_outside_the_dictionary(void **state)
{
    struct ml_table *table = table_of("c,d\na,x\nb,y\n");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_arena arena = MLI_ARENA_INIT;
    static const double expected[] = { 0, 1, 0, 0 };
    int32_t foreign[] = { 2, INT32_MAX, -3, INT32_MIN };
    int32_t known = 1;
    struct mli_column column[] = { { .code = &known }, { .code = foreign } };
    struct ml_table row = { .rows = 1, .columns = 2, .column = column };
    double X[5] = { 7, 7, 7, 7, 7 };

    (void)state;
    for (size_t i = 0; i < COUNT(foreign); i++) {
        column[1].code = &foreign[i];
        assert_int_equal(mli_pipeline_apply(pipeline, &row, &arena, X, NULL, NULL), ML_OK);
        assert_memory_equal(X, expected, sizeof(expected));
        assert_true(X[4] == 7);
    }
    mli_arena_release(&arena);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

/* The program that step.h spells out, run word by word. */
static void run_step(const struct mli_step *step, double *v)
{
    if (step->kind == &mli_dates_step) {
        const struct mli_dates *s = step->state;
        for (size_t k = 0; k < s->count; k++) {
            size_t to = s->first[k];
            for (unsigned p = 0; p < MLI_DATE_PARTS; p++) {
                if (s->parts[k] & 1U << p)
                    v[to++] = mli_date_part(v[s->slot[k]], (enum mli_date_part)p);
            }
        }
    } else if (step->kind == &mli_impute_step) {
        const struct mli_imputer *s = step->state;
        for (size_t k = 0; k < s->count; k++)
            v[s->slot[k]] = isnan(v[s->slot[k]]) ? s->value[k] : v[s->slot[k]];
    } else if (step->kind == &mli_scale_step) {
        const struct mli_scaler *s = step->state;
        for (size_t k = 0; k < s->count; k++)
            v[s->slot[k]] = (v[s->slot[k]] - s->shift[k]) / s->scale[k];
    } else {
        assert_true(step->kind == &mli_drop_step || step->kind == &mli_onehot_step);
    }
}

static void run_row(const struct mli_pipeline *pipeline, const struct ml_table *view, size_t row,
                    double *x)
{
    const struct mli_frame *frame = mli_pipeline_frame(pipeline);
    double v[64];
    int32_t c[64];

    assert_true(frame->count <= COUNT(v));
    for (size_t i = 0; i < view->columns; i++) {
        v[i] = view->column[i].number ? view->column[i].number[row] : 0;
        c[i] = view->column[i].code ? view->column[i].code[row] : 0;
    }
    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++)
        run_step(mli_pipeline_step(pipeline, i), v);
    for (size_t s = 0; s < frame->count; s++) {
        const struct mli_slot *slot = &frame->slot[s];
        if (!slot->live)
            continue;
        if (slot->kind == MLI_SLOT_NUMBER)
            x[slot->feature] = v[s];
        for (size_t k = 0; slot->kind == MLI_SLOT_INDICATORS && k < slot->width; k++)
            x[slot->feature + k] = k < slot->values ? c[s] == (int32_t)k : c[s] == MLI_CODE_MISSING;
    }
}

static void walking_the_steps_gives_the_same(void **state)
{
    static const char *const files[] = { "datasets/weather.csv", "datasets/penguins.csv",
                                         "datasets/flights.csv" };

    (void)state;
    for (size_t f = 0; f < COUNT(files); f++) {
        struct ml_table *table = read_file(files[f]);
        struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
        struct mli_arena arena = MLI_ARENA_INIT;
        size_t d = mli_pipeline_features(pipeline);
        double *X = matrix_of(pipeline, table, NULL), *x = calloc(d, sizeof(*x));
        const struct ml_table *view;
        assert_int_equal(mli_pipeline_view(pipeline, table, &arena, &view, NULL), ML_OK);
        for (size_t i = 0; i < table->rows; i++) {
            run_row(pipeline, view, i, x);
            assert_memory_equal(x, X + i * d, d * sizeof(*x));
        }
        free(X);
        free(x);
        mli_arena_release(&arena);
        mli_pipeline_free(pipeline);
        ml_table_free(table);
    }
}

static void unknown_and_missing_are_counted(void **state)
{
    struct ml_table *table = table_of(mixed), *other = table_of("m,c,n\n,pink,1\nNA,,\n1,red,2\n");
    const size_t columns[] = { 0, 1, 3 };
    struct ml_prep_config config = ML_PREP_CONFIG_INIT;
    struct mli_pipeline *pipeline = NULL;
    struct mli_apply_counts counts = { 77, 77 };

    (void)state;
    config.scale = (const char *const[]){ "none", NULL };
    assert_int_equal(mli_pipeline_fit(table, columns, 3, NULL, &config, NULL, &pipeline, NULL),
                     ML_OK);
    assert_string_equal(features_of(pipeline), "n c=blue c=green c=red c=missing m ");
    static const double expected[] = { 1, 0, 0,     0, 0, 8.625, 1.5, 0, 0,
                                       0, 1, 8.625, 2, 0, 0,     1,   0, 1 };
    double *X = matrix_of(pipeline, other, &counts);
    assert_memory_equal(X, expected, sizeof(expected));
    assert_int_equal(counts.missing, 4);
    assert_int_equal(counts.unknown, 1);
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
    ml_table_free(other);
}

/* Training saw no missing category: such a cell has no feature of its own. */
static void missing_category_unseen_in_training(void **state)
{
    struct ml_table *table = table_of("c\na\nb\n"), *other = table_of("x,c\n1,\n1,a\n");
    static const double expected[] = { 0, 0, 1, 0 };
    struct mli_apply_counts counts;

    (void)state;
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    double *X = matrix_of(pipeline, other, &counts);
    assert_memory_equal(X, expected, sizeof(expected));
    assert_int_equal(counts.missing, 1);
    free(X);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
    ml_table_free(other);
}

static void expect_view_refused(const struct mli_pipeline *pipeline, const char *text,
                                const char *part)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = table_of(text);
    const struct ml_table *view = NULL;

    assert_int_equal(mli_pipeline_view(pipeline, table, &arena, &view, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, part);
    assert_null(view);
    mli_arena_release(&arena);
    ml_table_free(table);
}

static void views(void **state)
{
    struct ml_table *table = table_of(mixed);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);

    (void)state;
    expect_view_refused(pipeline, "n,c,m\n1,red,2\n", "there is no column \"t\"");
    expect_view_refused(pipeline, "n,c,t,m\n1,red,2,3\n",
                        "column \"t\": expected type instant, found number");
    expect_view_refused(pipeline, "n,c,t,m\nx,red,2024-01-01,3\n",
                        "column \"n\": expected type number, found category");
    expect_view_refused(pipeline, "n,c,t,m\n1,1,2024-01-01,3\n",
                        "column \"c\": expected type category, found number");
    /* neither order nor columns that are not needed matter, and one without a value has no type of its own */
    struct ml_table *other = table_of("t,more,m,c,n\n,1,,,1\n,2,,,2\n");
    struct mli_apply_counts counts;
    double *X = matrix_of(pipeline, other, &counts);
    assert_int_equal(counts.missing, 6);
    free(X);
    ml_table_free(other);
    const char *const type[] = { "n=category", NULL };
    other = table_typed("n,c,t,m\n,red,2024-01-01,1\n", type);
    X = matrix_of(pipeline, other, &counts);
    assert_int_equal(counts.missing, 1);
    free(X);
    ml_table_free(other);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void far_values_are_refused(void **state)
{
    struct ml_table *table = table_of("a,b\n1,0.001\n2,0.002\n"),
                    *other = table_of("a,b\n5,1.7e308\n");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_arena arena = MLI_ARENA_INIT;
    struct ml_error err = ML_ERROR_INIT;
    const struct ml_table *view;
    double X[2];

    (void)state;
    assert_int_equal(mli_pipeline_view(pipeline, other, &arena, &view, NULL), ML_OK);
    assert_int_equal(mli_pipeline_apply(pipeline, view, &arena, X, NULL, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, "column \"b\": a value is too far");
    err = (struct ml_error)ML_ERROR_INIT;
    struct ml_table narrow = *view;
    narrow.columns = 1;
    assert_int_equal(mli_pipeline_apply(pipeline, &narrow, &arena, X, NULL, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, "do not follow the model's schema");
    mli_arena_release(&arena);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
    ml_table_free(other);
}

/* The column is named, whichever of some side by side it is. */
static void far_values_among_many_are_found(void **state)
{
    const char *header = "a,b,c,d,e,f";
    const char *cells = "%,#.1,%.#,#.001,#.002,#.00%";
    struct ml_table *table = table_counted(header, 50, cells), *other = table_counted(header, 50, cells);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;
    double X[50 * 6];

    (void)state;
    assert_int_equal(mli_pipeline_view(pipeline, other, &arena, &view, NULL), ML_OK);
    assert_int_equal(view->columns, 6);
    for (size_t c = 5; c < 6; c -= 2) {
        struct ml_error err = ML_ERROR_INIT;
        char expected[80];
        view->column[c].number[c == 3 ? 49 : 7] = INFINITY;
        snprintf(expected, sizeof(expected), "column \"%c\": a value is too far", header[2 * c]);
        assert_int_equal(mli_pipeline_apply(pipeline, view, &arena, X, NULL, &err), ML_EDATA);
        expect_error(&err, ML_EDATA, expected);
    }
    mli_arena_release(&arena);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
    ml_table_free(other);
}

/* Clipping that is too far out to change anything takes the numbers through all steps, one after the other. */
static void straight_lines_end_where_steps_do(void **state)
{
    struct ml_table *table = table_counted("a,b,c,d,e,f,g,h", 5003, "%,#.25e-3,?,x%,#.5,%.5,1#.5,#.%");
    struct ml_prep_config round = ML_PREP_CONFIG_INIT;
    struct mli_apply_counts counts[2];
    uint8_t *train = malloc(table->rows);

    (void)state;
    assert_non_null(train);
    for (size_t i = 0; i < table->rows; i++) {
        train[i] = i % 3 != 0;
        table->column[0].number[i] = i % 11 == 4 ? NAN : table->column[0].number[i];
    }
    round.outliers = (const char *const[]){ "iqr:1000000", NULL };
    struct mli_pipeline *straight = pipeline_of(table, train, NULL), *detour = pipeline_of(table, train, &round);
    double *X = matrix_of(straight, table, &counts[0]), *expected = matrix_of(detour, table, &counts[1]);
    assert_memory_equal(X, expected, table->rows * mli_pipeline_features(straight) * sizeof(*X));
    assert_int_equal(counts[0].missing, counts[1].missing);
    assert_true(counts[0].missing >= table->rows / 11);
    free(X);
    free(expected);
    free(train);
    mli_pipeline_free(straight);
    mli_pipeline_free(detour);
    ml_table_free(table);
}

static void scratch_is_bounded(void **state)
{
    struct ml_table *table = table_counted("a,b,c", 50000, "%,#.5,x%");
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_arena arena = MLI_ARENA_INIT, scratch = { .limit = 400000 };
    double *X = calloc(table->rows * mli_pipeline_features(pipeline), sizeof(*X));
    const struct ml_table *view;

    (void)state;
    assert_int_equal(mli_pipeline_view(pipeline, table, &arena, &view, NULL), ML_OK);
    assert_int_equal(mli_pipeline_apply(pipeline, view, &scratch, X, NULL, NULL), ML_OK);
    free(X);
    mli_arena_release(&arena);
    mli_arena_release(&scratch);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

static void no_rows(void **state)
{
    struct ml_table *table = table_of(mixed);
    struct mli_pipeline *pipeline = pipeline_of(table, NULL, NULL);
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;
    double untouched = 5;

    (void)state;
    assert_int_equal(mli_pipeline_view(pipeline, table, &arena, &view, NULL), ML_OK);
    struct ml_table none = *view;
    none.rows = 0;
    assert_int_equal(mli_pipeline_apply(pipeline, &none, &arena, &untouched, NULL, NULL), ML_OK);
    assert_true(untouched == 5);
    mli_arena_release(&arena);
    mli_pipeline_free(pipeline);
    ml_table_free(table);
}

int prep_apply_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_alone_equals_row_in_block),
        cmocka_unit_test(held_out_rows_change_nothing),
        cmocka_unit_test(held_out_rows_do_not_order_categories),
        cmocka_unit_test(codes_outside_the_dictionary),
        cmocka_unit_test(walking_the_steps_gives_the_same),
        cmocka_unit_test(unknown_and_missing_are_counted),
        cmocka_unit_test(missing_category_unseen_in_training),
        cmocka_unit_test(views),
        cmocka_unit_test(far_values_are_refused),
        cmocka_unit_test(far_values_among_many_are_found),
        cmocka_unit_test(straight_lines_end_where_steps_do),
        cmocka_unit_test(scratch_is_bounded),
        cmocka_unit_test(no_rows),
    };

    return cmocka_run_group_tests_name("prep: apply", tests, NULL, NULL);
}
