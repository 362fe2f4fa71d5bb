/*
 * Words of a text, as scikit-learn's CountVectorizer and HashingVectorizer find them: in lower case (full mappings, the
 * final sigma included), runs of two or more letters, digits and underscores, in Unicode's sense (general category L or
 * N). What a letter is depends on the Unicode version of libunistring; Debian 12 has 14.0.
 */
#ifndef PREP_WORDS_H
#define PREP_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Memory is kept from one text to the next. */
struct mli_words {
    char *text;    /* the words with a space between two of them, so that n words in a row are one piece of it */
    size_t *start; /* of each word in there; word i ends one byte before start[i + 1] */
    size_t count;
    size_t text_capacity, start_capacity;
    char *lower; /* the text in lower case */
    size_t lower_capacity;
};

#define MLI_WORDS_INIT { 0 }

/* False: no memory. Bytes that are not UTF-8 stand between words. */
bool mli_words_split(struct mli_words *words, const char *text);
/*
 * What stands between white space (as Python's str.split() sees it) instead, with a space before the first word, too: word
 * i with the spaces around it is text[start[i]] to text[start[i + 1]].
 */
bool mli_words_pad(struct mli_words *words, const char *text);
void mli_words_release(struct mli_words *words);

#endif
