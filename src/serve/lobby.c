#include <serve/lobby.h>

#include <base/mem.h>
#include <pthread.h>
#include <serve/metrics.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK ((uint64_t)20000000) /* nanoseconds between looks at those who wait */

struct mli_lobby {
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t come;
    struct mli_guest *first;
    bool closed;
    uint64_t second; /* when it began, */
    unsigned said;   /* and refusals since that were said at once */
};

uint64_t mli_lobby_when(struct mli_lobby *lobby, uint64_t told, uint64_t now)
{
    uint64_t when = 0;

    pthread_mutex_lock(&lobby->lock);
    if (now - lobby->second >= MLI_LOBBY_AWAY) {
        lobby->second = now;
        lobby->said = 0;
    }
    if (lobby->closed)
        when = 0;
    else if (told > now)
        when = told;
    else if (lobby->said++ >= MLI_LOBBY_PROMPT)
        when = now + MLI_LOBBY_AWAY;
    pthread_mutex_unlock(&lobby->lock);
    return when;
}

void mli_lobby_wait(struct mli_lobby *lobby, struct mli_guest *guest)
{
    pthread_mutex_lock(&lobby->lock);
    bool closed = lobby->closed;
    if (!closed) {
        guest->next = lobby->first;
        lobby->first = guest;
        if (!guest->next)
            pthread_cond_signal(&lobby->come);
    }
    pthread_mutex_unlock(&lobby->lock);
    if (closed)
        guest->done(guest->data);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* Those whose time has come, or all of them when it is over. With the lock. */
static struct mli_guest *call_up(struct mli_lobby *lobby)
{
    struct mli_guest *called = NULL, **at = &lobby->first, *guest;
    const uint64_t now = mli_clock();

    while ((guest = *at) != NULL) {
        if (lobby->closed || now >= guest->until) {
            *at = guest->next;
            guest->next = called;
            called = guest;
        } else {
            at = &guest->next;
        }
    }
    return called;
}

static void wait_a_little(struct mli_lobby *lobby)
{
    const uint64_t until = mli_clock() + LOOK;
    const struct timespec at = { .tv_sec = (time_t)(until / 1000000000u), .tv_nsec = (long)(until % 1000000000u) };

    while (!lobby->closed && pthread_cond_timedwait(&lobby->come, &lobby->lock, &at) == 0)
        continue;
}

static void *run(void *data)
{
    struct mli_lobby *lobby = data;

    pthread_mutex_lock(&lobby->lock);
    while (!lobby->closed || lobby->first) {
        struct mli_guest *called = call_up(lobby), *next;
        if (called) {
            pthread_mutex_unlock(&lobby->lock);
            for (; called; called = next) {
                next = called->next;
                called->done(called->data);
            }
            pthread_mutex_lock(&lobby->lock);
        } else if (lobby->first) {
            wait_a_little(lobby);
        } else if (!lobby->closed) {
            pthread_cond_wait(&lobby->come, &lobby->lock);
        }
    }
    pthread_mutex_unlock(&lobby->lock);
    return NULL;
}

enum ml_status mli_lobby_open(struct mli_lobby **out, struct ml_error *err)
{
    struct mli_lobby *lobby = mli_calloc(1, sizeof(*lobby));
    pthread_condattr_t clock;

    if (!lobby)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    pthread_mutex_init(&lobby->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&lobby->come, &clock);
    pthread_condattr_destroy(&clock);
    int failed = pthread_create(&lobby->thread, NULL, run, lobby);
    if (failed) {
        mli_lobby_free(lobby);
        return ml_error_set(err, ML_EIO, "cannot start the thread for refusals: %s", strerror(failed));
    }
    *out = lobby;
    return ML_OK;
}

void mli_lobby_close(struct mli_lobby *lobby)
{
    if (!lobby)
        return;
    pthread_mutex_lock(&lobby->lock);
    lobby->closed = true;
    pthread_cond_signal(&lobby->come);
    pthread_mutex_unlock(&lobby->lock);
    pthread_join(lobby->thread, NULL);
}

void mli_lobby_free(struct mli_lobby *lobby)
{
    if (!lobby)
        return;
    pthread_cond_destroy(&lobby->come);
    pthread_mutex_destroy(&lobby->lock);
    free(lobby);
}
