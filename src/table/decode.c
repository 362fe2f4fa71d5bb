#include <table/decode.h>

#include <base/mem.h>
#include <base/text.h>
#include <stdlib.h>
#include <string.h>
#include <table/bytes.h>
#include <table/encodings.h>
#include <table/foreign.h>

#define STORED ((size_t)64 << 10)   /* bytes converted at a time */
#define AT_ONCE ((size_t)256 << 10) /* read at a time while the encoding may change */
#define SPARE 64                    /* least room that is converted into */

struct mli_decode {
    struct mli_input *input;
    const struct ml_log *log;
    const char *encoding; /* as given; NULL: to be found out */
    const struct mli_encoding *scheme; /* what it is; NULL: UTF-8 */
    bool ascii;            /* so far, and it may turn out to be none */
    bool ended;
    size_t line;           /* of the next byte, while ascii */
    size_t held;           /* bytes in hold, which come before the input's next */
    char hold[MLI_ENCODING_LONGEST];
    struct mli_stored stored; /* what waits to be converted, in room for `capacity` bytes */
    size_t capacity;
    size_t spare_at, spare_end; /* text that a caller had no room for */
    char spare[SPARE];
};

bool mli_decode_is_utf16(const struct mli_decode *decode)
{
    return decode->scheme && decode->scheme->utf16;
}

/* UTF-16 may lack its mark. */
bool mli_decode_finds(const char *encoding)
{
    const struct mli_encoding *known;

    return mli_encoding_own(encoding, &known) && !(known && known->utf16);
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum ml_status read_some(struct mli_decode *decode, void *bytes, size_t n, size_t *got,
                                struct ml_error *err)
{
    enum ml_status status = mli_input_read(decode->input, bytes, n, got, err);
    decode->ended = status == ML_OK && *got == 0;
    return status;
}

/* A mark of UTF-8 is never anything else; those of UTF-16 are no text in the encodings that are found out. */
static size_t byte_order_mark(struct mli_decode *decode, const char *encoding)
{
    const char *first = decode->hold;
    bool utf16 = !encoding || mli_decode_is_utf16(decode);

    if (decode->held >= 3 && memcmp(first, "\xEF\xBB\xBF", 3) == 0) {
        if (decode->scheme)
            ml_log(decode->log, ML_LOG_WARNING, "%s: it has a byte order mark of UTF-8, so it is not read as %s",
                   mli_input_name(decode->input), encoding);
        decode->scheme = NULL;
        return 3;
    }
    if (!utf16 || decode->held < 2 ||
        (memcmp(first, "\xFF\xFE", 2) != 0 && memcmp(first, "\xFE\xFF", 2) != 0))
        return 0;
    decode->scheme = first[0] == '\xFF' ? &mli_encoding_utf16le : &mli_encoding_utf16be;
    return 2;
}

static enum ml_status begin(struct mli_decode *decode, const char *encoding, struct ml_error *err)
{
    enum ml_status status = encoding ? mli_encoding_find(encoding, &decode->stored, &decode->scheme, err) : ML_OK;

    while (status == ML_OK && decode->held < MLI_ENCODING_LONGEST && !decode->ended) {
        size_t got = 0;
        status = read_some(decode, decode->hold + decode->held, MLI_ENCODING_LONGEST - decode->held, &got, err);
        decode->held += got;
    }
    if (status != ML_OK)
        return status;
    const char *foreign = mli_foreign_bytes(decode->hold, decode->held);
    if (foreign)
        return ml_error_at(err, ML_EDATA, mli_input_name(decode->input), 0, 0, "no CSV file: it is %s", foreign);
    size_t mark = byte_order_mark(decode, encoding);
    decode->held -= mark;
    memmove(decode->hold, decode->hold + mark, decode->held);
    decode->ascii = !encoding && mark == 0;
    return ML_OK;
}

enum ml_status mli_decode_open(struct mli_input *input, const char *encoding, const struct ml_log *log,
                               struct mli_decode **out, struct ml_error *err)
{
    struct mli_decode *decode = mli_calloc(1, sizeof(*decode));

    if (!decode) {
        mli_input_close(input);
        return ml_error_set(err, ML_ENOMEM, "out of memory for a decoder");
    }
    decode->input = input;
    decode->log = log;
    decode->encoding = encoding;
    decode->line = 1;
    enum ml_status status = begin(decode, encoding, err);
    if (status != ML_OK) {
        mli_decode_close(decode);
        return status;
    }
    *out = decode;
    return ML_OK;
}

void mli_decode_close(struct mli_decode *decode)
{
    if (!decode)
        return;
    mli_encoding_close(&decode->stored);
    free(decode->stored.bytes);
    mli_input_close(decode->input);
    free(decode);
}

const char *mli_decode_encoding(const struct mli_decode *decode)
{
    if (!decode->scheme)
        return "utf-8";
    return decode->scheme->name ? decode->scheme->name : decode->encoding;
}

struct mli_input *mli_decode_input(const struct mli_decode *decode)
{
    return decode->input;
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum ml_status room_for_stored(struct mli_decode *decode, size_t capacity, struct ml_error *err)
{
    unsigned char *stored;

    if (decode->capacity >= capacity)
        return ML_OK;
    stored = mli_realloc(decode->stored.bytes, capacity, 1);
    if (!stored)
        return ml_error_at(err, ML_ENOMEM, mli_input_name(decode->input), 0, 0, "out of memory for a decoder");
    decode->stored.bytes = stored;
    decode->capacity = capacity;
    return ML_OK;
}

/* What is held, and then the input's bytes. */
static enum ml_status read_bytes(struct mli_decode *decode, void *bytes, size_t n, size_t *got,
                                 struct ml_error *err)
{
    size_t held = decode->held;

    *got = 0;
    memcpy(bytes, decode->hold, held); /* n is at least SPARE */
    decode->held = 0;
    if (decode->ended) {
        *got = held;
        return ML_OK;
    }
    enum ml_status status = read_some(decode, (char *)bytes + held, n - held, got, err);
    *got += held;
    return status;
}

/* CR alone ends lines where there is no LF at all. */
static size_t count_lines(const char *text, size_t n)
{
    size_t lines = mli_bytes_count(text, n, '\n');
    return lines > 0 ? lines : mli_bytes_count(text, n, '\r');
}

/* bytes[from, *n) are of windows-1252, as what follows is. */
static enum ml_status take_for_windows(struct mli_decode *decode, const char *bytes, size_t from,
                                       size_t *n, struct ml_error *err)
{
    enum ml_status status = room_for_stored(decode, AT_ONCE, err);

    if (status != ML_OK)
        return status;
    ml_log(decode->log, ML_LOG_WARNING,
           "%s: line %zu is not UTF-8, and everything before is ASCII: read as windows-1252 (--encoding names another)",
           mli_input_name(decode->input), decode->line);
    decode->scheme = &mli_encoding_windows;
    memcpy(decode->stored.bytes, bytes + from, *n - from);
    decode->stored.at = 0;
    decode->stored.end = *n - from;
    *n = from;
    return ML_OK;
}

/*
 * The first byte that is not ASCII decides, wherever reads end: a sequence that is cut off is held back for the next
 * read. bytes[0, *n) has just been read, into room for at least SPARE.
 */
static enum ml_status decide(struct mli_decode *decode, char *bytes, size_t *n, struct ml_error *err)
{
    size_t at = mli_bytes_ascii(bytes, *n);

    decode->line += count_lines(bytes, at);
    if (at == *n)
        return ML_OK;
    while (*n - at < MLI_ENCODING_LONGEST && at == 0 && !decode->ended) {
        size_t got = 0;
        enum ml_status status = read_some(decode, bytes + *n, MLI_ENCODING_LONGEST - *n, &got, err);
        if (status != ML_OK)
            return status;
        *n += got;
    }
    if (*n - at < MLI_ENCODING_LONGEST && at > 0) {
        decode->held = *n - at;
        memcpy(decode->hold, bytes + at, decode->held);
        *n = at;
        return ML_OK;
    }
    decode->ascii = false;
    return mli_utf8_sequence(bytes + at, *n - at) > 0 ? ML_OK
                                                      : take_for_windows(decode, bytes, at, n, err);
}

static enum ml_status read_utf8(struct mli_decode *decode, char *bytes, size_t n, size_t *got,
                                struct ml_error *err)
{
    if (!decode->ascii)
        return read_bytes(decode, bytes, n, got, err);
    enum ml_status status = read_bytes(decode, bytes, n < AT_ONCE ? n : AT_ONCE, got, err);
    return status == ML_OK ? decide(decode, bytes, got, err) : status;
}

static enum ml_status store_more(struct mli_decode *decode, struct ml_error *err)
{
    enum ml_status status = room_for_stored(decode, STORED, err);
    struct mli_stored *stored = &decode->stored;
    size_t got = 0, left = stored->end - stored->at;

    if (status != ML_OK)
        return status;
    memmove(stored->bytes, stored->bytes + stored->at, left);
    status = read_bytes(decode, stored->bytes + left, decode->capacity - left, &got, err);
    stored->at = 0;
    stored->end = left + got;
    return status;
}

static enum ml_status read_converted(struct mli_decode *decode, char *bytes, size_t n, size_t *got,
                                     struct ml_error *err)
{
    struct mli_text_room room = { bytes, bytes + n };
    enum ml_status status = ML_OK;

    while (status == ML_OK && room.at == bytes) {
        decode->scheme->convert(&decode->stored, &room);
        if (room.at > bytes)
            break;
        if (decode->ended && decode->held == 0) {
            mli_encoding_flush(&decode->stored, &room);
            break;
        }
        status = store_more(decode, err);
    }
    *got = (size_t)(room.at - bytes);
    return status;
}

static enum ml_status read_text(struct mli_decode *decode, char *bytes, size_t n, size_t *got,
                                struct ml_error *err)
{
    enum ml_status status = ML_OK;

    *got = 0;
    if (!decode->scheme)
        status = read_utf8(decode, bytes, n, got, err);
    if (status == ML_OK && decode->scheme && *got == 0)
        status = read_converted(decode, bytes, n, got, err);
    return status;
}

enum ml_status mli_decode_read(struct mli_decode *decode, char *bytes, size_t n, size_t *got,
                               struct ml_error *err)
{
    if (n >= SPARE && decode->spare_at == decode->spare_end)
        return read_text(decode, bytes, n, got, err);
    if (decode->spare_at == decode->spare_end) {
        enum ml_status status = read_text(decode, decode->spare, SPARE, &decode->spare_end, err);
        decode->spare_at = 0;
        if (status != ML_OK)
            return status;
    }
    *got = decode->spare_end - decode->spare_at;
    if (*got > n)
        *got = n;
    memcpy(bytes, decode->spare + decode->spare_at, *got);
    decode->spare_at += *got;
    return ML_OK;
}
