#include <serve/pool.h>

#include <base/mem.h>
#include <serve/metrics.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURN ((uint64_t)100000000) /* nanoseconds that a refusal may be late */
#define PROMPT ((size_t)16)        /* refusals in that time that are not */

struct hand {
    struct mli_pool *pool;
    struct mli_worker *worker;
    pthread_t thread;
};

struct mli_pool {
    size_t most;
    _Atomic size_t inside;
    pthread_mutex_t lock; /* of what follows, and of going in */
    pthread_cond_t come;
    struct mli_errand *first, **last;
    size_t coming; /* have entered and not given yet */
    bool closed;
    struct mli_errand *deferred;
    uint64_t turn; /* when it began, */
    size_t refused; /* and refusals since */
    pthread_t porter;
    bool has_porter;
    pthread_cond_t late;
    size_t hands;
    struct hand hand[];
};

/* The next errand; NULL: it is over. */
static struct mli_errand *take(struct mli_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->first && !(pool->closed && pool->coming == 0))
        pthread_cond_wait(&pool->come, &pool->lock);
    struct mli_errand *errand = pool->first;
    if (errand) {
        pool->first = errand->next;
        pool->last = pool->first ? pool->last : &pool->first;
    }
    pthread_mutex_unlock(&pool->lock);
    return errand;
}

static void *run(void *data)
{
    struct hand *hand = data;
    struct mli_errand *errand;

    while ((errand = take(hand->pool)) != NULL) {
        errand->run(errand->data, hand->worker);
        /* before the answer goes: who has it may ask again at once */
        atomic_fetch_sub(&hand->pool->inside, 1);
        errand->done(errand->data);
    }
    return NULL;
}

/* ---- those who are refused --------------------------------------------------------------------------------------- */

/* Waits for the first, and then as long as a refusal may be late. NULL: it is over. */
static struct mli_errand *collect(struct mli_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->deferred && !pool->closed)
        pthread_cond_wait(&pool->late, &pool->lock);
    const uint64_t until = mli_clock() + TURN;
    const struct timespec at = { .tv_sec = (time_t)(until / 1000000000u), .tv_nsec = (long)(until % 1000000000u) };
    while (!pool->closed && pthread_cond_timedwait(&pool->late, &pool->lock, &at) == 0)
        continue;
    struct mli_errand *list = pool->deferred;
    pool->deferred = NULL;
    pthread_mutex_unlock(&pool->lock);
    return list;
}

static void *dismiss(void *data)
{
    struct mli_errand *errand, *next;

    while ((errand = collect(data)) != NULL) {
        for (; errand; errand = next) {
            next = errand->next;
            errand->done(errand->data);
        }
    }
    return NULL;
}

bool mli_pool_late(struct mli_pool *pool)
{
    uint64_t now = mli_clock();

    pthread_mutex_lock(&pool->lock);
    if (now - pool->turn >= TURN) {
        pool->turn = now;
        pool->refused = 0;
    }
    bool late = pool->refused++ >= PROMPT && !pool->closed;
    pthread_mutex_unlock(&pool->lock);
    return late;
}

void mli_pool_defer(struct mli_pool *pool, struct mli_errand *errand)
{
    pthread_mutex_lock(&pool->lock);
    bool closed = pool->closed;
    if (!closed) {
        errand->next = pool->deferred;
        pool->deferred = errand;
        if (!errand->next)
            pthread_cond_signal(&pool->late);
    }
    pthread_mutex_unlock(&pool->lock);
    if (closed)
        errand->done(errand->data);
}

/* ---- going in ---------------------------------------------------------------------------------------------------- */

bool mli_pool_enter(struct mli_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool room = !pool->closed && pool->inside < pool->most;
    if (room) {
        pool->inside++;
        pool->coming++;
    }
    pthread_mutex_unlock(&pool->lock);
    return room;
}

void mli_pool_give(struct mli_pool *pool, struct mli_errand *errand)
{
    errand->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->last = errand;
    pool->last = &errand->next;
    pool->coming--;
    if (pool->closed)
        pthread_cond_broadcast(&pool->come); /* those who see that it is over */
    else
        pthread_cond_signal(&pool->come);
    pthread_mutex_unlock(&pool->lock);
}

bool mli_pool_full(const struct mli_pool *pool)
{
    return mli_pool_inside(pool) >= pool->most;
}

size_t mli_pool_inside(const struct mli_pool *pool)
{
    return atomic_load_explicit(&pool->inside, memory_order_relaxed);
}

enum ml_status mli_pool_start(struct mli_worker *worker, size_t threads, size_t most, struct mli_pool **out,
                              struct ml_error *err)
{
    pthread_condattr_t clock;
    struct mli_pool *pool = mli_alloc(1, sizeof(*pool) + threads * sizeof(pool->hand[0]));

    if (!pool)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    memset(pool, 0, sizeof(*pool));
    pool->most = most;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->come, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->late, &clock);
    pthread_condattr_destroy(&clock);
    int failed = pthread_create(&pool->porter, NULL, dismiss, pool);
    pool->has_porter = !failed;
    for (; !failed && pool->hands < threads; pool->hands += !failed) {
        struct hand *hand = &pool->hand[pool->hands];
        *hand = (struct hand){ .pool = pool, .worker = &worker[pool->hands] };
        failed = pthread_create(&hand->thread, NULL, run, hand);
    }
    if (failed) {
        mli_pool_close(pool);
        mli_pool_free(pool);
        return ml_error_set(err, ML_EIO, "cannot start a thread for large requests: %s", strerror(failed));
    }
    *out = pool;
    return ML_OK;
}

void mli_pool_close(struct mli_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->hands; i++)
        atomic_store(&pool->hand[i].worker->stopping, true);
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    pthread_cond_broadcast(&pool->come);
    pthread_cond_signal(&pool->late);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->hands; i++)
        pthread_join(pool->hand[i].thread, NULL);
    pool->hands = 0;
    if (pool->has_porter)
        pthread_join(pool->porter, NULL);
    pool->has_porter = false;
}

void mli_pool_free(struct mli_pool *pool)
{
    if (!pool)
        return;
    pthread_cond_destroy(&pool->come);
    pthread_cond_destroy(&pool->late);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
