#include <fit/plan.h>

#include <base/mem.h>
#include <base/rng.h>
#include <fit/reduce.h>
#include <stdlib.h>
#include <string.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static int32_t *class_codes(const struct mli_target *target)
{
    int32_t *codes = mli_alloc(target->n, sizeof *codes);
    for (size_t i = 0; codes && i < target->n; i++)
        codes[i] = (int32_t)target->y[i];
    return codes;
}

/* The table as a column split sees it: only rows with a target. Borrowed when every row has one. */
static enum ml_status rows_with_target(const struct ml_table *table, const struct mli_plan *plan,
                                       const struct mli_split *split, struct ml_table **own,
                                       const struct ml_table **out, struct ml_error *err)
{
    *out = table;
    if (plan->target.n == table->rows || split->kind != MLI_SPLIT_COLUMN)
        return ML_OK;
    enum ml_status status = mli_table_filter(table, plan->target.has, own, err);
    *out = *own;
    return status;
}

static enum ml_status split_rows(const struct ml_table *table, const struct mli_split *split,
                                 uint64_t seed, struct mli_plan *plan, struct ml_error *err)
{
    size_t n = plan->target.n;
    struct ml_table *own = NULL;
    const struct ml_table *seen;
    uint8_t *test = mli_calloc(n, 1);
    int32_t *codes = plan->target.classes ? class_codes(&plan->target) : NULL;
    plan->part = mli_calloc(table->rows, 1);
    enum ml_status status =
        test && plan->part && (codes || !plan->target.classes) ? ML_OK : no_memory(err);
    if (!status)
        status = rows_with_target(table, plan, split, &own, &seen, err);
    if (!status)
        status = mli_split_apply(split, n, codes, seen, seed, test, err);
    for (size_t row = 0, i = 0; !status && i < n; row++)
        if (plan->target.has[row])
            plan->part[row] = test[i++] ? MLI_PART_TEST : MLI_PART_TRAIN;
    ml_table_free(own);
    free(codes);
    free(test);
    return status;
}

/* A random share of the training rows, the same for the same seed. */
static enum ml_status set_validation_aside(const struct ml_table *table, double share, uint64_t seed,
                                           struct mli_plan *plan, struct ml_error *err)
{
    size_t n = 0, *order = mli_alloc(table->rows, sizeof *order);
    if (!order)
        return no_memory(err);
    for (size_t row = 0; row < table->rows; row++)
        if (plan->part[row] == MLI_PART_TRAIN)
            order[n++] = row;
    struct mli_rng rng;
    mli_rng_init(&rng, seed + 1);
    mli_rng_shuffle(&rng, order, n);
    size_t aside = (size_t)((double)n * share + 0.5);
    for (size_t i = 0; i < aside; i++)
        plan->part[order[i]] = MLI_PART_VALIDATION;
    free(order);
    if (aside == 0 || aside >= n)
        return ml_error_set(err, ML_EDATA,
                            "%zu training rows are too few to set a share of %g aside for --patience", n,
                            share);
    return ML_OK;
}

static enum ml_status check_classes(const struct ml_table *table, const struct mli_settings *settings,
                                    const struct mli_plan *plan, struct ml_error *err)
{
    size_t classes = plan->target.classes, *trained = mli_calloc(classes, sizeof *trained);
    if (!trained)
        return no_memory(err);
    for (size_t row = 0, i = 0; row < table->rows; row++) {
        if (!plan->target.has[row])
            continue;
        if (plan->part[row] == MLI_PART_TRAIN)
            trained[(size_t)plan->target.y[i]]++;
        i++;
    }
    size_t k = 0;
    while (k < classes && trained[k])
        k++;
    enum ml_status status = ML_OK;
    if (k < classes && settings->train.patience)
        status = ml_error_at(err, ML_EDATA, table->source, 0, 0,
                             "class \"%s\" has no row to train on with --split %s and --validation %g for --patience; a smaller share or another --seed may leave one",
                             plan->target.label[k], settings->split_text, settings->validation);
    else if (k < classes)
        status = ml_error_at(err, ML_EDATA, table->source, 0, 0,
                             "class \"%s\" has no row to train on with --split %s; --split random:0.2 keeps every class on both sides",
                             plan->target.label[k], settings->split_text);
    free(trained);
    return status;
}

enum ml_status mli_plan_make(const struct ml_table *table, const char *target, const char *task,
                             const struct mli_settings *settings, uint64_t seed,
                             const struct ml_log *log, struct mli_plan *out, struct ml_error *err)
{
    struct mli_plan plan = { 0 };
    enum ml_status status = mli_target_find(table, target, task, log, &plan.target, err);
    if (!status)
        status = split_rows(table, &settings->split, seed, &plan, err);
    if (!status && settings->train.patience)
        status = set_validation_aside(table, settings->validation, settings->train.seed, &plan, err);
    if (!status && plan.target.classes)
        status = check_classes(table, settings, &plan, err);
    for (size_t row = 0; !status && row < table->rows; row++)
        plan.rows[plan.part[row]]++;
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
    *plan = (struct mli_plan){ 0 };
}

/* Targets of the training rows, in order. */
static double *training_targets(const struct ml_table *table, const struct mli_plan *plan)
{
    double *y = mli_alloc(plan->rows[MLI_PART_TRAIN], sizeof *y);
    for (size_t row = 0, i = 0, at = 0; y && row < table->rows; row++) {
        if (plan->part[row] == MLI_PART_TRAIN)
            y[at++] = plan->target.y[i];
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
    double *y = training_targets(table, plan);
    const struct mli_reduce_rows rows = { .table = table,
                                          .part = plan->part,
                                          .which = MLI_PART_TRAIN,
                                          .n = plan->rows[MLI_PART_TRAIN],
                                          .y = y,
                                          .classes = plan->target.classes,
                                          .threads = settings->train.threads,
                                          .memory = settings->memory,
                                          .log = log };
    status = y ? mli_reduce(pipeline, &reduction, &rows, err) : no_memory(err);
    free(y);
    return status;
}

enum ml_status mli_plan_fit_pipeline(const struct ml_table *table, const struct mli_plan *plan,
                                     const struct mli_settings *settings, const struct ml_log *log,
                                     struct mli_pipeline **out, struct ml_error *err)
{
    size_t n = 0, *columns = mli_alloc(table->columns, sizeof *columns);
    uint8_t *use = mli_calloc(table->rows, 1);
    struct mli_pipeline *pipeline = NULL;
    enum ml_status status = columns && use ? ML_OK : no_memory(err);
    for (size_t j = 0; !status && j < table->columns; j++) {
        bool split = settings->split.kind == MLI_SPLIT_COLUMN &&
                     strcmp(table->column[j].name, settings->split.column) == 0;
        if (j != plan->target.column && !split)
            columns[n++] = j;
    }
    for (size_t row = 0; !status && row < table->rows; row++)
        use[row] = plan->part[row] == MLI_PART_TRAIN;
    if (!status && n == 0)
        status = ml_error_at(err, ML_EDATA, table->source, 0, 0,
                             "there is no column besides the target \"%s\" to learn from",
                             table->column[plan->target.column].name);
    if (!status)
        status = mli_pipeline_fit(table, columns, n, use, settings->prep, log, &pipeline, err);
    if (!status)
        status = reduce(table, plan, settings, log, pipeline, err);
    free(use);
    free(columns);
    if (status) {
        mli_pipeline_free(pipeline);
        return status;
    }
    *out = pipeline;
    return ML_OK;
}
