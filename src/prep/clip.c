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
#include <prep/parallel.h>
#include <prep/training.h>
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

    while (m < METHODS &&
           (strlen(method_name[m]) != length || strncmp(how, method_name[m], length) != 0))
        m++;
    if (m == METHODS)
        return mli_choice_refuse(how, "way to find outliers", method_name, METHODS, NULL, err);
    *method = m;
    *factor = factor_of[m].usual;
    if (colon && !mli_num_parse(colon + 1, strlen(colon + 1), factor))
        *factor = NAN;
    if ((!colon || m != MLI_CLIP_NONE) && *factor >= factor_of[m].low &&
        *factor <= factor_of[m].high)
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

/* Bounds about the middle; *reach is 0 when there is no scale. False: no memory. */
static bool bounds(size_t method, double factor, const struct mli_fit *fit, size_t slot, double *low,
                   double *high, double *reach)
{
    if (method == MLI_CLIP_ZSCORE) {
        const struct mli_moments moments = mli_fit_moments(fit, slot);
        *reach = sqrt(moments.variance);
        *low = *high = moments.mean;
    } else {
        double share = method == MLI_CLIP_IQR ? 0.25 : factor, found[2];
        const double q[] = { share, 1 - share };
        const struct mli_values values = mli_fit_values(fit, slot);
        if (!mli_stats_quantiles(&values, 2, q, found))
            return false;
        *low = found[0];
        *high = found[1];
        *reach = *high - *low;
    }
    if (method != MLI_CLIP_QUANTILE) {
        *low -= factor * *reach;
        *high += factor * *reach;
    }
    return true;
}

struct job {
    const struct mli_fit *fit;
    struct mli_clip *clip;
    double *reach; /* one a slot of the state */
};

static enum ml_status fit_column(void *data, size_t k, struct ml_error *err)
{
    const struct job *job = data;
    const struct mli_fit *fit = job->fit;
    struct mli_clip *clip = job->clip;
    size_t slot = clip->slot[k];

    if (!bounds(clip->method[k], clip->factor[k], fit, slot, &clip->low[k], &clip->high[k], &job->reach[k]))
        return mli_step_nomem(err);
    if (isfinite(clip->low[k]) && isfinite(clip->high[k]))
        return ML_OK;
    return ml_error_set(err, ML_EDATA, "column \"%s\": values are too large to be clipped",
                        fit->frame->slot[slot].name);
}

/* Fills slots, methods and factors. */
static enum ml_status choose(const struct mli_fit *fit, struct mli_clip *clip, struct ml_error *err)
{
    const struct mli_frame *frame = fit->frame;
    enum ml_status status = ML_OK;

    for (size_t s = 0; s < frame->schema->count && status == ML_OK; s++) {
        size_t k = clip->count;
        const char *how = mli_choice_find(fit->config->outliers, mli_slot_column(frame, s),
                                          method_name[MLI_CLIP_NONE]);
        status = parse(how, &clip->method[k], &clip->factor[k], err);
        if (status != ML_OK || clip->method[k] == MLI_CLIP_NONE || !frame->slot[s].live ||
            frame->slot[s].kind != MLI_SLOT_NUMBER)
            continue;
        clip->slot[clip->count++] = s;
    }
    return status;
}

/* Leaves out the slots without a scale. */
static void leave_out(const struct mli_fit *fit, struct mli_clip *clip, const double *reach)
{
    size_t kept = 0;

    for (size_t k = 0; k < clip->count; k++) {
        if (!(reach[k] > 0)) {
            ml_log(fit->log, ML_LOG_NOTE,
                   "column \"%s\" is not clipped: %s are equal, so no value is far out by %s:%g",
                   fit->frame->slot[clip->slot[k]].name,
                   clip->method[k] == MLI_CLIP_ZSCORE ? "all values" : "its quartiles",
                   method_name[clip->method[k]], clip->factor[k]);
            continue;
        }
        clip->slot[kept] = clip->slot[k];
        clip->method[kept] = clip->method[k];
        clip->factor[kept] = clip->factor[k];
        clip->low[kept] = clip->low[k];
        clip->high[kept++] = clip->high[k];
    }
    clip->count = kept;
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
    size_t fields = fit->frame->schema->count;
    struct job job = { .fit = fit,
                       .clip = clip_new(fields),
                       .reach = mli_alloc(fields, sizeof(*job.reach)) };
    enum ml_status status = job.clip && job.reach ? choose(fit, job.clip, err) : mli_step_nomem(err);

    if (status == ML_OK)
        status = mli_fit_each(fit, job.clip->count, fit_column, &job, err);
    if (status == ML_OK)
        leave_out(fit, job.clip, job.reach);
    free(job.reach);
    if (status != ML_OK || job.clip->count == 0) {
        clip_free(job.clip);
        return status;
    }
    *out = job.clip;
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

static const size_t *clip_numbers(const void *state, size_t *count)
{
    const struct mli_clip *clip = state;

    *count = clip->count;
    return clip->slot;
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
    .numbers = clip_numbers,
    .save = clip_save,
    .load = clip_load,
    .free = clip_free,
};
