#include <table/cells.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/store.h>

/* `count` missing cells more. */
static enum ml_status append_missing(struct mli_cells *column, size_t count)
{
    static const char nothing[64];

    if (column->store != MLI_STORE_RAW && !mli_store_reserve(column, column->count + count))
        return ML_ENOMEM;
    for (size_t i = column->count; i < column->count + count; i++) {
        if (mli_store_numeric(column->store))
            column->number[i] = NAN;
        else if (column->store == MLI_STORE_CODES)
            column->code[i] = MLI_CODE_MISSING;
    }
    for (size_t left = count; column->store == MLI_STORE_RAW && left > 0;) {
        size_t part = left < sizeof(nothing) ? left : sizeof(nothing);
        mli_buf_add(&column->raw, nothing, part);
        left -= part;
    }
    column->count += count;
    return column->raw.status;
}

/* A column that has only missing cells takes any store. */
static enum ml_status begin_column(struct mli_cells *column, enum mli_cells_store store)
{
    size_t count = column->count;

    if (column->store == store)
        return ML_OK;
    mli_store_forget(column);
    column->capacity = column->count = 0;
    mli_buf_reset(&column->raw);
    column->store = store;
    return append_missing(column, count);
}

static enum ml_status lose(struct mli_cells *column)
{
    mli_store_forget(column);
    column->lost = true;
    return ML_OK;
}

/* The decimals of the column's numbers and the piece's, a byte each once they differ. Room for both is there. */
static bool append_decimals(struct mli_cells *column, const struct mli_cells *piece)
{
    bool begun = column->present > 0;

    if (!column->mixed && !piece->mixed && (!begun || column->decimals == piece->decimals)) {
        column->decimals = piece->decimals;
        return true;
    }
    if (!column->mixed) {
        column->each = mli_store_array(column, column->capacity, 1);
        if (!column->each)
            return false;
        memset(column->each, (int)column->decimals, column->count);
        column->mixed = true;
    }
    memcpy(column->each + column->count, piece->each, piece->count);
    return true;
}

static enum ml_status append_numbers(struct mli_cells *column, const struct mli_cells *piece)
{
    if (!mli_store_reserve(column, column->count + piece->count))
        return ML_ENOMEM;
    if (column->store == MLI_STORE_SHORT && piece->present > 0 && !append_decimals(column, piece))
        return ML_ENOMEM;
    memcpy(column->number + column->count, piece->number, piece->count * sizeof(*piece->number));
    return ML_OK;
}

/* The column's codes of strings that are new to the piece. */
static enum ml_status translate(struct mli_cells *column, struct mli_cells *piece)
{
    size_t count = piece->dict ? mli_dict_count(piece->dict) : 0;
    enum ml_status status = ML_OK;

    if (!column->dict)
        column->dict = mli_dict_new();
    if (!column->dict)
        return ML_ENOMEM;
    while (piece->translated < count && status == ML_OK) {
        size_t i = piece->translated;
        const char *text = mli_dict_text(piece->dict, i);
        if (!mli_grow((void **)&piece->column_code, &piece->column_code_capacity, i,
                      sizeof(*piece->column_code)))
            return ML_ENOMEM;
        status = mli_dict_add(column->dict, text, strlen(text), &piece->column_code[i]);
        piece->translated += status == ML_OK;
    }
    return status;
}

static enum ml_status append_codes(struct mli_cells *column, struct mli_cells *piece)
{
    enum ml_status status = translate(column, piece);

    if (status != ML_OK)
        return status;
    if (!mli_store_reserve(column, column->count + piece->count))
        return ML_ENOMEM;
    int32_t *to = column->code + column->count;
    for (size_t i = 0; i < piece->count; i++)
        to[i] = piece->code[i] < 0 ? piece->code[i] : piece->column_code[piece->code[i]];
    return ML_OK;
}

/* Raw cells into the dictionary of a column of codes. */
static enum ml_status append_texts(struct mli_cells *column, const struct mli_cells *piece)
{
    if (!mli_store_reserve(column, column->count + piece->count))
        return ML_ENOMEM;
    enum ml_status status = mli_store_set_codes(column, column->count, &piece->raw, piece->count);
    column->count += piece->count;
    column->present += piece->present;
    return status;
}

static enum ml_status append_alike(struct mli_cells *column, struct mli_cells *piece)
{
    enum ml_status status = ML_OK;

    if (mli_store_numeric(column->store)) {
        status = append_numbers(column, piece);
    } else if (column->store == MLI_STORE_CODES) {
        status = append_codes(column, piece);
    } else {
        mli_buf_add(&column->raw, piece->raw.data, piece->raw.len);
        status = column->raw.status;
    }
    column->count += piece->count;
    column->present += piece->present;
    return status;
}

/* Makes the stores of both the same, or at least both numbers. */
static enum ml_status reconcile(struct mli_cells *column, struct mli_cells *piece)
{
    enum mli_cells_store a = column->store, b = piece->store;
    enum ml_status status;

    if (a == b || (a == MLI_STORE_NUMBERS && b == MLI_STORE_SHORT))
        return ML_OK;
    if (a == MLI_STORE_SHORT && b == MLI_STORE_NUMBERS) {
        mli_store_free(column, column->each);
        column->each = NULL;
        column->store = MLI_STORE_NUMBERS;
        return ML_OK;
    }
    if (a == MLI_STORE_NUMBERS || a == MLI_STORE_INSTANTS)
        return lose(column);
    bool codes = a == MLI_STORE_CODES || b == MLI_STORE_CODES;
    status = codes ? mli_store_to_codes(column) : mli_store_to_raw(column);
    if (status != ML_OK)
        return status;
    if (codes) { /* a piece's is kept for the next chunk, a column's is as large as the column */
        mli_buf_release(&column->raw);
        mli_buf_init(&column->raw, SIZE_MAX);
    }
    return codes ? mli_store_to_codes(piece) : mli_store_to_raw(piece);
}

enum ml_status mli_cells_append(struct mli_cells *column, struct mli_cells *piece)
{
    enum ml_status status = ML_OK;

    column->zeros |= piece->zeros;
    column->rounded |= piece->rounded;
    if (piece->present == 0 && !column->lost)
        return append_missing(column, piece->count);
    if (piece->texts && piece->store == MLI_STORE_RAW && column->store == MLI_STORE_CODES &&
        !column->lost)
        return append_texts(column, piece);
    if (column->present == 0 && !column->lost)
        status = begin_column(column, piece->store);
    else if (!column->lost)
        status = reconcile(column, piece);
    if (status != ML_OK || column->lost)
        return status;
    return append_alike(column, piece);
}
