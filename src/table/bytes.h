/*
 * Looks through text as fast as memory gives it: how often a byte is there, how many lines, how far it is text.
 */
#ifndef TABLE_BYTES_H
#define TABLE_BYTES_H

#include <stddef.h>

size_t mli_bytes_count(const char *text, size_t len, char byte);
size_t mli_bytes_lines(const char *text, size_t len); /* line ends, LF, CR and CRLF, none of which is cut in two */
size_t mli_bytes_ascii(const char *text, size_t len); /* length of the longest prefix below 0x80 */
size_t mli_bytes_text(const char *text, size_t len);  /* and of the longest that is UTF-8 without NUL */
/* On any machine, for tests. */
size_t mli_bytes_count_plain(const char *text, size_t len, char byte);
size_t mli_bytes_ascii_plain(const char *text, size_t len);
size_t mli_bytes_text_plain(const char *text, size_t len);

#endif
