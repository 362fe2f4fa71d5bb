#include <serve/group.h>

#include <base/limits.h>
#include <base/mem.h>
#include <pthread.h>
#include <serve/metrics.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Static_assert(MLI_GROUP_SEATS == 1 << (MLI_TALLY_TOGETHER - 1), "no batch is larger than the largest size");

#define ROWS ((size_t)128) /* of a batch */
#define BATCHES ((size_t)4) /* that gather or are under way at a time */

struct batch {
    struct batch *next; /* of those that are free */
    size_t rows, members, left;
    bool closed, done;
    enum ml_status status;
    pthread_cond_t come, made; /* for who leads, and for the others */
    double *X, *P;
};

struct mli_group {
    const struct ml_model *model;
    size_t inputs, width, processors;
    uint64_t window;
    struct mli_together_counts *counts;
    pthread_mutex_t lock; /* of what follows */
    size_t expected, seated, running;
    size_t crowd; /* members of a batch, lately */
    struct batch *open, *free;
    struct batch batch[BATCHES];
};

bool mli_group_gains(const struct ml_model *model)
{
    return model->network->parameters >= MLI_GROUP_WEIGHTS && model->network->inputs <= MLI_GROUP_INPUTS;
}

static bool furnish(struct mli_group *group, struct batch *batch)
{
    pthread_condattr_t clock;

    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&batch->come, &clock);
    pthread_cond_init(&batch->made, NULL);
    pthread_condattr_destroy(&clock);
    batch->next = group->free;
    group->free = batch;
    batch->X = mli_alloc(ROWS, group->inputs * sizeof(double));
    batch->P = mli_alloc(ROWS, group->width * sizeof(double));
    return batch->X && batch->P;
}

struct mli_group *mli_group_new(const struct ml_model *model, uint64_t window, struct mli_together_counts *counts)
{
    struct mli_group *group = mli_calloc(1, sizeof(*group));
    bool made = true;

    if (!group)
        return NULL;
    group->model = model;
    group->inputs = model->network->inputs;
    group->width = ml_model_width(model);
    group->processors = mli_processors();
    group->window = window;
    group->counts = counts;
    pthread_mutex_init(&group->lock, NULL);
    for (size_t i = 0; i < BATCHES; i++)
        made = furnish(group, &group->batch[i]) && made;
    if (made)
        return group;
    mli_group_free(group);
    return NULL;
}

void mli_group_free(struct mli_group *group)
{
    if (!group)
        return;
    for (size_t i = 0; i < BATCHES; i++) {
        pthread_cond_destroy(&group->batch[i].come);
        pthread_cond_destroy(&group->batch[i].made);
        free(group->batch[i].X);
        free(group->batch[i].P);
    }
    pthread_mutex_destroy(&group->lock);
    free(group);
}

/* ---- coming and going -------------------------------------------------------------------------------------------- */

/* Whether who leads has anybody to wait for. */
static bool complete(const struct mli_group *group, const struct batch *batch)
{
    if (batch->closed || group->seated == MLI_GROUP_SEATS)
        return true;
    return group->expected == 0 && group->running == 0 && batch->members >= group->crowd;
}

static void look(struct mli_group *group)
{
    if (group->open && (complete(group, group->open) || group->running < group->processors))
        pthread_cond_signal(&group->open->come);
}

void mli_group_expect(struct mli_group *group)
{
    pthread_mutex_lock(&group->lock);
    group->expected++;
    pthread_mutex_unlock(&group->lock);
}

void mli_group_leave(struct mli_group *group)
{
    pthread_mutex_lock(&group->lock);
    group->expected--;
    look(group);
    pthread_mutex_unlock(&group->lock);
}

/* The batch that gathers, or a new one, where there is room for n rows. NULL: there are enough of them. */
static struct batch *sit_down(struct mli_group *group, size_t n, bool *leads)
{
    struct batch *batch = group->open;

    if (batch && batch->rows + n > ROWS) {
        batch->closed = true;
        pthread_cond_signal(&batch->come);
        batch = group->open = NULL;
    }
    *leads = !batch;
    if (batch || !(batch = group->free))
        return batch;
    group->free = batch->next;
    batch->rows = batch->members = batch->left = 0;
    batch->closed = batch->done = false;
    batch->status = ML_OK;
    group->open = batch;
    return batch;
}

static void get_up(struct mli_group *group, struct batch *batch)
{
    group->seated--;
    if (++batch->left < batch->members)
        return;
    batch->next = group->free;
    group->free = batch;
}

/* ---- leading ----------------------------------------------------------------------------------------------------- */

static void gather(struct mli_group *group, struct batch *batch)
{
    const uint64_t until = mli_clock() + group->window;
    const struct timespec at = { .tv_sec = (time_t)(until / 1000000000u), .tv_nsec = (long)(until % 1000000000u) };
    int failed = 0;

    while (!failed && !complete(group, batch))
        failed = pthread_cond_timedwait(&batch->come, &group->lock, &at);
    while (group->running >= group->processors && !batch->closed && group->seated < MLI_GROUP_SEATS)
        pthread_cond_wait(&batch->come, &group->lock); /* there is nothing to run it on yet */
    batch->closed = true;
    if (group->open == batch)
        group->open = NULL;
}

static void count(struct mli_group *group, size_t members)
{
    size_t size = 0;

    while (size + 1 < MLI_TALLY_TOGETHER && members > (size_t)1 << size)
        size++;
    atomic_fetch_add_explicit(&group->counts->batches[size], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&group->counts->requests, members, memory_order_relaxed);
    group->crowd = members >= group->crowd ? members : group->crowd - 1;
}

/* With the lock, but not during the product. */
static void lead(struct mli_group *group, struct batch *batch, struct mli_arena *scratch, struct ml_error *err)
{
    gather(group, batch);
    count(group, batch->members);
    group->running++;
    pthread_mutex_unlock(&group->lock);
    batch->status = mli_model_forward(group->model, batch->rows, batch->X, scratch, batch->P, err);
    pthread_mutex_lock(&group->lock);
    group->running--;
    batch->done = true;
    pthread_cond_broadcast(&batch->made);
    look(group);
}

enum ml_status mli_group_predict(struct mli_group *group, size_t n, const double *X, struct mli_arena *scratch,
                                 double *P, struct ml_error *err)
{
    bool leads;

    pthread_mutex_lock(&group->lock);
    group->expected--;
    struct batch *batch = sit_down(group, n, &leads);
    if (!batch) {
        pthread_mutex_unlock(&group->lock);
        return mli_model_forward(group->model, n, X, scratch, P, err);
    }
    group->seated++;
    size_t first = batch->rows;
    batch->rows += n;
    batch->members++;
    memcpy(batch->X + first * group->inputs, X, n * group->inputs * sizeof(*X));
    if (leads) {
        lead(group, batch, scratch, err);
    } else {
        look(group);
        while (!batch->done)
            pthread_cond_wait(&batch->made, &group->lock);
        if (batch->status != ML_OK)
            ml_error_set(err, batch->status, "out of memory for predicting %zu rows", batch->rows);
    }
    enum ml_status status = batch->status;
    if (status == ML_OK)
        memcpy(P, batch->P + first * group->width, n * group->width * sizeof(*P));
    get_up(group, batch);
    pthread_mutex_unlock(&group->lock);
    return status;
}
