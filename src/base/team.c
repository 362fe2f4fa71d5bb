#include <base/team.h>

#include <assert.h>
#include <base/mem.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SPINS 2000 /* some 20 us */
#define YIELDS 20

#define ITEMS 0xffffffffu

struct job {
    void (*each)(void *data, size_t item, size_t thread);
    void *data;
    size_t n;
};

struct member {
    struct mli_team *team;
    size_t number;
    pthread_t thread;
};

struct mli_team {
    size_t size;
    struct member *member; /* (size); the first is the caller */
    struct job job;                /* written while no item of the one before is under way */
    atomic_uint_fast64_t tickets;  /* items of the job to take, and above them the threads that may */
    atomic_size_t done;            /* items of the job */
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

static bool has_work(const struct mli_team *team, size_t number)
{
    uint64_t tickets = atomic_load(&team->tickets);
    return (tickets & ITEMS) > 0 && number < tickets >> 32;
}

/*
 * Takes an item of whatever job is open. Until it is done the job stays, so that it may be read from here on; a member that
 * comes late finds nothing to take, and nobody waits for it.
 */
static bool take(struct mli_team *team, size_t number, size_t *item)
{
    uint64_t tickets = atomic_load_explicit(&team->tickets, memory_order_acquire);

    do {
        if ((tickets & ITEMS) == 0 || number >= tickets >> 32)
            return false;
    } while (!atomic_compare_exchange_weak(&team->tickets, &tickets, tickets - 1));
    *item = team->job.n - (tickets & ITEMS);
    return true;
}

static void work(struct mli_team *team, size_t number)
{
    size_t item;

    while (take(team, number, &item)) {
        team->job.each(team->job.data, item, number);
        atomic_fetch_add_explicit(&team->done, 1, memory_order_release);
    }
}

/* Who falls asleep says so before looking once more, and the caller looks for sleepers after opening a job: none is missed. */
static void await_work(struct mli_team *team, size_t number)
{
    for (int i = 0; i < SPINS; i++, relax())
        if (has_work(team, number))
            return;
    for (int i = 0; i < YIELDS; i++, sched_yield())
        if (has_work(team, number))
            return;
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->asleep, 1);
    while (!has_work(team, number) && !atomic_load(&team->over))
        pthread_cond_wait(&team->wake, &team->lock);
    atomic_fetch_sub(&team->asleep, 1);
    pthread_mutex_unlock(&team->lock);
}

static void *serve(void *data)
{
    struct member *member = data;
    struct mli_team *team = member->team;

    while (!atomic_load(&team->over)) {
        await_work(team, member->number);
        work(team, member->number);
    }
    return NULL;
}

static void wake_all(struct mli_team *team)
{
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
    wake_all(team);
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
    assert(n <= ITEMS);
    team->job = (struct job){ each, data, n };
    atomic_store(&team->done, 0);
    atomic_store(&team->tickets, (uint64_t)threads << 32 | n);
    wake_all(team);
    work(team, 0);
    for (int i = 0; atomic_load_explicit(&team->done, memory_order_acquire) < n; i++) {
        if (i < SPINS)
            relax();
        else
            sched_yield();
    }
}
