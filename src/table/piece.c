#include <table/cells.h>

#include <base/mem.h>
#include <base/short.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>
#include <table/decimals.h>
#include <table/store.h>

#define TEXTS_PRESENT                                                                              \
    ((size_t)100) /* cells of a piece that tell whether nearly all of the column are distinct */
#define DICT_KEPT                                                                                  \
    ((size_t)4096) /* a piece's dictionary with more strings is not kept for the next chunk */

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
    mli_codebook_release(&piece->book);
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
    mli_buf_add(&cells->raw, missing ? "" : text, missing ? 1 : len + 1);
    return cells->raw.status;
}

static enum ml_status add_code(struct mli_cells *cells, const char *text, size_t len, bool missing)
{
    if (cells->pinned && !missing && cells->pin.type == ML_TYPE_BOOLEAN &&
        mli_boolean_parse(text, len) < 0)
        return ML_EDATA;
    if (!cells->dict)
        cells->dict = mli_dict_new();
    if (!cells->dict || !mli_store_reserve(cells, cells->count + 1))
        return ML_ENOMEM;
    cells->code[cells->count] = MLI_CODE_MISSING;
    return missing ? ML_OK : mli_dict_add(cells->dict, text, len, &cells->code[cells->count]);
}

/* A short decimal among such, for which there is room. MLI_SHORT_ROOM bytes can be read from `text` on. */
static bool take_short(struct mli_cells *piece, const char *text, size_t len)
{
    size_t i = piece->count;
    unsigned decimals;

    if (!mli_short_parse(text, len, &piece->number[i], &decimals))
        return false;
    if (piece->present == 0)
        piece->decimals = decimals;
    piece->mixed |= piece->decimals != decimals;
    piece->each[i] = (uint8_t)decimals;
    piece->count++;
    piece->present++;
    return true;
}

/* Room for so many more short decimals. */
static bool reserve_short(struct mli_cells *cells, size_t count)
{
    if (!mli_store_reserve(cells, cells->count + count))
        return false;
    if (!cells->each)
        cells->each = mli_alloc(cells->capacity, 1);
    return cells->each != NULL;
}

/* *added when the cell was a short decimal or is missing. */
static enum ml_status add_short(struct mli_cells *cells, const char *text, size_t len, bool missing,
                                bool *added)
{
    if (!reserve_short(cells, 1))
        return ML_ENOMEM;
    if (missing)
        cells->number[cells->count++] = NAN;
    char copy[MLI_SHORT_ROOM] = { 0 };
    *added = missing;
    if (missing || len > MLI_NUM_SHORT + 2)
        return ML_OK;
    memcpy(copy, text, len);
    *added = take_short(cells, copy, len);
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
        status = mli_store_raw_to_codes(cells);
    if (status != ML_OK)
        return status;
    return cells->store == MLI_STORE_CODES ? add_code(cells, text, len, missing)
                                           : add_raw(cells, text, len, missing);
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

/* ---- many cells ------------------------------------------------------------------------------ */

/* Short decimals and missing ones, as many as come before the first cell that is neither. There is room for all. */
static size_t take_shorts(struct mli_cells *piece, const struct mli_cells_view *cells,
                          const struct mli_missing *missing)
{
    struct mli_decimals out = { .number = piece->number + piece->count,
                                .places = piece->each + piece->count };
    size_t n = mli_decimals_take(cells, missing, &out);

    if (out.missing < n && piece->present == 0)
        piece->decimals = out.first;
    piece->mixed |= out.mixed || (out.missing < n && piece->decimals != out.first);
    piece->count += n;
    piece->present += n - out.missing;
    return n;
}

/* Texts that are codes already. */
static size_t take_codes(struct mli_cells *piece, const struct mli_cells_view *cells)
{
    size_t n = mli_codebook_take(&piece->book, piece->dict, cells, piece->code + piece->count,
                                 &piece->present);

    piece->count += n;
    return n;
}

/* Texts and missing cells, while they may be values or need not be. */
static size_t take_raw(struct mli_cells *piece, const struct mli_cells_view *cells,
                       const struct mli_missing *missing)
{
    struct mli_buf *raw = &piece->raw;
    size_t i = 0;

    for (; i < cells->count; i++) {
        struct mli_span span = cells->span[i * cells->step];
        const char *text = cells->text + span.at;
        bool is_missing = mli_missing_has(missing, text, span.len);
        if (!is_missing && !piece->texts && !may_be_value(*text))
            break;
        size_t len = is_missing ? 0 : span.len;
        if (raw->capacity - raw->len <= len && !mli_buf_room(raw, len + 1))
            break;
        memcpy(raw->data + raw->len, text, len);
        raw->data[raw->len + len] = '\0';
        raw->len += len + 1;
        piece->present += !is_missing;
    }
    piece->count += i;
    return i;
}

/* As many cells as can be taken together; 0: the first is one of its own. */
static enum ml_status take_cells(struct mli_cells *piece, const struct mli_cells_view *cells,
                                 const struct mli_missing *missing, size_t *taken)
{
    bool coded = piece->store == MLI_STORE_CODES;

    *taken = 0;
    if (piece->store == MLI_STORE_SHORT && !mli_missing_has_number(missing)) {
        if (!reserve_short(piece, cells->count))
            return ML_ENOMEM;
        *taken = take_shorts(piece, cells, missing);
    } else if (coded && piece->dict) {
        if (!mli_store_reserve(piece, piece->count + cells->count))
            return ML_ENOMEM;
        *taken = take_codes(piece, cells);
    } else if (piece->store == MLI_STORE_RAW && !piece->pinned) {
        *taken = take_raw(piece, cells, missing);
    }
    return piece->raw.status;
}

/* One cell; a text that is made a code is known from now on. */
static enum ml_status take_cell(struct mli_cells *piece, const char *text, size_t len,
                                const struct mli_missing *missing)
{
    bool is_missing = mli_missing_has(missing, text, len);
    enum ml_status status = mli_cells_add(piece, text, len, is_missing);

    if (status == ML_OK && piece->store == MLI_STORE_CODES)
        mli_codebook_put(&piece->book, text, len, piece->code[piece->count - 1]);
    return status;
}

enum ml_status mli_cells_add_grid(struct mli_cells *piece, const struct mli_grid *grid,
                                  size_t column, size_t rows, const struct mli_missing *missing,
                                  size_t *added)
{
    struct mli_cells_view cells = { grid->text, grid->span + column, grid->columns, rows };
    enum ml_status status = ML_OK;
    size_t n;

    for (*added = 0; *added < rows && status == ML_OK; *added += n) {
        status = take_cells(piece, &cells, missing, &n);
        if (status == ML_OK && n == 0) {
            status = take_cell(piece, cells.text + cells.span->at, cells.span->len, missing);
            n = status == ML_OK;
        }
        cells.span += n * cells.step;
        cells.count -= n;
    }
    return status;
}

/* ---- the end of a piece ---------------------------------------------------------------------- */

enum ml_status mli_cells_end(struct mli_cells *piece)
{
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
