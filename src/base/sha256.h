/* SHA-256 by libsodium. Incremental; the hex form is 64 lower-case digits and a NUL. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <sodium/crypto_hash_sha256.h>
#include <stddef.h>

#define MLI_SHA256_HEX 65

struct mli_sha256 {
    crypto_hash_sha256_state state;
};

void mli_sha256_init(struct mli_sha256 *sha);
void mli_sha256_add(struct mli_sha256 *sha, const void *bytes, size_t n);
void mli_sha256_hex(struct mli_sha256 *sha, char out[MLI_SHA256_HEX]); /* ends the computation */

#endif
