/*
 * While every cell is a short decimal (num.h), as in most files of numbers, a cell is its double, and the number of
 * its decimals, a byte a cell if they are not all the same, gives its text back. The first other cell turns them into
 * raw text, end to end, each cell with its NUL ("" is a missing one). That is kept while every cell may still be a
 * number or an instant, and parsed once when the column is complete. The first cell that can be neither, which in most
 * category columns is the first of all, turns the column into dictionary codes on the spot. This reads pipes (a second
 * pass over the file could not), keeps the text of every cell that ends up in a dictionary, and costs at worst a byte
 * a cell more than the text, which for numbers as they stand in files is about the size of the doubles to come;
 * columns are converted and freed one at a time.
 */
#include <table/infer.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>
#include <table/decide.h>

void mli_cells_init(struct mli_cells *cells, const enum ml_type *pin, bool numbers)
{
    *cells = (struct mli_cells){ .pinned = pin != NULL };
    cells->store = numbers ? MLI_STORE_SHORT : MLI_STORE_RAW;
    mli_buf_init(&cells->raw, SIZE_MAX);
    if (!pin)
        return;
    cells->type = *pin;
    cells->store = mli_type_coded(*pin) ? MLI_STORE_CODES : MLI_STORE_NUMBERS;
}

void mli_cells_release(struct mli_cells *cells)
{
    mli_buf_release(&cells->raw);
    free(cells->number);
    free(cells->each);
    free(cells->code);
    mli_dict_free(cells->dict);
    *cells = (struct mli_cells){ 0 };
}

static bool parse(enum ml_type type, const char *text, size_t len, double *value)
{
    return type == ML_TYPE_INSTANT ? mli_instant_parse(text, len, value)
                                   : mli_num_parse(text, len, value);
}

/* Every number and every instant begins with one of these. */
static bool may_be_value(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
}

static enum ml_status add_number(struct mli_cells *cells, const char *text, size_t len,
                                 bool missing)
{
    double value = NAN;

    if (!missing && !parse(cells->type, text, len, &value))
        return ML_EDATA;
    if (!mli_grow((void **)&cells->number, &cells->capacity, cells->count, sizeof(*cells->number)))
        return ML_ENOMEM;
    cells->number[cells->count] = value;
    return ML_OK;
}

static enum ml_status set_code(struct mli_cells *cells, size_t row, const char *text, size_t len,
                               bool missing)
{
    if (!cells->dict)
        cells->dict = mli_dict_new();
    if (!cells->dict)
        return ML_ENOMEM;
    cells->code[row] = MLI_CODE_MISSING;
    return missing ? ML_OK : mli_dict_add(cells->dict, text, len, &cells->code[row]);
}

static enum ml_status add_code(struct mli_cells *cells, const char *text, size_t len, bool missing)
{
    if (cells->type == ML_TYPE_BOOLEAN && !missing && mli_boolean_parse(text, len) < 0)
        return ML_EDATA; /* pinned: types are inferred behind the last cell */
    if (!mli_grow((void **)&cells->code, &cells->capacity, cells->count, sizeof(*cells->code)))
        return ML_ENOMEM;
    return set_code(cells, cells->count, text, len, missing);
}

static enum ml_status add_raw(struct mli_cells *cells, const char *text, size_t len, bool missing)
{
    mli_buf_add(&cells->raw, missing ? "" : text, missing ? 1 : len + 1);
    return cells->raw.status;
}

/* The decimals of one more number, which is not missing. */
static bool add_decimals(struct mli_cells *cells, unsigned decimals)
{
    if (cells->present == 0)
        cells->decimals = decimals;
    if (!cells->each && cells->decimals == decimals)
        return true;
    if (!cells->each) { /* the first that has another number of them */
        cells->each = mli_alloc(cells->capacity, 1);
        if (!cells->each)
            return false;
        memset(cells->each, (int)cells->decimals, cells->count);
        cells->each_capacity = cells->capacity;
    }
    if (cells->each_capacity < cells->capacity) {
        uint8_t *each = mli_realloc(cells->each, cells->capacity, 1);
        if (!each)
            return false;
        cells->each = each;
        cells->each_capacity = cells->capacity;
    }
    cells->each[cells->count] = (uint8_t)decimals;
    return true;
}

/* *fits is false, and nothing added, when the cell is not a short decimal. */
static enum ml_status add_short(struct mli_cells *cells, const char *text, size_t len, bool missing,
                                bool *fits)
{
    unsigned decimals;
    double value = NAN;

    *fits = missing || mli_num_parse_short(text, len, &value, &decimals);
    if (!*fits)
        return ML_OK;
    if (cells->count == cells->capacity && !mli_grow((void **)&cells->number, &cells->capacity,
                                                     cells->count, sizeof(*cells->number)))
        return ML_ENOMEM;
    if (!missing && !add_decimals(cells, decimals))
        return ML_ENOMEM;
    cells->number[cells->count] = value;
    return ML_OK;
}

/* The texts of short decimals, to go on with raw cells. */
static enum ml_status short_to_raw(struct mli_cells *cells)
{
    char text[MLI_NUM_MAX];

    for (size_t i = 0; i < cells->count; i++) {
        bool missing = isnan(cells->number[i]);
        unsigned decimals = cells->each && !missing ? cells->each[i] : cells->decimals;
        size_t len = missing ? 0 : mli_num_format_short(cells->number[i], decimals, text);
        mli_buf_add(&cells->raw, missing ? "" : text, len + 1);
    }
    free(cells->number);
    free(cells->each);
    cells->number = NULL;
    cells->each = NULL;
    cells->capacity = 0;
    cells->store = MLI_STORE_RAW;
    return cells->raw.status;
}

/* Raw cells to codes; room for one more. */
static enum ml_status raw_to_codes(struct mli_cells *cells)
{
    const char *text = cells->raw.data;
    enum ml_status status = ML_OK;

    cells->capacity = cells->count + 1;
    cells->code = mli_alloc(cells->capacity, sizeof(*cells->code));
    if (!cells->code)
        return ML_ENOMEM;
    cells->store = MLI_STORE_CODES;
    for (size_t i = 0; i < cells->count && status == ML_OK; i++) {
        size_t len = strlen(text);
        status = set_code(cells, i, text, len, len == 0);
        text += len + 1;
    }
    mli_buf_release(&cells->raw);
    return status;
}

/* A cell that is no short decimal, or of a column that has had one that is not. */
static enum ml_status add_text(struct mli_cells *cells, const char *text, size_t len, bool missing)
{
    enum ml_status status = ML_OK;

    if (cells->store == MLI_STORE_NUMBERS)
        return add_number(cells, text, len, missing);
    if (cells->store == MLI_STORE_SHORT)
        status = short_to_raw(cells);
    if (status == ML_OK && cells->store == MLI_STORE_RAW && !missing && !may_be_value(*text))
        status = raw_to_codes(cells);
    if (status != ML_OK)
        return status;
    return cells->store == MLI_STORE_RAW ? add_raw(cells, text, len, missing)
                                         : add_code(cells, text, len, missing);
}

enum ml_status mli_cells_add(struct mli_cells *cells, const char *text, size_t len, bool missing)
{
    enum ml_status status = ML_OK;
    bool added = false;

    if (cells->store == MLI_STORE_SHORT)
        status = add_short(cells, text, len, missing, &added);
    if (status == ML_OK && !added)
        status = add_text(cells, text, len, missing);
    if (status != ML_OK)
        return status;
    cells->count++;
    cells->present += !missing;
    return ML_OK;
}

/* Parses all raw cells as one type. False, the cells untouched, when one does not parse. */
static bool raw_to_numbers(struct mli_cells *cells, enum ml_type type, double *number)
{
    const char *text = cells->raw.data;

    for (size_t i = 0; i < cells->count; i++) {
        size_t len = strlen(text);
        number[i] = NAN;
        if (len > 0 && !parse(type, text, len, &number[i]))
            return false;
        text += len + 1;
    }
    return true;
}

static enum ml_status convert_raw(struct mli_cells *cells)
{
    double *number = mli_alloc(cells->count, sizeof(*number));

    if (!number)
        return ML_ENOMEM;
    cells->type = ML_TYPE_NUMBER;
    bool fits = raw_to_numbers(cells, ML_TYPE_NUMBER, number);
    if (!fits) {
        cells->type = ML_TYPE_INSTANT;
        fits = raw_to_numbers(cells, ML_TYPE_INSTANT, number);
    }
    if (!fits) {
        free(number);
        return raw_to_codes(cells);
    }
    cells->store = MLI_STORE_NUMBERS;
    cells->number = number;
    cells->capacity = cells->count;
    mli_buf_release(&cells->raw);
    return ML_OK;
}

/* Type, and codes in the order of the decided dictionary, so that they do not depend on the order of rows. */
static enum ml_status decide(struct mli_cells *cells)
{
    int32_t *renumber = mli_alloc(mli_dict_count(cells->dict), sizeof(*renumber));
    struct mli_dict *decided;
    enum ml_status status = ML_ENOMEM;

    if (renumber)
        status = mli_decide_codes(cells->dict, cells->present, cells->pinned ? &cells->type : NULL,
                                  renumber, &decided, &cells->type);
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

    if (cells->store == MLI_STORE_RAW)
        status = convert_raw(cells);
    if (cells->store == MLI_STORE_SHORT)
        cells->store = MLI_STORE_NUMBERS; /* and the type is ML_TYPE_NUMBER, 0 */
    if (status == ML_OK && cells->store == MLI_STORE_CODES)
        status = decide(cells);
    if (status != ML_OK)
        return status;
    column->type = cells->type;
    column->integer = cells->type == ML_TYPE_NUMBER && all_whole(cells);
    column->number = shrink(cells->number, cells->count, sizeof(*cells->number));
    column->code = shrink(cells->code, cells->count, sizeof(*cells->code));
    column->dict = cells->dict;
    free(cells->each);
    *cells = (struct mli_cells){ 0 };
    return ML_OK;
}
