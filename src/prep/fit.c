/* Fitting a pipeline: drop on the table, then the schema, then one step after the other on the training rows. */
#include <prep/inside.h>
#include <prep/options.h>
#include <prep/parallel.h>

#include <base/mem.h>
#include <prep/encode.h>
#include <prep/hashing.h>
#include <prep/tfidf.h>
#include <prep/training.h>
#include <stdlib.h>
#include <string.h>

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
        if (sorted && field->bins)
            mli_bins_renumber(field->bins, renumber);
        free(renumber);
        if (!sorted)
            return mli_step_nomem(err);
        mli_dict_free(field->dict);
        field->dict = sorted;
        field->type = ML_TYPE_CATEGORY; /* a TEXT or IDENTIFIER that was kept */
    }
    return ML_OK;
}

/* Columns that are hashed, or have a vocabulary, need no dictionary. Caller frees; NULL: no memory. */
static uint8_t *mark_texts(const struct mli_fit *fit)
{
    uint8_t *text = mli_alloc(fit->n, 1);
    const char *argument;
    struct mli_terms terms;

    for (size_t i = 0; text && i < fit->n; i++) {
        const struct mli_column *column = &fit->table->column[fit->columns[i]];
        text[i] = mli_hashing_of(fit->config, column, &argument) != MLI_HASHING_NONE ||
                  mli_tfidf_of(fit, column, &terms);
    }
    return text;
}

/* As drop has seen them. Caller frees; NULL: no memory. */
static struct mli_range *ranges_of(const struct mli_fit *fit)
{
    struct mli_range *range = mli_alloc(fit->n, sizeof(*range));

    for (size_t i = 0; range && i < fit->n; i++) {
        const struct mli_moments *m = &fit->moments[fit->columns[i]];
        range[i] = (struct mli_range){ m->n, m->low, m->high, fit->bins[fit->columns[i]] };
    }
    return range;
}

static enum ml_status make_schema(struct mli_pipeline *pipeline, const struct mli_fit *fit,
                                  struct ml_error *err)
{
    if (fit->n == 0)
        return ml_error_set(err, ML_EDATA, "no feature is left: every column was dropped");
    uint8_t *text = mark_texts(fit);
    struct mli_range *range = ranges_of(fit);
    enum ml_status status = text && range ? mli_schema_from_columns(fit->table, fit->columns, fit->n, text, range,
                                                                    fit->train, &pipeline->schema, err)
                                          : mli_step_nomem(err);
    free(range);
    free(text);
    if (status == ML_OK)
        status = sort_categories(pipeline->schema, err);
    return status == ML_OK ? mli_frame_init(&pipeline->frame, pipeline->schema, err) : status;
}

/* The steps behind drop: each sees what the ones before it have made of the training rows. */
static enum ml_status fit_frame(struct mli_pipeline *pipeline, struct mli_fit *fit,
                                struct ml_error *err)
{
    struct mli_training training = { 0 };
    enum ml_status status = ML_OK;

    if (fit->goal && mli_encode_any(fit->config, "target"))
        status = mli_target_folds(fit, &pipeline->fold, err);
    if (status == ML_OK)
        status = mli_training_init(&training, pipeline, fit, err);
    fit->frame = &pipeline->frame;
    /* cppcheck-suppress autoVariables ; fit is read by the steps of this loop only */
    fit->training = &training;
    for (size_t k = 1; k < MLI_STEP_KINDS && status == ML_OK; k++) {
        const struct mli_step *step = &pipeline->step[pipeline->steps];
        size_t before = pipeline->steps;
        status = fit_step(pipeline, mli_step_kinds[k], fit, err);
        if (status != ML_OK || pipeline->steps == before)
            continue;
        status = step->kind->shape(step->state, &pipeline->frame, err);
        if (status == ML_OK && k + 1 < MLI_STEP_KINDS)
            status = mli_training_apply(&training, fit, step, err);
    }
    mli_training_release(&training, fit);
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
    fit.moments = mli_calloc(table->columns, sizeof(*fit.moments));
    fit.bins = mli_calloc(table->columns, sizeof(*fit.bins));
    status = pipeline && fit.columns && fit.moments && fit.bins ? ML_OK : mli_step_nomem(err);
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
    free(fit.moments);
    for (size_t k = 0; fit.bins && k < table->columns; k++)
        free(fit.bins[k]);
    free(fit.bins);
    if (status != ML_OK) {
        mli_pipeline_free(pipeline);
        return status;
    }
    *out = pipeline;
    return ML_OK;
}
