#include <serve/session.h>

#include <serve/access_log.h>

#include <stdio.h>
#include <string.h>

#define REQUESTS_MAX 1000u /* of one connection */

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* What keeps a browser from making more of an answer than it is; a POST's is nothing that a browser shows. */
static bool add_page_headers(struct MHD_Response *response, const struct mli_reply *reply)
{
    return add_header(response, "Content-Security-Policy",
                      reply->policy[0] ? reply->policy : "default-src 'none'; frame-ancestors 'none'") &&
           add_header(response, "Cross-Origin-Resource-Policy", "same-origin") &&
           add_header(response, "Referrer-Policy", "no-referrer");
}

static bool add_cors_headers(struct MHD_Response *response, const struct mli_session *session)
{
    return (*session->origin == '*' || add_header(response, MHD_HTTP_HEADER_VARY, "Origin")) &&
           add_header(response, "Access-Control-Allow-Origin", session->origin) &&
           add_header(response, "Access-Control-Expose-Headers",
                      "Inference-Header-Content-Length, Retry-After, traceparent, X-Request-Id") &&
           (!session->preflight ||
            (add_header(response, "Access-Control-Allow-Methods", session->preflight) &&
             add_header(response, "Access-Control-Allow-Headers",
                        "Authorization, Content-Type, Inference-Header-Content-Length, X-API-Key, "
                        "X-Request-Id, traceparent, tracestate") &&
             add_header(response, "Access-Control-Max-Age", "600")));
}

static bool add_trace_headers(struct MHD_Response *response, const struct mli_trace *trace)
{
    return (!trace->parent_out || add_header(response, "traceparent", trace->parent)) &&
           (!trace->state || add_header(response, "tracestate", trace->state)) &&
           (!trace->id_out || add_header(response, "X-Request-Id", trace->id));
}

static bool add_number(struct MHD_Response *response, const char *name, size_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", value);
    return add_header(response, name, text);
}

static struct MHD_Response *make_response(struct mli_session *session, const char *method)
{
    struct mli_reply *reply = &session->reply;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.data, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return NULL;
    if ((!reply->close || add_header(response, MHD_HTTP_HEADER_CONNECTION, "close")) &&
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type) &&
        add_header(response, "X-Content-Type-Options", "nosniff") &&
        add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
        (strcmp(method, "POST") == 0 || add_page_headers(response, reply)) &&
        (!session->origin || add_cors_headers(response, session)) &&
        (!session->trace.known || add_trace_headers(response, &session->trace)) &&
        (!reply->allow || add_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow)) &&
        (!reply->challenge ||
         add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, reply->challenge)) &&
        (!reply->json_part || add_number(response, "Inference-Header-Content-Length", reply->json_part)) &&
        (!reply->retry_after || add_number(response, MHD_HTTP_HEADER_RETRY_AFTER, reply->retry_after)))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

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
    struct MHD_Response *response = make_response(session, method);
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
    MHD_destroy_response(response);
    return queued;
}
