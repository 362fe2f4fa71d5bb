#include <fit/matrix.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = MLI_MATRIX_BLOCK, BLOCK_VALUES = 4 << 20 /* doubles of a block */ };

/* Moves the rows of a block that belong to the part to its front; how many there are. */
static size_t gather(const uint8_t *part, uint8_t which, size_t n, size_t d, double *X)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (part[i] != which)
            continue;
        if (kept < i)
            memcpy(X + kept * d, X + i * d, d * sizeof *X);
        kept++;
    }
    return kept;
}

/* By position: the digest has shown that the table is the file that preprocess wrote, features first. */
static enum ml_status check_prepared(const struct ml_table *table, size_t d, struct ml_error *err)
{
    if (table->columns != d + 1)
        return ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                           "%zu columns where its prep file says %zu features and the target; --drop-columns belongs to mlctl preprocess",
                           table->columns, d);
    for (size_t j = 0; j < d; j++)
        if (!table->column[j].number)
            return ml_error_at(err, ML_EUSAGE, table->source, 0, j + 1,
                               "column \"%s\" of a preprocessed file is read as %s; --type belongs to mlctl preprocess",
                               table->column[j].name, ml_type_name(table->column[j].type));
    return ML_OK;
}

static void copy_prepared(const struct ml_table *table, size_t begin, size_t n, size_t d, double *X)
{
    for (size_t j = 0; j < d; j++)
        for (size_t i = 0; i < n; i++)
            X[i * d + j] = table->column[j].number[begin + i];
}

enum ml_status mli_matrix_each(const struct mli_matrix_rows *rows,
                               enum ml_status (*each)(void *data, size_t n, double *X, struct ml_error *err),
                               void *data, struct ml_error *err)
{
    struct mli_arena keep = MLI_ARENA_INIT, scratch = MLI_ARENA_INIT;
    const struct ml_table *table = rows->table, *view = table;
    size_t d = mli_pipeline_features(rows->pipeline), size = d <= BLOCK_VALUES / BLOCK ? BLOCK : BLOCK_VALUES / d + 1;
    enum ml_status status = rows->prepared ? check_prepared(table, d, err)
                                           : mli_pipeline_view_fitted(rows->pipeline, table, &keep, &view, err);
    struct mli_column *columns = NULL;
    double *block = NULL;
    if (!status) {
        columns = mli_arena_alloc(&keep, view->columns, sizeof *columns);
        block = mli_arena_alloc(&keep, size * d, sizeof *block);
        if (!columns || !block)
            status = ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    for (size_t begin = 0; !status && begin < table->rows; begin += size) {
        size_t n = table->rows - begin < size ? table->rows - begin : size;
        struct ml_table part = mli_table_slice(view, begin, n, columns);
        if (!memchr(rows->part + begin, rows->which, n))
            continue;
        mli_arena_reset(&scratch);
        if (rows->prepared)
            copy_prepared(table, begin, n, d, block);
        else
            status = mli_pipeline_apply(rows->pipeline, &part, &scratch, block, NULL, err);
        if (!status)
            status = each(data, gather(rows->part + begin, rows->which, n, d, block), block, err);
    }
    mli_arena_release(&scratch);
    mli_arena_release(&keep);
    return status;
}

struct filling {
    double *X;
    float *single; /* one of the two */
    size_t d;
};

static enum ml_status fill(void *data, size_t n, double *X, struct ml_error *err)
{
    struct filling *to = data;
    size_t count = n * to->d;
    (void)err;
    if (!to->single) {
        memcpy(to->X, X, count * sizeof *X);
        to->X += count;
        return ML_OK;
    }
    for (size_t i = 0; i < count; i++)
        to->single[i] = (float)X[i];
    to->single += count;
    return ML_OK;
}

enum ml_status mli_matrix_build(const struct mli_matrix_rows *rows, bool single, void *X, struct ml_error *err)
{
    struct filling filling = {
        .X = single ? NULL : X,
        .single = single ? X : NULL,
        .d = mli_pipeline_features(rows->pipeline),
    };
    return mli_matrix_each(rows, fill, &filling, err);
}
