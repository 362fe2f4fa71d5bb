/* The server on a real port, asked through plain sockets; the protocol's dark corners are in tests/serve. */
#include <tests/unit/serve.h>

#include <arpa/inet.h>
#include <serve/health.h>
#include <serve/server.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <tests/unit/serve_sample.h>
#include <unistd.h>

struct fixture {
    struct ml_model *model;
    struct mli_catalog *catalog;
    struct mli_server *server;
};

static void start(struct fixture *fixture, const struct mli_server_config *config)
{
    struct ml_error err = ML_ERROR_INIT;

    fixture->model = sample_mean();
    if (mli_catalog_of(fixture->model, "model", "1", mli_server_threads(config), &fixture->catalog, &err) != ML_OK ||
        mli_server_start(fixture->catalog, config, &fixture->server, &err) != ML_OK)
        fail_msg("%s", err.text);
}

static void stop(struct fixture *fixture)
{
    mli_server_stop(fixture->server);
    mli_catalog_close(fixture->catalog);
    ml_model_free(fixture->model);
}

static struct mli_server_config any_port(void)
{
    struct mli_server_config config = MLI_SERVER_CONFIG_INIT;

    config.port = 0;
    config.threads = 2;
    return config;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Sends a request and reads all that comes until the other side closes. */
static const char *exchange(uint16_t port, const char *request)
{
    static char reply[65536];
    size_t have = 0;
    ssize_t got;
    int fd = connect_to(port);

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while ((got = recv(fd, reply + have, sizeof(reply) - 1 - have, 0)) > 0)
        have += (size_t)got;
    reply[have] = '\0';
    close(fd);
    return reply;
}

static void test_predict(void **state)
{
    struct fixture fixture;
    const struct mli_server_config config = any_port();

    (void)state;
    start(&fixture, &config);
    const char *reply =
        exchange(mli_server_port(fixture.server),
                 "POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                 "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"x\":4,\"y\":5}");
    expect_part(reply, "HTTP/1.1 200 OK\r\n");
    expect_part(reply, "X-Content-Type-Options: nosniff\r\n");
    expect_part(reply, "Cache-Control: no-store\r\n");
    expect_part(reply, "\r\n\r\n{\"prediction\":4.5}\n");
    assert_null(strstr(reply, "Server:"));
    reply = exchange(mli_server_port(fixture.server),
                     "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /healthz "
                     "HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_part(reply, "HTTP/1.1 400 ");
    assert_null(strstr(reply + 1, "HTTP/1.1"));
    stop(&fixture);
}

static void test_health(void **state)
{
    struct fixture fixture;
    const struct mli_server_config config = any_port();
    char url[64];
    int status = 0;

    (void)state;
    start(&fixture, &config);
    uint16_t port = mli_server_port(fixture.server);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
    assert_int_equal(mli_health(url, NULL, NULL, 2000, &status, NULL), ML_OK);
    assert_int_equal(status, 200);
    snprintf(url, sizeof(url), "http://localhost:%u/nothing?x", port);
    assert_int_equal(mli_health(url, NULL, NULL, 2000, &status, NULL), ML_OK);
    assert_int_equal(status, 404);
    stop(&fixture);
    status = 1;
    assert_int_equal(mli_health(url, NULL, NULL, 2000, &status, NULL), ML_EIO); /* nobody listens there now */
    assert_int_equal(status, 1);
}

/* Someone listens but says nothing, or something else. */
static void test_health_failures(void **state)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    struct ml_error err = ML_ERROR_INIT;
    char url[64];
    int status = 0, listener = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
    assert_int_equal(mli_health(url, NULL, NULL, 50, &status, &err), ML_EIO);
    expect_part(err.text, "did not answer in time");
    assert_int_equal(status, 0);
    close(listener);
}

static void test_bad_urls(void **state)
{
    static const char *const urls[] = {
        "",           "x",           "ftp://a/",      "http://",     "http:///x",
        "http://a:/", "http://a:0/", "http://a:65536/", "http://a:x/", "http://[::1/",
        "http://[]/", "http://a b/", "http://a?x",      "http://u@a/", "http://a/\n",
        "ftp://a/"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct ml_error err = ML_ERROR_INIT;
        int status = 0;
        if (mli_health(urls[i], NULL, NULL, 50, &status, &err) != ML_EUSAGE)
            fail_msg("\"%s\" was taken for a URL", urls[i]);
    }
}

static void test_start_failures(void **state)
{
    struct mli_server_config config = any_port();
    struct ml_model *model = sample_mean();
    struct ml_error err = ML_ERROR_INIT;
    struct mli_server *server = NULL, *second = NULL;
    struct mli_catalog *catalog, *other;

    (void)state;
    assert_int_equal(mli_catalog_of(model, "m", "1", 2, &catalog, NULL), ML_OK);
    assert_int_equal(mli_catalog_of(model, "m", "1", 2, &other, NULL), ML_OK);
    config.address = "example.org";
    assert_int_equal(mli_server_start(catalog, &config, &server, &err), ML_EUSAGE);
    expect_part(err.text, "not an IPv4 or IPv6 address");
    config.address = "127.0.0.1";
    config.max_body = 0;
    assert_int_equal(mli_server_start(catalog, &config, &server, NULL), ML_EUSAGE);
    config.max_body = 100;
    config.idle_timeout = 0;
    assert_int_equal(mli_server_start(catalog, &config, &server, NULL), ML_EUSAGE);
    config.idle_timeout = 1;
    config.port = 65536;
    assert_int_equal(mli_server_start(catalog, &config, &server, NULL), ML_EUSAGE);
    config.port = 0;
    assert_null(server);
    assert_int_equal(mli_server_start(catalog, &config, &server, NULL), ML_OK);
    config.port = mli_server_port(server);
    err = (struct ml_error)ML_ERROR_INIT;
    assert_int_equal(mli_server_start(other, &config, &second, &err), ML_EIO);
    expect_part(err.text, "Address already in use");
    assert_null(second);
    mli_server_stop(server);
    mli_catalog_close(other);
    mli_catalog_close(catalog);
    ml_model_free(model);
}

/* A stop with a connection that is kept alive and idle does not wait for its time-out. */
static void test_stop_idle(void **state)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    const struct mli_server_config config = any_port();
    struct fixture fixture;
    char reply[4096];

    (void)state;
    start(&fixture, &config);
    int fd = connect_to(mli_server_port(fixture.server));
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    assert_true(recv(fd, reply, sizeof(reply), 0) > 0);
    uint64_t before = mli_now();
    stop(&fixture);
    assert_true(mli_now() - before < 1000 * (uint64_t)config.grace / 2);
    while (recv(fd, reply, sizeof(reply), 0) > 0)
        ;
    assert_int_equal(recv(fd, reply, sizeof(reply), 0), 0);
    close(fd);
}

/* One that is amid a request is given the grace time and no more. */
static void test_stop_grace(void **state)
{
    static const char part[] = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n"
                               "Content-Length: 100\r\n\r\nx,y\n";
    struct mli_server_config config = any_port();
    struct fixture fixture;

    (void)state;
    config.grace = 1;
    start(&fixture, &config);
    int fd = connect_to(mli_server_port(fixture.server));
    assert_int_equal(send(fd, part, strlen(part), MSG_NOSIGNAL), strlen(part));
    exchange(mli_server_port(fixture.server), "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    usleep(100000);
    uint64_t before = mli_now();
    stop(&fixture);
    assert_in_range(mli_now() - before, 900, 1000 * (uint64_t)config.body_timeout / 2);
    close(fd);
}

int run_server_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predict),         cmocka_unit_test(test_health),
        cmocka_unit_test(test_health_failures), cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_start_failures),  cmocka_unit_test(test_stop_idle),
        cmocka_unit_test(test_stop_grace),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
