#include <base/secret.h>

#include <errno.h>
#include <nettle/sha2.h>
#include <sodium/utils.h>
#include <string.h>
#include <sys/random.h>

enum ml_status mli_secret_random(void *bytes, size_t n, struct ml_error *err)
{
    char *at = bytes;

    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ml_error_set(err, ML_EIO, "the system has no random numbers: %s",
                                strerror(errno));
        at += got;
        n -= (size_t)got;
    }
    return ML_OK;
}

void mli_secret_text(const void *bytes, size_t n, char *out)
{
    sodium_bin2base64(out, MLI_SECRET_TEXT(n), bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool mli_secret_from_hex(const char *text, size_t len, unsigned char out[32])
{
    size_t got;

    return len == 64 && sodium_hex2bin(out, 32, text, len, NULL, &got, NULL) == 0 && got == 32;
}

void mli_secret_hash(const char *text, size_t len, unsigned char out[32])
{
    struct sha256_ctx state;

    sha256_init(&state);
    sha256_update(&state, len, (const uint8_t *)text);
    sha256_digest(&state, SHA256_DIGEST_SIZE, out);
    sodium_memzero(&state, sizeof(state));
}

bool mli_secret_equal(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void mli_secret_wipe(void *bytes, size_t n)
{
    sodium_memzero(bytes, n);
}
