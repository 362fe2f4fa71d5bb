#include <serve/limiter.h>

#include <base/mem.h>
#include <base/secret.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 4096, WAYS = 8, LOCKS = 64 };

struct client {
    unsigned char id[16];
    uint64_t whole; /* when its allowance will be */
};

struct mli_limiter {
    uint64_t seed[2];
    pthread_mutex_t lock[LOCKS]; /* of every LOCKS-th set */
    struct client client[SETS][WAYS];
};

bool mli_rate_make(double per_second, unsigned burst, struct mli_rate *out)
{
    if (!(per_second >= 0.001 && per_second <= MLI_RATE_MAX) || burst > (unsigned)MLI_RATE_MAX)
        return false;
    out->per_second = per_second;
    out->burst = burst > 0 ? burst : (unsigned)ceil(per_second);
    return true;
}

enum ml_status mli_limiter_new(struct mli_limiter **out, struct ml_error *err)
{
    struct mli_limiter *limiter = mli_calloc(1, sizeof(*limiter));

    if (!limiter)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the rate limits");
    enum ml_status status = mli_secret_random(limiter->seed, sizeof(limiter->seed), err);
    if (status != ML_OK) {
        free(limiter);
        return status;
    }
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&limiter->lock[i], NULL);
    *out = limiter;
    return ML_OK;
}

void mli_limiter_free(struct mli_limiter *limiter)
{
    if (!limiter)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&limiter->lock[i]);
    free(limiter);
}

/* Nobody outside knows the seeds, so nobody can choose addresses that fall into one set. */
static size_t set_of(const struct mli_limiter *limiter, const unsigned char id[16])
{
    uint64_t half[2];

    memcpy(half, id, sizeof(half));
    __uint128_t product =
        (__uint128_t)(half[0] ^ limiter->seed[0]) * ((half[1] ^ limiter->seed[1]) | 1);
    return (size_t)((uint64_t)(product >> 64) ^ (uint64_t)product) % SETS;
}

/* The client's place, or that of the one which is forgotten for it. */
static struct client *place_of(struct client *set, const unsigned char id[16])
{
    struct client *least = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (memcmp(set[i].id, id, sizeof(set[i].id)) == 0)
            return &set[i];
        if (set[i].whole < least->whole)
            least = &set[i];
    }
    memcpy(least->id, id, sizeof(least->id));
    least->whole = 0;
    return least;
}

uint64_t mli_limiter_take(struct mli_limiter *limiter, const unsigned char id[16],
                          const struct mli_rate *rate, uint64_t now)
{
    uint64_t interval = (uint64_t)(1e9 / rate->per_second), wait = 0;
    uint64_t ahead = interval * (rate->burst - 1); /* how far the time may be in the future */
    size_t set = set_of(limiter, id);

    pthread_mutex_lock(&limiter->lock[set % LOCKS]);
    struct client *client = place_of(limiter->client[set], id);
    if (client->whole > now + ahead)
        wait = client->whole - now - ahead;
    else
        client->whole = (client->whole > now ? client->whole : now) + interval;
    pthread_mutex_unlock(&limiter->lock[set % LOCKS]);
    return wait;
}
