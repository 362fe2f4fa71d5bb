#include <serve/worker.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#define KEPT ((size_t)1 << 20) /* more than that is given back after a request */
#define MLI_LINE_MAX ((size_t)64 << 10) /* a path of 8 KiB, each byte of it escaped */

/* Ids must differ between threads and from start to start; nobody is kept from guessing them. */
static uint64_t random_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        seed = mli_clock();
    return seed;
}

void mli_worker_init(struct mli_worker *worker, size_t number)
{
    memset(worker, 0, sizeof(*worker));
    worker->number = number;
    pthread_mutex_init(&worker->lock, NULL);
    mli_arena_init(&worker->scratch, 0);
    mli_arena_init(&worker->request, 0);
    mli_buf_init(&worker->text, SIZE_MAX);
    mli_buf_init(&worker->results, MLI_RESULTS_MAX);
    mli_buf_init(&worker->payload, MLI_RESULTS_MAX);
    mli_buf_init(&worker->captured, MLI_RESULTS_MAX);
    mli_buf_init(&worker->line, MLI_LINE_MAX);
    mli_rng_init(&worker->rng, random_seed());
    mli_pen_init(&worker->pen);
}

void mli_worker_release(struct mli_worker *worker)
{
    while (worker->view) {
        struct mli_view *next = worker->view->next;
        mli_view_free(worker->view);
        worker->view = next;
    }
    mli_arena_release(&worker->scratch);
    mli_arena_release(&worker->request);
    mli_buf_release(&worker->text);
    mli_buf_release(&worker->results);
    mli_buf_release(&worker->payload);
    mli_buf_release(&worker->captured);
    mli_buf_release(&worker->line);
    mli_pen_release(&worker->pen);
    pthread_mutex_destroy(&worker->lock);
}

void mli_worker_step_back(int nice)
{
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nice);
}

/* ---- views ------------------------------------------------------------------------------------------------------- */

struct mli_view *mli_view_new(struct mli_registry *registry)
{
    struct mli_view *view = mli_calloc(1, sizeof(*view));

    if (!view)
        return NULL;
    view->desk = mli_calloc(registry->versions, sizeof(*view->desk));
    if (!view->desk) {
        free(view);
        return NULL;
    }
    view->registry = mli_registry_hold(registry);
    return view;
}

void mli_view_free(struct mli_view *view)
{
    if (!view)
        return;
    for (size_t i = 0; i < view->registry->versions; i++)
        mli_desk_free(view->desk[i]);
    free(view->desk);
    mli_registry_drop(view->registry);
    free(view);
}

void mli_worker_show(struct mli_worker *worker, struct mli_view *view)
{
    struct mli_view *before;

    pthread_mutex_lock(&worker->lock);
    before = worker->view;
    view->next = before;
    worker->view = view;
    if (before && before->requests == 0)
        view->next = before->next;
    else
        before = NULL;
    pthread_mutex_unlock(&worker->lock);
    mli_view_free(before);
}

struct mli_view *mli_worker_take(struct mli_worker *worker)
{
    struct mli_view *view;

    pthread_mutex_lock(&worker->lock);
    view = worker->view;
    view->requests++;
    pthread_mutex_unlock(&worker->lock);
    return view;
}

/* One that the worker does not have stands behind the newest, and goes when the request leaves it. */
struct mli_view *mli_worker_take_of(struct mli_worker *worker, struct mli_registry *registry)
{
    struct mli_view *view;

    pthread_mutex_lock(&worker->lock);
    for (view = worker->view; view && view->registry != registry; view = view->next)
        continue;
    if (view)
        view->requests++;
    pthread_mutex_unlock(&worker->lock);
    if (view || !(view = mli_view_new(registry)))
        return view;
    view->requests = 1;
    pthread_mutex_lock(&worker->lock);
    view->next = worker->view->next;
    worker->view->next = view;
    pthread_mutex_unlock(&worker->lock);
    return view;
}

void mli_worker_leave(struct mli_worker *worker, struct mli_view *view)
{
    bool last;

    pthread_mutex_lock(&worker->lock);
    last = --view->requests == 0 && view != worker->view;
    if (last) {
        struct mli_view **at = &worker->view;
        while (*at != view)
            at = &(*at)->next;
        *at = view->next;
    }
    pthread_mutex_unlock(&worker->lock);
    if (last)
        mli_view_free(view);
}

enum ml_status mli_worker_sit(struct mli_worker *worker, struct mli_view *view, size_t place,
                              struct ml_error *err)
{
    worker->desk = view->desk[place];
    if (worker->desk)
        return ML_OK;
    enum ml_status status = mli_desk_new(view->registry->version[place].served, &view->desk[place], err);
    worker->desk = view->desk[place];
    return status;
}

/* ---- a request's rows -------------------------------------------------------------------------------------------- */

static void empty(struct mli_buf *buf)
{
    if (buf->capacity > KEPT)
        mli_buf_release(buf);
    else
        mli_buf_reset(buf);
}

void mli_worker_begin(struct mli_worker *worker)
{
    if (worker->request.total > KEPT)
        mli_arena_release(&worker->request);
    else
        mli_arena_reset(&worker->request);
    empty(&worker->text);
    empty(&worker->results);
    empty(&worker->payload);
    empty(&worker->captured);
}
