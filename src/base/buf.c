#include <base/buf.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/text.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)

void mli_buf_init(struct mli_buf *buf, size_t limit)
{
    *buf = (struct mli_buf){ .limit = limit };
}

void mli_buf_release(struct mli_buf *buf)
{
    bool tokens = buf->tokens;

    free(buf->data);
    mli_buf_init(buf, buf->limit);
    buf->tokens = tokens;
}

void mli_buf_reset(struct mli_buf *buf)
{
    buf->len = 0;
    buf->nulls = 0;
    buf->status = ML_OK;
    if (buf->data)
        buf->data[0] = '\0';
}

/*
 * Room for n more bytes and the NUL; capacity counts the NUL. Doubling keeps appends at constant
 * cost on average.
 */
static bool grow(struct mli_buf *buf, size_t n)
{
    size_t needed;

    if (n > buf->limit - buf->len || !mli_add(buf->len + n, 1, &needed)) {
        buf->status = ML_ELIMIT;
        return false;
    }
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < needed && mli_mul(capacity, 2, &capacity))
        continue;
    if (capacity < needed || capacity - 1 > buf->limit)
        capacity = needed;
    char *data = mli_realloc(buf->data, capacity, 1);
    if (!data) {
        buf->status = ML_ENOMEM;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

/* What fits is within the limit, too: the capacity never goes beyond it. */
static inline bool reserve(struct mli_buf *buf, size_t n)
{
    return buf->status == ML_OK && (n < buf->capacity - buf->len || grow(buf, n));
}

void mli_buf_add(struct mli_buf *buf, const void *bytes, size_t n)
{
    if (!reserve(buf, n))
        return;
    if (n > 0)
        memcpy(buf->data + buf->len, bytes, n);
    buf->len += n;
    buf->data[buf->len] = '\0';
}

char *mli_buf_room(struct mli_buf *buf, size_t n)
{
    return reserve(buf, n) ? buf->data + buf->len : NULL;
}

void mli_buf_str(struct mli_buf *buf, const char *s)
{
    mli_buf_add(buf, s, strlen(s));
}

void mli_buf_printf(struct mli_buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 && buf->status == ML_OK)
        buf->status = ML_ENOMEM;
    if (length < 0 || !reserve(buf, (size_t)length))
        return;
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)length + 1, format, args);
    va_end(args);
    buf->len += (size_t)length;
}

void mli_buf_number(struct mli_buf *buf, double value)
{
    char *text = mli_buf_room(buf, MLI_NUM_MAX);
    if (text)
        buf->len += mli_num_format(value, text);
}

void mli_buf_json_number(struct mli_buf *buf, double value)
{
    if (isfinite(value)) {
        mli_buf_number(buf, value);
        return;
    }
    buf->nulls += !buf->tokens;
    mli_buf_str(buf, !buf->tokens ? "null" : isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
}

/* One character of a JSON string that cannot stand for itself [RFC 8259, section 7]. */
static void add_escape(struct mli_buf *buf, char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: the byte, its letter */

    for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
        if (named[i] == c) {
            mli_buf_char(buf, '\\');
            mli_buf_char(buf, named[i + 1]);
            return;
        }
    }
    mli_buf_printf(buf, "\\u%04x", (unsigned)(unsigned char)c);
}

void mli_buf_json_string(struct mli_buf *buf, const char *s, size_t n)
{
    size_t clean = 0; /* start of the run that can be copied as it is */

    mli_buf_char(buf, '"');
    for (size_t i = 0; i < n;) {
        size_t length = mli_utf8_sequence(s + i, n - i);
        if (length > 0 && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\') {
            i += length;
            continue;
        }
        mli_buf_add(buf, s + clean, i - clean);
        if (length == 0)
            mli_buf_str(buf, "\\ufffd"); /* not UTF-8: the replacement character */
        else
            add_escape(buf, s[i]);
        clean = ++i;
    }
    mli_buf_add(buf, s + clean, n - clean);
    mli_buf_char(buf, '"');
}

void mli_buf_json_key(struct mli_buf *buf, size_t i, const char *name)
{
    if (i > 0)
        mli_buf_char(buf, ',');
    mli_buf_json_string(buf, name, strlen(name));
    mli_buf_char(buf, ':');
}

char *mli_buf_detach(struct mli_buf *buf)
{
    enum ml_status status = buf->status;

    if (status == ML_OK && !buf->data)
        return mli_strdup("");
    char *data = buf->data;
    mli_buf_init(buf, buf->limit);
    if (status == ML_OK)
        return data;
    free(data);
    buf->status = status;
    return NULL;
}
