/*
 * The words of a boolean cell, in any case: yes/no, y/n, true/false, t/f, on/off, and 1/0.
 *
 * Reading takes a column for a BOOLEAN when its cells are the two words of one pair; 1/0 is no such pair, a column of
 * them is a NUMBER unless its type is pinned. Once a column is known to be a BOOLEAN every word means what it says:
 * "Y", "true" and 1 are its true value.
 */
#ifndef TABLE_BOOLEAN_H
#define TABLE_BOOLEAN_H

#include <table/dict.h>

#include <stdbool.h>

#define MLI_BOOLEAN_WORDS "yes/no, y/n, true/false, t/f, on/off and 1/0"

/* In lower case, false and true by turns; NULL past the last. For whoever must repeat what _parse does elsewhere. */
const char *mli_boolean_word(size_t i);

/* 0 or 1; MLI_CODE_UNKNOWN for any other text. These are the codes of a boolean column too. */
int32_t mli_boolean_parse(const char *text, size_t len);
/* Whether the strings, in any case, are the two words of one pair other than 0/1, the false one first. */
bool mli_boolean_pair(const char *no, const char *yes);
/*
 * The strings of a dictionary as booleans. False when one of them is no boolean word. Unless `any`, false too when
 * they are not both words of one pair other than 0/1. Else *pair is a new dictionary of two strings, the false word
 * first, spelled as in `dict` where that spells it in one way, in lower case where it does not (and where it has not
 * got it); words of several pairs become "false" and "true". renumber (one a string of `dict`) gets the codes.
 * *pair is NULL when memory is out.
 */
bool mli_boolean_dict(const struct mli_dict *dict, bool any, int32_t *renumber, struct mli_dict **pair);

#endif
