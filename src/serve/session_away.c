/*
 * A request that would hold up the others of its loop thread goes to a thread of the pool, one that goes with others
 * (group.h) to a seat, and one that changes models, which waits for the disk, to the clerk. The connection sleeps meanwhile, and
 * the session is that thread's. When it is woken the library asks for the answer once more. So it is with a refusal that
 * has to wait.
 */
#include <serve/group.h>
#include <serve/session.h>

static bool is_large(const struct mli_session *session, size_t bytes)
{
    const struct mli_served *served = session->request.served;

    return served && session->route->takes != MLI_TAKES_NOTHING &&
           (session->request.coding || mli_served_work(served, bytes) > MLI_SERVED_LARGE);
}

bool mli_session_is_too_many(const struct mli_session *session, size_t bytes)
{
    return mli_pool_full(session->loop->server->service.pool) && is_large(session, bytes);
}

static void work(void *data, struct mli_worker *worker)
{
    struct mli_session *session = data;
    struct mli_view *home = session->request.view;
    struct mli_view *view = mli_worker_take_of(worker, home->registry);

    if (view) {
        session->request.view = view;
        worker->group = session->group;
        mli_session_make(session, worker);
        session->request.view = home;
        mli_worker_leave(worker, view);
    } else {
        mli_session_refuse(session, 503, "out of memory for the model's rows");
    }
    if (session->group && (!view || worker->group)) /* it was not there */
        mli_group_leave(session->group);
    worker->group = NULL;
    mli_session_pack(&session->reply, session->accepts);
}

static void wake(void *data)
{
    struct mli_session *session = data;

    MHD_resume_connection(session->asleep);
}

bool mli_session_turn_away(struct mli_session *session, struct MHD_Connection *connection)
{
    struct mli_lobby *lobby = session->loop->server->lobby;
    const uint64_t now = mli_clock(), when = mli_lobby_when(lobby, session->told, now);

    mli_session_refuse(session, 503, "too many large requests are waiting; try again");
    mli_session_drop_body(session);
    session->told = (when ? when : now) + MLI_LOBBY_AWAY;
    if (when == 0)
        return false;
    mli_buf_release(&session->body); /* many may wait */
    session->asleep = connection;
    session->guest = (struct mli_guest){ .until = when, .done = wake, .data = session };
    mli_connection_enter(session->connection, MLI_PHASE_WORK, 0, mli_now());
    MHD_suspend_connection(connection);
    mli_lobby_wait(lobby, &session->guest);
    return true;
}

/* A seat where one is free, for what goes with others. */
static struct mli_pool *take_seat(struct mli_session *session)
{
    const struct mli_served *served = session->request.served;
    struct mli_pool *seats = session->loop->server->service.seats;

    if (!seats || !served || !served->group || session->route->takes == MLI_TAKES_NOTHING || session->request.coding ||
        mli_served_rows(served, session->body.len) > MLI_GROUP_ROWS || !mli_pool_enter(seats))
        return NULL;
    session->group = served->group;
    mli_group_expect(session->group);
    return seats;
}

/* Where many wait before the end comes, what has not begun is not made: nobody would hear of it any more. */
static void change(void *data, struct mli_worker *worker)
{
    struct mli_session *session = data;

    if (atomic_load(&worker->stopping))
        mli_session_refuse(session, 503, "the server is about to stop");
    else
        mli_session_make(session, worker);
    mli_session_pack(&session->reply, session->accepts);
}

/* The connection sleeps until that pool, where it has a place, has answered. */
static void send_to(struct mli_pool *pool, void (*run)(void *data, struct mli_worker *worker), struct mli_session *session,
                    struct MHD_Connection *connection)
{
    session->accepts = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    session->request.since = mli_clock();
    session->away = true;
    session->asleep = connection;
    session->errand = (struct mli_errand){ .run = run, .done = wake, .data = session };
    MHD_suspend_connection(connection);
    mli_pool_give(pool, &session->errand);
}

/* Without a view, which would keep in memory what the changes before this one unload. */
static bool send_to_clerk(struct mli_session *session, struct MHD_Connection *connection)
{
    struct mli_pool *clerk = session->loop->server->service.clerk;

    if (!mli_pool_enter(clerk)) {
        mli_session_refuse(session, 503, "too many changes of models are waiting; try again");
        return false;
    }
    mli_worker_leave(session->loop->worker, session->request.view);
    session->request.view = NULL;
    session->request.registry = NULL;
    send_to(clerk, change, session, connection);
    return true;
}

bool mli_session_send_away(struct mli_session *session, struct MHD_Connection *connection)
{
    session->group = NULL;
    if (session->route->scope == MLI_SCOPE_ADMIN)
        return send_to_clerk(session, connection);
    struct mli_pool *pool = take_seat(session);
    if (!pool && !is_large(session, session->body.len))
        return false;
    if (!pool && !mli_pool_enter(pool = session->loop->server->service.pool))
        return mli_session_turn_away(session, connection);
    send_to(pool, work, session, connection);
    return true;
}
