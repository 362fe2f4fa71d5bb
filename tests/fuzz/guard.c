/*
 * Any bytes as the head of a request, cut into fields the lenient way libmicrohttpd does it. A head that the guard
 * lets through is one by RFC 9112: put together again from its parts it is the same bytes, and where the body ends is
 * certain.
 */
#include <serve/coding.h>
#include <serve/content.h>
#include <serve/guard.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_HEAD ((size_t)16384)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

/* Ends the line at *at as the library does, NULL when it has no end. */
static char *next_line(char *text, size_t *at, size_t n, char **end)
{
    char *line = text + *at, *lf = memchr(line, '\n', n - *at);

    if (!lf)
        return NULL;
    if (lf > line && lf[-1] == '\r')
        lf[-1] = '\0';
    *lf = '\0';
    *end = lf;
    *at = (size_t)(lf + 1 - text);
    return line;
}

static bool cut_line(struct mli_guard_head *head, char *line, char *end)
{
    char *first = memchr(line, ' ', (size_t)(end - line)),
         *last = memrchr(line, ' ', (size_t)(end - line));

    if (!first || first == last)
        return false;
    *first = *last = '\0';
    head->method = line;
    head->target = head->received = first + 1;
    head->target_len = strlen(first + 1);
    head->version = last + 1;
    return true;
}

static bool cut_head(char *text, size_t n, struct mli_guard_head *head,
                     struct mli_guard_field *field)
{
    size_t at = 0;
    char *end, *line = next_line(text, &at, n, &end);

    if (!line || !cut_line(head, line, end))
        return false;
    while ((line = next_line(text, &at, n, &end)) && *line) {
        char *colon = strchr(line, ':');
        if (!colon)
            return false;
        *colon = '\0';
        const char *value = colon + 1 + strspn(colon + 1, " \t");
        if (head->fields < MLI_GUARD_FIELDS)
            field[head->fields] =
                (struct mli_guard_field){ line, value, strlen(line), strlen(value) };
        head->fields++;
    }
    head->field = field;
    head->size = at;
    return line != NULL;
}

/* One more piece of the head, which must stand at *at in the bytes as they came. */
static void match(const uint8_t *bytes, size_t *at, const char *piece, size_t n)
{
    require(memcmp(bytes + *at, piece, n) == 0, "the head is not made of its parts");
    *at += n;
}

/* n bytes of line ends; a NUL in the place of a CR leaves the same trace. */
static void match_ends(const uint8_t *bytes, size_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        require(memchr("\r\n", bytes[*at + i], 3) != NULL, "a line ends otherwise");
    *at += n;
    require(bytes[*at - 1] == '\n', "a line does not end");
}

static void check_whole(const uint8_t *bytes, const struct mli_guard_head *head)
{
    size_t at = 0;

    match(bytes, &at, head->method, strlen(head->method));
    match(bytes, &at, " ", 1);
    match(bytes, &at, head->target, head->target_len);
    match(bytes, &at, " ", 1);
    match(bytes, &at, head->version, strlen(head->version));
    for (size_t i = 0; i < head->fields; i++) {
        match_ends(bytes, &at, 2);
        match(bytes, &at, head->field[i].name, head->field[i].name_len);
        match(bytes, &at, ":", 1);
        while (bytes[at] == ' ' || bytes[at] == '\t')
            at++;
        match(bytes, &at, head->field[i].value, head->field[i].value_len);
    }
    match_ends(bytes, &at, 4);
    require(at == head->size, "the head ends elsewhere");
}

static size_t count(const struct mli_guard_head *head, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < head->fields; i++)
        n += strcasecmp(head->field[i].name, name) == 0;
    return n;
}

static bool agree(const struct mli_guard_facts *a, const struct mli_guard_facts *b)
{
    return a->length == b->length && a->has_length == b->has_length && a->chunked == b->chunked && a->host == b->host &&
           a->content_type == b->content_type && a->content_encoding == b->content_encoding && a->accept == b->accept &&
           a->expect == b->expect && a->json_part == b->json_part && a->authorization == b->authorization &&
           a->api_key == b->api_key && a->origin == b->origin && a->wanted_method == b->wanted_method &&
           a->forwarded_for == b->forwarded_for && a->path == b->path && a->path_len == b->path_len;
}

/* A head that is kept, and then another in its place, with one byte of it changed: if it is taken for the same, it is as fine. */
static void check_kept(const uint8_t *bytes, size_t n, char *text, const struct mli_guard_head *head,
                       const struct mli_guard_facts *facts)
{
    static struct mli_guard_kept kept;
    struct mli_guard_field field[MLI_GUARD_FIELDS];
    struct mli_guard_head next = { 0 };
    struct mli_guard_facts found;

    mli_guard_keep(&kept, head, facts);
    require(!kept.head.received || mli_guard_is_kept(&kept, head), "the same head is another");
    for (size_t i = 0; kept.head.received && i < head->size; i++) {
        memcpy(text, bytes, n);
        text[i] = i % 2 ? '\0' : (char)bytes[n - 1 - i];
        next = (struct mli_guard_head){ 0 };
        if (!cut_head(text, n, &next, field) || !mli_guard_is_kept(&kept, &next))
            continue;
        require(mli_guard_check(&next, MAX_HEAD, &found).status == 0 && agree(&found, &kept.facts),
                "another head is taken for the same");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct mli_guard_field field[MLI_GUARD_FIELDS];
    struct mli_guard_head head = { 0 };
    struct mli_guard_facts facts;
    char *text = malloc(n + 1);

    require(text != NULL, "memory");
    memcpy(text, bytes, n);
    text[n] = '\0';
    mli_content_parse(text);
    mli_content_accepted(text);
    mli_coding_accepted(text);
    mli_content_openmetrics(text);
    memcpy(text, bytes, n);
    if (cut_head(text, n, &head, field)) {
        struct mli_refusal refusal = mli_guard_check(&head, MAX_HEAD, &facts);
        require((refusal.status == 0) == (refusal.text == NULL), "a refusal without a text");
        if (refusal.status == 0) {
            check_whole(bytes, &head);
            require(count(&head, "Content-Length") + count(&head, "Transfer-Encoding") <= 1,
                    "where the body ends");
            require(facts.has_length == (count(&head, "Content-Length") == 1), "the length");
            require(facts.chunked == (count(&head, "Transfer-Encoding") == 1), "the coding");
            require(count(&head, "Host") == 1 || strcmp(head.version, "HTTP/1.0") == 0, "the host");
            require(count(&head, "Authorization") == (facts.authorization != NULL) &&
                        count(&head, "X-API-Key") == (facts.api_key != NULL),
                    "who asks");
            require(facts.path >= head.target &&
                        facts.path + facts.path_len <= head.target + head.target_len,
                    "the path");
            check_kept(bytes, n, text, &head, &facts);
        }
    }
    free(text);
    return 0;
}
