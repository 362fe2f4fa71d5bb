#include <base/team.h>

#include <base/mem.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define SPINS 2000 /* some 20 us */
#define YIELDS 20

struct job {
    void (*each)(void *data, size_t item, size_t thread);
    void *data;
    size_t n, threads;
};

struct member {
    struct mli_team *team;
    size_t number;
    pthread_t thread;
};

struct mli_team {
    size_t size;
    struct member *member; /* (size); the first is the caller */
    struct job job;        /* written between two turns */
    atomic_uint turn;      /* number of the job */
    atomic_size_t next;    /* item to take */
    atomic_size_t busy;    /* members that have not finished the turn */
    atomic_bool over;
    atomic_size_t asleep;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void work(struct mli_team *team, size_t number)
{
    const struct job *job = &team->job;
    size_t item;

    if (number >= job->threads)
        return;
    while ((item = atomic_fetch_add(&team->next, 1)) < job->n)
        job->each(job->data, item, number);
}

/* Who falls asleep says so before looking once more, and the caller looks for sleepers after the turn: none is missed. */
static void await_turn(struct mli_team *team, unsigned seen)
{
    for (int i = 0; i < SPINS; i++, relax())
        if (atomic_load_explicit(&team->turn, memory_order_acquire) != seen)
            return;
    for (int i = 0; i < YIELDS; i++, sched_yield())
        if (atomic_load_explicit(&team->turn, memory_order_acquire) != seen)
            return;
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->asleep, 1);
    while (atomic_load(&team->turn) == seen)
        pthread_cond_wait(&team->wake, &team->lock);
    atomic_fetch_sub(&team->asleep, 1);
    pthread_mutex_unlock(&team->lock);
}

static void *serve(void *data)
{
    struct member *member = data;
    struct mli_team *team = member->team;
    unsigned seen = 0;

    for (;;) {
        await_turn(team, seen++);
        if (atomic_load(&team->over))
            return NULL;
        work(team, member->number);
        atomic_fetch_sub_explicit(&team->busy, 1, memory_order_release);
    }
}

static void begin_turn(struct mli_team *team)
{
    atomic_store(&team->next, 0);
    atomic_store(&team->busy, team->size - 1);
    atomic_fetch_add(&team->turn, 1);
    if (atomic_load(&team->asleep) == 0)
        return;
    pthread_mutex_lock(&team->lock);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
}

size_t mli_team_memory(size_t threads)
{
    return sizeof(struct mli_team) + threads * sizeof(struct member);
}

struct mli_team *mli_team_new(size_t threads)
{
    struct mli_team *team = mli_calloc(1, sizeof(*team));

    if (!team || !(team->member = mli_calloc(threads, sizeof(*team->member)))) {
        free(team);
        return NULL;
    }
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    for (team->size = 1; team->size < threads; team->size++) {
        struct member *member = &team->member[team->size];
        *member = (struct member){ .team = team, .number = team->size };
        if (pthread_create(&member->thread, NULL, serve, member) != 0)
            break;
    }
    return team;
}

void mli_team_free(struct mli_team *team)
{
    if (!team)
        return;
    atomic_store(&team->over, true);
    begin_turn(team);
    for (size_t i = 1; i < team->size; i++)
        pthread_join(team->member[i].thread, NULL);
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
    free(team->member);
    free(team);
}

size_t mli_team_size(const struct mli_team *team)
{
    return team ? team->size : 1;
}

void mli_team_run(struct mli_team *team, size_t threads, size_t n,
                  void (*each)(void *data, size_t item, size_t thread), void *data)
{
    if (threads <= 1 || n <= 1 || mli_team_size(team) == 1) {
        for (size_t item = 0; item < n; item++)
            each(data, item, 0);
        return;
    }
    team->job = (struct job){ each, data, n, threads };
    begin_turn(team);
    work(team, 0);
    for (int i = 0; atomic_load_explicit(&team->busy, memory_order_acquire) > 0; i++) {
        if (i < SPINS)
            relax();
        else
            sched_yield();
    }
}
