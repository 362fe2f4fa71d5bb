/*
 * One block of memory holds all cells: first the columns of doubles, then those of pointers to texts, then those of
 * codes, each contiguous, so that the pipeline runs down a column. Columns begin an odd number of cache lines apart: with
 * a power of two between them the cells of one row would push each other out of the cache. Texts themselves are copied
 * into an arena that a reset empties.
 */
#include <table/rows.h>

#include <base/arena.h>
#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>

#define LINE ((size_t)64) /* bytes of a cache line, or a few of them */
#define TEXTS_KEPT ((size_t)1 << 20) /* memory of texts that a reset keeps */

struct mli_rows {
    const struct mli_schema *schema;
    const struct mli_missing *missing;
    struct mli_missing *own_missing; /* when the caller gave none */
    bool missing_number; /* a token is one */
    struct mli_numerals numerals;
    size_t capacity, stride; /* rows there is room for, and from column to column */
    void *cells;
    struct mli_arena texts;
    size_t text; /* bytes in there */
    bool keeps;  /* strangers */
    struct mli_stranger *stranger;
    size_t strangers, stranger_room;
    struct ml_table table; /* its columns borrow from schema and cells */
    char no_source[1];
};

static bool is_text(const struct mli_field *field)
{
    return field->type == ML_TYPE_TEXT && !field->dict;
}

static bool is_coded(const struct mli_field *field)
{
    return mli_type_coded(field->type) && !is_text(field);
}

static size_t cell_size(const struct mli_field *field)
{
    if (is_text(field))
        return sizeof(const char *);
    return is_coded(field) ? sizeof(int32_t) : sizeof(double);
}

/* Of less than a line there is nothing to push. False: too many. */
static bool stride_of(size_t capacity, size_t *stride)
{
    size_t cells = LINE / sizeof(double);

    *stride = capacity;
    return capacity < cells || mli_mul((capacity / cells + 1) | 1, cells, stride);
}

static bool cells_size(const struct mli_schema *schema, size_t stride, size_t *bytes)
{
    size_t row = 0;

    for (size_t i = 0; i < schema->count; i++) {
        if (!mli_add(row, cell_size(&schema->field[i]), &row))
            return false;
    }
    return mli_mul(row, stride, bytes);
}

static void lay_out(struct mli_rows *rows)
{
    double *number = rows->cells;

    for (size_t i = 0; i < rows->schema->count; i++) {
        const struct mli_field *field = &rows->schema->field[i];
        rows->table.column[i] = (struct mli_column){
            .name = field->name, .type = field->type, .format = field->format,
            .integer = field->integer, .dict = field->dict
        };
        if (is_coded(field) || is_text(field))
            continue;
        rows->table.column[i].number = number;
        number += rows->stride;
    }
    /* cppcheck-suppress invalidPointerCast ; one allocation, the texts lie behind the numbers */
    const char **text = (const char **)number;
    for (size_t i = 0; i < rows->schema->count; i++) {
        if (!is_text(&rows->schema->field[i]))
            continue;
        rows->table.column[i].text = text;
        text += rows->stride;
    }
    int32_t *code = (int32_t *)text; /* and the codes behind them */
    for (size_t i = 0; i < rows->schema->count; i++) {
        if (!is_coded(&rows->schema->field[i]))
            continue;
        rows->table.column[i].code = code;
        code += rows->stride;
    }
}

enum ml_status mli_rows_new(const struct mli_schema *schema, const struct mli_missing *missing,
                            size_t capacity, struct mli_rows **out, struct ml_error *err)
{
    struct mli_rows *rows = mli_calloc(1, sizeof(*rows));
    size_t bytes;

    if (!rows || !stride_of(capacity, &rows->stride) || !cells_size(schema, rows->stride, &bytes))
        goto no_memory;
    rows->schema = schema;
    rows->capacity = capacity;
    rows->own_missing = missing ? NULL : mli_missing_new(NULL);
    rows->missing = missing ? missing : rows->own_missing;
    rows->missing_number = rows->missing && mli_missing_has_number(rows->missing);
    rows->cells = mli_alloc(bytes, 1);
    rows->table.column = mli_alloc(schema->count, sizeof(*rows->table.column));
    if (!rows->missing || !rows->cells || !rows->table.column)
        goto no_memory;
    rows->table.columns = schema->count;
    rows->table.source = rows->no_source;
    lay_out(rows);
    *out = rows;
    return ML_OK;

no_memory:
    mli_rows_free(rows);
    return ml_error_set(err, ML_ENOMEM, "out of memory for %zu rows of %zu columns", capacity,
                        schema->count);
}

void mli_rows_numerals(struct mli_rows *rows, struct mli_numerals numerals)
{
    rows->numerals = numerals;
}

void mli_rows_free(struct mli_rows *rows)
{
    if (!rows)
        return;
    free(rows->table.column);
    free(rows->cells);
    mli_arena_release(&rows->texts);
    free(rows->stranger);
    mli_missing_free(rows->own_missing);
    free(rows);
}

void mli_rows_retract(struct mli_rows *rows)
{
    if (rows->table.rows > 0)
        rows->table.rows--;
}

void mli_rows_reset(struct mli_rows *rows)
{
    if (rows->texts.total > TEXTS_KEPT)
        mli_arena_release(&rows->texts);
    else
        mli_arena_reset(&rows->texts);
    rows->text = 0;
    rows->strangers = 0;
    rows->table.rows = 0;
}

bool mli_rows_append(struct mli_rows *rows)
{
    size_t row = rows->table.rows;

    if (row == rows->capacity)
        return false;
    for (size_t i = 0; i < rows->table.columns; i++) {
        struct mli_column *column = &rows->table.column[i];
        if (column->code)
            column->code[row] = MLI_CODE_MISSING;
        else if (column->text)
            column->text[row] = NULL;
        else
            column->number[row] = NAN;
    }
    rows->table.rows++;
    return true;
}

size_t mli_rows_extend(struct mli_rows *rows, size_t n)
{
    size_t room = rows->capacity - rows->table.rows;

    n = n < room ? n : room;
    rows->table.rows += n;
    return n;
}

size_t mli_rows_count(const struct mli_rows *rows)
{
    return rows->table.rows;
}

size_t mli_rows_text(const struct mli_rows *rows)
{
    return rows->text;
}

const struct ml_table *mli_rows_table(const struct mli_rows *rows)
{
    return &rows->table;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static enum mli_cell set_number(struct mli_rows *rows, size_t field, double value)
{
    rows->table.column[field].number[rows->table.rows - 1] = value;
    return MLI_CELL_OK;
}

static enum mli_cell set_missing(struct mli_rows *rows, size_t field)
{
    struct mli_column *column = &rows->table.column[field];

    if (column->code)
        column->code[rows->table.rows - 1] = MLI_CODE_MISSING;
    else if (column->text)
        column->text[rows->table.rows - 1] = NULL;
    else
        column->number[rows->table.rows - 1] = NAN;
    return MLI_CELL_MISSING;
}

static enum mli_cell set_string(struct mli_rows *rows, size_t field, const char *text, size_t len)
{
    char *copy = len < MLI_ROWS_TEXT - rows->text ? mli_arena_strndup(&rows->texts, text, len) : NULL;

    if (!copy)
        return MLI_CELL_NO_MEMORY;
    rows->text += len + 1;
    rows->table.column[field].text[rows->table.rows - 1] = copy;
    return MLI_CELL_OK;
}

/* Without memory for it, it stays unknown who it was. */
static void keep_stranger(struct mli_rows *rows, size_t field, const char *text, size_t len)
{
    char *copy = len < MLI_ROWS_TEXT - rows->text ? mli_arena_strndup(&rows->texts, text, len) : NULL;

    if (!copy || !mli_grow((void **)&rows->stranger, &rows->stranger_room, rows->strangers, sizeof(*rows->stranger)))
        return;
    rows->text += len + 1;
    rows->stranger[rows->strangers++] =
        (struct mli_stranger){ .row = rows->table.rows - 1, .field = field, .text = copy };
}

void mli_rows_keep_strangers(struct mli_rows *rows)
{
    rows->keeps = true;
}

const struct mli_stranger *mli_rows_strangers(const struct mli_rows *rows, size_t *n)
{
    *n = rows->strangers;
    return rows->stranger;
}

/* A cell of a type that is not made of numbers. */
static enum mli_cell set_code(struct mli_rows *rows, size_t field, const char *text, size_t len)
{
    struct mli_column *column = &rows->table.column[field];
    if (column->text)
        return set_string(rows, field, text, len);
    int32_t code = column->type == ML_TYPE_BOOLEAN ? mli_boolean_parse(text, len)
                                                   : mli_dict_find(column->dict, text, len);
    bool new_is_fine = column->type == ML_TYPE_TEXT || column->type == ML_TYPE_IDENTIFIER;

    column->code[rows->table.rows - 1] = code;
    if (code < 0 && rows->keeps)
        keep_stranger(rows, field, text, len);
    return code >= 0 || new_is_fine ? MLI_CELL_OK : MLI_CELL_UNKNOWN;
}

static bool parse_number(const struct mli_rows *rows, const char *text, size_t len, double *value)
{
    bool plain = !rows->numerals.thousands && rows->numerals.decimal != ',';

    return plain ? mli_num_parse(text, len, value)
                 : mli_num_parse_grouped(text, len, rows->numerals, value);
}

enum mli_cell mli_rows_set_text(struct mli_rows *rows, size_t field, const char *text, size_t len)
{
    enum mli_format format;
    double value;

    if (mli_missing_has(rows->missing, text, len))
        return set_missing(rows, field);
    switch (rows->table.column[field].type) {
    case ML_TYPE_NUMBER:
        return parse_number(rows, text, len, &value) ? set_number(rows, field, value)
                                                     : MLI_CELL_NOT_A_NUMBER;
    case ML_TYPE_INSTANT:
        format = rows->table.column[field].format;
        return mli_instant_parse_as(format, text, len, &value) ? set_number(rows, field, value)
                                                               : MLI_CELL_NOT_AN_INSTANT;
    case ML_TYPE_CATEGORY:
    case ML_TYPE_TEXT:
    case ML_TYPE_BOOLEAN:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return set_code(rows, field, text, len);
}

/* By its shortest text. */
static enum mli_cell look_up_number(struct mli_rows *rows, size_t field, double value)
{
    char text[MLI_NUM_MAX];
    size_t len = mli_num_format(value, text);

    if (mli_missing_has(rows->missing, text, len))
        return set_missing(rows, field);
    return rows->table.column[field].number ? set_number(rows, field, value) : set_code(rows, field, text, len);
}

enum mli_cell mli_rows_set_number(struct mli_rows *rows, size_t field, double value)
{
    if (!isfinite(value))
        return MLI_CELL_NOT_A_NUMBER;
    if (rows->table.column[field].number && !rows->missing_number)
        return set_number(rows, field, value);
    return look_up_number(rows, field, value);
}

double *mli_rows_numbers(struct mli_rows *rows, size_t field)
{
    return rows->missing_number ? NULL : rows->table.column[field].number;
}

enum mli_cell mli_rows_set_bool(struct mli_rows *rows, size_t field, bool value)
{
    switch (rows->table.column[field].type) {
    case ML_TYPE_NUMBER:
        return set_number(rows, field, value ? 1.0 : 0.0);
    case ML_TYPE_INSTANT:
        return MLI_CELL_NOT_AN_INSTANT;
    case ML_TYPE_CATEGORY:
    case ML_TYPE_TEXT:
    case ML_TYPE_BOOLEAN:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return value ? set_code(rows, field, "true", 4) : set_code(rows, field, "false", 5);
}

const char *mli_cell_code(enum mli_cell cell)
{
    switch (cell) {
    case MLI_CELL_NOT_A_NUMBER:
        return "not_a_number";
    case MLI_CELL_NOT_AN_INSTANT:
        return "not_an_instant";
    case MLI_CELL_UNKNOWN:
        return "unknown_category";
    case MLI_CELL_NO_MEMORY:
        return "too_large";
    case MLI_CELL_OK:
    case MLI_CELL_MISSING:
        break;
    }
    return "";
}

/* The cell is of a column that is NUMBER, INSTANT or BOOLEAN: the others take every text. */
static void expect(const struct mli_pin *type, char *out, size_t size)
{
    if (type->type == ML_TYPE_BOOLEAN)
        snprintf(out, size, "a boolean (" MLI_BOOLEAN_WORDS ")");
    else if (type->type != ML_TYPE_INSTANT)
        snprintf(out, size, "a number");
    else if (!type->formatted)
        snprintf(out, size, "a date or date-time");
    else if (type->format == MLI_FORMAT_ISO)
        snprintf(out, size, "an ISO 8601 date or date-time");
    else
        snprintf(out, size, "a date (%s) or date-time, like %s", mli_format_name(type->format),
                 mli_format_example(type->format));
}

enum ml_status mli_cell_refuse(const struct mli_pin *type, const char *source, size_t line,
                               size_t column, const char *name, const char *text,
                               struct ml_error *err)
{
    char expected[80];

    expect(type, expected, sizeof(expected));
    if (strlen(text) > 60 || strchr(text, ','))
        return ml_error_at(err, ML_EDATA, source, line, column,
                           "column \"%.200s\": \"%.60s\" is not %s", name, text, expected);
    const char *mark = strpbrk(text, " $`\\\"'*?;&|<>()#~") ? strchr(text, '\'') ? "\"" : "'" : ""; /* for a shell */
    return ml_error_at(err, ML_EDATA, source, line, column,
                       "column \"%.200s\": \"%s\" is not %s (--na %s%s%s treats it as missing)", name,
                       text, expected, mark, text, mark);
}
