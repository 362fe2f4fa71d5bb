#include <fit/target.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>

enum { MLI_MAX_CODES = 10, MLI_MAX_CLASSES = 1000 };

static enum ml_status find_column(const struct ml_table *table, const char *name,
                                  const struct ml_log *log, size_t *out, struct ml_error *err)
{
    if (!name) {
        *out = table->columns - 1;
        ml_log(log, ML_LOG_NOTE, "target: \"%s\", the last column (--target NAME takes another)",
               table->column[*out].name);
        return ML_OK;
    }
    return mli_table_target(table, name, out, err);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorted distinct values of a number column, at most `most` (more: *count = most + 1). */
static double *distinct_numbers(const struct mli_column *column, size_t rows, size_t most,
                                size_t *count)
{
    double *seen = mli_calloc(most + 1, sizeof *seen);
    *count = 0;
    for (size_t i = 0; seen && i < rows && *count <= most; i++) {
        double v = column->number[i];
        if (isnan(v))
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
        ++*count;
    }
    return seen;
}

/* The whole numbers 0..k-1, all of them, or any two values: codes of classes rather than quantities. */
static bool looks_like_codes(const double *value, size_t count)
{
    if (count == 2)
        return true;
    if (count < 2 || count > MLI_MAX_CODES)
        return false;
    for (size_t k = 0; k < count; k++)
        if (value[k] < (double)k || value[k] > (double)k)
            return false;
    return true;
}

static enum ml_status take_number_classes(const struct mli_column *column, const double *value,
                                          size_t count, struct mli_target *out, struct ml_error *err)
{
    out->label = mli_calloc(count, sizeof *out->label);
    if (!out->label)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    out->classes = count;
    for (size_t k = 0; k < count; k++) {
        char text[MLI_NUM_MAX];
        mli_num_format(value[k], text);
        out->label[k] = mli_strdup(text);
        if (!out->label[k])
            return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    for (size_t i = 0, row = 0; i < out->n; row++) {
        if (!out->has[row])
            continue;
        const double *at = bsearch(&column->number[row], value, count, sizeof *value, compare_doubles);
        out->y[i++] = (double)(at - value);
    }
    return ML_OK;
}

/* Dictionary codes in use, renumbered in dictionary order (a table's dictionaries are sorted). */
static enum ml_status take_text_classes(const struct mli_column *column, size_t rows,
                                        struct mli_target *out, struct ml_error *err)
{
    size_t size = mli_dict_count(column->dict), *map = mli_calloc(size, sizeof *map), classes = 0;
    if (!map)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < rows; i++)
        if (column->code[i] >= 0)
            map[column->code[i]] = 1;
    for (size_t code = 0; code < size; code++)
        if (map[code])
            map[code] = ++classes;
    enum ml_status status = ML_OK;
    out->label = mli_calloc(classes, sizeof *out->label);
    if (!out->label)
        status = ml_error_set(err, ML_ENOMEM, "out of memory");
    out->classes = out->label ? classes : 0;
    for (size_t code = 0; !status && code < size; code++) {
        if (!map[code])
            continue;
        out->label[map[code] - 1] = mli_strdup(mli_dict_text(column->dict, code));
        if (!out->label[map[code] - 1])
            status = ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    for (size_t i = 0, row = 0; !status && i < out->n; row++)
        if (out->has[row])
            out->y[i++] = (double)(map[column->code[row]] - 1);
    free(map);
    return status;
}

static enum ml_status count_classes(const struct ml_table *table, const struct mli_column *column,
                                    struct mli_target *out, struct ml_error *err)
{
    memset(out->count, 0, out->classes * sizeof *out->count);
    for (size_t i = 0; i < out->n; i++)
        out->count[(size_t)out->y[i]]++;
    for (size_t k = 0; k < out->classes; k++)
        if (out->count[k] < 2)
            return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                               "class \"%s\" of target \"%s\" has one row; a class needs two or more: leave that row out or merge the class",
                               out->label[k], column->name);
    return ML_OK;
}

static enum ml_status check_classes(const struct ml_table *table, const struct mli_column *column,
                                    struct mli_target *out, struct ml_error *err)
{
    if (out->classes < 2)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "target \"%s\" is constant (\"%s\" in all %zu rows); it needs at least two classes",
                           column->name, out->classes ? out->label[0] : "", out->n);
    if (out->classes > MLI_MAX_CLASSES)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "target \"%s\" has %zu classes, more than %d; is it an identifier? --target takes another column",
                           column->name, out->classes, MLI_MAX_CLASSES);
    out->count = mli_calloc(out->classes, sizeof *out->count);
    return out->count ? count_classes(table, column, out, err)
                      : ml_error_set(err, ML_ENOMEM, "out of memory");
}

static enum ml_status take_regression(const struct ml_table *table, const struct mli_column *column,
                                      struct mli_target *out, struct ml_error *err)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0, row = 0; i < out->n; row++) {
        if (!out->has[row])
            continue;
        out->y[i] = column->number[row];
        low = fmin(low, out->y[i]);
        high = fmax(high, out->y[i]);
        i++;
    }
    if (low < high)
        return ML_OK;
    return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                       "target \"%s\" is constant (%g in all %zu rows): there is nothing to learn; --target takes another column",
                       column->name, low, out->n);
}

static enum ml_status mark_rows(const struct ml_table *table, const struct mli_column *column,
                                const struct ml_log *log, struct mli_target *out, struct ml_error *err)
{
    out->has = mli_calloc(table->rows, 1);
    if (!out->has)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < table->rows; i++) {
        out->has[i] = (uint8_t)(column->number ? !isnan(column->number[i]) : column->code[i] >= 0);
        out->n += out->has[i];
    }
    if (out->n < 2)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "%zu row%s with a target \"%s\"; training needs at least two", out->n,
                           out->n == 1 ? "" : "s", column->name);
    if (out->n < table->rows)
        ml_log(log, ML_LOG_NOTE, "%zu of %zu rows have no target \"%s\" and are left out",
               table->rows - out->n, table->rows, column->name);
    out->y = mli_alloc(out->n, sizeof *out->y);
    return out->y ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
}

static enum ml_status take_number(const struct ml_table *table, const struct mli_column *column,
                                  const char *task, const struct ml_log *log, struct mli_target *out,
                                  struct ml_error *err)
{
    size_t count;
    double *value = distinct_numbers(column, table->rows, MLI_MAX_CLASSES, &count);
    if (!value)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    bool automatic = strcmp(task, "auto") == 0, codes = looks_like_codes(value, count);
    enum ml_status status = ML_OK;
    if (strcmp(task, "classification") == 0 && count > MLI_MAX_CLASSES)
        status = ml_error_at(err, ML_EDATA, table->source, 0, 0,
                             "target \"%s\" has more than %d distinct numbers; --task regression suits it",
                             column->name, MLI_MAX_CLASSES);
    else if (strcmp(task, "classification") == 0 || (automatic && codes))
        status = take_number_classes(column, value, count, out, err);
    else
        status = take_regression(table, column, out, err);
    if (!status && automatic && codes)
        ml_log(log, ML_LOG_NOTE,
               "task: classification, \"%s\" holds %zu class codes (--task regression overrides)",
               column->name, count);
    else if (!status && automatic)
        ml_log(log, ML_LOG_NOTE,
               "task: regression, \"%s\" is a quantity (--task classification overrides)", column->name);
    free(value);
    return status;
}

enum ml_status mli_target_find(const struct ml_table *table, const char *name, const char *task,
                               const struct ml_log *log, struct mli_target *out, struct ml_error *err)
{
    struct mli_target target = { 0 };
    enum ml_status status = find_column(table, name, log, &target.column, err);
    const struct mli_column *column = status ? NULL : &table->column[target.column];
    if (!status)
        status = mark_rows(table, column, log, &target, err);
    if (!status && column->type == ML_TYPE_INSTANT)
        status = ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                             "target \"%s\" is a date; a target is a number or a category", column->name);
    if (!status && strcmp(task, "regression") == 0 && column->code)
        status = ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                             "target \"%s\" is no number (it holds \"%s\"), so --task regression cannot be",
                             column->name, mli_dict_text(column->dict, 0));
    if (!status && column->number)
        status = take_number(table, column, task, log, &target, err);
    else if (!status) {
        status = take_text_classes(column, table->rows, &target, err);
        if (!status && strcmp(task, "auto") == 0)
            ml_log(log, ML_LOG_NOTE, "task: classification, \"%s\" is a category", column->name);
    }
    if (!status && target.label)
        status = check_classes(table, column, &target, err);
    if (status)
        mli_target_release(&target);
    else
        *out = target;
    return status;
}

bool mli_target_is_class(const struct ml_table *table, size_t column)
{
    const struct mli_column *c = &table->column[column];
    size_t count;
    if (c->code)
        return mli_dict_count(c->dict) >= 2 && mli_dict_count(c->dict) <= MLI_MAX_CLASSES;
    double *value = c->type == ML_TYPE_NUMBER ? distinct_numbers(c, table->rows, MLI_MAX_CODES, &count) : NULL;
    bool is = value && looks_like_codes(value, count);
    free(value);
    return is;
}

enum ml_status mli_target_leave_out(struct mli_target *target, const struct ml_table *table,
                                    const uint8_t *out, struct ml_error *err)
{
    size_t n = 0;
    for (size_t row = 0, i = 0; row < table->rows; row++) {
        if (!target->has[row])
            continue;
        target->has[row] = !out[row];
        target->y[n] = target->y[i++];
        n += !out[row];
    }
    target->n = n;
    if (target->classes)
        return count_classes(table, &table->column[target->column], target, err);
    if (n < 2)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "%zu row%s left without the duplicates; training needs at least two", n,
                           n == 1 ? " is" : "s are");
    return ML_OK;
}

void mli_target_release(struct mli_target *target)
{
    for (size_t k = 0; target->label && k < target->classes; k++)
        free(target->label[k]);
    free(target->label);
    free(target->count);
    free(target->y);
    free(target->has);
    *target = (struct mli_target){ 0 };
}

int32_t mli_label_find(size_t classes, char *const *label, const char *text, size_t len)
{
    for (size_t k = 0; k < classes; k++)
        if (strlen(label[k]) == len && memcmp(label[k], text, len) == 0)
            return (int32_t)k;
    double value;
    char number[MLI_NUM_MAX];
    if (classes == 2 && mli_boolean_pair(label[0], label[1]) && mli_boolean_parse(text, len) >= 0)
        return mli_boolean_parse(text, len);
    if (!mli_num_parse(text, len, &value))
        return -1;
    mli_num_format(value, number);
    for (size_t k = 0; k < classes; k++)
        if (strcmp(label[k], number) == 0)
            return (int32_t)k;
    return -1;
}
