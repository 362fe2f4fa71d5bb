#include <prep/training.h>

#include <base/mem.h>
#include <math.h>
#include <prep/inside.h>
#include <prep/parallel.h>
#include <stdlib.h>

#define GATHERED ((size_t)1 << 18) /* rows of a column at a time, of a table that is in a spool */

static void *array_new(const struct mli_fit *fit, size_t rows, size_t size)
{
    return fit->table->spool ? mli_spool_alloc(fit->table->spool, rows, size) : mli_alloc(rows, size);
}

static void array_free(const struct mli_fit *fit, void *array)
{
    if (fit->table->spool)
        mli_spool_give_back(fit->table->spool, array);
    else
        free(array);
}

void mli_training_release(struct mli_training *training, const struct mli_fit *fit)
{
    for (size_t s = 0; s < training->slots; s++) {
        array_free(fit, training->block.number[s]);
        array_free(fit, training->block.code[s]);
    }
    free(training->block.number);
    free(training->block.code);
    free(training->fill);
    free(training->fold);
    *training = (struct mli_training){ 0 };
}

static bool resize(struct mli_training *training, size_t slots)
{
    double **number = mli_realloc(training->block.number, slots, sizeof(*number));
    if (number)
        training->block.number = number;
    int32_t **code = mli_realloc(training->block.code, slots, sizeof(*code));
    if (code)
        training->block.code = code;
    double *fill = mli_realloc(training->fill, slots, sizeof(*fill));
    if (fill)
        training->fill = fill;
    if (!number || !code || !fill)
        return false;
    for (; training->slots < slots; training->slots++) {
        number[training->slots] = NULL;
        code[training->slots] = NULL;
        fill[training->slots] = NAN;
    }
    return true;
}

/* ---- gathering ----------------------------------------------------------------------------------------------- */

/* Rows [begin, end). Each value is written and kept when its row trains: there is room for one that is not. */
static size_t gather_numbers(const struct mli_values *from, size_t begin, size_t end, size_t at, double *to)
{
    for (size_t i = begin; i < end; i++) {
        to[at] = isnan(from->x[i]) ? from->fill : from->x[i];
        at += !from->use || from->use[i] != 0;
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

/* A part of the rows at a time, which leave memory behind it where the table is in a spool. */
static size_t part_end(const struct mli_fit *fit, size_t begin)
{
    size_t rows = fit->table->rows;

    mli_spool_rest_all(fit->table->spool);
    return fit->table->spool && rows - begin > GATHERED ? begin + GATHERED : rows;
}

struct gathering {
    struct mli_training *training;
    const struct mli_fit *fit;
    const struct ml_table *view;
    size_t *slot;
};

/* What is no code stays where it is: numbers for as long as can be, and tfidf looks at the texts of the table. */
static enum ml_status gather_code(void *data, size_t k, struct ml_error *err)
{
    const struct gathering *g = data;
    const int32_t *from = g->view->column[k].code;
    size_t rows = g->fit->table->rows;

    if (g->view->column[k].text || !from)
        return ML_OK;
    int32_t *to = g->training->block.code[k] = array_new(g->fit, g->fit->rows + 1, sizeof(*to));
    if (!to)
        return mli_step_nomem(err);
    for (size_t begin = 0, end, at = 0; begin < rows; begin = end) {
        end = part_end(g->fit, begin);
        at = gather_codes(from, begin, end, g->fit->train, at, to);
    }
    return ML_OK;
}

static enum ml_status gather_number(void *data, size_t k, struct ml_error *err)
{
    const struct gathering *g = data;
    size_t slot = g->slot[k];
    const struct mli_values from = mli_fit_values(g->fit, slot);
    double *to = array_new(g->fit, g->fit->rows + 1, sizeof(*to));

    if (!to)
        return mli_step_nomem(err);
    for (size_t begin = 0, end, at = 0; begin < from.rows; begin = end) {
        end = part_end(g->fit, begin);
        at = gather_numbers(&from, begin, end, at, to);
    }
    g->training->block.number[slot] = to;
    return ML_OK;
}

/* The numbers that the step will read or change and that are still in the table. */
static enum ml_status gather_numbers_of(struct mli_training *training, const struct mli_fit *fit,
                                        const struct mli_step *step, struct ml_error *err)
{
    size_t count, kept = 0;
    const size_t *slot = step->kind->numbers(step->state, &count);
    struct gathering g = { .training = training, .fit = fit, .slot = mli_alloc(count, sizeof(*g.slot)) };

    if (!g.slot)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count; k++)
        if (!training->block.number[slot[k]])
            g.slot[kept++] = slot[k];
    enum ml_status status = mli_fit_each(fit, kept, gather_number, &g, err);
    free(g.slot);
    return status;
}

static enum ml_status gather_folds(struct mli_training *training, const struct ml_table *view,
                                   const struct mli_fit *fit, struct ml_error *err)
{
    if (!view->fold)
        return ML_OK;
    training->fold = mli_alloc(fit->rows, 1);
    if (!training->fold)
        return mli_step_nomem(err);
    for (size_t i = 0, at = 0; i < view->rows; i++) {
        if (!fit->train || fit->train[i])
            training->fold[at++] = view->fold[i];
    }
    training->block.fold = training->fold;
    return ML_OK;
}

enum ml_status mli_training_init(struct mli_training *training, const struct mli_pipeline *pipeline,
                                 const struct mli_fit *fit, struct ml_error *err)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view;
    enum ml_status status = mli_pipeline_view_fitted(pipeline, fit->table, &arena, &view, err);

    *training = (struct mli_training){ .block.rows = fit->rows };
    if (status == ML_OK && !resize(training, view->columns))
        status = mli_step_nomem(err);
    if (status == ML_OK)
        status = gather_folds(training, view, fit, err);
    if (status == ML_OK) {
        struct gathering g = { .training = training, .fit = fit, .view = view };
        status = mli_fit_each(fit, view->columns, gather_code, &g, err);
    }
    mli_arena_release(&arena);
    return status;
}

/* ---- applying ------------------------------------------------------------------------------------------------ */

static bool follow(struct mli_training *training, const struct mli_fit *fit)
{
    size_t before = training->slots;

    if (!resize(training, fit->frame->count))
        return false;
    for (size_t s = before; s < training->slots; s++) {
        training->block.number[s] = array_new(fit, fit->rows, sizeof(double));
        if (!training->block.number[s])
            return false;
    }
    return true;
}

static void forget(struct mli_training *training, const struct mli_fit *fit)
{
    for (size_t s = 0; s < fit->frame->count; s++) {
        if (fit->frame->slot[s].live)
            continue;
        array_free(fit, training->block.number[s]);
        array_free(fit, training->block.code[s]);
        training->block.number[s] = NULL;
        training->block.code[s] = NULL;
    }
}

enum ml_status mli_training_apply(struct mli_training *training, const struct mli_fit *fit,
                                  const struct mli_step *step, struct ml_error *err)
{
    enum ml_status status = follow(training, fit) ? ML_OK : mli_step_nomem(err);

    if (status == ML_OK && step->kind->numbers)
        status = gather_numbers_of(training, fit, step, err);
    if (status == ML_OK && step->kind->defer)
        step->kind->defer(step->state, training->fill);
    if (status == ML_OK && step->kind->apply)
        status = mli_fit_apply(fit, step, &training->block, training->slots, err);
    if (status == ML_OK)
        forget(training, fit);
    return status;
}

/* ---- for the steps ------------------------------------------------------------------------------------------- */

struct mli_values mli_fit_values(const struct mli_fit *fit, size_t slot)
{
    const double *gathered = fit->training->block.number[slot];

    if (gathered)
        return (struct mli_values){ .x = gathered, .rows = fit->rows, .fill = NAN, .spooled = fit->table->spool };
    return (struct mli_values){ .x = fit->table->column[fit->columns[slot]].number,
                                .use = fit->train,
                                .rows = fit->table->rows,
                                .fill = fit->training->fill[slot],
                                .spooled = fit->table->spool };
}

struct mli_moments mli_fit_moments(const struct mli_fit *fit, size_t slot)
{
    const struct mli_values values = mli_fit_values(fit, slot);
    struct mli_moments moments;

    if (!fit->training->block.number[slot]) {
        moments = fit->moments[fit->columns[slot]];
        if (isnan(values.fill) || moments.n == fit->rows)
            return moments;
    }
    mli_stats_moments(&values, &moments);
    return moments;
}
