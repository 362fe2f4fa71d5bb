/* Text of C programs: literals, comments and identifiers made of whatever a CSV file had in it. */
#ifndef EXPORT_C_TEXT_H
#define EXPORT_C_TEXT_H

#include <base/buf.h>

/* Bytes of a string literal that every C99 compiler takes (C99, 5.2.4.1). */
#define MLI_C_STRING_MAX 4095

/* "...": escaped so that it is ASCII and has no trigraph. */
void mli_c_string(struct mli_buf *out, const char *text);
/* Text for a block comment: cannot end it, start another or turn the reading direction; UTF-8 stays. */
void mli_c_comment(struct mli_buf *out, const char *text);
/* Text in which every @ stands for the name that all identifiers begin with. */
void mli_c_template(struct mli_buf *out, const char *name, const char *text);
/* A double literal that reads back as the same value; value is finite. */
void mli_c_number(struct mli_buf *out, double value);

/*
 * Lower-case identifiers for n names, distinct, no keyword of C or C++ and no macro of the usual headers. `name` gives
 * the i-th name. Heap array of n heap strings, NULL: no memory.
 */
char **mli_c_identifiers(size_t n, const char *(*name)(const void *data, size_t i),
                         const void *data);
void mli_c_identifiers_free(char **identifiers, size_t n);

#endif
