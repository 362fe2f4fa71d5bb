/* The nearest name to a mistyped one, by Damerau-Levenshtein distance (optimal string alignment), case folded. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/* Index of the nearest of n names when it is near enough to be worth suggesting (distance <= 1 + length / 4), else n. */
size_t mli_suggest(const char *word, const char *const *names, size_t n);

#endif
