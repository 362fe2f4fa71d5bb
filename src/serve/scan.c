#include <serve/scan.h>

#include <base/num.h>
#include <base/raw.h>
#include <base/short.h>
#include <base/text.h>
#include <string.h>

#define DEEP "less nesting"

struct mli_scan mli_scan_of(const char *text, size_t len, size_t max_depth)
{
    return (struct mli_scan){ .text = text, .len = len, .max_depth = max_depth };
}

bool mli_scan_refuse(struct mli_scan *scan, const char *what)
{
    if (!scan->wrong)
        scan->wrong = what;
    return false;
}

/* Whether the text is well-formed after all, and only not what was asked for. */
static bool is_json(const struct mli_scan *scan)
{
    struct mli_scan whole = mli_scan_of(scan->text, scan->len, scan->max_depth);

    return mli_scan_skip(&whole) && mli_scan_end(&whole);
}

enum ml_status mli_scan_error(const struct mli_scan *scan, struct ml_error *err)
{
    const char *wrong = scan->wrong ? scan->wrong : "something else";

    if (strcmp(wrong, DEEP) == 0)
        return ml_error_set(err, ML_EDATA, "JSON is nested more than %zu levels deep",
                            scan->max_depth);
    if (scan->len == 0)
        return ml_error_set(err, ML_EDATA, "the body is empty; expected %s", wrong);
    if (is_json(scan))
        return ml_error_set(err, ML_EDATA, "JSON at byte %zu: expected %s", scan->at + 1, wrong);
    if (scan->at >= scan->len)
        return ml_error_set(err, ML_EDATA, "not valid JSON: the body ends too early, expected %s",
                            wrong);
    return ml_error_set(err, ML_EDATA, "not valid JSON at byte %zu: expected %s%s", scan->at + 1,
                        wrong, scan->text[scan->at] ? "" : ", found a NUL byte");
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void mli_scan_skip_space(struct mli_scan *scan)
{
    while (scan->at < scan->len && is_space(scan->text[scan->at]))
        scan->at++;
}

/* The byte `ahead` of the next, '\0' past the end; a NUL of the text is never part of anything valid. */
static char byte(const struct mli_scan *scan, size_t at)
{
    return at < scan->len ? scan->text[at] : '\0';
}

/* ---- arrays and objects ------------------------------------------------------------------------------------------ */

bool mli_scan_open(struct mli_scan *scan, char bracket)
{
    if (scan->wrong)
        return false;
    if (mli_scan_peek(scan) != bracket)
        return mli_scan_refuse(scan, bracket == '[' ? "an array" : "an object");
    if (scan->depth == scan->max_depth)
        return mli_scan_refuse(scan, DEEP);
    scan->depth++;
    scan->at++;
    scan->fresh = true;
    return true;
}

/* Whether something comes before the closing bracket; what stands in front of it is read. */
static bool another(struct mli_scan *scan, char closing, const char *expected)
{
    bool fresh = scan->fresh;

    if (scan->wrong)
        return false;
    char next = mli_scan_peek(scan);
    scan->fresh = false;
    if (next == closing) {
        scan->at++;
        scan->depth--;
        return false;
    }
    if (fresh)
        return true;
    if (next != ',')
        return mli_scan_refuse(scan, expected);
    scan->at++;
    return true;
}

bool mli_scan_item(struct mli_scan *scan)
{
    return another(scan, ']', "',' or ']'");
}

bool mli_scan_member(struct mli_scan *scan, struct mli_scan_text *name)
{
    if (!another(scan, '}', "',' or '}'"))
        return false;
    if (mli_scan_peek(scan) != '"')
        return mli_scan_refuse(scan, "a name in quotes");
    if (!mli_scan_string(scan, name))
        return false;
    if (mli_scan_peek(scan) != ':')
        return mli_scan_refuse(scan, "':'");
    scan->at++;
    return true;
}

bool mli_scan_member_named(struct mli_scan *scan, const char *key, size_t len)
{
    size_t at = scan->at;

    if (scan->wrong || (!scan->fresh && byte(scan, at++) != ','))
        return false;
    at += byte(scan, at) == ' ';
    if (scan->len - at <= len || memcmp(scan->text + at, key, len) != 0 || scan->text[at + len] != ':')
        return false;
    scan->at = at + len + 1;
    scan->fresh = false;
    return true;
}

bool mli_scan_members(struct mli_scan *scan, struct mli_scan_wanted *wanted, size_t n)
{
    struct mli_scan_text name;

    mli_scan_open(scan, '{');
    while (mli_scan_member(scan, &name)) {
        size_t i = 0;
        while (i < n && !mli_scan_equals(&name, wanted[i].name))
            i++;
        if (i < n && wanted[i].found)
            return mli_scan_refuse(scan, "each name once in an object");
        mli_scan_peek(scan);
        if (i < n) {
            wanted[i].found = true;
            wanted[i].at = *scan;
        }
        mli_scan_skip(scan);
    }
    return !scan->wrong;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static size_t skip_digits(const struct mli_scan *scan, size_t at)
{
    while (is_digit(byte(scan, at)))
        at++;
    return at;
}

/*
 * A short decimal (base/num.h), which nearly all numbers are, in one go: it is a number of JSON, and digits and power of
 * ten are both exact, so the quotient is rounded once. False: something else.
 */
static bool short_number(struct mli_scan *scan, double *out)
{
    size_t start = scan->at + (byte(scan, scan->at) == '-'), at = start, point;
    uint64_t digits = 0;

    for (; is_digit(byte(scan, at)); at++)
        digits = digits * 10 + (uint64_t)(scan->text[at] - '0');
    point = at;
    if (byte(scan, at) == '.') {
        for (at++; is_digit(byte(scan, at)); at++)
            digits = digits * 10 + (uint64_t)(scan->text[at] - '0');
        if (at == point + 1)
            return false;
    }
    if (point == start || at - start > MLI_NUM_SHORT || (point > start + 1 && scan->text[start] == '0') ||
        (byte(scan, at) | 0x20) == 'e')
        return false;
    double value = (double)(int64_t)digits / mli_short_power[at > point ? at - point - 1 : 0];
    *out = start > scan->at ? -value : value;
    scan->at = at;
    scan->fresh = false;
    return true;
}

bool mli_scan_number(struct mli_scan *scan, double *out)
{
    static const char expected[] = "a number";

    if (scan->wrong)
        return false;
    mli_scan_peek(scan);
    if (short_number(scan, out))
        return true;
    size_t start = scan->at, at = start + (byte(scan, start) == '-');
    size_t end = byte(scan, at) == '0' ? at + 1 : skip_digits(scan, at);
    bool sound = end > at;

    if (sound && byte(scan, end) == '.') {
        at = end + 1;
        end = skip_digits(scan, at);
        sound = end > at;
    }
    if (sound && (byte(scan, end) == 'e' || byte(scan, end) == 'E')) {
        at = end + 1;
        at += byte(scan, at) == '+' || byte(scan, at) == '-';
        end = skip_digits(scan, at);
        sound = end > at;
    }
    if (!sound || !mli_num_parse(scan->text + start, end - start, out))
        return mli_scan_refuse(scan, sound ? "a number that fits a double" : expected);
    scan->at = end;
    scan->fresh = false;
    return true;
}

bool mli_scan_literal(struct mli_scan *scan, char *out)
{
    static const char *const words[] = { "null", "true", "false" };

    if (scan->wrong)
        return false;
    char first = mli_scan_peek(scan);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);
        if (*words[i] == first && scan->len - scan->at >= n &&
            memcmp(scan->text + scan->at, words[i], n) == 0) {
            scan->at += n;
            scan->fresh = false;
            *out = first;
            return true;
        }
    }
    return mli_scan_refuse(scan, "a value");
}

bool mli_scan_skip(struct mli_scan *scan)
{
    struct mli_scan_text text;
    double number;
    char literal;

    switch (mli_scan_peek(scan)) {
    case '"':
        return mli_scan_string(scan, &text);
    case '[':
        mli_scan_open(scan, '[');
        while (mli_scan_item(scan))
            mli_scan_skip(scan);
        return !scan->wrong;
    case '{':
        mli_scan_open(scan, '{');
        while (mli_scan_member(scan, &text))
            mli_scan_skip(scan);
        return !scan->wrong;
    case 'n':
    case 't':
    case 'f':
        return mli_scan_literal(scan, &literal);
    case '-':
        return mli_scan_number(scan, &number);
    default:
        return is_digit(byte(scan, scan->at)) ? mli_scan_number(scan, &number)
                                              : mli_scan_refuse(scan, "a value");
    }
}

bool mli_scan_end(struct mli_scan *scan)
{
    mli_scan_peek(scan);
    if (!scan->wrong && scan->at < scan->len)
        mli_scan_refuse(scan, "nothing after the value");
    return !scan->wrong;
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

static bool read_hex(const char *s, unsigned *out)
{
    unsigned value = 0;

    for (size_t i = 0; i < 4; i++) {
        char c = s[i];
        unsigned digit = is_digit(c)            ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

/*
 * Length of the escape at s (n bytes left, s[0] is the backslash) and the character it means; 0: not one. A high
 * surrogate needs its low one behind it; NUL is refused because texts end at it elsewhere.
 */
static size_t read_escape(const char *s, size_t n, unsigned *out)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    unsigned low;

    if (n < 2)
        return 0;
    const char *letter = s[1] ? strchr(letters, s[1]) : NULL;
    if (letter) {
        *out = (unsigned)values[letter - letters];
        return 2;
    }
    if (s[1] != 'u' || n < 6 || !read_hex(s + 2, out) || *out == 0)
        return 0;
    if (*out < 0xD800 || *out > 0xDFFF)
        return 6;
    if (*out > 0xDBFF || n < 12 || s[6] != '\\' || s[7] != 'u' || !read_hex(s + 8, &low) ||
        low < 0xDC00 || low > 0xDFFF)
        return 0;
    *out = 0x10000 + ((*out - 0xD800) << 10 | (low - 0xDC00));
    return 12;
}

bool mli_scan_string(struct mli_scan *scan, struct mli_scan_text *out)
{
    unsigned meaning;

    if (scan->wrong)
        return false;
    if (mli_scan_peek(scan) != '"')
        return mli_scan_refuse(scan, "a string");
    size_t start = ++scan->at;
    bool escaped = false;
    while (scan->at < scan->len && scan->text[scan->at] != '"') {
        const char *s = scan->text + scan->at;
        size_t n = 1;
        if (*s == '\\')
            n = read_escape(s, scan->len - scan->at, &meaning);
        else if ((unsigned char)*s < ' ')
            n = 0;
        else if ((unsigned char)*s >= 0x80)
            n = mli_utf8_sequence(s, scan->len - scan->at);
        if (n == 0)
            return mli_scan_refuse(scan, "a character of a string, in UTF-8 or escaped");
        escaped = escaped || *s == '\\';
        scan->at += n;
    }
    if (scan->at >= scan->len)
        return mli_scan_refuse(scan, "the end of a string");
    *out = (struct mli_scan_text){ scan->text + start, scan->at - start, escaped };
    scan->at++;
    scan->fresh = false;
    return true;
}

static size_t put_utf8(unsigned c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00u >> n & 0xF0u) | c);
    return n;
}

size_t mli_scan_decode(const struct mli_scan_text *text, char *out)
{
    size_t n = 0;
    unsigned meaning = 0;

    for (size_t i = 0; i < text->len;) {
        if (text->at[i] != '\\') {
            out[n++] = text->at[i++];
            continue;
        }
        i += read_escape(text->at + i, text->len - i, &meaning);
        n += put_utf8(meaning, out + n);
    }
    return n;
}

/* Names of protocols are short and plain; one that is written with escapes is decoded when it could still be that. */
bool mli_scan_equals(const struct mli_scan_text *text, const char *word)
{
    MLI_RAW char plain[6 * 64];

    if (!text->escaped) /* of a text without NULs; nearly all differ in the first letter */
        return text->len > 0 ? *text->at == *word && strncmp(text->at, word, text->len) == 0 && word[text->len] == '\0'
                             : *word == '\0';
    size_t n = strlen(word);
    return text->len <= sizeof(plain) && mli_scan_decode(text, plain) == n &&
           memcmp(plain, word, n) == 0;
}
