#include <train/trainer.h>

#include <assert.h>
#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <train/batches.h>
#include <train/check.h>
#include <train/fault.h>
#include <train/health.h>
#include <train/range.h>
#include <train/rate.h>
#include <train/sample.h>
#include <train/state.h>
#include <train/trainer_parts.h>

const char *mli_train_end_text(enum mli_train_end end)
{
    switch (end) {
    case MLI_TRAIN_RUNNING:
        return "running";
    case MLI_TRAIN_CONVERGED:
        return "converged";
    case MLI_TRAIN_EPOCHS:
        return "epoch limit";
    case MLI_TRAIN_PATIENCE:
        return "validation loss no longer falls";
    case MLI_TRAIN_STALLED:
        return "objective no longer falls";
    case MLI_TRAIN_TIME:
        return "time budget";
    case MLI_TRAIN_INTERRUPTED:
        return "interrupted";
    }
    return "unknown";
}

/* Most rows that the optimiser asks a gradient for. */
static size_t gradient_rows(const struct mli_optimiser *optimiser,
                            const struct mli_train_config *config, size_t n)
{
    return optimiser->step && config->batch < n ? config->batch : n;
}

/* Early stopping lives on the way to the optimum; a preconditioner would be there at once. */
static bool preconditions(const struct mli_optimiser *optimiser, const struct mli_train_config *config)
{
    return optimiser->preconditioned && config->patience == 0;
}

static size_t doubles_of(const struct mli_optimiser *optimiser, const struct mli_network *net, size_t n)
{
    return optimiser->doubles(net->parameters) + (optimiser->kept ? optimiser->kept(net, n) : 0);
}

bool mli_optimiser_steps(const char *name)
{
    const struct mli_optimiser *optimiser;
    return mli_optimiser_find(name, &optimiser, NULL) == ML_OK && optimiser->step;
}

size_t mli_trainer_memory(const struct mli_network *net, const struct mli_train_config *config,
                          size_t n)
{
    const struct mli_optimiser *optimiser;
    size_t p = net->parameters, bytes = sizeof(struct mli_trainer);

    if (mli_optimiser_find(config->optimiser, &optimiser, NULL) != ML_OK)
        return 0; /* _new will say so */
    bytes += (3 * p + doubles_of(optimiser, net, n) + 2 * (net->inputs + 1)) *
             sizeof(mli_real); /* the last: mli_rate_choose */
    bytes += mli_problem_memory(net, gradient_rows(optimiser, config, n), config->threads);
    if (preconditions(optimiser, config))
        bytes += mli_precondition_memory(net, config->l1);
    if (preconditions(optimiser, config) && mli_sample_fits(net, NULL, config->l1, n))
        bytes += mli_sample_memory(net, config, n);
    if (optimiser->step)
        bytes += mli_batches_memory(n, net->inputs, config);
    return bytes;
}

size_t mli_trainer_supply_memory(const struct mli_network *net, const struct mli_train_config *config, size_t n)
{
    const struct mli_optimiser *optimiser;

    if (mli_optimiser_find(config->optimiser, &optimiser, NULL) != ML_OK)
        return 0;
    size_t bytes = mli_blocks_supply_memory(net, gradient_rows(optimiser, config, n), config->threads);
    if (preconditions(optimiser, config))
        bytes += mli_precondition_supply_memory(net, config->l1);
    return bytes + (optimiser->step ? mli_batches_supply_memory(n, net->inputs, config) : 0);
}

size_t mli_trainer_state_memory(const struct mli_network *net, const struct mli_train_config *config, size_t n)
{
    const struct mli_optimiser *optimiser;
    if (mli_optimiser_find(config->optimiser, &optimiser, NULL) != ML_OK)
        return 0;
    /* doubles, copied once into the set, and the bytes of the file */
    return (3 * net->parameters + doubles_of(optimiser, net, n)) * 2 * sizeof(double);
}

static double validation_loss(const struct mli_trainer *t)
{
    return mli_blocks_sum(&t->descent.problem.blocks, &t->validation, NULL, t->descent.theta, NULL) / t->validation_weight;
}

/* A start that was trained is to be beaten: without a better epoch it is what the run comes to. */
static void measure_start(struct mli_trainer *t)
{
    const struct mli_problem *problem = &t->descent.problem;

    t->state.loss = mli_blocks_sum(&problem->blocks, &problem->data, NULL, t->descent.theta, NULL) / problem->weight;
    if (t->validation.n == 0)
        return;
    t->state.validation = validation_loss(t);
    if (isfinite(t->state.validation))
        t->least = t->mark = t->state.validation;
}

static bool is_zero(size_t n, const mli_real *x)
{
    for (size_t j = 0; j < n; j++)
        if (x[j] != 0)
            return false;
    return true;
}

/* By a sample of the rows where there are enough, which also tells where to begin when nobody else does. */
static enum ml_status precondition(struct mli_trainer *t, struct ml_error *err)
{
    struct mli_descent *descent = &t->descent;
    const struct mli_problem *problem = &descent->problem;
    const struct mli_network *net = problem->blocks.net;
    const struct mli_loss *loss = problem->blocks.loss;
    enum ml_status status = ML_OK;

    if (mli_sample_fits(net, loss, problem->l1, problem->data.n) && !t->config.trained &&
        is_zero(problem->p, descent->theta))
        status = mli_sample_start(descent, err);
    t->state.sampled = descent->precondition.factor != NULL;
    if (status != ML_OK || descent->precondition.factor)
        return status;
    return mli_precondition_init(&descent->precondition, problem, NULL, err);
}

/* What all optimisers need, and theta0 in its places. */
static enum ml_status open_descent(struct mli_trainer *t, const struct mli_network *net,
                                   const struct mli_loss *loss, const struct mli_train_data *data,
                                   const mli_real *theta0, struct ml_error *err)
{
    struct mli_descent *descent = &t->descent;
    size_t p = net->parameters;

    descent->config = &t->config;
    descent->per_epoch = t->optimiser->step ? mli_batches_count(data->n, t->config.batch) : 1;
    mli_schedule_begin(&descent->memory);
    descent->first = descent->gradient = NAN;
    descent->value = (struct mli_value){ NAN, NAN };
    enum ml_status status =
        mli_problem_init(&descent->problem, net, loss, data, t->config.l1, t->config.l2,
                         gradient_rows(t->optimiser, &t->config, data->n), t->config.threads, err);
    if (status == ML_OK && t->optimiser->step)
        status = mli_batches_init(&descent->batches, data, &t->config, err);
    if (status != ML_OK)
        return status;
    descent->theta = mli_alloc(p, sizeof(mli_real));
    descent->grad = mli_alloc(p, sizeof(mli_real));
    t->doubles = doubles_of(t->optimiser, net, data->n);
    descent->vectors = mli_calloc(t->doubles, sizeof(mli_real));
    t->best = mli_alloc(p, sizeof(mli_real));
    if (!descent->theta || !descent->grad || !descent->vectors || !t->best)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu parameters", p);
    memcpy(descent->theta, theta0, p * sizeof(mli_real));
    memcpy(t->best, theta0, p * sizeof(mli_real));
    if (preconditions(t->optimiser, &t->config))
        status = precondition(t, err);
    if (status != ML_OK)
        return status;
    struct mli_rate rate;
    status = mli_rate_choose(t->optimiser, net, loss, data, &t->config, &rate, err);
    if (status != ML_OK)
        return status;
    double size = rate.by && t->optimiser->step && net->layers > 1 ? mli_range_test(descent, t->optimiser, t->best) : NAN;
    if (!isnan(size))
        rate = (struct mli_rate){ size, "by range test" };
    descent->rate = descent->base = rate.size;
    t->state.rate_by = rate.by;
    return ML_OK;
}

enum ml_status mli_trainer_new(const struct mli_network *net, const struct mli_loss *loss,
                               const struct mli_train_data *data,
                               const struct mli_train_data *validation,
                               const struct mli_train_config *config, const mli_real *theta0,
                               struct mli_trainer **out, struct ml_error *err)
{
    const struct mli_optimiser *optimiser;
    struct mli_schedule schedule;
    bool validates = validation && validation->n > 0;

    assert(data->d == net->inputs && (!validates || validation->d == net->inputs));
    enum ml_status status = mli_optimiser_find(config->optimiser, &optimiser, err);
    if (status == ML_OK)
        status = mli_check_config(config, net, loss, optimiser, data, validates, &schedule, err);
    if (status != ML_OK)
        return status;
    if (data->n == 0)
        return ml_error_set(err, ML_EUSAGE, "there are no rows to train on");
    struct mli_trainer *t = mli_calloc(1, sizeof(*t));
    if (!t)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a trainer");
    t->config = *config;
    t->optimiser = optimiser;
    t->descent.schedule = schedule;
    t->least = t->mark = INFINITY;
    if (validates) {
        t->validation = *validation;
        t->validation_weight = mli_weight_sum(validation);
    }
    status = mli_blas_prepare(err);
    if (status == ML_OK)
        status = open_descent(t, net, loss, data, theta0, err);
    if (status != ML_OK) {
        mli_trainer_free(t);
        return status;
    }
    t->state = (struct mli_train_state){ .objective = NAN,
                                         .loss = NAN,
                                         .validation = NAN,
                                         .gradient = NAN,
                                         .norm = NAN,
                                         .rate = t->descent.base,
                                         .base = t->descent.base,
                                         .rate_by = t->state.rate_by,
                                         .sampled = t->state.sampled };
    if (t->config.trained)
        measure_start(t);
    *out = t;
    return ML_OK;
}

void mli_trainer_free(struct mli_trainer *t)
{
    if (!t)
        return;
    mli_problem_release(&t->descent.problem);
    mli_batches_release(&t->descent.batches);
    mli_precondition_release(&t->descent.precondition);
    free(t->descent.theta);
    free(t->descent.grad);
    free(t->descent.vectors);
    free(t->best);
    free(t);
}

static enum ml_status diverged(struct mli_trainer *t, enum mli_fault fault, struct ml_error *err)
{
    t->failed = true;
    return mli_fault_explain(fault, &t->descent, t->optimiser, err);
}

/* Keeps the parameters if they are the best, and notes when the patience is at its end. */
static void judge(struct mli_trainer *t)
{
    struct mli_train_state *state = &t->state;
    size_t p = t->descent.problem.p, patience = t->config.patience;

    if (t->validation.n > 0)
        state->validation = validation_loss(t);
    if (patience == 0 || state->validation < t->least) {
        memcpy(t->best, t->descent.theta, p * sizeof(mli_real));
        state->best = state->epoch;
        t->least = state->validation;
    }
    if (state->validation < t->mark - (isinf(t->mark) ? 0 : t->config.min_delta)) {
        t->mark = state->validation;
        t->since = state->epoch;
    } else if (patience > 0 && state->epoch - t->since >= patience && state->end == MLI_TRAIN_RUNNING) {
        state->end = MLI_TRAIN_PATIENCE;
    }
}

/* After the last step of an epoch: what the caller is told of it. */
static void account(struct mli_trainer *t)
{
    struct mli_descent *descent = &t->descent;
    struct mli_train_state *state = &t->state;

    state->epoch = ++descent->epoch;
    state->steps = descent->steps;
    state->objective = descent->value.objective;
    state->loss = descent->value.loss;
    state->gradient = descent->gradient;
    state->norm = descent->norm;
    state->rate = descent->rate;
    state->base = descent->base;
    state->end = descent->end;
    state->partial = false;
    judge(t);
    mli_schedule_watch(&descent->schedule, t->validation.n > 0 ? state->validation : state->objective,
                       &descent->memory);
    if (state->end == MLI_TRAIN_RUNNING && state->epoch == t->config.epochs)
        state->end = MLI_TRAIN_EPOCHS;
}

enum ml_status mli_trainer_epoch(struct mli_trainer *t, struct ml_error *err)
{
    struct mli_descent *descent = &t->descent;
    enum ml_status status;

    if (t->failed)
        return ml_error_set(err, ML_EDIVERGED, "training has diverged in epoch %zu",
                            descent->epoch + 1);
    if (t->state.end != MLI_TRAIN_RUNNING)
        return ML_OK;
    if (descent->epoch == 0 && !t->state.partial && (status = mli_fault_hopeless(&descent->problem, err)) != ML_OK) {
        t->failed = true;
        return status;
    }
    enum mli_fault fault = t->optimiser->step ? mli_batches_epoch(descent, t->optimiser->step)
                                              : t->optimiser->epoch(descent);
    if (fault)
        return diverged(t, fault, err);
    if (descent->batches.next > 0)
        t->state.partial = true;
    else
        account(t);
    return ML_OK;
}

enum ml_status mli_trainer_stop(struct mli_trainer *t, enum mli_train_end why, struct ml_error *err)
{
    if (t->failed || t->state.end != MLI_TRAIN_RUNNING)
        return ML_OK;
    if (t->state.partial) {
        enum mli_fault fault = mli_batches_close(&t->descent);
        if (fault)
            return diverged(t, fault, err);
        account(t);
    }
    t->state.end = why;
    return ML_OK;
}

const struct mli_train_state *mli_trainer_state(const struct mli_trainer *t)
{
    return &t->state;
}

const mli_real *mli_trainer_theta(const struct mli_trainer *t)
{
    return t->best;
}

enum ml_status mli_trainer_health(struct mli_trainer *t, struct mli_health *out, struct ml_error *err)
{
    return mli_health_of(&t->descent, t->best, out, err);
}
