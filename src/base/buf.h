/*
 * Growing byte buffer with a largest size from birth. Failure is sticky: after an append that failed (memory, or over
 * the limit) every later append is a no-op and `status` says why, so writers check once at the end.
 * data is NUL-terminated whenever len > 0 or an append has happened; the NUL is not counted.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <mlctl/status.h>
#include <stdarg.h>
#include <stdbool.h>

struct mli_buf {
    char *data;
    size_t len, capacity, limit;
    enum ml_status status; /* ML_OK, ML_ENOMEM or ML_ELIMIT */
    bool tokens;           /* see mli_buf_json_number(); _reset and _release leave it */
    size_t nulls;          /* numbers that it wrote as null since _init or _reset */
};

void mli_buf_init(struct mli_buf *buf, size_t limit);
void mli_buf_release(struct mli_buf *buf);
void mli_buf_reset(struct mli_buf *buf); /* len 0, memory kept, status ML_OK */
void mli_buf_add(struct mli_buf *buf, const void *bytes, size_t n);
/*
 * Room for n more bytes behind the data, to be written by the caller, who then adds how many they are to len (and no
 * NUL follows them before the next append). NULL: see status.
 */
char *mli_buf_room(struct mli_buf *buf, size_t n);
void mli_buf_str(struct mli_buf *buf, const char *s);
/* Inline: answers and files are written a few bytes at a time. */
static inline void mli_buf_char(struct mli_buf *buf, char c)
{
    if (buf->status != ML_OK || buf->len + 1 >= buf->capacity) {
        mli_buf_add(buf, &c, 1);
        return;
    }
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}
void mli_buf_printf(struct mli_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mli_buf_number(struct mli_buf *buf, double value);                     /* shortest text, see num.h */
/* The same, and for what JSON has no number for null, or with `tokens` NaN, Infinity and -Infinity, which are no JSON. */
void mli_buf_json_number(struct mli_buf *buf, double value);
void mli_buf_json_string(struct mli_buf *buf, const char *s, size_t n);     /* quoted and escaped, RFC 8259 */
/* The key of the i-th member of an object, with the colon, and from the second on the comma before it. */
void mli_buf_json_key(struct mli_buf *buf, size_t i, const char *name);
char *mli_buf_detach(struct mli_buf *buf); /* the data (caller frees), buffer empty again; NULL if status is not OK */

#endif
