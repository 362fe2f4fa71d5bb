#include <fit/finite.h>

#include <base/num.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 10 }; /* numbers for each text that is none */

static bool is_number(const char *text)
{
    double value;
    return mli_num_parse(text, strlen(text), &value);
}

static bool is_infinite(const char *text)
{
    char *end;
    return isinf(strtod(text, &end)) && end != text && !*end;
}

int32_t mli_infinite_code(const struct mli_column *column)
{
    size_t n = column->dict && column->type != ML_TYPE_BOOLEAN ? mli_dict_count(column->dict) : 0, numbers = 0;
    int32_t found = -1;
    for (size_t code = n; code-- > 0;) {
        const char *text = mli_dict_text(column->dict, code);
        if (is_number(text))
            numbers++;
        else if (is_infinite(text))
            found = (int32_t)code;
        else
            return -1;
    }
    return numbers ? found : -1;
}

int32_t mli_odd_code(const struct mli_column *column)
{
    size_t n = column->dict ? mli_dict_count(column->dict) : 0, numbers = 0;
    int32_t found = -1;
    for (size_t code = n; code-- > 0;) {
        if (is_number(mli_dict_text(column->dict, code)))
            numbers++;
        else
            found = (int32_t)code;
    }
    return numbers > MANY * (n - numbers) ? found : -1;
}

size_t mli_code_row(const struct ml_table *table, const struct mli_column *column, int32_t code)
{
    size_t row = 0;
    while (row < table->rows && column->code[row] != code)
        row++;
    return row;
}

static bool is_pinned(const struct ml_read_options *read, const char *name)
{
    size_t n = strlen(name);
    const char *const *pin = read && read->type ? read->type : NULL;
    if (read && read->schema)
        return true;
    while (pin && *pin && !(strncmp(*pin, name, n) == 0 && (*pin)[n] == '='))
        pin++;
    return pin && *pin;
}

enum ml_status mli_finite_check(const struct ml_table *table, const size_t *columns, size_t n,
                                const struct ml_read_options *read, struct ml_error *err)
{
    for (size_t j = 0; j < n; j++) {
        const struct mli_column *column = &table->column[columns[j]];
        int32_t code = mli_infinite_code(column);
        size_t row = code < 0 ? table->rows : mli_code_row(table, column, code);
        if (row == table->rows || is_pinned(read, column->name))
            continue;
        const char *text = mli_dict_text(column->dict, (size_t)code);
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "row %zu: column \"%s\": \"%.40s\" is not a finite number (--na %.40s treats it as missing, --type %.100s=category makes the column one)",
                           row + 1, column->name, text, text, column->name);
    }
    return ML_OK;
}
