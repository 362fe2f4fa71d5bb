#include <fit/job.h>

#include <base/mem.h>
#include <fit/members.h>
#include <net/members.h>
#include <stdlib.h>
#include <string.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

enum ml_status mli_job_plan_members(struct mli_job *job, struct ml_error *err)
{
    size_t members = job->settings.members;
    if (members == 1)
        return ML_OK;
    if (!mli_members_suit(job->network))
        return ml_error_set(err, ML_EUSAGE,
                            "--members %zu: networks that differ by their seed begin with a dense layer and have hidden ones; this is \"%.200s\"",
                            members, job->network->spec);
    if (job->config->checkpoint)
        return ml_error_set(err, ML_EUSAGE, "--members %zu does not go with --checkpoint, which keeps the state of one training",
                            members);
    enum ml_status status = mli_members_network(job->network, members, &job->joint, err);
    if (!status)
        ml_log(job->config->log, ML_LOG_NOTE, "members: %zu networks, of seeds %llu to %llu, whose mean is the model", members,
               (unsigned long long)job->config->seed, (unsigned long long)job->config->seed + members - 1);
    return status;
}

/* The members' parameters become those of the network that is their mean. */
static enum ml_status join(struct mli_job *job, size_t members, const double *theta, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    if (members < job->settings.members) {
        mli_network_free(job->joint);
        job->joint = NULL;
        status = mli_members_network(job->network, members, &job->joint, err);
    }
    double *mean = status ? NULL : mli_alloc(job->joint->parameters, sizeof *mean);
    if (!mean)
        return status ? status : no_memory(err);
    mli_members_join(job->network, members, theta, mean);
    free(job->theta);
    job->theta = mean;
    job->member = job->network;
    job->network = job->joint;
    job->joint = NULL;
    return ML_OK;
}

enum ml_status mli_job_run_members(struct mli_job *job, struct ml_error *err)
{
    size_t members = job->settings.members, parameters = job->network->parameters, numbers;
    double *theta = mli_mul(members, parameters, &numbers) ? mli_alloc(numbers, sizeof *theta) : NULL;
    if (!theta)
        return no_memory(err);
    memcpy(theta, job->theta, parameters * sizeof *theta);
    enum ml_status status = mli_members_run(&job->run, job->network, members, theta, &members, err);
    if (!status)
        status = join(job, members, theta, err);
    free(theta);
    return status;
}
