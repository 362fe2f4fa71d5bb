/*
 * Grams: the terms of a text that a vocabulary counts, as scikit-learn's CountVectorizer finds them.
 *
 *   words   n words in a row with one space between two of them; words are those of words.h
 *   chars   n characters in a row inside of a word, for words the text in lower case between white space, each with a space
 *           before and behind it: analyzer="char_wb". A word with no more than n characters, those spaces counted, is one
 *           gram, and no longer ones are looked for in it.
 *
 * n goes from low to high.
 */
#ifndef PREP_GRAMS_H
#define PREP_GRAMS_H

#include <prep/words.h>

#define MLI_GRAMS_MOST ((size_t)8) /* words or characters of a gram */

enum mli_unit { MLI_UNIT_WORDS, MLI_UNIT_CHARS };

struct mli_grams {
    enum mli_unit unit;
    size_t low, high;
};

extern const char *const mli_unit_name[]; /* "words", "chars" */

/* Called for each gram of a text; false ends it. */
typedef bool mli_gram_fn(void *data, const char *gram, size_t n);
/* False: no memory, or fn said so. */
bool mli_grams_each(const struct mli_grams *grams, struct mli_words *words, const char *text, mli_gram_fn *fn,
                    void *data);
/* "K" (low = high) or "J-K", 1 <= J <= K <= MLI_GRAMS_MOST, up to the end of the text. */
bool mli_grams_parse(const char *text, size_t *low, size_t *high);

#endif
