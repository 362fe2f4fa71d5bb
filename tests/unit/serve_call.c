/* Asking a server: which addresses are tried for how long, and which URLs are heard by strangers. */
#include <tests/unit/serve.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <serve/call.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELD 64

/* A port of 127.0.0.1 that is listened to; backlog 0 and `held` connections: nothing comes back from it any more. */
struct place {
    struct sockaddr_in address;
    struct addrinfo info;
    int fd, held[HELD];
    size_t n;
};

static int begin_to_connect(const struct place *place)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    (void)!connect(fd, (const struct sockaddr *)&place->address, sizeof(place->address));
    return fd;
}

static void open_place(struct place *place, int backlog)
{
    socklen_t len = sizeof(place->address);

    *place = (struct place){ .address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
    place->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(place->fd, (const struct sockaddr *)&place->address, len), 0);
    assert_int_equal(listen(place->fd, backlog), 0);
    assert_int_equal(getsockname(place->fd, (struct sockaddr *)&place->address, &len), 0);
    place->info = (struct addrinfo){ .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&place->address, .ai_addrlen = len };
}

/* False: this system answers whatever its backlog is. */
static bool fill(struct place *place)
{
    while (place->n < HELD) {
        struct pollfd to = { .fd = place->held[place->n++] = begin_to_connect(place), .events = POLLOUT };
        if (poll(&to, 1, 200) == 0)
            return true;
    }
    return false;
}

static void close_place(struct place *place)
{
    while (place->n > 0)
        close(place->held[--place->n]);
    close(place->fd);
}

static void test_addresses(void **state)
{
    struct place hole, good;

    (void)state;
    open_place(&hole, 0);
    open_place(&good, 5);
    bool silent = fill(&hole);
    hole.info.ai_next = &good.info;
    int fd = silent ? mli_call_connect(&hole.info, 4000) : -1, reason = errno;
    hole.info.ai_next = NULL;
    int none = silent ? mli_call_connect(&hole.info, 50) : -1, why = errno;
    close_place(&hole);
    close_place(&good);
    if (!silent)
        skip();
    if (fd < 0)
        fail_msg("the address behind one that is silent was not reached: %d", reason);
    close(fd);
    assert_int_equal(none, -1);
    assert_int_equal(why, ETIMEDOUT);
}

static void test_open_urls(void **state)
{
    static const struct {
        const char *url;
        bool open;
    } rows[] = {
        { "http://example.org/", true },       { "HTTP://10.0.0.1:8080", true },     { "http://[2001:db8::1]/", true },
        { "http://localhost.example", true },  { "http://0.0.0.0:80", true },        { "https://example.org/", false },
        { "http://127.0.0.1:8080/x", false },  { "http://127.9.9.9", false },        { "http://[::1]:80", false },
        { "http://[::ffff:127.0.0.1]", false }, { "http://LOCALHOST:8080", false },   { "nonsense", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (mli_call_is_open(rows[i].url) != rows[i].open)
            fail_msg("%s", rows[i].url);
    }
}

int run_call_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_addresses), cmocka_unit_test(test_open_urls) };

    return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
