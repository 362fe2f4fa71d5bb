/* Impute: a missing number becomes one statistic of the training rows that have one. */
#include <prep/step.h>

#include <base/clones.h>
#include <base/mem.h>
#include <base/num.h>
#include <base/sort.h>
#include <math.h>
#include <prep/options.h>
#include <prep/parallel.h>
#include <prep/training.h>
#include <stdlib.h>
#include <string.h>

#define METHODS 4

static const char *const method_name[METHODS] = {
    [MLI_IMPUTE_MEAN] = "mean",
    [MLI_IMPUTE_MEDIAN] = "median",
    [MLI_IMPUTE_MODE] = "mode",
    [MLI_IMPUTE_CONSTANT] = "constant",
};

/* A word or a number, which *constant gets. */
static enum ml_status parse(const char *how, size_t *method, double *constant, struct ml_error *err)
{
    *method = mli_choice_word(how, method_name, MLI_IMPUTE_CONSTANT);
    if (*method < MLI_IMPUTE_CONSTANT || mli_num_parse(how, strlen(how), constant))
        return ML_OK;
    return mli_choice_refuse(how, "way to fill missing numbers", method_name, MLI_IMPUTE_CONSTANT,
                             "a number", err);
}

enum ml_status mli_impute_check(const char *how, unsigned column, struct ml_error *err)
{
    struct ml_error unknown = ML_ERROR_INIT;
    size_t method;
    double constant;

    if (column == MLI_FOR_CATEGORIES)
        return mli_fill_check(how, err);
    /* column 0 may be either; what is fine for neither is refused with the words for numbers */
    if (column == 0 && mli_fill_check(how, &unknown) == ML_OK)
        return ML_OK;
    return parse(how, &method, &constant, err);
}

static void impute_free(void *state)
{
    struct mli_imputer *imputer = state;

    if (!imputer)
        return;
    free(imputer->slot);
    free(imputer->method);
    free(imputer->value);
    free(imputer);
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* False: no memory. */
static bool mode_of(const struct mli_values *values, size_t rows, double *out)
{
    double *work = mli_alloc(rows, 2 * sizeof(*work));

    if (!work)
        return false;
    size_t n = mli_values_copy(values, work);
    mli_sort(work, work + rows, n);
    *out = mli_stats_mode(work, n);
    free(work);
    return true;
}

/* Of the values that are there, at least one. False: no memory. */
static bool statistic(const struct mli_fit *fit, size_t slot, size_t method, double *out)
{
    static const double middle = 0.5;
    const struct mli_values values = mli_fit_values(fit, slot);

    if (method == MLI_IMPUTE_MEDIAN)
        return mli_stats_quantiles(&values, 1, &middle, out);
    if (method == MLI_IMPUTE_MODE)
        return mode_of(&values, fit->rows, out);
    *out = mli_fit_moments(fit, slot).mean;
    return true;
}

struct job {
    const struct mli_fit *fit;
    struct mli_imputer *imputer;
};

/* The drop step has left no column without a value. */
static enum ml_status fit_column(void *data, size_t k, struct ml_error *err)
{
    const struct job *job = data;
    const struct mli_fit *fit = job->fit;
    size_t slot = job->imputer->slot[k], *method = &job->imputer->method[k];
    double *value = &job->imputer->value[k];
    const char *how = mli_choice_find(fit->config->impute, mli_slot_column(fit->frame, slot),
                                      method_name[MLI_IMPUTE_MEDIAN]);
    enum ml_status status = parse(how, method, value, err);

    if (status != ML_OK || *method == MLI_IMPUTE_CONSTANT)
        return status;
    if (!statistic(fit, slot, *method, value))
        return mli_step_nomem(err);
    if (isfinite(*value))
        return ML_OK;
    return ml_error_set(err, ML_EDATA, "column \"%s\": values are too large for a %s",
                        fit->frame->slot[slot].name, method_name[*method]);
}

static enum ml_status impute_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    struct mli_imputer *imputer = mli_calloc(1, sizeof(*imputer));
    struct job job = { .fit = fit, .imputer = imputer };
    enum ml_status status =
        imputer ? mli_slots_new(fit->frame, MLI_SLOT_NUMBER, &imputer->count, &imputer->slot, err)
                : mli_step_nomem(err);

    if (status == ML_OK) {
        imputer->method = mli_alloc(imputer->count, sizeof(*imputer->method));
        imputer->value = mli_alloc(imputer->count, sizeof(*imputer->value));
        status = imputer->method && imputer->value ? ML_OK : mli_step_nomem(err);
    }
    if (status == ML_OK)
        status = mli_fit_each(fit, imputer->count, fit_column, &job, err);
    if (status != ML_OK || imputer->count == 0) {
        impute_free(imputer);
        return status;
    }
    *out = imputer;
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static enum ml_status impute_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_imputer *imputer = state;
    enum ml_status status =
        mli_frame_check(frame, imputer->count, imputer->slot, MLI_SLOT_NUMBER, err);

    for (size_t k = 0; k < imputer->count && status == ML_OK; k++)
        frame->slot[imputer->slot[k]].filled = true;
    return status;
}

MLI_CLONES
static void impute_apply(const void *state, const struct mli_block *block)
{
    const struct mli_imputer *imputer = state;

    for (size_t k = 0; k < imputer->count; k++) {
        double *x = block->number[imputer->slot[k]], value = imputer->value[k];
        for (size_t i = 0; x && i < block->rows; i++)
            x[i] = x[i] != x[i] ? value : x[i];
    }
}

static void impute_defer(const void *state, double *fill)
{
    const struct mli_imputer *imputer = state;

    for (size_t k = 0; k < imputer->count; k++)
        fill[imputer->slot[k]] = imputer->value[k];
}

static enum ml_status impute_save(const void *state, json_t *doc, struct mli_tensors *set,
                                  struct ml_error *err)
{
    const struct mli_imputer *imputer = state;

    if (!mli_step_methods_save(imputer->count, imputer->method, method_name, doc) ||
        !mli_slots_save(imputer->count, imputer->slot, doc))
        return mli_step_nomem(err);
    return mli_tensors_add_vector(set, "prep.impute.value", imputer->count, imputer->value, err);
}

static enum ml_status impute_load(const json_t *doc, struct mli_tensors *set, void **out,
                                  struct ml_error *err)
{
    static const char *const members[] = { "kind", "method", "columns", NULL };
    struct mli_imputer *imputer = mli_calloc(1, sizeof(*imputer));
    enum ml_status status = imputer ? mli_step_members(doc, members, err) : mli_step_nomem(err);

    if (status == ML_OK)
        status = mli_slots_load(doc, &imputer->count, &imputer->slot, err);
    if (status == ML_OK)
        status = mli_step_methods_load(doc, method_name, METHODS, imputer->count, &imputer->method,
                                       err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.impute.value", imputer->count, &imputer->value, err);
    if (status != ML_OK) {
        impute_free(imputer);
        return status;
    }
    *out = imputer;
    return ML_OK;
}

const struct mli_step_kind mli_impute_step = {
    .name = "impute",
    .fit = impute_fit,
    .shape = impute_shape,
    .apply = impute_apply,
    .defer = impute_defer,
    .save = impute_save,
    .load = impute_load,
    .free = impute_free,
};
