#include <serve/desk.h>

#include <base/mem.h>
#include <model/reading.h>
#include <stdlib.h>

#define BLOCK_ROWS ((size_t)256)
#define BLOCK_CELLS ((size_t)1 << 17) /* a block of a wide model has fewer rows, */
#define BLOCK_WORK ((size_t)1 << 26)  /* and so has one of a large network: deadlines are looked at between blocks */
#define BLOCK_LEAST ((size_t)8)       /* for which the products are as fast as they get */

static size_t block_rows(size_t columns, size_t weights)
{
    size_t rows = columns ? BLOCK_CELLS / columns : BLOCK_ROWS, most = BLOCK_WORK / (weights + 1);

    if (most < BLOCK_LEAST)
        most = BLOCK_LEAST;
    if (most > BLOCK_ROWS)
        most = BLOCK_ROWS;
    if (rows > most)
        return most;
    return rows ? rows : 1;
}

/* What cells mean is the model's; how a text is cut into them is each body's own. */
static enum ml_status take_reading(struct mli_desk *desk, struct ml_error *err)
{
    struct ml_csv_options csv;
    const char *missing;

    mli_reading_again(mli_model_reading(desk->model), &csv, &missing);
    desk->csv = (struct ml_csv_options){ .decimal = csv.decimal, .thousands = csv.thousands };
    desk->missing = mli_missing_new(missing);
    return desk->missing ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for missing tokens");
}

static enum ml_status furnish(struct mli_desk *desk, struct ml_error *err)
{
    size_t width = ml_model_width(desk->model), bytes;
    size_t rows = block_rows(desk->schema->count + width, desk->served->weights);

    desk->seen = mli_calloc(desk->schema->count + 1, sizeof(*desk->seen));
    desk->plain = mli_calloc(desk->schema->count + 1, sizeof(*desk->plain));
    if (!desk->seen || !desk->plain)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", desk->schema->count);
    if (!mli_mul(width, sizeof(double), &bytes) || !(desk->P = mli_alloc(rows, bytes)))
        return ml_error_set(err, ML_ENOMEM, "out of memory for predictions of %zu rows", rows);
    if (desk->served->live && !(desk->live = mli_live_part_new(desk->served->live)))
        return ml_error_set(err, ML_ENOMEM, "out of memory for the histograms of %zu columns", desk->schema->count);
    enum ml_status status = take_reading(desk, err);
    if (status == ML_OK)
        status = mli_rows_new(desk->schema, desk->missing, rows, &desk->rows, err);
    desk->matrix = desk->schema->count > 0;
    for (size_t i = 0; status == ML_OK && i < desk->schema->count; i++) {
        desk->plain[i] = mli_rows_numbers(desk->rows, i);
        desk->matrix = desk->matrix && desk->plain[i];
    }
    return status;
}

enum ml_status mli_desk_new(const struct mli_served *served, struct mli_desk **out, struct ml_error *err)
{
    struct mli_desk *desk = mli_calloc(1, sizeof(*desk));

    if (!desk)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the model's rows");
    desk->served = served;
    desk->model = served->model;
    desk->schema = served->schema;
    enum ml_status status = furnish(desk, err);
    if (status == ML_OK)
        *out = desk;
    else
        mli_desk_free(desk);
    return status;
}

void mli_desk_free(struct mli_desk *desk)
{
    if (!desk)
        return;
    mli_live_part_free(desk->live);
    mli_rows_free(desk->rows);
    mli_missing_free(desk->missing);
    free(desk->P);
    free(desk->seen);
    free(desk->plain);
    free(desk);
}
