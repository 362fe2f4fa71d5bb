#include <fit/job.h>

#include <base/mem.h>
#include <fit/layers.h>
#include <fit/learn.h>
#include <fit/warm.h>
#include <fit/weights.h>
#include <float.h>
#include <math.h>
#include <prep/options.h>
#include <prep/step.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_L2 0.1 /* of the default */

static void free_parts(struct mli_job *job)
{
    for (size_t p = 0; p < MLI_PART_TEST; p++) {
        if (!job->borrowed)
            free(job->X[p]);
        free(job->y[p]);
        free(job->weight[p]);
        job->X[p] = job->y[p] = job->weight[p] = NULL;
    }
}

void mli_job_release(struct mli_job *job)
{
    if (!job->borrowed) {
        if (job->pipeline != job->prep.pipeline)
            mli_pipeline_free(job->pipeline);
        mli_prepfile_release(&job->prep);
        mli_plan_release(&job->plan);
    }
    mli_network_free(job->network);
    mli_network_free(job->member);
    mli_network_free(job->joint);
    free_parts(job);
    free(job->held);
    mli_history_release(&job->run.history);
    free(job->theta);
    free(job->sides);
}

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- rows: which train, which are held out ---------------------------------------------------------------------- */

/* Cleaning was decided when the prep file was fitted; a setting that could do nothing is refused. */
static enum ml_status refuse_cleaning(const struct ml_fit_config *c, struct ml_error *err)
{
    const char *option = mli_prep_given(&c->clean);
    if (!option)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "--%s does nothing on a preprocessed file; give it to mlctl preprocess, or --no-prep to take the file as raw data",
                        option);
}

static enum ml_status load_prep(struct mli_job *job, struct ml_error *err)
{
    if (!job->config->prep)
        return ML_OK;
    enum ml_status status = mli_prepfile_read(job->config->prep, &job->prep, err);
    if (status)
        return status;
    job->prepared = true;
    job->pipeline = job->prep.pipeline;
    status = refuse_cleaning(job->config, err);
    if (status)
        return status;
    if (job->config->target && strcmp(job->config->target, job->prep.target) != 0)
        return ml_error_set(err, ML_EUSAGE, "--target %s, but %s was preprocessed for target \"%s\"",
                            job->config->target, job->table->source, job->prep.target);
    if (strcmp(job->prep.clean_sha256, job->table->sha256) != 0)
        return ml_error_at(err, ML_EDATA, job->table->source, 0, 0,
                           "the file is not the one that %s belongs to (its SHA-256 differs); run mlctl preprocess again, or --no-prep to take it as raw data",
                           job->config->prep);
    if (job->config->split && strcmp(job->config->split, job->prep.split) != 0)
        return ml_error_set(err, ML_EUSAGE,
                            "--split %s, but the statistics in %s were fitted with --split %s; leave it out or preprocess again",
                            job->config->split, job->config->prep, job->prep.split);
    if (job->config->test)
        return ml_error_set(err, ML_EUSAGE,
                            "--test does not go with a prep file: the rows it held out are the test");
    if (job->config->weight)
        return ml_error_set(err, ML_EUSAGE,
                            "--weight %s: a preprocessed file has no such column; train on the raw file (--no-prep takes this one as raw)",
                            job->config->weight);
    if (job->config->group || job->config->dedupe)
        return ml_error_set(err, ML_EUSAGE,
                            "--%s does nothing on a preprocessed file; give it to mlctl preprocess",
                            job->config->group ? "group" : "dedupe");
    if (job->config->warm && (status = mli_warm_same(job->config->warm, job->pipeline, job->config->prep, err)))
        return status;
    job->settings.split_text = job->prep.split;
    job->settings.held_out = job->prep.held_out;
    if (job->prep.group && job->settings.train.patience)
        ml_log(job->config->log, ML_LOG_WARNING,
               "%s holds no column \"%s\", so a group may be on both sides of what --patience sets aside",
               job->table->source, job->prep.group);
    ml_log(job->config->log, ML_LOG_NOTE, "prep: %s found; the model will take rows of %s",
           job->config->prep, job->prep.raw_path);
    return mli_split_parse(job->prep.split, &job->settings.split, err);
}

enum ml_status mli_job_plan(struct mli_job *job, struct ml_error *err)
{
    const struct ml_fit_config *config = job->config;
    enum ml_status status = mli_settings_check(config, &job->settings, err);
    if (!status)
        status = load_prep(job, err);
    if (!status && job->rows)
        status = mli_prepared_plan(job->rows, &job->plan, err);
    else if (!status)
        status = mli_plan_make(job->table, job->prepared ? job->prep.target : config->target, job->settings.task,
                               &job->settings, job->prepared ? job->prep.seed : config->seed,
                               config->log, &job->plan, err);
    return status;
}

/* ---- features --------------------------------------------------------------------------------------------------- */

/* What was learned as floats is kept as floats. */
static enum ml_status round_theta(struct mli_job *job, struct ml_error *err)
{
    for (size_t i = 0; job->single && i < job->network->parameters; i++) {
        if (fabs(job->theta[i]) > (double)FLT_MAX)
            return ml_error_set(err, ML_EDIVERGED,
                                "a parameter of %g is more than single precision holds; take --precision double",
                                job->theta[i]);
        job->theta[i] = (float)job->theta[i];
    }
    return ML_OK;
}

static struct mli_learn learn_of(const struct mli_job *job)
{
    return (struct mli_learn){
        .layers = job->network->spec,
        .inputs = job->network->inputs,
        .loss = job->settings.loss.name,
        .parameter = job->settings.loss.parameter,
        .sides = job->sides,
        .config = &job->settings.train,
        .train.supply = job->rows ? mli_prepared_supply(job->rows, MLI_PART_TRAIN, job->single) : NULL,
        .keeps = job->checkpoint != NULL,
    };
}

struct mli_matrix_rows mli_job_matrix(const struct mli_job *job, enum mli_part part)
{
    return (struct mli_matrix_rows){
        .pipeline = job->pipeline,
        .table = job->table,
        .prepared = job->prepared,
        .part = job->plan.part,
        .which = (uint8_t)part,
        .threads = job->settings.train.threads,
    };
}

/* Of a single target: each is written, and kept if its row is of the part, which a branch could not foresee. */
static void take_numbers(const struct mli_plan *plan, enum mli_part part, double *y)
{
    for (size_t row = 0, i = 0, at = 0; at < plan->rows[part]; row++) {
        y[at] = plan->target.y[i];
        at += plan->part[row] == part;
        i += plan->target.has[row];
    }
}

enum ml_status mli_job_targets(const struct mli_job *job, enum mli_part part, double *y, struct ml_error *err)
{
    size_t columns = job->plan.target.columns;
    if (job->rows)
        return mli_prepared_targets(job->rows, part, y, err);
    if (columns == 1) {
        take_numbers(&job->plan, part, y);
        return ML_OK;
    }
    for (size_t row = 0, i = 0; row < job->table->rows; row++) {
        if (!job->plan.target.has[row])
            continue;
        if (job->plan.part[row] == part) {
            memcpy(y, job->plan.target.y + i * columns, columns * sizeof *y);
            y += columns;
        }
        i++;
    }
    return ML_OK;
}

/* y (n) gets what trains of them: a number or class, or the code of several labels. */
static enum ml_status targets_trained(const struct mli_job *job, enum mli_part part, double *y, struct ml_error *err)
{
    size_t columns = job->plan.target.columns, n = job->plan.rows[part];
    if (columns == 1)
        return mli_job_targets(job, part, y, err);
    double *all = mli_alloc(n, columns * sizeof *all);
    enum ml_status status = all ? mli_job_targets(job, part, all, err) : no_memory(err);
    for (size_t i = 0; !status && i < n; i++)
        y[i] = mli_target_code(columns, all + i * columns);
    free(all);
    return status;
}

static enum ml_status refuse_target(const struct mli_job *job, const char *where, double y, struct ml_error *err)
{
    return ml_error_at(err, ML_EDATA, job->table->source, 0, 0,
                       "%starget \"%s\" is %g; loss %s is for counts and rates of 0 or more", where,
                       job->table->column[job->plan.target.of[0].column].name, y, job->settings.loss.name);
}

/* Prepared rows do not know any more which of the table they were. */
static enum ml_status check_prepared_targets(const struct mli_job *job, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    for (int part = MLI_PART_TRAIN; !status && part < MLI_PARTS; part++) {
        size_t n = job->plan.rows[part] * job->plan.target.columns, i = 0;
        double *y = mli_alloc(n, sizeof *y);
        status = y ? mli_job_targets(job, (enum mli_part)part, y, err) : no_memory(err);
        while (!status && i < n && !(y[i] < 0))
            i++;
        if (!status && i < n)
            status = refuse_target(job, "", y[i], err);
        free(y);
    }
    return status;
}

/* A mean that is exp(z) belongs to targets of 0 or more. */
static enum ml_status check_targets(const struct mli_job *job, struct ml_error *err)
{
    const struct mli_target *target = &job->plan.target;
    if (job->settings.loss.predicts != MLI_PREDICTS_MEAN)
        return ML_OK;
    if (job->rows)
        return check_prepared_targets(job, err);
    for (size_t row = 0, i = 0; row < job->table->rows; row++) {
        char where[40];
        if (!target->has[row])
            continue;
        snprintf(where, sizeof where, "row %zu: ", row + 1);
        if (target->y[i] < 0)
            return refuse_target(job, where, target->y[i], err);
        i++;
    }
    return ML_OK;
}

static enum ml_status take_targets(struct mli_job *job, enum mli_part part, struct ml_error *err)
{
    size_t n = job->plan.rows[part];
    if (!n)
        return ML_OK;
    job->y[part] = mli_alloc(n, sizeof *job->y[part]);
    return job->y[part] ? targets_trained(job, part, job->y[part], err) : no_memory(err);
}

/* Held-out rows become features along with the others where they fit besides: they are of the same blocks. */
static bool holds(const struct mli_job *job)
{
    size_t size;
    return job->plan.rows[MLI_PART_TEST] > 0 &&
           mli_mul(job->plan.rows[MLI_PART_TEST], job->network->inputs * sizeof(double), &size) &&
           size <= job->settings.memory - job->needs;
}

static enum ml_status make_features(struct mli_job *job, struct ml_error *err)
{
    const struct mli_matrix_rows rows = mli_job_matrix(job, MLI_PART_NONE);
    struct mli_matrix_into into[MLI_MATRIX_PARTS];
    size_t n = 0, size;
    bool held = holds(job);
    for (int part = MLI_PART_TRAIN; part < (held ? MLI_PARTS : MLI_PART_TEST); part++) {
        bool single = job->single && part != MLI_PART_TEST;
        if (!job->plan.rows[part])
            continue;
        void *X = mli_mul(job->plan.rows[part], job->network->inputs, &size)
                      ? mli_alloc_large(size, single ? sizeof(float) : sizeof(double)) : NULL;
        if (!X)
            return no_memory(err);
        if (part == MLI_PART_TEST)
            job->test = job->held = X;
        else
            job->X[part] = X;
        into[n++] = (struct mli_matrix_into){ (uint8_t)part, single, X };
    }
    return mli_matrix_spread(&rows, into, n, job->config->spend && (held || job->config->test), err);
}

/* ---- training --------------------------------------------------------------------------------------------------- */

static bool takes_texts(const struct mli_pipeline *pipeline)
{
    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++)
        if (mli_pipeline_step(pipeline, i)->kind == &mli_text_step ||
            mli_pipeline_step(pipeline, i)->kind == &mli_tfidf_step)
            return true;
    return false;
}

/* A row of a text has length 1, one of scaled numbers the root of their count: with C=1 words are held too short. */
static void loosen_for_texts(struct mli_job *job)
{
    if (job->config->l2 >= 0 || mli_layers_deep(job->config) || !takes_texts(job->pipeline))
        return;
    job->settings.train.l2 *= TEXT_L2;
    ml_log(job->config->log, ML_LOG_NOTE, "l2: %g, a tenth of that, as texts become rows of length 1 (--l2 overrides)",
           job->settings.train.l2);
}

enum ml_status mli_job_network(struct mli_job *job, struct ml_error *err)
{
    loosen_for_texts(job);
    enum ml_status status = mli_layers_make(job->config, &job->settings, mli_target_classes(&job->plan.target),
                                            mli_pipeline_features(job->pipeline), &job->network, &job->theta, err);
    if (status)
        return status;
    job->single = mli_settings_single(job->config, job->network);
    if (job->config->warm)
        return mli_warm_start(job->config->warm, job->network, &job->units, job->single, job->theta, err);
    return mli_job_plan_members(job, err);
}

static struct mli_learn_rows learn_rows(const struct mli_job *job, enum mli_part part)
{
    return (struct mli_learn_rows){ .n = job->plan.rows[part],
                                    .X = job->X[part],
                                    .supply = job->rows ? mli_prepared_supply(job->rows, part, job->single) : NULL,
                                    .y = job->y[part],
                                    .weight = job->weight[part] };
}

static enum ml_status train(struct mli_job *job, struct ml_error *err)
{
    struct mli_train_config config = job->settings.train;
    struct mli_loss loss = job->settings.loss;
    mli_units_train(&job->units, &config, &loss);
    job->run = (struct mli_run){ .learn = learn_of(job),
                                 .config = job->config,
                                 .unit = job->units.loss,
                                 .single = job->single,
                                 .checkpoint = job->checkpoint };
    job->run.learn.parameter = loss.parameter;
    job->run.learn.config = &config;
    job->run.learn.train = learn_rows(job, MLI_PART_TRAIN);
    job->run.learn.validation = learn_rows(job, MLI_PART_VALIDATION);
    enum ml_status status = job->settings.members > 1 ? mli_job_run_members(job, err) : mli_run(&job->run, job->theta, err);
    free_parts(job);
    return job->rows && mli_prepared_check(job->rows, err) ? ML_EIO : status;
}

/* Sum of the weights of a part's rows, their number without. */
static double weight_of(const struct mli_job *job, enum mli_part part)
{
    size_t n = job->plan.rows[part];
    double sum = 0;
    for (size_t i = 0; job->weight[part] && i < n; i++)
        sum += job->weight[part][i];
    return job->weight[part] ? sum : (double)n;
}

static enum ml_status find_weights(struct mli_job *job, struct ml_error *err)
{
    const char *classes = job->settings.class_weight;
    struct mli_plan marked = job->plan;
    enum ml_status status = job->rows && (classes || job->rows->weighted) ? mli_prepared_mark(job->rows, &marked, err)
                                                                         : ML_OK;
    if (!status)
        status = mli_weights_of_labels(classes, &marked, &job->sides, err);
    for (int part = MLI_PART_TRAIN; !status && part <= MLI_PART_VALIDATION; part++)
        status = mli_weights_of_part(&marked, classes, (enum mli_part)part, &job->weight[part], err);
    if (job->rows)
        mli_prepared_unmark(&marked);
    return status;
}

/* What the loss makes of the target, and the defaults that are in its unit. */
static enum ml_status find_units(struct mli_job *job, struct ml_error *err)
{
    struct mli_settings *s = &job->settings;
    size_t n = job->plan.rows[MLI_PART_TRAIN];
    enum ml_status status = check_targets(job, err);
    double *y = status ? NULL : mli_alloc(n, sizeof *y);
    if (!status && !y)
        status = no_memory(err);
    if (status)
        return status;
    status = targets_trained(job, MLI_PART_TRAIN, y, err);
    if (!status)
        status = mli_units_find(&s->loss, mli_layers_deep(job->config), n, y, &job->units, err);
    free(y);
    if (status)
        return status;
    if (job->config->warm)
        mli_warm_units(job->config->warm, job->config->log, &job->units);
    if (s->loss.in_units && !s->parameter_given)
        s->loss.parameter *= job->units.unit;
    if (s->train.l2 < 0)
        s->train.l2 = mli_units_l2(&job->units, weight_of(job, MLI_PART_TRAIN));
    if (s->train.epochs == 0)
        s->train.epochs = mli_layers_epochs(n, s->train.batch);
    return ML_OK;
}

static void say_defaults(const struct mli_job *job)
{
    const struct ml_fit_config *config = job->config;
    const struct mli_settings *s = &job->settings;
    bool in_deviations = s->loss.predicts == MLI_PREDICTS_VALUE && s->loss.power != 2;
    if (config->l2 < 0)
        ml_log(config->log, ML_LOG_NOTE, "l2: %g, 1 / %s%s (--l2 overrides)", job->settings.train.l2,
               job->weight[MLI_PART_TRAIN] ? "sum of the training rows' weights" : "training rows",
               in_deviations ? " with the target's deviation as its unit" : "");
    if (s->loss.in_units && !s->parameter_given)
        ml_log(config->log, ML_LOG_NOTE, "%s: %g, %g of the target's deviation (--loss %s:%s overrides)",
               s->loss.parameter_name, s->loss.parameter, mli_loss_find(s->loss.name)->parameter, s->loss.name,
               s->loss.parameter_name);
    if (!config->split && !config->test && !job->prepared)
        ml_log(config->log, ML_LOG_NOTE, "split: %s, seed %llu (--split overrides)",
               job->settings.split_text, (unsigned long long)config->seed);
}

enum ml_status mli_job_kind(struct mli_job *job, struct ml_error *err)
{
    enum ml_status status = mli_settings_kind(job->config, job->plan.target.task,
                                              mli_target_classes(&job->plan.target), &job->settings, err);
    if (!status && job->rows && !job->config->shuffle)
        job->settings.train.windows = mli_optimiser_steps(job->settings.train.optimiser);
    if (!status)
        status = find_weights(job, err);
    if (!status)
        status = find_units(job, err);
    if (!status)
        say_defaults(job);
    return status;
}

/* The rows need not be as those that it was fitted on. */
static enum ml_status take_pipeline(struct mli_job *job, struct ml_error *err)
{
    const struct ml_model *model = job->config->warm;
    enum ml_status status = mli_warm_say_unseen(model, job->table, &job->plan, job->config->log, err);
    return status ? status : mli_warm_pipeline(model, &job->pipeline, err);
}

enum ml_status mli_job_clean(struct mli_job *job, struct ml_error *err)
{
    if (job->prepared)
        return ML_OK;
    if (job->rows)
        return mli_prepared_pipeline(job->rows, &job->pipeline, err);
    if (job->config->warm)
        return take_pipeline(job, err);
    return mli_plan_fit_pipeline(job->table, &job->plan, &job->settings, job->config->log, &job->pipeline, err);
}

static enum ml_status put_units_back(struct mli_job *job, struct ml_error *err)
{
    enum ml_status status = mli_units_theta(&job->units, job->network, job->theta, err);
    return status ? status : round_theta(job, err);
}

/* Parameters that nothing has moved are those of the model, to the last bit: the way to training's units and back may round. */
static enum ml_status go_on(struct mli_job *job, struct ml_error *err)
{
    size_t size = job->network->parameters * sizeof *job->theta;
    double *start = mli_alloc(job->network->parameters, sizeof *start);
    if (!start)
        return no_memory(err);
    memcpy(start, job->theta, size);
    enum ml_status status = train(job, err);
    if (!status && memcmp(start, job->theta, size) == 0)
        memcpy(job->theta, job->config->warm->theta, size);
    else if (!status)
        status = put_units_back(job, err);
    free(start);
    return status;
}

enum ml_status mli_job_learn(struct mli_job *job, struct ml_error *err)
{
    const struct mli_learn learn = learn_of(job);
    enum ml_status status = mli_job_memory(job, &learn, err);
    for (int part = MLI_PART_TRAIN; !status && part < MLI_PART_TEST; part++)
        status = take_targets(job, (enum mli_part)part, err);
    if (!status && !job->borrowed && !job->rows)
        status = make_features(job, err);
    if (status)
        return status;
    for (int part = MLI_PART_TRAIN; part <= MLI_PART_VALIDATION; part++)
        mli_units_scale(&job->units, job->plan.rows[part], job->y[part]);
    if (job->config->warm)
        return go_on(job, err);
    status = train(job, err);
    return status ? status : put_units_back(job, err);
}
