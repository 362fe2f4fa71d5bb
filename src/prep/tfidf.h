/*
 * Tfidf: which texts get a vocabulary (vocabulary.h), and of what: what the tfidf step and whoever must know of it ask.
 */
#ifndef PREP_TFIDF_H
#define PREP_TFIDF_H

#include <prep/step.h>

#define MLI_TFIDF_TERMS ((size_t)65536) /* at most, of a column */

struct mli_terms {
    size_t most; /* terms */
    struct mli_grams grams;
    bool chosen; /* nobody asked: a column of long texts, and the rows are few enough */
};

/* Whether a HOW of --text (NULL: there is none) begins with tfidf. */
bool mli_tfidf_asked(const char *how);
/* What stands behind "tfidf:": N, N:J-K, N:chars or N:chars:J-K. ML_EUSAGE. */
ML_NODISCARD enum ml_status mli_tfidf_parse(const char *argument, struct mli_terms *out, struct ml_error *err);
/*
 * Whether a column gets a vocabulary: by the --text that names it, else, if it is of type TEXT, by the --text for all, else
 * by what is usual.
 */
bool mli_tfidf_of(const struct mli_fit *fit, const struct mli_column *column, struct mli_terms *out);

/* Training rows of each value of a column of codes. Caller frees; NULL: no memory. */
size_t *mli_text_rows(const struct mli_fit *fit, const struct mli_column *column);

#endif
