#include <fit/tuning.h>

#include <base/suggest.h>
#include <fit/layers.h>
#include <la/kernels.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRIALS_MAX = 1000000 };

#define SEARCHING 0.6 /* of a time budget, until the best are measured more closely */

static const char *const methods[] = { "grid", "random", "halving" };
enum { METHODS = sizeof methods / sizeof *methods };

const char *mli_method_name(enum mli_method method)
{
    return methods[method];
}

static void tuning_release(struct mli_tuning *t)
{
    for (size_t i = 0; i < t->trials; i++) {
        mli_trial_release(t->trial[i]);
        free(t->trial[i]);
    }
    free(t->trial);
    free(t->bracket);
    mli_triallog_close(t->run.log);
    mli_crossval_free(t->run.cv);
    mli_job_release(&t->job);
    mli_arena_release(&t->arena);
}

/* ---- what is asked for ---- */

enum ml_status mli_method_find(const char *name, enum mli_method *out, struct ml_error *err)
{
    for (size_t i = 0; i < METHODS; i++)
        if (strcmp(methods[i], name) == 0) {
            *out = (enum mli_method)i;
            return ML_OK;
        }
    size_t near = mli_suggest(name, methods, METHODS);
    if (near < METHODS)
        return ml_error_set(err, ML_EUSAGE, "no search \"%s\"; did you mean \"%s\"?", name, methods[near]);
    return ml_error_set(err, ML_EUSAGE, "no search \"%s\"; there are: grid random halving", name);
}

static enum ml_status find_metric(const char *name, enum mli_task task, const struct mli_metric **out,
                                  struct ml_error *err)
{
    size_t n, count = 0;
    const struct mli_metric *all = mli_metrics(&n);
    static const char *const usual[] = { [MLI_TASK_REGRESSION] = "rmse",
                                         [MLI_TASK_CLASSIFICATION] = "accuracy",
                                         [MLI_TASK_MULTILABEL] = "subset_accuracy" };
    const char *names[64];
    for (size_t i = 0; i < n && count < 64; i++) {
        if (!mli_metric_suits(&all[i], task))
            continue;
        names[count++] = all[i].name;
        if (strcmp(all[i].name, name ? name : usual[task]) != 0)
            continue;
        *out = &all[i];
        return ML_OK;
    }
    size_t near = mli_suggest(name, names, count);
    return ml_error_set(err, ML_EUSAGE, "no metric \"%s\" of a %s%s%s%s", name,
                        mli_task_name(task),
                        near < count ? "; did you mean \"" : ": mlctl eval prints them",
                        near < count ? names[near] : "", near < count ? "\"?" : "");
}

static enum ml_status check(struct mli_tuning *t, struct ml_error *err)
{
    const struct ml_tune_config *c = t->tune;
    if (!(c->time_budget >= 0) || !isfinite(c->time_budget))
        return ml_error_set(err, ML_EUSAGE, "--time-budget %g is out of range: it must be 0 (none) or more", c->time_budget);
    if (c->trials > TRIALS_MAX)
        return ml_error_set(err, ML_EUSAGE, "--trials %zu is out of range: it must be 0 (chosen) to %d", c->trials, TRIALS_MAX);
    return mli_method_find(c->search, &t->method, err);
}

/* ---- the search ---- */

static int compare_trials(const void *a, const void *b, void *run)
{
    const struct mli_trial *const *x = a, *const *y = b;
    return mli_trial_before(run, *x, *y) ? -1 : 1;
}

void mli_tuning_rank(const struct mli_tuning *t, struct mli_trial **trial, size_t n)
{
    struct mli_trials run = t->run;
    qsort_r(trial, n, sizeof *trial, compare_trials, &run);
}

static void say_interrupted(const struct mli_tuning *t, struct ml_error *err)
{
    const struct ml_tune_progress *p = &t->run.progress;
    if (!err)
        return;
    *err = (struct ml_error)ML_ERROR_INIT;
    ml_error_set(err, ML_EINTERRUPTED, "interrupted after %zu of %zu trials, no model was written%s%s", p->done, p->trials,
                 t->tune->log ? "; the same command goes on from " : "", t->tune->log ? t->tune->log : "");
}

/* The rounds of one bracket. */
static enum ml_status run_bracket(struct mli_tuning *t, bool *late, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    for (size_t r = 0, n = t->in_bracket; r < t->rounds && n && !status && !*late; r++) {
        status = mli_trials_run(&t->run, t->bracket, n, t->round[r].share, late, err);
        if (*late)
            t->run.cut = t->trials == t->in_bracket; /* the first bracket, so that none is done */
        mli_tuning_rank(t, t->bracket, t->in_bracket);
        n = mli_tuning_promote(t, t->round[r].share);
    }
    return status;
}

/* One bracket, or one after the other until the time for them is over. */
static enum ml_status run_brackets(struct mli_tuning *t, bool *late, struct ml_error *err)
{
    enum ml_status status = run_bracket(t, late, err);
    while (!status && !*late && t->run.open && t->trials < TRIALS_MAX) {
        status = mli_tuning_bracket(t, err);
        if (!status)
            status = run_bracket(t, late, err);
    }
    mli_tuning_rank(t, t->trial, t->trials);
    return status;
}

static enum ml_status search(struct mli_tuning *t, struct ml_error *err)
{
    bool late = false, too_late = false, final = !t->given && t->method != MLI_SEARCH_GRID;
    if (final && t->tune->time_budget > 0)
        t->run.recess = t->run.deadline - (1 - SEARCHING) * t->tune->time_budget;
    enum ml_status status = run_brackets(t, &late, err);
    t->run.recess = INFINITY;
    if (!status && final)
        status = mli_tuning_final(t, &too_late, err);
    mli_tuning_rank(t, t->trial, t->trials);
    if (!status && final)
        mli_tuning_choose(t);
    if (!status && (late || too_late))
        ml_log(t->config.log, ML_LOG_WARNING,
               "the time budget ended the search after %zu trials, so another run may find another model",
               t->run.progress.done);
    if (!status && !t->trial[0]->scores)
        return ml_error_set(err, ML_EDIVERGED, "no trial could be trained; the first: %s",
                            t->trial[0]->failed ? t->trial[0]->failed : "not begun");
    return status;
}

static enum ml_status refit(struct mli_tuning *t, struct ml_model **out, struct ml_error *err)
{
    struct ml_fit_config config = t->config;
    struct ml_log quiet = { 0 };
    struct ml_model *model = NULL;
    if (config.log) { /* what it would note was said of the search already */
        quiet = *config.log;
        quiet.level = quiet.level > ML_LOG_WARNING ? ML_LOG_WARNING : quiet.level;
        config.log = &quiet;
    }
    config.folds = 0;
    size_t members = t->given ? 0 : mli_tuning_members(t);
    if (members)
        config.members = members;
    enum ml_status status = mli_knobs_put(t->trial[0]->settings, &t->arena, &config, err);
    if (!status)
        status = ml_fit(t->table, &config, &model, err);
    if (!status)
        status = mli_tuning_record(t, model->record, err);
    if (status)
        ml_model_free(model);
    else
        *out = model;
    return status;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void say_defaults(const struct mli_tuning *t)
{
    const struct ml_fit_config *config = &t->config;
    if (!config->split && !config->test && !t->job.prepared)
        ml_log(config->log, ML_LOG_NOTE, "split: %s, seed %llu (--split overrides)", t->job.settings.split_text,
               (unsigned long long)config->seed);
    if (!t->tune->metric)
        ml_log(config->log, ML_LOG_NOTE, "metric: %s, %s (--metric takes another)", t->run.metric->name,
               t->run.metric->meaning);
}

/* What the rounds look at, the first of them made. The log comes last: what is refused leaves none. */
static enum ml_status begin(struct mli_tuning *t, struct ml_error *err)
{
    double started = now();
    enum ml_status status = check(t, err);
    if (!status)
        status = mli_layers_kind(&t->config, &t->config.kind, err);
    if (!status)
        status = mli_blas_prepare(err);
    if (!status)
        status = mli_job_plan(&t->job, err);
    if (!status)
        status = find_metric(t->tune->metric, t->job.plan.target.task, &t->run.metric, err);
    if (!status)
        status = mli_tuning_spaces(t, err);
    if (status)
        return status;
    t->run.config = &t->config;
    t->run.tune = t->tune;
    t->run.threads = t->job.settings.train.threads;
    t->run.deadline = t->tune->time_budget > 0 ? started + t->tune->time_budget : INFINITY;
    t->run.recess = INFINITY;
    t->run.open = t->tune->time_budget > 0 && !t->tune->trials && t->method != MLI_SEARCH_GRID;
    t->run.progress.metric = t->run.metric->name;
    say_defaults(t);
    status = mli_crossval_new(&t->job, t->tune->folds, 0, &t->run.cv, err);
    if (!status)
        status = mli_tuning_bracket(t, err);
    return status ? status : mli_tuning_log(t, err);
}

enum ml_status ml_tune(const struct ml_table *table, const struct ml_fit_config *config,
                       const struct ml_tune_config *tune, struct ml_model **out, struct ml_error *err)
{
    struct mli_tuning t = { .table = table, .tune = tune, .config = *config };
    t.job = (struct mli_job){ .table = table, .config = &t.config };
    enum ml_status status = begin(&t, err);
    if (!status)
        status = search(&t, err);
    if (!status)
        status = refit(&t, out, err);
    if (status == ML_EINTERRUPTED)
        say_interrupted(&t, err);
    tuning_release(&t);
    return status;
}
