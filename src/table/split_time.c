#include <table/split_parts.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct moment {
    double value;
    size_t row;
};

static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* The change of value nearest to `at`, of two the later one; 0 when all before `end` are equal. */
static size_t nearest_change(const struct moment *moment, size_t at, size_t end)
{
    size_t low = at, high = at;

    if (at == 0 || at >= end)
        return 0;
    while (low > 0 && moment[low - 1].value == moment[at].value)
        low--;
    while (high < end && moment[high].value == moment[at].value)
        high++;
    if (low == at)
        return at;
    if (high == end || (low > 0 && at - low < high - at))
        return low;
    return high;
}

static void cut_moments(const struct mli_split *split, const struct moment *moment, size_t n,
                        uint8_t *part)
{
    size_t end = n, held = 0;

    for (size_t p = split->shares; p > 0; p--) {
        held += mli_split_share(n, split->share[p - 1]);
        size_t from = nearest_change(moment, held < n ? n - held : 0, end);
        for (size_t i = from; i < end; i++)
            part[moment[i].row] = (uint8_t)p;
        end = from;
    }
}

enum ml_status mli_split_time(const struct mli_split *split, const struct mli_split_rows *rows,
                              uint8_t *part, struct ml_error *err)
{
    size_t at, present = 0;
    enum ml_status status = mli_split_column(split, rows->table, &at, err);

    if (status != ML_OK)
        return status;
    const struct mli_column *column = &rows->table->column[at];
    if (!column->number)
        return ml_error_set(err, ML_EDATA,
                            "split time:%s: the column is a %s; it takes a number or an instant",
                            split->column, ml_type_name(column->type));
    struct moment *moment = mli_alloc(rows->n, sizeof(*moment));
    if (!moment)
        return mli_split_out_of_memory(rows->n, err);
    memset(part, 0, rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        if (!isnan(column->number[i]))
            moment[present++] = (struct moment){ column->number[i], i };
    }
    qsort(moment, present, sizeof(*moment), compare_moments);
    cut_moments(split, moment, present, part);
    free(moment);
    if (present < rows->n)
        ml_log(rows->log, ML_LOG_WARNING,
               "%zu of %zu rows have no \"%s\": they are held out nowhere", rows->n - present,
               rows->n, split->column);
    return ML_OK;
}
