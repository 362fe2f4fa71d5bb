#include <serve/tls_client.h>

#include <base/mem.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct mli_tls_client {
    gnutls_session_t session;
    gnutls_certificate_credentials_t trust;
};

static bool begin(struct mli_tls_client *client, int fd, const struct mli_tls_client_config *config)
{
    if (gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0 ||
        gnutls_certificate_allocate_credentials(&client->trust) != 0 ||
        gnutls_set_default_priority(client->session) != 0 ||
        gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, client->trust) != 0)
        return false;
    if (config->named &&
        gnutls_server_name_set(client->session, GNUTLS_NAME_DNS, config->host, strlen(config->host)) != 0)
        return false;
    if (config->check)
        gnutls_session_set_verify_cert(client->session, config->host, 0);
    gnutls_transport_set_int(client->session, fd);
    return true;
}

static bool take_trusted(struct mli_tls_client *client, const struct mli_tls_client_config *config)
{
    if (!config->check)
        return true;
    if (!config->ca)
        return gnutls_certificate_set_x509_system_trust(client->trust) >= 0;
    return gnutls_certificate_set_x509_trust_file(client->trust, config->ca, GNUTLS_X509_FMT_PEM) > 0;
}

/* The certificate that is shown, with its key. */
static bool take_own(struct mli_tls_client *client, const struct mli_tls_client_config *config)
{
    return !config->cert ||
           gnutls_certificate_set_x509_key_file(client->trust, config->cert, config->key, GNUTLS_X509_FMT_PEM) >= 0;
}

enum ml_status mli_tls_client_new(int fd, const struct mli_tls_client_config *config, struct mli_tls_client **out,
                                  struct ml_error *err)
{
    struct mli_tls_client *client = mli_calloc(1, sizeof(*client));
    enum ml_status status = ML_OK;

    if (!client || !begin(client, fd, config))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for TLS");
    else if (!take_trusted(client, config))
        status = ml_error_set(err, ML_EIO, "%s: no certificates in PEM are there", config->ca ? config->ca : "the system");
    else if (!take_own(client, config))
        status = ml_error_set(err, ML_EIO, "%s, %s: no certificate and its key in PEM are there", config->cert, config->key);
    if (status == ML_OK)
        *out = client;
    else
        mli_tls_client_free(client);
    return status;
}

void mli_tls_client_free(struct mli_tls_client *client)
{
    if (!client)
        return;
    if (client->session)
        gnutls_deinit(client->session);
    if (client->trust)
        gnutls_certificate_free_credentials(client->trust);
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
    int result = gnutls_handshake(client->session);

    if (result == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR) {
        errno = EKEYREJECTED;
        return -1;
    }
    return (int)as_call(result);
}

ssize_t mli_tls_client_send(struct mli_tls_client *client, const void *bytes, size_t n)
{
    return as_call(gnutls_record_send(client->session, bytes, n));
}

ssize_t mli_tls_client_receive(struct mli_tls_client *client, void *bytes, size_t n)
{
    return as_call(gnutls_record_recv(client->session, bytes, n));
}
