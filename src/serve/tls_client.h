/*
 * The other side of TLS, for health checks: over a connected, non-blocking socket. The server's certificate is not
 * checked, as by the probes of Kubernetes: a probe tells no secrets, and learns a status that it trusts with nothing.
 */
#ifndef SERVE_TLS_CLIENT_H
#define SERVE_TLS_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

struct mli_tls_client;
/* host: the server's name; NULL: it is an address, and the server is not told. NULL: out of memory. */
struct mli_tls_client *mli_tls_client_new(int fd, const char *host);
void mli_tls_client_free(
    struct mli_tls_client *client); /* NULL is fine; the socket is the caller's */

/* What poll() is to wait for, after one of those below has failed with EAGAIN. */
short mli_tls_client_awaits(const struct mli_tls_client *client);
/* As connect(), send() and recv(), with errno; what is not TLS, or refuses, is EPROTO. */
int mli_tls_client_shake(struct mli_tls_client *client);
ssize_t mli_tls_client_send(struct mli_tls_client *client, const void *bytes, size_t n);
ssize_t mli_tls_client_receive(struct mli_tls_client *client, void *bytes, size_t n);

#endif
