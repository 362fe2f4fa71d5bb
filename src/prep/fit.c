/* Fitting a pipeline: drop on the table, then the schema, then one step after the other on the training rows. */
#include <prep/inside.h>
#include <prep/options.h>
#include <prep/parallel.h>

#include <base/mem.h>
#include <prep/encode.h>
#include <prep/hashing.h>
#include <stdlib.h>
#include <string.h>

#define GATHERED ((size_t)1 << 18) /* rows of a column at a time, of a table that is in a spool */

/* ---- the training rows --------------------------------------------------------------------------------------- */

/* The training rows as slots, each array on its own, because slots come and go. */
struct training {
    struct mli_block block;
    uint8_t *fold;           /* of the rows, NULL when no step cares */
    size_t count;            /* slots there is room for */
    struct mli_spool *spool; /* the table's: where arrays are made if it has one */
};

static void *array_new(const struct training *training, size_t rows, size_t size)
{
    return training->spool ? mli_spool_alloc(training->spool, rows, size) : mli_alloc(rows, size);
}

static void array_free(const struct training *training, void *array)
{
    if (training->spool)
        mli_spool_give_back(training->spool, array);
    else
        free(array);
}

static void training_release(struct training *training)
{
    for (size_t s = 0; s < training->count; s++) {
        array_free(training, training->block.number[s]);
        array_free(training, training->block.code[s]);
    }
    free(training->block.number);
    free(training->block.code);
    free(training->fold);
    *training = (struct training){ 0 };
}

static bool training_resize(struct training *training, size_t count)
{
    double **number = mli_realloc(training->block.number, count, sizeof(*number));
    if (number)
        training->block.number = number;
    int32_t **code = mli_realloc(training->block.code, count, sizeof(*code));
    if (code)
        training->block.code = code;
    if (!number || !code)
        return false;
    for (; training->count < count; training->count++) {
        number[training->count] = NULL;
        code[training->count] = NULL;
    }
    return true;
}

/* Room for the slots that a step has added; nothing is kept of those that it has retired. */
static bool training_follow(struct training *training, const struct mli_frame *frame)
{
    size_t before = training->count;

    if (!training_resize(training, frame->count))
        return false;
    for (size_t s = before; s < frame->count; s++) {
        training->block.number[s] = array_new(training, training->block.rows, sizeof(double));
        if (!training->block.number[s])
            return false;
    }
    return true;
}

static void training_forget(struct training *training, const struct mli_frame *frame)
{
    for (size_t s = 0; s < frame->count; s++) {
        if (frame->slot[s].live)
            continue;
        array_free(training, training->block.number[s]);
        array_free(training, training->block.code[s]);
        training->block.number[s] = NULL;
        training->block.code[s] = NULL;
    }
}

struct gathering {
    struct training *training;
    const struct ml_table *view;
    const uint8_t *train;
};

/* Rows [begin, end). Each value is written and kept when its row trains: there is room for one that is not. */
static size_t gather_numbers(const double *from, size_t begin, size_t end, const uint8_t *train, size_t at, double *to)
{
    for (size_t i = begin; i < end; i++) {
        to[at] = from[i];
        at += !train || train[i] != 0;
    }
    return at;
}

static size_t gather_codes(const int32_t *from, size_t begin, size_t end, const uint8_t *train, size_t at, int32_t *to)
{
    for (size_t i = begin; i < end; i++) {
        to[at] = from[i];
        at += !train || train[i] != 0;
    }
    return at;
}

/* A part of the rows at a time, which leave memory behind it. */
static void gather_parts(const struct gathering *g, size_t k)
{
    const struct mli_column *column = &g->view->column[k];
    const struct mli_block *block = &g->training->block;
    size_t rows = g->view->rows, step = g->training->spool ? GATHERED : rows, at = 0;

    for (size_t begin = 0, end; begin < rows; begin = end) {
        end = rows - begin < step ? rows : begin + step;
        at = column->number ? gather_numbers(column->number, begin, end, g->train, at, block->number[k])
                            : gather_codes(column->code, begin, end, g->train, at, block->code[k]);
        mli_spool_rest_all(g->training->spool);
    }
}

static bool gather_folds(struct training *training, const struct ml_table *view,
                         const uint8_t *train, size_t n)
{
    if (!view->fold)
        return true;
    training->fold = mli_alloc(n, 1);
    for (size_t i = 0, at = 0; training->fold && i < view->rows; i++) {
        if (!train || train[i])
            training->fold[at++] = view->fold[i];
    }
    training->block.fold = training->fold;
    return training->fold != NULL;
}

/* A text is not gathered: nothing is learned from it. */
static enum ml_status gather_column(void *data, size_t k, struct ml_error *err)
{
    const struct gathering *g = data;
    const struct mli_column *column = &g->view->column[k];
    struct mli_block *block = &g->training->block;

    if (column->text)
        return ML_OK;
    if (column->number)
        block->number[k] = array_new(g->training, block->rows + 1, sizeof(double));
    else
        block->code[k] = array_new(g->training, block->rows + 1, sizeof(int32_t));
    if (!block->number[k] && !block->code[k])
        return mli_step_nomem(err);
    gather_parts(g, k);
    return ML_OK;
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

/* Makes a step, adds it to the pipeline unless it has nothing to do. */
static enum ml_status fit_step(struct mli_pipeline *pipeline, const struct mli_step_kind *kind,
                               struct mli_fit *fit, struct ml_error *err)
{
    void *state = NULL;
    enum ml_status status = kind->fit(fit, &state, err);

    if (status == ML_OK && state)
        pipeline->step[pipeline->steps++] = (struct mli_step){ kind, state };
    return status;
}

/* Dictionaries in sorted order: a table's own order may depend on rows that do not train. */
static enum ml_status sort_categories(struct mli_schema *schema, struct ml_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        struct mli_field *field = &schema->field[i];
        if (!field->dict || field->type == ML_TYPE_BOOLEAN)
            continue;
        int32_t *renumber = mli_alloc(mli_dict_count(field->dict), sizeof(*renumber));
        struct mli_dict *sorted = renumber ? mli_dict_sorted(field->dict, renumber) : NULL;
        free(renumber);
        if (!sorted)
            return mli_step_nomem(err);
        mli_dict_free(field->dict);
        field->dict = sorted;
        field->type = ML_TYPE_CATEGORY; /* a TEXT or IDENTIFIER that was kept */
    }
    return ML_OK;
}

/* Columns that are hashed need no dictionary. Caller frees; NULL: no memory. */
static uint8_t *mark_texts(const struct mli_fit *fit)
{
    uint8_t *text = mli_alloc(fit->n, 1);
    const char *argument;

    for (size_t i = 0; text && i < fit->n; i++)
        text[i] = mli_hashing_of(fit->config, &fit->table->column[fit->columns[i]], &argument) !=
                  MLI_HASHING_NONE;
    return text;
}

static enum ml_status make_schema(struct mli_pipeline *pipeline, const struct mli_fit *fit,
                                  struct ml_error *err)
{
    if (fit->n == 0)
        return ml_error_set(err, ML_EDATA, "no feature is left: every column was dropped");
    uint8_t *text = mark_texts(fit);
    enum ml_status status = text ? mli_schema_from_columns(fit->table, fit->columns, fit->n, text, fit->train,
                                                           &pipeline->schema, err)
                                 : mli_step_nomem(err);
    free(text);
    if (status == ML_OK)
        status = sort_categories(pipeline->schema, err);
    return status == ML_OK ? mli_frame_init(&pipeline->frame, pipeline->schema, err) : status;
}

static enum ml_status gather(const struct mli_pipeline *pipeline, const struct mli_fit *fit,
                             struct training *training, struct ml_error *err)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;
    enum ml_status status = mli_pipeline_view_fitted(pipeline, fit->table, &arena, &view, err);

    if (status == ML_OK) {
        struct gathering g = { .training = training, .view = view, .train = fit->train };
        training->block.rows = fit->rows;
        status = training_resize(training, view->columns) &&
                         gather_folds(training, view, fit->train, fit->rows)
                     ? mli_fit_each(fit, view->columns, gather_column, &g, err)
                     : mli_step_nomem(err);
    }
    mli_arena_release(&arena);
    return status;
}

/* The steps behind drop: each sees what the ones before it have made of the training rows. */
static enum ml_status fit_frame(struct mli_pipeline *pipeline, struct mli_fit *fit,
                                struct ml_error *err)
{
    struct training training = { .spool = fit->table->spool };
    enum ml_status status = ML_OK;

    if (fit->goal && mli_encode_any(fit->config, "target"))
        status = mli_target_folds(fit, &pipeline->fold, err);
    if (status == ML_OK)
        status = gather(pipeline, fit, &training, err);
    fit->frame = &pipeline->frame;
    /* cppcheck-suppress autoVariables ; fit is read by the steps of this loop only */
    fit->block = &training.block;
    for (size_t k = 1; k < MLI_STEP_KINDS && status == ML_OK; k++) {
        size_t before = pipeline->steps;
        status = fit_step(pipeline, mli_step_kinds[k], fit, err);
        if (status != ML_OK || pipeline->steps == before)
            continue;
        void *state = pipeline->step[before].state;
        status = mli_step_kinds[k]->shape(state, &pipeline->frame, err);
        if (status == ML_OK && !training_follow(&training, &pipeline->frame))
            status = mli_step_nomem(err);
        if (status == ML_OK && mli_step_kinds[k]->apply && k + 1 < MLI_STEP_KINDS)
            status = mli_fit_apply(fit, &pipeline->step[before], &training.block, training.count, err);
        if (status == ML_OK)
            training_forget(&training, &pipeline->frame);
    }
    training_release(&training);
    return status;
}

static size_t count_rows(const uint8_t *train, size_t rows)
{
    size_t n = 0;

    for (size_t i = 0; i < rows; i++)
        n += !train || train[i];
    return n;
}

enum ml_status mli_pipeline_fit(const struct ml_table *table, const size_t *columns, size_t n,
                                const uint8_t *train, const struct ml_prep_config *config,
                                const struct ml_log *log, struct mli_pipeline **out,
                                struct ml_error *err)
{
    return mli_pipeline_fit_to(table, columns, n, train, config, NULL, log, out, err);
}

enum ml_status mli_pipeline_fit_to(const struct ml_table *table, const size_t *columns, size_t n,
                                   const uint8_t *train, const struct ml_prep_config *config,
                                   const struct mli_goal *goal, const struct ml_log *log,
                                   struct mli_pipeline **out, struct ml_error *err)
{
    struct mli_fit fit = {
        .config = config,
        .log = log,
        .table = table,
        .goal = goal,
        .train = train,
        .n = n,
        .rows = count_rows(train, table->rows),
    };

    if (fit.rows == 0)
        return ml_error_set(err, ML_EDATA, "there is no row to fit the preprocessing on");
    enum ml_status status = mli_prep_check(config, err);
    if (status == ML_OK)
        status = mli_prep_check_columns(config, table, columns, n, err);
    if (status != ML_OK)
        return status;
    struct mli_pipeline *pipeline = mli_calloc(1, sizeof(*pipeline));
    fit.columns = mli_alloc(n, sizeof(*fit.columns));
    status = pipeline && fit.columns ? ML_OK : mli_step_nomem(err);
    if (status == ML_OK) {
        memcpy(fit.columns, columns, n * sizeof(*columns));
        status = fit_step(pipeline, mli_step_kinds[0], &fit, err);
    }
    if (status == ML_OK)
        status = make_schema(pipeline, &fit, err);
    if (status == ML_OK)
        status = fit_frame(pipeline, &fit, err);
    if (status == ML_OK)
        status = mli_pipeline_place(pipeline, err);
    if (status == ML_OK)
        status = mli_pipeline_name(pipeline, NULL, err);
    if (status == ML_OK)
        status = mli_pipeline_check_names(pipeline, err);
    if (status == ML_OK)
        status = mli_prep_say_idle(pipeline, config, log, err);
    free(fit.columns);
    if (status != ML_OK) {
        mli_pipeline_free(pipeline);
        return status;
    }
    *out = pipeline;
    return ML_OK;
}
