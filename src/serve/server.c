/*
 * Every loop thread is a daemon of the library with an epoll of its own and no listening socket; the keeper's thread
 * accepts and hands connections round. So a connection, its session and its requests belong to one thread for life.
 *
 * The library calls on_target() when the request line is there, on_request() when the head is (where the guard looks
 * at it), then with each piece of the body, then once more for the answer, and on_completed() when the reply has been
 * sent or the connection has failed. A reply that is given before the body was read ends the connection: that is how
 * a large upload is refused before it is sent (Expect: 100-continue).
 */
#include <serve/server.h>

#include <base/limits.h>
#include <base/mem.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <serve/budget.h>
#include <serve/keeper.h>
#include <serve/listen.h>
#include <serve/routes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 8u
#define REQUESTS_MAX 1000u            /* of one connection */
#define POOL_EXTRA ((size_t)12 << 10) /* the library's own records beside the head's bytes */
#define BODY_KEPT ((size_t)64 << 10)  /* a larger buffer is not kept from one request to the next */
#define HELD_BODIES ((size_t)32) /* request bodies in memory at one time, as many of the largest */
#define FILES_RESERVED 24u       /* descriptors that are not connections, and 3 a loop */

struct loop {
    struct mli_server *server;
    struct mli_worker *worker;
    struct MHD_Daemon *daemon;
};

struct mli_server {
    struct mli_service service;
    struct mli_connections connections;
    struct mli_keeper *keeper;
    struct loop *loop;
    size_t loops, next; /* next: whose turn it is, the keeper's */
    uint16_t port;
    bool in_place; /* the library leaves the head where it was received: mli_guard_head.received */
    _Atomic size_t held; /* bytes of request bodies */
};

enum stage { STAGE_HEAD, STAGE_BODY };

/* A connection and its current request. */
struct session {
    struct loop *loop;
    struct mli_connection *connection;
    unsigned served;
    bool ends; /* by our will, maybe with bytes unread */
    enum stage stage;
    bool refused;  /* the reply is made; the rest of the body goes nowhere */
    bool answered; /* the reply is on its way */
    uint64_t started;
    struct mli_buf target; /* start of the request target, before the library cuts it to pieces */
    const char *target_at; /* where it was received */
    size_t target_len, received;
    const struct mli_route *route; /* NULL: none found */
    struct mli_request request;
    struct mli_buf body;
    struct mli_reply reply;
};

static uint64_t nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- replies ----------------------------------------------------------------------------------------------------- */

static size_t route_index(const struct session *session)
{
    return session->route ? (size_t)(session->route - mli_routes) : mli_route_count;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static struct MHD_Response *make_response(struct mli_reply *reply)
{
    char seconds[16];
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.data, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return NULL;
    snprintf(seconds, sizeof(seconds), "%u", reply->retry_after);
    if ((!reply->close || add_header(response, MHD_HTTP_HEADER_CONNECTION, "close")) &&
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type) &&
        add_header(response, "X-Content-Type-Options", "nosniff") &&
        add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
        (!reply->allow || add_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow)) &&
        (!reply->retry_after || add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds)))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* The reply's body is sent from where it is; it stays until on_completed(). */
static enum MHD_Result send_reply(struct session *session, struct MHD_Connection *connection,
                                  const char *method)
{
    struct mli_server *server = session->loop->server;
    struct mli_reply *reply = &session->reply;
    uint64_t took = nanoseconds() - session->started;

    mli_reply_settle(reply);
    reply->close =
        reply->close || ++session->served >= REQUESTS_MAX || atomic_load(&server->service.draining);
    session->ends = reply->close;
    struct MHD_Response *response = make_response(reply);
    if (!response)
        return MHD_NO;
    mli_metrics_request(&session->loop->worker->metrics, route_index(session), reply->status, took);
    ml_log(server->service.config.log, ML_LOG_DEBUG, "%s %.*s %u %zu bytes %.3f ms", method,
           (int)session->target.len, session->target.data, reply->status, reply->body.len,
           (double)took / 1e6);
    session->answered = true;
    mli_connection_enter(session->connection, MLI_PHASE_SEND, 0, mli_now());
    enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* ---- the head ---------------------------------------------------------------------------------------------------- */

struct gathering {
    struct mli_guard_head head;
    struct mli_guard_field field[MLI_GUARD_FIELDS];
};

static enum MHD_Result gather_field(void *data, enum MHD_ValueKind kind, const char *name,
                                    size_t name_len, const char *value, size_t value_len)
{
    struct gathering *gathering = data;

    (void)kind;
    if (gathering->head.fields < MLI_GUARD_FIELDS)
        gathering->field[gathering->head.fields] = (struct mli_guard_field){
            .name = name, .name_len = name_len, .value = value ? value : "", .value_len = value_len
        };
    gathering->head.fields++;
    return MHD_YES;
}

static struct mli_refusal check_head(const struct session *session,
                                     struct MHD_Connection *connection, const char *method,
                                     const char *version, struct mli_guard_facts *facts)
{
    const struct mli_server *server = session->loop->server;
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct gathering gathering = { .head = { .method = method,
                                             .target = session->target.data,
                                             .version = version,
                                             .target_len = session->target_len,
                                             .size = size ? size->header_size : 0,
                                             .received =
                                                 server->in_place ? session->target_at : NULL } };

    gathering.head.field = gathering.field;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, gather_field, &gathering);
    return mli_guard_check(&gathering.head, server->service.config.max_header, facts);
}

static void refuse(struct session *session, unsigned status, const char *text)
{
    mli_reply_error(&session->reply, status, "%s", text);
    session->refused = true;
}

static void find_route(struct session *session, const char *method,
                       const struct mli_guard_facts *facts)
{
    const char *allow;

    session->route = mli_route_find(method, facts->path, facts->path_len, &allow);
    if (!session->route && allow) {
        refuse(session, 405, "that method is not for this path; see the Allow header");
        session->reply.allow = allow;
    } else if (!session->route) {
        refuse(session, 404, "there is nothing at this path; POST /predict is what most come for");
    }
}

/* What the head says of the body, before any of it is read. */
static void check_body(struct session *session, const struct mli_guard_facts *facts)
{
    size_t max = session->loop->server->service.config.max_body;
    const char *encoding = facts->content_encoding;

    if (facts->expect && strcasecmp(facts->expect, "100-continue") != 0) {
        refuse(session, 417, "the only expectation understood here is 100-continue");
    } else if (!session->route->body) {
        if (facts->chunked || facts->length > 0)
            refuse(session, 413, "this path takes no body");
    } else if (!facts->chunked && !facts->has_length) {
        refuse(session, 411, "a body needs Content-Length or Transfer-Encoding: chunked");
    } else if (facts->length > max) {
        mli_reply_error(&session->reply, 413, "the body is longer than the limit of %zu bytes",
                        max);
        session->refused = true;
    } else if (encoding && strcasecmp(encoding, "identity") != 0) {
        refuse(session, 415, "no Content-Encoding is understood here; send the body as it is");
    } else {
        session->request.media = mli_media_parse(facts->content_type);
        if (session->request.media == MLI_MEDIA_OTHER)
            refuse(session, 415,
                   "expected Content-Type: application/json or text/csv, in UTF-8 "
                   "(with curl: -H 'Content-Type: application/json')");
    }
}

/*
 * A refusal is sent at once, which ends the connection, when a body would follow or nobody can be sure what does.
 * When the head was the whole request it waits for on_request()'s last call, and the connection lives on.
 */
static enum MHD_Result take_head(struct session *session, struct MHD_Connection *connection,
                                 const char *method, const char *version)
{
    struct mli_guard_facts facts;
    struct mli_refusal refusal = check_head(session, connection, method, version, &facts);
    bool body = facts.chunked || facts.length > 0;

    session->stage = STAGE_BODY;
    if (refusal.status) {
        refuse(session, refusal.status, refusal.text);
    } else {
        find_route(session, method, &facts);
        if (!session->refused)
            check_body(session, &facts);
        session->request.openmetrics =
            facts.accept && strstr(facts.accept, "application/openmetrics-text");
    }
    if (session->refused && (refusal.status || body || session->reply.status == 411)) {
        session->reply.close = true;
        return send_reply(session, connection, method);
    }
    mli_connection_enter(session->connection, body ? MLI_PHASE_BODY : MLI_PHASE_WORK, 0, mli_now());
    return MHD_YES;
}

/* ---- the body ---------------------------------------------------------------------------------------------------- */

/* Takes the bytes back from the server's count. */
static void drop_body(struct session *session)
{
    atomic_fetch_sub(&session->loop->server->held, session->body.len);
    if (session->body.capacity > BODY_KEPT)
        mli_buf_release(&session->body);
    else
        mli_buf_reset(&session->body);
}

static void keep_bytes(struct session *session, const char *bytes, size_t n)
{
    struct mli_server *server = session->loop->server;
    size_t max = server->service.config.max_body, most = max * HELD_BODIES;

    if (n > max - session->body.len) {
        mli_reply_error(&session->reply, 413, "the body is longer than the limit of %zu bytes",
                        max);
        session->refused = true;
    } else if (atomic_fetch_add(&server->held, n) > most - n) {
        atomic_fetch_sub(&server->held, n);
        refuse(session, 503, "too many bodies are being received; try again");
    } else {
        mli_buf_add(&session->body, bytes, n);
        if (session->body.status != ML_OK) {
            atomic_fetch_sub(&server->held, n);
            refuse(session, 503, "out of memory for the body");
        }
    }
    if (session->refused)
        drop_body(session);
}

/*
 * The library takes a reply before the body or after it, not amid. A body that has been refused is read on for as
 * long as its limit once more, so that the reply can be given; one that goes on after that is cut.
 */
static enum MHD_Result take_body(struct session *session, const char *bytes, size_t *n)
{
    size_t max = session->loop->server->service.config.max_body;

    session->received += *n;
    if (!session->refused)
        keep_bytes(session, bytes, *n);
    session->reply.close = session->reply.close || session->refused;
    *n = 0;
    mli_connection_moved(session->connection, session->received);
    return session->received / 2 > max ? MHD_NO : MHD_YES;
}

static enum MHD_Result answer(struct session *session, struct MHD_Connection *connection,
                              const char *method)
{
    struct loop *loop = session->loop;

    if (!session->refused) {
        mli_connection_enter(session->connection, MLI_PHASE_WORK, 0, mli_now());
        session->request.body = session->body.data;
        session->request.len = session->body.len;
        session->route->answer(&loop->server->service, loop->worker, &session->request,
                               &session->reply);
    }
    return send_reply(session, connection, method);
}

/* ---- what the library calls -------------------------------------------------------------------------------------- */

static struct session *session_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = data;
    struct mli_server *server = loop->server;
    struct session *session = *context;
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        session = mli_calloc(1, sizeof(*session));
        struct mli_connection *place =
            session ? mli_connections_start(&server->connections, fd, mli_now()) : NULL;
        if (!place) {
            free(session);
            mli_connections_cancel(&server->connections, fd);
            return; /* without a session on_request() ends it */
        }
        session->loop = loop;
        session->connection = place;
        mli_buf_init(&session->target, MLI_GUARD_TARGET);
        mli_buf_init(&session->body, server->service.config.max_body);
        mli_reply_init(&session->reply);
        *context = session;
    } else if (session) {
        int copy = session->ends ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
        if (copy >= 0)
            mli_keeper_see_off(server->keeper, copy);
        mli_connections_close(&server->connections, session->connection);
        mli_buf_release(&session->target);
        mli_buf_release(&session->body);
        mli_reply_release(&session->reply);
        free(session);
        *context = NULL;
    }
}

/* The request line is there; what is returned becomes on_request()'s *context. */
static void *on_target(void *data, const char *target, struct MHD_Connection *connection)
{
    struct session *session = session_of(connection);

    (void)data;
    if (!session)
        return NULL;
    session->stage = STAGE_HEAD;
    session->refused = session->answered = false;
    session->started = nanoseconds();
    session->target_at = target;
    session->target_len = strlen(target);
    mli_buf_reset(&session->target);
    mli_buf_add(&session->target, target,
                session->target_len < MLI_GUARD_TARGET ? session->target_len : MLI_GUARD_TARGET);
    session->received = 0;
    session->route = NULL;
    session->request = (struct mli_request){ 0 };
    mli_count(&session->loop->worker->metrics.started, 1);
    mli_connection_enter(session->connection, MLI_PHASE_HEAD, 0, mli_now());
    return session;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *n, void **context)
{
    struct session *session = *context;

    (void)data, (void)path;
    if (!session || session->target.status != ML_OK)
        return MHD_NO;
    if (session->stage == STAGE_HEAD)
        return take_head(session, connection, method, version);
    if (*n > 0)
        return take_body(session, bytes, n);
    return answer(session, connection, method);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct session *session = *context;
    const union MHD_ConnectionInfo *status =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);

    (void)data, (void)code;
    *context = NULL;
    if (!session)
        return;
    struct mli_metrics *metrics = &session->loop->worker->metrics;
    /* a reply of the library's own: to a length that is no number, and the like */
    if (!session->answered && status) {
        mli_metrics_request(metrics, route_index(session), status->http_status,
                            nanoseconds() - session->started);
        session->ends = true;
    }
    mli_count(&metrics->ended, 1);
    drop_body(session);
    mli_reply_reset(&session->reply);
    mli_connection_enter(session->connection, MLI_PHASE_IDLE, 0, mli_now());
}

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

static bool give(void *data, int fd, const struct sockaddr *address, socklen_t len)
{
    struct mli_server *server = data;
    struct loop *loop = &server->loop[server->next++ % server->loops];

    return MHD_add_connection(loop->daemon, fd, address, len) == MHD_YES;
}

static enum ml_status check_config(const struct mli_server_config *config, struct ml_error *err)
{
    if (config->max_body == 0 || config->max_body > (size_t)1 << 30)
        return ml_error_set(err, ML_EUSAGE, "the body limit must be 1 byte to 1 GiB, found %zu",
                            config->max_body);
    if (config->max_header < 1024 || config->max_header > (size_t)1 << 20)
        return ml_error_set(err, ML_EUSAGE, "the header limit must be 1 KiB to 1 MiB, found %zu",
                            config->max_header);
    if (config->max_rows == 0 || config->max_depth == 0 || config->max_depth > 1000)
        return ml_error_set(err, ML_EUSAGE,
                            "at least 1 row and 1 to 1000 levels of JSON must be allowed");
    if (config->max_connections == 0 || config->max_connections > 1000000)
        return ml_error_set(err, ML_EUSAGE, "1 to 1000000 connections can be allowed, found %u",
                            config->max_connections);
    if (config->header_timeout == 0 || config->body_timeout == 0 || config->idle_timeout == 0)
        return ml_error_set(err, ML_EUSAGE, "a time-out must be at least 1 second");
    return ML_OK;
}

/* A limit that the system would reach first is no limit that can be answered. */
static enum ml_status fit_files(struct mli_server_config *config, size_t loops,
                                struct ml_error *err)
{
    rlim_t reserved = FILES_RESERVED + 3 * loops;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
        files.rlim_cur >= config->max_connections + reserved)
        return ML_OK;
    if (files.rlim_cur <= reserved)
        return ml_error_set(err, ML_ELIMIT,
                            "at most %llu open files leave no room for connections (ulimit -n)",
                            (unsigned long long)files.rlim_cur);
    ml_log(config->log, ML_LOG_WARNING,
           "at most %llu open files leave room for %llu connections, not %u (ulimit -n)",
           (unsigned long long)files.rlim_cur, (unsigned long long)(files.rlim_cur - reserved),
           config->max_connections);
    config->max_connections = (unsigned)(files.rlim_cur - reserved);
    return ML_OK;
}

static struct MHD_Daemon *start_daemon(struct loop *loop)
{
    const struct mli_server_config *config = &loop->server->service.config;
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
    /* the table is the limit; at its own the library (0.9.75) forgets to unlock a mutex */
    const unsigned unlimited = 2 * config->max_connections + 64;

    /* clang-format off */
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, loop,
                            MHD_OPTION_EXTERNAL_LOGGER, log_library, loop->server,
                            MHD_OPTION_CONNECTION_LIMIT, unlimited,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, config->max_header + POOL_EXTRA,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, loop,
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, loop,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
#if MHD_VERSION >= 0x01000000
                            MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
                            MHD_OPTION_STRICT_FOR_CLIENT, 0, /* 1: an answer of its own where Host is missing, twice */
#endif
                            MHD_OPTION_END);
    /* clang-format on */
}

static enum ml_status start_loops(struct mli_server *server, size_t n, struct ml_error *err)
{
    server->loop = mli_calloc(n, sizeof(*server->loop));
    if (!server->loop)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    for (; server->loops < n; server->loops++) {
        struct loop *loop = &server->loop[server->loops];
        loop->server = server;
        loop->worker = &server->service.worker[server->loops];
        loop->daemon = start_daemon(loop);
        if (!loop->daemon)
            return ml_error_set(err, ML_EIO, "cannot start loop thread %zu: %s", server->loops,
                                strerror(errno));
    }
    return ML_OK;
}

static void stop_loops(struct mli_server *server)
{
    for (size_t i = 0; i < server->loops; i++)
        MHD_stop_daemon(server->loop[i].daemon);
    free(server->loop);
}

static enum ml_status start_threads(struct mli_server *server, struct ml_error *err)
{
    const struct mli_server_config *config = &server->service.config;
    struct mli_keeper_config keeper = { .connections = &server->connections,
                                        .give = give,
                                        .data = server };
    enum ml_status status =
        mli_listen(config->address, config->port, &keeper.listener, &server->port, err);

    if (status != ML_OK)
        return status;
    status = start_loops(server, server->service.workers, err);
    if (status == ML_OK)
        return mli_keeper_start(&keeper, &server->keeper, err);
    close(keeper.listener);
    return status;
}

enum ml_status mli_server_start(const struct ml_model *model,
                                const struct mli_server_config *config, struct mli_server **out,
                                struct ml_error *err)
{
    struct mli_server_config fitted = *config;
    size_t loops = config->threads ? config->threads : mli_processors();
    struct mli_server *server = NULL;
    sigset_t all, before;

    if (loops > THREADS_MAX && config->threads == 0)
        loops = THREADS_MAX;
    enum ml_status status = check_config(config, err);
    if (status == ML_OK)
        status = fit_files(&fitted, loops, err);
    if (status != ML_OK)
        return status;
    server = mli_calloc(1, sizeof(*server));
    if (!server)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    server->in_place = strcmp(MHD_get_version(), "0.9.75") == 0;
    mli_budget_install();
    const struct mli_connections_config limits = { .max = fitted.max_connections,
                                                   .max_per_address = fitted.max_per_address,
                                                   .head_timeout = fitted.header_timeout,
                                                   .body_timeout = fitted.body_timeout,
                                                   .idle_timeout = fitted.idle_timeout };
    status = mli_service_init(&server->service, model, &fitted, loops, err);
    if (status != ML_OK)
        goto no_service;
    status = mli_connections_init(&server->connections, &limits, err);
    if (status != ML_OK)
        goto no_connections;
    server->service.connections = &server->connections;
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
    stop_loops(server);
    mli_connections_release(&server->connections);
no_connections:
    mli_service_release(&server->service);
no_service:
    free(server);
    return status;
}

uint16_t mli_server_port(const struct mli_server *server)
{
    return server->port;
}

/* ---- stop -------------------------------------------------------------------------------------------------------- */

/*
 * From now on every reply says that it is the last one, so busy connections end by themselves; the keeper takes those
 * who wait at the door, closes it, and ends idle connections.
 */
void mli_server_stop(struct mli_server *server)
{
    const struct mli_server_config *config = &server->service.config;

    atomic_store(&server->service.draining, true);
    mli_keeper_drain(server->keeper);
    bool drained = mli_connections_wait(&server->connections, config->grace);
    if (!drained)
        ml_log(config->log, ML_LOG_WARNING,
               "%zu connections were not done after %u seconds and are cut",
               mli_connections_count(&server->connections), config->grace);
    stop_loops(server);
    mli_keeper_stop(server->keeper, !drained);
    mli_connections_release(&server->connections);
    mli_service_release(&server->service);
    free(server);
}
