#include <table/cells.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>
#include <table/store.h>

#define TEXTS_PRESENT ((size_t)100) /* cells of a piece that tell whether nearly all of the column are distinct */
#define DICT_KEPT ((size_t)4096)   /* a piece's dictionary with more strings is not kept for the next chunk */

/* Every number and every instant begins with one of these, but for those that begin with the name of a month. */
static bool may_be_value(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == ',';
}

void mli_cells_clear(struct mli_cells *piece)
{
    size_t strings = piece->dict ? mli_dict_count(piece->dict) : 0;

    if (!piece->pinned && piece->store == MLI_STORE_CODES && piece->present >= TEXTS_PRESENT &&
        strings - piece->known > piece->present / 2)
        piece->texts = true;
    piece->count = piece->present = 0;
    piece->mixed = piece->zeros = piece->rounded = false;
    mli_buf_reset(&piece->raw);
    if (piece->texts ||
        (!piece->pinned && piece->store != MLI_STORE_SHORT && piece->store != MLI_STORE_CODES))
        piece->store = MLI_STORE_RAW;
    piece->known = strings;
    if (!piece->dict || (!piece->texts && strings <= DICT_KEPT))
        return;
    mli_dict_free(piece->dict);
    piece->dict = NULL;
    piece->translated = piece->known = 0;
}

static enum ml_status add_number(struct mli_cells *cells, const char *text, size_t len,
                                 bool missing)
{
    double value = NAN;

    if (!missing && !mli_store_parse(cells, &cells->pin, text, len, &value))
        return ML_EDATA;
    if (!mli_store_reserve(cells, cells->count + 1))
        return ML_ENOMEM;
    cells->number[cells->count] = value;
    return ML_OK;
}

static enum ml_status add_raw(struct mli_cells *cells, const char *text, size_t len, bool missing)
{
    if (cells->pinned && !missing && cells->store == MLI_STORE_RAW &&
        !mli_instant_shapes(text, len, MLI_SHAPES_ALL))
        return ML_EDATA;
    if (cells->pinned && !missing && cells->pin.type == ML_TYPE_BOOLEAN &&
        mli_boolean_parse(text, len) < 0)
        return ML_EDATA;
    mli_buf_add(&cells->raw, missing ? "" : text, missing ? 1 : len + 1);
    return cells->raw.status;
}

/* Room for one more short decimal, and *added when the cell was one or is missing. */
static enum ml_status add_short(struct mli_cells *cells, const char *text, size_t len, bool missing,
                                bool *added)
{
    if (!mli_store_reserve(cells, cells->count + 1))
        return ML_ENOMEM;
    if (!cells->each)
        cells->each = mli_alloc(cells->capacity, 1);
    if (!cells->each)
        return ML_ENOMEM;
    if (missing)
        cells->number[cells->count++] = NAN;
    char copy[MLI_SHORT_ROOM] = { 0 };
    *added = missing;
    if (missing || len > MLI_NUM_SHORT + 2)
        return ML_OK;
    memcpy(copy, text, len);
    *added = mli_cells_add_short(cells, copy, len);
    return ML_OK;
}

/* A cell that is no short decimal, or of a piece that has had one that is not. */
static enum ml_status add_text(struct mli_cells *cells, const char *text, size_t len, bool missing)
{
    enum ml_status status = ML_OK;

    if (cells->store == MLI_STORE_NUMBERS)
        return add_number(cells, text, len, missing);
    if (cells->store == MLI_STORE_SHORT)
        status = mli_store_short_to_raw(cells);
    if (status == ML_OK && cells->store == MLI_STORE_RAW && !cells->pinned && !cells->texts &&
        !missing && !may_be_value(*text))
        cells->store = MLI_STORE_CODES; /* which are made at the end of the piece */
    return status == ML_OK ? add_raw(cells, text, len, missing) : status;
}

enum ml_status mli_cells_add(struct mli_cells *piece, const char *text, size_t len, bool missing)
{
    enum ml_status status = ML_OK;
    bool added = false;

    if (piece->store == MLI_STORE_SHORT)
        status = add_short(piece, text, len, missing, &added);
    if (status == ML_OK && !added) {
        status = add_text(piece, text, len, missing);
        piece->count++;
        piece->present += !missing;
    }
    return status;
}

enum ml_status mli_cells_end(struct mli_cells *piece)
{
    if (piece->store == MLI_STORE_CODES)
        return mli_store_raw_to_codes(piece);
    if (piece->store != MLI_STORE_RAW || !piece->forgetful || piece->pinned || piece->texts ||
        piece->present == 0)
        return ML_OK;
    piece->store = MLI_STORE_NUMBERS;
    if (!mli_store_reserve(piece, piece->count))
        return ML_ENOMEM;
    if (mli_store_raw_to_numbers(piece, &mli_store_as_number, piece->number))
        return ML_OK;
    piece->store = MLI_STORE_INSTANTS;
    if (mli_store_raw_to_numbers(piece, &mli_store_as_iso, piece->number))
        return ML_OK;
    piece->store = MLI_STORE_RAW;
    return mli_store_raw_shapes(piece) ? ML_OK : mli_store_raw_to_codes(piece);
}
