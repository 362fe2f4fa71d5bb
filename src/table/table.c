#include <table/table.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/suggest.h>
#include <base/text.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
    [ML_TYPE_NUMBER] = "number",
    [ML_TYPE_CATEGORY] = "category",
    [ML_TYPE_INSTANT] = "instant",
    [ML_TYPE_TEXT] = "text",
    [ML_TYPE_BOOLEAN] = "boolean",
    [ML_TYPE_IDENTIFIER] = "identifier",
};

const char *ml_type_name(enum ml_type type)
{
    return type_names[type];
}

bool mli_type_coded(enum ml_type type)
{
    switch (type) {
    case ML_TYPE_NUMBER:
    case ML_TYPE_INSTANT:
        return false;
    case ML_TYPE_CATEGORY:
    case ML_TYPE_TEXT:
    case ML_TYPE_BOOLEAN:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return true;
}

bool ml_type_parse(const char *name, enum ml_type *out)
{
    for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *out = (enum ml_type)i;
            return true;
        }
    }
    return false;
}

void ml_table_free(struct ml_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; table->column && i < table->columns; i++) {
        free(table->column[i].name);
        if (!table->spool) {
            free(table->column[i].number);
            free(table->column[i].code);
        }
        mli_dict_free(table->column[i].dict);
    }
    for (size_t i = 0; table->file && i < table->files; i++)
        free(table->file[i].path);
    free(table->file);
    mli_spool_free(table->spool);
    free(table->column);
    free(table->source);
    free(table);
}

size_t ml_table_rows(const struct ml_table *table)
{
    return table->rows;
}

size_t ml_table_columns(const struct ml_table *table)
{
    return table->columns;
}

const char *ml_table_name(const struct ml_table *table, size_t column)
{
    return table->column[column].name;
}

enum ml_type ml_table_type(const struct ml_table *table, size_t column)
{
    return table->column[column].type;
}

size_t ml_table_find(const struct ml_table *table, const char *name)
{
    for (size_t i = 0; i < table->columns; i++) {
        if (strcmp(table->column[i].name, name) == 0)
            return i;
    }
    return table->columns;
}

enum ml_status mli_table_target(const struct ml_table *table, const char *name, size_t *out,
                                struct ml_error *err)
{
    *out = ml_table_find(table, name);
    if (*out < table->columns)
        return ML_OK;
    const char **names = mli_calloc(table->columns, sizeof(*names));
    if (!names)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t j = 0; j < table->columns; j++)
        names[j] = table->column[j].name;
    size_t near = mli_suggest(name, names, table->columns);
    if (near < table->columns)
        ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                    "no column \"%s\" to be the target; did you mean \"%s\"?", name, names[near]);
    else
        ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                    "no column \"%s\" to be the target; it has %zu columns, \"%s\" to \"%s\"", name,
                    table->columns, names[0], names[table->columns - 1]);
    free(names);
    return ML_EUSAGE;
}

const double *ml_table_numbers(const struct ml_table *table, size_t column)
{
    return table->column[column].number;
}

/* As much as fits, cut between characters. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (size == 0)
        return;
    if (len >= size) {
        for (len = size - 1; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
            len--;
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

void ml_table_text(const struct ml_table *table, size_t row, size_t column, char *out, size_t size)
{
    const struct mli_column *col = &table->column[column];
    char text[MLI_INSTANT_MAX] = "";
    _Static_assert(MLI_INSTANT_MAX >= MLI_NUM_MAX, "text must hold a number too");

    if (col->text) {
        copy_text(out, size, col->text[row] ? col->text[row] : "");
        return;
    }
    if (col->code) {
        int32_t code = col->code[row];
        copy_text(out, size, code >= 0 ? mli_dict_text(col->dict, (size_t)code) : "");
        return;
    }
    if (!isnan(col->number[row]) && col->type == ML_TYPE_INSTANT)
        mli_instant_format(col->number[row], text);
    else if (!isnan(col->number[row]))
        mli_num_format(col->number[row], text);
    copy_text(out, size, text);
}

struct ml_table mli_table_slice(const struct ml_table *table, size_t begin, size_t n,
                                struct mli_column *columns)
{
    struct ml_table part = *table;

    for (size_t i = 0; i < table->columns; i++) {
        columns[i] = table->column[i];
        if (columns[i].number)
            columns[i].number += begin;
        if (columns[i].code)
            columns[i].code += begin;
        if (columns[i].text)
            columns[i].text += begin;
    }
    if (part.fold)
        part.fold += begin;
    part.rows = n;
    part.column = columns;
    return part;
}

/* ---- filter ---------------------------------------------------------------------------------- */

static size_t count_kept(const uint8_t *keep, size_t rows)
{
    size_t kept = 0;

    for (size_t i = 0; i < rows; i++)
        kept += keep[i] != 0;
    return kept;
}

static bool filter_column(const struct mli_column *from, const uint8_t *keep, size_t rows,
                          size_t kept, struct mli_column *to)
{
    to->type = from->type;
    to->integer = from->integer;
    to->format = from->format;
    to->ambiguous = from->ambiguous;
    to->name = mli_strdup(from->name);
    to->number = from->number ? mli_alloc(kept, sizeof(*to->number)) : NULL;
    to->code = from->code ? mli_alloc(kept, sizeof(*to->code)) : NULL;
    to->dict = from->dict ? mli_dict_copy(from->dict) : NULL;
    if (!to->name || !to->number != !from->number || !to->code != !from->code ||
        !to->dict != !from->dict)
        return false;
    for (size_t i = 0, at = 0; i < rows; i++) {
        if (!keep[i])
            continue;
        if (to->number)
            to->number[at] = from->number[i];
        if (to->code)
            to->code[at] = from->code[i];
        at++;
    }
    return true;
}

/* The files as they were read, whatever rows are left of them. */
static bool copy_files(const struct ml_table *from, struct ml_table *to)
{
    to->files = from->files;
    to->file = from->file ? mli_calloc(from->files, sizeof(*to->file)) : NULL;
    if (!to->file != !from->file)
        return false;
    for (size_t i = 0; to->file && i < from->files; i++) {
        to->file[i] = (struct mli_table_file){ mli_strdup(from->file[i].path), from->file[i].rows };
        if (!to->file[i].path)
            return false;
    }
    return true;
}

enum ml_status mli_table_filter(const struct ml_table *table, const uint8_t *keep,
                                struct ml_table **out, struct ml_error *err)
{
    struct ml_table *copy = mli_calloc(1, sizeof(*copy));

    if (!copy)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a table");
    copy->rows = count_kept(keep, table->rows);
    copy->columns = table->columns;
    copy->bytes = table->bytes;
    copy->delimiter = table->delimiter;
    memcpy(copy->sha256, table->sha256, sizeof(copy->sha256));
    copy->source = mli_strdup(table->source);
    copy->column = mli_calloc(table->columns, sizeof(*copy->column));
    bool done = copy->source && copy->column && copy_files(table, copy);
    for (size_t i = 0; i < table->columns && done; i++)
        done = filter_column(&table->column[i], keep, table->rows, copy->rows, &copy->column[i]);
    if (!done) {
        ml_table_free(copy);
        return ml_error_set(err, ML_ENOMEM, "out of memory for a copy of %zu rows", table->rows);
    }
    *out = copy;
    return ML_OK;
}
