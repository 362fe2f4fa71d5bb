#include <serve/tls_client.h>

#include <base/mem.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct mli_tls_client {
    gnutls_session_t session;
    gnutls_certificate_credentials_t none;
};

struct mli_tls_client *mli_tls_client_new(int fd, const char *host)
{
    struct mli_tls_client *client = mli_calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    if (gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) == 0 &&
        gnutls_certificate_allocate_credentials(&client->none) == 0 &&
        gnutls_set_default_priority(client->session) == 0 &&
        gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, client->none) == 0 &&
        (!host ||
         gnutls_server_name_set(client->session, GNUTLS_NAME_DNS, host, strlen(host)) == 0)) {
        gnutls_transport_set_int(client->session, fd);
        return client;
    }
    mli_tls_client_free(client);
    return NULL;
}

void mli_tls_client_free(struct mli_tls_client *client)
{
    if (!client)
        return;
    if (client->session)
        gnutls_deinit(client->session);
    if (client->none)
        gnutls_certificate_free_credentials(client->none);
    free(client);
}

short mli_tls_client_awaits(const struct mli_tls_client *client)
{
    return gnutls_record_get_direction(client->session) ? POLLOUT : POLLIN;
}

/* The result as a system call gives it. Warnings and new keys of the other side are passed over. */
static ssize_t as_call(ssize_t result)
{
    if (result >= 0)
        return result;
    errno = gnutls_error_is_fatal((int)result) ? EPROTO : EAGAIN;
    return -1;
}

int mli_tls_client_shake(struct mli_tls_client *client)
{
    return (int)as_call(gnutls_handshake(client->session));
}

ssize_t mli_tls_client_send(struct mli_tls_client *client, const void *bytes, size_t n)
{
    return as_call(gnutls_record_send(client->session, bytes, n));
}

ssize_t mli_tls_client_receive(struct mli_tls_client *client, void *bytes, size_t n)
{
    return as_call(gnutls_record_recv(client->session, bytes, n));
}
