/*
 * Two passes: the digits of all cells as whole numbers, then these to doubles and divided by powers of ten, which are
 * exact, so each is rounded once. The passes are apart because a division waits for all that makes its digits: on its
 * own it is done for several numbers at a time.
 *
 * With vectors the sixteen bytes that end where the number ends are loaded, so units stand where units belong
 * whatever its length; a shuffle closes the gap of the point; products and sums of pairs, fours and eights draw the digits
 * together [Mula 2018, "SIMD-ized atoi"; Lemire 2021, "Number parsing at a gigabyte per second", section 6].
 */
#include <table/decimals.h>

#include <base/short.h>
#include <math.h>
#include <string.h>
#include <table/wide.h>

#define MINUS (UINT64_C(1) << 63)

static const double divisor[MLI_DECIMALS_MISSING + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                                                          1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                          1e12, 1e13, 1e14, 1e15, NAN };

/* What number[] holds between the passes. */
static inline void store_digits(double *number, uint64_t digits, bool minus)
{
    digits |= minus ? MINUS : 0;
    memcpy(number, &digits, sizeof(digits));
}

/* The digits of a text as mli_short_parse() reads it. */
static inline bool plain_digits(const char *text, size_t len, double *number, uint8_t *places)
{
    size_t minus = *text == '-', n = len - minus, point;
    uint64_t digits;

    if (n - 1 > 15)
        return false;
    text += minus;
    if (!(n <= 8 ? mli_short_word(text, n, &point, &digits)
                 : mli_short_words(text, n, &point, &digits)))
        return false;
    if (point == 0 || point + 1 == n || (*text == '0' && point > 1))
        return false;
    *places = (uint8_t)(n - point - (point < n));
    store_digits(number, digits, minus);
    return true;
}

static bool take_missing(const struct mli_missing *missing, const char *text, size_t len,
                         struct mli_decimals *out, size_t i)
{
    if (!mli_missing_has(missing, text, len))
        return false;
    store_digits(&out->number[i], 0, false);
    out->places[i] = MLI_DECIMALS_MISSING;
    out->missing++;
    return true;
}

static size_t take_plain(const struct mli_cells_view *cells, const struct mli_missing *missing,
                         struct mli_decimals *out)
{
    for (size_t i = 0; i < cells->count; i++) {
        const struct mli_span *span = &cells->span[i * cells->step];
        const char *text = cells->text + span->at;
        if (!plain_digits(text, span->len, &out->number[i], &out->places[i]) &&
            !take_missing(missing, text, span->len, out, i))
            return i;
    }
    return cells->count;
}

static inline double divide(double number, unsigned places)
{
    uint64_t digits;

    memcpy(&digits, &number, sizeof(digits));
    double value = (double)(int64_t)(digits & ~MINUS);
    return (digits & MINUS ? -value : value) / divisor[places];
}

static unsigned first_places(const uint8_t *places, size_t n)
{
    size_t i = 0;

    while (i < n && places[i] == MLI_DECIMALS_MISSING)
        i++;
    return i < n ? places[i] : 0;
}

static bool differ(const struct mli_decimals *out, size_t i)
{
    return out->places[i] != out->first && out->places[i] != MLI_DECIMALS_MISSING;
}

static void divide_plain(struct mli_decimals *out, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        out->number[i] = divide(out->number[i], out->places[i]);
        out->mixed |= differ(out, i);
    }
}

size_t mli_decimals_take_plain(const struct mli_cells_view *cells,
                               const struct mli_missing *missing, struct mli_decimals *out)
{
    out->missing = 0;
    size_t n = take_plain(cells, missing, out);
    out->first = first_places(out->places, n);
    out->mixed = false;
    divide_plain(out, 0, n);
    return n;
}

#ifdef MLI_WIDE
#define LANES 16u

/*
 * Lane k of row p: from where it comes when lane p, the point, is taken out. One in the last lane stays, which is no
 * digit; row 16: there is none.
 */
static const uint8_t without_point[LANES + 1][LANES] = {
#define LANE(p, k) (uint8_t)((k) > (p) || (p) >= LANES - 1 ? (k) : (k) == 0 ? 0x80 : (k)-1)
#define ROW(p)                                                                                     \
    {                                                                                              \
        LANE(p, 0), LANE(p, 1), LANE(p, 2), LANE(p, 3), LANE(p, 4), LANE(p, 5), LANE(p, 6),        \
            LANE(p, 7), LANE(p, 8), LANE(p, 9), LANE(p, 10), LANE(p, 11), LANE(p, 12),             \
            LANE(p, 13), LANE(p, 14), LANE(p, 15)                                                  \
    }
    ROW(0), ROW(1),  ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),  ROW(8),
    ROW(9), ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15), ROW(16),
#undef ROW
#undef LANE
};
static const uint8_t places_of[LANES + 1] = { 15, 14, 13, 12, 11, 10, 9, 8, 7,
                                              6,  5,  4,  3,  2,  1,  0, 0 };
static const uint8_t last_lanes[2 * LANES] = { [LANES] = 255, 255, 255, 255, 255, 255, 255, 255,
                                               255,           255, 255, 255, 255, 255, 255, 255 };

struct constants {
    __m128i zero, point, nine, tens, hundreds, myriads;
};

/* They go through an empty asm, lest the compiler makes them anew for every number. */
MLI_WIDE_CODE static inline struct constants make_constants(void)
{
    struct constants c = { .zero = _mm_set1_epi8('0'),
                           .point = _mm_set1_epi8('.' - '0'),
                           .nine = _mm_set1_epi8(9),
                           .tens = _mm_set1_epi16(10 | 1 << 8),
                           .hundreds = _mm_set1_epi32(100 | 1 << 16),
                           .myriads = _mm_set1_epi32(10000 | 1 << 16) };

    __asm__(""
            : "+x"(c.zero), "+x"(c.point), "+x"(c.nine), "+x"(c.tens), "+x"(c.hundreds),
              "+x"(c.myriads));
    return c;
}

MLI_WIDE_CODE static inline __m128i load_lanes(const void *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

/* Sixteen digits to one number, by way of two of eight. */
MLI_WIDE_CODE static inline uint64_t draw_digits(__m128i digits, const struct constants *c)
{
    __m128i fours = _mm_madd_epi16(_mm_maddubs_epi16(digits, c->tens), c->hundreds);
    uint64_t both =
        (uint64_t)_mm_cvtsi128_si64(_mm_madd_epi16(_mm_packus_epi32(fours, fours), c->myriads));

    return (both & UINT32_MAX) * 100000000u + (both >> 32);
}

/* LANES bytes before the end of the text can be read, too. */
MLI_WIDE_CODE static inline bool wide_digits(const char *text, size_t len,
                                             const struct constants *c, double *number,
                                             uint8_t *places)
{
    bool minus = *text == '-', zero = text[minus] == '0';
    size_t n = len - minus;

    if (n - 1 > LANES - 1)
        return false;
    __m128i x = _mm_sub_epi8(load_lanes(text + len - LANES), c->zero);
    x = _mm_and_si128(x, load_lanes(last_lanes + n));
    unsigned points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, c->point));
    size_t point = (size_t)__builtin_ctz(points | 1u << LANES);
    x = _mm_shuffle_epi8(x, load_lanes(without_point[point]));
    __m128i over = _mm_subs_epu8(x, c->nine);
    if (!_mm_testz_si128(over, over))
        return false;
    size_t whole =
        point - (LANES - n); /* digits in front of the point: 1 to 15; behind a zero none */
    if (whole - 1 > (zero ? 0 : LANES - 2))
        return false;
    *places = places_of[point];
    store_digits(number, draw_digits(x, c), minus);
    return true;
}

/* Everything that the loop needs is its own: what it writes might be anything else's. */
MLI_WIDE_CODE static size_t take_wide(const struct mli_cells_view *cells,
                                      const struct mli_missing *missing, struct mli_decimals *out)
{
    const struct constants c = make_constants();
    const struct mli_span *span = cells->span;
    const size_t n = cells->count, step = cells->step;
    const char *const all = cells->text;
    double *const number = out->number;
    uint8_t *const places = out->places;

    for (size_t i = 0; i < n; i++, span += step) {
        const char *text = all + span->at;
        size_t len = span->len;
        bool taken = span->at + len >= LANES ? wide_digits(text, len, &c, &number[i], &places[i])
                                             : plain_digits(text, len, &number[i], &places[i]);
        if (!taken && !take_missing(missing, text, len, out, i))
            return i;
    }
    return n;
}

/* A whole number below 2^52 becomes a double by standing as the mantissa of 2^52, which is then taken away. */
MLI_WIDE_CODE static void divide_wide(struct mli_decimals *out, size_t n)
{
    const __m256d limit = _mm256_set1_pd(0x1p52), minus = _mm256_set1_pd(-0.0);
    uint32_t alike = out->first * UINT32_C(0x01010101), places;
    __m256d same = _mm256_set1_pd(divisor[out->first]);
    size_t i = 0;

    for (; i + 4 <= n; i += 4) {
        __m256d digits = _mm256_loadu_pd(out->number + i), by = same;
        memcpy(&places, out->places + i, sizeof(places));
        if (places != alike) {
            by = _mm256_set_pd(divisor[out->places[i + 3]], divisor[out->places[i + 2]],
                               divisor[out->places[i + 1]], divisor[out->places[i]]);
            out->mixed |=
                differ(out, i) || differ(out, i + 1) || differ(out, i + 2) || differ(out, i + 3);
        }
        __m256d sign = _mm256_and_pd(digits, minus);
        __m256d value = _mm256_sub_pd(_mm256_or_pd(_mm256_xor_pd(digits, sign), limit), limit);
        _mm256_storeu_pd(out->number + i, _mm256_div_pd(_mm256_or_pd(value, sign), by));
    }
    divide_plain(out, i, n);
}

MLI_WIDE_CODE static size_t take(const struct mli_cells_view *cells,
                                 const struct mli_missing *missing, struct mli_decimals *out)
{
    size_t n = take_wide(cells, missing, out);
    out->first = first_places(out->places, n);
    out->mixed = false;
    divide_wide(out, n);
    return n;
}
#endif

size_t mli_decimals_take(const struct mli_cells_view *cells, const struct mli_missing *missing,
                         struct mli_decimals *out)
{
#ifdef MLI_WIDE
    if (mli_wide()) {
        out->missing = 0;
        return take(cells, missing, out);
    }
#endif
    return mli_decimals_take_plain(cells, missing, out);
}
