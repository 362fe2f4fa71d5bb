/*
 * Access: the one place that decides whether a request may have what it asks for, by the scope of its route, the key
 * that it shows (Authorization: Bearer TOKEN, or X-API-Key: TOKEN; RFC 6750), and how often it has asked lately.
 * Whoever adds a route says its scope (routes.h) and nothing more.
 *
 * Without a file of keys, `open` says which scopes need none; admin always needs one. The file is read again when it
 * changes; one that is wrong leaves the keys as they are, and the log says so.
 */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include <netinet/in.h>
#include <pthread.h>
#include <serve/client.h>
#include <serve/guard.h>
#include <serve/keys.h>

struct mli_access_config {
    const char *keys;     /* file of keys, see keys.h; NULL: none */
    unsigned open;        /* scopes that need no key */
    struct mli_rate rate; /* of one client address */
    const char *proxies;  /* whose X-Forwarded-For is believed, see client.h; NULL: nobody's */
};

struct mli_access {
    struct mli_access_config config;
    pthread_rwlock_t lock; /* of keys */
    struct mli_keys keys;
    struct mli_proxies proxies;
    struct mli_limiter *limiter;
};

struct mli_verdict {
    unsigned status; /* HTTP status; 0: it may */
    const char *text;
    const char *challenge;      /* WWW-Authenticate, with 401 and 403; NULL: none */
    unsigned retry_after;       /* seconds, with 429, */
    struct mli_rate rate;       /* and what is allowed */
    char key[MLI_KEY_NAME + 1]; /* name of the key that was shown; "": none, or an unknown one */
};

/* Reads the keys. ML_EUSAGE: admin is to be open, the file is wrong; ML_EARTIFACT, ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_access_init(struct mli_access *access,
                                            const struct mli_access_config *config,
                                            struct ml_error *err);
void mli_access_release(struct mli_access *access);
/* Reads the keys again; when that fails they stay. From any one thread. */
ML_NODISCARD enum ml_status mli_access_reload(struct mli_access *access, struct ml_error *err);

/* Who asks: the address of the other side, and when, nanoseconds of the monotonic clock. */
struct mli_asker {
    const struct in6_addr *peer;
    uint64_t now;
};

/* Whether requests for that scope may have what they ask for, whoever asks and however often. */
static inline bool mli_access_open(const struct mli_access *access, enum mli_scope scope)
{
    return scope == MLI_SCOPE_OPEN || (access->config.rate.per_second <= 0 && access->config.open & (unsigned)scope);
}

/* The rate of the address counts first, so that tokens cannot be tried faster than that; open routes are not counted. */
struct mli_verdict mli_access_check(struct mli_access *access, enum mli_scope scope,
                                    const struct mli_guard_facts *facts,
                                    const struct mli_asker *asker);
/* Of a request that has no route: the rate of its address alone. */
struct mli_verdict mli_access_pace(struct mli_access *access, const struct mli_guard_facts *facts,
                                   const struct mli_asker *asker);

#endif
