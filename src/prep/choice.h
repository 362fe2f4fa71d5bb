/* Choices: lists of "HOW" and "COLUMN=HOW" (mlctl/cleaning.h) and the words that they may hold. */
#ifndef PREP_CHOICE_H
#define PREP_CHOICE_H

#include <mlctl/status.h>
#include <stddef.h>

/* How it is to be for a column: by the last entry that names it, else by the last that names none, else `fallback`. */
const char *mli_choice_find(const char *const *list, const char *column, const char *fallback);
/* The same without the entries that name no column. NULL: none names it. */
const char *mli_choice_named(const char *const *list, const char *column);

/* HOW of an entry: what stands behind its last '=', else all of it. *length is that of COLUMN, 0 when there is none. */
const char *mli_choice_how(const char *entry, size_t *length);

/* Index of a word among n; n when it is none of them. */
size_t mli_choice_word(const char *how, const char *const *words, size_t n);
/*
 * ML_EUSAGE for a HOW that is not understood: "robst" is no way to scale; did you mean "robust"? what: "way to
 * scale". `more`: what else could stand there, such as "a number", NULL: nothing.
 */
enum ml_status mli_choice_refuse(const char *how, const char *what, const char *const *words,
                                 size_t n, const char *more, struct ml_error *err);

#endif
