#include <table/store.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOUCHED_AT_ONCE ((size_t)64 << 10) /* more of all columns, and the other threads would wait */

/* ---- room ------------------------------------------------------------------------------------ */

bool mli_store_numeric(enum mli_cells_store store)
{
    return store == MLI_STORE_SHORT || store == MLI_STORE_NUMBERS || store == MLI_STORE_INSTANTS;
}

void *mli_store_array(const struct mli_cells *cells, size_t count, size_t size)
{
    return cells->spool ? mli_spool_alloc(cells->spool, count, size) : mli_alloc(count, size);
}

void mli_store_free(const struct mli_cells *cells, void *array)
{
    if (cells->spool)
        mli_spool_give_back(cells->spool, array);
    else
        free(array);
}

/* In the spool an array is moved, which the number of cells that is expected makes rare. */
static bool resize(const struct mli_cells *cells, void **items, size_t capacity, size_t size)
{
    void *resized = cells->spool ? mli_spool_alloc(cells->spool, capacity, size) : mli_realloc(*items, capacity, size);

    if (resized && cells->spool && *items) {
        memcpy(resized, *items, cells->count * size);
        mli_spool_give_back(cells->spool, *items);
    }
    if (resized)
        *items = resized;
    return resized != NULL;
}

/* Without a guess no power of two: the columns' arrays, filled side by side, would share cache sets. */
static bool larger(const struct mli_cells *cells, size_t count, size_t *capacity)
{
    if (cells->expected >= count) {
        *capacity = cells->expected;
        return true;
    }
    while (*capacity < count) {
        if (!mli_mul(*capacity, 2, capacity) || !mli_add(*capacity, 72, capacity))
            return false;
    }
    return true;
}

static void touch(struct mli_cells *cells, size_t count)
{
    size_t size = cells->number ? sizeof(*cells->number) : sizeof(*cells->code),
           used = count * size;
    void *items = cells->number ? (void *)cells->number : cells->code;

    if (used <= cells->touched || cells->capacity * size < TOUCHED_AT_ONCE)
        return;
    size_t all = cells->capacity * size,
           to = used + TOUCHED_AT_ONCE < all ? used + TOUCHED_AT_ONCE : all;
    mli_touch(items, cells->touched, to);
    cells->touched = to;
}

/* Room for `count` cells in what the store keeps them in. A capacity holds for all arrays that are there. */
bool mli_store_reserve(struct mli_cells *cells, size_t count)
{
    bool numbers = mli_store_numeric(cells->store), codes = cells->store == MLI_STORE_CODES;
    size_t capacity = cells->capacity > 0 ? cells->capacity : 16;

    if (capacity < count && !larger(cells, count, &capacity))
        return false;
    bool more = capacity > cells->capacity;
    if ((cells->number ? more : numbers) &&
        !resize(cells, (void **)&cells->number, capacity, sizeof(*cells->number)))
        return false;
    if (cells->each && more && !resize(cells, (void **)&cells->each, capacity, 1))
        return false;
    if ((cells->code ? more : codes) &&
        !resize(cells, (void **)&cells->code, capacity, sizeof(*cells->code)))
        return false;
    if (more)
        cells->touched = cells->count * sizeof(*cells->code);
    cells->capacity = capacity;
    if (cells->expected > 0 && !cells->spool)
        touch(cells, count);
    return true;
}

void mli_store_forget(struct mli_cells *cells)
{
    mli_store_free(cells, cells->number);
    mli_store_free(cells, cells->each);
    cells->number = NULL;
    cells->each = NULL;
}

/* ---- from store to store --------------------------------------------------------------------- */

const struct mli_pin mli_store_as_number = { .type = ML_TYPE_NUMBER };
const struct mli_pin mli_store_as_iso = { .type = ML_TYPE_INSTANT, .format = MLI_FORMAT_ISO };

static bool parse_number(struct mli_numerals numerals, const char *text, size_t len, double *value)
{
    return numerals.thousands || numerals.decimal == ','
               ? mli_num_parse_grouped(text, len, numerals, value)
               : mli_num_parse(text, len, value);
}

bool mli_store_parse(const struct mli_cells *cells, const struct mli_pin *as, const char *text,
                     size_t len, double *value)
{
    return as->type == ML_TYPE_INSTANT ? mli_instant_parse_as(as->format, text, len, value)
                                       : parse_number(cells->numerals, text, len, value);
}

enum ml_status mli_store_set_codes(struct mli_cells *cells, size_t first, const struct mli_buf *raw,
                                   size_t count)
{
    if (!cells->dict)
        cells->dict = mli_dict_new();
    if (!cells->dict)
        return ML_ENOMEM;
    return mli_dict_add_texts(cells->dict, raw->data, count, cells->code + first);
}

enum ml_status mli_store_short_to_raw(struct mli_cells *cells)
{
    char text[MLI_NUM_MAX];

    mli_buf_reset(&cells->raw);
    for (size_t i = 0; i < cells->count; i++) {
        bool missing = isnan(cells->number[i]);
        unsigned decimals = cells->mixed && !missing ? cells->each[i] : cells->decimals;
        size_t len = missing ? 0 : mli_num_format_short(cells->number[i], decimals, text);
        mli_buf_add(&cells->raw, missing ? "" : text, len + 1);
    }
    mli_store_forget(cells);
    cells->store = MLI_STORE_RAW;
    return cells->raw.status;
}

enum ml_status mli_store_raw_to_codes(struct mli_cells *cells)
{
    enum ml_status status = ML_ENOMEM;

    cells->store = MLI_STORE_CODES;
    if (mli_store_reserve(cells, cells->count))
        status = mli_store_set_codes(cells, 0, &cells->raw, cells->count);
    mli_buf_reset(&cells->raw);
    return status;
}

enum ml_status mli_store_to_raw(struct mli_cells *cells)
{
    if (cells->store == MLI_STORE_SHORT)
        return mli_store_short_to_raw(cells);
    if (mli_store_numeric(cells->store))
        mli_store_forget(cells);
    cells->store = MLI_STORE_RAW;
    return ML_OK;
}

enum ml_status mli_store_to_codes(struct mli_cells *cells)
{
    enum ml_status status = ML_OK;

    if (cells->store == MLI_STORE_CODES)
        return ML_OK;
    status = mli_store_to_raw(cells);
    return status == ML_OK ? mli_store_raw_to_codes(cells) : status;
}

bool mli_store_raw_to_numbers(struct mli_cells *cells, const struct mli_pin *as, double *number)
{
    const char *text = cells->raw.data;

    for (size_t i = 0; i < cells->count; i++) {
        size_t len = strlen(text);
        number[i] = NAN;
        if (len > 0 && !mli_store_parse(cells, as, text, len, &number[i]))
            return false;
        if (as->type == ML_TYPE_NUMBER && len > 1 && (text[0] == '0' || len > MLI_NUM_SHORT) &&
            strspn(text, "0123456789") == len) {
            cells->zeros |= text[0] == '0';
            cells->rounded |= number[i] >= 0x1p53;
        }
        text += len + 1;
    }
    return true;
}

unsigned mli_store_raw_shapes(const struct mli_cells *cells)
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
