#include <serve/tls.h>

#include <base/file.h>
#include <base/mem.h>
#include <base/secret.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FILE_MAX ((size_t)1 << 20)

const char mli_tls_priorities[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"
    "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE";

struct mli_tls_credentials {
    gnutls_certificate_credentials_t held;
    bool asks;    /* the client for a certificate */
    size_t users; /* connections, and one while they are the current ones */
    time_t expires;
};

struct mli_tls {
    struct mli_tls_config config;
    pthread_mutex_t lock; /* of users and current */
    struct mli_tls_credentials *current;
};

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static enum ml_status read_pem(const char *path, struct mli_buf *out, struct ml_error *err)
{
    mli_buf_init(out, FILE_MAX);
    enum ml_status status = mli_file_read(path, out, err);
    if (status == ML_OK && out->len == 0)
        return ml_error_set(err, ML_EUSAGE, "%s: there is nothing in it", path);
    return status;
}

static void drop_pem(struct mli_buf *pem)
{
    if (pem->data)
        mli_secret_wipe(pem->data, pem->capacity);
    mli_buf_release(pem);
}

static gnutls_datum_t datum(const struct mli_buf *pem)
{
    return (gnutls_datum_t){ .data = (unsigned char *)pem->data, .size = (unsigned)pem->len };
}

/* When it expires. An expired one is not our refusal to make: clients will, and the server may be all that still answers. */
static time_t say_dates(const struct mli_tls_config *config, gnutls_certificate_credentials_t held)
{
    time_t now = time(NULL), from, until = 0;
    gnutls_x509_crt_t *chain = NULL;
    unsigned n = 0;

    if (gnutls_certificate_get_x509_crt(held, 0, &chain, &n) != 0)
        return until;
    if (n > 0) {
        from = gnutls_x509_crt_get_activation_time(chain[0]);
        until = gnutls_x509_crt_get_expiration_time(chain[0]);
        if (now < from || now > until)
            ml_log(config->log, ML_LOG_WARNING, "%s: the certificate %s", config->cert,
                   now > until ? "has expired" : "is not valid yet");
    }
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return until;
}

static enum ml_status take_own(const struct mli_tls_config *config,
                               gnutls_certificate_credentials_t held, struct ml_error *err)
{
    struct mli_buf cert = { 0 }, key = { 0 };

    enum ml_status status = read_pem(config->cert, &cert, err);
    if (status == ML_OK)
        status = read_pem(config->key, &key, err);
    if (status == ML_OK) {
        const gnutls_datum_t chain = datum(&cert), secret = datum(&key);
        int code = gnutls_certificate_set_x509_key_mem2(held, &chain, &secret, GNUTLS_X509_FMT_PEM,
                                                        NULL, 0);
        if (code < 0)
            status = ml_error_set(err, ML_EUSAGE,
                                  "%s and %s: expected a chain of certificates and its key in PEM, "
                                  "not encrypted: %s",
                                  config->cert, config->key, gnutls_strerror(code));
    }
    drop_pem(&cert);
    drop_pem(&key);
    return status;
}

/* Whether the client's certificate leads to one of ours, is valid today, and is for clients. */
static int check_client(gnutls_session_t session)
{
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };
    unsigned wrong = 1;
    int code = gnutls_certificate_verify_peers(session, &purpose, 1, &wrong);

    return code == 0 && wrong == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static enum ml_status take_clients(const struct mli_tls_config *config,
                                   gnutls_certificate_credentials_t held, struct ml_error *err)
{
    struct mli_buf pem;
    enum ml_status status = read_pem(config->client_ca, &pem, err);

    if (status == ML_OK) {
        const gnutls_datum_t list = datum(&pem);
        int n = gnutls_certificate_set_x509_trust_mem(held, &list, GNUTLS_X509_FMT_PEM);
        if (n <= 0)
            status = ml_error_set(err, ML_EUSAGE, "%s: expected certificates in PEM: %s",
                                  config->client_ca, n < 0 ? gnutls_strerror(n) : "there are none");
        gnutls_certificate_set_verify_function(held, check_client);
    }
    drop_pem(&pem);
    return status;
}

/* What an authority that is not among ours has revoked does no harm. A list that is past its time still counts. */
static enum ml_status take_revoked(const struct mli_tls_config *config, gnutls_certificate_credentials_t held,
                                   struct ml_error *err)
{
    struct mli_buf pem;
    enum ml_status status = read_pem(config->client_crl, &pem, err);

    if (status == ML_OK) {
        const gnutls_datum_t list = datum(&pem);
        int n = gnutls_certificate_set_x509_crl_mem(held, &list, GNUTLS_X509_FMT_PEM);
        if (n <= 0)
            status = ml_error_set(err, ML_EUSAGE, "%s: expected lists of revoked certificates (X509 CRL) in PEM: %s",
                                  config->client_crl, n < 0 ? gnutls_strerror(n) : "there are none");
    }
    drop_pem(&pem);
    return status;
}

static void release(struct mli_tls_credentials *credentials)
{
    if (credentials->held)
        gnutls_certificate_free_credentials(credentials->held);
    free(credentials);
}

static enum ml_status read_all(const struct mli_tls_config *config,
                               struct mli_tls_credentials **out, struct ml_error *err)
{
    struct mli_tls_credentials *credentials = mli_calloc(1, sizeof(*credentials));

    if (!credentials)
        return ml_error_set(err, ML_ENOMEM, "out of memory for certificates");
    credentials->users = 1;
    credentials->asks = config->client_ca != NULL;
    enum ml_status status = ML_OK;
    if (gnutls_certificate_allocate_credentials(&credentials->held) != 0)
        status = ml_error_set(err, ML_ENOMEM, "out of memory for certificates");
    if (status == ML_OK)
        status = take_own(config, credentials->held, err);
    if (status == ML_OK && config->client_ca)
        status = take_clients(config, credentials->held, err);
    if (status == ML_OK && config->client_crl)
        status = take_revoked(config, credentials->held, err);
    if (status != ML_OK) {
        release(credentials);
        return status;
    }
    credentials->expires = say_dates(config, credentials->held);
    *out = credentials;
    return ML_OK;
}

enum ml_status mli_tls_new(const struct mli_tls_config *config, struct mli_tls **out,
                           struct ml_error *err)
{
    struct mli_tls *tls = mli_calloc(1, sizeof(*tls));

    if (!tls)
        return ml_error_set(err, ML_ENOMEM, "out of memory for certificates");
    tls->config = *config;
    enum ml_status status = read_all(config, &tls->current, err);
    if (status != ML_OK) {
        free(tls);
        return status;
    }
    pthread_mutex_init(&tls->lock, NULL);
    *out = tls;
    return ML_OK;
}

void mli_tls_free(struct mli_tls *tls)
{
    if (!tls)
        return;
    release(tls->current);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

enum ml_status mli_tls_reload(struct mli_tls *tls, struct ml_error *err)
{
    struct mli_tls_credentials *credentials = NULL, *before;
    enum ml_status status = read_all(&tls->config, &credentials, err);

    if (status != ML_OK)
        return status;
    pthread_mutex_lock(&tls->lock);
    before = tls->current;
    tls->current = credentials;
    pthread_mutex_unlock(&tls->lock);
    mli_tls_end(tls, before);
    return ML_OK;
}

double mli_tls_expires(struct mli_tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    time_t expires = tls->current->expires;
    pthread_mutex_unlock(&tls->lock);
    return (double)expires;
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

/* Who offers other protocols only is not for us, and nothing of theirs is taken for HTTP (ALPACA; RFC 7301). */
static bool speak_http(gnutls_session_t session)
{
    static unsigned char name[] = "http/1.1";
    const gnutls_datum_t protocol = { .data = name, .size = sizeof(name) - 1 };

    return gnutls_alpn_set_protocols(session, &protocol, 1, GNUTLS_ALPN_MANDATORY) == 0;
}

/*
 * The last message of a handshake is the client's (RFC 8446, 2), and nothing is sent back. A client that leaves Nagle's
 * algorithm on keeps its request until that message is acknowledged, which the system would do 40 milliseconds later.
 */
static int acknowledge(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *message)
{
    const int on = 1;

    (void)type, (void)when, (void)message;
    if (incoming)
        setsockopt(gnutls_transport_get_int(session), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
    return 0;
}

struct mli_tls_credentials *mli_tls_begin(struct mli_tls *tls, void *data)
{
    gnutls_session_t session = data;

    pthread_mutex_lock(&tls->lock);
    struct mli_tls_credentials *credentials = tls->current;
    credentials->users++;
    pthread_mutex_unlock(&tls->lock);
    gnutls_certificate_server_set_request(session, credentials->asks ? GNUTLS_CERT_REQUIRE
                                                                     : GNUTLS_CERT_IGNORE);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, acknowledge);
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->held) == 0 &&
        speak_http(session))
        return credentials;
    mli_tls_end(tls, credentials);
    return NULL;
}

void mli_tls_end(struct mli_tls *tls, struct mli_tls_credentials *credentials)
{
    pthread_mutex_lock(&tls->lock);
    bool last = --credentials->users == 0;
    pthread_mutex_unlock(&tls->lock);
    if (last)
        release(credentials);
}

int mli_tls_nothing(void *session, const void *names, int n, const void *algorithms, int m,
                    void *certificates, void *length, void *key)
{
    (void)session, (void)names, (void)n, (void)algorithms, (void)m;
    (void)certificates, (void)length, (void)key;
    return -1;
}
