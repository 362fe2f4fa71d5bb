#include <train/state.h>

#include <base/mem.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <train/batches.h>
#include <train/trainer_parts.h>

#define COUNT_MAX 9007199254740992.0 /* 2^53: from here on a double leaves out whole numbers */

/* A number of a trainer: where it is, and whether it counts. */
struct number {
    const char *name;
    size_t offset;
    bool count;
};

#define COUNT(member) { #member, offsetof(struct mli_trainer, member), true }
#define VALUE(member) { #member, offsetof(struct mli_trainer, member), false }

static const struct number numbers[] = {
    COUNT(descent.count),
    COUNT(descent.idle),
    COUNT(descent.epoch),
    COUNT(descent.steps),
    VALUE(descent.rate),
    VALUE(descent.base),
    VALUE(descent.memory.share),
    VALUE(descent.memory.least),
    COUNT(descent.memory.idle),
    VALUE(descent.first),
    VALUE(descent.value.loss),
    VALUE(descent.value.objective),
    VALUE(descent.gradient),
    VALUE(descent.norm),
    COUNT(descent.batches.next),
    COUNT(descent.batches.steps),
    VALUE(descent.batches.loss),
    VALUE(descent.batches.seen),
    VALUE(descent.batches.squares),
    VALUE(least),
    VALUE(mark),
    COUNT(since),
    COUNT(state.epoch),
    COUNT(state.steps),
    VALUE(state.objective),
    VALUE(state.loss),
    VALUE(state.validation),
    VALUE(state.gradient),
    VALUE(state.norm),
    VALUE(state.rate),
    VALUE(state.base),
    COUNT(state.best),
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* ---- bits --------------------------------------------------------------------------------------------------------- */

enum ml_status mli_state_add(struct mli_tensors *set, const char *name, size_t n, const double *x,
                             struct ml_error *err)
{
    const size_t shape[] = { n, 2 };
    double *halves = mli_alloc(n, 2 * sizeof *halves);
    if (!halves)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the state of the training");
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        halves[2 * i] = (double)(bits >> 32);
        halves[2 * i + 1] = (double)(bits & UINT32_MAX);
    }
    enum ml_status status = mli_tensors_add(set, name, 2, shape, halves, err);
    free(halves);
    return status;
}

enum ml_status mli_state_find(struct mli_tensors *set, const char *name, size_t n, double *x, struct ml_error *err)
{
    const size_t shape[] = { n, 2 };
    const double *halves;
    enum ml_status status = mli_tensors_find(set, name, 2, shape, &halves, err);
    for (size_t i = 0; !status && i < 2 * n; i++)
        if (!(halves[i] >= 0 && halves[i] <= UINT32_MAX && halves[i] == floor(halves[i])))
            status = ml_error_set(err, ML_EARTIFACT, "%s: %g is not the half of a number's bits", name, halves[i]);
    for (size_t i = 0; !status && i < n; i++) {
        uint64_t bits = (uint64_t)halves[2 * i] << 32 | (uint64_t)halves[2 * i + 1];
        memcpy(&x[i], &bits, sizeof bits);
    }
    return status;
}

/* ---- out --------------------------------------------------------------------------------------------------------- */

static enum ml_status add_reals(struct mli_tensors *set, const char *name, size_t n, const mli_real *x,
                                struct ml_error *err)
{
    double *wide = mli_alloc(n, sizeof *wide);
    if (!wide)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the state of the training");
    for (size_t i = 0; i < n; i++)
        wide[i] = x[i];
    enum ml_status status = mli_tensors_add_vector(set, name, n, wide, err);
    if (!status)
        set->items[set->count - 1].single = sizeof(mli_real) == sizeof(float);
    free(wide);
    return status;
}

static enum ml_status add_numbers(struct mli_tensors *set, const struct mli_trainer *trainer, struct ml_error *err)
{
    double value[NUMBERS];
    for (size_t i = 0; i < NUMBERS; i++) {
        const void *at = (const char *)trainer + numbers[i].offset;
        value[i] = numbers[i].count ? (double)*(const size_t *)at : *(const double *)at;
    }
    return mli_state_add(set, "run.numbers", NUMBERS, value, err);
}

enum ml_status mli_trainer_save(const struct mli_trainer *trainer, struct mli_tensors *set, struct ml_error *err)
{
    const struct mli_descent *descent = &trainer->descent;
    size_t p = descent->problem.p;
    enum ml_status status = add_reals(set, "run.theta", p, descent->theta, err);

    if (!status)
        status = add_reals(set, "run.gradient", p, descent->grad, err);
    if (!status)
        status = add_reals(set, "run.best", p, trainer->best, err);
    if (!status && trainer->doubles > 0)
        status = add_reals(set, "run.vectors", trainer->doubles, descent->vectors, err);
    return status ? status : add_numbers(set, trainer, err);
}

/* ---- and back ---------------------------------------------------------------------------------------------------- */

static enum ml_status find_reals(struct mli_tensors *set, const char *name, size_t n, mli_real *x,
                                 struct ml_error *err)
{
    const double *wide;
    enum ml_status status = mli_tensors_find_vector(set, name, n, &wide, err);
    for (size_t i = 0; !status && i < n; i++)
        x[i] = wide[i];
    return status;
}

static enum ml_status find_numbers(struct mli_tensors *set, struct mli_trainer *trainer, struct ml_error *err)
{
    double value[NUMBERS];
    enum ml_status status = mli_state_find(set, "run.numbers", NUMBERS, value, err);
    for (size_t i = 0; !status && i < NUMBERS; i++) {
        void *at = (char *)trainer + numbers[i].offset;
        if (!numbers[i].count)
            *(double *)at = value[i];
        else if (value[i] >= 0 && value[i] <= COUNT_MAX && value[i] == floor(value[i]))
            *(size_t *)at = (size_t)value[i];
        else
            status = ml_error_set(err, ML_EARTIFACT, "%s is %g, which counts nothing", numbers[i].name, value[i]);
    }
    return status;
}

/* What would lead outside of an array, or never end. */
static enum ml_status check(const struct mli_trainer *trainer, struct ml_error *err)
{
    const struct mli_descent *descent = &trainer->descent;
    size_t next = descent->batches.next;

    if (next > 0 && (!trainer->optimiser->step || next >= descent->problem.data.n ||
                     next % descent->batches.size != 0))
        return ml_error_set(err, ML_EARTIFACT, "it stands at row %zu of an epoch of %zu rows", next,
                            descent->problem.data.n);
    if (descent->epoch >= trainer->config.epochs || trainer->state.epoch != descent->epoch)
        return ml_error_set(err, ML_EARTIFACT, "it has done %zu of %zu epochs", descent->epoch,
                            trainer->config.epochs);
    return ML_OK;
}

enum ml_status mli_trainer_load(struct mli_trainer *trainer, struct mli_tensors *set, struct ml_error *err)
{
    struct mli_descent *descent = &trainer->descent;
    size_t p = descent->problem.p;
    enum ml_status status = find_reals(set, "run.theta", p, descent->theta, err);

    if (!status)
        status = find_reals(set, "run.gradient", p, descent->grad, err);
    if (!status)
        status = find_reals(set, "run.best", p, trainer->best, err);
    if (!status && trainer->doubles > 0)
        status = find_reals(set, "run.vectors", trainer->doubles, descent->vectors, err);
    if (!status)
        status = find_numbers(set, trainer, err);
    if (!status)
        status = check(trainer, err);
    if (status)
        return status;
    trainer->state.partial = descent->batches.next > 0;
    if (trainer->state.partial)
        mli_batches_order(descent);
    return ML_OK;
}
