/*
 * Scale: numbers to mean 0 and variance 1, or to [0,1] over the training rows. The variance is the population's (by
 * n, not n - 1), as in scikit-learn's StandardScaler. Numbers that turn out to be all equal are only shifted.
 */
#include <prep/step.h>

#include <base/mem.h>
#include <base/suggest.h>
#include <math.h>
#include <prep/stats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METHODS 3

static const char *const method_name[METHODS] = {
    [MLI_SCALE_STANDARD] = "standard",
    [MLI_SCALE_MINMAX] = "minmax",
    [MLI_SCALE_NONE] = "none",
};

/* Tensors by what they are. */
static const char *const shift_name[] = {
    [MLI_SCALE_STANDARD] = "prep.scale.mean", [MLI_SCALE_MINMAX] = "prep.scale.min"
};
static const char *const scale_name[] = {
    [MLI_SCALE_STANDARD] = "prep.scale.deviation", [MLI_SCALE_MINMAX] = "prep.scale.range"
};

enum ml_status mli_prep_parse_scale(const char *text, struct mli_prep_config *config,
                                    struct ml_error *err)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (strcmp(text, method_name[i]) == 0) {
            config->scale = (enum mli_scale)i;
            return ML_OK;
        }
    }
    size_t nearest = mli_suggest(text, method_name, METHODS);
    if (nearest < METHODS)
        return ml_error_set(err, ML_EUSAGE, "\"%s\" is no way to scale; did you mean \"%s\"?", text,
                            method_name[nearest]);
    return ml_error_set(err, ML_EUSAGE,
                        "\"%s\" is no way to scale; expected standard, minmax or none", text);
}

static void scale_free(void *state)
{
    struct mli_scaler *scaler = state;

    if (!scaler)
        return;
    free(scaler->slot);
    free(scaler->shift);
    free(scaler->scale);
    free(scaler);
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

static void least_and_range(const double *x, size_t n, double *least, double *range)
{
    double low = x[0], high = x[0];

    for (size_t i = 1; i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    *least = low;
    *range = high - low;
}

/* A variance that underflows or is nothing but rounding leaves the scale at 1. */
static enum ml_status fit_column(const struct mli_fit *fit, size_t slot, double *shift,
                                 double *scale, struct ml_error *err)
{
    const double *x = fit->block->number[slot];

    least_and_range(x, fit->rows, shift, scale);
    if (fit->config->scale == MLI_SCALE_STANDARD && *scale > 0) {
        *shift = mli_stats_mean(x, fit->rows);
        *scale = sqrt(fmax(mli_stats_variance(x, fit->rows, *shift), 0));
    }
    if (*scale == 0)
        *scale = 1;
    if (!isfinite(*shift) || !isfinite(*scale))
        return ml_error_set(err, ML_EDATA, "column \"%s\": values are too large to be scaled",
                            fit->frame->slot[slot].name);
    return ML_OK;
}

static enum ml_status scale_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, *slot;

    if (fit->config->scale == MLI_SCALE_NONE)
        return ML_OK;
    enum ml_status status = mli_slots_new(fit->frame, MLI_SLOT_NUMBER, &count, &slot, err);
    if (status != ML_OK || count == 0)
        return status;
    struct mli_scaler *scaler = mli_calloc(1, sizeof(*scaler));
    if (!scaler) {
        free(slot);
        return mli_step_nomem(err);
    }
    *scaler = (struct mli_scaler){ .method = fit->config->scale, .count = count, .slot = slot };
    scaler->shift = mli_alloc(count, sizeof(*scaler->shift));
    scaler->scale = mli_alloc(count, sizeof(*scaler->scale));
    if (!scaler->shift || !scaler->scale)
        status = mli_step_nomem(err);
    for (size_t k = 0; k < count && status == ML_OK; k++)
        status = fit_column(fit, slot[k], &scaler->shift[k], &scaler->scale[k], err);
    if (status != ML_OK) {
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

static void scale_apply(const void *state, const struct mli_block *block)
{
    const struct mli_scaler *scaler = state;

    for (size_t k = 0; k < scaler->count; k++) {
        double *x = block->number[scaler->slot[k]], shift = scaler->shift[k],
               scale = scaler->scale[k];
        for (size_t i = 0; i < block->rows; i++)
            x[i] = (x[i] - shift) / scale;
    }
}

static enum ml_status scale_save(const void *state, json_t *doc, struct mli_tensors *set,
                                 struct ml_error *err)
{
    const struct mli_scaler *scaler = state;

    if (!mli_json_put(doc, "method", json_string(method_name[scaler->method])) ||
        !mli_slots_save(scaler->count, scaler->slot, doc))
        return mli_step_nomem(err);
    enum ml_status status =
        mli_tensors_add_vector(set, shift_name[scaler->method], scaler->count, scaler->shift, err);
    if (status != ML_OK)
        return status;
    return mli_tensors_add_vector(set, scale_name[scaler->method], scaler->count, scaler->scale,
                                  err);
}

static enum ml_status check_positive(const struct mli_scaler *scaler, struct ml_error *err)
{
    for (size_t k = 0; k < scaler->count; k++) {
        if (!(scaler->scale[k] > 0))
            return ml_error_set(err, ML_EARTIFACT,
                                "tensor \"%s\": element %zu is %g, expected more than 0",
                                scale_name[scaler->method], k, scaler->scale[k]);
    }
    return ML_OK;
}

static enum ml_status scale_load(const json_t *doc, struct mli_tensors *set, void **out,
                                 struct ml_error *err)
{
    static const char *const members[] = { "kind", "method", "columns", NULL };
    struct mli_scaler *scaler = mli_calloc(1, sizeof(*scaler));
    enum ml_status status = scaler ? mli_step_members(doc, members, err) : mli_step_nomem(err);
    size_t method = 0;

    if (status == ML_OK)
        status = mli_step_method(doc, method_name, MLI_SCALE_NONE, &method, err);
    if (status == ML_OK) {
        scaler->method = (enum mli_scale)method;
        status = mli_slots_load(doc, &scaler->count, &scaler->slot, err);
    }
    if (status == ML_OK)
        status = mli_step_numbers(set, shift_name[method], scaler->count, &scaler->shift, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, scale_name[method], scaler->count, &scaler->scale, err);
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
