/* Base64 as RFC 4648, section 4, has it: with padding, without spaces and line ends. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* What text[0..len) stands for, at most len bytes of out, which may be the text itself. False: it is none, and out says nothing. */
bool mli_base64_decode(const char *text, size_t len, char *out, size_t *n);

#endif
