/* UTF-8 and one-line text: what messages and JSON strings are made of. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Length (1 to 4) of the well-formed UTF-8 sequence at s, which has n bytes; 0 when there is none:
 * n is 0, a stray or missing continuation byte, an overlong form, a surrogate, above U+10FFFF
 * [Unicode 15, table 3-7; RFC 3629].
 */
size_t mli_utf8_sequence(const char *s, size_t n);
/* Whether all of it is of such sequences, and none is a NUL. */
bool mli_utf8_is_text(const char *s, size_t n);

/*
 * Makes one line of a NUL-terminated text in place: control characters (C0, DEL, C1) become '?',
 * one a byte. With `cut` the text may have lost its end, and an incomplete UTF-8 sequence there
 * goes too.
 */
void mli_text_clean(char *text, bool cut);

/* Formats one clean line into out, cut to `size` bytes with the NUL. */
void mli_text_format(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
