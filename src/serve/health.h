/*
 * A health check: GET of one URL, for `mlctl health` in a container that has no shell and no curl. HTTP/1.1, with TLS
 * when the URL says so; only the status is looked at.
 */
#ifndef SERVE_HEALTH_H
#define SERVE_HEALTH_H

#include <mlctl/status.h>

/*
 * cert and key: PEM files of a certificate for a server that asks for one; NULL: none. url: http[s]://HOST[:PORT][/PATH], HOST a name, an IPv4 address or an IPv6 one in brackets; without a path /healthz.
 * *http_status is the answer's; the whole exchange takes at most timeout_ms (besides what looking up a name takes).
 * ML_EUSAGE: not such a URL, ML_EIO: no answer, or not an HTTP one.
 */
ML_NODISCARD enum ml_status mli_health(const char *url, const char *cert, const char *key, unsigned timeout_ms,
                                       int *http_status, struct ml_error *err);

#endif
