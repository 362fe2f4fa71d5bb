#include <serve/keeper.h>

#include <base/mem.h>
#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <poll.h>
#include <serve/listen.h>
#include <serve/reply.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TURN = 100,       /* milliseconds between sweeps */
    ACCEPTS = 64,     /* connections taken in one go, before others have their turn */
    LAST = 20,        /* milliseconds that those who are coming have to be there */
    LEAVE_TIME = 2000, /* milliseconds that this may take */
    SECOND = 1000      /* milliseconds that those beyond the places may have to wait for their answer */
};

struct leaving {
    int fd;
    uint64_t until;
};

struct mli_keeper {
    struct mli_keeper_config config;
    pthread_t thread;
    int wake; /* eventfd */
    atomic_bool draining, stopping, at_once;
    bool listening;
    uint64_t paused; /* no accepting before this time */
    uint64_t second; /* when it began, */
    unsigned answers; /* and how many of those beyond the places are still to be answered in it */
    atomic_bool shut; /* nobody is let in until there is a place, or the second is over */
    uint64_t swept;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t closed;
    bool listener_closed;
    struct leaving leaving[MLI_KEEPER_LEAVING];
    _Atomic size_t leaves;
    struct pollfd poll[2 + MLI_KEEPER_LEAVING];
};

/* ---- seeing off -------------------------------------------------------------------------------------------------- */

static void wake_up(struct mli_keeper *keeper)
{
    const uint64_t one = 1;
    ssize_t written = write(keeper->wake, &one, sizeof(one));

    (void)written; /* it fails only when the count is full, and then the thread is awake */
}

static void read_wake(struct mli_keeper *keeper)
{
    uint64_t count;
    ssize_t got = read(keeper->wake, &count, sizeof(count));

    (void)got; /* nothing to read is fine: several wake-ups may have been read as one */
}

static void remove_leaving(struct mli_keeper *keeper, size_t i)
{
    close(keeper->leaving[i].fd);
    keeper->leaving[i] = keeper->leaving[--keeper->leaves];
}

static size_t longest_leaving(const struct mli_keeper *keeper)
{
    size_t longest = 0;

    for (size_t i = 1; i < keeper->leaves; i++)
        longest = keeper->leaving[i].until < keeper->leaving[longest].until ? i : longest;
    return longest;
}

void mli_keeper_see_off(struct mli_keeper *keeper, int fd)
{
    pthread_mutex_lock(&keeper->lock);
    if (keeper->leaves == keeper->config.leaving)
        remove_leaving(keeper, longest_leaving(keeper));
    keeper->leaving[keeper->leaves++] = (struct leaving){ fd, mli_now() + LEAVE_TIME };
    pthread_mutex_unlock(&keeper->lock);
    wake_up(keeper);
}

/* Reads what is there. True when the other side has closed. */
static bool read_away(int fd)
{
    char bytes[16384];
    ssize_t got;

    for (int i = 0; i < 64; i++) {
        got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (got <= 0)
            return got == 0 || (errno != EAGAIN && errno != EINTR);
    }
    return false;
}

static void read_leaving(struct mli_keeper *keeper, uint64_t now)
{
    pthread_mutex_lock(&keeper->lock);
    for (size_t i = keeper->leaves; i-- > 0;) {
        if (read_away(keeper->leaving[i].fd) || now >= keeper->leaving[i].until)
            remove_leaving(keeper, i);
    }
    pthread_mutex_unlock(&keeper->lock);
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

/* Sent before the request is read, which may never come: there is no place to wait for it. */
static void turn_away(struct mli_keeper *keeper, int fd, enum mli_admission why)
{
    bool full = why == MLI_REFUSED_FULL;
    keeper->answers -= full && keeper->answers > 0;
    const struct mli_connections_config *limits = &keeper->config.connections->config;
    const char *line = full ? "503 Service Unavailable" : "429 Too Many Requests";
    char text[96], body[320], reply[640];

    if (keeper->config.silent) {
        close(fd);
        return;
    }
    if (full)
        snprintf(text, sizeof(text), "all %u connections are in use; try again", limits->max);
    else
        snprintf(text, sizeof(text), "%u connections are the most from one address; close some", limits->max_per_address);
    int n = snprintf(body, sizeof(body),
                     "{\"error\":\"%s\",\"error_code\":\"%s\",\"message\":\"%s\"}\n", text,
                     mli_reply_code(full ? 503 : 429), text);
    int len = snprintf(reply, sizeof(reply),
                       "HTTP/1.1 %s\r\nConnection: close\r\nRetry-After: 1\r\n"
                       "Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n"
                       "Cache-Control: no-store\r\nContent-Length: %d\r\n\r\n%s",
                       line, n, body);
    if (send(fd, reply, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) == len &&
        shutdown(fd, SHUT_WR) == 0)
        mli_keeper_see_off(keeper, fd);
    else
        close(fd);
}

static void admit(struct mli_keeper *keeper, int fd, const struct sockaddr *address, socklen_t len)
{
    const struct mli_keeper_config *config = &keeper->config;
    enum mli_admission admission =
        mli_connections_admit(config->connections, fd, address, mli_now());

    if (admission != MLI_ADMITTED)
        turn_away(keeper, fd, admission);
    else if (!config->give(config->data, fd, address, len))
        mli_connections_cancel(config->connections, fd);
}

/* Connections that the system has made and nobody has accepted yet. */
static unsigned at_the_door(const struct mli_keeper *keeper)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof(info);

    return getsockopt(keeper->config.listener, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 ? info.tcpi_unacked : 0;
}

/*
 * Clients beyond the places who come again at once would keep this thread and the processor busy with being turned away. So
 * only as many are answered in a second as waited when it began, and at least a few; the others wait where the system has
 * put them, and the first of them gets the place that becomes free.
 */
static bool lets_in(struct mli_keeper *keeper)
{
    const struct mli_connections *table = keeper->config.connections;
    const uint64_t now = mli_now();

    if (!mli_connections_full(table))
        return true;
    if (now - keeper->second >= SECOND) {
        keeper->second = now;
        keeper->answers = at_the_door(keeper);
        keeper->answers = keeper->answers < MLI_KEEPER_ANSWERS ? MLI_KEEPER_ANSWERS : keeper->answers;
    }
    atomic_store(&keeper->shut, keeper->answers == 0);
    return keeper->answers > 0 || !mli_connections_full(table); /* by one who has not seen that it is shut */
}

void mli_keeper_room(struct mli_keeper *keeper)
{
    if (atomic_load(&keeper->shut) && atomic_exchange(&keeper->shut, false))
        wake_up(keeper);
}

/* Takes up to n connections. False when none is waiting any more, or to be taken. */
static bool accept_some(struct mli_keeper *keeper, int n)
{
    while (n-- > 0 && lets_in(keeper)) {
        struct sockaddr_storage address = { 0 };
        socklen_t len = sizeof(address);
        int fd = accept4(keeper->config.listener, (struct sockaddr *)&address, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(keeper, fd, (struct sockaddr *)&address, len);
        } else if (errno == EAGAIN) {
            return false;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            keeper->paused = mli_now() + TURN;
            return false;
        } /* else: that one client is gone already */
    }
    return n < 0;
}

/* Whoever is connected is served, even if he has been for a moment only. */
static void close_listener(struct mli_keeper *keeper)
{
    struct pollfd door = { .fd = keeper->config.listener, .events = POLLIN };
    const uint64_t end = mli_now() + TURN;

    mli_listen_no_more(keeper->config.listener);
    keeper->second = mli_now();
    keeper->answers = UINT_MAX;
    while (accept_some(keeper, ACCEPTS) || (mli_now() < end && poll(&door, 1, LAST) > 0))
        continue;
    close(keeper->config.listener);
    keeper->listening = false;
    pthread_mutex_lock(&keeper->lock);
    keeper->listener_closed = true;
    pthread_cond_broadcast(&keeper->closed);
    pthread_mutex_unlock(&keeper->lock);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static nfds_t list_sockets(struct mli_keeper *keeper, uint64_t now)
{
    nfds_t n = 2;

    keeper->poll[0] = (struct pollfd){ .fd = keeper->wake, .events = POLLIN };
    keeper->poll[1] = (struct pollfd){ .fd = -1, .events = POLLIN };
    if (keeper->listening && now >= keeper->paused && lets_in(keeper))
        keeper->poll[1].fd = keeper->config.listener;
    pthread_mutex_lock(&keeper->lock);
    for (size_t i = 0; i < keeper->leaves; i++)
        keeper->poll[n++] = (struct pollfd){ .fd = keeper->leaving[i].fd, .events = POLLIN };
    pthread_mutex_unlock(&keeper->lock);
    return n;
}

static void turn(struct mli_keeper *keeper)
{
    uint64_t now = mli_now();

    int ready = poll(keeper->poll, list_sockets(keeper, now), TURN);
    if (ready > 0 && keeper->poll[0].revents)
        read_wake(keeper);
    if (ready > 0 && keeper->poll[1].revents)
        accept_some(keeper, ACCEPTS);
    if (keeper->listening && atomic_load(&keeper->draining))
        close_listener(keeper);
    now = mli_now();
    read_leaving(keeper, now);
    if (now - keeper->swept >= TURN) {
        mli_connections_sweep(keeper->config.connections, atomic_load(&keeper->draining), now);
        keeper->swept = now;
    }
}

static void *run(void *data)
{
    struct mli_keeper *keeper = data;

    /* those that are being seen off have their time, unless there is none */
    while (!atomic_load(&keeper->stopping) ||
           (keeper->leaves > 0 && !atomic_load(&keeper->at_once)))
        turn(keeper);
    return NULL;
}

static void release(struct mli_keeper *keeper)
{
    while (keeper->leaves > 0)
        remove_leaving(keeper, 0);
    if (keeper->listening)
        close(keeper->config.listener);
    if (keeper->wake >= 0)
        close(keeper->wake);
    pthread_cond_destroy(&keeper->closed);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

enum ml_status mli_keeper_start(const struct mli_keeper_config *config, struct mli_keeper **out,
                                struct ml_error *err)
{
    struct mli_keeper *keeper = mli_calloc(1, sizeof(*keeper));

    if (!keeper) {
        close(config->listener);
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    }
    keeper->config = *config;
    if (config->leaving == 0 || config->leaving > MLI_KEEPER_LEAVING)
        keeper->config.leaving = MLI_KEEPER_LEAVING;
    keeper->listening = true;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->closed, NULL);
    keeper->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    *out = keeper;
    int failed = keeper->wake < 0 ? errno : pthread_create(&keeper->thread, NULL, run, keeper);
    if (failed) {
        *out = NULL;
        release(keeper);
        return ml_error_set(err, ML_EIO, "cannot start the server's thread: %s", strerror(failed));
    }
    return ML_OK;
}

void mli_keeper_drain(struct mli_keeper *keeper)
{
    atomic_store(&keeper->draining, true);
    wake_up(keeper);
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->listener_closed)
        pthread_cond_wait(&keeper->closed, &keeper->lock);
    pthread_mutex_unlock(&keeper->lock);
}

void mli_keeper_stop(struct mli_keeper *keeper, bool at_once)
{
    atomic_store(&keeper->at_once, at_once);
    atomic_store(&keeper->stopping, true);
    wake_up(keeper);
    pthread_join(keeper->thread, NULL);
    release(keeper);
}
