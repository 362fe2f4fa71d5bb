#include <serve/session.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/raw.h>
#include <serve/absent.h>
#include <serve/invocations.h>
#include <serve/page.h>
#include <string.h>
#include <strings.h>

#define LONG_BODY ((size_t)64 << 10)

/* A head in which nothing was wrong, and what it asks for, whoever asks and whatever there is to give. */
struct mli_head_kept {
    struct mli_guard_kept guard;
    struct mli_match match;
    struct mli_request request;
};

struct gathering {
    struct mli_guard_head head;
    struct mli_guard_field *field; /* MLI_GUARD_FIELDS of them */
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

static struct mli_guard_head head_of(const struct mli_session *session, struct MHD_Connection *connection,
                                     const char *method, const char *version,
                                     struct mli_guard_field field[MLI_GUARD_FIELDS])
{
    const struct mli_server *server = session->loop->server;
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct gathering gathering = { .head = { .method = method,
                                             .target = session->target.data,
                                             .version = version,
                                             .target_len = session->target_len,
                                             .field = field,
                                             .size = size ? size->header_size : 0,
                                             .received =
                                                 server->in_place ? session->target_at : NULL },
                                   .field = field };

    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, gather_field, &gathering);
    return gathering.head;
}

void mli_session_refuse(struct mli_session *session, unsigned status, const char *text)
{
    mli_reply_error(&session->reply, status, "%s", text);
    session->refused = true;
}

static bool is_browser(const struct mli_guard_facts *facts)
{
    return facts->accept && strstr(facts->accept, "text/html");
}

/* Whether the request may have what the route gives, NULL: whether it may ask for what is not there. */
static bool admit(struct mli_session *session, const struct mli_guard_facts *facts)
{
    struct mli_access *access = &session->loop->server->access;
    const struct mli_asker asker = { .peer = &session->connection->address,
                                     .now = session->started };

    if (session->route && mli_access_open(access, mli_route_scope(&session->loop->server->service.config, session->route)))
        return true;
    const struct mli_verdict verdict =
        session->route ? mli_access_check(access, mli_route_scope(&session->loop->server->service.config, session->route), facts, &asker)
                       : mli_access_pace(access, facts, &asker);

    memcpy(session->key, verdict.key, sizeof(session->key));
    if (verdict.status == 0)
        return true;
    if (verdict.rate.per_second > 0)
        mli_reply_error(&session->reply, verdict.status, "%s: %g a second, %u at once after a pause", verdict.text,
                        verdict.rate.per_second, verdict.rate.burst);
    else
        mli_reply_error(&session->reply, verdict.status, "%s", verdict.text);
    if (verdict.status == 401 && session->route && session->route->answer == mli_page_answer && is_browser(facts))
        mli_page_locked(&session->loop->server->service, &session->reply);
    session->refused = true;
    session->reply.challenge = verdict.challenge;
    session->reply.retry_after = verdict.retry_after;
    return false;
}

/*
 * A browser asks whether a page of another origin may ask what comes next. It shows no token, so it is answered before
 * there is a question of one.
 */
static bool take_preflight(struct mli_session *session, const char *method,
                           const struct mli_guard_facts *facts)
{
    const struct mli_server *server = session->loop->server;

    if (server->cors.len == 0 || !facts->origin || !facts->wanted_method ||
        strcmp(method, "OPTIONS") != 0)
        return false;
    struct mli_match match = mli_route_find(&server->service.config, facts->wanted_method,
                                            facts->path, facts->path_len);
    if (!match.route)
        return false;
    if (!session->origin) {
        mli_session_refuse(session, 403, "pages of that origin may not ask here");
        return true;
    }
    mli_reply_reset(&session->reply);
    session->reply.status = 204;
    session->preflight = match.route->method;
    session->refused = true;
    return true;
}

/* Where metrics have a port of their own, each of the two answers its part and nothing else. */
static struct mli_match find_match(const struct mli_session *session, const char *method,
                                   const struct mli_guard_facts *facts)
{
    const struct mli_service *service = &session->loop->server->service;
    struct mli_match match = mli_route_find(&service->config, method, facts->path, facts->path_len);

    if (match.route && (session->loop->door->apart ? !mli_route_watches(match.route)
                                                   : service->config.metrics_apart && match.route->scope == MLI_SCOPE_METRICS))
        return (struct mli_match){ 0 };
    return match;
}

static void take_route(struct mli_session *session, const char *method, const struct mli_guard_facts *facts,
                       struct mli_match match)
{
    session->route = match.route;
    session->origin = mli_cors_allow(&session->loop->server->cors, facts->origin);
    if (!admit(session, facts) || take_preflight(session, method, facts))
        return;
    if (!match.route) {
        mli_absent_path(&session->reply, method, facts->path, facts->path_len, match.allow);
        session->reply.allow = match.allow;
        session->refused = true;
        return;
    }
    session->refused = !mli_dispatch_find(mli_worker_take(session->loop->worker), &match, &session->request,
                                          &session->reply);
}

/* Bytes of the body that are its JSON part. */
static void take_parts(struct mli_session *session, const char *text)
{
    session->request.parts = text != NULL;
    if (text && !mli_num_parse_size(text, strlen(text), &session->request.json_part))
        mli_session_refuse(session, 400,
                           "Inference-Header-Content-Length must be a whole number of 0 or more");
}

static void take_content(struct mli_session *session, const char *content_type)
{
    enum mli_takes takes = session->route->takes;
    struct mli_content content = mli_content_parse(content_type);

    bool tensors = content.media == MLI_MEDIA_TENSORS;

    if (tensors && takes == MLI_TAKES_SCORING && content.parts) {
        session->request.parts = true;
        session->request.json_part = content.json_part;
    }
    session->request.content = content;
    if ((content.media != MLI_MEDIA_OTHER && !(tensors && takes == MLI_TAKES_ROWS)) || session->refused)
        return;
    if (takes == MLI_TAKES_ROWS) {
        mli_session_refuse(session, 415,
                           "expected Content-Type: application/json, text/csv or "
                           "application/jsonlines, in UTF-8 "
                           "(with curl: -H 'Content-Type: application/json')");
    } else if (takes == MLI_TAKES_SCORING) {
        mli_invocations_refuse(&session->reply, &content, content_type);
        session->refused = true;
    }
}

static bool take_coding(struct mli_session *session, const char *encoding)
{
    if (!encoding || strcasecmp(encoding, "identity") == 0)
        return true;
    session->request.coding = mli_coding_find(encoding);
    return session->request.coding != NULL;
}

/* What the head says of the body, before any of it is read. */
static void check_body(struct mli_session *session, const struct mli_guard_facts *facts)
{
    size_t max = session->loop->server->service.config.max_body;

    if (facts->expect && strcasecmp(facts->expect, "100-continue") != 0) {
        mli_session_refuse(session, 417, "the only expectation understood here is 100-continue");
    } else if (session->route->takes == MLI_TAKES_NOTHING) {
        session->request.accept = mli_content_accepted(facts->accept);
        if (facts->chunked || facts->length > 0)
            mli_session_refuse(session, 413, "this path takes no body");
    } else if (!facts->chunked && !facts->has_length) {
        mli_session_refuse(session, 411,
                           "a body needs Content-Length or Transfer-Encoding: chunked");
    } else if (facts->length > max) {
        mli_reply_error(&session->reply, 413, "the body of %zu bytes is longer than the limit of %zu bytes (--max-body)",
                        (size_t)facts->length, max);
        session->refused = true;
    } else if (!take_coding(session, facts->content_encoding)) {
        mli_session_refuse(session, 415,
                           "Content-Encoding can be gzip or deflate; or send the body as it is");
    } else {
        session->request.accept = mli_content_accepted(facts->accept);
        take_parts(session, facts->json_part);
        take_content(session, facts->content_type);
    }
}

static void keep_head(struct mli_session *session, const struct mli_guard_head *head, const struct mli_guard_facts *facts,
                      const struct mli_match *match)
{
    const struct mli_request *request = &session->request;

    if (!session->last && (session->served == 0 || !(session->last = mli_calloc(1, sizeof(*session->last)))))
        return; /* the first request of a connection is the last one of many */
    mli_guard_keep(&session->last->guard, head, facts);
    session->last->match = *match;
    session->last->request = (struct mli_request){ .coding = request->coding,
                                                   .content = request->content,
                                                   .accept = request->accept,
                                                   .openmetrics = request->openmetrics,
                                                   .html = request->html,
                                                   .host = request->host,
                                                   .parts = request->parts,
                                                   .json_part = request->json_part };
}

/* Who may ask and whether there is the model is asked anew. */
static void take_again(struct mli_session *session, const char *method, const struct mli_head_kept *last)
{
    session->request = last->request;
    take_route(session, method, &last->guard.facts, last->match);
}

static void take_anew(struct mli_session *session, const char *method, const struct mli_guard_head *head,
                      const struct mli_guard_facts *facts)
{
    const struct mli_match match = find_match(session, method, facts);

    take_route(session, method, facts, match);
    if (!session->refused)
        check_body(session, facts);
    session->request.openmetrics = session->route && session->route->scope == MLI_SCOPE_METRICS &&
                                   mli_content_openmetrics(facts->accept);
    session->request.html = is_browser(facts);
    session->request.host = facts->host;
    if (!session->refused)
        keep_head(session, head, facts, &match);
}

enum MHD_Result mli_session_take_head(struct mli_session *session,
                                      struct MHD_Connection *connection, const char *method,
                                      const char *version)
{
    const struct mli_service *service = &session->loop->server->service;
    MLI_RAW struct mli_guard_field field[MLI_GUARD_FIELDS];
    const struct mli_guard_head head = head_of(session, connection, method, version, field);
    bool again = session->last && mli_guard_is_kept(&session->last->guard, &head);
    MLI_RAW struct mli_guard_facts found;
    const struct mli_guard_facts *facts = &found;
    struct mli_refusal refusal = { 0 };

    if (again)
        facts = &session->last->guard.facts;
    else
        refusal = mli_guard_check(&head, service->config.max_header, &found);
    bool body = facts->chunked || facts->length > 0;
    session->stage = MLI_STAGE_BODY;
    session->method = method;
    session->forwarded_for = facts->forwarded_for;
    mli_trace_take(&session->trace, &facts->trace, service->config.say_ids, &session->loop->worker->rng);
    if (refusal.status)
        mli_session_refuse(session, refusal.status, refusal.text);
    else if (again)
        take_again(session, method, session->last);
    else
        take_anew(session, method, &head, facts);
    if (service->config.canary_header)
        session->request.sticky =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, service->config.canary_header);
    /* a short body is read in any case, and the connection lives on */
    if (!session->refused && facts->length > LONG_BODY && mli_session_is_too_many(session, facts->length) &&
        mli_session_turn_away(session, connection)) {
        session->stage = MLI_STAGE_LOBBY;
        return MHD_YES;
    }
    if (session->refused && (refusal.status || body || session->reply.status == 411)) {
        session->reply.close = true;
        return mli_session_send(session, connection, method);
    }
    mli_connection_enter(session->connection, body ? MLI_PHASE_BODY : MLI_PHASE_WORK, 0, mli_now());
    return MHD_YES;
}

enum MHD_Result mli_session_leave_lobby(struct mli_session *session, struct MHD_Connection *connection, const char *method)
{
    session->stage = MLI_STAGE_BODY;
    if (mli_pool_full(session->loop->server->service.pool)) {
        session->reply.close = true;
        return mli_session_send(session, connection, method);
    }
    session->refused = false;
    session->told = 0;
    mli_reply_reset(&session->reply);
    mli_connection_enter(session->connection, MLI_PHASE_BODY, 0, mli_now());
    return MHD_YES;
}
