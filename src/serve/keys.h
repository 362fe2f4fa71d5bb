/*
 * Keys: who may ask for what. A key is known by the SHA-256 of its token, never by the token: tokens are made of 256
 * random bits, so their hashes can neither be guessed nor looked up, and who reads the file has nothing to ask with.
 *
 * The file has a line a key; '#' begins a comment, on a line of its own:
 *   NAME SCOPE[,SCOPE...] sha256:64-HEX-DIGITS [rate=REQUESTS-A-SECOND [burst=REQUESTS]]
 */
#ifndef SERVE_KEYS_H
#define SERVE_KEYS_H

#include <mlctl/status.h>
#include <serve/limiter.h>
#include <stdbool.h>

#define MLI_KEY_NAME ((size_t)32) /* bytes of a name: letters, digits, '.', '_' and '-' */
#define MLI_KEYS_MAX ((size_t)10000)
#define MLI_TOKEN_MAX ((size_t)256) /* bytes of a token; what is longer is none */

/* What a request needs. A key may have several. */
enum mli_scope {
    MLI_SCOPE_OPEN = 0, /* nothing: is the server alive */
    MLI_SCOPE_PREDICT = 1,
    MLI_SCOPE_METRICS = 2,
    MLI_SCOPE_ADMIN = 4,
};

struct mli_key {
    char name[MLI_KEY_NAME + 1];
    unsigned char hash[32];
    unsigned scopes; /* of enum mli_scope */
    struct mli_rate rate;
};

struct mli_keys {
    struct mli_key *key;
    size_t count;
    unsigned scopes; /* that any of them has */
};

/* "predict,metrics" as a set. False when a word is none, comes twice or there is none. */
bool mli_scopes_parse(const char *text, size_t len, unsigned *out);
/* Of one scope. Static storage. */
const char *mli_scope_name(enum mli_scope scope);
bool mli_key_name_valid(const char *text, size_t len);

/* ML_EUSAGE with the line and what is wrong with it; a name or a hash twice is, too. ML_ELIMIT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_keys_parse(const char *text, size_t len, struct mli_keys *out,
                                           struct ml_error *err);
/* The same of a file; errors name it. ML_EARTIFACT, ML_EIO: it cannot be read. */
ML_NODISCARD enum ml_status mli_keys_read(const char *path, struct mli_keys *out,
                                          struct ml_error *err);
void mli_keys_release(struct mli_keys *keys);

/* The key of that token, NULL: none. All hashes are compared, each in constant time, whichever it is. */
const struct mli_key *mli_keys_find(const struct mli_keys *keys, const char *token, size_t len);

/* A token for a new key, and its line for the file; the scopes as given to mli_scopes_parse(). */
#define MLI_TOKEN_SIZE 64
ML_NODISCARD enum ml_status mli_key_new(const char *name, unsigned scopes,
                                        const struct mli_rate *rate, char token[MLI_TOKEN_SIZE],
                                        char line[256], struct ml_error *err);

#endif
