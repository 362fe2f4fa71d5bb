/* What a job takes in memory, before it does. */
#include <fit/job.h>

#include <base/mem.h>
#include <fit/learn.h>
#include <fit/members.h>

/* Numbers that a model of the job predicts for a row: what ml_model_width() will say of it. */
static size_t width_of(const struct mli_target *target)
{
    size_t width = 0;
    for (size_t t = 0; t < target->columns; t++)
        width += target->of[t].classes ? target->of[t].classes : 1;
    return width;
}

/* Bytes that are taken from the first epoch to the last metric: features, targets and weights of the rows. */
static bool memory_held(const struct mli_job *job, size_t *out)
{
    size_t rows = job->plan.rows[MLI_PART_TRAIN] + job->plan.rows[MLI_PART_VALIDATION];
    size_t number = job->single ? sizeof(float) : sizeof(double);
    size_t row = (job->rows ? 0 : job->network->inputs * number) + sizeof(double); /* labels are one code */
    if (job->weight[MLI_PART_TRAIN])
        row += sizeof(double);
    return mli_mul(rows, row, out);
}

/* Bytes to measure with: targets and predictions of the rows, and their order by one score, for areas under curves. */
static bool memory_to_measure(const struct mli_job *job, size_t *out)
{
    enum mli_part part = job->plan.rows[MLI_PART_TEST] ? MLI_PART_TEST : MLI_PART_TRAIN;
    size_t columns = job->plan.target.columns, row = 32;
    return mli_add(row, (columns + width_of(&job->plan.target)) * sizeof(double), &row) &&
           mli_mul(job->config->test ? 0 : job->plan.rows[part], row, out);
}

/* Bytes to train with: the trainers', and the parameters of members apart and at their places among zeros. */
static enum ml_status memory_to_train(const struct mli_job *job, const struct mli_learn *learn, size_t *out,
                                      struct ml_error *err)
{
    size_t n = job->plan.rows[MLI_PART_TRAIN], joint = 0;
    size_t abreast = mli_members_abreast(job->settings.members, job->settings.train.threads);
    enum ml_status status = (job->single ? mli_learn_memory_f32 : mli_learn_memory)(learn, n, out, err);
    if (status)
        return status;
    if (job->joint && !mli_mul(2 * sizeof(double), job->joint->parameters, &joint))
        *out = SIZE_MAX;
    if (!mli_mul(*out, abreast, out) || !mli_add(*out, joint, out))
        *out = SIZE_MAX;
    return ML_OK;
}

enum ml_status mli_job_memory(struct mli_job *job, const struct mli_learn *learn, struct ml_error *err)
{
    size_t rows = job->plan.rows[MLI_PART_TRAIN] + job->plan.rows[MLI_PART_VALIDATION], d = job->network->inputs;
    size_t held, train, measure, need;
    enum ml_status status = memory_to_train(job, learn, &train, err);
    if (status)
        return status;
    if (!memory_held(job, &held) || !memory_to_measure(job, &measure) ||
        !mli_add(held, train > measure ? train : measure, &need) || !mli_add(need, (size_t)32 << 20, &need))
        return ml_error_set(err, ML_ELIMIT, "%zu rows of %zu features do not fit into memory", rows, d);
    job->needs = need;
    ml_log(job->config->log, ML_LOG_DEBUG, "memory: about %zu MiB for %zu rows of %zu features", need >> 20, rows, d);
    if (need <= job->settings.memory)
        return ML_OK;
    return ml_error_set(err, ML_ELIMIT,
                        "training needs about %zu MiB of memory (%zu rows of %zu features, %zu parameters), %zu MiB may be used; --drop-columns, --max-categories, --select, a smaller hash:N, fewer hidden units or fewer rows need less",
                        need >> 20, rows, d, job->network->parameters, job->settings.memory >> 20);
}
