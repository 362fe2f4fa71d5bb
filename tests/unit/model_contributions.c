/* Contributions: with the bias they sum up to what the layer gives, and each is its own column's affair. */
#include <tests/unit/model_tests.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/mem.h>
#include <math.h>
#include <model/contributions.h>
#include <stdlib.h>
#include <tests/unit/model_sample.h>

enum { ROWS = 20 };

/* (ROWS, margins, columns + 1); the caller frees. */
static double *contributions(const struct ml_model *model, const struct ml_table *table)
{
    size_t width = mli_pipeline_schema(model->pipeline)->count + 1;
    double *C = mli_alloc(ROWS * mli_contributions_margins(model) * width, sizeof(*C));
    struct mli_arena arena = MLI_ARENA_INIT, scratch = MLI_ARENA_INIT;
    const struct ml_table *view;

    assert_non_null(C);
    assert_int_equal(mli_pipeline_view(model->pipeline, table, &arena, &view, NULL), ML_OK);
    assert_int_equal(mli_contributions(model, view, &scratch, C, NULL), ML_OK);
    mli_arena_release(&scratch);
    mli_arena_release(&arena);
    return C;
}

/* What the layer gives: (ROWS, margins); the caller frees. */
static double *margins(const struct ml_model *model, const struct ml_table *table)
{
    const struct mli_network *net = model->network;
    double *X = mli_alloc(ROWS * net->inputs, sizeof(*X)), *Z = mli_alloc(ROWS * net->outputs, sizeof(*Z));
    double *workspace = mli_alloc(mli_network_workspace(net, ROWS, false), sizeof(*workspace));
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;

    assert_true(X && Z && workspace);
    assert_int_equal(mli_pipeline_view(model->pipeline, table, &arena, &view, NULL), ML_OK);
    assert_int_equal(mli_pipeline_apply(model->pipeline, view, &arena, X, NULL, NULL), ML_OK);
    const double *given = mli_network_forward(net, &mli_kernels_plain, model->theta, ROWS, X, NULL, workspace);
    for (size_t i = 0; i < ROWS * net->outputs; i++)
        Z[i] = given[i];
    mli_arena_release(&arena);
    free(workspace);
    free(X);
    return Z;
}

/* Every row's cell of a column becomes the next row's. */
static void rotate(struct mli_column *column)
{
    for (size_t i = 0; i + 1 < ROWS; i++) {
        if (column->number)
            column->number[i] = column->number[i + 1];
        else
            column->code[i] = column->code[i + 1];
    }
}

static void check_sums(const struct ml_model *model, const struct ml_table *table, const double *C)
{
    size_t width = mli_pipeline_schema(model->pipeline)->count + 1;
    double *Z = margins(model, table);

    for (size_t i = 0; i < ROWS * mli_contributions_margins(model); i++) {
        double sum = 0, size = 0;
        for (size_t c = 0; c < width; c++) {
            sum += C[i * width + c];
            size += fabs(C[i * width + c]);
        }
        if (fabs(sum - Z[i]) > 1e-12 * size) /* two orders of adding up */
            fail_msg("margin %zu: %.17g, expected %.17g", i, sum, Z[i]);
    }
    free(Z);
}

static void check_columns(const struct ml_model *model, struct ml_table *table, const double *C)
{
    const struct mli_schema *schema = mli_pipeline_schema(model->pipeline);
    size_t width = schema->count + 1, row = mli_contributions_margins(model) * width, changed = 0;
    double *before = mli_alloc(ROWS * row, sizeof(*before));

    assert_non_null(before);
    for (size_t i = 0; i < ROWS * row; i++)
        before[i] = C[i];
    for (size_t j = 0; j < table->columns; j++) {
        size_t field = mli_schema_find(schema, table->column[j].name);
        rotate(&table->column[j]);
        double *after = contributions(model, table);
        for (size_t i = 0; i < (ROWS - 1) * row; i++) {
            bool own = i % width == field;
            assert_true(after[i] == (own ? before[i + row] : before[i]));
            changed += own && after[i] != before[i];
        }
        free(before);
        before = after;
    }
    assert_true(changed > ROWS);
    free(before);
}

void test_contributions(void **state)
{
    (void)state;
    for (enum sample_kind kind = 0; kind < SAMPLES; kind++) {
        struct ml_model *model = sample_model(kind, NULL, "");
        struct ml_table *table = sample_table(ROWS, 2, true);
        assert_true(mli_contributions_can(model));
        assert_int_equal(mli_contributions_margins(model), kind >= SAMPLE_MULTICLASS ? 3 : 1);
        double *C = contributions(model, table);
        check_sums(model, table, C);
        check_columns(model, table, C);
        free(C);
        ml_table_free(table);
        ml_model_free(model);
    }
    struct ml_model *model = sample_stack(SAMPLE_BINARY, "dense 4, relu, dense 1");
    assert_false(mli_contributions_can(model));
    ml_model_free(model);
}
