#include <base/base64.h>

#include <sodium/utils.h>

bool mli_base64_decode(const char *text, size_t len, char *out, size_t *n)
{
    const char *end;

    /* it writes behind what it has read, so the text may be the place */
    return sodium_base642bin((unsigned char *)out, len, text, len, NULL, n, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == text + len;
}
