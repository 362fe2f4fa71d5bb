#include <table/bytes.h>

#include <base/text.h>
#include <stdint.h>
#include <string.h>
#include <table/wide.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define STEP ((size_t)32)       /* bytes that are looked at together */
#define SUMS ((size_t)255 * 16) /* bytes of which sixteen sums of a byte each do not overflow */

size_t mli_bytes_count_plain(const char *text, size_t len, char byte)
{
    size_t count = 0, i = 0;

    while (i < len) { /* sums of a byte each, so that 16 of them are one vector */
        size_t end = len - i > SUMS ? i + SUMS : len;
        unsigned char sum[16] = { 0 };
        for (; i + 16 <= end; i += 16) {
            for (size_t k = 0; k < 16; k++)
                sum[k] = (unsigned char)(sum[k] + (text[i + k] == byte));
        }
        for (size_t k = 0; k < 16; k++)
            count += sum[k];
        if (end == len) {
            for (; i < end; i++)
                count += text[i] == byte;
        }
    }
    return count;
}

static inline void load_step(const char *text, uint64_t word[4])
{
    memcpy(word, text, STEP);
}

/* How many whole steps have no byte from 0x80 on. */
static size_t ascii_steps(const char *text, size_t len)
{
    size_t i = 0;
    uint64_t word[4];

    for (; len - i >= STEP; i += STEP) {
        load_step(text + i, word);
        if ((word[0] | word[1] | word[2] | word[3]) & EACH(0x80u))
            break;
    }
    return i;
}

/* And no 0: where no top bit is set, taking 1 from each byte sets that of the first byte that is 0. */
static size_t plain_steps(const char *text, size_t len)
{
    size_t i = 0;
    uint64_t word[4];

    for (; len - i >= STEP; i += STEP) {
        load_step(text + i, word);
        uint64_t zeros = (word[0] - EACH(1u)) | (word[1] - EACH(1u)) | (word[2] - EACH(1u)) |
                         (word[3] - EACH(1u));
        if ((word[0] | word[1] | word[2] | word[3] | zeros) & EACH(0x80u))
            break;
    }
    return i;
}

static size_t end_of_ascii(const char *text, size_t len, size_t from)
{
    while (from < len && (unsigned char)text[from] < 0x80)
        from++;
    return from;
}

size_t mli_bytes_ascii_plain(const char *text, size_t len)
{
    return end_of_ascii(text, len, ascii_steps(text, len));
}

typedef size_t steps_function(const char *text, size_t len);

/* A step in which not all is ASCII is gone through character by character. */
static size_t end_of_text(const char *text, size_t len, steps_function *steps)
{
    size_t i = 0;

    while (i < len) {
        i += steps(text + i, len - i);
        for (size_t end = len - i > STEP ? i + STEP : len; i < end;) {
            size_t length = text[i] ? mli_utf8_sequence(text + i, len - i) : 0;
            if (length == 0)
                return i;
            i += length;
        }
    }
    return i;
}

size_t mli_bytes_text_plain(const char *text, size_t len)
{
    return end_of_text(text, len, plain_steps);
}

#ifdef MLI_WIDE
MLI_WIDE_CODE static inline __m256i load_wide(const char *text)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)text);
}

/* Sums of the bytes of eight each. */
MLI_WIDE_CODE static inline size_t sum_wide(__m256i bytes)
{
    __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return (size_t)_mm_cvtsi128_si64(two) + (size_t)_mm_extract_epi64(two, 1);
}

MLI_WIDE_CODE static size_t count_wide(const char *text, size_t len, char byte)
{
    const __m256i all = _mm256_set1_epi8(byte);
    size_t count = 0, i = 0;

    while (len - i >= STEP) {
        __m256i sums = _mm256_setzero_si256();
        for (size_t k = 0; k < 255 && len - i >= STEP; k++, i += STEP)
            sums = _mm256_sub_epi8(sums, _mm256_cmpeq_epi8(load_wide(text + i), all));
        count += sum_wide(sums);
    }
    for (; i < len; i++)
        count += text[i] == byte;
    return count;
}

MLI_WIDE_CODE static size_t ascii_steps_wide(const char *text, size_t len)
{
    size_t i = 0;

    while (len - i >= STEP && _mm256_movemask_epi8(load_wide(text + i)) == 0)
        i += STEP;
    return i;
}

MLI_WIDE_CODE static size_t plain_steps_wide(const char *text, size_t len)
{
    size_t i = 0;

    for (; len - i >= STEP; i += STEP) {
        __m256i bytes = load_wide(text + i),
                zeros = _mm256_cmpeq_epi8(bytes, _mm256_setzero_si256());
        if (_mm256_movemask_epi8(_mm256_or_si256(bytes, zeros)) != 0)
            break;
    }
    return i;
}
#endif

size_t mli_bytes_count(const char *text, size_t len, char byte)
{
#ifdef MLI_WIDE
    if (mli_wide())
        return count_wide(text, len, byte);
#endif
    return mli_bytes_count_plain(text, len, byte);
}

size_t mli_bytes_lines(const char *text, size_t len)
{
    size_t lines = mli_bytes_count(text, len, '\n');
    const char *cr = memchr(text, '\r', len), *end = text + len;

    for (; cr && cr < end; cr = memchr(cr + 1, '\r', (size_t)(end - cr - 1)))
        lines += cr + 1 == end || cr[1] != '\n';
    return lines;
}

size_t mli_bytes_ascii(const char *text, size_t len)
{
#ifdef MLI_WIDE
    if (mli_wide())
        return end_of_ascii(text, len, ascii_steps_wide(text, len));
#endif
    return mli_bytes_ascii_plain(text, len);
}

size_t mli_bytes_text(const char *text, size_t len)
{
#ifdef MLI_WIDE
    if (mli_wide())
        return end_of_text(text, len, plain_steps_wide);
#endif
    return mli_bytes_text_plain(text, len);
}
