#include <serve/client.h>

#include <arpa/inet.h>
#include <base/mem.h>
#include <base/num.h>
#include <stdlib.h>
#include <string.h>

#define PROXIES_MAX 256u

static bool parse_address(const char *text, size_t len, struct in6_addr *out, bool *four)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr short_one;

    if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *four = inet_pton(AF_INET, copy, &short_one) == 1;
    if (!*four)
        return inet_pton(AF_INET6, copy, out) == 1;
    memset(out, 0, sizeof(*out));
    out->s6_addr[10] = out->s6_addr[11] = 0xFF;
    memcpy(&out->s6_addr[12], &short_one, sizeof(short_one));
    return true;
}

static bool parse_network(const char *text, size_t len, struct mli_subnet *out)
{
    const char *slash = memchr(text, '/', len);
    size_t address = slash ? (size_t)(slash - text) : len, bits;
    bool four;

    if (!parse_address(text, address, &out->address, &four))
        return false;
    size_t most = four ? 32 : 128;
    bits = most;
    if (slash && (!mli_num_parse_size(slash + 1, len - address - 1, &bits) || bits > most))
        return false;
    out->bits = (unsigned)(bits + 128 - most);
    return true;
}

enum ml_status mli_proxies_parse(const char *text, struct mli_proxies *out, struct ml_error *err)
{
    struct mli_proxies proxies = { 0 };

    *out = proxies;
    if (!text)
        return ML_OK;
    proxies.subnet = mli_calloc(PROXIES_MAX, sizeof(*proxies.subnet));
    if (!proxies.subnet)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the list of proxies");
    for (bool more = true; more;) {
        size_t len = strcspn(text, ",");
        if (proxies.count == PROXIES_MAX ||
            !parse_network(text, len, &proxies.subnet[proxies.count])) {
            ml_error_set(err, ML_EUSAGE,
                         "\"%.80s\" in the list of proxies: expected at most 256 addresses like "
                         "10.0.0.0/8 or ::1, with commas between them",
                         text);
            mli_proxies_release(&proxies);
            return ML_EUSAGE;
        }
        proxies.count++;
        more = text[len] == ',';
        text += len + more;
    }
    *out = proxies;
    return ML_OK;
}

void mli_proxies_release(struct mli_proxies *proxies)
{
    free(proxies->subnet);
    *proxies = (struct mli_proxies){ 0 };
}

static bool is_within(const struct mli_subnet *subnet, const struct in6_addr *address)
{
    size_t bytes = subnet->bits / 8, rest = subnet->bits % 8;

    if (memcmp(subnet->address.s6_addr, address->s6_addr, bytes) != 0)
        return false;
    return rest == 0 ||
           (subnet->address.s6_addr[bytes] ^ address->s6_addr[bytes]) >> (8 - rest) == 0;
}

static bool is_proxy(const struct mli_proxies *proxies, const struct in6_addr *address)
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (is_within(&proxies->subnet[i], address))
            return true;
    }
    return false;
}

/* An address as proxies write it: 10.0.0.1, 10.0.0.1:8080, ::1, [::1], [::1]:8080. */
static bool parse_hop(const char *text, size_t len, struct in6_addr *out)
{
    const char *colon = memchr(text, ':', len);
    bool four;

    if (len > 0 && *text == '[') {
        const char *end = memchr(text, ']', len);
        return end && parse_address(text + 1, (size_t)(end - text) - 1, out, &four);
    }
    if (colon && !memchr(colon + 1, ':', len - (size_t)(colon + 1 - text)))
        len = (size_t)(colon - text);
    return parse_address(text, len, out, &four);
}

struct in6_addr mli_client_address(const struct mli_proxies *proxies, const struct in6_addr *peer,
                                   const char *field)
{
    struct in6_addr client = *peer, hop;
    size_t end = field ? strlen(field) : 0;

    while (end > 0 && is_proxy(proxies, &client)) {
        const char *comma = memrchr(field, ',', end);
        size_t from = comma ? (size_t)(comma - field) + 1 : 0, to = end;
        while (from < to && (field[from] == ' ' || field[from] == '\t'))
            from++;
        while (to > from && (field[to - 1] == ' ' || field[to - 1] == '\t'))
            to--;
        if (!parse_hop(field + from, to - from, &hop))
            break;
        client = hop;
        end = comma ? (size_t)(comma - field) : 0;
    }
    return client;
}

void mli_client_id(const struct in6_addr *address, unsigned char out[16])
{
    memcpy(out, address->s6_addr, 16);
    if (!IN6_IS_ADDR_V4MAPPED(address))
        memset(out + 8, 0, 8);
}
