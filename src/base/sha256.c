#include <base/sha256.h>

#include <sodium/utils.h>

void mli_sha256_init(struct mli_sha256 *sha)
{
    crypto_hash_sha256_init(&sha->state);
}

void mli_sha256_add(struct mli_sha256 *sha, const void *bytes, size_t n)
{
    if (n > 0)
        crypto_hash_sha256_update(&sha->state, bytes, n);
}

void mli_sha256_hex(struct mli_sha256 *sha, char out[MLI_SHA256_HEX])
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(&sha->state, digest);
    sodium_bin2hex(out, MLI_SHA256_HEX, digest, sizeof(digest));
}
