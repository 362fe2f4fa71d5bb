/*
 * Short decimals, which nearly all numbers in files are, eight digits at a time and without a loop; inline, because a
 * table is millions of them. num.h says what a short decimal is.
 *
 * The point is taken out of the word that the text is loaded as, the digits are shifted to its upper end, zeros before
 * them, and pairs of digits, then of pairs, then of fours are drawn together [Lemire 2021, "Number parsing at a
 * gigabyte per second", section 6].
 */
#ifndef BASE_SHORT_H
#define BASE_SHORT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MLI_SHORT_ROOM 24 /* bytes that can be read from the first of the text on, whatever its length */

extern const double mli_short_power[23]; /* 10^i, exact */

#define MLI_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t mli_short_load(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return le64toh(word);
}

/* The lowest bit set is the top bit of the first byte that is a point; 0 if there is none. */
static inline uint64_t mli_short_points(uint64_t word)
{
    uint64_t x = word ^ MLI_EACH((uint64_t)'.');
    return (x - MLI_EACH(1u)) & ~x & MLI_EACH(0x80u);
}

/* Whether all eight are digits: six more take ':' to '?' out of the sixteen that '0' to '9' are in. */
static inline bool mli_short_digits(uint64_t word)
{
    return ((word & MLI_EACH(0xF0u)) | (((word + MLI_EACH(0x06u)) & MLI_EACH(0xF0u)) >> 4)) ==
           MLI_EACH(0x33u);
}

static inline uint64_t mli_short_value(uint64_t word)
{
    word -= MLI_EACH((uint64_t)'0');
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    return (word * 10000 + (word >> 32)) & UINT32_MAX;
}

/* The first n bytes, 1 to 8, as a number, if those that are left without a point are digits; *point is n if none is one. */
static inline bool mli_short_word(const char *p, size_t n, size_t *point, uint64_t *value)
{
    uint64_t word = mli_short_load(p), points = mli_short_points(word) & (UINT64_MAX >> (64 - 8 * n));
    size_t digits = n;

    *point = n;
    if (points) {
        unsigned shift = (unsigned)__builtin_ctzll(points) - 7;
        uint64_t before = (UINT64_C(1) << shift) - 1;
        *point = shift / 8;
        word = (word & before) | ((word >> 8) & ~before);
        if (--digits == 0)
            return false;
    }
    word <<= 64 - 8 * digits;
    word |= digits < 8 ? MLI_EACH((uint64_t)'0') >> (8 * digits) : 0;
    *value = mli_short_value(word);
    return mli_short_digits(word);
}

/* The same of 9 to 16 bytes, at most 15 of them digits. */
static inline bool mli_short_words(const char *p, size_t n, size_t *point, uint64_t *value)
{
    __uint128_t text = (__uint128_t)mli_short_load(p + 8) << 64 | mli_short_load(p);
    uint64_t low = mli_short_points((uint64_t)text),
             high = mli_short_points((uint64_t)(text >> 64)) & (UINT64_MAX >> (128 - 8 * n));
    size_t digits = n;

    *point = n;
    if (low | high) {
        unsigned shift = low ? (unsigned)__builtin_ctzll(low) - 7 : (unsigned)__builtin_ctzll(high) + 57;
        __uint128_t before = ((__uint128_t)1 << shift) - 1;
        *point = shift / 8;
        text = (text & before) | ((text >> 8) & ~before);
        digits--;
    }
    if (digits > 15)
        return false;
    text <<= 128 - 8 * digits;
    low = (uint64_t)text | MLI_EACH((uint64_t)'0') >> (digits > 8 ? 8 * (digits - 8) : 0);
    high = (uint64_t)(text >> 64);
    *value = mli_short_value(low) * 100000000u + mli_short_value(high);
    return mli_short_digits(low) && mli_short_digits(high);
}

/* mli_num_parse_short() of a text with room behind it. */
static inline bool mli_short_parse(const char *text, size_t len, double *out, unsigned *decimals)
{
    static const double signs[] = { 1.0, -1.0 }; /* every other number is negative: no branch */
    size_t minus = *text == '-', n = len - minus, point;
    uint64_t digits;

    if (n - 1 > 15)
        return false;
    text += minus;
    if (!(n <= 8 ? mli_short_word(text, n, &point, &digits) : mli_short_words(text, n, &point, &digits)))
        return false;
    if (point == 0 || point + 1 == n || (*text == '0' && point > 1))
        return false;
    unsigned places = (unsigned)(n - point - (point < n));
    *out = signs[minus] * (double)(int64_t)digits / mli_short_power[places]; /* rounded once: both are exact */
    *decimals = places;
    return true;
}

#endif
