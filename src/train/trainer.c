#include <train/trainer.h>

#include <assert.h>
#include <base/mem.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <train/batches.h>
#include <train/rate.h>

#define THREADS_MAX ((size_t)1024)
#define EXTREME 1e100  /* from here on products of a few values may overflow */
#define HOPELESS 1e150 /* from here on a square does */

struct mli_trainer {
    struct mli_train_config config;
    const struct mli_optimiser *optimiser;
    struct mli_descent descent;
    struct mli_train_data validation; /* n = 0: none */
    double validation_weight;
    double rate;  /* of the first epoch */
    double *best; /* (p) what _theta gives */
    double least; /* lowest validation loss so far */
    bool failed;
    struct mli_train_state state;
};

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

size_t mli_trainer_memory(const struct mli_network *net, const struct mli_train_config *config,
                          size_t n)
{
    const struct mli_optimiser *optimiser;
    size_t p = net->parameters, bytes = sizeof(struct mli_trainer);

    if (mli_optimiser_find(config->optimiser, &optimiser, NULL) != ML_OK)
        return 0; /* _new will say so */
    bytes += (3 * p + optimiser->doubles(p) + 2 * (net->inputs + 1)) *
             sizeof(double); /* the last: mli_rate_choose */
    bytes += mli_problem_memory(net, gradient_rows(optimiser, config, n), config->threads);
    if (preconditions(optimiser, config))
        bytes += mli_precondition_memory(net, config->l1);
    if (optimiser->step)
        bytes += mli_batches_memory(n, net->inputs, config->batch);
    return bytes;
}

static bool at_least(double x, double low)
{
    return x >= low && isfinite(x);
}

/* What changes from step to step would mislead a line search, and a network that measures needs batches to measure. */
static enum ml_status check_network(const struct mli_network *net, const struct mli_optimiser *optimiser,
                                    struct ml_error *err)
{
    if (optimiser->step || !(net->drops || net->statistics))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "%s takes all rows at a time and %s needs batches; choose an optimiser over batches such as adam",
                        optimiser->name, net->drops ? "dropout" : "batch_norm");
}

static enum ml_status check_config(const struct mli_train_config *c,
                                   const struct mli_optimiser *optimiser, bool validation,
                                   struct ml_error *err)
{
    if (!at_least(c->rate, 0))
        return ml_error_set(err, ML_EUSAGE,
                            "the step size (rate) must be 0 (chosen) or more, not %g", c->rate);
    if (c->rate > 0 && !optimiser->step && !optimiser->rate)
        return ml_error_set(
            err, ML_EUSAGE,
            "%s finds its step sizes by itself; leave the step size (rate) away or choose another "
            "optimiser",
            optimiser->name);
    if (!at_least(c->momentum, 0) || c->momentum >= 1)
        return ml_error_set(err, ML_EUSAGE, "momentum must be at least 0 and below 1, not %g",
                            c->momentum);
    if (!at_least(c->decay, 0) || (optimiser->decays && c->decay * c->rate >= 1))
        return ml_error_set(err, ML_EUSAGE,
                            "the decay must be 0 or more and below 1 / step size, not %g", c->decay);
    if (!at_least(c->l1, 0) || !at_least(c->l2, 0))
        return ml_error_set(err, ML_EUSAGE,
                            "the penalties l1 and l2 must be 0 or more, not %g and %g", c->l1,
                            c->l2);
    if (!at_least(c->tolerance, 0))
        return ml_error_set(err, ML_EUSAGE, "the tolerance must be 0 or more, not %g",
                            c->tolerance);
    if (c->epochs == 0)
        return ml_error_set(err, ML_EUSAGE, "the number of epochs must be at least 1");
    if (c->batch == 0)
        return ml_error_set(err, ML_EUSAGE, "a batch must have at least 1 row");
    if (c->threads == 0 || c->threads > THREADS_MAX)
        return ml_error_set(err, ML_EUSAGE, "the number of threads must be from 1 to %zu, not %zu",
                            THREADS_MAX, c->threads);
    if (c->patience > 0 && !validation)
        return ml_error_set(err, ML_EUSAGE, "early stopping (patience) needs validation rows");
    return ML_OK;
}

/* What all optimisers need, and theta0 in its places. */
static enum ml_status open_descent(struct mli_trainer *t, const struct mli_network *net,
                                   const struct mli_loss *loss, const struct mli_train_data *data,
                                   const double *theta0, struct ml_error *err)
{
    struct mli_descent *descent = &t->descent;
    size_t p = net->parameters;

    descent->config = &t->config;
    descent->first = descent->gradient = NAN;
    descent->value = (struct mli_value){ NAN, NAN };
    enum ml_status status =
        mli_problem_init(&descent->problem, net, loss, data, t->config.l1, t->config.l2,
                         gradient_rows(t->optimiser, &t->config, data->n), t->config.threads, err);
    if (status == ML_OK && t->optimiser->step)
        status = mli_batches_init(&descent->batches, data, &t->config, err);
    if (status == ML_OK && preconditions(t->optimiser, &t->config))
        status = mli_precondition_init(&descent->precondition, &descent->problem,
                                       loss->curvature(net->outputs), err);
    if (status != ML_OK)
        return status;
    descent->theta = mli_alloc(p, sizeof(double));
    descent->grad = mli_alloc(p, sizeof(double));
    descent->vectors = mli_calloc(t->optimiser->doubles(p), sizeof(double));
    t->best = mli_alloc(p, sizeof(double));
    if (!descent->theta || !descent->grad || !descent->vectors || !t->best)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu parameters", p);
    memcpy(descent->theta, theta0, p * sizeof(double));
    memcpy(t->best, theta0, p * sizeof(double));
    return mli_rate_choose(t->optimiser, net, loss, data, &t->config, &t->rate, err);
}

enum ml_status mli_trainer_new(const struct mli_network *net, const struct mli_loss *loss,
                               const struct mli_train_data *data,
                               const struct mli_train_data *validation,
                               const struct mli_train_config *config, const double *theta0,
                               struct mli_trainer **out, struct ml_error *err)
{
    const struct mli_optimiser *optimiser;
    bool validates = validation && validation->n > 0;

    assert(data->d == net->inputs && (!validates || validation->d == net->inputs));
    enum ml_status status = mli_optimiser_find(config->optimiser, &optimiser, err);
    if (status == ML_OK)
        status = check_config(config, optimiser, validates, err);
    if (status == ML_OK)
        status = check_network(net, optimiser, err);
    if (status != ML_OK)
        return status;
    if (data->n == 0)
        return ml_error_set(err, ML_EUSAGE, "there are no rows to train on");
    struct mli_trainer *t = mli_calloc(1, sizeof(*t));
    if (!t)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a trainer");
    t->config = *config;
    t->optimiser = optimiser;
    t->least = INFINITY;
    if (validates) {
        t->validation = *validation;
        t->validation_weight = mli_weight_sum(validation);
    }
    mli_blas_prepare();
    status = open_descent(t, net, loss, data, theta0, err);
    if (status != ML_OK) {
        mli_trainer_free(t);
        return status;
    }
    t->state = (struct mli_train_state){
        .objective = NAN, .loss = NAN, .validation = NAN, .gradient = NAN, .rate = t->rate
    };
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

/* Place of the largest absolute entry. */
static size_t largest_entry(size_t n, const double *x)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (fabs(x[i]) > fabs(x[best]))
            best = i;
    return best;
}

/* Says so when a value of the data is at least `limit`: no step size could help. */
static bool blame_data(const struct mli_train_data *data, double limit, char *out, size_t size)
{
    size_t row = largest_entry(data->n, data->y), entry = largest_entry(data->n * data->d, data->X);

    if (fabs(data->y[row]) >= limit) {
        snprintf(out, size, "the target reaches %g; remove such rows or scale the target",
                 data->y[row]);
        return true;
    }
    if (data->d > 0 && fabs(data->X[entry]) >= limit) {
        snprintf(out, size, "feature %zu reaches %g; clip, scale or drop its column",
                 entry % data->d + 1, data->X[entry]);
        return true;
    }
    return false;
}

static void describe(const struct mli_trainer *t, enum mli_fault fault, char *out, size_t size)
{
    static const char *const texts[] = {
        [MLI_FAULT_LOSS] = "the loss is not finite",
        [MLI_FAULT_GRADIENT] = "the gradient is not finite",
        [MLI_FAULT_PARAMETER] = "a parameter is not finite",
    };

    if (fault == MLI_FAULT_GROWTH)
        snprintf(out, size, "the loss has grown a million times from %g", t->descent.first);
    else
        snprintf(out, size, "%s", texts[fault]);
}

static enum ml_status diverged(struct mli_trainer *t, enum mli_fault fault, struct ml_error *err)
{
    size_t epoch = t->descent.epoch + 1;
    double rate = t->descent.rate;
    char what[128], cause[160];

    t->failed = true;
    describe(t, fault, what, sizeof(what));
    if (blame_data(&t->descent.problem.data, EXTREME, cause, sizeof(cause)))
        return ml_error_set(err, ML_EDIVERGED, "diverged in epoch %zu: %s; %s", epoch, what, cause);
    if (!t->optimiser->step && !t->optimiser->rate)
        return ml_error_set(err, ML_EDIVERGED,
                            "diverged in epoch %zu: %s; scale the columns or use a larger --l2",
                            epoch, what);
    return ml_error_set(err, ML_EDIVERGED,
                        "diverged in epoch %zu: %s with step size %g; lower --rate (for example to "
                        "%g) or use --optimiser lbfgs",
                        epoch, what, rate, t->rate / 10);
}

/* Keeps the parameters if they are the best, and notes when the patience is at its end. */
static void judge(struct mli_trainer *t)
{
    struct mli_train_state *state = &t->state;
    size_t p = t->descent.problem.p;

    if (t->validation.n > 0)
        state->validation =
            mli_blocks_sum(&t->descent.problem.blocks, &t->validation, NULL, t->descent.theta, NULL) /
            t->validation_weight;
    if (t->config.patience == 0 || state->validation < t->least) {
        memcpy(t->best, t->descent.theta, p * sizeof(double));
        state->best = state->epoch;
        t->least = state->validation;
    } else if (state->epoch - state->best >= t->config.patience &&
               state->end == MLI_TRAIN_RUNNING) {
        state->end = MLI_TRAIN_PATIENCE;
    }
}

enum ml_status mli_trainer_epoch(struct mli_trainer *t, struct ml_error *err)
{
    struct mli_descent *descent = &t->descent;
    struct mli_train_state *state = &t->state;
    char cause[160];

    if (t->failed)
        return ml_error_set(err, ML_EDIVERGED, "training has diverged in epoch %zu",
                            descent->epoch + 1);
    if (state->end != MLI_TRAIN_RUNNING)
        return ML_OK;
    if (descent->epoch == 0 && blame_data(&descent->problem.data, HOPELESS, cause, sizeof(cause))) {
        t->failed = true;
        return ml_error_set(err, ML_EDIVERGED, "diverged in epoch 1: %s", cause);
    }
    descent->rate =
        t->optimiser->step ? mli_rate_at(t->rate, descent->epoch, t->config.epochs) : t->rate;
    enum mli_fault fault = t->optimiser->step ? mli_batches_epoch(descent, t->optimiser->step)
                                              : t->optimiser->epoch(descent);
    if (fault)
        return diverged(t, fault, err);
    state->epoch = ++descent->epoch;
    state->objective = descent->value.objective;
    state->loss = descent->value.loss;
    state->gradient = descent->gradient;
    state->rate = descent->rate;
    state->end = descent->end;
    judge(t);
    if (state->end == MLI_TRAIN_RUNNING && state->epoch == t->config.epochs)
        state->end = MLI_TRAIN_EPOCHS;
    return ML_OK;
}

const struct mli_train_state *mli_trainer_state(const struct mli_trainer *t)
{
    return &t->state;
}

const double *mli_trainer_theta(const struct mli_trainer *t)
{
    return t->best;
}
