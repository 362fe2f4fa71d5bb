/* The guard over heads as text. They are cut into fields the way libmicrohttpd 0.9.75 does it, in place. */
#include <tests/unit/serve.h>

#include <serve/guard.h>
#include <stdio.h>
#include <string.h>

#define MAX_HEAD 2048

struct cut {
    char bytes[65536];
    struct mli_guard_field field[MLI_GUARD_FIELDS];
    struct mli_guard_head head;
};

/* Ends the line at *at as the library does: at CRLF or bare LF, both overwritten with NUL. */
static char *next_line(struct cut *cut, size_t *at, size_t len, char **end)
{
    char *line = cut->bytes + *at;
    char *lf = memchr(line, '\n', len - *at);

    assert_non_null(lf);
    if (lf > line && lf[-1] == '\r')
        lf[-1] = '\0';
    *lf = '\0';
    *end = lf;
    *at = (size_t)(lf + 1 - cut->bytes);
    return line;
}

static void add_field(struct cut *cut, char *line)
{
    char *colon = strchr(line, ':');

    assert_non_null(colon);
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    if (cut->head.fields < MLI_GUARD_FIELDS)
        cut->field[cut->head.fields] =
            (struct mli_guard_field){ line, value, strlen(line), strlen(value) };
    cut->head.fields++;
}

static void cut_head(struct cut *cut, const char *text, size_t len)
{
    size_t at = 0;

    assert_true(len < sizeof(cut->bytes));
    memset(&cut->head, 0, sizeof(cut->head));
    memcpy(cut->bytes, text, len);
    char *end, *line = next_line(cut, &at, len, &end);
    char *space = strchr(line, ' '), *last = memrchr(line, ' ', (size_t)(end - line));
    assert_non_null(space);
    *space = *last = '\0';
    cut->head.method = line;
    cut->head.target = cut->head.received = space + 1;
    cut->head.target_len = strlen(space + 1);
    cut->head.version = last + 1;
    for (line = next_line(cut, &at, len, &end); *line; line = next_line(cut, &at, len, &end)) {
        if (*line != ':') /* a field without a name is dropped there */
            add_field(cut, line);
    }
    cut->head.field = cut->field;
    cut->head.size = at;
}

static unsigned check(const char *text, size_t len, struct mli_guard_facts *facts)
{
    static struct cut cut;

    cut_head(&cut, text, len);
    struct mli_refusal refusal = mli_guard_check(&cut.head, MAX_HEAD, facts);
    assert_true((refusal.status == 0) == (refusal.text == NULL));
    return refusal.status;
}

#define HOST "Host: a\r\n"
#define HEAD(text) text, sizeof(text) - 1

static const struct {
    const char *text;
    size_t len;
    unsigned status;
} heads[] = {
    { HEAD("GET / HTTP/1.1\r\n" HOST "\r\n"), 0 },
    { HEAD("GET / HTTP/1.0\r\n\r\n"), 0 },
    { HEAD("GET /a%20b?c=%41&d HTTP/1.1\r\n" HOST "\r\n"), 0 },
    { HEAD("POST / HTTP/1.1\r\nHost:a\r\nX:  \t b c \r\nContent-Length: 5\r\n\r\n"), 0 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "transfer-encoding: CHUNKED\r\n\r\n"), 0 },
    { HEAD("GET / HTTP/1.1\r\nHost: [::1]:80\r\nX: caf\xC3\xA9\r\nEmpty:\r\nBlank: \r\n\r\n"), 0 },
    /* framing */
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
      400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\ncontent-length: 5\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 5 \r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n"), 400 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"), 501 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked \r\n\r\n"), 501 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"), 501 },
    { HEAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n"), 501 },
    { HEAD("POST / HTTP/1.1\r\n" HOST
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400 },
    { HEAD("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
    /* Host */
    { HEAD("GET / HTTP/1.1\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400 },
    { HEAD("GET / HTTP/1.0\r\n" HOST HOST "\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400 },
    /* characters */
    { HEAD("G(T / HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "X y: 1\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "X\xC3\xA9: 1\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "X: a\x7F\r\n\r\n"), 400 },
    { HEAD("GET /a b HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET /\xC3\xA9 HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET /%00 HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET /%zz HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET /%4 HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET /% HTTP/1.1\r\n" HOST "\r\n"), 400 },
    /* what the parser hides */
    { HEAD("GET / HTTP/1.1\n" HOST "\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST "X: a\0\r\n\r\n"), 400 },
    { HEAD("GET /a\0b HTTP/1.1\r\n" HOST "\r\n"), 400 },
    { HEAD("GET / HTTP/1.1\r\n" HOST ": v\r\n\r\n"), 400 },
    { HEAD("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400 },
    /* versions */
    { HEAD("GET / HTTP/1.9\r\n" HOST "\r\n"), 505 },
    { HEAD("GET / HTTP/2.0\r\n" HOST "\r\n"), 505 },
    { HEAD("GET / http/1.1\r\n" HOST "\r\n"), 505 },
};

static void test_heads(void **state)
{
    struct mli_guard_facts facts;

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        unsigned status = check(heads[i].text, heads[i].len, &facts);
        if (status != heads[i].status)
            fail_msg("\"%s\": %u, expected %u", heads[i].text, status, heads[i].status);
    }
}

/* A folded line is joined to the one before it in memory of its own. */
static void test_moved_field(void **state)
{
    static char moved[] = "Transfer-Encodingchunked";
    static struct cut cut;
    struct mli_guard_facts facts;
    const char *text = "POST / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n";

    (void)state;
    cut_head(&cut, text, strlen(text));
    cut.field[1].name = moved;
    cut.field[1].name_len = strlen(moved);
    assert_int_equal(mli_guard_check(&cut.head, MAX_HEAD, &facts).status, 400);
    cut.head.received = NULL;
    assert_int_equal(mli_guard_check(&cut.head, MAX_HEAD, &facts).status, 0);
}

static void test_limits(void **state)
{
    static char text[65536];
    struct mli_guard_facts facts;

    (void)state;
    for (int n = 98; n <= 101; n++) {
        int at = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST);
        for (int i = 1; i < n; i++)
            at += snprintf(text + at, sizeof(text) - (size_t)at, "X: 1\r\n");
        at += snprintf(text + at, sizeof(text) - (size_t)at, "\r\n");
        assert_int_equal(check(text, (size_t)at, &facts), n > 100 ? 431 : 0);
    }
    int at = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "X: %0*d\r\n\r\n", 3000, 1);
    assert_int_equal(check(text, (size_t)at, &facts), 431);
    at = snprintf(text, sizeof(text), "GET /%0*d HTTP/1.1\r\n" HOST "\r\n", 8192, 1);
    assert_int_equal(check(text, (size_t)at, &facts), 414);
}

/* A head is known again only if nothing that the check looks at has changed: no byte, no pointer and no length. */
static void test_kept(void **state)
{
    static struct cut cut;
    static struct mli_guard_kept kept;
    static const char text[] = "POST /predict?a=b HTTP/1.1\r\n" HOST "Content-Length: 5\r\nX: 1\r\n\r\n";
    char target[32];
    struct mli_guard_facts facts;

    (void)state;
    cut_head(&cut, text, sizeof(text) - 1);
    snprintf(target, sizeof(target), "%s", cut.head.target);
    cut.head.target = target;
    assert_int_equal(mli_guard_check(&cut.head, MAX_HEAD, &facts).status, 0);
    assert_false(mli_guard_is_kept(&kept, &cut.head));
    mli_guard_keep(&kept, &cut.head, &facts);
    assert_true(mli_guard_is_kept(&kept, &cut.head));
    assert_int_equal(kept.facts.length, 5);
    for (size_t i = 0; i < cut.head.size; i++) { /* a NUL for a separator leaves the bytes, not the fields, as they were */
        cut.bytes[i] = (char)(cut.bytes[i] ^ 1);
        assert_false(mli_guard_is_kept(&kept, &cut.head));
        cut.bytes[i] = (char)(cut.bytes[i] ^ 1);
    }
    for (size_t i = 0; i < cut.head.target_len; i++) { /* the library cuts it to pieces where it was received */
        target[i] = (char)(target[i] ^ 1);
        assert_false(mli_guard_is_kept(&kept, &cut.head));
        target[i] = (char)(target[i] ^ 1);
    }
    for (size_t i = 0; i < cut.head.fields; i++) {
        cut.field[i].value_len++;
        assert_false(mli_guard_is_kept(&kept, &cut.head));
        cut.field[i].value_len--;
        cut.field[i].value++;
        assert_false(mli_guard_is_kept(&kept, &cut.head));
        cut.field[i].value--;
    }
    cut.head.fields--;
    assert_false(mli_guard_is_kept(&kept, &cut.head));
    cut.head.fields++;
    cut.head.size--;
    assert_false(mli_guard_is_kept(&kept, &cut.head));
    cut.head.size++;
    cut.head.received = NULL;
    assert_false(mli_guard_is_kept(&kept, &cut.head));
    mli_guard_keep(&kept, &cut.head, &facts);
    assert_false(mli_guard_is_kept(&kept, &cut.head));
}

static const struct {
    const char *target, *path;
} targets[] = {
    { "/", "/" },
    { "/predict?x=1", "/predict" },
    { "http://host/predict?x", "/predict" },
    { "HTTP://host:80/a/b", "/a/b" },
    { "http://host", "" },
    { "*", "*" },
    { "/../predict", "/../predict" },
    { "/%70redict", "/%70redict" },
};

static void test_facts(void **state)
{
    struct mli_guard_facts facts;
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        int len =
            snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", targets[i].target);
        assert_int_equal(check(text, (size_t)len, &facts), 0);
        assert_int_equal(facts.path_len, strlen(targets[i].path));
        assert_memory_equal(facts.path, targets[i].path, facts.path_len);
    }
    assert_int_equal(
        check(HEAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 018\r\nEXPECT: 100-continue\r\n"
                   "Content-Type: text/csv\r\nContent-Encoding: gzip\r\nAccept: */*\r\n\r\n"),
              &facts),
        0);
    assert_true(facts.has_length && !facts.chunked);
    assert_int_equal(facts.length, 18);
    assert_string_equal(facts.expect, "100-continue");
    assert_string_equal(facts.content_type, "text/csv");
    assert_string_equal(facts.content_encoding, "gzip");
    assert_string_equal(facts.accept, "*/*");
}

static const struct {
    const char *text;
    enum mli_media media;
    enum mli_header header;
    enum mli_content_fault fault;
} types[] = {
    { "application/json", MLI_MEDIA_JSON, 0, 0 },
    { "Application/JSON", MLI_MEDIA_JSON, 0, 0 },
    { "application/json; charset=utf-8", MLI_MEDIA_JSON, 0, 0 },
    { "application/json;charset=\"UTF-8\"", MLI_MEDIA_JSON, 0, 0 },
    { "application/json ; Charset=Utf-8 ", MLI_MEDIA_JSON, 0, 0 },
    { "text/csv", MLI_MEDIA_CSV, 0, 0 },
    { "text/csv; header=present; charset=utf-8", MLI_MEDIA_CSV, MLI_HEADER_PRESENT, 0 },
    { "text/csv; header=absent", MLI_MEDIA_CSV, MLI_HEADER_ABSENT, 0 },
    { "text/csv;label_size=0", MLI_MEDIA_CSV, 0, 0 },
    { "application/jsonlines", MLI_MEDIA_LINES, 0, 0 },
    { "application/x-ndjson; charset=utf-8", MLI_MEDIA_LINES, 0, 0 },
    { NULL, MLI_MEDIA_OTHER, 0, MLI_CONTENT_TYPE },
    { "", MLI_MEDIA_OTHER, 0, MLI_CONTENT_TYPE },
    { "application/jsonx", MLI_MEDIA_OTHER, 0, MLI_CONTENT_TYPE },
    { "application/json, text/csv", MLI_MEDIA_OTHER, 0, MLI_CONTENT_TYPE },
    { "application/json; charset=latin1", MLI_MEDIA_OTHER, 0, MLI_CONTENT_CHARSET },
    { "application/json; charset", MLI_MEDIA_OTHER, 0, MLI_CONTENT_PARAMETER },
    { "application/json; charset=\"utf-8", MLI_MEDIA_OTHER, 0, MLI_CONTENT_PARAMETER },
    { "application/json; header=present", MLI_MEDIA_OTHER, 0, MLI_CONTENT_PARAMETER },
    { "application/json;", MLI_MEDIA_OTHER, 0, MLI_CONTENT_PARAMETER },
    { "application/json x", MLI_MEDIA_OTHER, 0, MLI_CONTENT_PARAMETER },
    { "text/csv; header=maybe", MLI_MEDIA_OTHER, 0, MLI_CONTENT_PARAMETER },
    { "text/csv; label_size=1", MLI_MEDIA_OTHER, 0, MLI_CONTENT_PARAMETER },
    { "text/plain", MLI_MEDIA_OTHER, 0, MLI_CONTENT_TYPE },
    { "application/x-www-form-urlencoded", MLI_MEDIA_OTHER, 0, MLI_CONTENT_TYPE },
};

static void test_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const struct mli_content content = mli_content_parse(types[i].text);
        if (content.media != types[i].media || content.header != types[i].header ||
            content.fault != types[i].fault)
            fail_msg("\"%s\" is %d %d %d", types[i].text, (int)content.media, (int)content.header,
                     (int)content.fault);
    }
}

static const struct {
    const char *text;
    enum mli_media media;
} accepted[] = {
    { NULL, MLI_MEDIA_OTHER },
    { "", MLI_MEDIA_OTHER },
    { "*/*", MLI_MEDIA_OTHER },
    { "application/json", MLI_MEDIA_JSON },
    { "text/html, text/csv;q=0.5, */*", MLI_MEDIA_CSV },
    { "text/csv;q=0, application/jsonlines", MLI_MEDIA_LINES },
    { "text/csv; q=0.000 ,*/*", MLI_MEDIA_OTHER },
    { "text/csv;", MLI_MEDIA_CSV },
    { " , ,application/x-ndjson", MLI_MEDIA_LINES },
    { "text/csv;q=0.1, application/json;q=0.9, application/jsonlines;q=0.5", MLI_MEDIA_JSON },
    { "text/csv, application/json", MLI_MEDIA_CSV },
};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        if (mli_content_accepted(accepted[i].text) != accepted[i].media)
            fail_msg("\"%s\" is not %d", accepted[i].text, (int)accepted[i].media);
    }
}

int run_guard_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),  cmocka_unit_test(test_moved_field),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_kept), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_accepted),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
