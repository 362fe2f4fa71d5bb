#include <serve/session.h>

#define HELD_BODIES ((size_t)32) /* request bodies in memory at one time, as many of the largest */

/*
 * What the server's count has of a body of that length. Of a short one nothing: a connection keeps as much from one request
 * to the next, and all threads would write that one word for every request.
 */
static size_t counted(size_t len)
{
    return len > MLI_BODY_KEPT ? len : 0;
}

static void count_out(struct mli_session *session)
{
    size_t n = counted(session->body.len);

    if (n > 0)
        atomic_fetch_sub(&session->loop->server->held, n);
}

/* The buffer that was written last is in the cache, so the next body goes there, whichever connection's it is. */
void mli_session_drop_body(struct mli_session *session)
{
    struct mli_buf *body = &session->body, *spare = &session->loop->spare;

    count_out(session);
    if (body->capacity > MLI_BODY_KEPT) {
        mli_buf_release(body);
        return;
    }
    mli_buf_reset(body);
    if (body->data && !spare->data) {
        *spare = *body;
        mli_buf_init(body, spare->limit);
    }
}

static void take_spare(struct mli_session *session)
{
    struct mli_buf *spare = &session->loop->spare;

    if (session->body.data || !spare->data)
        return;
    session->body = *spare;
    mli_buf_init(spare, session->body.limit);
}

static void keep_bytes(struct mli_session *session, const char *bytes, size_t n)
{
    struct mli_server *server = session->loop->server;
    size_t max = server->service.config.max_body, most = max * HELD_BODIES;
    size_t more = n > max - session->body.len ? 0 : counted(session->body.len + n) - counted(session->body.len);

    if (n > max - session->body.len) {
        mli_reply_error(&session->reply, 413, "the body is longer than the limit of %zu bytes (--max-body)",
                        max);
        session->refused = true;
    } else if (more > 0 && atomic_fetch_add(&server->held, more) > most - more) {
        atomic_fetch_sub(&server->held, more);
        mli_session_refuse(session, 503, "too many bodies are being received; try again");
    } else {
        mli_buf_add(&session->body, bytes, n);
        if (session->body.status != ML_OK) {
            atomic_fetch_sub(&server->held, more);
            mli_session_refuse(session, 503, "out of memory for the body");
        }
    }
    if (session->refused)
        mli_session_drop_body(session);
}

enum MHD_Result mli_session_take_body(struct mli_session *session, const char *bytes, size_t *n)
{
    size_t max = session->loop->server->service.config.max_body;

    session->received += *n;
    take_spare(session);
    if (!session->refused)
        keep_bytes(session, bytes, *n);
    session->reply.close = session->reply.close || session->refused;
    *n = 0;
    mli_connection_moved(session->connection, session->received);
    return session->received / 2 > max ? MHD_NO : MHD_YES;
}

/* The packed body's place is taken by what it unpacks to, which counts as it did. */
void mli_session_unpack(struct mli_session *session)
{
    struct mli_server *server = session->loop->server;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_buf plain;

    mli_buf_init(&plain, server->service.config.max_body);
    enum ml_status status = mli_coding_unpack(session->request.coding, session->body.data,
                                              session->body.len, &plain, &err);
    if (status != ML_OK) {
        mli_buf_release(&plain);
        mli_reply_failure(&session->reply, &err, NULL);
        session->refused = true;
        return;
    }
    atomic_fetch_add(&server->held, counted(plain.len));
    count_out(session);
    mli_buf_release(&session->body);
    session->body = plain;
}
