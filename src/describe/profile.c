#include <describe/profile.h>

#include <math.h>

/* The finaliser of splitmix64 [Steele, Lea & Flood 2014]; its sum over rows does not depend on their order. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static void count_missing(struct mli_profile *out, const struct mli_column *column, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        if (column->number ? !isnan(column->number[i]) : column->code[i] >= 0)
            continue;
        out->missing++;
        out->missing_rows += mix(i);
    }
    out->present = rows - out->missing;
}

static void fill_doubles(struct mli_profile *out, const struct mli_column *column, size_t rows,
                         const struct mli_order *order, double *scratch)
{
    mli_values_of_numbers(&out->values, order);
    mli_histogram_fill(&out->histogram, order, column->integer);
    if (column->type == ML_TYPE_INSTANT)
        mli_instants_fill(&out->instants, order, scratch);
    else
        mli_number_fill(&out->number, column->number, rows, order);
}

enum ml_status mli_profile_fill(struct mli_profile *profile, const struct mli_column *column, size_t rows,
                                const struct mli_order *order, double *scratch, struct ml_error *err)
{
    struct mli_profile out = { 0 };
    enum ml_status status = ML_OK;

    count_missing(&out, column, rows);
    if (out.present > 0 && column->number)
        fill_doubles(&out, column, rows, order, scratch);
    if (column->code)
        status = mli_values_of_codes(&out.values, column, rows, err);
    bool words = column->type == ML_TYPE_TEXT || column->type == ML_TYPE_IDENTIFIER;
    if (status == ML_OK && words && out.present > 0)
        status = mli_words_fill(&out.words, column, rows, err);
    if (status == ML_OK)
        *profile = out;
    return status;
}
