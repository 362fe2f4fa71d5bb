/*
 * Call: one HTTP/1.1 request to a server and its answer, over TLS when the URL says so, for the commands that ask a server: health
 * checks in a container without a shell, and changes of what is served.
 */
#ifndef SERVE_CALL_H
#define SERVE_CALL_H

#include <base/buf.h>
#include <stdbool.h>

struct mli_call {
    const char *method;
    const char *url;   /* http[s]://HOST[:PORT][/PATH], HOST a name, an IPv4 address or an IPv6 one in brackets */
    const char *path;  /* when the URL has none */
    const char *token; /* for Authorization: Bearer; then the server's certificate must be good. NULL: none */
    bool check;        /* the same without one: the path is a secret, or what is sent */
    const char *ca;    /* PEM file of who may have signed that; NULL: whom the system trusts */
    const char *ca_hint; /* what to do about one that is not good, added to the message; NULL: nothing */
    const char *cert, *key; /* PEM files of the certificate that is shown to a server that asks for one, both or NULL */
    const char *cert_hint;  /* what to do, without one, about a server that says nothing more, added to the message; NULL: nothing */
    const char *type;  /* Content-Type; NULL: no body */
    const char *body;
    size_t len;
    unsigned timeout_ms; /* for all of it, besides what looking up a name takes */
};

struct mli_answer {
    int status;
    struct mli_buf *body; /* gets it, at most a mebibyte with the head; NULL: only the status is read */
};

/* ML_EUSAGE: not such a URL; ML_EIO: no answer, not an HTTP one, or a certificate that is not trusted; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_call(const struct mli_call *call, struct mli_answer *out, struct ml_error *err);
struct addrinfo;
/*
 * Connects to the first address of a list that answers. They are tried one after the other, and each has its share of the time that
 * is left, so that one from which nothing comes back leaves some to those behind it (RFC 8305 in a simple form: there
 * they race). The socket, which does not block; -1: errno.
 */
int mli_call_connect(const struct addrinfo *list, unsigned timeout_ms);
/* Whether what is sent to such a URL can be read on the way: plain HTTP, to another machine as far as the URL says. */
bool mli_call_is_open(const char *url);
/* Whether an address, or the name localhost, is this machine. */
bool mli_call_is_loopback(const char *host);
/* The port of such a URL; 0: it is none. */
unsigned mli_call_port(const char *url);

#endif
