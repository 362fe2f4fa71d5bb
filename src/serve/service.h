/*
 * Service: what the handlers of all threads share. Everything but the flag is written before the first request, so it
 * is read without locks.
 */
#ifndef SERVE_SERVICE_H
#define SERVE_SERVICE_H

#include <serve/connections.h>
#include <serve/content.h>
#include <serve/audit.h>
#include <serve/guard.h>
#include <serve/journal.h>
#include <serve/catalog.h>
#include <serve/pool.h>
#include <serve/reply.h>
#include <serve/server.h>
#include <serve/tls.h>

enum mli_files { MLI_FILES_TOKENS, MLI_FILES_CERTIFICATES, MLI_FILES };

struct mli_shadow;

struct mli_service {
    struct mli_catalog *catalog;
    struct mli_server_config config;
    struct mli_worker *worker; /* one a loop thread, behind them one a thread of the pool, of the seats, and the clerk's */
    size_t workers, loops;
    struct mli_pool *pool; /* for large requests; NULL: none, in unit tests */
    struct mli_pool *seats; /* for those that go together (group.h); NULL: none do */
    struct mli_pool *clerk; /* for changes of models, which read files and the log of which is made durable; NULL: nobody may ask */
    struct mli_worker *shadow_worker; /* behind those; NULL: there is no shadow */
    struct mli_shadow *shadow;        /* the thread that has it; NULL: none, or not yet */
    const struct mli_connections *connections; /* NULL: none, in unit tests */
    struct mli_tls *tls; /* NULL: plain HTTP */
    struct mli_journal *access_log, *prediction_log; /* NULL: none */
    struct mli_audit *audit;                         /* likewise */
    atomic_bool draining;
    _Atomic uint64_t reloads[MLI_FILES][2]; /* of the files that are read again: refused, taken; by the watching thread */
};

/* The catalog is borrowed; its parts are `loops` and `others` (threads of the pools) together, or more. The pools are the caller's to start. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_service_init(struct mli_service *service,
                                             struct mli_catalog *catalog,
                                             const struct mli_server_config *config, size_t loops, size_t others,
                                             struct ml_error *err);
void mli_service_release(struct mli_service *service);
/* Why the server is not ready for requests: it stops, or no model of the registry answers. NULL: it is. One to whom the platform
 * adds models is ready without any. */
const char *mli_service_unready(const struct mli_service *service, const struct mli_registry *registry);

#endif
