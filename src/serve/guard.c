#include <serve/guard.h>

#include <string.h>
#include <strings.h>

static const struct mli_refusal fine = { 0, NULL };

static struct mli_refusal refuse(unsigned status, const char *text)
{
    return (struct mli_refusal){ status, text };
}

/* ---- characters (RFC 9110, 5.6.2 and 5.5; RFC 3986, 2) ----------------------------------------------------------- */

/* One bit a character. */
struct characters {
    uint64_t low, high; /* below 64, and the next 64 */
};

static bool is_of(const struct characters *set, char c)
{
    unsigned char at = (unsigned char)c;

    return at < 128 && ((at < 64 ? set->low : set->high) >> (at & 63) & 1);
}

static bool are_of(const struct characters *set, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_of(set, s[i]))
            return false;
    }
    return n > 0;
}

/* Digits and letters, and !#$%&'*+-.^_`|~ */
static bool is_token(const char *s, size_t n)
{
    static const struct characters token = { 0x03ff6cfa00000000, 0x57ffffffc7fffffe };

    return are_of(&token, s, n);
}

static bool is_field_value(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* No control byte, space or byte over 0x7E, every % before two hex digits, and no %00. */
static bool is_target(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] <= 0x20 || s[i] > 0x7E)
            return false;
        if (s[i] != '%')
            continue;
        if (n - i < 3 || hex_digit(s[i + 1]) < 0 || hex_digit(s[i + 2]) < 0 ||
            (s[i + 1] == '0' && s[i + 2] == '0'))
            return false;
    }
    return n > 0;
}

/* A host with an optional port; which host is not our business, but it must be one: digits, letters, -._~%!$&'()*+;=:[] */
static bool is_host(const char *s, size_t n)
{
    static const struct characters host = { 0x2fff6ff200000000, 0x47fffffeaffffffe };

    return are_of(&host, s, n);
}

static inline bool equals(const char *s, size_t n, const char *word)
{
    return n == strlen(word) && strncasecmp(s, word, n) == 0;
}

/* ---- the head as it was received --------------------------------------------------------------------------------- */

/* Whether `next` is `gap` bytes after the n bytes at s, and there is nothing between but what the parser cut. */
static bool follows(const char *s, size_t n, size_t gap, const char *next)
{
    if ((uintptr_t)s + n + gap != (uintptr_t)next)
        return false;
    for (size_t i = 0; i < gap; i++) {
        if (s[n + i] != '\0')
            return false;
    }
    return true;
}

static bool tiles(const struct mli_guard_head *head)
{
    const char *end = head->version;
    size_t end_len = strlen(head->version);

    if (!follows(head->method, strlen(head->method), 1, head->received) ||
        !follows(head->received, head->target_len, 1, head->version))
        return false;
    for (size_t i = 0; i < head->fields; i++) {
        const struct mli_guard_field *field = &head->field[i];
        if (!follows(end, end_len, 2, field->name) ||
            (uintptr_t)field->value < (uintptr_t)field->name + field->name_len + 1)
            return false;
        end = field->value;
        end_len = field->value_len;
    }
    return follows(end, end_len, 4, head->method + head->size);
}

/* ---- the checks -------------------------------------------------------------------------------------------------- */

static struct mli_refusal check_line(const struct mli_guard_head *head)
{
    if (head->target_len > MLI_GUARD_TARGET)
        return refuse(414, "the request target is longer than 8192 bytes");
    if (!is_token(head->method, strlen(head->method)))
        return refuse(400, "the request method is not a token");
    if (strcmp(head->version, "HTTP/1.1") != 0 && strcmp(head->version, "HTTP/1.0") != 0)
        return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (!is_target(head->target, head->target_len))
        return refuse(
            400, "the request target has a byte that must be escaped, a bad escape or %00 in it");
    return fine;
}

/* The path of "/path?query" or "http://host/path?query" (RFC 9112, 3.2); other forms are their own, and no route's. */
static void find_path(const struct mli_guard_head *head, struct mli_guard_facts *facts)
{
    const char *path = head->target, *end = head->target + head->target_len;
    size_t scheme = strlen("http://");

    if (head->target_len > scheme && strncasecmp(path, "http://", scheme) == 0) {
        path = memchr(path + scheme, '/', head->target_len - scheme);
        path = path ? path : end;
    }
    const char *query = memchr(path, '?', (size_t)(end - path));
    facts->path = path;
    facts->path_len = (size_t)((query ? query : end) - path);
}

static bool parse_length(const char *s, size_t n, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9' || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s[i] - '0'), &value))
            return false;
    }
    *out = value;
    return n > 0;
}

struct counts {
    unsigned host, length, coding;
};

/* Who asks cannot be two: a proxy in front and we could each believe another. */
static struct mli_refusal take_once(const char *value, const char **out)
{
    if (*out)
        return refuse(400, "the Authorization or X-API-Key header is repeated");
    *out = value;
    return fine;
}

static struct mli_refusal check_field(const struct mli_guard_field *field, struct counts *counts,
                                      struct mli_guard_facts *facts)
{
    const char *name = field->name, *value = field->value;
    size_t n = field->name_len;

    if (!is_token(name, n))
        return refuse(400, "a header field name is not a token");
    if (!is_field_value(value, field->value_len))
        return refuse(400, "a header field value has a control byte in it");
    if (equals(name, n, "Host")) {
        if (++counts->host > 1 || !is_host(value, field->value_len))
            return refuse(400, "the Host header is repeated or not a host");
        facts->host = value;
    } else if (equals(name, n, "Content-Length")) {
        if (++counts->length > 1 || !parse_length(value, field->value_len, &facts->length))
            return refuse(400, "the Content-Length header is repeated or not a number");
        facts->has_length = true;
    } else if (equals(name, n, "Transfer-Encoding")) {
        if (++counts->coding > 1)
            return refuse(400, "the Transfer-Encoding header is repeated");
        if (!equals(value, field->value_len, "chunked"))
            return refuse(501, "the only transfer coding understood here is \"chunked\"");
        facts->chunked = true;
    } else if (equals(name, n, "Content-Type")) {
        facts->content_type = value;
    } else if (equals(name, n, "Content-Encoding")) {
        facts->content_encoding = value;
    } else if (equals(name, n, "Accept")) {
        facts->accept = value;
    } else if (equals(name, n, "Inference-Header-Content-Length")) {
        facts->json_part = value;
    } else if (equals(name, n, "Expect")) {
        facts->expect = value;
    } else if (equals(name, n, "Authorization")) {
        return take_once(value, &facts->authorization);
    } else if (equals(name, n, "X-API-Key")) {
        return take_once(value, &facts->api_key);
    } else if (equals(name, n, "Origin")) {
        facts->origin = value;
    } else if (equals(name, n, "Access-Control-Request-Method")) {
        facts->wanted_method = value;
    } else if (equals(name, n, "X-Forwarded-For")) {
        facts->forwarded_for = value;
    } else if (equals(name, n, "traceparent")) {
        facts->trace.many_parents = facts->trace.parent != NULL;
        facts->trace.parent = value;
    } else if (equals(name, n, "tracestate")) {
        facts->trace.many_states = facts->trace.state != NULL;
        facts->trace.state = value;
    } else if (equals(name, n, "X-Request-Id")) {
        facts->trace.id = value;
    }
    return fine;
}

static struct mli_refusal check_framing(const struct mli_guard_head *head,
                                        const struct counts *counts)
{
    bool old = strcmp(head->version, "HTTP/1.0") == 0;

    if (counts->host == 0 && !old)
        return refuse(400, "the Host header is missing");
    if (counts->coding > 0 && counts->length > 0)
        return refuse(400, "Content-Length and Transfer-Encoding exclude each other");
    if (counts->coding > 0 && old)
        return refuse(400, "Transfer-Encoding needs HTTP/1.1");
    return fine;
}

struct mli_refusal mli_guard_check(const struct mli_guard_head *head, size_t max_size,
                                   struct mli_guard_facts *facts)
{
    struct counts counts = { 0 };

    *facts = (struct mli_guard_facts){ 0 };
    struct mli_refusal refusal = check_line(head);
    if (refusal.status)
        return refusal;
    find_path(head, facts);
    if (head->fields > MLI_GUARD_FIELDS)
        return refuse(431, "the request has more than 100 header fields");
    if (head->size > max_size)
        return refuse(431, "the request line and header fields are longer than the limit");
    if (head->received && !tiles(head))
        return refuse(
            400,
            "the request head has a bare LF, a NUL byte, a folded line or an empty name in it");
    for (size_t i = 0; i < head->fields; i++) {
        refusal = check_field(&head->field[i], &counts, facts);
        if (refusal.status)
            return refusal;
    }
    return check_framing(head, &counts);
}

/* ---- a head that comes again ------------------------------------------------------------------------------------- */

/* The tiles have shown that the strings and what is between them are the head's bytes; the target was copied before. */
void mli_guard_keep(struct mli_guard_kept *kept, const struct mli_guard_head *head,
                    const struct mli_guard_facts *facts)
{
    kept->head.received = NULL;
    if (!head->received || head->fields > MLI_GUARD_KEPT_FIELDS || head->size > MLI_GUARD_KEPT_BYTES ||
        head->target_len > MLI_GUARD_KEPT_BYTES - head->size)
        return;
    kept->head = *head;
    kept->facts = *facts;
    memcpy(kept->field, head->field, head->fields * sizeof(*head->field));
    memcpy(kept->bytes, head->method, head->size);
    memcpy(kept->bytes + head->size, head->target, head->target_len);
}

bool mli_guard_is_kept(const struct mli_guard_kept *kept, const struct mli_guard_head *head)
{
    const struct mli_guard_head *was = &kept->head;

    return was->received && was->received == head->received && was->method == head->method &&
           was->version == head->version && was->target == head->target && was->target_len == head->target_len &&
           was->size == head->size && was->fields == head->fields &&
           memcmp(kept->field, head->field, head->fields * sizeof(*head->field)) == 0 &&
           memcmp(kept->bytes, head->method, head->size) == 0 &&
           memcmp(kept->bytes + head->size, head->target, head->target_len) == 0;
}
