/*
 * Client: the address that a request comes from. Behind a proxy it is what the proxy says in X-Forwarded-For, and
 * only of proxies that the operator has listed: anyone can send that field.
 */
#ifndef SERVE_CLIENT_H
#define SERVE_CLIENT_H

#include <mlctl/status.h>
#include <netinet/in.h>
#include <stdbool.h>

struct mli_subnet {
    struct in6_addr address; /* IPv4 as a mapped one, as everywhere */
    unsigned bits;           /* of it that count */
};

struct mli_proxies {
    struct mli_subnet *subnet;
    size_t count;
};

/* "10.0.0.0/8,::1" ; NULL: none. ML_EUSAGE: not that; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_proxies_parse(const char *text, struct mli_proxies *out,
                                              struct ml_error *err);
void mli_proxies_release(struct mli_proxies *proxies);

/*
 * Who asks: `peer`, or, when that is a listed proxy, the last address of the field that is none; the field is
 * X-Forwarded-For, NULL: not sent. What is no address, with a port or without, ends the search before it.
 */
struct in6_addr mli_client_address(const struct mli_proxies *proxies, const struct in6_addr *peer,
                                   const char *field);

/*
 * For whom a rate is kept: an IPv4 address, or 64 bits of an IPv6 address, because that many are what one customer of
 * a provider gets at the least.
 */
void mli_client_id(const struct in6_addr *address, unsigned char out[16]);

#endif
