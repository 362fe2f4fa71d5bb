#include <fit/crossval.h>

#include <base/mem.h>
#include <fit/matrix.h>
#include <math.h>
#include <prep/options.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN 0x9E3779B97F4A7C15u /* between the seeds of two ways to deal out the rows */

/* What is made once, by whoever comes first; the others wait. */
struct once {
    enum { NEW, MAKING, READY, FAILED } state;
    struct ml_error error; /* FAILED */
};

/* Rows of one fold, ready to train on. */
struct features {
    struct features *next; /* in order of the last use, the latest first */
    char *key;
    uint8_t fold;
    size_t users, bytes;
    struct once fitted;
    struct mli_plan plan;
    struct mli_pipeline *pipeline;
    struct once made[2]; /* with doubles, with floats */
    void *X[2][MLI_PART_TEST];
    struct once tested;
    double *test;
};

struct mli_crossval {
    const struct mli_job *base;
    size_t folds;
    uint8_t *fold; /* one a table row */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct features *first;
    size_t bytes, most; /* held, and to hold when nobody uses them */
};

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- features of a fold: made ---- */

static void features_free(struct mli_crossval *cv, struct features *f)
{
    if (f->pipeline != cv->base->prep.pipeline)
        mli_pipeline_free(f->pipeline);
    mli_plan_fold_release(&f->plan);
    for (size_t p = 0; p < MLI_PART_TEST; p++) {
        free(f->X[0][p]);
        free(f->X[1][p]);
    }
    free(f->test);
    free(f->key);
    free(f);
}

/* How a part of the features comes to be. */
struct making {
    const struct mli_crossval *cv;
    const struct mli_settings *settings;
    struct features *features;
    double share;
    bool single;
    size_t bytes; /* that were made */
};

static enum ml_status fit(struct making *m, struct ml_error *err)
{
    const struct mli_job *base = m->cv->base;
    struct features *f = m->features;
    enum ml_status status =
        mli_plan_fold(base->table, &base->plan, m->settings, m->cv->fold, f->fold, m->share, &f->plan, err);
    if (!status && base->prepared)
        f->pipeline = base->prep.pipeline;
    else if (!status)
        status = mli_plan_fit_pipeline(base->table, &f->plan, m->settings, NULL, &f->pipeline, err);
    return status;
}

static enum ml_status make_matrix(struct making *m, enum mli_part part, bool single, void **X, struct ml_error *err)
{
    const struct features *f = m->features;
    const struct mli_matrix_rows rows = { .pipeline = f->pipeline,
                                          .table = m->cv->base->table,
                                          .prepared = m->cv->base->prepared,
                                          .part = f->plan.part,
                                          .which = (uint8_t)part,
                                          .threads = m->settings->train.threads };
    size_t n = f->plan.rows[part], number = single ? sizeof(float) : sizeof(double), size;
    if (!n)
        return ML_OK;
    if (!mli_mul(n, mli_pipeline_features(f->pipeline) * number, &size) || size > m->settings->memory)
        return ml_error_set(err, ML_ELIMIT, "%zu rows of %zu features need more than the %zu MiB that may be used", n,
                            mli_pipeline_features(f->pipeline), m->settings->memory >> 20);
    *X = mli_alloc_large(size, 1);
    if (!*X)
        return no_memory(err);
    m->bytes += size;
    return mli_matrix_build(&rows, single, *X, err);
}

static enum ml_status make_training(struct making *m, struct ml_error *err)
{
    void **X = m->features->X[m->single];
    enum ml_status status = make_matrix(m, MLI_PART_TRAIN, m->single, &X[MLI_PART_TRAIN], err);
    return status ? status : make_matrix(m, MLI_PART_VALIDATION, m->single, &X[MLI_PART_VALIDATION], err);
}

static enum ml_status make_test(struct making *m, struct ml_error *err)
{
    void *X = NULL;
    enum ml_status status = make_matrix(m, MLI_PART_TEST, false, &X, err);
    m->features->test = X;
    return status;
}

/* ---- features of a fold: kept ---- */

/* Frees what nobody uses, the longest unused first, until the rest is little enough. Under the lock. */
static void shrink(struct mli_crossval *cv)
{
    while (cv->bytes > cv->most) {
        struct features **last = NULL;
        for (struct features **f = &cv->first; *f; f = &(*f)->next)
            if ((*f)->users == 0 && (*f)->bytes)
                last = f;
        if (!last)
            return;
        struct features *gone = *last;
        *last = gone->next;
        cv->bytes -= gone->bytes;
        features_free(cv, gone);
    }
}

/* Makes it, unless it is there or on its way. */
static enum ml_status once(struct mli_crossval *cv, struct once *once, struct making *m,
                           enum ml_status (*make)(struct making *m, struct ml_error *err), struct ml_error *err)
{
    pthread_mutex_lock(&cv->lock);
    while (once->state == MAKING)
        pthread_cond_wait(&cv->changed, &cv->lock);
    bool mine = once->state == NEW;
    if (mine)
        once->state = MAKING;
    pthread_mutex_unlock(&cv->lock);
    if (mine) {
        m->bytes = 0;
        enum ml_status status = make(m, &once->error);
        pthread_mutex_lock(&cv->lock);
        once->state = status ? FAILED : READY;
        m->features->bytes += m->bytes;
        cv->bytes += m->bytes;
        shrink(cv);
        pthread_cond_broadcast(&cv->changed);
        pthread_mutex_unlock(&cv->lock);
    }
    if (once->state == FAILED && err && !err->status)
        *err = once->error;
    return once->state == FAILED ? once->error.status : ML_OK;
}

/* What makes the features of a fold what they are, but for the fold. NULL: no memory. */
static char *key_of(const struct mli_settings *settings, double share)
{
    json_t *doc = json_object();
    char *text = NULL;
    if (mli_prep_to_json(settings->prep, doc) && mli_json_put(doc, "share", json_real(share)) &&
        mli_json_put(doc, "validation", json_real(settings->train.patience ? settings->validation : 0)))
        text = mli_json_text(doc, false);
    json_decref(doc);
    return text;
}

/* The entry, moved to the front; NULL: there is none. Under the lock. */
static struct features *find(struct mli_crossval *cv, const char *key, uint8_t fold)
{
    for (struct features **f = &cv->first; *f; f = &(*f)->next) {
        struct features *found = *f;
        if (found->fold != fold || strcmp(found->key, key) != 0)
            continue;
        *f = found->next;
        found->next = cv->first;
        return cv->first = found;
    }
    return NULL;
}

/* A new entry, its key taken. NULL: no memory. Under the lock. */
static struct features *add(struct mli_crossval *cv, char *key, uint8_t fold)
{
    struct features *f = mli_calloc(1, sizeof *f);
    if (!f)
        return NULL;
    *f = (struct features){ .next = cv->first, .key = key, .fold = fold };
    return cv->first = f;
}

/* The entry of a fold, to be given back. NULL: no memory. */
static struct features *take(struct mli_crossval *cv, const struct mli_settings *settings, double share, uint8_t fold)
{
    char *key = key_of(settings, share);
    if (!key)
        return NULL;
    pthread_mutex_lock(&cv->lock);
    struct features *f = find(cv, key, fold);
    bool there = f != NULL;
    if (!there)
        f = add(cv, key, fold);
    if (f)
        f->users++;
    pthread_mutex_unlock(&cv->lock);
    if (there || !f)
        free(key);
    return f;
}

static void give_back(struct mli_crossval *cv, struct features *f)
{
    pthread_mutex_lock(&cv->lock);
    f->users--;
    shrink(cv);
    pthread_mutex_unlock(&cv->lock);
}

/* ---- an evaluation ---- */

bool mli_metric_suits(const struct mli_metric *metric, enum mli_task task)
{
    switch (task) {
    case MLI_TASK_REGRESSION:
        return !metric->classification && !metric->multilabel;
    case MLI_TASK_CLASSIFICATION:
        return metric->classification;
    case MLI_TASK_MULTILABEL:
        return metric->multilabel;
    }
    return false;
}

/* Metrics of the fold's rows, behind those of the folds before. */
static enum ml_status add_scores(const json_t *metrics, enum mli_task task, json_t *scores, struct ml_error *err)
{
    size_t n;
    const struct mli_metric *metric = mli_metrics(&n);
    for (size_t i = 0; i < n; i++) {
        double value;
        json_t *list = json_object_get(scores, metric[i].name);
        if (!mli_metric_suits(&metric[i], task))
            continue;
        if (!mli_metric_value(metrics, metric[i].name, &value))
            value = NAN;
        if (!list && !mli_json_put(scores, metric[i].name, list = json_array()))
            return no_memory(err);
        if (json_array_append_new(list, mli_json_from(value)) != 0)
            return no_memory(err);
    }
    return ML_OK;
}

/* Network, features and training of a job whose plan and pipeline are those of a fold; its metrics. */
static enum ml_status learn(struct mli_crossval *cv, struct making *m, struct mli_job *job, json_t **metrics,
                            struct ml_error *err)
{
    struct features *f = m->features;
    enum ml_status status = mli_job_kind(job, err);
    if (!status)
        status = mli_job_network(job, err);
    m->single = job->single;
    if (!status)
        status = once(cv, &f->made[m->single], m, make_training, err);
    memcpy(job->X, f->X[m->single], sizeof job->X);
    if (!status)
        status = mli_job_learn(job, err);
    if (!status && job->run.state.end == MLI_TRAIN_INTERRUPTED)
        status = ml_error_set(err, ML_EINTERRUPTED, "interrupted");
    if (!status)
        status = once(cv, &f->tested, m, make_test, err);
    job->test = f->test;
    struct mli_model_target target[MLI_LABELS_MAX];
    for (size_t t = 0; t < job->plan.target.columns; t++) {
        const struct mli_target_column *of = &job->plan.target.of[t];
        target[t] = (struct mli_model_target){ job->table->column[of->column].name, of->classes, of->label };
    }
    const struct ml_model model = { .network = job->network,
                                    .theta = job->theta,
                                    .pipeline = job->pipeline,
                                    .loss = job->settings.loss,
                                    .target = target,
                                    .targets = job->plan.target.columns };
    return status ? status : mli_job_measure(job, &model, MLI_PART_TEST, metrics, NULL, err);
}

static enum ml_status learn_fold(struct mli_crossval *cv, const struct ml_fit_config *config, struct making *m,
                                 json_t *scores, struct ml_error *err)
{
    const struct mli_job *base = cv->base;
    json_t *metrics = NULL;
    enum ml_status status = once(cv, &m->features->fitted, m, fit, err);
    if (status)
        return status;
    struct mli_job job = { .table = base->table,
                           .config = config,
                           .settings = *m->settings,
                           .prep = base->prep,
                           .prepared = base->prepared,
                           .plan = m->features->plan,
                           .pipeline = m->features->pipeline,
                           .borrowed = true };
    status = learn(cv, m, &job, &metrics, err);
    if (!status)
        status = add_scores(metrics, job.plan.target.task, scores, err);
    json_decref(metrics);
    mli_job_release(&job);
    return status;
}

/* A metric that no fold has, as the F1 of one class where there are three, is none. */
static void drop_undefined(json_t *scores)
{
    const char *name;
    json_t *list;
    void *next;
    json_object_foreach_safe(scores, next, name, list) {
        size_t i = 0;
        while (i < json_array_size(list) && json_is_null(json_array_get(list, i)))
            i++;
        if (i == json_array_size(list))
            json_object_del(scores, name);
    }
}

/* Folds are no place for notes, and an epoch of one is not the epoch of a fit. */
static struct ml_fit_config quiet_config(const struct mli_crossval *cv, const struct ml_fit_config *config)
{
    struct ml_fit_config quiet = *config;
    quiet.log = NULL;
    quiet.epoch = NULL;
    quiet.memory = cv->base->settings.memory; /* what is free changes while folds are held */
    return quiet;
}

enum ml_status mli_crossval_run(struct mli_crossval *cv, const struct ml_fit_config *config, double share,
                                json_t **scores, struct ml_error *err)
{
    const struct ml_fit_config quiet = quiet_config(cv, config);
    const struct mli_settings *base = &cv->base->settings;
    struct mli_settings settings;
    json_t *doc = json_object();
    enum ml_status status = doc ? mli_settings_check(&quiet, &settings, err) : no_memory(err);
    if (!status) { /* of a prep file */
        settings.split = base->split;
        settings.split_text = base->split_text;
    }
    for (size_t k = 0; k < cv->folds && !status; k++) {
        struct features *f = take(cv, &settings, share, (uint8_t)k);
        struct making making = { .cv = cv, .settings = &settings, .features = f, .share = share };
        status = f ? learn_fold(cv, &quiet, &making, doc, err) : no_memory(err);
        if (f)
            give_back(cv, f);
    }
    if (status) {
        json_decref(doc);
        return status;
    }
    drop_undefined(doc);
    *scores = doc;
    return ML_OK;
}

enum ml_status mli_crossval_new(const struct mli_job *base, size_t folds, size_t again, struct mli_crossval **out,
                                struct ml_error *err)
{
    struct mli_crossval *cv = mli_calloc(1, sizeof *cv);
    struct mli_settings settings = base->settings;
    const struct ml_log *log = again ? NULL : base->config->log; /* it was said the first time */
    settings.train.seed += again * AGAIN;
    if (!cv)
        return no_memory(err);
    cv->base = base;
    cv->folds = folds;
    cv->most = base->settings.memory / 2;
    pthread_mutex_init(&cv->lock, NULL);
    pthread_cond_init(&cv->changed, NULL);
    if (base->prepared)
        ml_log(log, ML_LOG_WARNING,
               "the cleaning was fitted on all training rows by mlctl preprocess, so a fold knows a little of its own rows%s%s%s",
               base->prep.group ? "; groups of \"" : "", base->prep.group ? base->prep.group : "",
               base->prep.group ? "\" are not kept together" : "");
    cv->fold = mli_alloc(base->table->rows, 1);
    enum ml_status status = cv->fold ? mli_plan_folds(base->table, &base->plan, &settings, folds, log, cv->fold, err)
                                     : no_memory(err);
    if (status)
        mli_crossval_free(cv);
    else
        *out = cv;
    return status;
}

void mli_crossval_free(struct mli_crossval *cv)
{
    if (!cv)
        return;
    while (cv->first) {
        struct features *f = cv->first;
        cv->first = f->next;
        features_free(cv, f);
    }
    pthread_cond_destroy(&cv->changed);
    pthread_mutex_destroy(&cv->lock);
    free(cv->fold);
    free(cv);
}

/* ---- summaries ---- */

void mli_scores_summary(const json_t *scores, const char *metric, double *mean, double *deviation)
{
    const json_t *list = json_object_get(scores, metric), *value;
    double sum = 0, squares = 0;
    size_t i, n = 0;
    json_array_foreach((json_t *)list, i, value) {
        if (!json_is_number(value))
            continue;
        sum += json_number_value(value);
        n++;
    }
    *mean = sum / (double)n;
    json_array_foreach((json_t *)list, i, value) {
        double off = json_is_number(value) ? json_number_value(value) - *mean : 0;
        squares += off * off;
    }
    *deviation = sqrt(squares / (double)n);
}

json_t *mli_scores_json(const json_t *scores)
{
    json_t *doc = json_object(), *list;
    const char *name;
    bool ok = doc != NULL;
    json_object_foreach((json_t *)scores, name, list) {
        double mean, deviation;
        mli_scores_summary(scores, name, &mean, &deviation);
        json_t *row = json_pack("{soso}", "mean", mli_json_from(mean), "deviation", mli_json_from(deviation));
        ok = ok && mli_json_put(row, "folds", json_incref(list)) && json_object_set(doc, name, row) == 0;
        json_decref(row);
    }
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}
