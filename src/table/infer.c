/*
 * While every cell is a short decimal (num.h), as in most files of numbers, a cell is its double, and the number of
 * its decimals, a byte a cell if they are not all the same, gives its text back. The first other cell turns a piece
 * into raw text, end to end, each cell with its NUL ("" is a missing one). That is kept while every cell may still be a
 * number or an instant; the first cell that can be neither, which in most category columns is the first of all, turns
 * the piece into dictionary codes on the spot. (Dates that begin with the name of a month go that way too, and are found
 * in the dictionary at the end.)
 *
 * A raw piece whose cells are all numbers, or all instants of ISO 8601, is appended to a column that has seen nothing else as its
 * values alone, if the file can be read again: memory is that of the values, and only if a later cell breaks the guess,
 * which is rare, the column is read a second time, as texts. From a pipe the raw text is kept to the end and parsed
 * then, a byte a cell more than the text; columns are converted and freed one at a time.
 *
 * Where piece and column differ, both become raw text or, if one has codes, both become codes. Codes are of each
 * piece's own dictionary, which is kept over chunks together with the column's codes of its strings.
 */
#include <table/infer.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>

#define TEXTS_PRESENT ((size_t)100) /* cells of a piece that tell whether nearly all of the column are distinct */
#define DICT_KEPT ((size_t)4096)   /* a piece's dictionary with more strings is not kept for the next chunk */

void mli_cells_init(struct mli_cells *cells, const struct mli_pin *pin, struct mli_numerals numerals,
                    bool numbers, bool forgetful)
{
    bool plain = numerals.thousands == 0 && numerals.decimal != ',';

    *cells = (struct mli_cells){ .pinned = pin != NULL, .forgetful = forgetful, .numerals = numerals };
    cells->store = numbers && plain ? MLI_STORE_SHORT : MLI_STORE_RAW;
    mli_buf_init(&cells->raw, SIZE_MAX);
    if (!pin)
        return;
    cells->pin = *pin;
    cells->store = mli_type_coded(pin->type) ? MLI_STORE_CODES : MLI_STORE_NUMBERS;
    if (pin->type == ML_TYPE_INSTANT && !pin->formatted)
        cells->store = MLI_STORE_RAW;
}

void mli_cells_as_text(struct mli_cells *cells)
{
    mli_cells_release(cells);
    mli_cells_init(cells, NULL, (struct mli_numerals){ 0 }, false, false);
    cells->store = MLI_STORE_CODES;
}

void mli_cells_release(struct mli_cells *cells)
{
    mli_buf_release(&cells->raw);
    free(cells->number);
    free(cells->each);
    free(cells->code);
    free(cells->column_code);
    mli_dict_free(cells->dict);
    *cells = (struct mli_cells){ 0 };
}

/* ---- room ------------------------------------------------------------------------------------ */

static bool has_numbers(enum mli_cells_store store)
{
    return store == MLI_STORE_SHORT || store == MLI_STORE_NUMBERS || store == MLI_STORE_INSTANTS;
}

static bool resize(void **items, size_t capacity, size_t size)
{
    void *resized = mli_realloc(*items, capacity, size);

    if (resized)
        *items = resized;
    return resized != NULL;
}

/* Room for `count` cells in what the store keeps them in. A capacity holds for all arrays that are there. */
static bool reserve(struct mli_cells *cells, size_t count)
{
    bool numbers = has_numbers(cells->store), codes = cells->store == MLI_STORE_CODES;
    size_t capacity = cells->capacity > 0 ? cells->capacity : 16;

    while (capacity < count) { /* no power of two: the columns' arrays, filled side by side, would share cache sets */
        if (!mli_mul(capacity, 2, &capacity) || !mli_add(capacity, 72, &capacity))
            return false;
    }
    bool grow = capacity > cells->capacity;
    if ((cells->number ? grow : numbers) &&
        !resize((void **)&cells->number, capacity, sizeof(*cells->number)))
        return false;
    if (cells->each && grow && !resize((void **)&cells->each, capacity, 1))
        return false;
    if ((cells->code ? grow : codes) && !resize((void **)&cells->code, capacity, sizeof(*cells->code)))
        return false;
    cells->capacity = capacity;
    return true;
}

static void forget_numbers(struct mli_cells *cells)
{
    free(cells->number);
    free(cells->each);
    cells->number = NULL;
    cells->each = NULL;
}

/* ---- from store to store --------------------------------------------------------------------- */

static const struct mli_pin as_number = { .type = ML_TYPE_NUMBER };
static const struct mli_pin as_iso = { .type = ML_TYPE_INSTANT, .format = MLI_FORMAT_ISO };

static bool parse_number(struct mli_numerals numerals, const char *text, size_t len, double *value)
{
    return numerals.thousands || numerals.decimal == ','
               ? mli_num_parse_grouped(text, len, numerals, value)
               : mli_num_parse(text, len, value);
}

static bool parse(const struct mli_cells *cells, const struct mli_pin *as, const char *text,
                  size_t len, double *value)
{
    return as->type == ML_TYPE_INSTANT ? mli_instant_parse_as(as->format, text, len, value)
                                       : parse_number(cells->numerals, text, len, value);
}

/* Every number and every instant begins with one of these, but for those that begin with the name of a month. */
static bool may_be_value(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == ',';
}

/* Codes of raw cells, from row `first` on, where there is room. */
static enum ml_status set_codes(struct mli_cells *cells, size_t first, const struct mli_buf *raw, size_t count)
{
    if (!cells->dict)
        cells->dict = mli_dict_new();
    if (!cells->dict)
        return ML_ENOMEM;
    return mli_dict_add_texts(cells->dict, raw->data, count, cells->code + first);
}

/* The texts of short decimals, to go on with raw cells. */
static enum ml_status short_to_raw(struct mli_cells *cells)
{
    char text[MLI_NUM_MAX];

    mli_buf_reset(&cells->raw);
    for (size_t i = 0; i < cells->count; i++) {
        bool missing = isnan(cells->number[i]);
        unsigned decimals = cells->mixed && !missing ? cells->each[i] : cells->decimals;
        size_t len = missing ? 0 : mli_num_format_short(cells->number[i], decimals, text);
        mli_buf_add(&cells->raw, missing ? "" : text, len + 1);
    }
    forget_numbers(cells);
    cells->store = MLI_STORE_RAW;
    return cells->raw.status;
}

static enum ml_status raw_to_codes(struct mli_cells *cells)
{
    enum ml_status status = ML_ENOMEM;

    cells->store = MLI_STORE_CODES;
    if (reserve(cells, cells->count))
        status = set_codes(cells, 0, &cells->raw, cells->count);
    mli_buf_reset(&cells->raw);
    return status;
}

/* Not a column's numbers or instants: they have no text. */
static enum ml_status to_raw(struct mli_cells *cells)
{
    if (cells->store == MLI_STORE_SHORT)
        return short_to_raw(cells);
    if (has_numbers(cells->store))
        forget_numbers(cells);
    cells->store = MLI_STORE_RAW;
    return ML_OK;
}

static enum ml_status to_codes(struct mli_cells *cells)
{
    enum ml_status status = ML_OK;

    if (cells->store == MLI_STORE_CODES)
        return ML_OK;
    status = to_raw(cells);
    return status == ML_OK ? raw_to_codes(cells) : status;
}

/* ---- a piece --------------------------------------------------------------------------------- */

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

    if (!missing && !parse(cells, &cells->pin, text, len, &value))
        return ML_EDATA;
    if (!reserve(cells, cells->count + 1))
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
    if (!reserve(cells, cells->count + 1))
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
        status = short_to_raw(cells);
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

/* Parses all raw cells as one type; false when one does not parse. */
static bool raw_to_numbers(struct mli_cells *cells, const struct mli_pin *as, double *number)
{
    const char *text = cells->raw.data;

    for (size_t i = 0; i < cells->count; i++) {
        size_t len = strlen(text);
        number[i] = NAN;
        if (len > 0 && !parse(cells, as, text, len, &number[i]))
            return false;
        if (len > 1 && (text[0] == '0' || len > MLI_NUM_SHORT) && strspn(text, "0123456789") == len) {
            cells->zeros |= text[0] == '0';
            cells->rounded |= number[i] >= 0x1p53;
        }
        text += len + 1;
    }
    return true;
}

/* The shapes that all raw cells share. */
static unsigned raw_shapes(const struct mli_cells *cells)
{
    const char *text = cells->raw.data;
    unsigned shapes = MLI_SHAPES_ALL;

    for (size_t i = 0; i < cells->count && shapes; i++) {
        size_t len = strlen(text);
        if (len > 0)
            shapes = mli_instant_shapes(text, len, shapes);
        text += len + 1;
    }
    return shapes;
}

enum ml_status mli_cells_end(struct mli_cells *piece)
{
    if (piece->store == MLI_STORE_CODES)
        return raw_to_codes(piece);
    if (piece->store != MLI_STORE_RAW || !piece->forgetful || piece->pinned || piece->texts ||
        piece->present == 0)
        return ML_OK;
    piece->store = MLI_STORE_NUMBERS;
    if (!reserve(piece, piece->count))
        return ML_ENOMEM;
    if (raw_to_numbers(piece, &as_number, piece->number))
        return ML_OK;
    piece->store = MLI_STORE_INSTANTS;
    if (raw_to_numbers(piece, &as_iso, piece->number))
        return ML_OK;
    piece->store = MLI_STORE_RAW;
    return raw_shapes(piece) ? ML_OK : raw_to_codes(piece);
}

/* ---- a column -------------------------------------------------------------------------------- */

/* `count` missing cells more. */
static enum ml_status append_missing(struct mli_cells *column, size_t count)
{
    static const char nothing[64];

    if (column->store != MLI_STORE_RAW && !reserve(column, column->count + count))
        return ML_ENOMEM;
    for (size_t i = column->count; i < column->count + count; i++) {
        if (has_numbers(column->store))
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
    forget_numbers(column);
    column->capacity = column->count = 0;
    mli_buf_reset(&column->raw);
    column->store = store;
    return append_missing(column, count);
}

static enum ml_status lose(struct mli_cells *column)
{
    forget_numbers(column);
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
        column->each = mli_alloc(column->capacity, 1);
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
    if (!reserve(column, column->count + piece->count))
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
    if (!reserve(column, column->count + piece->count))
        return ML_ENOMEM;
    int32_t *to = column->code + column->count;
    for (size_t i = 0; i < piece->count; i++)
        to[i] = piece->code[i] < 0 ? piece->code[i] : piece->column_code[piece->code[i]];
    return ML_OK;
}

/* Raw cells into the dictionary of a column of codes. */
static enum ml_status append_texts(struct mli_cells *column, const struct mli_cells *piece)
{
    if (!reserve(column, column->count + piece->count))
        return ML_ENOMEM;
    enum ml_status status = set_codes(column, column->count, &piece->raw, piece->count);
    column->count += piece->count;
    column->present += piece->present;
    return status;
}

static enum ml_status append_alike(struct mli_cells *column, struct mli_cells *piece)
{
    enum ml_status status = ML_OK;

    if (has_numbers(column->store)) {
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
        free(column->each);
        column->each = NULL;
        column->store = MLI_STORE_NUMBERS;
        return ML_OK;
    }
    if (a == MLI_STORE_NUMBERS || a == MLI_STORE_INSTANTS)
        return lose(column);
    bool codes = a == MLI_STORE_CODES || b == MLI_STORE_CODES;
    status = codes ? to_codes(column) : to_raw(column);
    if (status != ML_OK)
        return status;
    if (codes) { /* a piece's is kept for the next chunk, a column's is as large as the column */
        mli_buf_release(&column->raw);
        mli_buf_init(&column->raw, SIZE_MAX);
    }
    return codes ? to_codes(piece) : to_raw(piece);
}

enum ml_status mli_cells_append(struct mli_cells *column, struct mli_cells *piece)
{
    enum ml_status status = ML_OK;

    column->zeros |= piece->zeros;
    column->rounded |= piece->rounded;
    if (piece->present == 0 && !column->lost)
        return append_missing(column, piece->count);
    if (piece->texts && piece->store == MLI_STORE_RAW && column->store == MLI_STORE_CODES && !column->lost)
        return append_texts(column, piece);
    if (column->present == 0 && !column->lost)
        status = begin_column(column, piece->store);
    else if (!column->lost)
        status = reconcile(column, piece);
    if (status != ML_OK || column->lost)
        return status;
    return append_alike(column, piece);
}

/* ---- the end of a column --------------------------------------------------------------------- */

/* As numbers, as ISO 8601, or in the format that all share. */
static bool convert(struct mli_cells *cells, double *number, struct mli_column *column)
{
    column->type = ML_TYPE_NUMBER;
    if (!cells->pinned && raw_to_numbers(cells, &as_number, number))
        return true;
    column->type = ML_TYPE_INSTANT;
    if (raw_to_numbers(cells, &as_iso, number))
        return true;
    unsigned shapes = raw_shapes(cells);
    if (!shapes)
        return false;
    column->format = mli_instant_format_of(shapes, &column->ambiguous);
    struct mli_pin found = { .type = ML_TYPE_INSTANT, .format = column->format };
    return raw_to_numbers(cells, &found, number);
}

static enum ml_status convert_raw(struct mli_cells *cells, struct mli_column *column)
{
    double *number = mli_alloc(cells->count, sizeof(*number));

    if (!number)
        return ML_ENOMEM;
    if (!convert(cells, number, column)) {
        free(number);
        return cells->pinned ? ML_EDATA : raw_to_codes(cells);
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
    double *number = mli_alloc(cells->count, sizeof(*number)), *value = mli_calloc(n, sizeof(*value));

    if (!number || !value) {
        free(number);
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
    free(cells->code);
    mli_dict_free(cells->dict);
    forget_numbers(cells);
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
        status = mli_decide_codes(cells->dict, cells->present,
                                  cells->pinned ? &cells->pin.type : NULL, renumber, &decided,
                                  &column->type);
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

static bool all_whole(const struct mli_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (!isnan(cells->number[i]) && cells->number[i] != trunc(cells->number[i]))
            return false;
    }
    return cells->present > 0;
}

/* Gives back what doubling took too much; a failure changes nothing. */
static void *shrink(void *items, size_t count, size_t size)
{
    void *smaller = items ? mli_realloc(items, count, size) : NULL;
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
        forget_numbers(cells);
    column->number = shrink(cells->number, cells->count, sizeof(*cells->number));
    column->code = shrink(cells->code, cells->count, sizeof(*cells->code));
    column->dict = cells->dict;
    free(cells->each);
    mli_buf_release(&cells->raw);
    *cells = (struct mli_cells){ 0 };
    return ML_OK;
}
