/*
 * A request that would hold up the others of its loop thread goes to a thread of the pool; the connection sleeps
 * meanwhile, and the session is that thread's. When the library wakes it, it asks for the answer once more.
 */
#include <serve/session.h>

bool mli_session_is_large(const struct mli_session *session, size_t bytes)
{
    const struct mli_served *served = session->request.served;

    return served && session->route->takes != MLI_TAKES_NOTHING &&
           (session->request.coding || mli_served_work(served, bytes) > MLI_SERVED_LARGE);
}

static void work(void *data, struct mli_worker *worker)
{
    struct mli_session *session = data;
    struct mli_view *home = session->request.view;
    struct mli_view *view = mli_worker_take_of(worker, home->registry);

    if (view) {
        session->request.view = view;
        mli_session_make(session, worker);
        session->request.view = home;
        mli_worker_leave(worker, view);
    } else {
        mli_session_refuse(session, 503, "out of memory for the model's rows");
    }
    mli_session_pack(&session->reply, session->accepts);
}

static void wake(void *data)
{
    struct mli_session *session = data;

    MHD_resume_connection(session->asleep);
}

enum MHD_Result mli_session_send_away(struct mli_session *session, struct MHD_Connection *connection)
{
    session->away = true;
    session->asleep = connection;
    session->accepts = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    session->request.since = mli_clock();
    session->errand = (struct mli_errand){ .run = work, .done = wake, .data = session };
    MHD_suspend_connection(connection);
    mli_pool_give(session->loop->server->service.pool, &session->errand);
    return MHD_YES;
}
