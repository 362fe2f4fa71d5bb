/* Any bytes as X-Forwarded-For, as a list of proxies and as one of origins. Nobody is believed but a listed proxy. */
#include <serve/client.h>
#include <serve/cors.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct in6_addr proxy = { { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0,
                                               1 } } };
    const struct in6_addr stranger = IN6ADDR_LOOPBACK_INIT;
    struct mli_proxies proxies;
    struct mli_cors cors;
    char *text = malloc(n + 1);

    require(text != NULL, "memory");
    memcpy(text, bytes, n);
    text[n] = '\0';
    require(mli_proxies_parse("10.0.0.0/8", &proxies, NULL) == ML_OK, "a list");
    struct in6_addr client = mli_client_address(&proxies, &stranger, text);
    require(memcmp(&client, &stranger, sizeof(client)) == 0, "a stranger was believed");
    mli_client_address(&proxies, &proxy, text);
    mli_proxies_release(&proxies);
    if (mli_proxies_parse(text, &proxies, NULL) == ML_OK) {
        require(proxies.count > 0, "a list of nothing");
        mli_client_address(&proxies, &proxy, text);
        mli_proxies_release(&proxies);
    }
    if (mli_cors_parse(text, &cors, NULL) == ML_OK) {
        require(cors.any || mli_cors_allow(&cors, cors.text) == cors.text, "an origin of the list");
        require(cors.any || !mli_cors_allow(&cors, "null"), "an origin that is none");
        mli_cors_release(&cors);
    }
    free(text);
    return 0;
}
