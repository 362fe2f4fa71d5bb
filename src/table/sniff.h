/* The delimiter of a CSV file, guessed from its beginning. */
#ifndef TABLE_SNIFF_H
#define TABLE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The candidate of , ; tab | that cuts the most records into as many fields as the header, at least 2, not counting
 * delimiters inside quotes; of equals the one with more fields, then the one named first; ',' when none does.
 * `whole`: the text is the whole file, else its last record may have lost its end.
 */
char mli_sniff_delimiter(const char *text, size_t len, bool whole);

#endif
