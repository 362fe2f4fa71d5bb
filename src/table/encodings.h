/*
 * Encodings: how stored bytes become UTF-8, one row each. UTF-16, Latin-1 and windows-1252 are our own, because a
 * container has none of the modules that iconv loads for them; all else is iconv's, which is met here alone.
 */
#ifndef TABLE_ENCODINGS_H
#define TABLE_ENCODINGS_H

#include <mlctl/status.h>
#include <stdbool.h>
#include <stddef.h>

enum { MLI_ENCODING_LONGEST = 4 }; /* bytes of a sequence */
#define MLI_NO_TEXT '\xFF'          /* in place of what has no meaning, and no UTF-8 itself */

/* Where UTF-8 goes: there is room to go on as long as a longest sequence fits. */
struct mli_text_room {
    char *at, *end;
};

/* What waits to be converted: [at, end) of the bytes. */
struct mli_stored {
    unsigned char *bytes;
    size_t at, end;
    void *iconv; /* NULL: it is not used */
};

struct mli_encoding {
    const char *name; /* NULL: as it was asked for */
    /* All of the stored bytes that there is room for, less an incomplete unit at the end. */
    void (*convert)(struct mli_stored *from, struct mli_text_room *room);
    bool utf16;
};
extern const struct mli_encoding mli_encoding_utf16le, mli_encoding_utf16be, mli_encoding_windows;

/* Whether the name, in any case, is one of our own; *out NULL: UTF-8, where nothing is to be done. */
bool mli_encoding_own(const char *name, const struct mli_encoding **out);
/* The same, or one of iconv's, opened for `from`. ML_EUSAGE: nobody knows it. */
ML_NODISCARD enum ml_status mli_encoding_find(const char *name, struct mli_stored *from, const struct mli_encoding **out,
                                              struct ml_error *err);
/* At the end: what was not complete is no text, and iconv may have kept a character back. */
void mli_encoding_flush(struct mli_stored *from, struct mli_text_room *room);
/* Of the bytes nothing is freed. */
void mli_encoding_close(struct mli_stored *from);

#endif
