#include <fit/members.h>

#include <base/mem.h>
#include <fit/layers.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct mli_run run;
    struct mli_train_config train;
    struct ml_fit_config config;
    enum ml_status status;
    struct ml_error error;
};

struct members {
    const struct mli_network *network;
    struct member *member;
    size_t n, next;
    double *theta; /* (n, parameters) */
    const struct ml_log *log;
    pthread_mutex_t lock;
};

size_t mli_members_abreast(size_t members, size_t threads)
{
    return members < threads ? members : threads;
}

/* All but the first train in silence: one run is enough to watch. */
static void prepare(const struct mli_run *run, size_t m, size_t abreast, size_t members, struct member *out)
{
    *out = (struct member){ .run = *run, .train = *run->learn.config, .config = *run->config, .error = ML_ERROR_INIT };
    out->train.seed += m;
    out->train.threads = abreast < run->learn.config->threads ? run->learn.config->threads / abreast : 1;
    out->config.time_budget /= (double)((members + abreast - 1) / abreast);
    if (m > 0) {
        out->config.log = NULL;
        out->config.epoch = NULL;
    }
    out->run.learn.config = &out->train;
    out->run.config = &out->config;
}

static bool is_stopped(const struct member *member)
{
    return member->config.stop && *member->config.stop;
}

/* The next member that nobody has begun; the first is trained even if the run is over already. Under the lock. */
static struct member *take(struct members *all, size_t *m)
{
    *m = all->next;
    if (all->next == all->n || (all->next > 0 && is_stopped(&all->member[0])))
        return NULL;
    return &all->member[all->next++];
}

static void *work(void *data)
{
    struct members *all = data;
    struct member *member;
    size_t m;

    pthread_mutex_lock(&all->lock);
    while ((member = take(all, &m))) {
        pthread_mutex_unlock(&all->lock);
        double *theta = all->theta + m * all->network->parameters;
        if (m > 0)
            mli_layers_start(all->network, member->train.seed, theta);
        member->status = mli_run(&member->run, theta, &member->error);
        pthread_mutex_lock(&all->lock);
        if (!member->status)
            ml_log(all->log, ML_LOG_NOTE, "member %zu of %zu: %s after %zu epochs, loss %.6g", m + 1, all->n,
                   mli_train_end_text(member->run.state.end), member->run.state.epoch,
                   member->run.state.loss * member->run.unit);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* The caller works as well, so it is no matter if no thread can be started. */
static void run_all(struct members *all, size_t abreast, pthread_t *thread)
{
    size_t started = 0;

    while (started + 1 < abreast && pthread_create(&thread[started], NULL, work, all) == 0)
        started++;
    work(all);
    for (size_t i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
}

/* Members that came to their end; the first, if none did. Their parameters move up to its own. */
static size_t gather(struct members *all)
{
    size_t done = 0, parameters = all->network->parameters;

    for (size_t m = 0; m < all->next; m++) {
        if (all->member[m].run.state.end == MLI_TRAIN_INTERRUPTED)
            continue;
        memmove(all->theta + done++ * parameters, all->theta + m * parameters, parameters * sizeof *all->theta);
    }
    return done ? done : 1;
}

static enum ml_status judge(const struct members *all, struct ml_error *err)
{
    for (size_t m = 0; m < all->next; m++)
        if (all->member[m].status)
            return ml_error_set(err, all->member[m].status, "member %zu: %s", m + 1, all->member[m].error.text);
    return ML_OK;
}

enum ml_status mli_members_run(struct mli_run *run, const struct mli_network *network, size_t members, double *theta,
                               size_t *done, struct ml_error *err)
{
    size_t abreast = mli_members_abreast(members, run->learn.config->threads);
    struct members all = { .network = network, .n = members, .theta = theta, .log = run->config->log };
    pthread_t *thread = mli_calloc(abreast, sizeof *thread);

    all.member = mli_calloc(members, sizeof *all.member);
    if (!thread || !all.member) {
        free(thread);
        free(all.member);
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    for (size_t m = 0; m < members; m++)
        prepare(run, m, abreast, members, &all.member[m]);
    pthread_mutex_init(&all.lock, NULL);
    run_all(&all, abreast, thread);
    pthread_mutex_destroy(&all.lock);
    enum ml_status status = judge(&all, err);
    *done = status ? 0 : gather(&all);
    for (size_t m = 1; m < members; m++)
        mli_history_release(&all.member[m].run.history);
    run->history = all.member[0].run.history;
    run->state = all.member[0].run.state;
    run->health = all.member[0].run.health;
    if (!status && *done < members) /* an interruption is the run's, whichever member it met */
        run->state.end = MLI_TRAIN_INTERRUPTED;
    free(thread);
    free(all.member);
    return status;
}
