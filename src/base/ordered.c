#include <base/ordered.h>

#include <base/mem.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Jobs are numbered from 0; number n is in slot n % slots. Those below `committed` are done with, those below `taken`
 * are being worked on or are done, those below `made` are made.
 */
struct run {
    const struct mli_ordered *plan;
    size_t slots;
    pthread_mutex_t lock; /* of everything below, not held while the plan's functions run */
    pthread_cond_t changed;
    bool *done; /* of each slot: worked on, to be committed */
    size_t made, taken, committed;
    bool making, committing;
    size_t end; /* no job from here on is committed: the input's end, or the first one that failed */
    enum ml_status status;
    struct ml_error err;
};

size_t mli_ordered_slots(size_t threads)
{
    return threads > 1 ? 2 * threads + 1 : 1;
}

/* Of two failures the one of the earlier job counts, whichever was met first. */
static void fail(struct run *run, size_t job, enum ml_status status, const struct ml_error *err)
{
    if (job >= run->end)
        return;
    run->end = job;
    run->status = status;
    run->err = *err;
}

static void make_job(struct run *run)
{
    struct ml_error err = ML_ERROR_INIT;
    bool made = false;
    size_t job = run->made;

    run->making = true;
    pthread_mutex_unlock(&run->lock);
    enum ml_status status = run->plan->make(run->plan->data, job % run->slots, &made, &err);
    pthread_mutex_lock(&run->lock);
    run->making = false;
    if (status != ML_OK)
        fail(run, job, status, &err);
    else if (made)
        run->made++;
    else if (job < run->end)
        run->end = job;
}

static void work_on_job(struct run *run)
{
    struct ml_error err = ML_ERROR_INIT;
    enum ml_status status = ML_OK;
    size_t job = run->taken++;

    pthread_mutex_unlock(&run->lock);
    if (run->plan->work)
        status = run->plan->work(run->plan->data, job % run->slots, &err);
    pthread_mutex_lock(&run->lock);
    run->done[job % run->slots] = true;
    if (status != ML_OK)
        fail(run, job, status, &err);
}

static void commit_job(struct run *run)
{
    struct ml_error err = ML_ERROR_INIT;
    size_t job = run->committed;

    run->committing = true;
    pthread_mutex_unlock(&run->lock);
    enum ml_status status = run->plan->commit(run->plan->data, job % run->slots, &err);
    pthread_mutex_lock(&run->lock);
    run->committing = false;
    run->done[job % run->slots] = false;
    if (status != ML_OK)
        fail(run, job, status, &err);
    else
        run->committed++;
}

static bool may_commit(const struct run *run)
{
    return !run->committing && run->committed < run->end && run->done[run->committed % run->slots];
}

static bool may_work(const struct run *run)
{
    return run->taken < run->made && run->taken < run->end;
}

static bool may_make(const struct run *run)
{
    return !run->making && run->made < run->end && run->made - run->committed < run->slots;
}

/* Works until nothing is left to be committed. A job beyond the end may still be in another thread's hands then. */
static void *take_turns(void *data)
{
    struct run *run = data;

    pthread_mutex_lock(&run->lock);
    while (run->committed < run->end) {
        if (may_commit(run))
            commit_job(run);
        else if (may_work(run))
            work_on_job(run);
        else if (may_make(run))
            make_job(run);
        else {
            pthread_cond_wait(&run->changed, &run->lock);
            continue;
        }
        pthread_cond_broadcast(&run->changed);
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

static void run_threads(struct run *run, pthread_t *thread, size_t most)
{
    size_t started = 0;

    while (started < most && pthread_create(&thread[started], NULL, take_turns, run) == 0)
        started++;
    take_turns(run);
    while (started > 0)
        pthread_join(thread[--started], NULL);
}

enum ml_status mli_ordered_run(const struct mli_ordered *plan, struct ml_error *err)
{
    size_t threads = plan->threads > 0 ? plan->threads : 1;
    struct run run = { .plan = plan,
                       .slots = plan->slots > 0 ? plan->slots : mli_ordered_slots(threads),
                       .end = SIZE_MAX,
                       .err = ML_ERROR_INIT };
    pthread_t *thread = mli_alloc(threads, sizeof(*thread));

    run.done = mli_calloc(run.slots, sizeof(*run.done));
    if (!thread || !run.done) {
        run.status = ml_error_set(err, ML_ENOMEM, "out of memory for %zu threads", threads);
        goto out;
    }
    pthread_mutex_init(&run.lock, NULL);
    pthread_cond_init(&run.changed, NULL);
    run_threads(&run, thread, threads - 1);
    pthread_cond_destroy(&run.changed);
    pthread_mutex_destroy(&run.lock);
    if (run.status != ML_OK && err)
        *err = run.err;
out:
    free(run.done);
    free(thread);
    return run.status;
}
