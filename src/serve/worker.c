#include <serve/worker.h>

#include <base/mem.h>
#include <model/reading.h>
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

/* What cells mean is the model's; how a text is cut into them is each body's own. */
static enum ml_status take_reading(struct mli_worker *worker, struct ml_error *err)
{
    struct ml_csv_options csv;
    const char *missing;

    mli_reading_again(mli_model_reading(worker->model), &csv, &missing);
    worker->csv = (struct ml_csv_options){ .decimal = csv.decimal, .thousands = csv.thousands };
    worker->missing = mli_missing_new(missing);
    return worker->missing ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for missing tokens");
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
    enum ml_status status = take_reading(worker, err);
    if (status == ML_OK)
        status = mli_rows_new(schema, worker->missing, rows, &worker->rows, err);
    if (status != ML_OK)
        mli_worker_release(worker);
    return status;
}

void mli_worker_release(struct mli_worker *worker)
{
    mli_rows_free(worker->rows);
    mli_missing_free(worker->missing);
    free(worker->P);
    mli_arena_release(&worker->scratch);
    worker->rows = NULL;
    worker->missing = NULL;
    worker->P = NULL;
}
