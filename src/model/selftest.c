#include <model/selftest.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/rows.h>

#define ROWS ((size_t)4)         /* that are made */
#define WIDE ((size_t)1024)      /* columns; of more a single row is made */
#define ROWS_READ ((size_t)1000) /* that a file may keep */

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for the model's self-test");
}

/* ---- making rows ------------------------------------------------------------------------------------------------- */

/* The last step of MurmurHash3: cells that look drawn at random, and are the same for every model of that schema. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
    return x ^ x >> 33;
}

static json_t *make_number(const struct mli_field *field, size_t row, uint64_t draw)
{
    double part = row == 0 ? 0 : row == 1 ? 1 : (double)(draw % 17) / 16;
    double value = field->low + (field->high - field->low) * part;

    if (!isfinite(value))
        value = field->low; /* of a range without a width in doubles, or no range */
    return mli_json_from(field->integer || field->type == ML_TYPE_INSTANT ? floor(value) : value);
}

static json_t *make_cell(const struct mli_field *field, size_t row, uint64_t draw)
{
    static const char *const words[] = { "a", "some words", "another text, longer than that" };
    size_t values = field->dict ? mli_dict_count(field->dict) : 0;

    if (row == 3 && draw >> 62 == 0)
        return json_null();
    if (field->type == ML_TYPE_NUMBER || field->type == ML_TYPE_INSTANT)
        return make_number(field, row, draw);
    if (values > 0)
        return json_string(mli_dict_text(field->dict, row == 0 ? 0 : row == 1 ? values - 1 : draw % values));
    return json_string(words[draw % (sizeof(words) / sizeof(words[0]))]);
}

static json_t *make_rows(const struct mli_schema *schema)
{
    size_t first = schema->count > WIDE ? 2 : 0, end = schema->count > WIDE ? 3 : ROWS;
    json_t *rows = json_array();

    for (size_t i = first; rows && i < end; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < schema->count; j++) {
            if (json_array_append_new(row, make_cell(&schema->field[j], i, mix(mix(i) + j + 1))) != 0) {
                json_decref(row);
                row = NULL;
            }
        }
        if (json_array_append_new(rows, row) != 0) {
            json_decref(rows);
            return NULL;
        }
    }
    return rows;
}

/* ---- predicting them --------------------------------------------------------------------------------------------- */

/* False: it does not fit its column. */
static bool set_cell(struct mli_rows *rows, size_t field, const json_t *cell)
{
    enum mli_cell set = MLI_CELL_NOT_A_NUMBER;

    if (json_is_null(cell))
        return true; /* it is missing already */
    if (json_is_number(cell))
        set = mli_rows_set_number(rows, field, json_number_value(cell));
    else if (json_is_string(cell))
        set = mli_rows_set_text(rows, field, json_string_value(cell), json_string_length(cell));
    return set == MLI_CELL_OK || set == MLI_CELL_MISSING || set == MLI_CELL_UNKNOWN;
}

static enum ml_status fill(struct mli_rows *rows, const struct mli_schema *schema, const json_t *list, struct ml_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        if (!json_is_array(row) || json_array_size(row) != schema->count)
            return ml_error_set(err, ML_EARTIFACT, "row %zu of the self-test does not have %zu cells", i + 1, schema->count);
        mli_rows_append(rows);
        for (size_t j = 0; j < schema->count; j++) {
            if (!set_cell(rows, j, json_array_get(row, j)))
                return ml_error_set(err, ML_EARTIFACT, "row %zu of the self-test does not fit column \"%.100s\"", i + 1,
                                    schema->field[j].name);
        }
    }
    return ML_OK;
}

/* *out: (rows of the list, width), the caller's. ML_EDATA: the model cannot predict a row. */
static enum ml_status predict(const struct ml_model *model, const json_t *list, double **out, struct ml_error *err)
{
    const struct mli_schema *schema = mli_pipeline_schema(model->pipeline);
    size_t n = json_array_size(list), width = ml_model_width(model), bytes;
    struct mli_arena scratch = MLI_ARENA_INIT;
    struct mli_rows *rows = NULL;
    double *P = mli_mul(width, sizeof(*P), &bytes) ? mli_alloc(n, bytes) : NULL;
    enum ml_status status = P ? mli_rows_new(schema, NULL, n, &rows, err) : no_memory(err);

    if (status == ML_OK)
        status = fill(rows, schema, list, err);
    if (status == ML_OK)
        status = mli_model_predict_rows(model, mli_rows_table(rows), &scratch, P, NULL, err);
    mli_arena_release(&scratch);
    mli_rows_free(rows);
    if (status == ML_OK)
        *out = P;
    else
        free(P);
    return status;
}

/* NULL: no memory. */
static json_t *predictions_json(const double *P, size_t n, size_t width)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < n; i++) {
        json_t *row = json_array();
        bool made = row != NULL;
        for (size_t k = 0; k < width; k++)
            made = made && json_array_append_new(row, mli_json_from(P[i * width + k])) == 0;
        if (made && json_array_append(list, row) == 0) {
            json_decref(row);
            continue;
        }
        json_decref(row);
        json_decref(list);
        return NULL;
    }
    return list;
}

enum ml_status mli_selftest_add(struct ml_model *model, struct ml_error *err)
{
    json_t *rows = make_rows(mli_pipeline_schema(model->pipeline)), *test = NULL;
    struct ml_error problem = ML_ERROR_INIT;
    double *P = NULL;
    enum ml_status status = rows ? predict(model, rows, &P, &problem) : no_memory(&problem);

    if (status == ML_OK)
        test = json_pack("{s:O, s:o}", "rows", rows, "predictions",
                         predictions_json(P, json_array_size(rows), ml_model_width(model)));
    json_decref(rows);
    free(P);
    if (status == ML_EDATA)
        return ML_OK; /* a row that no preparation can take: there is nothing to keep */
    if (status == ML_OK && !mli_json_put(model->record, "self_test", test))
        status = no_memory(&problem);
    return status == ML_OK ? status : ml_error_set(err, status, "%s", problem.text);
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

static enum ml_status read_predictions(const json_t *list, size_t n, size_t width, double *out, struct ml_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        for (size_t k = 0; k < width; k++) {
            const json_t *value = json_array_size(row) == width ? json_array_get(row, k) : NULL;
            if (!json_is_number(value) && !json_is_null(value))
                return ml_error_set(err, ML_EARTIFACT, "prediction %zu of the self-test is not %zu numbers", i + 1, width);
            out[i * width + k] = json_is_null(value) ? NAN : json_number_value(value);
        }
    }
    return ML_OK;
}

/* Numbers that are not finite are kept as null, whichever they were. */
static enum ml_status compare(const double *found, const double *kept, size_t n, size_t width, struct ml_error *err)
{
    for (size_t k = 0; k < width; k++) {
        double largest = 0;
        for (size_t i = 0; i < n; i++)
            largest = fabs(kept[i * width + k]) > largest ? fabs(kept[i * width + k]) : largest;
        for (size_t i = 0; i < n; i++) {
            double here = found[i * width + k], there = kept[i * width + k];
            if (isfinite(here) != isfinite(there) || fabs(here - there) > MLI_SELFTEST_TOLERANCE * largest)
                return ml_error_set(err, ML_EARTIFACT,
                                    "the self-test fails: for row %zu that the model keeps it predicts %.10g here, and "
                                    "predicted %.10g when it was made",
                                    i + 1, here, there);
        }
    }
    return ML_OK;
}

enum ml_status mli_selftest_check(const struct ml_model *model, struct ml_error *err)
{
    const json_t *test = json_object_get(model->record, "self_test");
    const json_t *rows = json_object_get(test, "rows"), *predictions = json_object_get(test, "predictions");
    size_t n = json_array_size(rows), width = ml_model_width(model), bytes;
    struct ml_error problem = ML_ERROR_INIT;
    double *found = NULL, *kept = NULL;

    if (!test)
        return ML_OK;
    if (n == 0 || n > ROWS_READ || json_array_size(predictions) != n)
        return ml_error_set(err, ML_EARTIFACT,
                            "the self-test in the model's record is not 1 to %zu rows and as many predictions", ROWS_READ);
    enum ml_status status = predict(model, rows, &found, &problem);
    if (status == ML_OK && !(mli_mul(width, sizeof(*kept), &bytes) && (kept = mli_alloc(n, bytes))))
        status = no_memory(&problem);
    if (status == ML_OK)
        status = read_predictions(predictions, n, width, kept, &problem);
    if (status == ML_OK)
        status = compare(found, kept, n, width, &problem);
    free(found);
    free(kept);
    if (status == ML_OK)
        return ML_OK;
    return ml_error_set(err, status == ML_ENOMEM ? status : ML_EARTIFACT, "%s", problem.text);
}
