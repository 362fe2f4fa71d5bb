#include <describe/goal.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>

#define MAX_CODES ((size_t)10) /* the whole numbers 0..k-1 are classes up to this k, as in fit/target.c */

static enum ml_status find_column(const struct ml_table *table, const char *name, size_t *out,
                                  struct ml_error *err)
{
    *out = table->columns - 1;
    return name ? mli_table_target(table, name, out, err) : ML_OK;
}

static enum ml_status nomem(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for the target");
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* Distinct values, counted up to MAX_CODES + 1; *codes: they are 0..k-1, or any two. */
static size_t distinct_few(const struct mli_order *order, bool *codes)
{
    size_t distinct = 0;
    bool in_turn = true;

    for (size_t at = 0; at < order->n && distinct <= MAX_CODES; at = mli_order_run(order, at)) {
        in_turn = in_turn && !(order->value[at] < (double)distinct) && !(order->value[at] > (double)distinct);
        distinct++;
    }
    *codes = distinct == 2 || (distinct > 2 && distinct <= MAX_CODES && in_turn);
    return distinct;
}

static enum ml_status take_codes(struct mli_goal *goal, size_t classes, size_t rows, struct ml_error *err)
{
    goal->class = mli_calloc(classes, sizeof(*goal->class));
    goal->class_of = mli_alloc(rows, sizeof(*goal->class_of));
    if (!goal->class || !goal->class_of)
        return nomem(err);
    for (size_t i = 0; i < rows; i++)
        goal->class_of[i] = -1;
    for (size_t at = 0; at < goal->order.n; goal->classes++) {
        size_t end = mli_order_run(&goal->order, at);
        goal->class[goal->classes] =
            (struct mli_value){ .code = -1, .number = goal->order.value[at], .count = end - at };
        for (; at < end; at++)
            goal->class_of[goal->order.row[at]] = (int32_t)goal->classes;
    }
    goal->kind = MLI_GOAL_CLASS;
    return ML_OK;
}

static void neighbouring_quantities(struct mli_goal *goal, size_t rows)
{
    double before = NAN, together = 0, squares = 0;
    bool falls = false, rises = false;

    for (size_t i = 0; i < rows; i++) {
        double d = goal->y[i] - goal->mean;
        if (isnan(d))
            continue;
        if (!isnan(before))
            together += before * d;
        falls = falls || d < before;
        rises = rises || d > before;
        squares += d * d;
        before = d;
    }
    goal->neighbours = goal->n > 2 && squares > 0 ? fmax(0, together / squares) : NAN;
    goal->sorted = !falls || !rises;
}

static enum ml_status take_numbers(struct mli_goal *goal, const struct mli_column *column, size_t rows,
                                   struct ml_error *err)
{
    enum ml_status status = mli_order_init(&goal->order, rows, err);
    bool codes;
    double sum = 0;

    if (status != ML_OK)
        return status;
    mli_order_fill(&goal->order, column->number, rows);
    goal->n = goal->order.n;
    size_t distinct = distinct_few(&goal->order, &codes);
    if (distinct < 2) {
        goal->none = distinct ? "it is always the same" : "it has no value";
        return ML_OK;
    }
    if (column->type == ML_TYPE_INSTANT) {
        goal->none = "it is a date; a target is a number or a category";
        return ML_OK;
    }
    if (codes)
        return take_codes(goal, distinct, rows, err);
    for (size_t i = 0; i < goal->n; i++)
        sum += goal->order.value[i] / (double)goal->n;
    goal->kind = MLI_GOAL_QUANTITY;
    goal->y = column->number;
    goal->mean = sum;
    neighbouring_quantities(goal, rows);
    return ML_OK;
}

/* ---- texts --------------------------------------------------------------------------------------------------- */

static enum ml_status take_texts(struct mli_goal *goal, const struct mli_column *column, size_t rows,
                                 struct ml_error *err)
{
    size_t codes = mli_dict_count(column->dict);
    size_t *count = mli_calloc(codes ? codes : 1, sizeof(*count));
    int32_t *class_of = mli_alloc(codes ? codes : 1, sizeof(*class_of));

    goal->class_of = mli_alloc(rows, sizeof(*goal->class_of));
    goal->class = mli_calloc(codes ? codes : 1, sizeof(*goal->class));
    bool done = count && class_of && goal->class_of && goal->class;
    for (size_t i = 0; done && i < rows; i++) {
        if (column->code[i] >= 0)
            count[column->code[i]]++;
    }
    for (size_t code = 0; done && code < codes; code++) {
        if (count[code] == 0)
            continue;
        class_of[code] = (int32_t)goal->classes;
        goal->class[goal->classes++] = (struct mli_value){ .code = (int32_t)code, .count = count[code] };
        goal->n += count[code];
    }
    for (size_t i = 0; done && i < rows; i++)
        goal->class_of[i] = column->code[i] >= 0 ? class_of[column->code[i]] : -1;
    free(class_of);
    free(count);
    if (!done)
        return nomem(err);
    if (goal->classes < 2)
        goal->none = goal->classes ? "it is always the same" : "it has no value";
    else if (goal->classes > MLI_GOAL_CLASSES)
        goal->none = "it has more than 1000 distinct values";
    else
        goal->kind = MLI_GOAL_CLASS;
    return ML_OK;
}

static void neighbouring_classes(struct mli_goal *goal, size_t rows)
{
    double chance = 0, same = 0, n = (double)goal->n;
    size_t changes = 0;
    int32_t before = -1;

    for (size_t k = 0; k < goal->classes; k++)
        chance += (double)goal->class[k].count / n * ((double)goal->class[k].count / n);
    for (size_t i = 0; i < rows; i++) {
        if (goal->class_of[i] < 0)
            continue;
        same += before == goal->class_of[i];
        changes += before != goal->class_of[i];
        before = goal->class_of[i];
    }
    double share = same / (n - 1);
    goal->neighbours = n > 2 && chance < 1 ? fmax(0, (share - chance) / (1 - chance)) : NAN;
    goal->sorted = changes == goal->classes; /* the first row is one, each block begins with one */
}

/* -------------------------------------------------------------------------------------------------------------- */

enum ml_status mli_goal_find(const struct ml_table *table, const char *name, struct mli_goal *out,
                             struct ml_error *err)
{
    struct mli_goal goal = { .given = name != NULL, .neighbours = NAN };
    enum ml_status status = find_column(table, name, &goal.column, err);

    if (status != ML_OK)
        return status;
    const struct mli_column *column = &table->column[goal.column];
    status = column->number ? take_numbers(&goal, column, table->rows, err)
                            : take_texts(&goal, column, table->rows, err);
    if (status == ML_OK && goal.kind == MLI_GOAL_CLASS)
        neighbouring_classes(&goal, table->rows);
    if (status != ML_OK)
        mli_goal_release(&goal);
    else
        *out = goal;
    return status;
}

void mli_goal_release(struct mli_goal *goal)
{
    mli_order_release(&goal->order);
    free(goal->class);
    free(goal->class_of);
    *goal = (struct mli_goal){ 0 };
}
