#include <fit/distinct.h>

#include <base/mem.h>
#include <math.h>
#include <string.h>

enum { SAME = 16 /* values that are compared at once */ };

size_t mli_distinct_place(const double *value, size_t count, double v)
{
    const double *at = value;
    for (size_t n = count, half; n > 1; n -= half) {
        half = n / 2;
        at += at[half] <= v ? half : 0;
    }
    return (size_t)(at - value);
}

/* Whether SAME values are all one of two. */
static bool all_among(const double *x, const double two[2])
{
    bool all = true;
    for (size_t i = 0; i < SAME; i++)
        all &= (x[i] == two[0]) | (x[i] == two[1]);
    return all;
}

double *mli_distinct_numbers(const struct mli_column *column, const uint8_t *has, size_t rows, size_t most, size_t *count)
{
    double *seen = mli_calloc(most + 1, sizeof *seen), last[2] = { NAN, NAN };
    *count = 0;
    for (size_t i = 0; seen && i < rows && *count <= most; i++) {
        if (i % SAME == 0 && rows - i >= SAME && all_among(column->number + i, last)) {
            i += SAME - 1;
            continue;
        }
        double v = column->number[i];
        if ((v == last[0]) | (v == last[1]) || isnan(v) || (has && !has[i])) /* of two, which one cannot be foreseen */
            continue;
        size_t low = 0, high = *count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (seen[middle] < v)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < *count && !(seen[low] > v))
            continue;
        if (*count == most) {
            *count = most + 1;
            break;
        }
        memmove(seen + low + 1, seen + low, (*count - low) * sizeof *seen);
        seen[low] = v;
        last[*count % 2] = v;
        ++*count;
    }
    return seen;
}

bool mli_distinct_codes(const double *value, size_t count)
{
    if (count == 2)
        return true;
    if (count < 2 || count > MLI_CODES_MOST)
        return false;
    for (size_t k = 0; k < count; k++)
        if (value[k] < (double)k || value[k] > (double)k)
            return false;
    return true;
}

void mli_distinct_reached(size_t n, const double *x, size_t count, const double *value, double *y)
{
    for (size_t i = 0; i < n; i++) {
        unsigned above = 0;
        for (size_t k = 1; k < count; k++)
            above += x[i] >= value[k];
        y[i] = above;
    }
}
