/*
 * Vocabulary: terms of texts, learned from the training rows, each with a weight. As scikit-learn's
 * TfidfVectorizer(max_features=N, min_df=min-count):
 *
 *   x[j] = occurrences of term j * idf[j], and then the row is divided by its length
 *   idf[j] = ln((1 + rows) / (1 + rows with term j)) + 1
 *
 * A missing cell, and a text without a term that is known, is all zeros.
 */
#ifndef PREP_VOCABULARY_H
#define PREP_VOCABULARY_H

#include <prep/step.h>

/*
 * Fills out->terms and out->idf from the texts that rows[text] of `all` rows hold: the terms (out->grams) of enough rows by
 * min_count, the `most` with the most occurrences (of equals the first by their bytes), in order of their bytes; perhaps
 * none. ML_ENOMEM, ML_ELIMIT; the caller releases it in any case.
 */
ML_NODISCARD enum ml_status mli_vocabulary_learn(const struct mli_dict *texts, const size_t *rows, size_t all,
                                                 const char *min_count, size_t most, struct mli_vocabulary *out,
                                                 struct ml_error *err);
void mli_vocabulary_release(struct mli_vocabulary *v);

/* Features of n texts (NULL: missing), X (n,stride) from the slot's first one on. False: no memory. */
bool mli_vocabulary_write(const struct mli_vocabulary *v, const char *const *text, size_t n, struct mli_words *words,
                          double *X, size_t stride);

#endif
