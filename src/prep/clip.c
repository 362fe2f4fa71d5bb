/*
 * Clip: numbers beyond two bounds become the bound. The bounds come from the training rows, behind the imputing:
 *
 *   iqr:K       Q1 - K (Q3 - Q1) to Q3 + K (Q3 - Q1), quartiles interpolated linearly [Tukey 1977; K is 1.5]
 *   zscore:K    mean - K deviation to mean + K deviation, of the population (K is 3)
 *   quantile:A  the quantile A to the quantile 1 - A (winsorising)
 *
 * A column whose quartiles are equal, or whose values are, has no scale by which a value could be far out, and is left
 * alone. Only columns that are numbers in the table are clipped: parts of dates have no outliers.
 */
#include <prep/step.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <prep/stats.h>
#include <stdlib.h>
#include <string.h>

#define METHODS 4

static const char *const method_name[METHODS] = {
    [MLI_CLIP_IQR] = "iqr",
    [MLI_CLIP_ZSCORE] = "zscore",
    [MLI_CLIP_QUANTILE] = "quantile",
    [MLI_CLIP_NONE] = "none",
};

/* What stands behind the colon: its default (NaN: there is none) and where it must lie. */
static const struct {
    double usual, low, high;
    const char *range;
} factor_of[METHODS] = {
    [MLI_CLIP_IQR] = { 1.5, 0, 1e6, "a number from 0 to 1e6, such as iqr:1.5" },
    [MLI_CLIP_ZSCORE] = { 3, 0, 1e6, "a number from 0 to 1e6, such as zscore:4" },
    [MLI_CLIP_QUANTILE] = { NAN, 0, 0.5, "a share from 0 to 0.5, such as quantile:0.01" },
    [MLI_CLIP_NONE] = { 0, 0, 0, "nothing" },
};

static enum ml_status parse(const char *how, size_t *method, double *factor, struct ml_error *err)
{
    const char *colon = strchr(how, ':');
    size_t length = colon ? (size_t)(colon - how) : strlen(how), m = 0;

    while (m < METHODS && (strlen(method_name[m]) != length || strncmp(how, method_name[m], length) != 0))
        m++;
    if (m == METHODS)
        return mli_choice_refuse(how, "way to find outliers", method_name, METHODS, NULL, err);
    *method = m;
    *factor = factor_of[m].usual;
    if (colon && !mli_num_parse(colon + 1, strlen(colon + 1), factor))
        *factor = NAN;
    if ((!colon || m != MLI_CLIP_NONE) && *factor >= factor_of[m].low && *factor <= factor_of[m].high)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "\"%.60s\": expected %s behind the colon", how,
                        factor_of[m].range);
}

enum ml_status mli_clip_check(const char *how, unsigned column, struct ml_error *err)
{
    size_t method;
    double factor;

    (void)column;
    return parse(how, &method, &factor, err);
}

static void clip_free(void *state)
{
    struct mli_clip *clip = state;

    if (!clip)
        return;
    free(clip->slot);
    free(clip->method);
    free(clip->factor);
    free(clip->low);
    free(clip->high);
    free(clip);
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* Bounds about the middle; false when there is no scale. x is sorted for all but the deviation. */
static bool bounds(size_t method, double factor, const double *x, size_t n, double *low, double *high)
{
    double reach;

    if (method == MLI_CLIP_ZSCORE) {
        double mean = mli_stats_mean(x, n);
        reach = sqrt(fmax(mli_stats_variance(x, n, mean), 0));
        *low = *high = mean;
    } else {
        double share = method == MLI_CLIP_IQR ? 0.25 : factor;
        *low = mli_stats_quantile(x, n, share);
        *high = mli_stats_quantile(x, n, 1 - share);
        reach = *high - *low;
    }
    if (method == MLI_CLIP_QUANTILE)
        return *high > *low;
    *low -= factor * reach;
    *high += factor * reach;
    return reach > 0;
}

/* Adds the slot to the state when it is to be clipped. work: two vectors of fit->rows. */
static enum ml_status fit_column(const struct mli_fit *fit, size_t slot, double *work,
                                 struct mli_clip *clip, struct ml_error *err)
{
    size_t k = clip->count;
    const double *x = fit->block->number[slot];
    const char *how = mli_choice_find(fit->config->outliers, mli_slot_column(fit->frame, slot),
                                      method_name[MLI_CLIP_NONE]);
    enum ml_status status = parse(how, &clip->method[k], &clip->factor[k], err);

    if (status != ML_OK || clip->method[k] == MLI_CLIP_NONE)
        return status;
    if (clip->method[k] != MLI_CLIP_ZSCORE) {
        memcpy(work, x, fit->rows * sizeof(*work));
        mli_stats_sort(work, work + fit->rows, fit->rows);
        x = work;
    }
    if (!bounds(clip->method[k], clip->factor[k], x, fit->rows, &clip->low[k], &clip->high[k])) {
        ml_log(fit->log, ML_LOG_NOTE,
               "column \"%s\" is not clipped: %s are equal, so no value is far out by %s",
               fit->frame->slot[slot].name,
               clip->method[k] == MLI_CLIP_ZSCORE ? "all values" : "its quartiles", how);
        return ML_OK;
    }
    if (!isfinite(clip->low[k]) || !isfinite(clip->high[k]))
        return ml_error_set(err, ML_EDATA, "column \"%s\": values are too large to be clipped",
                            fit->frame->slot[slot].name);
    clip->slot[k] = slot;
    clip->count++;
    return ML_OK;
}

static struct mli_clip *clip_new(size_t capacity)
{
    struct mli_clip *clip = mli_calloc(1, sizeof(*clip));

    if (!clip)
        return NULL;
    clip->slot = mli_alloc(capacity, sizeof(*clip->slot));
    clip->method = mli_alloc(capacity, sizeof(*clip->method));
    clip->factor = mli_alloc(capacity, sizeof(*clip->factor));
    clip->low = mli_alloc(capacity, sizeof(*clip->low));
    clip->high = mli_alloc(capacity, sizeof(*clip->high));
    if (clip->slot && clip->method && clip->factor && clip->low && clip->high)
        return clip;
    clip_free(clip);
    return NULL;
}

static enum ml_status clip_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    const struct mli_frame *frame = fit->frame;
    struct mli_clip *clip = clip_new(frame->schema->count);
    double *work = mli_alloc(fit->rows, 2 * sizeof(*work));
    enum ml_status status = clip && work ? ML_OK : mli_step_nomem(err);

    for (size_t s = 0; s < frame->schema->count && status == ML_OK; s++) {
        if (frame->slot[s].live && frame->slot[s].kind == MLI_SLOT_NUMBER)
            status = fit_column(fit, s, work, clip, err);
    }
    free(work);
    if (status != ML_OK || clip->count == 0) {
        clip_free(clip);
        return status;
    }
    *out = clip;
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static enum ml_status clip_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_clip *clip = state;

    return mli_frame_check(frame, clip->count, clip->slot, MLI_SLOT_NUMBER, err);
}

static void clip_apply(const void *state, const struct mli_block *block)
{
    const struct mli_clip *clip = state;

    for (size_t k = 0; k < clip->count; k++) {
        double *x = block->number[clip->slot[k]], low = clip->low[k], high = clip->high[k];
        for (size_t i = 0; i < block->rows; i++) {
            x[i] = x[i] < low ? low : x[i];
            x[i] = x[i] > high ? high : x[i];
        }
    }
}

static enum ml_status clip_save(const void *state, json_t *doc, struct mli_tensors *set,
                                struct ml_error *err)
{
    const struct mli_clip *clip = state;

    if (!mli_step_methods_save(clip->count, clip->method, method_name, doc) ||
        !mli_slots_save(clip->count, clip->slot, doc))
        return mli_step_nomem(err);
    enum ml_status status =
        mli_tensors_add_vector(set, "prep.clip.factor", clip->count, clip->factor, err);
    if (status == ML_OK)
        status = mli_tensors_add_vector(set, "prep.clip.low", clip->count, clip->low, err);
    if (status == ML_OK)
        status = mli_tensors_add_vector(set, "prep.clip.high", clip->count, clip->high, err);
    return status;
}

static enum ml_status check_bounds(const struct mli_clip *clip, struct ml_error *err)
{
    for (size_t k = 0; k < clip->count; k++) {
        if (clip->low[k] > clip->high[k])
            return ml_error_set(err, ML_EARTIFACT,
                                "tensor \"prep.clip.low\": element %zu is %g, above the upper "
                                "bound %g",
                                k, clip->low[k], clip->high[k]);
    }
    return ML_OK;
}

static enum ml_status clip_load(const json_t *doc, struct mli_tensors *set, void **out,
                                struct ml_error *err)
{
    static const char *const members[] = { "kind", "method", "columns", NULL };
    struct mli_clip *clip = mli_calloc(1, sizeof(*clip));
    enum ml_status status = clip ? mli_step_members(doc, members, err) : mli_step_nomem(err);

    if (status == ML_OK)
        status = mli_slots_load(doc, &clip->count, &clip->slot, err);
    if (status == ML_OK)
        status = mli_step_methods_load(doc, method_name, MLI_CLIP_NONE, clip->count, &clip->method,
                                       err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.clip.factor", clip->count, &clip->factor, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.clip.low", clip->count, &clip->low, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.clip.high", clip->count, &clip->high, err);
    if (status == ML_OK)
        status = check_bounds(clip, err);
    if (status != ML_OK) {
        clip_free(clip);
        return status;
    }
    *out = clip;
    return ML_OK;
}

const struct mli_step_kind mli_clip_step = {
    .name = "clip",
    .fit = clip_fit,
    .shape = clip_shape,
    .apply = clip_apply,
    .save = clip_save,
    .load = clip_load,
    .free = clip_free,
};
