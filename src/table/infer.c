#include <table/cells.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/store.h>

/* As numbers, as ISO 8601, or in the format that all share. */
static bool convert(struct mli_cells *cells, double *number, struct mli_column *column)
{
    column->type = ML_TYPE_NUMBER;
    if (!cells->pinned && mli_store_raw_to_numbers(cells, &mli_store_as_number, number))
        return true;
    column->type = ML_TYPE_INSTANT;
    if (mli_store_raw_to_numbers(cells, &mli_store_as_iso, number))
        return true;
    unsigned shapes = mli_store_raw_shapes(cells);
    if (!shapes)
        return false;
    column->format = mli_instant_format_of(shapes, &column->ambiguous);
    struct mli_pin found = { .type = ML_TYPE_INSTANT, .format = column->format };
    return mli_store_raw_to_numbers(cells, &found, number);
}

static enum ml_status convert_raw(struct mli_cells *cells, struct mli_column *column)
{
    double *number = mli_store_array(cells, cells->count, sizeof(*number));

    if (!number)
        return ML_ENOMEM;
    if (!convert(cells, number, column)) {
        mli_store_free(cells, number);
        return cells->pinned ? ML_EDATA : mli_store_raw_to_codes(cells);
    }
    cells->store = MLI_STORE_NUMBERS;
    cells->number = number;
    cells->capacity = cells->count;
    mli_buf_release(&cells->raw);
    return ML_OK;
}

/* Codes whose strings are instants that share these shapes. */
static enum ml_status codes_to_instants(struct mli_cells *cells, unsigned shapes,
                                        struct mli_column *column)
{
    size_t n = mli_dict_count(cells->dict);
    double *number = mli_store_array(cells, cells->count, sizeof(*number)),
           *value = mli_calloc(n, sizeof(*value));

    if (!number || !value) {
        mli_store_free(cells, number);
        free(value);
        return ML_ENOMEM;
    }
    column->type = ML_TYPE_INSTANT;
    column->format = mli_instant_format_of(shapes, &column->ambiguous);
    for (size_t i = 0; i < n; i++) {
        const char *text = mli_dict_text(cells->dict, i);
        mli_instant_parse_as(column->format, text, strlen(text), &value[i]);
    }
    for (size_t i = 0; i < cells->count; i++)
        number[i] = cells->code[i] >= 0 ? value[cells->code[i]] : NAN;
    free(value);
    mli_store_free(cells, cells->code);
    mli_dict_free(cells->dict);
    mli_store_forget(cells);
    cells->code = NULL;
    cells->dict = NULL;
    cells->number = number;
    cells->store = MLI_STORE_NUMBERS;
    return ML_OK;
}

/* Type, and codes in the order of the decided dictionary, so that they do not depend on the order of rows. */
static enum ml_status decide_codes(struct mli_cells *cells, struct mli_column *column)
{
    if (!cells->dict)
        cells->dict = mli_dict_new();
    if (!cells->dict)
        return ML_ENOMEM;
    unsigned shapes = cells->pinned ? 0 : mli_decide_shapes(cells->dict);
    if (shapes)
        return codes_to_instants(cells, shapes, column);
    int32_t *renumber = mli_alloc(mli_dict_count(cells->dict), sizeof(*renumber));
    struct mli_dict *decided;
    enum ml_status status = ML_ENOMEM;
    if (renumber)
        status =
            mli_decide_codes(cells->dict, cells->present, cells->pinned ? &cells->pin.type : NULL,
                             renumber, &decided, &column->type);
    if (status == ML_OK) {
        for (size_t i = 0; i < cells->count; i++) {
            if (cells->code[i] >= 0)
                cells->code[i] = renumber[cells->code[i]];
        }
        mli_dict_free(cells->dict);
        cells->dict = decided;
    }
    free(renumber);
    return status;
}

static bool is_whole(double value)
{
    return fabs(value) < 0x1p52 ? value == (double)(int64_t)value : !isnan(value);
}

static bool all_whole(const struct mli_cells *cells)
{
    if (cells->store == MLI_STORE_SHORT && !cells->mixed && cells->decimals == 0)
        return cells->present > 0;
    for (size_t i = 0; i < cells->count; i++) {
        if (!is_whole(cells->number[i]) && !isnan(cells->number[i]))
            return false;
    }
    return cells->present > 0;
}

/* Gives back what doubling took too much; a failure changes nothing. */
static void *shrink(const struct mli_cells *cells, void *items, size_t count, size_t size)
{
    void *smaller = items && !cells->spool ? mli_realloc(items, count, size) : NULL;
    return smaller ? smaller : items;
}

enum ml_status mli_cells_finish(struct mli_cells *cells, struct mli_column *column)
{
    enum ml_status status = ML_OK;

    column->type = cells->store == MLI_STORE_INSTANTS ? ML_TYPE_INSTANT : ML_TYPE_NUMBER;
    column->format = MLI_FORMAT_ISO;
    column->ambiguous = false;
    if (cells->pinned) {
        column->type = cells->pin.type;
        column->format = cells->pin.format;
    }
    if (cells->store == MLI_STORE_RAW)
        status = convert_raw(cells, column);
    if (status == ML_OK && cells->store == MLI_STORE_CODES)
        status = decide_codes(cells, column);
    if (status != ML_OK)
        return status;
    column->integer = column->type == ML_TYPE_NUMBER && all_whole(cells);
    column->rounded = column->type == ML_TYPE_NUMBER && cells->rounded;
    column->zeros = column->type == ML_TYPE_NUMBER && cells->zeros;
    if (cells->store == MLI_STORE_CODES)
        mli_store_forget(cells);
    column->number = shrink(cells, cells->number, cells->count, sizeof(*cells->number));
    column->code = shrink(cells, cells->code, cells->count, sizeof(*cells->code));
    column->dict = cells->dict;
    mli_store_free(cells, cells->each);
    mli_buf_release(&cells->raw);
    *cells = (struct mli_cells){ 0 };
    return ML_OK;
}
