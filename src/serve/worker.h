/*
 * Worker: what one thread that answers, of a loop or of the pool, keeps from request to request, so that a request allocates next to nothing: arenas, its
 * own counters, and for each model a desk. What it has of a registry is a view. Requests take the newest view and leave
 * it when they are over; an older one goes with its last request. Only publishing and these two meet, at the worker's
 * own lock, which nobody else ever waits for.
 */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <pthread.h>
#include <base/mem.h>
#include <base/rng.h>
#include <serve/desk.h>
#include <serve/metrics.h>
#include <serve/prediction_log.h>
#include <serve/registry.h>

#define MLI_RESULTS_MAX ((size_t)64 << 20) /* bytes of the predictions of a request that are kept */

struct mli_view {
    struct mli_registry *registry; /* held */
    struct mli_desk **desk;        /* of each version in it; NULL: not asked for yet */
    size_t requests;
    struct mli_view *next;
};

struct mli_worker {
    _Alignas(MLI_LINE) size_t number; /* of this worker among all */
    pthread_mutex_t lock;
    struct mli_view *view; /* the newest, and behind it those that requests still have */
    struct mli_desk *desk;    /* of the model that is asked now */
    struct mli_arena scratch; /* of one block */
    struct mli_arena request; /* of one request */
    struct mli_buf text;      /* a string without its escapes */
    struct mli_buf results;   /* predictions that wait for the others */
    struct mli_buf payload;   /* binary part of an answer */
    uint64_t deadline;        /* of this request, mli_clock(); 0: none */
    struct mli_group *group;  /* where this request is expected; NULL: it goes alone */
    atomic_bool stopping;     /* requests are to end before their next block of rows */
    bool captures;            /* predictions of this request are kept, */
    struct mli_buf captured;  /* here, in order, as the model gives them */
    struct mli_run run;       /* the request so far */
    struct mli_buf line;      /* for a log */
    struct mli_rng rng;       /* ids of requests, rows of the prediction log */
    struct mli_pen pen;       /* of that log */
    struct mli_metrics metrics;
};

void mli_worker_init(struct mli_worker *worker, size_t number);
void mli_worker_release(struct mli_worker *worker);
/* The calling thread alone takes less of the processor when others want it, too; where that is not possible it shares. */
void mli_worker_step_back(int nice);

/* A view of the registry, which it holds; NULL: no memory. */
struct mli_view *mli_view_new(struct mli_registry *registry);
void mli_view_free(struct mli_view *view); /* NULL is fine */
/* From any thread: requests from now on take this view, which is the worker's then. */
void mli_worker_show(struct mli_worker *worker, struct mli_view *view);

/* By the worker's thread: a request begins, and is over. */
struct mli_view *mli_worker_take(struct mli_worker *worker);
/* The same for one that another worker has taken: a view of that registry, not the newest. NULL: no memory. */
struct mli_view *mli_worker_take_of(struct mli_worker *worker, struct mli_registry *registry);
void mli_worker_leave(struct mli_worker *worker, struct mli_view *view);
/* By the worker's thread: what follows is asked of the model at this place of a view that has been taken. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_worker_sit(struct mli_worker *worker, struct mli_view *view, size_t place,
                                           struct ml_error *err);

/* Before a request's rows: what the one before it left is dropped; much memory is given back. */
void mli_worker_begin(struct mli_worker *worker);

#endif
