/* Secrets: bytes that nobody can guess, and comparing what must not be guessed byte by byte. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <mlctl/status.h>
#include <stdbool.h>

/* Bytes of a text that mli_secret_text() makes of n bytes, with its NUL: base64url without padding (RFC 4648, 5). */
#define MLI_SECRET_TEXT(n) (((n)*4 + 2) / 3 + 1)

/* Fills `bytes` from the system's generator. ML_EIO: it has none. */
ML_NODISCARD enum ml_status mli_secret_random(void *bytes, size_t n, struct ml_error *err);
void mli_secret_text(const void *bytes, size_t n, char *out);
/* 64 hexadecimal digits, of either case, as 32 bytes. */
bool mli_secret_from_hex(const char *text, size_t len, unsigned char out[32]);
/* The SHA-256 of a text as bytes. */
void mli_secret_hash(const char *text, size_t len, unsigned char out[32]);
/* Takes as long whatever the bytes are. */
bool mli_secret_equal(const void *a, const void *b, size_t n);
/* Zeroes, and no compiler leaves it out. */
void mli_secret_wipe(void *bytes, size_t n);

#endif
