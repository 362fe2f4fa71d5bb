/*
 * SHA-256 by nettle, which uses the processor's instructions for it where there are some (five times as fast as
 * libsodium's then; every file that is read goes through it). Incremental; the hex form is 64 lower-case digits and
 * a NUL.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <nettle/sha2.h>
#include <stddef.h>

#define MLI_SHA256_HEX 65

struct mli_sha256 {
    struct sha256_ctx state;
};

void mli_sha256_init(struct mli_sha256 *sha);
void mli_sha256_add(struct mli_sha256 *sha, const void *bytes, size_t n);
void mli_sha256_hex(struct mli_sha256 *sha, char out[MLI_SHA256_HEX]); /* ends the computation */

#endif
