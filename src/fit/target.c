#include <fit/target.h>

#include <base/buf.h>
#include <base/mem.h>
#include <base/num.h>
#include <fit/distinct.h>
#include <fit/finite.h>
#include <fit/target_names.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>

enum { MLI_MAX_CLASSES = 1000, FEW = 8 /* classes */ };

/* One of the target's columns, on its way. */
struct finding {
    const struct ml_table *table;
    const struct mli_column *column;
    struct mli_target *target;
    struct mli_target_column *of;
    const char *task;
    const struct ml_log *log;
};

static double *place(const struct finding *f, size_t i)
{
    return &f->target->y[i * f->target->columns + (size_t)(f->of - f->target->of)];
}

static void number_some(const struct finding *f, const double *value, size_t count)
{
    for (size_t i = 0, row = 0; i < f->target->n; row++)
        if (f->target->has[row])
            *place(f, i++) = (double)mli_distinct_place(value, count, f->column->number[row]);
}

static enum ml_status take_number_classes(const struct finding *f, const double *value, size_t count,
                                          struct ml_error *err)
{
    struct mli_target_column *of = f->of;
    of->label = mli_calloc(count, sizeof *of->label);
    if (!of->label)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    of->classes = count;
    for (size_t k = 0; k < count; k++) {
        char text[MLI_NUM_MAX];
        mli_num_format(value[k], text);
        of->label[k] = mli_strdup(text);
        if (!of->label[k])
            return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    if (f->target->columns == 1 && f->target->n == f->table->rows && count <= FEW)
        mli_distinct_reached(f->table->rows, f->column->number, count, value, f->target->y);
    else
        number_some(f, value, count);
    return ML_OK;
}

/* Dictionary codes in use, renumbered in dictionary order (a table's dictionaries are sorted). */
static enum ml_status take_text_classes(const struct finding *f, struct ml_error *err)
{
    const struct mli_column *column = f->column;
    struct mli_target_column *of = f->of;
    size_t size = mli_dict_count(column->dict), *map = mli_calloc(size, sizeof *map), classes = 0;
    if (!map)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < f->table->rows; i++)
        if (f->target->has[i])
            map[column->code[i]] = 1;
    for (size_t code = 0; code < size; code++)
        if (map[code])
            map[code] = ++classes;
    enum ml_status status = ML_OK;
    of->label = mli_calloc(classes, sizeof *of->label);
    if (!of->label)
        status = ml_error_set(err, ML_ENOMEM, "out of memory");
    of->classes = of->label ? classes : 0;
    for (size_t code = 0; !status && code < size; code++) {
        if (!map[code])
            continue;
        of->label[map[code] - 1] = mli_strdup(mli_dict_text(column->dict, code));
        if (!of->label[map[code] - 1])
            status = ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    for (size_t i = 0, row = 0; !status && i < f->target->n; row++)
        if (f->target->has[row])
            *place(f, i++) = (double)(map[column->code[row]] - 1);
    free(map);
    return status;
}

/* A cell that makes classes of what would be numbers. */
static enum ml_status refuse_odd(const struct finding *f, int32_t code, const char *what, struct ml_error *err)
{
    const char *text = mli_dict_text(f->column->dict, (size_t)code);
    return ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                       "row %zu: target \"%s\" is \"%.40s\", which is not %s; --na %.40s leaves such rows out",
                       mli_code_row(f->table, f->column, code) + 1, f->column->name, text, what, text);
}

/* Few classes: two rows at a time in lists of their own, as the next of a class would wait until the last is counted. */
static void count_codes(const struct finding *f, size_t *count)
{
    size_t i = 0, n = f->target->n, odd[FEW] = { 0 };
    memset(count, 0, f->of->classes * sizeof *count);
    for (; f->of->classes <= FEW && n - i >= 2; i += 2) {
        count[(size_t)*place(f, i)]++;
        odd[(size_t)*place(f, i + 1)]++;
    }
    for (; i < n; i++)
        count[(size_t)*place(f, i)]++;
    for (size_t k = 0; k < FEW && k < f->of->classes; k++)
        count[k] += odd[k];
}

static enum ml_status count_classes(const struct finding *f, struct ml_error *err)
{
    struct mli_target_column *of = f->of;
    count_codes(f, of->count);
    for (size_t k = 0; k < of->classes && !f->target->known; k++)
        if (of->count[k] < 2 && mli_odd_code(f->column) >= 0)
            return refuse_odd(f, mli_odd_code(f->column), "a number, as the others are", err);
        else if (of->count[k] < 2)
            return ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                               "class \"%s\" of target \"%s\" has one row; a class needs two or more: leave that row out or merge the class",
                               of->label[k], f->column->name);
    return ML_OK;
}

static enum ml_status check_classes(const struct finding *f, struct ml_error *err)
{
    struct mli_target_column *of = f->of;
    if (of->classes < 2)
        return ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                           "target \"%s\" is constant (\"%s\" in all %zu rows); it needs at least two classes",
                           f->column->name, of->classes ? of->label[0] : "", f->target->n);
    if (of->classes > MLI_MAX_CLASSES)
        return ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                           "target \"%s\" has %zu classes, more than %d; is it an identifier? --target takes another column",
                           f->column->name, of->classes, MLI_MAX_CLASSES);
    of->count = mli_calloc(of->classes, sizeof *of->count);
    return of->count ? count_classes(f, err) : ml_error_set(err, ML_ENOMEM, "out of memory");
}

static enum ml_status take_regression(const struct finding *f, struct ml_error *err)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0, row = 0; i < f->target->n; row++) {
        if (!f->target->has[row])
            continue;
        double value = f->column->number[row];
        *place(f, i++) = value;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    if (low < high)
        return ML_OK;
    return ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                       "target \"%s\" is constant (%g in all %zu rows): there is nothing to learn; --target takes another column",
                       f->column->name, low, f->target->n);
}

/* Rows without a value in that column lose their mark. */
static void unmark_missing(const struct mli_column *column, size_t rows, uint8_t *has)
{
    for (size_t i = 0; column->number && i < rows; i++)
        has[i] = isnan(column->number[i]) ? 0 : has[i];
    for (size_t i = 0; !column->number && i < rows; i++)
        has[i] = column->code[i] < 0 ? 0 : has[i];
}

static enum ml_status mark_rows(const struct ml_table *table, const struct ml_log *log, struct mli_target *out,
                                struct ml_error *err)
{
    const char *first = table->column[out->of[0].column].name;
    out->has = mli_calloc(table->rows, 1);
    if (!out->has)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    memset(out->has, 1, table->rows);
    for (size_t t = 0; t < out->columns; t++)
        unmark_missing(&table->column[out->of[t].column], table->rows, out->has);
    for (size_t i = 0; i < table->rows; i++)
        out->n += out->has[i];
    if (out->n < 2 && out->columns > 1)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "%zu row%s with all %zu targets; training needs at least two", out->n,
                           out->n == 1 ? "" : "s", out->columns);
    if (out->n < 2)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "%zu row%s with a target \"%s\"; training needs at least two", out->n,
                           out->n == 1 ? "" : "s", first);
    if (out->n < table->rows && out->columns > 1)
        ml_log(log, ML_LOG_NOTE, "%zu of %zu rows lack one of the %zu targets or more and are left out",
               table->rows - out->n, table->rows, out->columns);
    else if (out->n < table->rows)
        ml_log(log, ML_LOG_NOTE, "%zu of %zu rows have no target \"%s\" and are left out",
               table->rows - out->n, table->rows, first);
    out->spool = table->spool;
    out->y = out->spool ? mli_spool_alloc(out->spool, out->n, out->columns * sizeof *out->y)
                        : mli_alloc(out->n, out->columns * sizeof *out->y);
    return out->y ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
}

static enum ml_status take_number(const struct finding *f, struct ml_error *err)
{
    const struct mli_column *column = f->column;
    size_t count;
    double *value = mli_distinct_numbers(column, f->target->has, f->table->rows, MLI_MAX_CLASSES, &count);
    if (!value)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    bool automatic = strcmp(f->task, "auto") == 0, codes = mli_distinct_codes(value, count);
    enum ml_status status = ML_OK;
    if (strcmp(f->task, "classification") == 0 && count > MLI_MAX_CLASSES)
        status = ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                             "target \"%s\" has more than %d distinct numbers; --task regression suits it",
                             column->name, MLI_MAX_CLASSES);
    else if (strcmp(f->task, "classification") == 0 || (automatic && codes))
        status = take_number_classes(f, value, count, err);
    else
        status = take_regression(f, err);
    if (!status && automatic && codes)
        ml_log(f->log, ML_LOG_NOTE,
               "task: classification, \"%s\" holds %zu class codes (--task regression overrides)",
               column->name, count);
    else if (!status && automatic)
        ml_log(f->log, ML_LOG_NOTE,
               "task: regression, \"%s\" is a quantity (--task classification overrides)", column->name);
    free(value);
    return status;
}

/* One of several: of two values, whatever they are. */
static enum ml_status take_label(const struct finding *f, struct ml_error *err)
{
    const struct mli_column *column = f->column;
    size_t count = 0;
    double *value = column->number ? mli_distinct_numbers(column, f->target->has, f->table->rows, 2, &count) : NULL;
    if (column->number && !value)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    enum ml_status status = ML_OK;
    if (count > 2)
        status = ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                             "target \"%s\" has more than two values (%g, %g ...); of several targets each is a label of two values",
                             column->name, value[0], value[1]);
    else if (column->number)
        status = take_number_classes(f, value, count, err);
    else
        status = take_text_classes(f, err);
    free(value);
    if (!status && f->of->classes > 2)
        status = ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                             "target \"%s\" has %zu values (\"%.40s\", \"%.40s\", \"%.40s\"%s); of several targets each is a label of two values",
                             column->name, f->of->classes, f->of->label[0], f->of->label[1], f->of->label[2],
                             f->of->classes > 3 ? ", ..." : "");
    return status;
}

static enum ml_status check_type(const struct finding *f, struct ml_error *err)
{
    const struct mli_column *column = f->column;
    if (column->type == ML_TYPE_INSTANT)
        return ml_error_at(err, ML_EUSAGE, f->table->source, 0, 0,
                           "target \"%s\" is a date; a target is a number or a category", column->name);
    int32_t infinite = strcmp(f->task, "classification") == 0 ? -1 : mli_infinite_code(column);
    if (infinite >= 0)
        return refuse_odd(f, infinite, "a finite number", err);
    if (strcmp(f->task, "regression") == 0 && column->code)
        return ml_error_at(err, ML_EUSAGE, f->table->source, 0, 0,
                           "target \"%s\" is no number (it holds \"%s\"), so --task regression cannot be",
                           column->name, mli_dict_text(column->dict, 0));
    return ML_OK;
}

static enum ml_status take_column(const struct finding *f, struct ml_error *err)
{
    enum ml_status status = check_type(f, err);
    bool several = f->target->columns > 1;
    if (!status && several)
        status = take_label(f, err);
    else if (!status && f->column->number)
        status = take_number(f, err);
    else if (!status)
        status = take_text_classes(f, err);
    if (!status && !several && f->column->code && strcmp(f->task, "auto") == 0)
        ml_log(f->log, ML_LOG_NOTE, "task: classification, \"%s\" is a category", f->column->name);
    if (!status && f->of->label)
        status = check_classes(f, err);
    return status;
}

/* The columns that are asked for; each is something that a target can be if it has to. */
static enum ml_status find_columns(const struct ml_table *table, const char *names, const char *task,
                                   const struct ml_log *log, struct mli_target *out, struct ml_error *err)
{
    size_t *column, n;
    enum ml_status status = mli_target_names(table, names, log, &column, &n, err);
    if (status)
        return status;
    bool labels = strcmp(task, "auto") == 0 || strcmp(task, "classification") == 0 || strcmp(task, "multilabel") == 0;
    if (n > 1 && !labels)
        status = ml_error_set(err, ML_EUSAGE,
                              "--target names %zu columns; several targets are labels of two values each, and no task, kind or loss for a number goes with them",
                              n);
    else if (n == 1 && strcmp(task, "multilabel") == 0)
        status = ml_error_set(err, ML_EUSAGE, "--task multilabel is for several targets, --target a,b; \"%s\" is one",
                              table->column[column[0]].name);
    else if (n > MLI_LABELS_MAX)
        status = ml_error_set(err, ML_EUSAGE, "--target names %zu columns; at most %d labels can be predicted together", n,
                              MLI_LABELS_MAX);
    else if (!(out->of = mli_calloc(n, sizeof *out->of)))
        status = ml_error_set(err, ML_ENOMEM, "out of memory");
    out->columns = n;
    for (size_t t = 0; !status && t < n; t++)
        out->of[t].column = column[t];
    free(column);
    return status;
}

/* Which of its two values each label is asked for, "a" = yes: what F1 and the weights of classes are about. */
static void say_labels(const struct ml_table *table, const struct mli_target *target, const struct ml_log *log)
{
    struct mli_buf text;
    mli_buf_init(&text, SIZE_MAX);
    for (size_t t = 0; t < target->columns; t++)
        mli_buf_printf(&text, "%s\"%s\" = %s", t ? ", " : "", table->column[target->of[t].column].name,
                       target->of[t].label[1]);
    if (text.status == ML_OK)
        ml_log(log, ML_LOG_NOTE, "task: multilabel, %zu labels of two values each; scores are of %s", target->columns, text.data);
    mli_buf_release(&text);
}

enum ml_status mli_target_find(const struct ml_table *table, const char *names, const char *task,
                               const struct ml_log *log, struct mli_target *out, struct ml_error *err)
{
    struct mli_target target = { 0 };
    enum ml_status status = find_columns(table, names, task, log, &target, err);
    if (!status)
        status = mark_rows(table, log, &target, err);
    for (size_t t = 0; !status && t < target.columns; t++) {
        const struct finding finding = { .table = table,
                                         .column = &table->column[target.of[t].column],
                                         .target = &target,
                                         .of = &target.of[t],
                                         .task = task,
                                         .log = log };
        status = take_column(&finding, err);
    }
    if (status) {
        mli_target_release(&target);
        return status;
    }
    target.task = target.columns > 1    ? MLI_TASK_MULTILABEL
                  : target.of[0].classes ? MLI_TASK_CLASSIFICATION
                                         : MLI_TASK_REGRESSION;
    if (target.columns > 1)
        say_labels(table, &target, log);
    *out = target;
    return ML_OK;
}

bool mli_target_is_class(const struct ml_table *table, size_t column)
{
    const struct mli_column *c = &table->column[column];
    size_t count;
    if (c->code)
        return mli_dict_count(c->dict) >= 2 && mli_dict_count(c->dict) <= MLI_MAX_CLASSES;
    double *value =
        c->type == ML_TYPE_NUMBER ? mli_distinct_numbers(c, NULL, table->rows, MLI_CODES_MOST, &count) : NULL;
    bool is = value && mli_distinct_codes(value, count);
    free(value);
    return is;
}

enum ml_status mli_target_leave_out(struct mli_target *target, const struct ml_table *table,
                                    const uint8_t *out, struct ml_error *err)
{
    size_t n = 0, columns = target->columns;
    for (size_t row = 0, i = 0; row < table->rows; row++) {
        if (!target->has[row])
            continue;
        target->has[row] = !out[row];
        memmove(target->y + n * columns, target->y + i * columns, columns * sizeof *target->y);
        i++;
        n += !out[row];
    }
    target->n = n;
    if (n < 2 && target->task == MLI_TASK_REGRESSION)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "%zu row%s left without the duplicates; training needs at least two", n,
                           n == 1 ? " is" : "s are");
    enum ml_status status = ML_OK;
    for (size_t t = 0; !status && t < columns && target->of[t].classes; t++) {
        const struct finding finding = { .table = table,
                                         .column = &table->column[target->of[t].column],
                                         .target = target,
                                         .of = &target->of[t] };
        status = count_classes(&finding, err);
    }
    return status;
}

void mli_target_release(struct mli_target *target)
{
    for (size_t t = 0; target->of && t < target->columns; t++) {
        struct mli_target_column *of = &target->of[t];
        for (size_t k = 0; of->label && k < of->classes; k++)
            free(of->label[k]);
        free(of->label);
        free(of->count);
    }
    free(target->of);
    if (target->spool)
        mli_spool_give_back(target->spool, target->y);
    else
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
