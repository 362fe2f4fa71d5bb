#include <serve/pool.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

#define NICE 5 /* a loop thread that has something to do goes before these */

struct hand {
    struct mli_pool *pool;
    struct mli_worker *worker;
    pthread_t thread;
};

struct mli_pool {
    size_t most;
    _Atomic size_t inside, waiting;
    pthread_mutex_t lock; /* of what follows, and of going in */
    pthread_cond_t come;
    struct mli_errand *first, **last;
    size_t coming; /* have entered and not given yet */
    bool closed;
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
        pool->waiting--;
    }
    pthread_mutex_unlock(&pool->lock);
    return errand;
}

static void *run(void *data)
{
    struct hand *hand = data;
    struct mli_errand *errand;

    mli_worker_step_back(NICE);
    while ((errand = take(hand->pool)) != NULL) {
        errand->run(errand->data, hand->worker);
        /* before the answer goes: who has it may ask again at once */
        atomic_fetch_sub(&hand->pool->inside, 1);
        errand->done(errand->data);
    }
    return NULL;
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
    pool->waiting++;
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

size_t mli_pool_waiting(const struct mli_pool *pool)
{
    return atomic_load_explicit(&pool->waiting, memory_order_relaxed);
}

enum ml_status mli_pool_start(struct mli_worker *worker, size_t threads, size_t most, struct mli_pool **out,
                              struct ml_error *err)
{
    struct mli_pool *pool = mli_alloc(1, sizeof(*pool) + threads * sizeof(pool->hand[0]));

    if (!pool)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    memset(pool, 0, sizeof(*pool));
    pool->most = most;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->come, NULL);
    int failed = 0;
    for (; !failed && pool->hands < threads; pool->hands += !failed) {
        struct hand *hand = &pool->hand[pool->hands];
        *hand = (struct hand){ .pool = pool, .worker = &worker[pool->hands] };
        failed = pthread_create(&hand->thread, NULL, run, hand);
    }
    if (failed) {
        mli_pool_close(pool);
        mli_pool_free(pool);
        return ml_error_set(err, ML_EIO, "cannot start a thread for requests: %s", strerror(failed));
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
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->hands; i++)
        pthread_join(pool->hand[i].thread, NULL);
    pool->hands = 0;
}

void mli_pool_free(struct mli_pool *pool)
{
    if (!pool)
        return;
    pthread_cond_destroy(&pool->come);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
