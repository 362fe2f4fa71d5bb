#include <table/encodings.h>

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <table/bytes.h>

static void put(struct mli_text_room *room, uint32_t code)
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

static bool has_room(const struct mli_text_room *room)
{
    return room->end - room->at >= MLI_ENCODING_LONGEST;
}

static void put_ascii(struct mli_stored *from, struct mli_text_room *room)
{
    size_t left = (size_t)(room->end - room->at), n = from->end - from->at;

    n = mli_bytes_ascii((const char *)from->bytes + from->at, n < left ? n : left);
    memcpy(room->at, from->bytes + from->at, n);
    room->at += n;
    from->at += n;
}

/* Bytes 0x80 to 0x9F; those without a meaning are the control characters of Latin-1 [Unicode, CP1252.TXT]. */
static const uint16_t windows[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

static void convert_bytes(struct mli_stored *from, struct mli_text_room *room, bool is_windows)
{
    while (from->at < from->end && has_room(room)) {
        unsigned char byte = from->bytes[from->at];
        if (byte < 0x80) {
            put_ascii(from, room);
            continue;
        }
        put(room, is_windows && byte < 0xA0 ? windows[byte - 0x80] : byte);
        from->at++;
    }
}

static void convert_windows(struct mli_stored *from, struct mli_text_room *room)
{
    convert_bytes(from, room, true);
}

static void convert_latin1(struct mli_stored *from, struct mli_text_room *room)
{
    convert_bytes(from, room, false);
}

static uint32_t unit(const struct mli_stored *from, size_t at, bool big)
{
    const unsigned char *byte = from->bytes + at;
    return big ? (uint32_t)byte[0] << 8 | byte[1] : (uint32_t)byte[1] << 8 | byte[0];
}

static bool is_low(uint32_t code)
{
    return code >= 0xDC00 && code < 0xE000;
}

static void convert_utf16(struct mli_stored *from, struct mli_text_room *room, bool big)
{
    for (; from->end - from->at >= 2 && has_room(room); from->at += 2) {
        uint32_t code = unit(from, from->at, big);
        if (code < 0xD800 || code >= 0xE000) {
            put(room, code);
            continue;
        }
        if (!is_low(code) && from->end - from->at < 4)
            return;
        uint32_t low = is_low(code) ? 0 : unit(from, from->at + 2, big);
        if (!is_low(low)) {
            *room->at++ = MLI_NO_TEXT;
            continue;
        }
        put(room, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
        from->at += 2;
    }
}

static void convert_utf16le(struct mli_stored *from, struct mli_text_room *room)
{
    convert_utf16(from, room, false);
}

static void convert_utf16be(struct mli_stored *from, struct mli_text_room *room)
{
    convert_utf16(from, room, true);
}

static void convert_iconv(struct mli_stored *from, struct mli_text_room *room)
{
    while (from->at < from->end && has_room(room)) {
        char *in = (char *)from->bytes + from->at;
        size_t in_left = from->end - from->at, left = (size_t)(room->end - room->at);
        size_t code = iconv(from->iconv, &in, &in_left, &room->at, &left);
        bool bad = code == (size_t)-1 && errno == EILSEQ;
        from->at = from->end - in_left;
        if (code == (size_t)-1 && !bad)
            return; /* no more room, or a sequence that is not complete */
        if (bad && has_room(room)) {
            *room->at++ = MLI_NO_TEXT;
            from->at++;
        }
    }
}

static const struct mli_encoding latin1 = { "latin1", convert_latin1, false }, other = { NULL, convert_iconv, false };
const struct mli_encoding mli_encoding_utf16le = { "utf-16le", convert_utf16le, true };
const struct mli_encoding mli_encoding_utf16be = { "utf-16be", convert_utf16be, true };
const struct mli_encoding mli_encoding_windows = { "windows-1252", convert_windows, false };

static const struct {
    const char *name; /* in lower case, letters and digits alone */
    const struct mli_encoding *encoding;
} own[] = {
    { "utf8", NULL },
    { "utf16", &mli_encoding_utf16le }, /* a byte order mark may say otherwise */
    { "utf16le", &mli_encoding_utf16le },
    { "utf16be", &mli_encoding_utf16be },
    { "latin1", &latin1 },
    { "iso88591", &latin1 },
    { "windows1252", &mli_encoding_windows },
    { "cp1252", &mli_encoding_windows },
};

static void plain_name(const char *name, char *out, size_t size)
{
    size_t n = 0;

    for (; *name && n + 1 < size; name++) {
        if (isalnum((unsigned char)*name))
            out[n++] = (char)tolower((unsigned char)*name);
    }
    out[n] = '\0';
}

bool mli_encoding_own(const char *name, const struct mli_encoding **out)
{
    char plain[32];

    plain_name(name, plain, sizeof(plain));
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (strcmp(own[i].name, plain) != 0)
            continue;
        *out = own[i].encoding;
        return true;
    }
    return false;
}

enum ml_status mli_encoding_find(const char *name, struct mli_stored *from, const struct mli_encoding **out,
                                 struct ml_error *err)
{
    if (mli_encoding_own(name, out))
        return ML_OK;
    char plain[32];
    plain_name(name, plain, sizeof(plain));
    iconv_t opened = (iconv_t)-1;
    if (plain[0] && !strchr(name, '/')) /* behind a slash stand settings of iconv */
        opened = iconv_open("UTF-8", name);
    if (opened == (iconv_t)-1)
        return ml_error_set(err, ML_EUSAGE,
                            "--encoding: \"%s\" is not known here; there are utf-8, utf-16le, utf-16be, latin1, "
                            "windows-1252 and what `iconv -l` lists",
                            name);
    from->iconv = opened;
    *out = &other;
    return ML_OK;
}

void mli_encoding_flush(struct mli_stored *from, struct mli_text_room *room)
{
    size_t left = (size_t)(room->end - room->at);

    if (from->iconv)
        iconv(from->iconv, NULL, NULL, &room->at, &left);
    if (from->at < from->end)
        *room->at++ = MLI_NO_TEXT;
    from->at = from->end;
}

void mli_encoding_close(struct mli_stored *from)
{
    if (from->iconv)
        iconv_close(from->iconv);
    from->iconv = NULL;
}
