/*
 * Where the bytes that cut CSV text are: a bit for each of 64 bytes. One pass over a file finds delimiters, quotes and
 * line ends together, and costs the same however many there are [the structural index of Langdale & Lemire 2019,
 * "Parsing gigabytes of JSON per second", section 3.1]. SSE2 is part of every x86-64; elsewhere eight bytes go
 * through a word at a time.
 */
#ifndef TABLE_MARKS_H
#define TABLE_MARKS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define MLI_MARKS 64
#define MLI_MARKED 4 /* bytes looked for; one may stand there twice */

/* Any machine. Bit i of the result: text[i] is one of the four; text has 64 bytes. */
static inline uint64_t mli_marks_by_word(const char *text, const char byte[MLI_MARKED])
{
    const uint64_t ones = UINT64_C(0x0101010101010101), low = ones * 0x7f;
    uint64_t marks = 0;

    for (unsigned i = 0; i < MLI_MARKS; i += 8) {
        uint64_t word = 0, none = ~UINT64_C(0);
        for (unsigned k = 0; k < 8; k++) /* a load, where the byte order is this one */
            word |= (uint64_t)(unsigned char)text[i + k] << (8 * k);
        for (unsigned k = 0; k < MLI_MARKED; k++) {
            uint64_t x = word ^ (ones * (unsigned char)byte[k]); /* 0 where the byte is */
            none &= ((x & low) + low) | x | low;                 /* 0x7f there, 0xff elsewhere */
        }
        /* the top bits of eight bytes side by side: the product moves byte k's to bit 56 + k */
        marks |= (((~none >> 7) & ones) * UINT64_C(0x0102040810204080) >> 56) << i;
    }
    return marks;
}

#ifdef __SSE2__
struct mli_marker {
    __m128i byte[MLI_MARKED];
};

static inline struct mli_marker mli_marker_of(const char byte[MLI_MARKED])
{
    return (struct mli_marker){ { _mm_set1_epi8(byte[0]), _mm_set1_epi8(byte[1]),
                                  _mm_set1_epi8(byte[2]), _mm_set1_epi8(byte[3]) } };
}

static inline uint64_t mli_marks(const char *text, const struct mli_marker *marker)
{
    uint64_t marks = 0;

    for (unsigned i = 0; i < MLI_MARKS; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, marker->byte[0]),
                                                _mm_cmpeq_epi8(x, marker->byte[1])),
                                   _mm_or_si128(_mm_cmpeq_epi8(x, marker->byte[2]),
                                                _mm_cmpeq_epi8(x, marker->byte[3])));
        marks |= (uint64_t)(unsigned)_mm_movemask_epi8(hit) << i;
    }
    return marks;
}
#else
struct mli_marker {
    char byte[MLI_MARKED];
};

static inline struct mli_marker mli_marker_of(const char byte[MLI_MARKED])
{
    return (struct mli_marker){ { byte[0], byte[1], byte[2], byte[3] } };
}

static inline uint64_t mli_marks(const char *text, const struct mli_marker *marker)
{
    return mli_marks_by_word(text, marker->byte);
}
#endif

/* The same of the last bytes of a text, fewer than 64. */
static inline uint64_t mli_marks_of_rest(const char *text, size_t len,
                                         const struct mli_marker *marker)
{
    char copy[MLI_MARKS] = { 0 };

    memcpy(copy, text, len);
    return mli_marks(copy, marker) & ((UINT64_C(1) << len) - 1);
}

#endif
