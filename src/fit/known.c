/* A target whose classes a model has settled, found again in other rows. */
#include <fit/target.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One of the target's columns, on its way. */
struct finding {
    const struct ml_table *table;
    const struct mli_column *column;
    struct mli_target *target;
    struct mli_target_column *of;
    double *y; /* of the first row; the next is target->columns further */
};

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static bool is_missing(const struct mli_column *column, size_t row)
{
    return column->number ? isnan(column->number[row]) : column->code[row] < 0;
}

static enum ml_status refuse_class(const struct finding *f, size_t row, const char *text, struct ml_error *err)
{
    const struct mli_target_column *of = f->of;
    return ml_error_at(err, ML_EDATA, f->table->source, 0, 0,
                       "row %zu: target \"%s\" is \"%s\", which is not one of the %zu classes the model knows (\"%s\", \"%s\"%s)",
                       row + 1, f->column->name, text, of->classes, of->label[0], of->label[1], of->classes > 2 ? ", ..." : "");
}

/* One an entry of the dictionary: its class, -1: none of them. */
static int32_t *translate(const struct mli_dict *dict, const struct mli_target_column *of)
{
    size_t n = mli_dict_count(dict);
    int32_t *map = mli_alloc(n, sizeof *map);
    for (size_t i = 0; map && i < n; i++) {
        const char *text = mli_dict_text(dict, i);
        map[i] = mli_label_find(of->classes, of->label, text, strlen(text));
    }
    return map;
}

static int32_t class_of_number(const struct mli_target_column *of, double value, char text[MLI_NUM_MAX])
{
    mli_num_format(value, text);
    return mli_label_find(of->classes, of->label, text, strlen(text));
}

static enum ml_status take_classes(const struct finding *f, struct ml_error *err)
{
    const struct mli_column *column = f->column;
    int32_t *map = column->dict ? translate(column->dict, f->of) : NULL;
    enum ml_status status = map || !column->dict ? ML_OK : no_memory(err);
    for (size_t row = 0, i = 0; !status && row < f->table->rows; row++) {
        char number[MLI_NUM_MAX];
        if (!f->target->has[row])
            continue;
        int32_t class = map ? map[column->code[row]] : class_of_number(f->of, column->number[row], number);
        if (class < 0) {
            status = refuse_class(f, row, map ? mli_dict_text(column->dict, (size_t)column->code[row]) : number, err);
            break;
        }
        f->of->count[class]++;
        f->y[i++ * f->target->columns] = class;
    }
    free(map);
    return status;
}

static enum ml_status copy_labels(const struct mli_model_target *from, struct mli_target_column *of, struct ml_error *err)
{
    of->label = mli_calloc(from->classes, sizeof *of->label);
    of->count = mli_calloc(from->classes, sizeof *of->count);
    if (!of->label || !of->count)
        return no_memory(err);
    of->classes = from->classes;
    for (size_t k = 0; k < from->classes; k++)
        if (!(of->label[k] = mli_strdup(from->label[k])))
            return no_memory(err);
    return ML_OK;
}

static enum ml_status take_numbers(const struct finding *f, struct ml_error *err)
{
    const struct mli_column *column = f->column;
    if (column->type != ML_TYPE_NUMBER)
        return ml_error_at(err, ML_EDATA, f->table->source, 0, 0, "target \"%s\" is a number for the model, and here it is %s",
                           column->name, column->type == ML_TYPE_INSTANT ? "a date" : "text");
    for (size_t row = 0, i = 0; row < f->table->rows; row++)
        if (f->target->has[row])
            f->y[i++ * f->target->columns] = column->number[row];
    return ML_OK;
}

static enum ml_status find_columns(const struct ml_table *table, const struct ml_model *model, struct mli_target *target,
                                   struct ml_error *err)
{
    target->of = mli_calloc(model->targets, sizeof *target->of);
    if (!target->of)
        return no_memory(err);
    target->columns = model->targets;
    for (size_t t = 0; t < model->targets; t++) {
        target->of[t].column = ml_table_find(table, model->target[t].name);
        if (target->of[t].column == table->columns)
            return ml_error_at(err, ML_EDATA, table->source, 0, 0, "there is no column \"%s\", the target of the model",
                               model->target[t].name);
    }
    return ML_OK;
}

/* A row has a target when no column of it is missing. */
static enum ml_status mark_rows(const struct ml_table *table, const char *name, const struct ml_log *log,
                                struct mli_target *target, struct ml_error *err)
{
    target->has = mli_calloc(table->rows, 1);
    if (!target->has)
        return no_memory(err);
    for (size_t row = 0; row < table->rows; row++) {
        size_t t = 0;
        while (t < target->columns && !is_missing(&table->column[target->of[t].column], row))
            t++;
        target->n += target->has[row] = t == target->columns;
    }
    if (target->n < 2)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0, "%zu row%s with a target \"%s\"; training needs at least two",
                           target->n, target->n == 1 ? "" : "s", name);
    if (target->n < table->rows)
        ml_log(log, ML_LOG_NOTE, "%zu of %zu rows have no target \"%s\" and are left out", table->rows - target->n,
               table->rows, name);
    target->y = mli_alloc(target->n, target->columns * sizeof *target->y);
    return target->y ? ML_OK : no_memory(err);
}

enum ml_status mli_target_known(const struct ml_table *table, const struct ml_model *model, const struct ml_log *log,
                                struct mli_target *out, struct ml_error *err)
{
    struct mli_target target = { .task = model->loss.task, .known = true };
    enum ml_status status = find_columns(table, model, &target, err);
    if (!status)
        status = mark_rows(table, model->target_names, log, &target, err);
    for (size_t t = 0; !status && t < target.columns; t++) {
        const struct finding f = { table, &table->column[target.of[t].column], &target, &target.of[t], target.y + t };
        if (model->target[t].classes)
            status = copy_labels(&model->target[t], f.of, err);
        if (!status)
            status = model->target[t].classes ? take_classes(&f, err) : take_numbers(&f, err);
    }
    if (status)
        mli_target_release(&target);
    else
        *out = target;
    return status;
}
