#include <serve/listen.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union any_address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static bool parse_address(const char *text, uint16_t port, union any_address *out, socklen_t *len)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, &out->four.sin_addr) == 1) {
        out->four.sin_family = AF_INET;
        out->four.sin_port = htons(port);
        *len = sizeof(out->four);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->six.sin6_addr) == 1) {
        out->six.sin6_family = AF_INET6;
        out->six.sin6_port = htons(port);
        *len = sizeof(out->six);
        return true;
    }
    return false;
}

static bool bind_and_listen(int fd, const union any_address *address, socklen_t len)
{
    const int on = 1, off = 0;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    return bind(fd, &address->any, len) == 0 && listen(fd, SOMAXCONN) == 0;
}

enum ml_status mli_listen(const char *text, uint16_t port, int *out, uint16_t *bound,
                          struct ml_error *err)
{
    union any_address address;
    socklen_t len;

    if (!parse_address(text, port, &address, &len))
        return ml_error_set(err, ML_EUSAGE,
                            "\"%s\" is not an IPv4 or IPv6 address, like 0.0.0.0 or ::", text);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || !bind_and_listen(fd, &address, len) || getsockname(fd, &address.any, &len) != 0) {
        int reason = errno;
        if (fd >= 0)
            close(fd);
        return ml_error_set(err, ML_EIO, "cannot listen on port %u of %s: %s", port, text,
                            strerror(reason));
    }
    *out = fd;
    *bound =
        ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
    return ML_OK;
}

void mli_listen_no_more(int fd)
{
    enum { FLAGS = 13, SYN = 2 }; /* a byte of the TCP header, and the bit of it that the first packet has */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}
