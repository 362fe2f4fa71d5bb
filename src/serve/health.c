#include <serve/health.h>

#include <arpa/inet.h>
#include <base/num.h>
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

struct target {
    char host[256], port[8];
    const char *path;
    bool literal; /* the host was in brackets */
    bool secure;  /* https */
};

struct call {
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
    out->path = *rest == '\0' || strcmp(rest, "/") == 0 ? "/healthz" : rest;
    return *out->path == '/';
}

/* ---- the exchange ------------------------------------------------------------------------------------------------ */

/* Waits for the socket, with TLS for what that needs; false when time is up. */
static bool ready(const struct call *call, short events)
{
    struct pollfd socket = { .fd = call->fd,
                             .events = call->tls ? mli_tls_client_awaits(call->tls) : events };
    uint64_t now;
    int n = 0;

    do {
        now = milliseconds();
        if (now >= call->until)
            break;
        n = poll(&socket, 1, (int)(call->until - now));
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        errno = ETIMEDOUT;
    return n > 0;
}

static bool connect_to(struct call *call, const struct addrinfo *address)
{
    int reason = 0;
    socklen_t len = sizeof(reason);

    call->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (call->fd < 0)
        return false;
    if (connect(call->fd, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    if (errno == EINPROGRESS && ready(call, POLLOUT) &&
        getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &reason, &len) == 0) {
        if (reason == 0)
            return true;
        errno = reason;
    }
    reason = errno;
    close(call->fd);
    call->fd = -1;
    errno = reason;
    return false;
}

static enum ml_status connect_any(struct call *call, const struct target *target,
                                  struct ml_error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list;
    int failed = getaddrinfo(target->host, target->port, &hints, &list);

    if (failed)
        return ml_error_set(err, ML_EIO, "%s: %s", target->host, gai_strerror(failed));
    call->fd = -1;
    for (const struct addrinfo *a = list; a && call->fd < 0; a = a->ai_next)
        connect_to(call, a);
    int reason = errno;
    freeaddrinfo(list);
    if (call->fd >= 0)
        return ML_OK;
    return ml_error_set(err, ML_EIO, "cannot connect to %s port %s: %s", target->host, target->port,
                        strerror(reason));
}

static enum ml_status shake_hands(struct call *call, const struct target *target,
                                  struct ml_error *err)
{
    struct in_addr address;
    bool named = !target->literal && inet_pton(AF_INET, target->host, &address) != 1;

    if (!target->secure)
        return ML_OK;
    call->tls = mli_tls_client_new(call->fd, named ? target->host : NULL);
    if (!call->tls)
        return ml_error_set(err, ML_ENOMEM, "out of memory for TLS");
    while (mli_tls_client_shake(call->tls) != 0) {
        if (errno != EAGAIN)
            return ml_error_set(err, ML_EIO, "%s port %s refused a TLS handshake, or does not speak TLS",
                                target->host, target->port);
        if (!ready(call, POLLIN))
            return ml_error_set(err, ML_EIO, "%s port %s did not answer in time", target->host,
                                target->port);
    }
    return ML_OK;
}

static bool send_all(const struct call *call, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = call->tls ? mli_tls_client_send(call->tls, bytes, n)
                                 : send(call->fd, bytes, n, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        } else if (errno != EINTR && (errno != EAGAIN || !ready(call, POLLOUT))) {
            return false;
        }
    }
    return true;
}

/* The first bytes of the answer, as far as the status needs: "HTTP/1.1 200". */
static size_t receive_start(const struct call *call, char *out, size_t n)
{
    size_t have = 0;

    while (have < n) {
        ssize_t got = call->tls ? mli_tls_client_receive(call->tls, out + have, n - have)
                                : recv(call->fd, out + have, n - have, 0);
        if (got > 0)
            have += (size_t)got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR) || !ready(call, POLLIN))
            break;
    }
    return have;
}

static enum ml_status exchange(const struct call *call, const struct target *target,
                               int *http_status, struct ml_error *err)
{
    char request[2048], start[12];
    size_t code = 0;

    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nConnection: close\r\n\r\n",
                       target->path, target->literal ? "[" : "", target->host,
                       target->literal ? "]" : "", target->port);
    if (len < 0 || (size_t)len >= sizeof(request))
        return ml_error_set(err, ML_EUSAGE, "the URL is too long");
    if (!send_all(call, request, (size_t)len))
        return ml_error_set(err, ML_EIO, "%s port %s: %s", target->host, target->port,
                            strerror(errno));
    errno = 0;
    size_t got = receive_start(call, start, sizeof(start));
    if (got < sizeof(start) && errno == ETIMEDOUT)
        return ml_error_set(err, ML_EIO, "%s port %s did not answer in time", target->host,
                            target->port);
    if (got < sizeof(start) || memcmp(start, "HTTP/1.", 7) != 0 || start[8] != ' ' ||
        !mli_num_parse_size(start + 9, 3, &code) || code < 100)
        return ml_error_set(err, ML_EIO, "%s port %s did not answer in HTTP/1.1", target->host,
                            target->port);
    *http_status = (int)code;
    return ML_OK;
}

enum ml_status mli_health(const char *url, unsigned timeout_ms, int *http_status,
                          struct ml_error *err)
{
    struct call call = { .fd = -1, .until = milliseconds() + timeout_ms };
    struct target target;

    if (!parse_url(url, &target))
        return ml_error_set(err, ML_EUSAGE,
                            "\"%s\" is not a URL like http://127.0.0.1:8080/healthz", url);
    enum ml_status status = connect_any(&call, &target, err);
    if (status != ML_OK)
        return status;
    status = shake_hands(&call, &target, err);
    if (status == ML_OK)
        status = exchange(&call, &target, http_status, err);
    mli_tls_client_free(call.tls);
    close(call.fd);
    return status;
}
