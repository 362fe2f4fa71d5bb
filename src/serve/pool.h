/*
 * Pool: threads for requests that would hold up a loop thread, each with a worker of its own. Whoever has such a request
 * enters, which fails at once when there are as many inside as there may be, and then gives it as an errand. Errands are begun
 * in the order in which they came. The threads have a lower priority than those of the loops.
 */
#ifndef SERVE_POOL_H
#define SERVE_POOL_H

#include <serve/worker.h>

/* Borrowed until `done` has been called. */
struct mli_errand {
    struct mli_errand *next;
    void (*run)(void *data, struct mli_worker *worker);
    void (*done)(void *data); /* after _run, when its place is free again */
    void *data;
};

struct mli_pool;

/* A thread for each of those workers; `most` errands wait or are run at a time. ML_ENOMEM, ML_EIO. */
ML_NODISCARD enum ml_status mli_pool_start(struct mli_worker *worker, size_t threads, size_t most,
                                           struct mli_pool **out, struct ml_error *err);
/*
 * Nobody enters any more; what is run is told to end (mli_worker.stopping), and what waits as soon as it begins. Returns
 * when all are done. NULL is fine, here and to _free, which comes after.
 */
void mli_pool_close(struct mli_pool *pool);
void mli_pool_free(struct mli_pool *pool);

/* From any thread. False: it is full. Who is inside gives an errand. */
bool mli_pool_enter(struct mli_pool *pool);
void mli_pool_give(struct mli_pool *pool, struct mli_errand *errand);
/* Whether _enter would fail now. */
bool mli_pool_full(const struct mli_pool *pool);
size_t mli_pool_inside(const struct mli_pool *pool);
size_t mli_pool_waiting(const struct mli_pool *pool); /* of them: not begun */

#endif
