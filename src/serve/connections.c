#include <serve/connections.h>

#include <base/mem.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define DRAIN_IDLE 250u /* milliseconds */
#define LATE 6u         /* times its deadline that a connection may live while its thread is behind */

static uint64_t pack(enum mli_phase phase, uint64_t since)
{
    _Static_assert(MLI_PHASES <= 8, "a phase has three bits");
    return since << 3 | (uint64_t)phase;
}

static enum mli_phase phase_of(uint64_t state)
{
    return (enum mli_phase)(state & 7);
}

static uint64_t since_of(uint64_t state)
{
    return state >> 3;
}

uint64_t mli_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits of mli_connections_wait() are by the same clock. */
static bool init_lock(struct mli_connections *table)
{
    pthread_condattr_t attributes;

    if (pthread_mutex_init(&table->lock, NULL) != 0)
        return false;
    if (pthread_condattr_init(&attributes) == 0) {
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        int failed = pthread_cond_init(&table->gone, &attributes);
        pthread_condattr_destroy(&attributes);
        if (!failed)
            return true;
    }
    pthread_mutex_destroy(&table->lock);
    return false;
}

enum ml_status mli_connections_init(struct mli_connections *table,
                                    const struct mli_connections_config *config,
                                    struct ml_error *err)
{
    memset(table, 0, sizeof(*table));
    table->config = *config;
    table->slot = mli_calloc_lines(config->max, sizeof(*table->slot));
    if (!table->slot || !init_lock(table)) {
        free(table->slot);
        return ml_error_set(err, ML_ENOMEM, "out of memory for %u connections", config->max);
    }
    return ML_OK;
}

void mli_connections_release(struct mli_connections *table)
{
    pthread_cond_destroy(&table->gone);
    pthread_mutex_destroy(&table->lock);
    free(table->slot);
}

/* ---- coming and going -------------------------------------------------------------------------------------------- */

static void read_address(const struct sockaddr *address, struct in6_addr *out)
{
    memset(out, 0, sizeof(*out));
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof(six));
        *out = six.sin6_addr;
    } else if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof(four));
        out->s6_addr[10] = out->s6_addr[11] = 0xFF;
        memcpy(&out->s6_addr[12], &four.sin_addr, sizeof(four.sin_addr));
    }
}

static unsigned count_address(const struct mli_connections *table, const struct in6_addr *address)
{
    unsigned n = 0;

    for (size_t i = 0; i < table->config.max; i++) {
        const struct mli_connection *slot = &table->slot[i];
        n += phase_of(atomic_load(&slot->state)) != MLI_PHASE_FREE &&
             memcmp(&slot->address, address, sizeof(*address)) == 0;
    }
    return n;
}

static struct mli_connection *find(struct mli_connections *table, enum mli_phase phase, int fd)
{
    for (size_t i = 0; i < table->config.max; i++) {
        if (phase_of(atomic_load(&table->slot[i].state)) == phase &&
            (fd < 0 || table->slot[i].fd == fd))
            return &table->slot[i];
    }
    return NULL;
}

static void vacate(struct mli_connections *table, struct mli_connection *connection)
{
    atomic_store(&connection->state, pack(MLI_PHASE_FREE, 0));
    table->count--;
    pthread_cond_broadcast(&table->gone);
}

enum mli_admission mli_connections_admit(struct mli_connections *table, int fd,
                                         const struct sockaddr *address, uint64_t now)
{
    _Atomic uint64_t *const counter[] = { [MLI_ADMITTED] = &table->accepted,
                                          [MLI_REFUSED_FULL] = &table->refused_full,
                                          [MLI_REFUSED_ADDRESS] = &table->refused_address };
    enum mli_admission admission = MLI_ADMITTED;
    struct in6_addr from;

    read_address(address, &from);
    pthread_mutex_lock(&table->lock);
    /* the system has closed that descriptor, or it could not be new: it never reached its thread */
    struct mli_connection *stale = find(table, MLI_PHASE_ADMITTED, fd);
    if (stale)
        vacate(table, stale);
    struct mli_connection *place = find(table, MLI_PHASE_FREE, -1);
    if (!place) {
        admission = MLI_REFUSED_FULL;
    } else if (table->config.max_per_address &&
               count_address(table, &from) >= table->config.max_per_address) {
        admission = MLI_REFUSED_ADDRESS;
    } else {
        place->fd = fd;
        place->shut = false;
        place->sending = 0;
        place->address = from;
        atomic_store(&place->bytes, 0);
        atomic_store(&place->state, pack(MLI_PHASE_ADMITTED, now));
        table->count++;
    }
    pthread_mutex_unlock(&table->lock);
    atomic_fetch_add(counter[admission], 1);
    return admission;
}

struct mli_connection *mli_connections_start(struct mli_connections *table, int fd, uint64_t now)
{
    pthread_mutex_lock(&table->lock);
    struct mli_connection *connection = find(table, MLI_PHASE_ADMITTED, fd);
    if (connection)
        atomic_store(&connection->state, pack(MLI_PHASE_FIRST, now));
    pthread_mutex_unlock(&table->lock);
    return connection;
}

void mli_connections_close(struct mli_connections *table, struct mli_connection *connection)
{
    pthread_mutex_lock(&table->lock);
    vacate(table, connection);
    pthread_mutex_unlock(&table->lock);
}

void mli_connections_cancel(struct mli_connections *table, int fd)
{
    pthread_mutex_lock(&table->lock);
    struct mli_connection *connection = find(table, MLI_PHASE_ADMITTED, fd);
    if (connection)
        vacate(table, connection);
    pthread_mutex_unlock(&table->lock);
}

void mli_connection_enter(struct mli_connection *connection, enum mli_phase phase, uint64_t bytes,
                          uint64_t now)
{
    uint64_t before = atomic_load_explicit(&connection->state, memory_order_relaxed);

    if (phase == MLI_PHASE_HEAD && phase_of(before) == MLI_PHASE_FIRST)
        now = since_of(before);
    atomic_store_explicit(&connection->bytes, bytes, memory_order_relaxed);
    atomic_store_explicit(&connection->state, pack(phase, now), memory_order_release);
}

void mli_connection_moved(struct mli_connection *connection, uint64_t bytes)
{
    atomic_store_explicit(&connection->bytes, bytes, memory_order_relaxed);
}

/* ---- deadlines --------------------------------------------------------------------------------------------------- */

/*
 * Bytes of the reply that the client has taken since the keeper first saw it being sent. How many the library has
 * handed to the system says nothing: the system takes megabytes for a client that reads none.
 */
static uint64_t taken(struct mli_connection *connection, uint64_t state)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof(info);

    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return 0;
    if (connection->sending != state) {
        connection->sending = state;
        connection->acknowledged = info.tcpi_bytes_acked;
    }
    return info.tcpi_bytes_acked - connection->acknowledged;
}

/* Milliseconds a connection may be in the phase it is in. */
static uint64_t allowed(const struct mli_connections *table, struct mli_connection *connection,
                        uint64_t state)
{
    const struct mli_connections_config *config = &table->config;
    uint64_t bytes = 0;

    switch (phase_of(state)) {
    case MLI_PHASE_ADMITTED:
    case MLI_PHASE_FIRST:
    case MLI_PHASE_HEAD:
        return (uint64_t)config->head_timeout * 1000;
    case MLI_PHASE_IDLE:
        return (uint64_t)config->idle_timeout * 1000;
    case MLI_PHASE_BODY:
        bytes = atomic_load_explicit(&connection->bytes, memory_order_relaxed);
        break;
    case MLI_PHASE_SEND:
        bytes = taken(connection, state);
        break;
    case MLI_PHASE_FREE:
    case MLI_PHASE_WORK:
    case MLI_PHASES:
        return UINT64_MAX;
    }
    return (uint64_t)config->body_timeout * 1000 + bytes * 1000 / MLI_RATE;
}

static void expire(struct mli_connections *table, struct mli_connection *connection,
                   enum mli_phase phase)
{
    const struct linger at_once = { .l_onoff = 1 };

    atomic_fetch_add(&table->expired[phase], 1);
    if (phase == MLI_PHASE_ADMITTED) {
        vacate(table, connection);
        return;
    }
    connection->shut = true;
    /* a client that does not read keeps the reply in the system's memory until the connection is reset */
    if (phase == MLI_PHASE_SEND)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    shutdown(connection->fd, SHUT_RDWR);
}

static bool awaits_bytes(enum mli_phase phase)
{
    return phase == MLI_PHASE_FIRST || phase == MLI_PHASE_IDLE || phase == MLI_PHASE_HEAD ||
           phase == MLI_PHASE_BODY;
}

/* 0: the other side has closed; over 0: there are bytes that nobody has read; below: neither. */
static ssize_t unread(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

/* The client has done what was to be done by it: it has sent something, or taken all that it has been given. */
static bool waits_for_us(enum mli_phase phase, int fd)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof(info);

    if (awaits_bytes(phase))
        return unread(fd) > 0;
    return phase == MLI_PHASE_SEND && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
           info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0;
}

/* Past its deadline, and not because its thread is behind: that has not taken it up yet, or lets the client wait. */
static bool is_due(const struct mli_connections *table, struct mli_connection *connection, uint64_t state,
                   uint64_t age)
{
    uint64_t most = allowed(table, connection, state);

    if (age <= most)
        return false;
    if (age > LATE * most)
        return true;
    return phase_of(state) != MLI_PHASE_ADMITTED && !waits_for_us(phase_of(state), connection->fd);
}

static void look_after(struct mli_connections *table, struct mli_connection *connection, bool drain,
                       uint64_t now)
{
    uint64_t state = atomic_load_explicit(&connection->state, memory_order_acquire);
    enum mli_phase phase = phase_of(state);
    uint64_t age = now > since_of(state) ? now - since_of(state) : 0;
    bool waits = phase == MLI_PHASE_FIRST || phase == MLI_PHASE_IDLE;

    if (phase == MLI_PHASE_FREE || connection->shut)
        return;
    if (is_due(table, connection, state, age))
        expire(table, connection, phase);
    else if ((drain && waits && age > DRAIN_IDLE) ||
             (awaits_bytes(phase) && unread(connection->fd) == 0))
        shutdown(connection->fd, SHUT_RD); /* what has arrived can still be read, and answered */
}

void mli_connections_sweep(struct mli_connections *table, bool drain, uint64_t now)
{
    pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < table->config.max; i++)
        look_after(table, &table->slot[i], drain, now);
    pthread_mutex_unlock(&table->lock);
}

size_t mli_connections_count(const struct mli_connections *table)
{
    return atomic_load(&table->count);
}

bool mli_connections_full(const struct mli_connections *table)
{
    return mli_connections_count(table) >= table->config.max;
}

bool mli_connections_wait(struct mli_connections *table, uint64_t until)
{
    const struct timespec end = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };
    int failed = 0;

    pthread_mutex_lock(&table->lock);
    while (table->count > 0 && !failed)
        failed = pthread_cond_timedwait(&table->gone, &table->lock, &end);
    bool empty = table->count == 0;
    pthread_mutex_unlock(&table->lock);
    return empty;
}
