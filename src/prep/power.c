/*
 * Power: the transform of Yeo & Johnson (Biometrika 87, 2000), which makes a skewed column more like a normal one:
 *
 *   x >= 0   ((x + 1)^lambda - 1) / lambda,               log(x + 1) for lambda = 0
 *   x < 0    -((1 - x)^(2 - lambda) - 1) / (2 - lambda),  -log(1 - x) for lambda = 2
 *
 * lambda maximises the likelihood of the training rows, -n/2 log(variance of y) + (lambda - 1) sum sign(x) log(1 + |x|).
 * It is found by Brent's method without derivatives (Algorithms for Minimization without Derivatives, 1973, chapter 5)
 * between bounds at which no training value, nor one twenty times as large, overflows. The maximum is flat, so that the
 * place of it is good to about 1e-7, here as in any program that compares likelihoods.
 */
#include <prep/step.h>

#include <base/mem.h>
#include <float.h>
#include <math.h>
#include <prep/parallel.h>
#include <prep/training.h>
#include <stdlib.h>
#include <string.h>

enum { YEO_JOHNSON, NONE, METHODS };
static const char *const method_name[METHODS] = { "yeo-johnson", "none" };

enum ml_status mli_power_check(const char *how, unsigned column, struct ml_error *err)
{
    (void)column;
    if (mli_choice_word(how, method_name, METHODS) < METHODS)
        return ML_OK;
    return mli_choice_refuse(how, "power transform", method_name, METHODS, NULL, err);
}

/* y of a value by way of logarithm = sign(x) log(1 + |x|). */
static double transform(double logarithm, double lambda)
{
    double power = logarithm >= 0 ? lambda : 2 - lambda;

    if (fabs(power) < DBL_EPSILON)
        return logarithm;
    double y = expm1(power * fabs(logarithm)) / power;
    return logarithm >= 0 ? y : -y;
}

static double signed_log(double x)
{
    return x >= 0 ? log1p(x) : -log1p(-x);
}

double mli_yeo_johnson(double x, double lambda)
{
    return transform(signed_log(x), lambda);
}

/* ---- likelihood ---------------------------------------------------------------------------------------------- */

struct likelihood {
    const double *logarithm; /* sign(x) log(1 + |x|) */
    double *y;               /* room for the transformed values */
    size_t n;
    double sum; /* of the logarithms */
};

/* The negative of it, to be minimised; infinite where the values run together or overflow. */
static double cost(const struct likelihood *l, double lambda)
{
    for (size_t i = 0; i < l->n; i++)
        l->y[i] = transform(l->logarithm[i], lambda);
    double variance = mli_stats_variance(l->y, l->n, mli_stats_mean(l->y, l->n));

    if (!(variance >= DBL_MIN) || !isfinite(variance))
        return INFINITY;
    return (double)l->n / 2 * log(variance) - (lambda - 1) * l->sum;
}

/* The three best places so far, best first, and the interval that holds the minimum. */
struct search {
    double a, b;
    double x, w, v, fx, fw, fv;
    double step, before; /* this step and the one before it */
};

/* The parabola through the three places, if its minimum is inside and the steps shrink. */
static bool parabola(struct search *s)
{
    double r = (s->x - s->w) * (s->fx - s->fv), q = (s->x - s->v) * (s->fx - s->fw);
    double p = (s->x - s->v) * q - (s->x - s->w) * r, last = s->before;

    q = 2 * (q - r);
    p = q > 0 ? -p : p;
    q = fabs(q);
    s->before = s->step;
    if (!(fabs(p) < fabs(q * last / 2) && p > q * (s->a - s->x) && p < q * (s->b - s->x)))
        return false;
    s->step = p / q;
    return true;
}

static void next_step(struct search *s, double middle, double tolerance)
{
    static const double golden = 0.3819660112501051; /* (3 - sqrt 5) / 2 */

    if (fabs(s->before) > tolerance && parabola(s)) {
        double u = s->x + s->step;
        if (u - s->a < 2 * tolerance || s->b - u < 2 * tolerance)
            s->step = copysign(tolerance, middle - s->x);
        return;
    }
    s->before = s->x >= middle ? s->a - s->x : s->b - s->x;
    s->step = golden * s->before;
}

static void take(struct search *s, double u, double fu)
{
    if (fu <= s->fx) {
        *(u >= s->x ? &s->a : &s->b) = s->x;
        s->v = s->w, s->fv = s->fw;
        s->w = s->x, s->fw = s->fx;
        s->x = u, s->fx = fu;
        return;
    }
    *(u < s->x ? &s->a : &s->b) = u;
    if (fu <= s->fw || s->w == s->x) {
        s->v = s->w, s->fv = s->fw;
        s->w = u, s->fw = fu;
    } else if (fu <= s->fv || s->v == s->x || s->v == s->w) {
        s->v = u, s->fv = fu;
    }
}

static double minimum(const struct likelihood *l, double low, double high)
{
    enum { EVALUATIONS = 500 };
    struct search s = { .a = low, .b = high };

    s.x = s.w = s.v = low + 0.3819660112501051 * (high - low);
    s.fx = s.fw = s.fv = cost(l, s.x);
    for (int i = 1; i < EVALUATIONS; i++) {
        double middle = (s.a + s.b) / 2, tolerance = sqrt(DBL_EPSILON) * fabs(s.x) + 1.48e-8 / 3;
        if (fabs(s.x - middle) <= 2 * tolerance - (s.b - s.a) / 2)
            break;
        next_step(&s, middle, tolerance);
        double u = s.x + (fabs(s.step) >= tolerance ? s.step : copysign(tolerance, s.step));
        take(&s, u, cost(l, u));
    }
    return s.x;
}

/* Where lambda may be, so that the variance of values up to 20 times as far out can be computed. */
static void bounds(const double *x, size_t n, double *low, double *high)
{
    double largest = 0, least = x[0], most = x[0];

    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(x[i]));
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    double reach = log1p(20 * largest);
    double down = (log(DBL_MIN) - log(DBL_EPSILON)) / 2 / reach;
    double up = (log(DBL_MAX) + log(DBL_EPSILON)) / 2 / reach;
    *low = most < 0 ? 2 - up : least < 0 ? fmax(2 - up, down) : down;
    *high = most < 0 ? 2 - down : least < 0 ? fmin(2 - down, up) : up;
}

/* work: two vectors of n. */
static double fit_lambda(const double *x, size_t n, double *work)
{
    struct likelihood l = { .logarithm = work, .y = work + n, .n = n };
    double low, high;

    for (size_t i = 0; i < n; i++)
        work[i] = signed_log(x[i]);
    l.sum = mli_stats_mean(work, n) * (double)n;
    bounds(x, n, &low, &high);
    return minimum(&l, low, high);
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static void power_free(void *state)
{
    struct mli_power *power = state;

    if (!power)
        return;
    free(power->slot);
    free(power->lambda);
    free(power);
}

/* Numbers of the table that are to be transformed and are not all equal. */
static bool wanted(const struct mli_fit *fit, size_t slot)
{
    const char *how = mli_choice_find(fit->config->power, mli_slot_column(fit->frame, slot),
                                      method_name[NONE]);

    if (!fit->frame->slot[slot].live || fit->frame->slot[slot].kind != MLI_SLOT_NUMBER ||
        strcmp(how, method_name[YEO_JOHNSON]) != 0)
        return false;
    const struct mli_moments moments = mli_fit_moments(fit, slot);
    return moments.low < moments.high;
}

struct job {
    const struct mli_fit *fit;
    struct mli_power *power;
};

static enum ml_status fit_column(void *data, size_t k, struct ml_error *err)
{
    const struct job *job = data;
    const struct mli_values values = mli_fit_values(job->fit, job->power->slot[k]);
    double *work = mli_alloc(job->fit->rows, 3 * sizeof(*work));

    if (!work)
        return mli_step_nomem(err);
    size_t n = mli_values_copy(&values, work);
    job->power->lambda[k] = fit_lambda(work, n, work + n);
    free(work);
    return ML_OK;
}

static enum ml_status power_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t fields = fit->frame->schema->count;
    struct mli_power *power = mli_calloc(1, sizeof(*power));
    struct job job = { .fit = fit, .power = power };
    enum ml_status status = power ? ML_OK : mli_step_nomem(err);

    if (status == ML_OK) {
        power->slot = mli_alloc(fields, sizeof(*power->slot));
        power->lambda = mli_alloc(fields, sizeof(*power->lambda));
        status = power->slot && power->lambda ? ML_OK : mli_step_nomem(err);
    }
    for (size_t s = 0; status == ML_OK && s < fields; s++) {
        if (wanted(fit, s))
            power->slot[power->count++] = s;
    }
    if (status == ML_OK)
        status = mli_fit_each(fit, power->count, fit_column, &job, err);
    if (status != ML_OK || power->count == 0) {
        power_free(power);
        return status;
    }
    *out = power;
    return ML_OK;
}

static enum ml_status power_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_power *power = state;

    return mli_frame_check(frame, power->count, power->slot, MLI_SLOT_NUMBER, err);
}

static void power_apply(const void *state, const struct mli_block *block)
{
    const struct mli_power *power = state;

    for (size_t k = 0; k < power->count; k++) {
        double *x = block->number[power->slot[k]];
        for (size_t i = 0; i < block->rows; i++)
            x[i] = mli_yeo_johnson(x[i], power->lambda[k]);
    }
}

static const size_t *power_numbers(const void *state, size_t *count)
{
    const struct mli_power *power = state;

    *count = power->count;
    return power->slot;
}

static enum ml_status power_save(const void *state, json_t *doc, struct mli_tensors *set,
                                 struct ml_error *err)
{
    const struct mli_power *power = state;

    if (!mli_json_put(doc, "method", json_string(method_name[YEO_JOHNSON])) ||
        !mli_slots_save(power->count, power->slot, doc))
        return mli_step_nomem(err);
    return mli_tensors_add_vector(set, "prep.power.lambda", power->count, power->lambda, err);
}

static enum ml_status power_load(const json_t *doc, struct mli_tensors *set, void **out,
                                 struct ml_error *err)
{
    static const char *const members[] = { "kind", "method", "columns", NULL };
    struct mli_power *power = mli_calloc(1, sizeof(*power));
    enum ml_status status = power ? mli_step_members(doc, members, err) : mli_step_nomem(err);
    size_t *method = NULL;

    if (status == ML_OK)
        status = mli_slots_load(doc, &power->count, &power->slot, err);
    if (status == ML_OK)
        status = mli_step_methods_load(doc, method_name, NONE, power->count, &method, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.power.lambda", power->count, &power->lambda, err);
    free(method);
    if (status != ML_OK) {
        power_free(power);
        return status;
    }
    *out = power;
    return ML_OK;
}

const struct mli_step_kind mli_power_step = {
    .name = "power",
    .fit = power_fit,
    .shape = power_shape,
    .apply = power_apply,
    .numbers = power_numbers,
    .save = power_save,
    .load = power_load,
    .free = power_free,
};
