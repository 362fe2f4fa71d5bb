#include <serve/session.h>

#include <serve/access_log.h>

#define REQUESTS_MAX 1000u /* of one connection */

void mli_session_note(struct mli_session *session, unsigned status, uint64_t took)
{
    const struct mli_server *server = session->loop->server;
    struct mli_worker *worker = session->loop->worker;

    if (!server->service.access_log)
        return;
    if (!session->trace.known) /* the head was not read to its end */
        mli_trace_take(&session->trace, &(struct mli_trace_facts){ 0 }, MLI_TRACE_ID_ALONE, &worker->rng);
    const struct in6_addr client = mli_client_address(&server->access.proxies, &session->connection->address,
                                                      session->forwarded_for);
    bool asked = session->request.served && !session->refused && worker->run.asked;
    const struct mli_access_entry entry = { .trace = &session->trace,
                                            .key = session->key,
                                            .client = &client,
                                            .method = session->method,
                                            .target = session->target.len ? session->target.data : "",
                                            .target_len = session->target.len,
                                            .route = session->route ? session->route->path : "other",
                                            .status = status,
                                            .in = session->received,
                                            .out = status ? session->reply.body.len : 0,
                                            .nanoseconds = took,
                                            .served = session->request.served,
                                            .rows = asked ? worker->run.rows : 0 };
    mli_buf_reset(&worker->line);
    mli_access_log_line(&worker->line, &entry);
    if (worker->line.status == ML_OK)
        mli_journal_add(server->service.access_log, worker->number, worker->line.data, worker->line.len, 1);
}

enum MHD_Result mli_session_send(struct mli_session *session, struct MHD_Connection *connection,
                                 const char *method)
{
    struct mli_server *server = session->loop->server;
    struct mli_reply *reply = &session->reply;
    uint64_t took = mli_clock() - session->started;

    mli_reply_settle(reply);
    reply->close =
        reply->close || ++session->served >= REQUESTS_MAX || atomic_load(&server->service.draining);
    session->ends = reply->close;
    struct MHD_Response *response = mli_session_response(session, method);
    if (!response)
        return MHD_NO;
    mli_metrics_request(&session->loop->worker->metrics, mli_session_route(session), reply->status,
                        took);
    ml_log(server->service.config.log, ML_LOG_DEBUG, "%s %.*s %u %zu bytes %.3f ms%s%s", method,
           (int)session->target.len, session->target.data, reply->status, reply->body.len,
           (double)took / 1e6, session->key[0] ? " key " : "", session->key);
    mli_session_note(session, reply->status, took);
    session->answered = true;
    mli_connection_enter(session->connection, MLI_PHASE_SEND, 0, mli_now());
    enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
    mli_session_drop_response(session, response);
    return queued;
}
