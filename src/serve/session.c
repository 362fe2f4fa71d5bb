/*
 * The library calls mli_session_on_target() when the request line is there, mli_session_on_request() when the head is (where the guard looks
 * at it), then with each piece of the body, then once more for the answer, and mli_session_on_completed() when the reply has been
 * sent or the connection has failed. A reply that is given before the body was read ends the connection: that is how
 * a large upload is refused before it is sent (Expect: 100-continue).
 */
#include <serve/session.h>

#include <base/mem.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

size_t mli_session_route(const struct mli_session *session)
{
    return session->route ? (size_t)(session->route - mli_routes) : mli_route_count;
}

static struct mli_session *session_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void *tls_session_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

void mli_session_on_connection(void *data, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct mli_loop *loop = data;
    struct mli_server *server = loop->server;
    struct mli_session *session = *context;
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        session = mli_calloc(1, sizeof(*session));
        struct mli_connection *place =
            session ? mli_connections_start(&loop->door->connections, fd, mli_now()) : NULL;
        if (!place) {
            free(session);
            mli_connections_cancel(&loop->door->connections, fd);
            shutdown(fd, SHUT_RDWR); /* if it has asked already, mli_session_on_request() ends it */
            return;
        }
        session->loop = loop;
        session->connection = place;
        mli_buf_init(&session->target, MLI_GUARD_TARGET);
        mli_buf_init(&session->body, server->service.config.max_body);
        mli_reply_init(&session->reply);
        if (server->tls)
            session->credentials = mli_tls_begin(server->tls, tls_session_of(connection));
        *context = session;
    } else if (session) {
        int copy = session->ends ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
        if (copy >= 0 && server->tls)
            shutdown(copy, SHUT_WR); /* which the library leaves to close(), and this copy stays open */
        if (copy >= 0)
            mli_keeper_see_off(loop->door->keeper, copy);
        mli_connections_close(&loop->door->connections, session->connection);
        mli_keeper_room(loop->door->keeper);
        if (session->credentials)
            mli_tls_end(server->tls, session->credentials);
        free(session->last);
        mli_buf_release(&session->target);
        mli_buf_release(&session->body);
        mli_reply_release(&session->reply);
        free(session);
        *context = NULL;
    }
}

void *mli_session_on_target(void *data, const char *target, struct MHD_Connection *connection)
{
    struct mli_session *session = session_of(connection);

    (void)data;
    if (!session)
        return NULL;
    session->stage = MLI_STAGE_HEAD;
    session->refused = session->answered = false;
    session->started = mli_clock();
    session->target_at = target;
    session->target_len = strlen(target);
    mli_buf_reset(&session->target);
    mli_buf_add(&session->target, target,
                session->target_len < MLI_GUARD_TARGET ? session->target_len : MLI_GUARD_TARGET);
    session->received = 0;
    session->route = NULL;
    session->key[0] = '\0';
    session->origin = session->preflight = session->method = session->forwarded_for = NULL;
    session->trace.known = false;
    session->request = (struct mli_request){ 0 };
    session->run.asked = session->away = false;
    mli_count(&session->loop->worker->metrics.started, 1);
    mli_connection_enter(session->connection, MLI_PHASE_HEAD, 0, session->started / MLI_MILLISECOND);
    return session;
}

/* For the audit log, before something is changed. */
static void say_who(struct mli_session *session, struct mli_worker *worker)
{
    if (!session->trace.known)
        mli_trace_take(&session->trace, &(struct mli_trace_facts){ 0 }, MLI_TRACE_ID_ALONE, &worker->rng);
    session->who = (struct mli_who){ .key = session->key,
                                     .id = session->trace.id,
                                     .client = mli_client_address(&session->loop->server->access.proxies,
                                                                  &session->connection->address,
                                                                  session->forwarded_for) };
    session->request.who = &session->who;
}

void mli_session_make(struct mli_session *session, struct mli_worker *worker)
{
    if (session->request.coding)
        mli_session_unpack(session);
    if (session->refused)
        return;
    session->request.body = session->body.data;
    session->request.len = session->body.len;
    if (session->route->scope == MLI_SCOPE_ADMIN)
        say_who(session, worker);
    if (worker->pen.journal)
        mli_pen_begin(&worker->pen, session->trace.id);
    mli_dispatch(&session->loop->server->service, worker, session->route, &session->request, &session->reply);
    session->run = worker->run;
}

static enum MHD_Result answer(struct mli_session *session, struct MHD_Connection *connection,
                              const char *method)
{
    if (session->away || session->refused)
        return mli_session_send(session, connection, method);
    mli_connection_enter(session->connection, MLI_PHASE_WORK, 0, mli_now());
    if (mli_session_send_away(session, connection))
        return MHD_YES;
    if (!session->refused)
        mli_session_make(session, session->loop->worker);
    return mli_session_send(session, connection, method);
}

enum MHD_Result mli_session_on_request(void *data, struct MHD_Connection *connection,
                                       const char *path, const char *method, const char *version,
                                       const char *bytes, size_t *n, void **context)
{
    struct mli_session *session = *context;

    (void)data, (void)path;
    if (!session || session->target.status != ML_OK)
        return MHD_NO;
    if (session->stage == MLI_STAGE_HEAD)
        return mli_session_take_head(session, connection, method, version);
    if (session->stage == MLI_STAGE_LOBBY)
        return mli_session_leave_lobby(session, connection, method);
    if (*n > 0)
        return mli_session_take_body(session, bytes, n);
    return answer(session, connection, method);
}

/* Maybe with a reply of the library's own: to a length that is no number, and the like. */
static void note_unanswered(struct mli_session *session, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *status = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
    uint64_t took = mli_clock() - session->started;

    if (status) {
        mli_metrics_request(&session->loop->worker->metrics, mli_session_route(session), status->http_status, took);
        session->ends = true;
    }
    mli_session_note(session, status ? status->http_status : 0, took);
}

void mli_session_on_completed(void *data, struct MHD_Connection *connection, void **context,
                              enum MHD_RequestTerminationCode code)
{
    struct mli_session *session = *context;

    (void)data, (void)code;
    *context = NULL;
    if (!session)
        return;
    struct mli_metrics *metrics = &session->loop->worker->metrics;
    if (!session->answered)
        note_unanswered(session, connection);
    mli_count(&metrics->ended, 1);
    if (session->request.view)
        mli_worker_leave(session->loop->worker, session->request.view);
    session->request.view = NULL;
    mli_session_sent(session);
    mli_session_drop_body(session);
    mli_session_drop_answer(session);
    mli_reply_reset(&session->reply);
    mli_connection_enter(session->connection, MLI_PHASE_IDLE, 0, mli_now());
}
