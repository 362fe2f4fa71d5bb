/*
 * TLS by GnuTLS, which is met here alone. The HTTP library shakes hands and moves records; what certificate is shown, what
 * is asked of the client and what versions and ciphers count is said here, per connection and before its first byte.
 * So a new certificate counts for the connections that come after it, and those that are open keep what they began
 * with. The guard sees the same bytes as without TLS, because the library unpacks them into the same buffer.
 */
#ifndef SERVE_TLS_H
#define SERVE_TLS_H

#include <mlctl/log.h>
#include <mlctl/status.h>

/* TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers, nothing else (RFC 9325). */
extern const char mli_tls_priorities[];

struct mli_tls_config {
    const char *cert,
        *key; /* PEM files: the chain, own certificate first, and its key, not encrypted */
    const char
        *client_ca; /* PEM file: whose certificates a client must show; NULL: it shows none */
    const char *client_crl; /* PEM file: which of those count no more, as their authorities say; NULL: all count */
    const struct ml_log *log;
};

struct mli_tls;
struct mli_tls_credentials;

/* Reads the files. ML_EUSAGE: not what they should hold; ML_EARTIFACT, ML_EIO: cannot be read; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_tls_new(const struct mli_tls_config *config, struct mli_tls **out,
                                        struct ml_error *err);
/* After the last _end. NULL is fine. */
void mli_tls_free(struct mli_tls *tls);
/* Reads them again, all or nothing. From any one thread. */
ML_NODISCARD enum ml_status mli_tls_reload(struct mli_tls *tls, struct ml_error *err);

/* When the server's own certificate that new connections get expires: seconds since 1970. From any thread. */
double mli_tls_expires(struct mli_tls *tls);

/* A connection begins: `session` is its gnutls_session_t. NULL: it will not come about. What is returned goes to _end. */
struct mli_tls_credentials *mli_tls_begin(struct mli_tls *tls, void *session);
void mli_tls_end(struct mli_tls *tls, struct mli_tls_credentials *credentials);

/* A gnutls_certificate_retrieve_function2 that has none: for the library, which wants to be given something. */
int mli_tls_nothing(void *session, const void *names, int n, const void *algorithms, int m,
                    void *certificates, void *length, void *key);

#endif
