#include <serve/worker.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_ROWS ((size_t)256)
#define BLOCK_CELLS ((size_t)1 << 17) /* a block of a wide model has fewer rows */

static size_t block_rows(size_t columns)
{
    size_t rows = columns ? BLOCK_CELLS / columns : BLOCK_ROWS;

    if (rows > BLOCK_ROWS)
        return BLOCK_ROWS;
    return rows ? rows : 1;
}

enum ml_status mli_worker_init(struct mli_worker *worker, const struct ml_model *model,
                               struct ml_error *err)
{
    const struct mli_schema *schema = mli_pipeline_schema(model->pipeline);
    size_t width = ml_model_width(model), bytes, rows = block_rows(schema->count + width);

    memset(worker, 0, sizeof(*worker));
    worker->model = model;
    worker->schema = schema;
    mli_arena_init(&worker->scratch, 0);
    if (!mli_mul(width, sizeof(double), &bytes) || !(worker->P = mli_alloc(rows, bytes)))
        return ml_error_set(err, ML_ENOMEM, "out of memory for predictions of %zu rows", rows);
    enum ml_status status = mli_rows_new(schema, NULL, rows, &worker->rows, err);
    if (status != ML_OK)
        mli_worker_release(worker);
    return status;
}

void mli_worker_release(struct mli_worker *worker)
{
    mli_rows_free(worker->rows);
    free(worker->P);
    mli_arena_release(&worker->scratch);
    worker->rows = NULL;
    worker->P = NULL;
}
