#include <fit/plan.h>

#include <base/mem.h>
#include <fit/finite.h>
#include <fit/reduce.h>
#include <fit/weights.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/duplicates.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- rows and what a split may know of them ---- */

/* The rows with a target and not left out, or those of one part; arrays of one entry each, owned. */
struct chosen {
    struct mli_split_rows rows;
    size_t *row; /* in the table; NULL: all of them */
    int32_t *classes;
    size_t *groups;
    struct ml_table *table; /* of these rows alone, when a column splits them */
    uint8_t *part;
};

static size_t row_of(const struct chosen *c, size_t i)
{
    return c->row ? c->row[i] : i;
}

static void chosen_release(struct chosen *c)
{
    free(c->row);
    free(c->classes);
    free(c->groups);
    free(c->part);
    ml_table_free(c->table);
}

/* Numbers the groups of all rows, then keeps those of the chosen ones (numbers in order of first sight stay below n). */
static enum ml_status choose_groups(const struct ml_table *table, const char *group, struct chosen *c,
                                    struct ml_error *err)
{
    char what[300];
    size_t column, distinct;
    snprintf(what, sizeof what, "--group %s", group);
    enum ml_status status = mli_split_find(table, what, group, &column, err);
    size_t *id = status ? NULL : mli_alloc(table->rows, sizeof *id);
    size_t *seen = id ? mli_alloc(table->rows, sizeof *seen) : NULL;
    if (!status && !seen)
        status = no_memory(err);
    if (!status)
        status = mli_duplicates_number(table, &column, 1, id, &distinct, err);
    if (!status)
        memset(seen, 0xFF, table->rows * sizeof *seen);
    for (size_t i = 0, next = 0; !status && i < c->rows.n; i++) {
        size_t *number = &seen[id[row_of(c, i)]];
        *number = *number == SIZE_MAX ? next++ : *number;
        c->groups[i] = *number;
    }
    c->rows.groups = c->groups;
    free(seen);
    free(id);
    return status;
}

/*
 * Rows of the table whose part is `part`: before any split NONE, which leaves those without a target out. by_class: what
 * is to be done with them asks for their classes.
 */
static enum ml_status choose(const struct ml_table *table, const struct mli_plan *plan,
                             const struct mli_settings *settings, enum mli_part part, bool by_class,
                             const struct ml_log *log, struct chosen *c, struct ml_error *err)
{
    size_t n = plan->target.n;
    bool classes = by_class && plan->target.task != MLI_TASK_REGRESSION;
    *c = (struct chosen){ .rows.log = log };
    bool all = part == MLI_PART_NONE && n == table->rows;
    c->row = all ? NULL : mli_alloc(n, sizeof *c->row);
    c->part = mli_calloc(n, 1);
    c->classes = classes ? mli_alloc(n, sizeof *c->classes) : NULL;
    c->groups = settings->group ? mli_alloc(n, sizeof *c->groups) : NULL;
    if ((!all && !c->row) || !c->part || (classes && !c->classes) || (settings->group && !c->groups))
        return no_memory(err);
    if (classes)
        mli_target_strata(n, plan->target.columns, plan->target.y, c->classes);
    c->rows.n = all ? n : 0;
    for (size_t row = 0, i = 0; !all && row < table->rows; row++) {
        if (!plan->target.has[row])
            continue;
        if (plan->part[row] == part) {
            if (classes)
                c->classes[c->rows.n] = c->classes[i];
            if (c->row)
                c->row[c->rows.n] = row;
            c->rows.n++;
        }
        i++;
    }
    c->rows.classes = c->classes;
    return settings->group ? choose_groups(table, settings->group, c, err) : ML_OK;
}

/* ---- parts ---- */

/* A column that splits is that of the chosen rows. */
static enum ml_status give_table(const struct ml_table *table, const struct mli_plan *plan,
                                 const struct mli_split *split, struct chosen *c, struct ml_error *err)
{
    c->rows.table = table;
    if (c->rows.n == table->rows || (split->kind != MLI_SPLIT_COLUMN && split->kind != MLI_SPLIT_TIME))
        return ML_OK;
    enum ml_status status = mli_table_filter(table, plan->target.has, &c->table, err);
    c->rows.table = c->table;
    return status;
}

static void mark_parts(const struct chosen *c, uint8_t *part)
{
    for (size_t i = 0; !c->row && i < c->rows.n; i++)
        part[i] = c->part[i] ? MLI_PART_TEST : MLI_PART_TRAIN;
    for (size_t i = 0; c->row && i < c->rows.n; i++)
        part[c->row[i]] = c->part[i] ? MLI_PART_TEST : MLI_PART_TRAIN;
}

static enum ml_status split_rows(const struct ml_table *table, const struct mli_settings *settings,
                                 uint64_t seed, const struct ml_log *log, struct mli_plan *plan,
                                 struct ml_error *err)
{
    struct chosen c = { 0 };
    enum ml_status status = choose(table, plan, settings, MLI_PART_NONE, settings->split.kind == MLI_SPLIT_RANDOM, log, &c, err);
    if (!status)
        status = give_table(table, plan, &settings->split, &c, err);
    if (!status)
        status = mli_split_apply(&settings->split, &c.rows, seed, c.part, err);
    if (!status)
        mark_parts(&c, plan->part);
    chosen_release(&c);
    return status;
}

/* A random share of the training rows, the same for the same seed: of each class, and whole groups. */
static enum ml_status set_validation_aside(const struct ml_table *table, const struct mli_settings *settings,
                                           struct mli_plan *plan, struct ml_error *err)
{
    const struct mli_split split = { .kind = MLI_SPLIT_RANDOM,
                                     .shares = 1,
                                     .share = { settings->validation } };
    struct chosen c = { 0 };
    enum ml_status status = choose(table, plan, settings, MLI_PART_TRAIN, true, NULL, &c, err);
    struct ml_error why = ML_ERROR_INIT;
    if (!status && mli_split_apply(&split, &c.rows, settings->train.seed + 1, c.part, &why))
        status = why.status == ML_ENOMEM
                     ? no_memory(err)
                     : ml_error_set(err, ML_EDATA,
                                    "%zu training rows are too few to set a share of %g aside for --patience (%.80s)",
                                    c.rows.n, settings->validation, why.text);
    for (size_t i = 0; !status && i < c.rows.n; i++)
        if (c.part[i])
            plan->part[row_of(&c, i)] = MLI_PART_VALIDATION;
    chosen_release(&c);
    return status;
}

/* ---- the rows that a prep file holds out ---- */

char *mli_plan_held_out(const struct ml_table *table, const struct mli_plan *plan)
{
    size_t n = plan->target.n, digits = (n + 3) / 4;
    char *text = mli_calloc(digits + 1, 1);
    for (size_t row = 0, i = 0; text && row < table->rows; row++) {
        if (!plan->target.has[row])
            continue;
        if (plan->part[row] == MLI_PART_TEST)
            text[i / 4] = (char)(text[i / 4] | 8 >> i % 4);
        i++;
    }
    for (size_t i = 0; text && i < digits; i++)
        text[i] = "0123456789abcdef"[(unsigned char)text[i]];
    return text;
}

static enum ml_status take_held_out(const struct ml_table *table, const char *digits,
                                    struct mli_plan *plan, struct ml_error *err)
{
    if (strlen(digits) != (table->rows + 3) / 4 || plan->target.n != table->rows)
        return ml_error_at(err, ML_EARTIFACT, table->source, 0, 0,
                           "the prep file marks about %zu held-out rows of a file of %zu rows",
                           strlen(digits) * 4, table->rows);
    for (size_t row = 0; row < table->rows; row++) {
        char c = digits[row / 4];
        int value = c >= 'a' ? c - 'a' + 10 : c - '0';
        plan->part[row] = value & 8 >> row % 4 ? MLI_PART_TEST : MLI_PART_TRAIN;
    }
    return ML_OK;
}

/* ---- plan ---- */

/* Rows that equal an earlier one in every column, the target included. */
static enum ml_status leave_duplicates_out(const struct ml_table *table, const struct ml_log *log,
                                           struct mli_plan *plan, struct ml_error *err)
{
    uint8_t *repeat = mli_calloc(table->rows, 1);
    size_t before = plan->target.n, count;
    enum ml_status status = repeat ? ML_OK : no_memory(err);
    if (!status)
        status = mli_duplicates_mark(table, NULL, 0, repeat, &count, err);
    if (!status)
        status = mli_target_leave_out(&plan->target, table, repeat, err);
    free(repeat);
    plan->duplicates = before - plan->target.n;
    if (!status)
        ml_log(log, ML_LOG_NOTE, "%zu duplicate row%s left out", plan->duplicates,
               plan->duplicates == 1 ? "" : "s");
    return status;
}

/* A model that goes on learning has seen the class before; rows of the others alone will make it forget. */
static void say_absent(const struct mli_target_column *of, const bool *trained, const struct ml_log *log)
{
    for (size_t k = 0; k < of->classes; k++)
        if (!trained[k])
            ml_log(log, ML_LOG_WARNING, "class \"%s\" has no row to train on here: the model will unlearn it", of->label[k]);
}

/* Of a column of the target. */
static enum ml_status check_classes(const struct ml_table *table, const struct mli_settings *settings,
                                    const struct mli_plan *plan, size_t t, const struct ml_log *log, struct ml_error *err)
{
    const struct mli_target *target = &plan->target;
    const struct mli_target_column *of = &target->of[t];
    size_t classes = of->classes, absent = classes;
    bool *trained = mli_calloc(classes, sizeof *trained);
    if (!trained)
        return no_memory(err);
    for (size_t row = 0, i = 0; row < table->rows && absent; row++) {
        if (!target->has[row])
            continue;
        bool *is = &trained[(size_t)target->y[i++ * target->columns + t]];
        absent -= plan->part[row] == MLI_PART_TRAIN && !*is;
        *is |= plan->part[row] == MLI_PART_TRAIN;
    }
    size_t k = 0;
    while (k < classes && (trained[k] || settings->known))
        k++;
    enum ml_status status = ML_OK;
    if (settings->known)
        say_absent(of, trained, log);
    else if (k < classes && settings->train.patience)
        status = ml_error_at(err, ML_EDATA, table->source, 0, 0,
                             "class \"%s\" has no row to train on with --split %s and --validation %g for --patience; a smaller share or another --seed may leave one",
                             of->label[k], settings->split_text, settings->validation);
    else if (k < classes)
        status = ml_error_at(err, ML_EDATA, table->source, 0, 0,
                             "class \"%s\" has no row to train on with --split %s; --split random:0.2 keeps every class on both sides",
                             of->label[k], settings->split_text);
    free(trained);
    return status;
}

static bool is_target(const struct ml_table *table, const struct mli_target *target, const char *name)
{
    size_t t = 0;
    while (t < target->columns && strcmp(table->column[target->of[t].column].name, name) != 0)
        t++;
    return t < target->columns;
}

static enum ml_status check_group(const struct ml_table *table, const struct mli_settings *settings,
                                  const struct mli_plan *plan, struct ml_error *err)
{
    if (settings->group && is_target(table, &plan->target, settings->group))
        return ml_error_set(err, ML_EUSAGE, "--group %s: that is the target", settings->group);
    return ML_OK;
}

static enum ml_status read_weights(const struct ml_table *table, const struct mli_settings *settings,
                                   struct mli_plan *plan, struct ml_error *err)
{
    if (is_target(table, &plan->target, settings->weight))
        return ml_error_set(err, ML_EUSAGE, "--weight %s: that is the target", settings->weight);
    return mli_weights_read(table, settings->weight, plan->target.has, &plan->weight, err);
}

/* Rows of weight 0 train nothing, and nothing else that is learned is to come from them either. */
static enum ml_status leave_weightless_out(const struct ml_table *table, const struct ml_log *log,
                                           struct mli_plan *plan, struct ml_error *err)
{
    size_t out = 0, rest = 0;
    for (size_t row = 0; row < table->rows; row++) {
        uint8_t part = plan->part[row];
        bool trains = part == MLI_PART_TRAIN || part == MLI_PART_VALIDATION;
        rest += part == MLI_PART_TRAIN && plan->weight[row] > 0;
        if (!trains || plan->weight[row] > 0)
            continue;
        plan->part[row] = MLI_PART_NONE;
        out++;
    }
    if (out)
        ml_log(log, ML_LOG_NOTE, "%zu row%s of weight 0 left out of training", out, out == 1 ? "" : "s");
    if (rest >= 2)
        return ML_OK;
    return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                       "%zu training row%s with a weight above 0; training needs at least two", rest, rest == 1 ? "" : "s");
}

/* One part after the other: a row after the other would wait for what the one before it has counted. */
static void count_parts(const struct ml_table *table, struct mli_plan *plan)
{
    for (size_t part = 0; part < MLI_PARTS; part++) {
        size_t rows = 0;
        for (size_t row = 0; row < table->rows; row++)
            rows += plan->part[row] == part;
        plan->rows[part] = rows;
    }
}

enum ml_status mli_plan_make(const struct ml_table *table, const char *target, const char *task,
                             const struct mli_settings *settings, uint64_t seed,
                             const struct ml_log *log, struct mli_plan *out, struct ml_error *err)
{
    struct mli_plan plan = { 0 };
    if (table->columns == 1 && strpbrk(table->column[0].name, " ,;:|^~\t"))
        return ml_error_at(err, ML_EDATA, table->source, 0, 0,
                           "it has one column only, \"%.60s\"; if that should be several, --delimiter CHAR says where they end (space, : ...)",
                           table->column[0].name);
    enum ml_status status = settings->known ? mli_target_known(table, settings->known, log, &plan.target, err)
                                            : mli_target_find(table, target, task, log, &plan.target, err);
    mli_spool_rest_all(table->spool);
    if (!status && settings->dedupe)
        status = leave_duplicates_out(table, log, &plan, err);
    if (!status && !(plan.part = mli_calloc(table->rows, 1)))
        status = no_memory(err);
    if (!status)
        status = check_group(table, settings, &plan, err);
    if (!status && settings->weight)
        status = read_weights(table, settings, &plan, err);
    if (!status)
        status = settings->held_out ? take_held_out(table, settings->held_out, &plan, err)
                                    : split_rows(table, settings, seed, log, &plan, err);
    if (!status && settings->train.patience)
        status = set_validation_aside(table, settings, &plan, err);
    if (!status && plan.weight)
        status = leave_weightless_out(table, log, &plan, err);
    for (size_t t = 0; !status && t < plan.target.columns && plan.target.of[t].classes; t++)
        status = check_classes(table, settings, &plan, t, log, err);
    if (!status)
        count_parts(table, &plan);
    if (status)
        mli_plan_release(&plan);
    else
        *out = plan;
    return status;
}

void mli_plan_release(struct mli_plan *plan)
{
    mli_target_release(&plan->target);
    free(plan->part);
    free(plan->weight);
    *plan = (struct mli_plan){ 0 };
}

/* ---- folds ---- */

/* A copy in which rows that validate train, those of fold f test, and what the plan holds out is in no part. */
static enum ml_status copy_plan(const struct ml_table *table, const struct mli_plan *plan, const uint8_t *fold,
                                uint8_t f, struct mli_plan *out, struct ml_error *err)
{
    struct mli_plan copy = { .target = plan->target, .weight = plan->weight, .part = mli_calloc(table->rows, 1) };
    if (!copy.part)
        return no_memory(err);
    for (size_t row = 0; row < table->rows; row++)
        if (plan->part[row] == MLI_PART_TRAIN || plan->part[row] == MLI_PART_VALIDATION)
            copy.part[row] = fold && fold[row] == f ? MLI_PART_TEST : MLI_PART_TRAIN;
    *out = copy;
    return ML_OK;
}

enum ml_status mli_plan_folds(const struct ml_table *table, const struct mli_plan *plan,
                              const struct mli_settings *settings, size_t k, const struct ml_log *log, uint8_t *fold,
                              struct ml_error *err)
{
    struct mli_plan copy = { 0 };
    struct chosen c = { 0 };
    enum ml_status status = copy_plan(table, plan, NULL, 0, &copy, err);
    if (!status)
        status = choose(table, &copy, settings, MLI_PART_TRAIN, true, log, &c, err);
    if (!status)
        status = mli_folds_assign(&c.rows, k, settings->train.seed + 2, c.part, err);
    memset(fold, MLI_NO_FOLD, table->rows);
    for (size_t i = 0; !status && i < c.rows.n; i++)
        fold[row_of(&c, i)] = c.part[i];
    chosen_release(&c);
    mli_plan_fold_release(&copy);
    return status;
}

/* Leaves a random share of the training rows; the other rows are in no part. */
static enum ml_status take_share(const struct ml_table *table, const struct mli_settings *settings, double share,
                                 struct mli_plan *plan, struct ml_error *err)
{
    const struct mli_split split = { .kind = MLI_SPLIT_RANDOM, .shares = 1, .share = { share } };
    struct chosen c = { 0 };
    enum ml_status status = choose(table, plan, settings, MLI_PART_TRAIN, true, NULL, &c, err);
    if (!status)
        status = mli_split_apply(&split, &c.rows, settings->train.seed + 3, c.part, err);
    for (size_t i = 0; !status && i < c.rows.n; i++)
        if (!c.part[i])
            plan->part[row_of(&c, i)] = MLI_PART_NONE;
    chosen_release(&c);
    return status;
}

enum ml_status mli_plan_fold(const struct ml_table *table, const struct mli_plan *plan,
                             const struct mli_settings *settings, const uint8_t *fold, uint8_t f, double share,
                             struct mli_plan *out, struct ml_error *err)
{
    struct mli_plan made = { 0 };
    enum ml_status status = copy_plan(table, plan, fold, f, &made, err);
    if (!status && share < 1)
        status = take_share(table, settings, share, &made, err);
    if (!status && settings->train.patience)
        status = set_validation_aside(table, settings, &made, err);
    for (size_t row = 0; !status && row < table->rows; row++)
        made.rows[made.part[row]]++;
    if (status)
        mli_plan_fold_release(&made);
    else
        *out = made;
    return status;
}

void mli_plan_fold_release(struct mli_plan *fold)
{
    free(fold->part);
    *fold = (struct mli_plan){ 0 };
}

/* ---- pipeline ---- */

/* Targets of the training rows, in order. */
static double *training_targets(const struct ml_table *table, const struct mli_plan *plan)
{
    size_t columns = plan->target.columns;
    double *y = mli_alloc(plan->rows[MLI_PART_TRAIN], sizeof *y);
    for (size_t row = 0, i = 0, at = 0; y && row < table->rows; row++) {
        if (plan->part[row] == MLI_PART_TRAIN)
            y[at++] = mli_target_code(columns, plan->target.y + i * columns);
        i += plan->target.has[row];
    }
    return y;
}

static enum ml_status reduce(const struct ml_table *table, const struct mli_plan *plan,
                             const struct mli_settings *settings, const struct ml_log *log,
                             struct mli_pipeline *pipeline, struct ml_error *err)
{
    struct mli_reduction reduction;
    enum ml_status status = mli_reduction_of(settings->prep, &reduction, err);
    if (status || (!reduction.select && !reduction.pca))
        return status;
    if (plan->target.columns > 1 && reduction.select && reduction.method != MLI_SELECT_VARIANCE)
        return ml_error_set(err, ML_EUSAGE, "--select %s looks at one target; of several, --select variance:T selects",
                            settings->prep->select[0]);
    double *y = training_targets(table, plan);
    const struct mli_reduce_rows rows = { .table = table,
                                          .part = plan->part,
                                          .which = MLI_PART_TRAIN,
                                          .n = plan->rows[MLI_PART_TRAIN],
                                          .y = y,
                                          .classes = plan->target.of[0].classes,
                                          .threads = settings->train.threads,
                                          .memory = settings->memory,
                                          .log = log };
    status = y ? mli_reduce(pipeline, &reduction, &rows, err) : no_memory(err);
    free(y);
    return status;
}

/* One a table row; those without a target get 0. The plan's own where every row has one: free what is not. */
static double *all_targets(const struct ml_table *table, const struct mli_plan *plan)
{
    size_t columns = plan->target.columns;
    if (plan->target.n == table->rows && columns == 1)
        return plan->target.y;
    double *y = mli_calloc(table->rows, sizeof *y);
    for (size_t row = 0, i = 0; y && row < table->rows; row++)
        if (plan->target.has[row])
            y[row] = mli_target_code(columns, plan->target.y + i++ * columns);
    return y;
}

enum ml_status mli_plan_fit_pipeline(const struct ml_table *table, const struct mli_plan *plan,
                                     const struct mli_settings *settings, const struct ml_log *log,
                                     struct mli_pipeline **out, struct ml_error *err)
{
    size_t n = 0, *columns = mli_alloc(table->columns, sizeof *columns);
    uint8_t *use = mli_calloc(table->rows, 1);
    double *y = all_targets(table, plan);
    const struct mli_goal goal = { y, plan->target.of[0].classes, plan->target.of[0].label, settings->train.seed };
    struct mli_pipeline *pipeline = NULL;
    struct ml_prep_config clean = *settings->prep;
    enum ml_status status = columns && use && y ? ML_OK : no_memory(err);
    clean.threads = settings->train.threads;
    for (size_t j = 0; !status && j < table->columns; j++) {
        const char *name = table->column[j].name;
        bool split = settings->split.kind == MLI_SPLIT_COLUMN && strcmp(name, settings->split.column) == 0;
        bool group = settings->group && strcmp(name, settings->group) == 0;
        bool weight = settings->weight && strcmp(name, settings->weight) == 0;
        if (!is_target(table, &plan->target, name) && !split && !group && !weight)
            columns[n++] = j;
    }
    for (size_t row = 0; !status && row < table->rows; row++)
        use[row] = plan->part[row] == MLI_PART_TRAIN;
    if (!status && n == 0)
        status = ml_error_at(err, ML_EDATA, table->source, 0, 0,
                             "there is no column besides the target \"%s\" to learn from",
                             table->column[plan->target.of[0].column].name);
    if (!status)
        status = mli_finite_check(table, columns, n, settings->read, err);
    if (!status)
        status = mli_pipeline_fit_to(table, columns, n, use, &clean, plan->target.columns > 1 ? NULL : &goal, log, &pipeline, err);
    if (!status)
        status = reduce(table, plan, settings, log, pipeline, err);
    if (y != plan->target.y)
        free(y);
    free(use);
    free(columns);
    if (status) {
        mli_pipeline_free(pipeline);
        return status;
    }
    *out = pipeline;
    return ML_OK;
}
