/*
 * The text of a file as UTF-8: stands between the bytes of an input and whoever cuts them. Byte order marks are
 * recognised and taken off (UTF-8, UTF-16 either way). Without a mark and a named encoding the file is UTF-8, unless the
 * first byte that is not ASCII begins no UTF-8 sequence: then it and all that follows is taken for windows-1252 (whose
 * undefined bytes are those of Latin-1), which is said with the line. ASCII and UTF-8 pass at the speed of memory, read
 * where the caller wants them.
 *
 * What is text is for the reader to check: bytes of no meaning are handed on, as they are or, out of another encoding,
 * as 0xFF each, which is no UTF-8 either.
 */
#ifndef TABLE_DECODE_H
#define TABLE_DECODE_H

#include <base/file.h>
#include <mlctl/log.h>

struct mli_decode;
/*
 * Takes the input (closed by _close, and on failure) and reads its first bytes. `encoding`: NULL to find it out; utf-8,
 * utf-16, utf-16le, utf-16be, latin1, windows-1252, and whatever else iconv knows on this machine, in any case; else
 * ML_EUSAGE. ML_EDATA for what begins as no text does (foreign.h). The log hears of what was found out; it lives as long as the decoder.
 */
ML_NODISCARD enum ml_status mli_decode_open(struct mli_input *input, const char *encoding, const struct ml_log *log,
                                            struct mli_decode **out, struct ml_error *err);
/* Whether files in this encoding, which may be of no meaning, are recognised without its name. */
bool mli_decode_finds(const char *encoding);
/* Reads up to n bytes of text; *got is 0 at the end only. A sequence may be cut where a read ends. */
ML_NODISCARD enum ml_status mli_decode_read(struct mli_decode *decode, char *bytes, size_t n, size_t *got,
                                            struct ml_error *err);
/* Whether the text is UTF-16, as its mark or `encoding` says. */
bool mli_decode_is_utf16(const struct mli_decode *decode);
/* What the text so far was in: utf-8 (of which ASCII is part), utf-16le, utf-16be, latin1, windows-1252 or as `encoding`. */
const char *mli_decode_encoding(const struct mli_decode *decode);
struct mli_input *mli_decode_input(const struct mli_decode *decode);
void mli_decode_close(struct mli_decode *decode); /* NULL is fine */

#endif
