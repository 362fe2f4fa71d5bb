#include <fit/run.h>

#include <math.h>
#include <time.h>

#define VANISHED 1e-5 /* share of the topmost layer's gradient that is too little for the lowest */
#define STILL 1e-6 /* share of the first loss below which a change is none */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Why a run should end between two steps, RUNNING: it should not. */
static enum mli_train_end reason_to_stop(void *data)
{
    const struct mli_run *run = data;
    const struct ml_fit_config *config = run->config;
    if (config->stop && *config->stop)
        return MLI_TRAIN_INTERRUPTED;
    if (config->time_budget > 0 && now() - run->started >= config->time_budget)
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
        .seconds = now() - run->started,
    };
    run->config->epoch(run->config->data, &epoch);
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

static void say_rate(const struct mli_run *run)
{
    if (run->state.rate_by)
        ml_log(run->config->log, ML_LOG_NOTE, "rate: %.3g %s (--rate overrides)", run->state.rate, run->state.rate_by);
}

/* Ran to the end of its epochs, or gave up, and is where it began. */
static bool went_nowhere(const struct mli_run *run)
{
    const struct mli_history *h = &run->history;
    enum mli_train_end end = run->state.end;
    if (h->count < 2 || (end != MLI_TRAIN_EPOCHS && end != MLI_TRAIN_STALLED && end != MLI_TRAIN_PATIENCE))
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

static void say_health(const struct mli_run *run)
{
    const struct mli_health *health = &run->health;
    if (2 * health->dead > health->units)
        ml_log(run->config->log, ML_LOG_WARNING,
               "%zu of %zu units of layer %zu (relu) are 0 for every row looked at and learn no more; a smaller --rate, leaky_relu or batch_norm may keep them alive",
               health->dead, health->units, health->layer);
    else if (health->vanishing < VANISHED)
        ml_log(run->config->log, ML_LOG_WARNING,
               "the gradient vanishes: in the lowest layer it is %.1g of that in the topmost, so that lower layers learn next to nothing; relu or gelu, batch_norm or fewer layers help",
               health->vanishing);
}

static enum ml_status on_epoch(void *data, const struct mli_train_state *state, struct ml_error *err)
{
    struct mli_run *run = data;
    run->state = *state;
    if (state->epoch == 0) {
        say_rate(run);
        return ML_OK;
    }
    enum ml_status status = mli_history_add(&run->history, state, err);
    if (!status)
        report(run);
    return status;
}

enum ml_status mli_run(struct mli_run *run, double *theta, struct ml_error *err)
{
    mli_history_init(&run->history);
    run->started = now();
    run->learn.epoch = on_epoch;
    run->learn.over = reason_to_stop;
    run->learn.data = run;
    run->learn.health = &run->health;
    enum ml_status status = (run->single ? mli_learn_f32 : mli_learn)(&run->learn, theta, err);
    if (!status) {
        say_end(run);
        say_health(run);
    }
    return status;
}
