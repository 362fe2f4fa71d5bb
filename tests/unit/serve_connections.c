/* The table of connections over socket pairs, with a clock that the test turns. */
#include <tests/unit/serve.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <serve/connections.h>
#include <serve/keeper.h>
#include <serve/listen.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define START 1000000u

static const struct mli_connections_config limits = {
    .max = 3, .max_per_address = 2, .head_timeout = 10, .body_timeout = 30, .idle_timeout = 75
};

static struct sockaddr_in address_of(const char *text)
{
    struct sockaddr_in address = { .sin_family = AF_INET };

    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    return address;
}

static enum mli_admission admit(struct mli_connections *table, int fd, const char *text)
{
    struct sockaddr_in address = address_of(text);

    return mli_connections_admit(table, fd, (struct sockaddr *)&address, START);
}

static void test_admission(void **state)
{
    struct mli_connections table;

    (void)state;
    assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
    assert_int_equal(admit(&table, 1001, "127.0.0.1"), MLI_ADMITTED);
    assert_int_equal(admit(&table, 1002, "127.0.0.1"), MLI_ADMITTED);
    assert_int_equal(admit(&table, 1003, "127.0.0.1"), MLI_REFUSED_ADDRESS);
    assert_int_equal(admit(&table, 1003, "127.0.0.2"), MLI_ADMITTED);
    assert_int_equal(admit(&table, 1004, "127.0.0.3"), MLI_REFUSED_FULL);
    assert_int_equal(mli_connections_count(&table), 3);
    struct mli_connection *first = mli_connections_start(&table, 1001, START);
    assert_non_null(first);
    assert_null(mli_connections_start(&table, 1001, START));
    assert_null(mli_connections_start(&table, 1004, START));
    mli_connections_close(&table, first);
    mli_connections_cancel(&table, 1002);
    assert_int_equal(mli_connections_count(&table), 1);
    /* a descriptor that comes again without having been started: its old place is void */
    assert_int_equal(admit(&table, 1003, "127.0.0.2"), MLI_ADMITTED);
    assert_int_equal(mli_connections_count(&table), 1);
    assert_int_equal(table.accepted, 4);
    assert_int_equal(table.refused_full, 1);
    assert_int_equal(table.refused_address, 1);
    assert_false(mli_connections_wait(&table, 0));
    mli_connections_cancel(&table, 1003);
    assert_true(mli_connections_wait(&table, 0));
    mli_connections_release(&table);
}

/* IPv4 and the IPv6 form of the same address are one client. */
static void test_mapped_address(void **state)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    struct mli_connections table;

    (void)state;
    assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
    assert_int_equal(inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr), 1);
    assert_int_equal(admit(&table, 1001, "127.0.0.1"), MLI_ADMITTED);
    assert_int_equal(mli_connections_admit(&table, 1002, (struct sockaddr *)&six, START),
                     MLI_ADMITTED);
    assert_int_equal(mli_connections_admit(&table, 1003, (struct sockaddr *)&six, START),
                     MLI_REFUSED_ADDRESS);
    mli_connections_release(&table);
}

static bool is_shut(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static const struct {
    enum mli_phase first, then; /* phases entered: at START, and after 5 seconds */
    uint64_t bytes, lives;      /* milliseconds from START after which it is still open */
} lives[] = {
    { MLI_PHASE_FIRST, MLI_PHASE_FIRST, 0, 10000 },
    { MLI_PHASE_FIRST, MLI_PHASE_HEAD, 0, 10000 }, /* the first request counts from the start */
    { MLI_PHASE_IDLE, MLI_PHASE_HEAD, 0, 15000 },
    { MLI_PHASE_IDLE, MLI_PHASE_IDLE, 0, 80000 },
    { MLI_PHASE_HEAD, MLI_PHASE_BODY, 0, 35000 },
    { MLI_PHASE_HEAD, MLI_PHASE_BODY, 5000, 45000 }, /* 500 bytes buy a second */
    { MLI_PHASE_WORK, MLI_PHASE_SEND, 0, 35000 },
    { MLI_PHASE_WORK, MLI_PHASE_SEND, 1000, 35000 }, /* only what a client acknowledges buys time */
};

static void test_deadlines(void **state)
{
    struct mli_connections table;

    (void)state;
    for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
        assert_int_equal(admit(&table, pair[0], "127.0.0.1"), MLI_ADMITTED);
        struct mli_connection *connection = mli_connections_start(&table, pair[0], START);
        if (lives[i].first != MLI_PHASE_FIRST)
            mli_connection_enter(connection, lives[i].first, 0, START);
        if (lives[i].then != lives[i].first)
            mli_connection_enter(connection, lives[i].then, 0, START + 5000);
        else if (lives[i].then == MLI_PHASE_IDLE)
            mli_connection_enter(connection, MLI_PHASE_IDLE, 0, START + 5000);
        mli_connection_moved(connection, lives[i].bytes);
        mli_connections_sweep(&table, false, START + lives[i].lives);
        assert_false(is_shut(pair[1]));
        mli_connections_sweep(&table, false, START + lives[i].lives + 1);
        assert_true(is_shut(pair[1]));
        mli_connections_sweep(&table, false, START + lives[i].lives + 2);
        assert_int_equal(table.expired[lives[i].then], 1);
        mli_connections_close(&table, connection);
        mli_connections_release(&table);
        close(pair[0]);
        close(pair[1]);
    }
}

/* Work has no deadline; a place that was never taken up is given back without touching the descriptor. */
static void test_no_deadline(void **state)
{
    struct mli_connections table;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
    assert_int_equal(admit(&table, pair[0], "127.0.0.1"), MLI_ADMITTED);
    struct mli_connection *connection = mli_connections_start(&table, pair[0], START);
    mli_connection_enter(connection, MLI_PHASE_WORK, 0, START);
    mli_connections_sweep(&table, true, START + 1000000000);
    assert_false(is_shut(pair[1]));
    mli_connections_close(&table, connection);
    assert_int_equal(admit(&table, pair[0], "127.0.0.1"), MLI_ADMITTED);
    mli_connections_sweep(&table, false, START + 60000);
    assert_int_equal(mli_connections_count(&table), 1);
    mli_connections_sweep(&table, false, START + 60001);
    assert_int_equal(mli_connections_count(&table), 0);
    assert_false(is_shut(pair[1]));
    mli_connections_release(&table);
    close(pair[0]);
    close(pair[1]);
}

/* What the client has sent in time is not its fault: as long as nobody has read it the deadline is six times as far. */
static void test_late_server(void **state)
{
    struct mli_connections table;
    char text[8];

    (void)state;
    for (int read = 0; read < 2; read++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
        assert_int_equal(admit(&table, pair[0], "127.0.0.1"), MLI_ADMITTED);
        struct mli_connection *connection = mli_connections_start(&table, pair[0], START);
        assert_int_equal(send(pair[1], "a", 1, MSG_NOSIGNAL), 1);
        mli_connections_sweep(&table, false, START + 60000);
        assert_false(is_shut(pair[1]));
        if (read)
            assert_int_equal(recv(pair[0], text, sizeof(text), MSG_DONTWAIT), 1);
        mli_connections_sweep(&table, false, START + 60000 + !read);
        assert_true(is_shut(pair[1]));
        mli_connections_close(&table, connection);
        mli_connections_release(&table);
        close(pair[0]);
        close(pair[1]);
    }
}

/* A drain ends who waits for a request, after a moment, and leaves what has arrived readable. */
static void test_drain(void **state)
{
    struct mli_connections table;
    char text[8];
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
    assert_int_equal(admit(&table, pair[0], "127.0.0.1"), MLI_ADMITTED);
    struct mli_connection *connection = mli_connections_start(&table, pair[0], START);
    assert_int_equal(send(pair[1], "late", 4, MSG_NOSIGNAL), 4);
    mli_connections_sweep(&table, true, START + 250);
    assert_int_equal(send(pair[1], "r", 1, MSG_NOSIGNAL), 1);
    mli_connections_sweep(&table, true, START + 251);
    assert_int_equal(recv(pair[0], text, sizeof(text), MSG_DONTWAIT), 5);
    assert_true(is_shut(pair[0]));
    assert_int_equal(send(pair[0], "answer", 6, MSG_NOSIGNAL), 6);
    mli_connections_close(&table, connection);
    mli_connections_release(&table);
    close(pair[0]);
    close(pair[1]);
}

/* A socket that asks for a connection to the port; whether it has one within 50 milliseconds. */
static bool comes(uint16_t port, int *fd)
{
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(*fd >= 0);
    if (connect(*fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    assert_int_equal(errno, EINPROGRESS);
    return poll(&(struct pollfd){ .fd = *fd, .events = POLLOUT }, 1, 50) == 1;
}

/* Who was there before can be taken still, and nobody comes behind him. */
static void test_no_more(void **state)
{
    int listener, before, behind;
    uint16_t port;

    (void)state;
    assert_int_equal(mli_listen("127.0.0.1", 0, &listener, &port, NULL), ML_OK);
    assert_true(comes(port, &before));
    mli_listen_no_more(listener);
    assert_false(comes(port, &behind));
    int taken = accept(listener, NULL, NULL);
    assert_true(taken >= 0);
    assert_int_equal(send(before, "x", 1, MSG_NOSIGNAL), 1);
    assert_int_equal(poll(&(struct pollfd){ .fd = taken, .events = POLLIN }, 1, 5000), 1);
    assert_int_equal(accept(listener, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
    close(taken);
    close(before);
    close(behind);
    close(listener);
}

/* Starts a reply at START on a TCP connection of the address, in the first place that is free. */
static struct mli_connection *replies(struct mli_connections *table, uint16_t port, int listener, int fd[2])
{
    assert_true(comes(port, &fd[1]));
    fd[0] = accept(listener, NULL, NULL);
    assert_true(fd[0] >= 0);
    assert_int_equal(admit(table, fd[0], "127.0.0.1"), MLI_ADMITTED);
    struct mli_connection *connection = mli_connections_start(table, fd[0], START);
    mli_connection_enter(connection, MLI_PHASE_SEND, 0, START);
    return connection;
}

/* More than the client, who reads nothing, has room for. */
static void fill(int fd)
{
    static const char zeros[1 << 16];

    do {
        while (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
            ;
    } while (poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 100) == 1);
}

/* The reply may still be sent then, and not a millisecond later. Releases the table. */
static void expect_end(struct mli_connections *table, struct mli_connection *connection, uint64_t then)
{
    mli_connections_sweep(table, false, then);
    assert_int_equal(table->expired[MLI_PHASE_SEND], 0);
    mli_connections_sweep(table, false, then + 1);
    assert_int_equal(table->expired[MLI_PHASE_SEND], 1);
    mli_connections_close(table, connection);
    mli_connections_release(table);
}

/* Who gets the place of another in the same millisecond does not get what that one has acknowledged. */
static void test_place_again(void **state)
{
    struct mli_connections table;
    int listener, fd[2];
    uint16_t port;
    char text[8];

    (void)state;
    assert_int_equal(mli_listen("127.0.0.1", 0, &listener, &port, NULL), ML_OK);
    assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
    struct mli_connection *connection = replies(&table, port, listener, fd);
    assert_int_equal(send(fd[0], "answer", 6, MSG_NOSIGNAL), 6);
    assert_int_equal(poll(&(struct pollfd){ .fd = fd[1], .events = POLLIN }, 1, 5000), 1);
    assert_int_equal(recv(fd[1], text, sizeof(text), 0), 6);
    mli_connections_sweep(&table, false, START);
    mli_connections_close(&table, connection);
    close(fd[0]);
    close(fd[1]);
    assert_ptr_equal(replies(&table, port, listener, fd), connection);
    fill(fd[0]);
    expect_end(&table, connection, START + 30000);
    close(fd[0]);
    close(fd[1]);
    close(listener);
}

/* Who has taken all of the reply that there is yet waits for its thread: the deadline is six times as far. */
static void test_late_reply(void **state)
{
    struct mli_connections table;
    int listener, fd[2];
    uint16_t port;

    (void)state;
    assert_int_equal(mli_listen("127.0.0.1", 0, &listener, &port, NULL), ML_OK);
    assert_int_equal(mli_connections_init(&table, &limits, NULL), ML_OK);
    struct mli_connection *connection = replies(&table, port, listener, fd);
    expect_end(&table, connection, START + 180000);
    close(fd[0]);
    close(fd[1]);
    close(listener);
}

struct rush {
    struct mli_connections table;
    int held[2];
    atomic_uint given;
};

static bool hold(void *data, int fd, const struct sockaddr *address, socklen_t len)
{
    struct rush *rush = data;

    (void)address, (void)len;
    assert_true(rush->given < 2);
    rush->held[rush->given] = fd;
    rush->given++;
    return true;
}

static void wait_for(const atomic_uint *given, const _Atomic uint64_t *refused, unsigned people, uint64_t answers)
{
    for (int i = 0; i < 6000 && (*given < people || *refused < answers); i++)
        usleep(10000);
    assert_int_equal(*given, people);
    assert_true(*refused >= answers);
}

/* Of more clients than places some are answered in a second; the others wait, and the first place is for one of them. */
static void test_rush(void **state)
{
    enum { ONE = 1, CLIENTS = MLI_KEEPER_ANSWERS + 50 };
    const struct mli_connections_config one = { .max = ONE, .head_timeout = 100, .body_timeout = 100, .idle_timeout = 100 };
    struct mli_keeper *keeper = NULL;
    int listener, client[CLIENTS];
    struct rush rush = { .given = 0 };
    uint16_t port;

    (void)state;
    assert_int_equal(mli_connections_init(&rush.table, &one, NULL), ML_OK);
    assert_int_equal(mli_listen("127.0.0.1", 0, &listener, &port, NULL), ML_OK);
    const struct mli_keeper_config config = { .listener = listener, .connections = &rush.table, .give = hold, .data = &rush };
    assert_int_equal(mli_keeper_start(&config, &keeper, NULL), ML_OK);
    assert_true(comes(port, &client[0]));
    wait_for(&rush.given, &rush.table.refused_full, 1, 0);
    const uint64_t began = mli_now();
    assert_true(comes(port, &client[1]));
    wait_for(&rush.given, &rush.table.refused_full, 1, 1);
    for (size_t i = 2; i < CLIENTS; i++)
        assert_true(comes(port, &client[i]));
    wait_for(&rush.given, &rush.table.refused_full, 1, MLI_KEEPER_ANSWERS);
    mli_connections_cancel(&rush.table, rush.held[0]);
    mli_keeper_room(keeper);
    wait_for(&rush.given, &rush.table.refused_full, 2, MLI_KEEPER_ANSWERS);
    const uint64_t refused = rush.table.refused_full;
    if (mli_now() - began < 1000)
        assert_int_equal(refused, MLI_KEEPER_ANSWERS);
    wait_for(&rush.given, &rush.table.refused_full, 2, CLIENTS - 2);
    mli_keeper_stop(keeper, true);
    for (size_t i = 0; i < CLIENTS; i++)
        close(client[i]);
    close(rush.held[0]);
    close(rush.held[1]);
    mli_connections_release(&rush.table);
}

int run_connections_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_admission), cmocka_unit_test(test_mapped_address),
        cmocka_unit_test(test_deadlines), cmocka_unit_test(test_no_deadline),
        cmocka_unit_test(test_late_server), cmocka_unit_test(test_drain),
        cmocka_unit_test(test_no_more), cmocka_unit_test(test_place_again), cmocka_unit_test(test_late_reply),
        cmocka_unit_test(test_rush),
    };
    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
