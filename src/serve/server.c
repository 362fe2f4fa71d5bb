/*
 * Every loop thread is a daemon of the library with an epoll of its own and no listening socket; the keeper's thread
 * accepts and hands connections round. So a connection, its session and its requests belong to one thread for life.
 */
#include <serve/server.h>

#include <base/mem.h>
#include <errno.h>
#include <serve/alarm.h>
#include <serve/config.h>
#include <serve/sandbox.h>
#include <serve/session.h>
#include <serve/shadow.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 48u /* connections to the port of the metrics */
#define SIDE_LEAVING 8u /* of them that are seen off at one time */
#define GROUPED ((size_t)256) /* requests that wait for a seat or have one; the loop answers the others */
#define CHANGES ((size_t)16) /* of models, asked for and not made yet */
enum { LOGS = 3 };
#define ALERTS ((uint64_t)1000) /* milliseconds that those which wait have at the end, when the grace is spent */
/*
 * The library's own records of the most fields that there may be, 64 bytes each, and the head of the answer. No more: it
 * clears all that a connection has after each request.
 */
#define POOL_EXTRA ((size_t)8 << 10)

/* Paths are matched as they were sent, so %70redict is not predict; the guard has refused what is no escape. */
static size_t keep_escapes(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data, (void)connection;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void log_library(void *data, const char *format,
                                                              va_list args)
{
    const struct mli_server *server = data;
    char line[512];

    vsnprintf(line, sizeof(line), format, args);
    line[strcspn(line, "\n")] = '\0';
    ml_log(server->service.config.log, ML_LOG_DEBUG, "libmicrohttpd: %s", line);
}

/* ---- start ------------------------------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(struct mli_loop *loop)
{
    const struct mli_server_config *config = &loop->server->service.config;
    struct mli_tls *tls = loop->server->tls;
    /* with epoll the library (0.9.75) spins while a handshake waits for the client; with poll it does not */
    const unsigned flags = MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET |
                           (tls ? MHD_USE_TLS | MHD_USE_POLL_INTERNAL_THREAD
                                : MHD_USE_EPOLL_INTERNAL_THREAD);
    /* the certificate is set for each connection (tls.h); the library wants to know of one, too */
    struct MHD_OptionItem secure[] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)mli_tls_priorities },
        { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)mli_tls_nothing },
        { MHD_OPTION_END, 0, NULL },
    };
    /* the table is the limit; at its own the library (0.9.75) forgets to unlock a mutex */
    const unsigned unlimited = 2 * config->max_connections + 64;

    /* clang-format off */
    return MHD_start_daemon(flags, 0, NULL, NULL, mli_session_on_request, loop,
                            MHD_OPTION_EXTERNAL_LOGGER, log_library, loop->server,
                            MHD_OPTION_CONNECTION_LIMIT, unlimited,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, config->max_header + POOL_EXTRA,
                            MHD_OPTION_NOTIFY_CONNECTION, mli_session_on_connection, loop,
                            MHD_OPTION_NOTIFY_COMPLETED, mli_session_on_completed, loop,
                            MHD_OPTION_URI_LOG_CALLBACK, mli_session_on_target, loop,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
#if MHD_VERSION >= 0x01000000
                            MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
                            MHD_OPTION_STRICT_FOR_CLIENT, 0, /* 1: an answer of its own where Host is missing, twice */
#endif
                            MHD_OPTION_ARRAY, tls ? secure : &secure[2],
                            MHD_OPTION_END);
    /* clang-format on */
}

static enum ml_status start_loops(struct mli_server *server, size_t n, struct ml_error *err)
{
    server->loop = mli_calloc(n, sizeof(*server->loop));
    if (!server->loop)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    server->side.loops = server->service.config.metrics_apart; /* the last one */
    server->door.loops = n - server->side.loops;
    server->door.loop = server->loop;
    server->side.loop = server->loop + server->door.loops;
    for (; server->loops < n; server->loops++) {
        struct mli_loop *loop = &server->loop[server->loops];
        loop->server = server;
        loop->door = server->loops < server->door.loops ? &server->door : &server->side;
        loop->worker = &server->service.worker[server->loops];
        loop->daemon = start_daemon(loop);
        if (!loop->daemon)
            return ml_error_set(err, ML_EIO, "cannot start loop thread %zu: %s", server->loops,
                                strerror(errno));
    }
    return ML_OK;
}

static enum ml_status start_pools(struct mli_service *service, struct ml_error *err)
{
    const struct mli_server_config *config = &service->config;
    size_t workers = mli_server_workers(config), seats = mli_server_seats(config), clerks = mli_server_clerks(config);
    struct mli_worker *worker = &service->worker[service->loops];
    enum ml_status status = mli_pool_start(worker, workers, config->max_inflight, &service->pool, err);

    worker += workers;
    if (status == ML_OK && seats > 0)
        status = mli_pool_start(worker, seats, GROUPED, &service->seats, err);
    worker += seats;
    if (status == ML_OK && clerks > 0)
        status = mli_pool_start(worker, clerks, CHANGES, &service->clerk, err);
    return status;
}

static void close_pools(struct mli_service *service)
{
    mli_pool_close(service->pool);
    mli_pool_close(service->seats);
    mli_pool_close(service->clerk);
}

static void free_pools(struct mli_service *service)
{
    mli_pool_free(service->pool);
    mli_pool_free(service->seats);
    mli_pool_free(service->clerk);
}

/* The library must not be stopped while a connection sleeps, so the pools and the lobby, which wake it, go first. */
static void stop_loops(struct mli_server *server)
{
    for (size_t i = 0; i < server->loops; i++) {
        MHD_stop_daemon(server->loop[i].daemon);
        mli_loop_drop_responses(&server->loop[i]);
        mli_buf_release(&server->loop[i].spare);
    }
    free(server->loop);
}

/* Those that have been started, when nobody comes in any more; alerts that wait have so many milliseconds. */
static void stop_threads(struct mli_server *server, uint64_t alerts)
{
    mli_alarm_stop(server->alarm, alerts);
    mli_watch_stop(server->watch);
    close_pools(&server->service);
    mli_lobby_close(server->lobby);
    stop_loops(server);
    mli_lobby_free(server->lobby);
    free_pools(&server->service);
    mli_shadow_stop(server->service.shadow);
}

static size_t list_logs(const struct mli_server_config *config, struct mli_sandbox_log *out)
{
    const struct mli_sandbox_log all[LOGS] = { { config->access_log, false }, { config->prediction_log, true },
                                               { config->audit_log, false } };
    size_t n = 0;

    for (size_t i = 0; i < LOGS; i++) {
        if (all[i].path && strcmp(all[i].path, "-") != 0)
            out[n++] = all[i];
    }
    return n;
}

/* What has been opened stays open: the socket, standard output and error, logs. */
static void enter_sandbox(const struct mli_server_config *config)
{
    struct mli_sandbox_log logs[LOGS];
    const char *const own[] = { config->tokens, config->tls_cert, config->tls_key,
                                config->tls_client_ca, config->tls_client_crl };
    const size_t owns = sizeof(own) / sizeof(own[0]);
    const char **all = mli_calloc(owns + config->readables, sizeof(*all));

    if (all) {
        memcpy(all, own, sizeof(own));
        for (size_t i = 0; i < config->readables; i++)
            all[owns + i] = config->readable[i];
    }
    const struct mli_sandbox_config sandbox = { .readable = all,
                                                .count = all ? owns + config->readables : 0,
                                                .log_file = logs,
                                                .log_files = list_logs(config, logs),
                                                .log = config->log };
    mli_sandbox_enter(&sandbox);
    free(all);
}

static enum ml_status start_threads(struct mli_server *server, struct ml_error *err)
{
    const struct mli_server_config *config = &server->service.config;
    const struct mli_alarm_config alarm = { .catalog = server->service.catalog,
                                            .courier = config->courier,
                                            .psi = config->alert_psi,
                                            .error_rate = config->alert_error_rate,
                                            .service = &server->service,
                                            .log = config->log };
    enum ml_status status = mli_door_listen(&server->door, config->address, (uint16_t)config->port, err);

    if (status == ML_OK && config->metrics_apart)
        status = mli_door_listen(&server->side, config->address, (uint16_t)config->metrics_port, err);
    if (status != ML_OK)
        return status;
    if (config->sandbox)
        enter_sandbox(config);
    if (server->service.shadow_worker)
        status = mli_shadow_start(&server->service, server->service.shadow_worker, &server->service.shadow, err);
    if (status == ML_OK && server->service.access_log)
        status = mli_journal_start(server->service.access_log, err);
    if (status == ML_OK && server->service.prediction_log)
        status = mli_journal_start(server->service.prediction_log, err);
    if (status == ML_OK)
        status = mli_lobby_open(&server->lobby, err);
    if (status == ML_OK)
        status = start_pools(&server->service, err);
    if (status == ML_OK)
        status = start_loops(server, server->service.loops, err);
    if (status == ML_OK && (config->drift || config->alert_error_rate > 0))
        status = mli_alarm_start(&alarm, &server->alarm, err);
    if (status == ML_OK)
        status = mli_server_watch(server, err);
    if (status == ML_OK && config->metrics_apart)
        status = mli_door_open(&server->side, server->tls != NULL, err);
    return status == ML_OK ? mli_door_open(&server->door, server->tls != NULL, err) : status;
}

/* Before the sandbox, so that they are there at all. */
static enum ml_status open_logs(struct mli_server *server, struct ml_error *err)
{
    struct mli_server_config *config = &server->service.config;
    const struct mli_logfile_config access = { .path = config->access_log, .log = config->log };

    const struct mli_logfile_config predictions = { .path = config->prediction_log,
                                                    .max_bytes = config->prediction_size,
                                                    .files = config->prediction_files,
                                                    .log = config->log };
    struct mli_service *service = &server->service;
    enum ml_status status = ML_OK;

    if (access.path)
        status = mli_journal_open(&access, service->workers, &service->access_log, err);
    if (status == ML_OK && config->audit_log)
        status = mli_audit_open(config->audit_log, config->log, &service->audit, err);
    if (status == ML_OK && predictions.path)
        status = mli_journal_open(&predictions, service->workers, &service->prediction_log, err);
    if (status == ML_OK && (access.path || predictions.path) && config->say_ids == MLI_TRACE_NOTHING)
        config->say_ids = MLI_TRACE_ID_ALONE;
    for (size_t i = 0; status == ML_OK && service->prediction_log && i < service->workers; i++)
        mli_pen_take(&service->worker[i].pen, service->prediction_log, config->prediction_sample,
                     &service->worker[i].rng);
    return status;
}

/* What there is when the first request may come. */
static void note_start(struct mli_server *server)
{
    const struct mli_audit_entry start = { .action = "start", .by = "start" };
    const struct mli_server_config *config = &server->service.config;

    if (!server->service.audit)
        return;
    struct mli_registry *registry = mli_catalog_registry(server->service.catalog);
    mli_audit_models(server->service.audit, &start, NULL, NULL, registry);
    mli_registry_drop(registry);
    if (config->tokens)
        mli_audit_digest(config->tokens, server->keys_digest);
    if (config->tls_cert)
        mli_audit_digest(config->tls_cert, server->cert_digest);
}

static void close_logs(struct mli_server *server)
{
    mli_audit_close(server->service.audit);
    mli_journal_close(server->service.access_log);
    mli_journal_close(server->service.prediction_log);
}

enum ml_status mli_server_start(struct mli_catalog *catalog,
                                const struct mli_server_config *config, struct mli_server **out,
                                struct ml_error *err)
{
    struct mli_server_config fitted = *config;
    size_t loops = mli_server_loops(config);
    struct mli_server *server = NULL;
    sigset_t all, before;

    enum ml_status status = mli_server_check(config, err);
    if (status == ML_OK)
        status = mli_server_fit_files(&fitted, loops + (config->metrics_apart ? (SIDE_MAX + SIDE_LEAVING) / 3 + 1 : 0), err); /* 3 descriptors each */
    if (status != ML_OK)
        return status;
    server = mli_calloc(1, sizeof(*server));
    if (!server)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    server->in_place = strcmp(MHD_get_version(), "0.9.75") == 0;
    const struct mli_connections_config limits = { .max = fitted.max_connections,
                                                   .max_per_address = fitted.max_per_address,
                                                   .head_timeout = fitted.header_timeout,
                                                   .body_timeout = fitted.body_timeout,
                                                   .idle_timeout = fitted.idle_timeout };
    const struct mli_access_config access = { .keys = fitted.tokens,
                                              .open = fitted.open,
                                              .rate = fitted.rate,
                                              .proxies = fitted.proxies };
    status = mli_cors_parse(fitted.cors, &server->cors, err);
    if (status != ML_OK)
        goto no_cors;
    status = mli_access_init(&server->access, &access, err);
    if (status != ML_OK)
        goto no_access;
    const struct mli_tls_config tls = { .cert = fitted.tls_cert,
                                        .key = fitted.tls_key,
                                        .client_ca = fitted.tls_client_ca,
                                        .client_crl = fitted.tls_client_crl,
                                        .log = fitted.log };
    status = tls.cert ? mli_tls_new(&tls, &server->tls, err) : ML_OK;
    if (status != ML_OK)
        goto no_tls;
    status = mli_service_init(&server->service, catalog, &fitted, loops, mli_server_threads(config) - loops, err);
    if (status != ML_OK)
        goto no_service;
    struct mli_connections_config few = limits;
    few.max = SIDE_MAX;
    few.max_per_address = 0;
    status = mli_door_init(&server->door, &limits, false, err);
    if (status != ML_OK)
        goto no_door;
    status = mli_door_init(&server->side, &few, true, err);
    if (status != ML_OK)
        goto no_side;
    server->door.leaving = fitted.leaving;
    server->side.leaving = SIDE_LEAVING;
    server->service.connections = &server->door.connections;
    server->service.tls = server->tls;
    status = open_logs(server, err);
    if (status != ML_OK)
        goto no_logs;
    note_start(server);
    mli_server_warn_without_keys(server);
    /* signals are for the threads of the program, which knows what they mean */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = start_threads(server, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != ML_OK)
        goto no_threads;
    *out = server;
    return ML_OK;

no_threads:
    if (server->side.keeper) /* nobody must be handed to a thread that is gone */
        mli_door_shut(&server->side);
    stop_threads(server, 0);
no_logs:
    close_logs(server);
    mli_door_close(&server->side, true);
no_side:
    mli_door_close(&server->door, true);
no_door:
    mli_service_release(&server->service);
no_service:
    mli_tls_free(server->tls);
no_tls:
    mli_access_release(&server->access);
no_access:
    mli_cors_release(&server->cors);
no_cors:
    free(server);
    return status;
}

struct mli_audit *mli_server_audit(const struct mli_server *server)
{
    return server->service.audit;
}

uint16_t mli_server_port(const struct mli_server *server)
{
    return server->door.port;
}

uint16_t mli_server_metrics_port(const struct mli_server *server)
{
    return server->side.port;
}

/* ---- stop -------------------------------------------------------------------------------------------------------- */

/*
 * From now on every reply says that it is the last one, so busy connections end by themselves; the keeper takes those
 * who wait at the door, closes it, and ends idle connections. Whoever watches sees that, so that port is closed last.
 */
void mli_server_drain(struct mli_server *server)
{
    const struct mli_server_config *config = &server->service.config;

    atomic_store(&server->service.draining, true);
    server->until = mli_now() + config->grace * (uint64_t)1000;
    mli_door_shut(&server->door);
    server->drained = mli_door_wait(&server->door, server->until);
    if (!server->drained)
        ml_log(config->log, ML_LOG_WARNING,
               "%zu connections were not done after %u seconds and are cut",
               mli_connections_count(&server->door.connections), config->grace);
    if (!server->side.keeper)
        return;
    mli_door_shut(&server->side);
    mli_door_wait(&server->side, mli_now() + 1000);
}

void mli_server_stop(struct mli_server *server)
{
    if (!atomic_load(&server->service.draining))
        mli_server_drain(server);
    const uint64_t now = mli_now(), until = server->until;
    stop_threads(server, until > now + ALERTS ? until - now : ALERTS);
    mli_audit_note(server->service.audit, &(struct mli_audit_entry){ .action = "stop", .by = "signal" });
    close_logs(server);
    mli_door_close(&server->side, true);
    mli_door_close(&server->door, !server->drained);
    mli_service_release(&server->service);
    mli_tls_free(server->tls);
    mli_access_release(&server->access);
    mli_cors_release(&server->cors);
    free(server);
}
