#include <serve/session.h>

#include <serve/access_log.h>

#define REQUESTS_MAX 1000u /* of one connection */
#define SENDING_MAX (4 * MLI_REPLY_MAX) /* bytes of long answers that are in memory at one time */
#define PACKED_FROM ((size_t)16 << 10) /* bytes of a body that packing may save time on */

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
    bool asked = status != 0 && session->request.served && !session->refused && session->run.asked;
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
                                            .rows = asked ? session->run.rows : 0 };
    mli_buf_reset(&worker->line);
    mli_access_log_line(&worker->line, &entry);
    if (worker->line.status == ML_OK)
        mli_journal_add(server->service.access_log, worker->number, worker->line.data, worker->line.len, 1);
    else
        mli_journal_drop(server->service.access_log, worker->number, 1);
}

/* What cannot be packed, or does not get shorter, goes as it is. */
void mli_session_pack(struct mli_reply *reply, const char *accept)
{
    struct mli_buf packed;

    mli_reply_settle(reply);
    if (reply->body.len < PACKED_FROM)
        return;
    reply->varies = true;
    const struct mli_packing *coding = accept ? mli_coding_accepted(accept) : NULL;
    if (!coding)
        return;
    mli_buf_init(&packed, reply->body.limit);
    mli_coding_pack(coding, reply->body.data, reply->body.len, &packed);
    if (packed.status != ML_OK || packed.len >= reply->body.len) {
        mli_buf_release(&packed);
        return;
    }
    mli_buf_release(&reply->body);
    reply->body = packed;
    reply->coding = coding->name;
}

/* What clients are slow to take is all that stays: not their requests, and of answers only so much. */
static void hold_answer(struct mli_session *session)
{
    struct mli_server *server = session->loop->server;
    const size_t n = session->reply.body.capacity;

    if (session->body.capacity > MLI_BODY_KEPT)
        mli_session_drop_body(session);
    if (n <= MLI_BODY_KEPT)
        return;
    session->sending = n;
    if (atomic_fetch_add(&server->sending, n) <= SENDING_MAX - n)
        return;
    mli_session_drop_answer(session);
    mli_session_refuse(session, 503, "too many long answers wait for clients to take them; try again");
}

void mli_session_drop_answer(struct mli_session *session)
{
    if (session->sending > 0)
        atomic_fetch_sub(&session->loop->server->sending, session->sending);
    session->sending = 0;
}

enum MHD_Result mli_session_send(struct mli_session *session, struct MHD_Connection *connection,
                                 const char *method)
{
    struct mli_server *server = session->loop->server;
    struct mli_reply *reply = &session->reply;
    uint64_t now = mli_clock(), took = now - session->started;

    if (!session->away)
        mli_session_pack(reply, reply->body.len < PACKED_FROM ? NULL
                                    : MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING));
    hold_answer(session);
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
    mli_connection_enter(session->connection, MLI_PHASE_SEND, 0, now / MLI_MILLISECOND);
    enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
    mli_session_drop_response(session, response);
    return queued;
}
