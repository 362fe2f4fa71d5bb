#include <describe/values.h>

#include <base/mem.h>
#include <base/num.h>
#include <describe/variants.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/format.h>

#define MIXED_SHARE 0.8 /* of the rows, for a column to count as one of numbers with something else in it */

/* Puts a value at its place among the `most` most frequent; those that come first win among equals. */
static void rank_value(struct mli_value *top, size_t *tops, size_t most, struct mli_value value)
{
    size_t at = *tops;

    while (at > 0 && top[at - 1].count < value.count)
        at--;
    if (at == most)
        return;
    if (*tops < most)
        ++*tops;
    memmove(top + at + 1, top + at, (*tops - at - 1) * sizeof(*top));
    top[at] = value;
}

static void count_value(struct mli_values *out, struct mli_value value)
{
    if (out->distinct == 0 || value.count < out->rarest.count)
        out->rarest = value;
    out->distinct++;
    out->once += value.count == 1;
    if (value.count < MLI_RARE) {
        out->rare++;
        out->rare_rows += value.count;
    }
    rank_value(out->top, &out->tops, MLI_TOP, value);
}

void mli_values_of_numbers(struct mli_values *values, const struct mli_order *order)
{
    struct mli_values out = { 0 };

    for (size_t first = 0; first < order->n;) {
        size_t end = mli_order_run(order, first);
        count_value(&out, (struct mli_value){ .code = -1, .number = order->value[first], .count = end - first });
        first = end;
    }
    *values = out;
}

/* ---- codes --------------------------------------------------------------------------------------------------- */

static bool is_type(enum ml_type type, const char *text)
{
    double value;

    return type == ML_TYPE_NUMBER ? mli_num_parse(text, strlen(text), &value)
                                  : mli_instant_shapes(text, strlen(text), MLI_SHAPES_ALL) != 0;
}

/* First row of each example. */
static void find_rows(struct mli_mixed *mixed, size_t examples, const struct mli_column *column, size_t rows)
{
    for (size_t k = 0; k < examples; k++) {
        size_t row = 0;
        while (row < rows && column->code[row] != mixed->example[k].code)
            row++;
        mixed->example[k].row = row;
    }
}

static struct mli_mixed mixed_type(enum ml_type type, const struct mli_column *column, size_t rows,
                                   const size_t *count, size_t present)
{
    struct mli_mixed out = { .type = type };
    size_t examples = 0;

    for (size_t code = 0; code < mli_dict_count(column->dict); code++) {
        if (count[code] == 0)
            continue;
        if (is_type(type, mli_dict_text(column->dict, code))) {
            out.fitting += count[code];
            continue;
        }
        out.values++;
        out.rows += count[code];
        rank_value(out.example, &examples, MLI_EXAMPLES,
                   (struct mli_value){ .code = (int32_t)code, .count = count[code] });
        if ((double)out.rows > (1 - MIXED_SHARE) * (double)present)
            return (struct mli_mixed){ 0 };
    }
    find_rows(&out, examples, column, rows);
    return out.rows > 0 ? out : (struct mli_mixed){ 0 }; /* a pinned type: all of them fit */
}

enum ml_status mli_values_of_codes(struct mli_values *values, const struct mli_column *column, size_t rows,
                                   struct ml_error *err)
{
    struct mli_values out = { 0 };
    size_t codes = mli_dict_count(column->dict), present = 0;
    size_t *count = mli_calloc(codes ? codes : 1, sizeof(*count));

    if (!count)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the %zu values of \"%s\"", codes, column->name);
    for (size_t i = 0; i < rows; i++) {
        if (column->code[i] >= 0) {
            count[column->code[i]]++;
            present++;
        }
    }
    for (size_t code = 0; code < codes; code++) {
        if (count[code] > 0)
            count_value(&out, (struct mli_value){ .code = (int32_t)code, .count = count[code] });
    }
    out.mixed = mixed_type(ML_TYPE_NUMBER, column, rows, count, present);
    if (out.mixed.fitting == 0)
        out.mixed = mixed_type(ML_TYPE_INSTANT, column, rows, count, present);
    enum ml_status status = mli_variants_find(column->dict, count, &out.variants, err);
    free(count);
    if (status == ML_OK)
        *values = out;
    return status;
}

void mli_value_text(const struct mli_column *column, const struct mli_value *value, char *out, size_t size)
{
    char text[MLI_INSTANT_MAX];

    if (column->dict) {
        snprintf(out, size, "%s", mli_dict_text(column->dict, (size_t)value->code));
    } else if (column->type == ML_TYPE_INSTANT) {
        mli_instant_format(value->number, text);
        snprintf(out, size, "%s", text);
    } else {
        mli_num_format(value->number, text);
        snprintf(out, size, "%s", text);
    }
}
