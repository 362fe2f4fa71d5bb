#include <mlctl/fit.h>

#include <base/mem.h>
#include <fit/crossval.h>
#include <fit/evaluate.h>
#include <fit/gather.h>
#include <fit/job.h>
#include <fit/record.h>
#include <fit/warm.h>
#include <la/kernels.h>
#include <model/selftest.h>
#include <stdlib.h>
#include <sys/stat.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* How the test file is read. */
static struct mli_flow_options test_options(const struct mli_job *job)
{
    const struct ml_read_options *read = job->config->read;
    struct mli_flow_options options = { .threads = job->config->threads, .log = job->config->log };
    if (!read)
        return options;
    options.csv = read->csv;
    options.missing = read->missing;
    if (options.csv.bad_rows == ML_BAD_ROWS_QUARANTINE)
        options.csv.bad_rows = ML_BAD_ROWS_SKIP; /* that file has the rows of the training data */
    return options;
}

/* Before there is anything to lose: a test file whose header says that it is none. What is no regular file is read once only. */
static enum ml_status try_test(const struct mli_job *job, struct ml_error *err)
{
    const char *path = job->config->test;
    const struct mli_target *target = &job->plan.target;
    const struct mli_flow_options options = test_options(job);
    struct stat st;
    if (!path || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return ML_OK;
    const char **names = mli_calloc(target->columns + 1, sizeof *names);
    for (size_t t = 0; names && t < target->columns; t++)
        names[t] = job->table->column[target->of[t].column].name;
    enum ml_status status =
        names ? mli_gather_try(path, mli_pipeline_schema(job->pipeline), names, &options, err) : no_memory(err);
    free(names);
    return status;
}

static enum ml_status measure(const struct mli_job *job, struct ml_model *model, struct ml_error *err)
{
    json_t *metrics = NULL, *predicted = NULL;
    const struct mli_flow_options options = test_options(job);
    const char *on = job->config->test ? "test file" : job->plan.rows[MLI_PART_TEST] ? "held-out" : "training";
    enum ml_status status =
        job->config->test ? mli_evaluate_files_spread(model, &job->config->test, 1, &options, &metrics, &predicted, err)
                          : mli_job_measure(job, model, job->plan.rows[MLI_PART_TEST] ? MLI_PART_TEST : MLI_PART_TRAIN,
                                         &metrics, &predicted, err);
    if (!status && !(mli_json_put(model->record, "metrics_on", json_string(on)) &&
                     mli_json_put(model->record, "metrics", json_incref(metrics))))
        status = no_memory(err);
    if (!status && predicted && !mli_json_put(model->record, "predicted", json_incref(predicted)))
        status = no_memory(err);
    json_decref(predicted);
    json_decref(metrics);
    return status;
}

static struct mli_record_parts parts_of(const struct mli_job *job)
{
    return (struct mli_record_parts){
        .table = job->table,
        .config = job->config,
        .settings = &job->settings,
        .target = &job->plan.target,
        .layers = job->member ? job->member->spec : job->network->spec,
        .duplicates = job->plan.duplicates,
        .prep = job->prepared ? &job->prep : NULL,
        .state = &job->run.state,
        .history = &job->run.history,
        .train = job->plan.rows[MLI_PART_TRAIN],
        .validation = job->plan.rows[MLI_PART_VALIDATION],
        .test = job->plan.rows[MLI_PART_TEST],
        .units = &job->units,
        .began = job->run.began,
        .unit = job->units.loss,
        .single = job->single,
    };
}

/* The labels become the model's. NULL: no memory. */
static struct mli_model_target *take_targets(struct mli_job *job)
{
    struct mli_target *from = &job->plan.target;
    struct mli_model_target *target = mli_calloc(from->columns, sizeof *target);
    for (size_t t = 0; target && t < from->columns; t++) {
        if (!(target[t].name = mli_strdup(job->table->column[from->of[t].column].name))) {
            mli_model_targets_free(target, from->columns);
            return NULL;
        }
        target[t].classes = from->of[t].classes;
        target[t].label = from->of[t].label;
        from->of[t].label = NULL;
    }
    return target;
}

static enum ml_status make_model(struct mli_job *job, struct ml_model **out, struct ml_error *err)
{
    const struct mli_record_parts parts = parts_of(job);
    json_t *record = mli_record_new(&parts);
    struct mli_pipeline *pipeline = job->pipeline;
    struct mli_network *network = job->network;
    double *theta = job->theta;
    size_t targets = job->plan.target.columns;
    struct mli_model_target *target = record ? take_targets(job) : NULL;
    if (!target) {
        json_decref(record);
        return no_memory(err);
    }
    job->pipeline = job->prep.pipeline = NULL;
    job->network = NULL;
    job->theta = NULL;
    struct ml_model *model = NULL;
    enum ml_status status = mli_model_new(pipeline, network, theta, &job->settings.loss, target, targets, record, &model, err);
    if (!status) {
        model->single = job->single;
        status = measure(job, model, err);
    }
    if (!status)
        status = mli_selftest_add(model, err);
    if (status) {
        ml_model_free(model);
        return status;
    }
    *out = model;
    return ML_OK;
}

/* Trains, with a state on the disk to go on from where one is asked for. */
static enum ml_status learn(struct mli_job *job, struct ml_error *err)
{
    const struct ml_fit_config *config = job->config;
    if (!config->checkpoint)
        return mli_job_learn(job, err);
    struct mli_record_parts parts = parts_of(job);
    const struct mli_train_state before = { .rate = config->rate };
    parts.state = &before;
    json_t *identity = mli_record_identity(&parts);
    enum ml_status status = identity ? mli_checkpoint_open(config->checkpoint, config->every, config->resume,
                                                           identity, &job->checkpoint, err)
                                     : no_memory(err);
    if (!status)
        status = mli_job_learn(job, err);
    mli_checkpoint_close(job->checkpoint);
    job->checkpoint = NULL;
    json_decref(identity);
    return status;
}

/* Of each metric its mean, its deviation and what it is in each fold. */
static enum ml_status validate(const struct mli_job *job, json_t **out, struct ml_error *err)
{
    struct mli_crossval *cv = NULL;
    json_t *scores = NULL, *doc;
    enum ml_status status = mli_crossval_new(job, job->config->folds, 0, &cv, err);
    if (!status)
        status = mli_crossval_run(cv, job->config, 1, &scores, err);
    mli_crossval_free(cv);
    if (status == ML_EINTERRUPTED && err)
        *err = (struct ml_error)ML_ERROR_INIT;
    if (status == ML_EINTERRUPTED)
        ml_error_set(err, ML_EINTERRUPTED, "interrupted in the cross-validation, before the training; no model was written");
    if (status)
        return status;
    doc = json_pack("{sIso}", "folds", (json_int_t)job->config->folds, "metrics", mli_scores_json(scores));
    json_decref(scores);
    if (!doc)
        return no_memory(err);
    *out = doc;
    return ML_OK;
}

/* Takes the job. */
static enum ml_status fit(struct mli_job *job, struct ml_model **out, struct ml_error *err)
{
    struct ml_model *model = NULL;
    json_t *folds = NULL;
    enum ml_status status = mli_blas_prepare(err);
    if (!status)
        status = mli_job_plan(job, err);
    if (!status)
        status = mli_job_kind(job, err);
    if (!status && job->config->folds)
        status = validate(job, &folds, err);
    if (!status)
        status = mli_job_clean(job, err);
    if (!status)
        status = try_test(job, err);
    if (!status)
        status = mli_job_network(job, err);
    if (!status)
        status = learn(job, err);
    if (!status)
        status = make_model(job, &model, err);
    if (!status && folds && !mli_json_put(model->record, "cross_validation", json_incref(folds)))
        status = no_memory(err);
    json_decref(folds);
    bool interrupted = job->run.state.end == MLI_TRAIN_INTERRUPTED;
    mli_job_release(job);
    if (status) {
        ml_model_free(model);
        return status;
    }
    *out = model;
    return interrupted ? ml_error_set(err, ML_EINTERRUPTED, "interrupted; the best model so far was kept")
                       : ML_OK;
}

/* The same for a table or its prepared rows, from the model of the configuration where there is one. */
static enum ml_status fit_rows(const struct ml_table *table, struct ml_prepared *rows, const struct ml_fit_config *config,
                               struct ml_model **out, struct ml_error *err)
{
    struct mli_warm warm;
    struct mli_job job = { .table = table, .config = config, .rows = rows };
    enum ml_status status = config->warm ? mli_warm_init(config, &warm, err) : ML_OK;
    if (config->warm)
        job.config = &warm.config;
    return status ? status : fit(&job, out, err);
}

enum ml_status ml_fit(const struct ml_table *table, const struct ml_fit_config *config,
                      struct ml_model **out, struct ml_error *err)
{
    return fit_rows(table, NULL, config, out, err);
}

enum ml_status ml_fit_prepared(struct ml_prepared *rows, const struct ml_fit_config *config, struct ml_model **out,
                               struct ml_error *err)
{
    return fit_rows(ml_prepared_table(rows), rows, config, out, err);
}
