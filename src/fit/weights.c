#include <fit/weights.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/suggest.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/dict.h>

#define WEIGHT_MOST 1e100 /* so that sums of them, times gradients, stay finite */

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- of classes -------------------------------------------------------------------------------------------------- */

/* weight of the classes of one of the target's columns */
static enum ml_status balance(const struct mli_plan *plan, size_t column, double *weight, struct ml_error *err)
{
    const struct mli_target *target = &plan->target;
    size_t classes = target->of[column].classes, *count = mli_calloc(classes, sizeof *count), n = 0, present = 0;
    if (!count)
        return no_memory(err);
    for (size_t row = 0, i = 0; i < target->n; row++) {
        if (!target->has[row])
            continue;
        if (plan->part[row] == MLI_PART_TRAIN) {
            count[(size_t)target->y[i * target->columns + column]]++;
            n++;
        }
        i++;
    }
    for (size_t k = 0; k < classes; k++)
        present += count[k] > 0;
    for (size_t k = 0; k < classes; k++)
        weight[k] = count[k] ? (double)n / ((double)present * (double)count[k]) : 1;
    free(count);
    return ML_OK;
}

/* Sum of the training rows' weights, and of these times what the label's class counts. */
static void sum_weights(const struct mli_plan *plan, size_t column, const double *side, double *rows, double *weighted)
{
    const struct mli_target *target = &plan->target;
    *rows = *weighted = 0;
    for (size_t row = 0, i = 0; i < target->n; row++) {
        if (!target->has[row])
            continue;
        if (plan->part[row] == MLI_PART_TRAIN) {
            double weight = plan->weight ? plan->weight[row] : 1;
            *rows += weight;
            *weighted += weight * side[(size_t)target->y[i * target->columns + column]];
        }
        i++;
    }
}

enum ml_status mli_weights_of_labels(const char *spec, const struct mli_plan *plan, double **out, struct ml_error *err)
{
    const struct mli_target *target = &plan->target;
    *out = NULL;
    if (!spec || target->task != MLI_TASK_MULTILABEL)
        return ML_OK;
    if (strcmp(spec, "balanced") != 0)
        return ml_error_set(err, ML_EUSAGE, "--class-weight \"%.60s\": of several labels it can be balanced only", spec);
    double *sides = mli_alloc(2 * target->columns, sizeof *sides);
    enum ml_status status = sides ? ML_OK : no_memory(err);
    for (size_t t = 0; !status && t < target->columns; t++) {
        double rows, weighted;
        status = balance(plan, t, sides + 2 * t, err);
        if (status)
            break;
        sum_weights(plan, t, sides + 2 * t, &rows, &weighted); /* a fit of this label alone divides by its own sum */
        sides[2 * t] *= rows / weighted;
        sides[2 * t + 1] *= rows / weighted;
    }
    if (status)
        free(sides);
    else
        *out = sides;
    return status;
}

static enum ml_status unknown_class(const struct mli_plan *plan, const char *label, size_t length,
                                    struct ml_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), label);
    size_t near = mli_suggest(name, (const char *const *)plan->target.of[0].label, plan->target.of[0].classes);
    if (near < plan->target.of[0].classes)
        return ml_error_set(err, ML_EUSAGE, "--class-weight: no class \"%s\"; did you mean \"%s\"?", name,
                            plan->target.of[0].label[near]);
    return ml_error_set(err, ML_EUSAGE, "--class-weight: no class \"%s\"; there are %zu, the first is \"%s\"", name,
                        plan->target.of[0].classes, plan->target.of[0].label[0]);
}

/* One LABEL=WEIGHT. The last '=' divides, so that a label may hold one. */
static enum ml_status take_entry(const struct mli_plan *plan, const char *entry, size_t length, double *weight,
                                 struct ml_error *err)
{
    size_t divide = length;
    while (divide > 0 && entry[divide - 1] != '=')
        divide--;
    double value;
    if (divide < 2 || !mli_num_parse(entry + divide, length - divide, &value) || !(value > 0) || value > 1e12)
        return ml_error_set(err, ML_EUSAGE,
                            "--class-weight: \"%.*s\" is not balanced, nor a class and a weight above 0 such as yes=3",
                            (int)(length < 64 ? length : 64), entry);
    int32_t class = mli_label_find(plan->target.of[0].classes, plan->target.of[0].label, entry, divide - 1);
    if (class < 0)
        return unknown_class(plan, entry, divide - 1, err);
    if (weight[class] > 0)
        return ml_error_set(err, ML_EUSAGE, "--class-weight: class \"%s\" is given twice", plan->target.of[0].label[class]);
    weight[class] = value;
    return ML_OK;
}

enum ml_status mli_weights_of_classes(const char *spec, const struct mli_plan *plan, double *weight,
                                      struct ml_error *err)
{
    size_t classes = plan->target.of[0].classes;
    if (spec && strcmp(spec, "balanced") == 0)
        return balance(plan, 0, weight, err);
    memset(weight, 0, classes * sizeof *weight);
    enum ml_status status = ML_OK;
    for (const char *entry = spec; !status && entry;) {
        size_t length = strcspn(entry, ",");
        status = take_entry(plan, entry, length, weight, err);
        entry = entry[length] ? entry + length + 1 : NULL;
    }
    for (size_t k = 0; k < classes; k++)
        weight[k] = weight[k] > 0 ? weight[k] : 1;
    return status;
}

/* ---- of rows ----------------------------------------------------------------------------------------------------- */

enum ml_status mli_weights_of_part(const struct mli_plan *plan, const char *spec, enum mli_part part, double **out,
                                   struct ml_error *err)
{
    size_t classes = plan->target.columns > 1 ? 0 : plan->target.of[0].classes;
    *out = NULL;
    if (plan->target.task == MLI_TASK_MULTILABEL)
        spec = NULL;
    if (spec && !classes)
        return ml_error_set(err, ML_EUSAGE, "--class-weight is for classes, but the target is a number; --weight takes a column");
    if ((!spec && !plan->weight) || !plan->rows[part])
        return ML_OK;
    double *of_class = mli_alloc(classes, sizeof *of_class), *weight = mli_alloc(plan->rows[part], sizeof *weight);
    enum ml_status status = of_class && weight ? ML_OK : no_memory(err);
    if (!status && classes) /* several labels have theirs in the loss */
        status = mli_weights_of_classes(spec, plan, of_class, err);
    for (size_t row = 0, i = 0, at = 0; !status && i < plan->target.n; row++) {
        if (!plan->target.has[row])
            continue;
        if (plan->part[row] == part)
            weight[at++] = (plan->weight ? plan->weight[row] : 1) * (classes ? of_class[(size_t)plan->target.y[i]] : 1);
        i++;
    }
    free(of_class);
    if (status)
        free(weight);
    else
        *out = weight;
    return status;
}

/* Cell of a column as a number; NaN when it is missing or none. 0 and 1 may have been read as a boolean. */
static double number_of(const struct mli_column *column, size_t row)
{
    double value;
    if (column->number)
        return column->type == ML_TYPE_NUMBER ? column->number[row] : NAN;
    if (!column->dict || column->code[row] < 0)
        return NAN;
    const char *text = mli_dict_text(column->dict, (size_t)column->code[row]);
    return mli_num_parse(text, strlen(text), &value) ? value : NAN;
}

static enum ml_status refuse(const struct ml_table *table, const struct mli_column *column, size_t row,
                             struct ml_error *err)
{
    double value = number_of(column, row);
    if (column->number ? isnan(column->number[row]) : column->code[row] < 0)
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "row %zu: weight \"%s\" is missing; a weight is a number of 0 or more (0 leaves a row out of training)",
                           row + 1, column->name);
    if (isnan(value))
        return ml_error_at(err, ML_EDATA, table->source, 0, 0, "row %zu: weight \"%s\" is not a number", row + 1,
                           column->name);
    return ml_error_at(err, ML_EDATA, table->source, 0, 0, "row %zu: weight \"%s\" is %g; a weight is a number from 0 to %g",
                       row + 1, column->name, value, WEIGHT_MOST);
}

enum ml_status mli_weights_read(const struct ml_table *table, const char *name, const uint8_t *has, double **out,
                                struct ml_error *err)
{
    char what[300];
    size_t index;
    snprintf(what, sizeof what, "--weight %s", name);
    enum ml_status status = mli_split_find(table, what, name, &index, err);
    double *weight = status ? NULL : mli_calloc(table->rows, sizeof *weight);
    if (!status && !weight)
        status = no_memory(err);
    for (size_t row = 0; !status && row < table->rows; row++) {
        if (!has[row])
            continue;
        weight[row] = number_of(&table->column[index], row);
        if (!(weight[row] >= 0) || weight[row] > WEIGHT_MOST)
            status = refuse(table, &table->column[index], row, err);
    }
    if (status)
        free(weight);
    else
        *out = weight;
    return status;
}
