#include <serve/worker.h>

#include <base/mem.h>
#include <model/reading.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_ROWS ((size_t)256)
#define KEPT ((size_t)1 << 20) /* more than that is given back after a request */
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

enum ml_status mli_worker_init(struct mli_worker *worker, const struct mli_served *served,
                               struct ml_error *err)
{
    const struct ml_model *model = served->model;
    const struct mli_schema *schema = served->schema;
    size_t width = ml_model_width(model), bytes, rows = block_rows(schema->count + width);
    enum ml_status status = ML_OK;

    memset(worker, 0, sizeof(*worker));
    worker->served = served;
    worker->model = model;
    worker->schema = schema;
    mli_arena_init(&worker->scratch, 0);
    mli_arena_init(&worker->request, 0);
    mli_buf_init(&worker->text, SIZE_MAX);
    mli_buf_init(&worker->results, MLI_RESULTS_MAX);
    mli_buf_init(&worker->payload, MLI_RESULTS_MAX);
    worker->seen = mli_calloc(schema->count + 1, sizeof(*worker->seen));
    if (!worker->seen)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", schema->count);
    if (!mli_mul(width, sizeof(double), &bytes) || !(worker->P = mli_alloc(rows, bytes)))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for predictions of %zu rows", rows);
    if (status == ML_OK)
        status = take_reading(worker, err);
    if (status == ML_OK)
        status = mli_rows_new(schema, worker->missing, rows, &worker->rows, err);
    if (status != ML_OK)
        mli_worker_release(worker);
    return status;
}

static void empty(struct mli_buf *buf)
{
    if (buf->capacity > KEPT)
        mli_buf_release(buf);
    else
        mli_buf_reset(buf);
}

void mli_worker_begin(struct mli_worker *worker)
{
    if (worker->request.total > KEPT)
        mli_arena_release(&worker->request);
    else
        mli_arena_reset(&worker->request);
    empty(&worker->text);
    empty(&worker->results);
    empty(&worker->payload);
}

void mli_worker_release(struct mli_worker *worker)
{
    mli_rows_free(worker->rows);
    mli_missing_free(worker->missing);
    free(worker->P);
    free(worker->seen);
    mli_arena_release(&worker->scratch);
    mli_arena_release(&worker->request);
    mli_buf_release(&worker->text);
    mli_buf_release(&worker->results);
    mli_buf_release(&worker->payload);
    worker->seen = NULL;
    worker->rows = NULL;
    worker->missing = NULL;
    worker->P = NULL;
}
