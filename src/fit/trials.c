#include <fit/trials.h>

#include <base/mem.h>
#include <fit/knobs.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOWER 1.5 /* times as long as a fold takes may take all rows */
#define WATCH 0.05 /* seconds between two looks at the clock and at config->stop */

/* One round under way. */
struct round {
    struct mli_trials *run;
    struct mli_trial *const *trial;
    size_t n, next, workers; /* workers that still run */
    double share;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    volatile sig_atomic_t stop; /* trainings under way end after their epoch */
    bool late;
    struct ml_error error; /* that ended the round */
};

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void mli_trial_release(struct mli_trial *trial)
{
    json_decref(trial->settings);
    json_decref(trial->scores);
    free(trial->failed);
    *trial = (struct mli_trial){ 0 };
}

/* ---- which is better ---- */

static bool better(const struct mli_metric *metric, double a, double b)
{
    return metric->larger_is_better ? a > b : a < b;
}

/* Infinite for what has none. */
static double log_loss(const struct mli_trial *trial)
{
    double mean = NAN, deviation;
    if (trial->scores)
        mli_scores_summary(trial->scores, "log_loss", &mean, &deviation);
    return isnan(mean) ? INFINITY : mean;
}

bool mli_trial_before(const struct mli_trials *run, const struct mli_trial *a, const struct mli_trial *b)
{
    if (!a->scores != !b->scores)
        return a->scores != NULL;
    if (a->final != b->final)
        return a->final;
    if (a->final && a->deals != b->deals)
        return a->deals > b->deals;
    if (!run->cut && (a->share < b->share || a->share > b->share))
        return a->share > b->share;
    if (a->scores && better(run->metric, a->mean, b->mean))
        return true;
    if (a->scores && better(run->metric, b->mean, a->mean))
        return false;
    double loss = log_loss(a), other = log_loss(b);
    if (loss < other || loss > other)
        return loss < other;
    return a->number < b->number;
}

/* ---- one trial ---- */

/* The trial's own fault, which is noted; anything else ends the search. */
static bool is_verdict(enum ml_status status)
{
    return status == ML_EDIVERGED || status == ML_EUSAGE || status == ML_EDATA || status == ML_ELIMIT;
}

static enum ml_status measure(const struct round *round, const struct mli_trial *trial, json_t **scores,
                              struct ml_error *err)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct ml_fit_config config = *round->run->config;
    config.stop = &round->stop;
    config.threads = 1;
    config.folds = 0;
    enum ml_status status = mli_knobs_put(trial->settings, &arena, &config, err);
    if (!status)
        status = mli_crossval_run(round->run->cv, &config, round->share, scores, err);
    mli_arena_release(&arena);
    return status;
}

/* The scores of another way to deal out the rows, behind those that are there; a metric that lacks either is none. */
static json_t *add_scores(const json_t *before, json_t *scores)
{
    const char *name;
    json_t *list, *sum = json_object();
    json_object_foreach((json_t *)before, name, list) {
        json_t *both = json_object_get(scores, name) ? json_copy(list) : NULL;
        if (both && (json_array_extend(both, json_object_get(scores, name)) != 0 || !mli_json_put(sum, name, json_incref(both)))) {
            json_decref(sum);
            sum = NULL;
        }
        json_decref(both);
    }
    json_decref(scores);
    return sum;
}

/* The verdict of a round in the place of the one before; the scores are taken. */
static enum ml_status judge(const struct mli_trials *run, struct mli_trial *trial, double share, double seconds,
                            json_t *scores, const char *failed, struct ml_error *err)
{
    double mean = NAN, deviation = NAN;
    if (scores && run->again && trial->scores && !(scores = add_scores(trial->scores, scores)))
        return no_memory(err);
    if (scores)
        mli_scores_summary(scores, run->metric->name, &mean, &deviation);
    if (scores && !isfinite(mean)) {
        json_decref(scores);
        scores = NULL;
        failed = "the metric is not defined for what it predicts";
    }
    char *why = failed ? mli_strdup(failed) : NULL;
    if (failed && !why)
        return no_memory(err);
    json_decref(trial->scores);
    free(trial->failed);
    trial->scores = scores;
    trial->failed = why;
    trial->share = share;
    trial->deals = run->again + 1;
    trial->mean = mean;
    trial->deviation = deviation;
    trial->seconds = seconds;
    return ML_OK;
}

/* scores: of this round alone */
static json_t *line_of(const struct mli_trials *run, const struct mli_trial *trial, json_t *scores)
{
    json_t *line = json_pack("{sIsOsfsf}", "trial", (json_int_t)trial->number, "settings", trial->settings, "share",
                             trial->share, "seconds", trial->seconds);
    bool ok = line && (!run->again || mli_json_put(line, "again", json_integer((json_int_t)run->again))) &&
              (trial->scores ? mli_json_put(line, "scores", json_incref(scores))
                             : mli_json_put(line, "failed", json_string(trial->failed)));
    if (ok)
        return line;
    json_decref(line);
    return NULL;
}

/* Over the memory limit is no verdict on a trial for good: the next run may have more. */
static enum ml_status keep(const struct mli_trials *run, const struct mli_trial *trial, json_t *scores,
                           enum ml_status verdict, struct ml_error *err)
{
    if (!run->log || verdict == ML_ELIMIT)
        return ML_OK;
    json_t *line = line_of(run, trial, scores);
    enum ml_status status = line ? mli_triallog_add(run->log, line, err) : no_memory(err);
    json_decref(line);
    return status;
}

static void report(struct round *round, const struct mli_trial *trial, bool resumed)
{
    struct mli_trials *run = round->run;
    struct ml_tune_progress *p = &run->progress;
    p->done++;
    p->resumed += resumed;
    p->failed += !trial->scores;
    run->work_done += round->share;
    p->share = run->work > 0 ? run->work_done / run->work : 0;
    if (run->open)
        p->share = 1 - fmin(fmax(run->deadline - now(), 0) / run->tune->time_budget, 1);
    if (trial->scores && (isnan(p->best) || better(run->metric, trial->mean, p->best))) {
        p->best = trial->mean;
        run->refit = SLOWER * trial->seconds / round->share / (double)run->tune->folds;
    }
    if (run->tune->trial)
        run->tune->trial(run->tune->data, p);
}

/* From the log, if it is there. Under the lock. */
static enum ml_status recall(struct round *round, struct mli_trial *trial, bool *found, struct ml_error *err)
{
    struct mli_trials *run = round->run;
    const json_t *line = run->log ? mli_triallog_find(run->log, trial->settings, round->share, run->again) : NULL;
    *found = line != NULL;
    if (!line)
        return ML_OK;
    json_t *scores = json_object_get(line, "scores");
    return judge(run, trial, round->share, json_number_value(json_object_get(line, "seconds")), json_incref(scores),
                 json_string_value(json_object_get(line, "failed")), err);
}

/* Unlocked while it trains. Under the lock. */
static enum ml_status attend(struct round *round, struct mli_trial *trial, struct ml_error *err)
{
    struct ml_error why = ML_ERROR_INIT;
    json_t *scores = NULL;
    bool found;
    enum ml_status status = recall(round, trial, &found, err);
    if (status)
        return status;
    if (!found) {
        pthread_mutex_unlock(&round->lock);
        double begin = now();
        enum ml_status verdict = measure(round, trial, &scores, &why);
        double seconds = now() - begin;
        pthread_mutex_lock(&round->lock);
        if (verdict == ML_EINTERRUPTED)
            return ML_OK;
        if (verdict && !is_verdict(verdict))
            return ml_error_set(err, verdict, "%s", why.text);
        status = judge(round->run, trial, round->share, seconds, json_incref(scores), verdict ? why.text : NULL, err);
        if (!status)
            status = keep(round->run, trial, scores, verdict, err);
        json_decref(scores);
    }
    if (!status)
        report(round, trial, found);
    return status;
}

/* ---- many trials ---- */

static void *work(void *data)
{
    struct round *round = data;
    pthread_mutex_lock(&round->lock);
    while (!round->stop && round->next < round->n) {
        struct ml_error err = ML_ERROR_INIT;
        if (attend(round, round->trial[round->next++], &err)) {
            round->stop = 1;
            if (!round->error.status)
                round->error = err;
        }
    }
    round->workers--;
    pthread_cond_signal(&round->changed);
    pthread_mutex_unlock(&round->lock);
    return NULL;
}

/* Until all workers are through; sees to it that they end at the deadline and when the caller says so. Under the lock. */
static void watch(struct round *round)
{
    const struct mli_trials *run = round->run;
    while (round->workers) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)(WATCH * 1e9);
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&round->changed, &round->lock, &until);
        bool scored = run->progress.done > run->progress.failed;
        double reserve = fmin(run->refit, run->tune->time_budget / 2);
        if (run->config->stop && *run->config->stop)
            round->stop = 1;
        if (scored && !round->stop && now() > fmin(run->recess, run->deadline - reserve))
            round->stop = round->late = true;
    }
}

static enum ml_status start_workers(struct round *round, size_t threads, pthread_t *thread, size_t *started,
                                    struct ml_error *err)
{
    pthread_mutex_lock(&round->lock);
    for (*started = 0; *started < threads; ++*started) {
        if (pthread_create(&thread[*started], NULL, work, round) != 0)
            break;
        round->workers++;
    }
    enum ml_status status = *started ? ML_OK : ml_error_set(err, ML_ENOMEM, "no thread can be started");
    if (!status)
        watch(round);
    pthread_mutex_unlock(&round->lock);
    for (size_t i = 0; i < *started; i++)
        pthread_join(thread[i], NULL);
    return status;
}

enum ml_status mli_trials_run(struct mli_trials *run, struct mli_trial *const *trial, size_t n, double share, bool *late,
                              struct ml_error *err)
{
    struct round round = { .run = run, .trial = trial, .n = n, .share = share };
    run->progress.best = NAN; /* on another share of the rows it is another number */
    size_t threads = run->threads < n ? run->threads : n, started;
    pthread_t *thread = mli_calloc(threads, sizeof *thread);
    pthread_condattr_t attributes;
    if (!thread)
        return no_memory(err);
    pthread_mutex_init(&round.lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&round.changed, &attributes);
    enum ml_status status = start_workers(&round, threads, thread, &started, err);
    pthread_cond_destroy(&round.changed);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_destroy(&round.lock);
    free(thread);
    if (!status && round.error.status) {
        status = round.error.status;
        if (err && !err->status)
            *err = round.error;
    }
    if (!status && run->config->stop && *run->config->stop)
        status = ml_error_set(err, ML_EINTERRUPTED, "interrupted");
    *late = round.late;
    return status;
}
