/*
 * The library takes as long to make a response with three header fields as a small prediction takes. So the plain ones,
 * whose fields are always the same, are kept by the length of their body, each with room for one that is written anew for
 * every request. One that is still being sent belongs to its request; another is made then. The date, which the library would
 * write anew into every response, is written once a second, and the model's digest when it is another one's.
 */
#include <serve/session.h>

#include <base/mem.h>
#include <base/num.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mli_kept {
    struct MHD_Response *response;
    bool taken;
    time_t second; /* of its date */
    char date[MLI_DATE_SIZE];    /* in it; "": none */
    char model[MLI_SHA256_HEX]; /* likewise */
    char body[];
};

static const char field_model[] = "X-Model-Digest";

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_number(struct MHD_Response *response, const char *name, size_t value)
{
    char text[MLI_NUM_MAX];

    mli_num_format((double)value, text); /* a length of bytes, or seconds: far below 2^53, whole, and so without an exponent */
    return add_header(response, name, text);
}

/* In the form of RFC 9110, 5.6.7. */
static void write_date(time_t second, char out[MLI_DATE_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm at = { 0 };

    gmtime_r(&second, &at);
    snprintf(out, MLI_DATE_SIZE, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * at.tm_wday, at.tm_mday,
             months + 3 * at.tm_mon, at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

static void look_at_clock(struct mli_loop *loop)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == loop->second)
        return;
    loop->second = now.tv_sec;
    write_date(now.tv_sec, loop->date);
}

static bool add_common_headers(struct MHD_Response *response, const struct mli_reply *reply)
{
    return add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type) &&
           add_header(response, "X-Content-Type-Options", "nosniff") &&
           add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

/* What keeps a browser from making more of an answer than it is; a POST's is nothing that a browser shows. */
static bool add_page_headers(struct MHD_Response *response, const struct mli_reply *reply)
{
    return add_header(response, "Content-Security-Policy",
                      reply->policy[0] ? reply->policy : "default-src 'none'; frame-ancestors 'none'") &&
           add_header(response, "Cross-Origin-Resource-Policy", "same-origin") &&
           add_header(response, "Referrer-Policy", "no-referrer");
}

/* What a page of another origin may send along: what has a meaning here. */
static bool add_preflight_headers(struct MHD_Response *response, const struct mli_session *session)
{
    const char *own = session->loop->server->service.config.canary_header;
    char allowed[512];

    snprintf(allowed, sizeof(allowed),
             "Authorization, Content-Encoding, Content-Type, Inference-Header-Content-Length, X-API-Key, X-Request-Id, traceparent, tracestate%s%s",
             own ? ", " : "", own ? own : "");
    return add_header(response, "Access-Control-Allow-Methods", session->preflight) &&
           add_header(response, "Access-Control-Allow-Headers", allowed) &&
           add_header(response, "Access-Control-Max-Age", "600");
}

static bool add_cors_headers(struct MHD_Response *response, const struct mli_session *session)
{
    return (*session->origin == '*' || add_header(response, MHD_HTTP_HEADER_VARY, "Origin")) &&
           add_header(response, "Access-Control-Allow-Origin", session->origin) &&
           add_header(response, "Access-Control-Expose-Headers",
                      "Inference-Header-Content-Length, Retry-After, traceparent, tracestate, WWW-Authenticate, X-Mlctl-Nulls, X-Model-Digest, X-Request-Id") &&
           (!session->preflight || add_preflight_headers(response, session));
}

static bool add_trace_headers(struct MHD_Response *response, const struct mli_trace *trace)
{
    return (!trace->parent_out || add_header(response, "traceparent", trace->parent)) &&
           (!trace->state || add_header(response, "tracestate", trace->state)) &&
           (!trace->id_out || add_header(response, "X-Request-Id", trace->id));
}

static struct MHD_Response *make_response(const struct mli_session *session, const char *method)
{
    const struct mli_reply *reply = &session->reply;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.data, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return NULL;
    /* the date behind Connection, with which the library (0.9.75) forgets that there is one */
    if (add_common_headers(response, reply) &&
        (!reply->close || add_header(response, MHD_HTTP_HEADER_CONNECTION, "close")) &&
        add_header(response, MHD_HTTP_HEADER_DATE, session->loop->date) &&
        (strcmp(method, "POST") == 0 || add_page_headers(response, reply)) &&
        (!session->origin || add_cors_headers(response, session)) &&
        (!session->trace.known || add_trace_headers(response, &session->trace)) &&
        (!reply->varies || add_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING)) &&
        (!reply->coding || add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, reply->coding)) &&
        (!reply->allow || add_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow)) &&
        (!reply->challenge ||
         add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, reply->challenge)) &&
        (!reply->model || !reply->model[0] || add_header(response, field_model, reply->model)) &&
        (!reply->nulls || add_number(response, "X-Mlctl-Nulls", reply->nulls)) &&
        (!reply->json_part || add_number(response, "Inference-Header-Content-Length", reply->json_part)) &&
        (!reply->retry_after || add_number(response, MHD_HTTP_HEADER_RETRY_AFTER, reply->retry_after)))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* ---- kept -------------------------------------------------------------------------------------------------------- */

/* Whether make_response() would add the common fields, maybe the model's, and no other. */
static bool is_plain(const struct mli_session *session, const char *method)
{
    const struct mli_reply *reply = &session->reply;

    return strcmp(method, "POST") == 0 && strcmp(reply->type, "application/json") == 0 && !reply->close &&
           !session->origin && !session->trace.known && !reply->varies && !reply->allow && !reply->challenge &&
           !reply->nulls && !reply->json_part && !reply->retry_after;
}

/* NULL: out of memory. */
static struct mli_kept *make_kept(const struct mli_reply *reply)
{
    size_t len = reply->body.len;
    struct mli_kept *kept = mli_alloc(1, sizeof(*kept) + len);

    if (!kept)
        return NULL;
    kept->taken = false;
    kept->second = 0;
    kept->date[0] = kept->model[0] = '\0';
    kept->response = MHD_create_response_from_buffer(len, kept->body, MHD_RESPMEM_PERSISTENT);
    if (kept->response && add_common_headers(kept->response, reply))
        return kept;
    if (kept->response)
        MHD_destroy_response(kept->response);
    free(kept);
    return NULL;
}

/* A field whose value is in `now` gets another one; "" is none. False: it has none now, for want of memory. */
static bool set_field(const struct mli_kept *kept, const char *name, char *now, const char *value)
{
    if (now[0])
        MHD_del_response_header(kept->response, name, now);
    now[0] = '\0';
    if (!value[0])
        return true;
    if (!add_header(kept->response, name, value))
        return false;
    memcpy(now, value, strlen(value) + 1);
    return true;
}

static bool set_date(struct mli_kept *kept, const struct mli_loop *loop)
{
    if (kept->second == loop->second && kept->date[0])
        return true;
    kept->second = loop->second;
    return set_field(kept, MHD_HTTP_HEADER_DATE, kept->date, loop->date);
}

static bool set_model(struct mli_kept *kept, const char *digest)
{
    return strcmp(kept->model, digest) == 0 || set_field(kept, field_model, kept->model, digest);
}

/* The loop's response of that length. NULL: it is being sent, or cannot be made. */
static struct mli_kept *take_kept(struct mli_session *session)
{
    const struct mli_buf *body = &session->reply.body;
    struct mli_kept **place = &session->loop->kept[body->len];

    if (!*place)
        *place = make_kept(&session->reply);
    if (!*place || (*place)->taken || !set_date(*place, session->loop) ||
        !set_model(*place, session->reply.model ? session->reply.model : ""))
        return NULL;
    if (body->len > 0)
        memcpy((*place)->body, body->data, body->len);
    (*place)->taken = true;
    return *place;
}

struct MHD_Response *mli_session_response(struct mli_session *session, const char *method)
{
    look_at_clock(session->loop);
    if (session->reply.body.len < MLI_KEPT_BYTES && is_plain(session, method))
        session->kept = take_kept(session);
    return session->kept ? session->kept->response : make_response(session, method);
}

void mli_session_drop_response(struct mli_session *session, struct MHD_Response *response)
{
    if (!session->kept)
        MHD_destroy_response(response);
}

void mli_session_sent(struct mli_session *session)
{
    if (session->kept)
        session->kept->taken = false;
    session->kept = NULL;
}

void mli_loop_drop_responses(struct mli_loop *loop)
{
    for (size_t i = 0; i < MLI_KEPT_BYTES; i++) {
        if (loop->kept[i])
            MHD_destroy_response(loop->kept[i]->response);
        free(loop->kept[i]);
    }
}
