#include <fit/matrix.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1024, BLOCK_VALUES = 4 << 20 /* doubles of a block */ };

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

enum ml_status mli_matrix_each(const struct mli_pipeline *pipeline, const struct ml_table *table,
                               const uint8_t *part, uint8_t which,
                               enum ml_status (*each)(void *data, size_t n, double *X, struct ml_error *err),
                               void *data, struct ml_error *err)
{
    struct mli_arena keep = MLI_ARENA_INIT, scratch = MLI_ARENA_INIT;
    const struct ml_table *view = NULL;
    size_t d = mli_pipeline_features(pipeline), size = d <= BLOCK_VALUES / BLOCK ? BLOCK : BLOCK_VALUES / d + 1;
    enum ml_status status = mli_pipeline_view_fitted(pipeline, table, &keep, &view, err);
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
        struct ml_table rows = mli_table_slice(view, begin, n, columns);
        if (!memchr(part + begin, which, n))
            continue;
        mli_arena_reset(&scratch);
        status = mli_pipeline_apply(pipeline, &rows, &scratch, block, NULL, err);
        if (!status)
            status = each(data, gather(part + begin, which, n, d, block), block, err);
    }
    mli_arena_release(&scratch);
    mli_arena_release(&keep);
    return status;
}

struct filling {
    double *X;
    size_t d;
};

static enum ml_status fill(void *data, size_t n, double *X, struct ml_error *err)
{
    struct filling *to = data;
    (void)err;
    memcpy(to->X, X, n * to->d * sizeof *X);
    to->X += n * to->d;
    return ML_OK;
}

static enum ml_status build_raw(const struct mli_pipeline *pipeline, const struct ml_table *table,
                                const uint8_t *part, uint8_t which, double *X, struct ml_error *err)
{
    struct filling filling = { X, mli_pipeline_features(pipeline) };
    return mli_matrix_each(pipeline, table, part, which, fill, &filling, err);
}

/* By position: the digest has shown that the table is the file that preprocess wrote, features first. */
static enum ml_status build_prepared(const struct mli_pipeline *pipeline, const struct ml_table *table,
                                     const uint8_t *part, uint8_t which, double *X,
                                     struct ml_error *err)
{
    size_t d = mli_pipeline_features(pipeline);
    if (table->columns != d + 1)
        return ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                           "%zu columns where its prep file says %zu features and the target; --drop-columns belongs to mlctl preprocess",
                           table->columns, d);
    for (size_t j = 0; j < d; j++) {
        double *out = X + j;
        if (!table->column[j].number)
            return ml_error_at(err, ML_EUSAGE, table->source, 0, j + 1,
                               "column \"%s\" of a preprocessed file is read as %s; --type belongs to mlctl preprocess",
                               table->column[j].name, ml_type_name(table->column[j].type));
        for (size_t i = 0; i < table->rows; i++) {
            if (part[i] != which)
                continue;
            *out = table->column[j].number[i];
            out += d;
        }
    }
    return ML_OK;
}

enum ml_status mli_matrix_build(const struct mli_pipeline *pipeline, bool prepared,
                                const struct ml_table *table, const uint8_t *part, uint8_t which,
                                double *X, struct ml_error *err)
{
    return prepared ? build_prepared(pipeline, table, part, which, X, err)
                    : build_raw(pipeline, table, part, which, X, err);
}
