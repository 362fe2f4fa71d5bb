/* Keys: their file, hostile ones too, and what a key opens. */
#include <tests/unit/serve.h>

#include <base/file.h>
#include <serve/access.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEX63 "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde"
/* of "hello world" */
#define HASH "sha256:" HEX63 "9"
#define OTHER "sha256:" HEX63 "8"

static const struct mli_rate no_limit = { 0 };

static enum ml_status parse(const char *text, size_t len, struct mli_keys *keys,
                            struct ml_error *err)
{
    *err = (struct ml_error)ML_ERROR_INIT;
    *keys = (struct mli_keys){ 0 };
    return mli_keys_parse(text, len, keys, err);
}

static void test_file(void **state)
{
    static const char text[] = "# who may\n\n  ops\tadmin,metrics,predict " HASH "\r\n"
                               "shop.1 predict   " OTHER "   \n   # the end";
    struct mli_keys keys;
    struct ml_error err;

    (void)state;
    assert_int_equal(parse(text, strlen(text), &keys, &err), ML_OK);
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.key[0].name, "ops");
    assert_int_equal(keys.key[0].scopes, MLI_SCOPE_ADMIN | MLI_SCOPE_METRICS | MLI_SCOPE_PREDICT);
    assert_string_equal(keys.key[1].name, "shop.1");
    assert_int_equal(keys.key[1].scopes, MLI_SCOPE_PREDICT);
    assert_int_equal(keys.scopes, keys.key[0].scopes);
    assert_ptr_equal(mli_keys_find(&keys, "hello world", 11), &keys.key[0]);
    assert_null(mli_keys_find(&keys, "hello worle", 11));
    assert_null(mli_keys_find(&keys, "hello world", 10));
    assert_null(mli_keys_find(&keys, "", 0));
    mli_keys_release(&keys);
    assert_int_equal(parse("", 0, &keys, &err), ML_OK);
    assert_int_equal(keys.count, 0);
    assert_null(mli_keys_find(&keys, "hello world", 11));
    mli_keys_release(&keys);
}

#define BAD(text, why)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1, why                                                                \
    }

static const struct {
    const char *text;
    size_t len;
    const char *why;
} hostile[] = {
    BAD("ops", "line 1: behind the name come scopes"),
    BAD("ops predict", "behind the scopes comes sha256:"),
    BAD("ops predict sha256:", "behind the scopes comes sha256:"),
    BAD("ops predict sha256:" HEX63, "64 hexadecimal digits"),
    BAD("ops predict " HASH "0", "64 hexadecimal digits"),
    BAD("ops predict sha256:" HEX63 "g", "64 hexadecimal digits"),
    BAD("ops predict sha256:" HEX63 ":", "64 hexadecimal digits"),
    BAD("ops predict sha256:" HEX63 "\0", "64 hexadecimal digits"),
    BAD("ops predict sha512:" HEX63 "9", "behind the scopes comes sha256:"),
    BAD("ops predict " HASH " more", "behind the hash there can be rate="),
    BAD("ops predict " HASH " rate=", "behind the hash"),
    BAD("ops predict " HASH " rate=0", "behind the hash"),
    BAD("ops predict " HASH " rate=-1", "behind the hash"),
    BAD("ops predict " HASH " rate=nan", "behind the hash"),
    BAD("ops predict " HASH " rate=1e7", "behind the hash"),
    BAD("ops predict " HASH " burst=1", "behind the hash"),
    BAD("ops predict " HASH " rate=1 burst=0", "behind the hash"),
    BAD("ops predict " HASH " rate=1 burst=1e18", "behind the hash"),
    BAD("ops predict " HASH " rate=1 burst=1 x", "behind the hash"),
    BAD("ops predict,root " HASH, "behind the name come scopes"),
    BAD("ops predict,predict " HASH, "behind the name come scopes"),
    BAD("ops predict, " HASH, "behind the name come scopes"),
    BAD("ops ,predict " HASH, "behind the name come scopes"),
    BAD("ops Predict " HASH, "behind the name come scopes"),
    BAD("ops none " HASH, "behind the name come scopes"),
    BAD("o/ps predict " HASH, "a key's name"),
    BAD("o\0ps predict " HASH, "a key's name"),
    BAD("\xEF\xBB\xBFops predict " HASH, "a key's name"),
    BAD("\"ops\" predict " HASH, "a key's name"),
    BAD("abcdefghijklmnopqrstuvwxyz0123456 predict " HASH, "a key's name"),
    BAD("\n#\nops predict " HASH "\nops predict " OTHER, "line 4: that name was there"),
    BAD("ops predict " HASH "\nshop predict " HASH "\n", "line 2: that hash was there"),
    BAD("mlctl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "line 1: this is a token, which the client keeps"),
    BAD("token      mlctl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "mlctl token new prints"),
    BAD("ops predict mlctl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Make another one"),
    BAD("line ops predict " HASH, "the word line in front"),
    BAD("ops predict " HASH "\rshop predict " OTHER, "behind the hash there can be"),
};

static void test_hostile(void **state)
{
    struct mli_keys keys;
    struct ml_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        assert_int_equal(parse(hostile[i].text, hostile[i].len, &keys, &err), ML_EUSAGE);
        expect_part(err.text, hostile[i].why);
        assert_null(keys.key);
        assert_null(strstr(err.text, HEX63)); /* a message shows nothing of a hash, */
        assert_null(strstr(err.text, "AAAA")); /* or a token */
    }
}

static void test_long_line(void **state)
{
    char text[2048];
    struct mli_keys keys;
    struct ml_error err;

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(parse(text, sizeof(text), &keys, &err), ML_EUSAGE);
    expect_part(err.text, "longer than 512 bytes");
    text[0] = '#';
    assert_int_equal(parse(text, sizeof(text), &keys, &err), ML_OK);
}

static void test_new_key(void **state)
{
    char token[MLI_TOKEN_SIZE], other[MLI_TOKEN_SIZE], line[256];
    struct mli_keys keys;
    struct ml_error err;

    (void)state;
    assert_int_equal(
        mli_key_new("shop", MLI_SCOPE_PREDICT | MLI_SCOPE_ADMIN, &no_limit, token, line, NULL),
        ML_OK);
    assert_int_equal(strlen(token), 49);
    assert_int_equal(
        strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"), 49);
    assert_int_equal(parse(line, strlen(line), &keys, &err), ML_OK);
    assert_ptr_equal(mli_keys_find(&keys, token, strlen(token)), &keys.key[0]);
    assert_int_equal(keys.scopes, MLI_SCOPE_PREDICT | MLI_SCOPE_ADMIN);
    assert_null(strstr(line, token));
    mli_keys_release(&keys);
    assert_int_equal(mli_key_new("shop", MLI_SCOPE_PREDICT, &no_limit, other, line, NULL), ML_OK);
    assert_string_not_equal(token, other);
    assert_int_equal(mli_key_new("a b", MLI_SCOPE_PREDICT, &no_limit, token, line, NULL),
                     ML_EUSAGE);
}

/* ---- access ------------------------------------------------------------------------------------------------------ */

struct door {
    struct mli_access access;
    uint64_t now;
    char path[32], token[MLI_TOKEN_SIZE], lesser[MLI_TOKEN_SIZE];
};

static void write_keys(struct door *door, unsigned first, unsigned second)
{
    char one[256], two[256], text[520];

    assert_int_equal(mli_key_new("first", first, &no_limit, door->token, one, NULL), ML_OK);
    assert_int_equal(mli_key_new("second", second, &no_limit, door->lesser, two, NULL), ML_OK);
    int n = snprintf(text, sizeof(text), "%s\n%s\n", one, two);
    assert_int_equal(mli_file_write(door->path, text, (size_t)n, false, NULL), ML_OK);
}

static void door_open(struct door *door, unsigned first, unsigned second, unsigned open)
{
    strncpy(door->path, "/tmp/mlctl-keys-XXXXXX", sizeof(door->path));
    int fd = mkstemp(door->path);
    assert_true(fd >= 0);
    close(fd);
    write_keys(door, first, second);
    const struct mli_access_config config = { .keys = door->path, .open = open };
    assert_int_equal(mli_access_init(&door->access, &config, NULL), ML_OK);
}

static void door_close(struct door *door)
{
    mli_access_release(&door->access);
    unlink(door->path);
}

static unsigned ask(struct door *door, enum mli_scope scope, const char *authorization,
                    const char *api_key, const char *name)
{
    const struct mli_guard_facts facts = { .authorization = authorization, .api_key = api_key };
    const struct in6_addr peer = IN6ADDR_LOOPBACK_INIT;
    const struct mli_asker asker = { .peer = &peer, .now = door->now };
    struct mli_verdict verdict = mli_access_check(&door->access, scope, &facts, &asker);

    assert_true((verdict.status == 0) == (verdict.text == NULL));
    assert_true((verdict.status == 401) <= (verdict.challenge != NULL));
    assert_string_equal(verdict.key, name);
    return verdict.status;
}

static const char *bearer(const char *scheme, const char *token)
{
    static char text[512];

    snprintf(text, sizeof(text), "%s%s", scheme, token);
    return text;
}

static void test_access(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, MLI_SCOPE_ADMIN | MLI_SCOPE_METRICS, MLI_SCOPE_PREDICT, 0);
    assert_int_equal(ask(&door, MLI_SCOPE_OPEN, NULL, NULL, ""), 0);
    assert_int_equal(ask(&door, MLI_SCOPE_PREDICT, NULL, NULL, ""), 401);
    assert_int_equal(ask(&door, MLI_SCOPE_PREDICT, NULL, door.lesser, "second"), 0);
    assert_int_equal(ask(&door, MLI_SCOPE_PREDICT, NULL, door.token, "first"), 403);
    assert_int_equal(ask(&door, MLI_SCOPE_ADMIN, NULL, door.lesser, "second"), 403);
    assert_int_equal(ask(&door, MLI_SCOPE_ADMIN, NULL, door.token, "first"), 0);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, bearer("Bearer ", door.token), NULL, "first"),
                     0);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, bearer("bEARER   ", door.token), NULL, "first"),
                     0);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, bearer("Bearer", door.token), NULL, ""), 401);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, bearer("Basic ", door.token), NULL, ""), 401);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, "Basic x", door.token, "first"), 0);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, "Bearer x", door.token, ""), 401);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, "Bearer ", NULL, ""), 401);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, NULL, bearer(door.token, " "), ""), 401);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, NULL, bearer(door.token, door.token), ""), 401);
    door_close(&door);
}

static void test_no_keys(void **state)
{
    struct door door = { 0 };
    struct mli_access_config config = { .open = MLI_SCOPE_PREDICT | MLI_SCOPE_METRICS };

    (void)state;
    assert_int_equal(mli_access_init(&door.access, &config, NULL), ML_OK);
    assert_int_equal(ask(&door, MLI_SCOPE_PREDICT, NULL, NULL, ""), 0);
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, NULL, "any", ""), 0);
    assert_int_equal(ask(&door, MLI_SCOPE_ADMIN, NULL, NULL, ""), 403);
    assert_int_equal(ask(&door, MLI_SCOPE_ADMIN, NULL, "any", ""), 403);
    mli_access_release(&door.access);
    config.open |= MLI_SCOPE_ADMIN;
    assert_int_equal(mli_access_init(&door.access, &config, NULL), ML_EUSAGE);
    config = (struct mli_access_config){ .keys = "/nowhere/keys" };
    assert_int_equal(mli_access_init(&door.access, &config, NULL), ML_EIO);
}

static void test_reload(void **state)
{
    struct door door;
    struct ml_error err = ML_ERROR_INIT;

    (void)state;
    door_open(&door, MLI_SCOPE_ADMIN, MLI_SCOPE_PREDICT, MLI_SCOPE_METRICS);
    char before[MLI_TOKEN_SIZE];
    memcpy(before, door.token, sizeof(before));
    assert_int_equal(ask(&door, MLI_SCOPE_METRICS, NULL, NULL, ""), 0);
    write_keys(&door, MLI_SCOPE_PREDICT, MLI_SCOPE_PREDICT);
    assert_int_equal(mli_access_reload(&door.access, NULL), ML_OK);
    assert_int_equal(ask(&door, MLI_SCOPE_ADMIN, NULL, before, ""), 403); /* nobody is admin now */
    assert_int_equal(ask(&door, MLI_SCOPE_PREDICT, NULL, before, ""), 401);
    assert_int_equal(ask(&door, MLI_SCOPE_PREDICT, NULL, door.token, "first"), 0);
    assert_int_equal(mli_file_write(door.path, "x", 1, false, NULL), ML_OK);
    assert_int_equal(mli_access_reload(&door.access, &err), ML_EUSAGE);
    expect_part(err.text, door.path);
    assert_int_equal(ask(&door, MLI_SCOPE_PREDICT, NULL, door.token, "first"), 0);
    door_close(&door);
}

/* A route that changes something is admin's, and only what says nothing of a model is open. */
static void test_routes(void **state)
{
    static const char *const open[] = {
        "/",       "/docs",           "/ping",            "/health",          "/healthz",
        "/readyz", "/v2/health/live", "/v2/health/ready", "/v1/endpoints/{}/deployedModels/{}",
        "/models/{m}/docs", "/models/{m}/versions/{v}/docs"
    };
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < mli_route_count; i++) {
        const struct mli_route *route = &mli_routes[i];
        bool known = false;
        for (size_t k = 0; k < sizeof(open) / sizeof(open[0]); k++)
            known = known || strcmp(route->path, open[k]) == 0;
        assert_int_equal(known, route->scope == MLI_SCOPE_OPEN);
        found += known;
        bool changes = strstr(route->path, "load") || strncmp(route->path, "/admin", 6) == 0 ||
                       strcmp(route->method, "DELETE") == 0 ||
                       (strcmp(route->path, "/models") == 0 && strcmp(route->method, "POST") == 0);
        assert_true(!changes || route->scope == MLI_SCOPE_ADMIN);
    }
    assert_int_equal(found, sizeof(open) / sizeof(open[0]));
}

int run_access_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),      cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_long_line), cmocka_unit_test(test_new_key),
        cmocka_unit_test(test_access),    cmocka_unit_test(test_no_keys),
        cmocka_unit_test(test_reload),    cmocka_unit_test(test_routes),
    };

    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
