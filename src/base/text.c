#include <base/text.h>

#include <stdio.h>
#include <string.h>

size_t mli_utf8_sequence(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;

    if (n == 0)
        return 0;
    if (u[0] < 0x80)
        return 1;
    size_t length = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    if (u[0] < 0xc2 || u[0] > 0xf4 || n < length)
        return 0;
    /*
     * only the second byte has a range that depends on the first: no overlong forms, surrogates,
     * planes above 16
     */
    unsigned low = u[0] == 0xe0 ? 0xa0 : u[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = u[0] == 0xed ? 0x9f : u[0] == 0xf4 ? 0x8f : 0xbf;
    if (u[1] < low || u[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool mli_utf8_is_text(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = s[i] ? mli_utf8_sequence(s + i, n - i) : 0;
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

/* Where a text ends when a sequence that misses its last bytes is left out. */
static size_t whole_length(const char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xc2)
        return length;
    start--;
    return mli_utf8_sequence(text + start, length - start) ? length : start;
}

void mli_text_clean(char *text, bool cut)
{
    size_t length = strlen(text);

    if (cut)
        text[length = whole_length(text, length)] = '\0';
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i], next = (unsigned char)text[i + 1];
        if (c < 0x20 || c == 0x7f) {
            text[i] = '?';
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            text[i] = '?';
            text[++i] = '?';
        }
    }
}

void mli_text_format(char *out, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(out, size, format, args);
    if (length < 0)
        snprintf(out, size, "(a message that could not be formatted)");
    mli_text_clean(out, length >= 0 && (size_t)length >= size);
}
