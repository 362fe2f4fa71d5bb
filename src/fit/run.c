#include <fit/run.h>

#include <fit/clock.h>
#include <math.h>
#include <stdio.h>
#include <train/state.h>

#define VANISHED 1e-5 /* share of the topmost layer's gradient that is too little for the lowest */
#define LARGE 5 /* root mean square of inputs; that of scaled ones is 1 or less */
#define ALIKE 1e-2 /* answers, of whose unit 1 is the deviation of the target or a factor e in the odds of a class */
#define STILL 1e-6 /* share of the first loss below which a change is none */

/* Why a run should end between two steps, RUNNING: it should not. */
static enum mli_train_end reason_to_stop(void *data)
{
    const struct mli_run *run = data;
    const struct ml_fit_config *config = run->config;
    if (config->stop && *config->stop)
        return MLI_TRAIN_INTERRUPTED;
    if (config->time_budget > 0 && mli_clock() - run->started >= config->time_budget)
        return MLI_TRAIN_TIME;
    return MLI_TRAIN_RUNNING;
}

static void report(const struct mli_run *run)
{
    if (!run->config->epoch)
        return;
    const struct ml_fit_epoch epoch = {
        .epoch = run->state.epoch,
        .epochs = run->learn.config->epochs,
        .loss = run->state.loss * run->unit,
        .validation = run->state.validation * run->unit,
        .rate = run->state.rate,
        .gradient = run->state.norm,
        .seconds = mli_clock() - run->started,
    };
    run->config->epoch(run->config->data, &epoch);
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

static void say_rate(const struct mli_run *run)
{
    if (run->state.rate_by)
        ml_log(run->config->log, ML_LOG_NOTE, "rate: %.3g %s (--rate overrides)", run->state.rate, run->state.rate_by);
}

/* Ran to the end of its epochs, or gave up, and is where it began, which was not near the end already. */
static bool went_nowhere(const struct mli_run *run)
{
    const struct mli_history *h = &run->history;
    enum mli_train_end end = run->state.end;
    if (run->state.sampled || h->count < 2 || (end != MLI_TRAIN_EPOCHS && end != MLI_TRAIN_STALLED && end != MLI_TRAIN_PATIENCE))
        return false;
    double first = h->entry[0].loss, last = h->entry[h->count - 1].loss;
    return fabs(last - first) <= STILL * fabs(first);
}

static void say_end(const struct mli_run *run)
{
    const struct mli_train_state *state = &run->state;
    const struct ml_log *log = run->config->log;
    if (went_nowhere(run))
        ml_log(log, ML_LOG_WARNING,
               "the loss has not moved from %.6g in %zu epochs: the step size %.2g is too small (--rate), or no column tells anything about the target",
               state->loss * run->unit, state->epoch, run->history.entry[0].rate);
    else if (state->end == MLI_TRAIN_EPOCHS && !isnan(state->gradient))
        ml_log(log, ML_LOG_WARNING,
               "not converged in %zu epochs: the largest gradient entry is %.2g, the tolerance %.2g; --epochs or --l2 may be larger",
               state->epoch, state->gradient, run->learn.config->tolerance);
    if (state->end == MLI_TRAIN_TIME)
        ml_log(log, ML_LOG_NOTE, "the time budget of %g s was used up in epoch %zu; another run may get further",
               run->config->time_budget, state->epoch);
}

/* Why units are dead, saturated or far from what is to be learnt, if it can be seen from the inputs; else `otherwise`. */
static const char *remedy(const struct mli_health *health, const char *otherwise, char *text, size_t size)
{
    if (!(health->size > LARGE))
        return otherwise;
    snprintf(text, size, "inputs reach %.3g: --scale standard or minmax", health->reach);
    return text;
}

static void say_health(const struct mli_run *run)
{
    const struct mli_health *health = &run->health;
    const struct ml_log *log = run->config->log;
    char text[100];
    if (2 * health->dead > health->units)
        ml_log(log, ML_LOG_WARNING, "%zu of %zu units of layer %zu (relu) are 0 for every row looked at and learn no more; %s",
               health->dead, health->units, health->layer,
               remedy(health, "a smaller --rate, leaky_relu or batch_norm may keep them alive", text, sizeof(text)));
    else if (health->vanishing < VANISHED)
        ml_log(log, ML_LOG_WARNING,
               "the gradient vanishes: in the lowest layer it is %.1g of that in the topmost, so that lower layers learn next to nothing; %s",
               health->vanishing, remedy(health, "relu or gelu, batch_norm or fewer layers help", text, sizeof(text)));
    else if (health->apart < ALIKE && run->history.count > 1)
        ml_log(log, ML_LOG_WARNING, "the network answers the same for every row looked at, and its loss stays at %.6g; %s",
               run->state.loss * run->unit,
               remedy(health, "another --rate may help, or no column tells anything about the target", text, sizeof(text)));
}

static enum ml_status on_epoch(void *data, const struct mli_train_state *state, struct ml_error *err)
{
    struct mli_run *run = data;
    bool again = state->epoch > 0 && state->epoch == run->state.epoch; /* it was the last, as is known now */
    run->state = *state;
    if (again)
        return ML_OK;
    if (state->epoch == 0) {
        if (run->config->warm)
            ml_log(run->config->log, ML_LOG_NOTE, "warm start: training loss %.6g before the first step", state->loss * run->unit);
        say_rate(run);
        return ML_OK;
    }
    enum ml_status status = mli_history_add(&run->history, state, err);
    if (!status)
        report(run);
    return status;
}

/* ---- what is kept ------------------------------------------------------------------------------------------------ */

/* A signal ends the run after this step, so it is the last moment. */
static bool is_due(void *data)
{
    const struct mli_run *run = data;
    return (run->config->stop && *run->config->stop) || mli_checkpoint_due(run->checkpoint);
}

static enum ml_status keep(void *data, struct mli_tensors *state, struct ml_error *err)
{
    struct mli_run *run = data;
    const double seconds = mli_clock() - run->started;
    enum ml_status status = mli_history_save(&run->history, state, err);
    if (!status)
        status = mli_tensors_add_vector(state, "run.seconds", 1, &seconds, err);
    return status ? status : mli_checkpoint_write(run->checkpoint, state, err);
}

/* The rest of the state is the trainer's, which looks for it itself. */
static enum ml_status take_up(struct mli_run *run, struct mli_tensors *found, struct ml_error *err)
{
    const double *seconds = NULL;
    enum ml_status status = mli_history_load(&run->history, found, err);
    if (!status)
        status = mli_tensors_find_vector(found, "run.seconds", 1, &seconds, err);
    if (status)
        return status;
    run->started -= *seconds;
    run->learn.from = found;
    const struct mli_history *h = &run->history;
    ml_log(run->config->log, ML_LOG_NOTE, "resumed from %s, after epoch %zu and %.1f s",
           mli_checkpoint_path(run->checkpoint), h->count ? h->entry[h->count - 1].epoch : 0, *seconds);
    return ML_OK;
}

static enum ml_status use_checkpoint(struct mli_run *run, struct ml_error *err)
{
    struct mli_tensors *found = mli_checkpoint_found(run->checkpoint);
    run->learn.due = is_due;
    run->learn.keep = keep;
    if (found)
        return take_up(run, found, err);
    if (run->config->resume)
        ml_log(run->config->log, ML_LOG_NOTE, "%s is not there: training begins anew",
               mli_checkpoint_path(run->checkpoint));
    return ML_OK;
}

enum ml_status mli_run(struct mli_run *run, double *theta, struct ml_error *err)
{
    mli_history_init(&run->history);
    run->started = mli_clock();
    run->learn.epoch = on_epoch;
    run->learn.over = reason_to_stop;
    run->learn.data = run;
    run->learn.health = &run->health;
    run->learn.began = run->config->warm ? &run->began : NULL;
    enum ml_status status = run->checkpoint ? use_checkpoint(run, err) : ML_OK;
    if (!status)
        status = (run->single ? mli_learn_f32 : mli_learn)(&run->learn, theta, err);
    if (status == ML_EARTIFACT)
        ml_error_source(err, mli_checkpoint_path(run->checkpoint));
    if (!status) {
        say_end(run);
        say_health(run);
    }
    return status;
}
