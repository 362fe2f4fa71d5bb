#include <serve/shadow.h>

#include <base/mem.h>
#include <math.h>
#include <model/output.h>
#include <stdlib.h>
#include <string.h>

#define NICE 10 /* the thread's; nobody waits for it */

/* A request that waits, its body behind it. */
struct job {
    struct job *next;
    const struct mli_route *route;
    struct mli_request request; /* as far as handlers of predictions read it */
    struct mli_served *given;   /* whose predictions those are; held */
    double *P;                  /* (rows, width of given) */
    size_t rows, bytes;
};

struct mli_shadow {
    const struct mli_service *service;
    struct mli_worker *worker;
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t come;
    struct job *first, **last;
    size_t waiting, bytes;
    bool stop;
};

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

static void free_job(struct job *job)
{
    if (!job)
        return;
    mli_served_drop(job->given);
    free(job);
}

/* One piece of memory: the job, the predictions, the body. NULL: no memory. */
static struct job *make_job(const struct mli_worker *worker, const struct mli_route *route,
                            const struct mli_request *request)
{
    const struct mli_buf *P = &worker->captured;
    const struct mli_served *served = request->served;
    size_t row = ml_model_width(served->model) * sizeof(double), bytes;

    if (!mli_add(sizeof(struct job) + P->len, request->len, &bytes))
        return NULL;
    struct job *job = mli_alloc(bytes, 1);
    if (!job)
        return NULL;
    *job = (struct job){ .route = route, .request = *request, .rows = P->len / row, .bytes = bytes };
    job->P = (double *)(void *)(job + 1);
    memcpy(job->P, P->data, P->len);
    char *body = (char *)(job + 1) + P->len;
    if (request->len > 0)
        memcpy(body, request->body, request->len);
    job->request.body = body;
    job->request.view = NULL;
    job->request.registry = NULL;
    job->request.lineup = NULL;
    job->request.sticky = job->request.name = job->request.host = NULL;
    job->given = mli_served_hold(request->registry->version[request->place].served);
    return job;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static const char *label_of(const struct mli_model_target *target, const double *p)
{
    return target->label[mli_prediction_class(p, target->classes)];
}

/* The same question: as many targets, each of classes or each a number. */
static bool can_compare(const struct ml_model *a, const struct ml_model *b)
{
    return a->targets == b->targets && !a->target[0].classes == !b->target[0].classes;
}

/* Any class of the row is another one. */
static bool classes_differ(const struct ml_model *a, const double *p, const struct ml_model *b, const double *q)
{
    bool differ = false;

    for (size_t t = 0; t < a->targets; t++) {
        differ = differ || strcmp(label_of(&a->target[t], p), label_of(&b->target[t], q)) != 0;
        p += mli_model_target_width(&a->target[t]);
        q += mli_model_target_width(&b->target[t]);
    }
    return differ;
}

/* Numbers of which one is not finite differ, by no number. */
static void compare(struct mli_shadow_counts *counts, const struct job *job, const struct mli_served *shadow,
                    const double *Q)
{
    const struct ml_model *a = job->given->model, *b = shadow->model;
    size_t wide = ml_model_width(a), width = ml_model_width(b), differing = 0;
    double sum = 0;

    for (size_t i = 0; i < job->rows; i++) {
        const double *p = job->P + i * wide, *q = Q + i * width;
        bool numbers = a->target[0].classes == 0, finite = isfinite(p[0]) && isfinite(q[0]);
        if (numbers && finite)
            sum += fabs(p[0] - q[0]);
        differing += numbers ? p[0] != q[0] && !(isnan(p[0]) && isnan(q[0])) : classes_differ(a, p, b, q);
    }
    mli_count(&counts->compared, 1);
    mli_count(&counts->rows, job->rows);
    mli_count(&counts->differing, differing);
    atomic_store_explicit(&counts->difference, atomic_load_explicit(&counts->difference, memory_order_relaxed) + sum,
                          memory_order_relaxed);
}

/* Asks the shadow and compares, or counts why not. */
static void ask(struct mli_shadow *shadow, struct job *job, struct mli_view *view, size_t place, struct mli_reply *reply)
{
    struct mli_worker *worker = shadow->worker;
    struct mli_request *request = &job->request;
    struct mli_served *served = view->registry->version[place].served;
    struct mli_shadow_counts *counts = &served->tally->shadow;

    request->view = view;
    request->registry = view->registry;
    request->lineup = mli_registry_lineup(view->registry, job->given->name, strlen(job->given->name));
    request->place = place;
    request->served = served;
    worker->captures = true;
    mli_reply_reset(reply);
    bool fit = can_compare(job->given->model, served->model) && mli_worker_sit(worker, view, place, NULL) == ML_OK;
    if (fit)
        job->route->answer(shadow->service, worker, request, reply);
    if (fit && reply->status < 400 && worker->captured.status == ML_OK &&
        worker->captured.len == job->rows * ml_model_width(served->model) * sizeof(double))
        compare(counts, job, served, (const double *)(const void *)worker->captured.data);
    else
        mli_count(&counts->failed, 1);
}

static void work(struct mli_shadow *shadow, struct job *job, struct mli_reply *reply)
{
    struct mli_view *view = mli_worker_take(shadow->worker);
    const struct mli_lineup *lineup = mli_registry_lineup(view->registry, job->given->name, strlen(job->given->name));

    if (lineup && lineup->shadow != MLI_NO_PLACE) /* else it has gone since */
        ask(shadow, job, view, lineup->shadow, reply);
    mli_worker_leave(shadow->worker, view);
}

/* ---- the queue --------------------------------------------------------------------------------------------------- */

/* The next job, with the time that its request had; NULL: it is over. */
static struct job *take(struct mli_shadow *shadow)
{
    const double timeout = shadow->service->config.request_timeout;
    struct job *job = NULL;

    pthread_mutex_lock(&shadow->lock);
    while (!shadow->first && !shadow->stop)
        pthread_cond_wait(&shadow->come, &shadow->lock);
    if (!shadow->stop) {
        job = shadow->first;
        shadow->first = job->next;
        shadow->last = shadow->first ? shadow->last : &shadow->first;
        shadow->waiting--;
        shadow->bytes -= job->bytes;
        shadow->worker->deadline = timeout > 0 ? mli_clock() + (uint64_t)(timeout * 1e9) : 0;
    }
    pthread_mutex_unlock(&shadow->lock);
    return job;
}

static bool put(struct mli_shadow *shadow, struct job *job)
{
    pthread_mutex_lock(&shadow->lock);
    bool room = shadow->waiting < MLI_SHADOW_WAITING && job->bytes <= MLI_SHADOW_BYTES - shadow->bytes;
    if (room) {
        *shadow->last = job;
        shadow->last = &job->next;
        shadow->bytes += job->bytes;
        if (shadow->waiting++ == 0)
            pthread_cond_signal(&shadow->come);
    }
    pthread_mutex_unlock(&shadow->lock);
    return room;
}

bool mli_shadow_wants(const struct mli_route *route, const struct mli_request *request)
{
    const struct mli_lineup *lineup = request->lineup;

    return lineup && lineup->shadow != MLI_NO_PLACE && route->takes != MLI_TAKES_NOTHING && !request->versioned &&
           request->place == lineup->main;
}

void mli_shadow_offer(struct mli_shadow *shadow, const struct mli_worker *worker, const struct mli_route *route,
                      const struct mli_request *request)
{
    const struct mli_served *served = request->registry->version[request->lineup->shadow].served;

    if (worker->captured.status == ML_OK && worker->captured.len == 0)
        return; /* nothing was predicted */
    struct job *job = worker->captured.status == ML_OK ? make_job(worker, route, request) : NULL;
    if (job && put(shadow, job))
        return;
    free_job(job);
    atomic_fetch_add_explicit(&served->tally->shadow.dropped, 1, memory_order_relaxed);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static void *run(void *data)
{
    struct mli_shadow *shadow = data;
    struct mli_reply reply;
    struct job *job;

    mli_worker_step_back(NICE);
    mli_reply_init(&reply);
    while ((job = take(shadow)) != NULL) {
        work(shadow, job, &reply);
        free_job(job);
    }
    mli_reply_release(&reply);
    return NULL;
}

static void release(struct mli_shadow *shadow)
{
    while (shadow->first) {
        struct job *job = shadow->first;
        shadow->first = job->next;
        free_job(job);
    }
    pthread_cond_destroy(&shadow->come);
    pthread_mutex_destroy(&shadow->lock);
    free(shadow);
}

enum ml_status mli_shadow_start(const struct mli_service *service, struct mli_worker *worker, struct mli_shadow **out,
                                struct ml_error *err)
{
    struct mli_shadow *shadow = mli_calloc(1, sizeof(*shadow));

    if (!shadow)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    shadow->service = service;
    shadow->worker = worker;
    shadow->last = &shadow->first;
    pthread_mutex_init(&shadow->lock, NULL);
    pthread_cond_init(&shadow->come, NULL);
    int failed = pthread_create(&shadow->thread, NULL, run, shadow);
    if (failed) {
        release(shadow);
        return ml_error_set(err, ML_EIO, "cannot start the thread of the shadow models: %s", strerror(failed));
    }
    *out = shadow;
    return ML_OK;
}

void mli_shadow_stop(struct mli_shadow *shadow)
{
    if (!shadow)
        return;
    pthread_mutex_lock(&shadow->lock);
    shadow->stop = true;
    atomic_store(&shadow->worker->stopping, true);
    pthread_cond_signal(&shadow->come);
    pthread_mutex_unlock(&shadow->lock);
    pthread_join(shadow->thread, NULL);
    release(shadow);
}
