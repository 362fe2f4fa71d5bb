#include <table/split.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/suggest.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <table/split_parts.h>

size_t mli_split_parts(const struct mli_split *split)
{
    if (split->kind == MLI_SPLIT_NONE)
        return 1;
    return split->shares ? split->shares + 1 : 2;
}

size_t mli_split_share(size_t n, double fraction)
{
    size_t share = (size_t)floor((double)n * fraction + 0.5);

    if (n < 2)
        return 0;
    if (share < 1)
        return 1;
    return share < n ? share : n - 1;
}

size_t mli_split_classes(const struct mli_split_rows *rows)
{
    size_t k = 1;

    for (size_t i = 0; rows->classes && i < rows->n; i++)
        k = (size_t)rows->classes[i] >= k ? (size_t)rows->classes[i] + 1 : k;
    return k;
}

size_t mli_split_class(const struct mli_split_rows *rows, size_t i)
{
    return rows->classes ? (size_t)rows->classes[i] : 0;
}

enum ml_status mli_split_out_of_memory(size_t n, struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for a split of %zu rows", n);
}

/* The number 1, or true, yes or test in any case. "1.0" means the same here and in a NUMBER column. */
static bool marks(const char *text)
{
    static const char *const words[] = { "true", "yes", "test" };
    double number;

    if (mli_num_parse(text, strlen(text), &number))
        return number == 1.0;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static bool says_test(const struct mli_column *column, size_t row)
{
    if (column->number)
        return column->number[row] == 1.0;
    if (column->type == ML_TYPE_BOOLEAN) /* whichever its two words are */
        return column->code[row] == 1;
    return column->code[row] >= 0 && marks(mli_dict_text(column->dict, (size_t)column->code[row]));
}

enum ml_status mli_split_find(const struct ml_table *table, const char *what, const char *name,
                              size_t *column, struct ml_error *err)
{
    size_t columns = ml_table_columns(table), found = ml_table_find(table, name), near = columns;

    if (found < columns) {
        *column = found;
        return ML_OK;
    }
    const char **names = mli_alloc(columns, sizeof(*names));
    for (size_t i = 0; names && i < columns; i++)
        names[i] = table->column[i].name;
    if (names)
        near = mli_suggest(name, names, columns);
    free(names);
    return ml_error_set(
        err, ML_EUSAGE, "%s: no such column%s%s%s", what, near < columns ? "; did you mean \"" : "",
        near < columns ? table->column[near].name : "", near < columns ? "\"?" : "");
}

enum ml_status mli_split_column(const struct mli_split *split, const struct ml_table *table,
                                size_t *column, struct ml_error *err)
{
    char what[sizeof(split->column) + 16];

    snprintf(what, sizeof(what), "split %s:%s", split->kind == MLI_SPLIT_TIME ? "time" : "column",
             split->column);
    return mli_split_find(table, what, split->column, column, err);
}

static enum ml_status split_column(const struct mli_split *split, const struct mli_split_rows *rows,
                                   uint8_t *part, struct ml_error *err)
{
    size_t column;
    enum ml_status status = mli_split_column(split, rows->table, &column, err);

    for (size_t i = 0; i < rows->n && status == ML_OK; i++)
        part[i] = says_test(&rows->table->column[column], i);
    return status;
}

static void split_every(size_t every, size_t n, uint8_t *part)
{
    memset(part, 0, n);
    for (size_t end = n; end >= every; end -= every) /* from the front, so that nothing can overflow */
        part[n - end + every - 1] = 1;
}

static void split_last(const struct mli_split *split, size_t n, uint8_t *part)
{
    size_t end = n;

    memset(part, 0, n);
    for (size_t p = split->shares; p > 0; p--) {
        size_t share = mli_split_share(n, split->share[p - 1]);
        size_t from = share < end ? end - share : 0;
        memset(part + from, (int)p, end - from);
        end = from;
    }
}

static enum ml_status check_two_sides(const struct mli_split *split, size_t held, size_t n,
                                      struct ml_error *err)
{
    if (split->kind == MLI_SPLIT_COLUMN)
        return ml_error_set(
            err, ML_EDATA,
            "split column:%s holds out %zu of %zu rows; rows to hold out say 1, true, yes or test",
            split->column, held, n);
    return ml_error_set(err, ML_EDATA,
                        "the split holds out %zu of %zu rows; there must be rows on both sides",
                        held, n);
}

static enum ml_status check_parts(const struct mli_split *split, size_t n, const uint8_t *part,
                                  struct ml_error *err)
{
    size_t parts = mli_split_parts(split), count[MLI_SPLIT_SHARES + 1] = { 0 };

    for (size_t i = 0; i < n; i++)
        count[part[i]]++;
    for (size_t p = 0; p < parts; p++) {
        if (count[p] > 0)
            continue;
        if (parts == 2)
            return check_two_sides(split, count[1], n, err);
        return ml_error_set(err, ML_EDATA,
                            "%zu rows are too few for a split into %zu parts: one would be empty",
                            n, parts);
    }
    return ML_OK;
}

enum ml_status mli_split_apply(const struct mli_split *split, const struct mli_split_rows *rows,
                               uint64_t seed, uint8_t *part, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    if (rows->groups && split->kind != MLI_SPLIT_RANDOM && split->kind != MLI_SPLIT_NONE)
        return ml_error_set(err, ML_EUSAGE, "groups go with a random split: random:F");
    switch (split->kind) {
    case MLI_SPLIT_NONE:
        memset(part, 0, rows->n);
        return ML_OK;
    case MLI_SPLIT_RANDOM:
        status = rows->groups ? mli_split_groups(split, rows, seed, part, err)
                              : mli_split_random(split, rows, seed, part, err);
        break;
    case MLI_SPLIT_EVERY:
        split_every(split->every, rows->n, part);
        break;
    case MLI_SPLIT_LAST:
        split_last(split, rows->n, part);
        break;
    case MLI_SPLIT_COLUMN:
        status = split_column(split, rows, part, err);
        break;
    case MLI_SPLIT_TIME:
        status = mli_split_time(split, rows, part, err);
        break;
    }
    return status == ML_OK ? check_parts(split, rows->n, part, err) : status;
}
