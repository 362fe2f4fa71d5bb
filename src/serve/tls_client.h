/*
 * The other side of TLS, over a connected, non-blocking socket. The server's certificate is checked when a secret is to be
 * told, and not by health checks, as by the probes of Kubernetes: a probe tells nothing, and learns a status that it trusts with nothing.
 */
#ifndef SERVE_TLS_CLIENT_H
#define SERVE_TLS_CLIENT_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <sys/types.h>

struct mli_tls_client_config {
    const char *host; /* name or address of the server, */
    bool named;       /* a name, which it is told */
    bool check;       /* its certificate must be of it, and of somebody to be trusted: */
    const char *ca;   /* PEM file of those; NULL: the system's */
    const char *cert, *key; /* PEM files of what is shown to a server that asks, both or NULL */
};

struct mli_tls_client;
/* ML_EIO: the files have no certificates, or a key that is another's; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_tls_client_new(int fd, const struct mli_tls_client_config *config,
                                               struct mli_tls_client **out, struct ml_error *err);
void mli_tls_client_free(
    struct mli_tls_client *client); /* NULL is fine; the socket is the caller's */

/* What poll() is to wait for, after one of those below has failed with EAGAIN. */
short mli_tls_client_awaits(const struct mli_tls_client *client);
/* As connect(), send() and recv(), with errno; what is not TLS, or refuses, is EPROTO, a certificate that is not good
 * EKEYREJECTED. */
int mli_tls_client_shake(struct mli_tls_client *client);
ssize_t mli_tls_client_send(struct mli_tls_client *client, const void *bytes, size_t n);
ssize_t mli_tls_client_receive(struct mli_tls_client *client, void *bytes, size_t n);

#endif
