#include <serve/call.h>

#include <arpa/inet.h>
#include <base/num.h>
#include <base/secret.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <serve/tls_client.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STATUS_LINE ((size_t)12)        /* bytes of an answer that have its status */
#define ANSWER_MAX ((size_t)1 << 20)    /* bytes of an answer that are read */
#define STEP ((size_t)16 << 10)

struct target {
    char host[256], port[8];
    const char *path; /* "": the URL ends before one */
    bool literal; /* the host was in brackets */
    bool secure;  /* https */
};

struct line {
    int fd;
    struct mli_tls_client *tls; /* NULL: plain */
    uint64_t until; /* milliseconds */
};

static uint64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the URL ----------------------------------------------------------------------------------------------------- */

static bool copy(char *to, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static bool clean(const char *text)
{
    for (; *text; text++) {
        if (*text <= 0x20 || *text > 0x7E)
            return false;
    }
    return true;
}

static bool parse_url(const char *url, struct target *out)
{
    static const char *const schemes[] = { "http://", "https://" };
    size_t len, port;

    out->secure = strncasecmp(url, schemes[1], strlen(schemes[1])) == 0;
    const char *scheme = schemes[out->secure];
    if (!clean(url) || strncasecmp(url, scheme, strlen(scheme)) != 0)
        return false;
    const char *host = url + strlen(scheme), *rest;
    out->literal = *host == '[';
    if (out->literal) {
        len = strcspn(++host, "]/");
        rest = host + len + (host[len] == ']');
        if (rest == host + len)
            return false;
    } else {
        len = strcspn(host, ":/?#@");
        rest = host + len;
    }
    if (!copy(out->host, sizeof(out->host), host, len))
        return false;
    snprintf(out->port, sizeof(out->port), "%s", out->secure ? "443" : "80");
    if (*rest == ':') {
        len = strcspn(++rest, "/");
        if (!mli_num_parse_size(rest, len, &port) || port == 0 || port > 65535)
            return false;
        snprintf(out->port, sizeof(out->port), "%zu", port);
        rest += len;
    }
    out->path = strcmp(rest, "/") == 0 ? "" : rest;
    return *out->path == '/' || *out->path == '\0';
}

/* ---- the exchange ------------------------------------------------------------------------------------------------ */

/* Waits for the socket, with TLS for what that needs; false when time is up. */
static bool ready(const struct line *line, short events)
{
    struct pollfd socket = { .fd = line->fd,
                             .events = line->tls ? mli_tls_client_awaits(line->tls) : events };
    uint64_t now;
    int n = 0;

    do {
        now = milliseconds();
        if (now >= line->until)
            break;
        n = poll(&socket, 1, (int)(line->until - now));
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        errno = ETIMEDOUT;
    return n > 0;
}

static void connect_to(struct line *line, const struct addrinfo *address)
{
    int reason = 0;
    socklen_t len = sizeof(reason);

    line->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line->fd < 0 || connect(line->fd, address->ai_addr, address->ai_addrlen) == 0)
        return;
    if (errno == EINPROGRESS && ready(line, POLLOUT) &&
        getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &reason, &len) == 0) {
        if (reason == 0)
            return;
        errno = reason;
    }
    reason = errno;
    close(line->fd);
    line->fd = -1;
    errno = reason;
}

int mli_call_connect(const struct addrinfo *list, unsigned timeout_ms)
{
    struct line line = { .fd = -1 };
    const uint64_t until = milliseconds() + timeout_ms;
    uint64_t left = 0;

    for (const struct addrinfo *a = list; a; a = a->ai_next)
        left++;
    for (const struct addrinfo *a = list; a && line.fd < 0; a = a->ai_next, left--) {
        const uint64_t now = milliseconds();
        line.until = now < until ? now + (until - now) / left : until;
        connect_to(&line, a);
    }
    return line.fd;
}

static enum ml_status connect_any(struct line *line, const struct target *target,
                                  struct ml_error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list;
    int failed = getaddrinfo(target->host, target->port, &hints, &list);

    if (failed)
        return ml_error_set(err, ML_EIO, "%s: %s", target->host, gai_strerror(failed));
    const uint64_t now = milliseconds();
    line->fd = mli_call_connect(list, now < line->until ? (unsigned)(line->until - now) : 0);
    int reason = errno;
    freeaddrinfo(list);
    if (line->fd >= 0)
        return ML_OK;
    return ml_error_set(err, ML_EIO, "cannot connect to %s port %s: %s", target->host, target->port,
                        strerror(reason));
}

static const char *hint_of(const struct mli_call *call)
{
    return call->cert_hint && !call->cert ? call->cert_hint : "";
}

static enum ml_status shake_hands(struct line *line, const struct target *target, const struct mli_call *call,
                                  struct ml_error *err)
{
    struct in_addr address;
    bool named = !target->literal && inet_pton(AF_INET, target->host, &address) != 1;
    const struct mli_tls_client_config config = { .host = target->host,
                                                  .named = named,
                                                  .check = call->token || call->check,
                                                  .ca = call->ca,
                                                  .cert = call->cert,
                                                  .key = call->key };

    if (!target->secure)
        return ML_OK;
    enum ml_status status = mli_tls_client_new(line->fd, &config, &line->tls, err);
    if (status != ML_OK)
        return status;
    while (mli_tls_client_shake(line->tls) != 0) {
        if (errno == EKEYREJECTED)
            return ml_error_set(err, ML_EIO, "the certificate of %s port %s is not one to be trusted, or not of that name%s",
                                target->host, target->port, call->ca_hint ? call->ca_hint : "");
        if (errno != EAGAIN)
            return ml_error_set(err, ML_EIO, "%s port %s refused a TLS handshake, or does not speak TLS%s",
                                target->host, target->port, hint_of(call));
        if (!ready(line, POLLIN))
            return ml_error_set(err, ML_EIO, "%s port %s did not answer in time", target->host,
                                target->port);
    }
    return ML_OK;
}

static bool send_all(const struct line *line, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = line->tls ? mli_tls_client_send(line->tls, bytes, n)
                                 : send(line->fd, bytes, n, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        } else if (errno != EINTR && (errno != EAGAIN || !ready(line, POLLOUT))) {
            return false;
        }
    }
    return true;
}

/* Why sending failed is the other side, which may have answered before. */
static bool takes_no_more(int reason)
{
    return reason == EPIPE || reason == ECONNRESET || reason == EPROTO || reason == ETIMEDOUT;
}

/* Reads until the other side closes, `out` is full or time is up. */
static void receive(const struct line *line, struct mli_buf *out)
{
    while (out->len < out->limit) {
        char *room = mli_buf_room(out, out->limit - out->len < STEP ? out->limit - out->len : STEP);
        size_t n = out->limit - out->len < STEP ? out->limit - out->len : STEP;
        ssize_t got = !room       ? 0
                      : line->tls ? mli_tls_client_receive(line->tls, room, n)
                                  : recv(line->fd, room, n, 0);
        if (got > 0)
            out->len += (size_t)got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR) || !ready(line, POLLIN))
            break;
    }
}

static void write_request(const struct mli_call *call, const struct target *target, struct mli_buf *out)
{
    const char *path = *target->path ? target->path : call->path;

    mli_buf_printf(out, "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nConnection: close\r\n", call->method, path,
                   target->literal ? "[" : "", target->host, target->literal ? "]" : "", target->port);
    if (call->token)
        mli_buf_printf(out, "Authorization: Bearer %s\r\n", call->token);
    if (call->type)
        mli_buf_printf(out, "Content-Type: %s\r\n", call->type);
    if (call->type || call->len > 0)
        mli_buf_printf(out, "Content-Length: %zu\r\n", call->len);
    mli_buf_str(out, "\r\n");
    if (call->len > 0)
        mli_buf_add(out, call->body, call->len);
}

/* "HTTP/1.1 200": false: it is not an answer. */
static bool read_status(const struct mli_buf *answer, int *out)
{
    size_t code = 0;

    if (answer->len < STATUS_LINE || memcmp(answer->data, "HTTP/1.", 7) != 0 || answer->data[8] != ' ' ||
        !mli_num_parse_size(answer->data + 9, 3, &code) || code < 100)
        return false;
    *out = (int)code;
    return true;
}

static enum ml_status exchange(const struct line *line, const struct target *target, const struct mli_call *call,
                               struct mli_answer *out, struct ml_error *err)
{
    struct mli_buf request, answer;
    enum ml_status status = ML_OK;

    mli_buf_init(&request, SIZE_MAX);
    mli_buf_init(&answer, out->body ? ANSWER_MAX : STATUS_LINE);
    write_request(call, target, &request);
    if (request.status != ML_OK)
        status = ml_error_set(err, request.status, "out of memory for a request");
    else if (!send_all(line, request.data, request.len) && !takes_no_more(errno))
        status = ml_error_set(err, ML_EIO, "%s port %s: %s", target->host, target->port, strerror(errno));
    errno = 0;
    if (status == ML_OK)
        receive(line, &answer);
    if (status == ML_OK && answer.len < STATUS_LINE && errno == ETIMEDOUT)
        status = ml_error_set(err, ML_EIO, "%s port %s did not answer in time", target->host, target->port);
    else if (status == ML_OK && answer.len == 0) /* TLS 1.3 looks at certificates when hands are shaken */
        status = ml_error_set(err, ML_EIO, "%s port %s ended the connection without an answer%s", target->host, target->port,
                              line->tls ? hint_of(call) : "");
    else if (status == ML_OK && !read_status(&answer, &out->status))
        status = ml_error_set(err, ML_EIO, "%s port %s did not answer in HTTP/1.1", target->host, target->port);
    const char *end = status == ML_OK && out->body ? memmem(answer.data, answer.len, "\r\n\r\n", 4) : NULL;
    if (end)
        mli_buf_add(out->body, end + 4, (size_t)(answer.data + answer.len - (end + 4)));
    if (request.data)
        mli_secret_wipe(request.data, request.len);
    mli_buf_release(&request);
    mli_buf_release(&answer);
    return status;
}

enum ml_status mli_call(const struct mli_call *call, struct mli_answer *out, struct ml_error *err)
{
    struct line line = { .fd = -1, .until = milliseconds() + call->timeout_ms };
    struct target target;

    if (!parse_url(call->url, &target))
        return ml_error_set(err, ML_EUSAGE, "\"%s\" is not a URL like http://127.0.0.1:8080%s", call->url, call->path);
    if (call->token && !clean(call->token))
        return ml_error_set(err, ML_EUSAGE, "the token has bytes that no token has");
    enum ml_status status = connect_any(&line, &target, err);
    if (status != ML_OK)
        return status;
    status = shake_hands(&line, &target, call, err);
    if (status == ML_OK)
        status = exchange(&line, &target, call, out, err);
    mli_tls_client_free(line.tls);
    close(line.fd);
    return status;
}

bool mli_call_is_loopback(const char *host)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
    return strcasecmp(host, "localhost") == 0;
}

bool mli_call_is_open(const char *url)
{
    struct target target;

    return parse_url(url, &target) && !target.secure && !mli_call_is_loopback(target.host);
}

unsigned mli_call_port(const char *url)
{
    struct target target;
    size_t port = 0;

    if (!parse_url(url, &target))
        return 0;
    return mli_num_parse_size(target.port, strlen(target.port), &port) ? (unsigned)port : 0;
}
