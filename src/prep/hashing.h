/*
 * Hashing: cells to a fixed number of features without a dictionary. What the text and the hash step share: which
 * columns they work on, their state, and how a row is written.
 *
 *   words    X[j] = sum of the signs of the n-grams whose bucket is j, and then the row is divided by its length
 *   a value  X[bucket] = sign; a value is one token
 * An n-gram is n words in a row with one space between two of them, see words.h; bucket and sign are those of murmur.h.
 * A missing cell, and a text without a word, is all zeros.
 */
#ifndef PREP_HASHING_H
#define PREP_HASHING_H

#include <prep/step.h>
#include <prep/words.h>

#define MLI_HASH_BUCKETS ((size_t)1 << 20) /* at most, of a column */

enum mli_hashing_kind { MLI_HASHING_NONE, MLI_HASHING_WORDS, MLI_HASHING_VALUE };
/*
 * What the configuration says of a column of codes: --text and --encode hash that name it go first, then --text for
 * every column of type TEXT, then --encode hash for every category but BOOLEAN ones. *argument: what it says behind
 * "hash:", unless NONE.
 */
enum mli_hashing_kind mli_hashing_of(const struct ml_prep_config *config,
                                     const struct mli_column *column, const char **argument);

/* What stands behind "hash:": N, N:K or N:J-K. ML_EUSAGE. A value's has no n-grams, words stand alone if nothing is said. */
ML_NODISCARD enum ml_status mli_hashing_parse(const char *argument, enum mli_hashing_kind kind,
                                              struct mli_hashing *out, struct ml_error *err);

/* The functions of both steps but _fit: of struct mli_hashed. */
ML_NODISCARD enum ml_status mli_hashed_fit(const struct mli_fit *fit, enum mli_hashing_kind kind,
                                           void **out, struct ml_error *err);
enum ml_status mli_hashed_shape(void *state, struct mli_frame *frame, struct ml_error *err);
ML_NODISCARD enum ml_status mli_hashed_load(const json_t *doc, enum mli_hashing_kind kind, void **out,
                                            struct ml_error *err);
enum ml_status mli_hashed_save(const void *state, json_t *doc, struct mli_tensors *set,
                               struct ml_error *err);
void mli_hashed_free(void *state);

/* Features of n texts (NULL: missing), X (n,stride) from the slot's first one on. False: no memory. */
bool mli_hashing_write(const struct mli_hashing *hashing, const char *const *text, size_t n,
                       struct mli_words *words, double *X, size_t stride);

#endif
