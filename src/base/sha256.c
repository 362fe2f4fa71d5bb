#include <base/sha256.h>

#include <sodium/utils.h>

void mli_sha256_init(struct mli_sha256 *sha)
{
    sha256_init(&sha->state);
}

void mli_sha256_add(struct mli_sha256 *sha, const void *bytes, size_t n)
{
    if (n > 0)
        sha256_update(&sha->state, n, bytes);
}

void mli_sha256_hex(struct mli_sha256 *sha, char out[MLI_SHA256_HEX])
{
    unsigned char digest[SHA256_DIGEST_SIZE];

    sha256_digest(&sha->state, sizeof(digest), digest);
    sodium_bin2hex(out, MLI_SHA256_HEX, digest, sizeof(digest));
}
