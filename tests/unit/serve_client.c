/* Rates, the client's address behind proxies, and origins: with clocks and addresses of the test's own. */
#include <tests/unit/serve.h>

#include <arpa/inet.h>
#include <serve/client.h>
#include <serve/cors.h>
#include <serve/limiter.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static unsigned char *id_of(uint32_t number)
{
    static unsigned char id[16];

    memset(id, 0, sizeof(id));
    memcpy(id + 12, &number, sizeof(number));
    return id;
}

/* In any ten seconds: rate * time + burst, to one request. */
static void test_rate(void **state)
{
    static const double rates[] = { 0.5, 1, 7, 100, 333.3 };
    struct mli_limiter *limiter = NULL;

    (void)state;
    assert_int_equal(mli_limiter_new(&limiter, NULL), ML_OK);
    for (uint32_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct mli_rate rate;
        unsigned taken = 0;
        uint64_t now = 50 * SECOND;
        assert_true(mli_rate_make(rates[i], 20, &rate));
        for (uint64_t end = now + 10 * SECOND; now < end; now += SECOND / 5000)
            taken += mli_limiter_take(limiter, id_of(i), &rate, now) == 0;
        assert_true(taken >= 10 * rates[i] + 20 - 1 && taken <= 10 * rates[i] + 20 + 1);
    }
    mli_limiter_free(limiter);
}

static void test_wait(void **state)
{
    struct mli_limiter *limiter = NULL;
    struct mli_rate rate;
    uint64_t now = 7 * SECOND;

    (void)state;
    assert_int_equal(mli_limiter_new(&limiter, NULL), ML_OK);
    assert_true(mli_rate_make(0.25, 2, &rate));
    assert_int_equal(mli_limiter_take(limiter, id_of(1), &rate, now), 0);
    assert_int_equal(mli_limiter_take(limiter, id_of(1), &rate, now), 0);
    uint64_t wait = mli_limiter_take(limiter, id_of(1), &rate, now);
    assert_int_equal(wait, 4 * SECOND);
    assert_int_equal(mli_limiter_take(limiter, id_of(1), &rate, now),
                     wait);                                               /* asking costs nothing */
    assert_int_equal(mli_limiter_take(limiter, id_of(2), &rate, now), 0); /* others are others */
    assert_int_equal(mli_limiter_take(limiter, id_of(1), &rate, now + wait - 1), 1);
    assert_int_equal(mli_limiter_take(limiter, id_of(1), &rate, now + wait), 0);
    mli_limiter_free(limiter);
}

/* However many clients come, the one who is over its limit is not forgotten for those who have just come. */
static void test_crowd(void **state)
{
    struct mli_limiter *limiter = NULL;
    struct mli_rate rate;
    uint64_t now = SECOND;

    (void)state;
    assert_int_equal(mli_limiter_new(&limiter, NULL), ML_OK);
    assert_true(mli_rate_make(1, 100, &rate));
    while (mli_limiter_take(limiter, id_of(0), &rate, now) == 0)
        continue;
    for (uint32_t i = 1; i < 1000000; i++)
        assert_int_equal(mli_limiter_take(limiter, id_of(i), &rate, now), 0);
    assert_true(mli_limiter_take(limiter, id_of(0), &rate, now) > 0);
    mli_limiter_free(limiter);
}

static void test_rate_range(void **state)
{
    struct mli_rate rate;

    (void)state;
    assert_true(mli_rate_make(2.5, 0, &rate));
    assert_int_equal(rate.burst, 3);
    assert_false(mli_rate_make(0, 1, &rate));
    assert_false(mli_rate_make(-1, 1, &rate));
    assert_false(mli_rate_make(0.0 / 0.0, 1, &rate));
    assert_false(mli_rate_make(1e7, 1, &rate));
    assert_false(mli_rate_make(1, 1000001, &rate));
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static struct in6_addr address(const char *text)
{
    struct in6_addr out;

    assert_int_equal(inet_pton(AF_INET6, text, &out), 1);
    return out;
}

static const struct {
    const char *peer, *field, *client;
} hops[] = {
    { "::ffff:10.0.0.1", NULL, "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", "192.0.2.7", "::ffff:192.0.2.7" },
    { "::ffff:192.0.2.1", "192.0.2.7", "::ffff:192.0.2.1" }, /* not a listed proxy: not believed */
    { "::ffff:10.0.0.1", "6.6.6.6, 192.0.2.7",
      "::ffff:192.0.2.7" }, /* the client wrote the first */
    { "::ffff:10.0.0.1", "6.6.6.6, 192.0.2.7,10.1.2.3 ", "::ffff:192.0.2.7" },
    { "::ffff:10.0.0.1", "10.0.0.9, 10.0.0.8", "::ffff:10.0.0.9" },
    { "::ffff:10.0.0.1", "192.0.2.7:1234", "::ffff:192.0.2.7" },
    { "::ffff:10.0.0.1", "[2001:db8::1]:1234", "2001:db8::1" },
    { "::ffff:10.0.0.1", "[2001:db8::1]", "2001:db8::1" },
    { "2001:db8:1::5", "2001:db8::1", "2001:db8::1" },
    { "2001:db8:2::5", "2001:db8::1", "2001:db8:2::5" },
    { "::ffff:10.0.0.1", "", "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", ",", "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", "192.0.2.7, unknown", "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", "192.0.2.7,", "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", "192.0.2.700", "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", "[::1", "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", "[]", "::ffff:10.0.0.1" },
    { "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6:7:8",
      "::ffff:10.0.0.1" },
};

static void test_hops(void **state)
{
    struct mli_proxies proxies, none;

    (void)state;
    assert_int_equal(mli_proxies_parse("10.0.0.0/8,2001:db8:1::/48,127.0.0.1", &proxies, NULL),
                     ML_OK);
    assert_int_equal(mli_proxies_parse(NULL, &none, NULL), ML_OK);
    for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]); i++) {
        struct in6_addr peer = address(hops[i].peer), expected = address(hops[i].client);
        struct in6_addr client = mli_client_address(&proxies, &peer, hops[i].field);
        assert_memory_equal(&client, &expected, sizeof(client));
        client = mli_client_address(&none, &peer, hops[i].field);
        assert_memory_equal(&client, &peer, sizeof(client));
    }
    mli_proxies_release(&proxies);
}

static void test_proxies(void **state)
{
    static const char *const bad[] = { "",          ",",           "10.0.0.0/33", "::1/129",
                                       "10.0.0.0/", "example.org", "10.0.0.1,",   "10.0.0.1 " };
    struct mli_proxies proxies;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mli_proxies_parse(bad[i], &proxies, NULL), ML_EUSAGE);
        assert_null(proxies.subnet);
    }
}

static void test_id(void **state)
{
    struct in6_addr one = address("2001:db8::1"), two = address("2001:db8::ffff:0:0:2");
    unsigned char a[16], b[16];

    (void)state;
    mli_client_id(&one, a);
    mli_client_id(&two, b);
    assert_memory_equal(a, b, 16);
    one = address("::ffff:10.0.0.1"), two = address("::ffff:10.0.0.2");
    mli_client_id(&one, a);
    mli_client_id(&two, b);
    assert_memory_not_equal(a, b, 16);
}

/* ---- origins ----------------------------------------------------------------------------------------------------- */

static void test_origins(void **state)
{
    static const char *const bad[] = {
        "",          "example.org", "https://",    "https://example.org/",
        "ftp://a",   "https://a,",  "https://a,*", "null",
        "https://A", "https://a b"
    };
    struct mli_cors cors;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(mli_cors_parse(bad[i], &cors, NULL), ML_EUSAGE);
    assert_int_equal(mli_cors_parse("https://a.example,http://localhost:3000", &cors, NULL), ML_OK);
    assert_string_equal(mli_cors_allow(&cors, "https://a.example"), "https://a.example");
    assert_string_equal(mli_cors_allow(&cors, "http://localhost:3000"), "http://localhost:3000");
    assert_null(mli_cors_allow(&cors, "http://localhost:300"));
    assert_null(mli_cors_allow(&cors, "https://a.example.evil"));
    assert_null(mli_cors_allow(&cors, "null"));
    assert_null(mli_cors_allow(&cors, ""));
    assert_null(mli_cors_allow(&cors, NULL));
    mli_cors_release(&cors);
    assert_int_equal(mli_cors_parse("*", &cors, NULL), ML_OK);
    assert_string_equal(mli_cors_allow(&cors, "https://any"), "*");
    mli_cors_release(&cors);
    assert_int_equal(mli_cors_parse(NULL, &cors, NULL), ML_OK);
    assert_null(mli_cors_allow(&cors, "https://any"));
}

int run_client_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate),  cmocka_unit_test(test_wait),
        cmocka_unit_test(test_crowd), cmocka_unit_test(test_rate_range),
        cmocka_unit_test(test_hops),  cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_id),    cmocka_unit_test(test_origins),
    };

    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
