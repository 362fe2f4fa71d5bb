/*
 * A scheme is a row: how stored bytes become UTF-8. UTF-16, Latin-1 and windows-1252 are our own, because a container
 * has none of the modules that iconv loads for them; all else is iconv's.
 */
#include <table/decode.h>

#include <base/mem.h>
#include <base/text.h>
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <table/bytes.h>
#include <table/foreign.h>

#define STORED ((size_t)64 << 10)   /* bytes converted at a time */
#define AT_ONCE ((size_t)256 << 10) /* read at a time while the encoding may change */
#define LONGEST 4                   /* bytes of a sequence */
#define SPARE 64                    /* least room that is converted into */
#define NO_TEXT '\xFF'

struct room {
    char *at, *end; /* LONGEST bytes more are needed to go on */
};


struct mli_decode {
    struct mli_input *input;
    const struct ml_log *log;
    const char *encoding; /* as given; NULL: to be found out */
    /* All of the stored bytes that there is room for, less an incomplete unit at the end. NULL: they are UTF-8. */
    void (*convert)(struct mli_decode *decode, struct room *room);
    bool ascii;            /* so far, and it may turn out to be none */
    iconv_t iconv;         /* (iconv_t)-1 when it is not used */
    bool ended;
    size_t line;           /* of the next byte, while ascii */
    size_t held;           /* bytes in hold, which come before the input's next */
    char hold[LONGEST];
    unsigned char *stored; /* what waits to be converted: [at, end) of `capacity` */
    size_t at, end, capacity;
    size_t spare_at, spare_end; /* text that a caller had no room for */
    char spare[SPARE];
};

/* ---- encodings ------------------------------------------------------------------------------- */

static void put(struct room *room, uint32_t code)
{
    char *at = room->at;

    if (code < 0x80) {
        *at++ = (char)code;
    } else if (code < 0x800) {
        *at++ = (char)(0xC0 | code >> 6);
        *at++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *at++ = (char)(0xE0 | code >> 12);
        *at++ = (char)(0x80 | (code >> 6 & 0x3F));
        *at++ = (char)(0x80 | (code & 0x3F));
    } else {
        *at++ = (char)(0xF0 | code >> 18);
        *at++ = (char)(0x80 | (code >> 12 & 0x3F));
        *at++ = (char)(0x80 | (code >> 6 & 0x3F));
        *at++ = (char)(0x80 | (code & 0x3F));
    }
    room->at = at;
}

static bool has_room(const struct room *room)
{
    return room->end - room->at >= LONGEST;
}

static void put_ascii(struct mli_decode *decode, struct room *room)
{
    size_t left = (size_t)(room->end - room->at), n = decode->end - decode->at;

    n = mli_bytes_ascii((const char *)decode->stored + decode->at, n < left ? n : left);
    memcpy(room->at, decode->stored + decode->at, n);
    room->at += n;
    decode->at += n;
}

/* Bytes 0x80 to 0x9F; those without a meaning are the control characters of Latin-1 [Unicode, CP1252.TXT]. */
static const uint16_t windows[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

static void convert_bytes(struct mli_decode *decode, struct room *room, bool is_windows)
{
    while (decode->at < decode->end && has_room(room)) {
        unsigned char byte = decode->stored[decode->at];
        if (byte < 0x80) {
            put_ascii(decode, room);
            continue;
        }
        put(room, is_windows && byte < 0xA0 ? windows[byte - 0x80] : byte);
        decode->at++;
    }
}

static void convert_windows(struct mli_decode *decode, struct room *room)
{
    convert_bytes(decode, room, true);
}

static void convert_latin1(struct mli_decode *decode, struct room *room)
{
    convert_bytes(decode, room, false);
}

static uint32_t unit(const struct mli_decode *decode, size_t at, bool big)
{
    const unsigned char *byte = decode->stored + at;
    return big ? (uint32_t)byte[0] << 8 | byte[1] : (uint32_t)byte[1] << 8 | byte[0];
}

static bool is_low(uint32_t code)
{
    return code >= 0xDC00 && code < 0xE000;
}

static void convert_utf16(struct mli_decode *decode, struct room *room, bool big)
{
    for (; decode->end - decode->at >= 2 && has_room(room); decode->at += 2) {
        uint32_t code = unit(decode, decode->at, big);
        if (code < 0xD800 || code >= 0xE000) {
            put(room, code);
            continue;
        }
        if (!is_low(code) && decode->end - decode->at < 4)
            return;
        uint32_t low = is_low(code) ? 0 : unit(decode, decode->at + 2, big);
        if (!is_low(low)) {
            *room->at++ = NO_TEXT;
            continue;
        }
        put(room, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
        decode->at += 2;
    }
}

static void convert_utf16le(struct mli_decode *decode, struct room *room)
{
    convert_utf16(decode, room, false);
}

static void convert_utf16be(struct mli_decode *decode, struct room *room)
{
    convert_utf16(decode, room, true);
}

static void convert_iconv(struct mli_decode *decode, struct room *room)
{
    while (decode->at < decode->end && has_room(room)) {
        char *in = (char *)decode->stored + decode->at;
        size_t in_left = decode->end - decode->at, left = (size_t)(room->end - room->at);
        size_t code = iconv(decode->iconv, &in, &in_left, &room->at, &left);
        bool bad = code == (size_t)-1 && errno == EILSEQ;
        decode->at = decode->end - in_left;
        if (code == (size_t)-1 && !bad)
            return; /* no more room, or a sequence that is not complete */
        if (bad && has_room(room)) {
            *room->at++ = NO_TEXT;
            decode->at++;
        }
    }
}

static const struct {
    const char *name; /* in lower case, letters and digits alone */
    void (*convert)(struct mli_decode *decode, struct room *room);
} own[] = {
    { "utf8", NULL },
    { "utf16", convert_utf16le }, /* a byte order mark may say otherwise */
    { "utf16le", convert_utf16le },
    { "utf16be", convert_utf16be },
    { "latin1", convert_latin1 },
    { "iso88591", convert_latin1 },
    { "windows1252", convert_windows },
    { "cp1252", convert_windows },
};
enum { OWN = sizeof(own) / sizeof(*own) };

static void plain_name(const char *name, char *out, size_t size)
{
    size_t n = 0;

    for (; *name && n + 1 < size; name++) {
        if (isalnum((unsigned char)*name))
            out[n++] = (char)tolower((unsigned char)*name);
    }
    out[n] = '\0';
}

static size_t find_own(const char *plain)
{
    size_t i = 0;

    while (i < OWN && strcmp(own[i].name, plain) != 0)
        i++;
    return i;
}

/* UTF-16 may lack its mark. */
bool mli_decode_finds(const char *encoding)
{
    char plain[32];

    plain_name(encoding, plain, sizeof(plain));
    size_t i = find_own(plain);
    return i < OWN && own[i].convert != convert_utf16le && own[i].convert != convert_utf16be;
}

static enum ml_status find_encoding(struct mli_decode *decode, const char *name,
                                    struct ml_error *err)
{
    char plain[32];

    plain_name(name, plain, sizeof(plain));
    size_t known = find_own(plain);
    if (known < OWN) {
        decode->convert = own[known].convert;
        return ML_OK;
    }
    if (plain[0] && !strchr(name, '/')) /* behind a slash stand settings of iconv */
        decode->iconv = iconv_open("UTF-8", name);
    decode->convert = convert_iconv;
    if (decode->iconv != (iconv_t)-1)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "--encoding: \"%s\" is not known here; there are utf-8, utf-16le, utf-16be, latin1, "
                        "windows-1252 and what `iconv -l` lists",
                        name);
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
    bool utf16 = !encoding || decode->convert == convert_utf16le || decode->convert == convert_utf16be;

    if (decode->held >= 3 && memcmp(first, "\xEF\xBB\xBF", 3) == 0) {
        if (decode->convert)
            ml_log(decode->log, ML_LOG_WARNING, "%s: it has a byte order mark of UTF-8, so it is not read as %s",
                   mli_input_name(decode->input), encoding);
        decode->convert = NULL;
        return 3;
    }
    if (!utf16 || decode->held < 2 ||
        (memcmp(first, "\xFF\xFE", 2) != 0 && memcmp(first, "\xFE\xFF", 2) != 0))
        return 0;
    decode->convert = first[0] == '\xFF' ? convert_utf16le : convert_utf16be;
    return 2;
}

static enum ml_status begin(struct mli_decode *decode, const char *encoding, struct ml_error *err)
{
    enum ml_status status = encoding ? find_encoding(decode, encoding, err) : ML_OK;

    while (status == ML_OK && decode->held < LONGEST && !decode->ended) {
        size_t got = 0;
        status = read_some(decode, decode->hold + decode->held, LONGEST - decode->held, &got, err);
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
    decode->iconv = (iconv_t)-1;
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
    if (decode->iconv != (iconv_t)-1)
        iconv_close(decode->iconv);
    free(decode->stored);
    mli_input_close(decode->input);
    free(decode);
}

bool mli_decode_is_utf16(const struct mli_decode *decode)
{
    return decode->convert == convert_utf16le || decode->convert == convert_utf16be;
}

const char *mli_decode_encoding(const struct mli_decode *decode)
{
    static const struct {
        void (*convert)(struct mli_decode *decode, struct room *room);
        const char *name;
    } names[] = {
        { NULL, "utf-8" },
        { convert_utf16le, "utf-16le" },
        { convert_utf16be, "utf-16be" },
        { convert_latin1, "latin1" },
        { convert_windows, "windows-1252" },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (names[i].convert == decode->convert)
            return names[i].name;
    }
    return decode->encoding;
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
    stored = mli_realloc(decode->stored, capacity, 1);
    if (!stored)
        return ml_error_at(err, ML_ENOMEM, mli_input_name(decode->input), 0, 0, "out of memory for a decoder");
    decode->stored = stored;
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
    decode->convert = convert_windows;
    memcpy(decode->stored, bytes + from, *n - from);
    decode->at = 0;
    decode->end = *n - from;
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
    while (*n - at < LONGEST && at == 0 && !decode->ended) {
        size_t got = 0;
        enum ml_status status = read_some(decode, bytes + *n, LONGEST - *n, &got, err);
        if (status != ML_OK)
            return status;
        *n += got;
    }
    if (*n - at < LONGEST && at > 0) {
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
    size_t got = 0, left = decode->end - decode->at;

    if (status != ML_OK)
        return status;
    memmove(decode->stored, decode->stored + decode->at, left);
    status = read_bytes(decode, decode->stored + left, decode->capacity - left, &got, err);
    decode->at = 0;
    decode->end = left + got;
    return status;
}

/* At the end: what was not complete is no text, and iconv may have kept a character back. */
static void flush(struct mli_decode *decode, struct room *room)
{
    size_t left = (size_t)(room->end - room->at);

    if (decode->iconv != (iconv_t)-1)
        iconv(decode->iconv, NULL, NULL, &room->at, &left);
    if (decode->at < decode->end)
        *room->at++ = NO_TEXT;
    decode->at = decode->end;
}

static enum ml_status read_converted(struct mli_decode *decode, char *bytes, size_t n, size_t *got,
                                     struct ml_error *err)
{
    struct room room = { bytes, bytes + n };
    enum ml_status status = ML_OK;

    while (status == ML_OK && room.at == bytes) {
        decode->convert(decode, &room);
        if (room.at > bytes)
            break;
        if (decode->ended && decode->held == 0) {
            flush(decode, &room);
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
    if (!decode->convert)
        status = read_utf8(decode, bytes, n, got, err);
    if (status == ML_OK && decode->convert && *got == 0)
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
