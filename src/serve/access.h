/*
 * Access: the one place that decides whether a request may have what it asks for, by the scope of its route and the key
 * that it shows (Authorization: Bearer TOKEN, or X-API-Key: TOKEN; RFC 6750). Whoever adds a route says its scope
 * (routes.h) and nothing more.
 *
 * Without a file of keys, `open` says which scopes need none; admin always needs one. The file is read again when it
 * changes; one that is wrong leaves the keys as they are, and the log says so.
 */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include <pthread.h>
#include <serve/guard.h>
#include <serve/keys.h>

struct mli_access_config {
    const char *keys; /* file of keys, see keys.h; NULL: none */
    unsigned open;    /* scopes that need no key */
};

struct mli_access {
    struct mli_access_config config;
    pthread_rwlock_t lock; /* of keys */
    struct mli_keys keys;
};

struct mli_verdict {
    unsigned status; /* HTTP status; 0: it may */
    const char *text;
    const char *challenge;      /* WWW-Authenticate, with 401 and 403; NULL: none */
    char key[MLI_KEY_NAME + 1]; /* name of the key that was shown; "": none, or an unknown one */
};

/* Reads the keys. ML_EUSAGE: admin is to be open, the file is wrong; ML_EARTIFACT, ML_EIO, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_access_init(struct mli_access *access,
                                            const struct mli_access_config *config,
                                            struct ml_error *err);
void mli_access_release(struct mli_access *access);
/* Reads the keys again; when that fails they stay. From any one thread. */
ML_NODISCARD enum ml_status mli_access_reload(struct mli_access *access, struct ml_error *err);

struct mli_verdict mli_access_check(struct mli_access *access, enum mli_scope scope,
                                    const struct mli_guard_facts *facts);

#endif
