/*
 * Scale: numbers to mean 0 and variance 1, to [0,1], or to median 0 and quartiles at a distance of 1, over the training
 * rows. The variance is the population's (by n, not n - 1), as in scikit-learn's StandardScaler; quartiles are
 * interpolated linearly [Hyndman & Fan 1996, definition 7]. Numbers that turn out to be all equal are only shifted, and
 * so are those whose quartiles are.
 */
#include <prep/step.h>

#include <base/clones.h>
#include <base/mem.h>
#include <math.h>
#include <prep/parallel.h>
#include <prep/training.h>
#include <stdlib.h>

#define METHODS 4

static const char *const method_name[METHODS] = {
    [MLI_SCALE_STANDARD] = "standard",
    [MLI_SCALE_MINMAX] = "minmax",
    [MLI_SCALE_ROBUST] = "robust",
    [MLI_SCALE_NONE] = "none",
};

/* Tensors by what they are; the last pair is for columns that are not scaled alike. */
static const char *const shift_name[METHODS] = {
    [MLI_SCALE_STANDARD] = "prep.scale.mean",
    [MLI_SCALE_MINMAX] = "prep.scale.min",
    [MLI_SCALE_ROBUST] = "prep.scale.median",
    [MLI_SCALE_NONE] = "prep.scale.shift",
};
static const char *const scale_name[METHODS] = {
    [MLI_SCALE_STANDARD] = "prep.scale.deviation",
    [MLI_SCALE_MINMAX] = "prep.scale.range",
    [MLI_SCALE_ROBUST] = "prep.scale.iqr",
    [MLI_SCALE_NONE] = "prep.scale.scale",
};

/* Which pair of tensors a scaler has. */
static size_t pair_of(const struct mli_scaler *scaler)
{
    return mli_step_alike(scaler->count, scaler->method) ? scaler->method[0] : MLI_SCALE_NONE;
}

enum ml_status mli_scale_check(const char *how, unsigned column, struct ml_error *err)
{
    (void)column; /* whatever has become a number is scaled alike */
    if (mli_choice_word(how, method_name, METHODS) < METHODS)
        return ML_OK;
    return mli_choice_refuse(how, "way to scale", method_name, METHODS, NULL, err);
}

static void scale_free(void *state)
{
    struct mli_scaler *scaler = state;

    if (!scaler)
        return;
    free(scaler->slot);
    free(scaler->method);
    free(scaler->shift);
    free(scaler->scale);
    free(scaler);
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* False: no memory. */
static bool median_and_quartiles(const struct mli_fit *fit, size_t slot, double *median, double *distance)
{
    static const double q[] = { 0.25, 0.5, 0.75 };
    const struct mli_values values = mli_fit_values(fit, slot);
    double found[3];

    if (!mli_stats_quantiles(&values, 3, q, found))
        return false;
    *median = found[1];
    *distance = found[2] - found[0];
    return true;
}

struct job {
    const struct mli_fit *fit;
    struct mli_scaler *scaler;
};

/* A variance that underflows or is nothing but rounding leaves the scale at 1. */
static enum ml_status fit_column(void *data, size_t k, struct ml_error *err)
{
    const struct job *job = data;
    size_t slot = job->scaler->slot[k], method = job->scaler->method[k];
    double *shift = &job->scaler->shift[k], *scale = &job->scaler->scale[k];
    const struct mli_moments moments = mli_fit_moments(job->fit, slot);

    *shift = moments.low;
    *scale = moments.high - moments.low;
    if (method == MLI_SCALE_STANDARD && *scale > 0) {
        *shift = moments.mean;
        *scale = sqrt(moments.variance);
    } else if (method == MLI_SCALE_ROBUST && !median_and_quartiles(job->fit, slot, shift, scale)) {
        return mli_step_nomem(err);
    }
    if (*scale == 0)
        *scale = 1;
    if (!isfinite(*shift) || !isfinite(*scale))
        return ml_error_set(err, ML_EDATA, "column \"%s\": values are too large to be scaled (--outliers iqr takes them in, --drop-columns leaves it out)",
                            job->fit->frame->slot[slot].name);
    return ML_OK;
}

/* Leaves the slots that are scaled and fills their methods. */
static void choose(const struct mli_fit *fit, struct mli_scaler *scaler)
{
    size_t kept = 0;

    for (size_t k = 0; k < scaler->count; k++) {
        const char *column = mli_slot_column(fit->frame, scaler->slot[k]);
        size_t method = mli_choice_word(
            mli_choice_find(fit->config->scale, column, method_name[MLI_SCALE_STANDARD]),
            method_name, MLI_SCALE_NONE);
        if (method == MLI_SCALE_NONE)
            continue;
        scaler->slot[kept] = scaler->slot[k];
        scaler->method[kept++] = method;
    }
    scaler->count = kept;
}

static enum ml_status scale_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    struct mli_scaler *scaler = mli_calloc(1, sizeof(*scaler));
    enum ml_status status =
        scaler ? mli_slots_new(fit->frame, MLI_SLOT_NUMBER, &scaler->count, &scaler->slot, err)
               : mli_step_nomem(err);
    struct job job = { .fit = fit, .scaler = scaler };

    if (status == ML_OK) {
        scaler->method = mli_alloc(scaler->count, sizeof(*scaler->method));
        scaler->shift = mli_alloc(scaler->count, sizeof(*scaler->shift));
        scaler->scale = mli_alloc(scaler->count, sizeof(*scaler->scale));
        if (!scaler->method || !scaler->shift || !scaler->scale)
            status = mli_step_nomem(err);
        else
            choose(fit, scaler);
    }
    if (status == ML_OK)
        status = mli_fit_each(fit, scaler->count, fit_column, &job, err);
    if (status != ML_OK || scaler->count == 0) {
        scale_free(scaler);
        return status;
    }
    *out = scaler;
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static enum ml_status scale_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_scaler *scaler = state;

    return mli_frame_check(frame, scaler->count, scaler->slot, MLI_SLOT_NUMBER, err);
}

MLI_CLONES
static void scale_apply(const void *state, const struct mli_block *block)
{
    const struct mli_scaler *scaler = state;

    for (size_t k = 0; k < scaler->count; k++) {
        double *x = block->number[scaler->slot[k]], shift = scaler->shift[k],
               scale = scaler->scale[k];
        for (size_t i = 0; x && i < block->rows; i++)
            x[i] = (x[i] - shift) / scale;
    }
}

static enum ml_status scale_save(const void *state, json_t *doc, struct mli_tensors *set,
                                 struct ml_error *err)
{
    const struct mli_scaler *scaler = state;
    size_t pair = pair_of(scaler);

    if (!mli_step_methods_save(scaler->count, scaler->method, method_name, doc) ||
        !mli_slots_save(scaler->count, scaler->slot, doc))
        return mli_step_nomem(err);
    enum ml_status status =
        mli_tensors_add_vector(set, shift_name[pair], scaler->count, scaler->shift, err);
    if (status != ML_OK)
        return status;
    return mli_tensors_add_vector(set, scale_name[pair], scaler->count, scaler->scale, err);
}

static enum ml_status check_positive(const struct mli_scaler *scaler, struct ml_error *err)
{
    for (size_t k = 0; k < scaler->count; k++) {
        if (!(scaler->scale[k] > 0))
            return ml_error_set(err, ML_EARTIFACT,
                                "tensor \"%s\": element %zu is %g, expected more than 0",
                                scale_name[pair_of(scaler)], k, scaler->scale[k]);
    }
    return ML_OK;
}

static enum ml_status scale_load(const json_t *doc, struct mli_tensors *set, void **out,
                                 struct ml_error *err)
{
    static const char *const members[] = { "kind", "method", "columns", NULL };
    struct mli_scaler *scaler = mli_calloc(1, sizeof(*scaler));
    enum ml_status status = scaler ? mli_step_members(doc, members, err) : mli_step_nomem(err);
    size_t pair = 0;

    if (status == ML_OK)
        status = mli_slots_load(doc, &scaler->count, &scaler->slot, err);
    if (status == ML_OK)
        status = mli_step_methods_load(doc, method_name, MLI_SCALE_NONE, scaler->count,
                                       &scaler->method, err);
    if (status == ML_OK) {
        pair = pair_of(scaler);
        status = mli_step_numbers(set, shift_name[pair], scaler->count, &scaler->shift, err);
    }
    if (status == ML_OK)
        status = mli_step_numbers(set, scale_name[pair], scaler->count, &scaler->scale, err);
    if (status == ML_OK)
        status = check_positive(scaler, err);
    if (status != ML_OK) {
        scale_free(scaler);
        return status;
    }
    *out = scaler;
    return ML_OK;
}

const struct mli_step_kind mli_scale_step = {
    .name = "scale",
    .fit = scale_fit,
    .shape = scale_shape,
    .apply = scale_apply,
    .save = scale_save,
    .load = scale_load,
    .free = scale_free,
};
