#include <base/num.h>

#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fast path below needs operations that round once, to double. */
_Static_assert(FLT_EVAL_METHOD == 0 && DBL_MANT_DIG == 53, "doubles must be IEEE 754 binary64");

/*
 * Half-way points between two doubles have at most 767 significant digits, so 800 digits and a last
 * one that is not 0 and stands for all that follow decide every rounding just as the full text
 * does.
 */
#define DIGITS_KEPT ((size_t)800)
#define EXPONENT_LIMIT 1000000 /* far out of range */

#define MAX_POWER 19 /* also the number of digits that fit in 64 bits */
static const uint64_t ten_to[MAX_POWER + 1] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

/*
 * A decimal as written: value = 0.d1d2d3... * 10^exponent, d1 not 0; digits may be interrupted by
 * the point.
 */
struct decimal {
    bool negative;
    const char *first; /* first significant digit, NULL for zero */
    size_t count;      /* significant digits, from first on, trailing zeros included */
    long long exponent;
    uint64_t mantissa; /* of the first MAX_POWER significant digits */
};

static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t c_locale; /* written once, under locale_once */

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        abort(); /* the C library has no C locale */
}

static locale_t locale_c(void)
{
    pthread_once(&locale_once, make_locale);
    return c_locale;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add_digit(struct decimal *dec, const char *digit, bool after_point)
{
    if (!dec->first && *digit == '0') {
        dec->exponent -= after_point;
        return;
    }
    if (!dec->first)
        dec->first = digit;
    if (dec->count++ < MAX_POWER)
        dec->mantissa = dec->mantissa * 10 + (uint64_t)(*digit - '0');
    dec->exponent += !after_point;
}

/* The digits after 'e', all the way to the end. */
static bool scan_exponent(const char *p, const char *end, long long *exponent)
{
    long long value = 0;

    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (value < LLONG_MAX / 100)
            value = value * 10 + (*p - '0');
    }
    *exponent += negative ? -value : value;
    return true;
}

static bool scan(const char *p, const char *end, char point, struct decimal *dec)
{
    bool after_point = false, any = false;

    *dec = (struct decimal){ .negative = p < end && *p == '-' };
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end; p++) {
        if (is_digit(*p)) {
            any = true;
            add_digit(dec, p, after_point);
        } else if (*p == point && !after_point) {
            after_point = true;
        } else {
            break;
        }
    }
    if (!any)
        return false;
    return p == end || ((*p == 'e' || *p == 'E') && scan_exponent(p + 1, end, &dec->exponent));
}

/*
 * Both the digits and the power of ten are doubles, so one operation gives the correctly rounded
 * result [Clinger 1990, "How to read floating point numbers accurately"]. Nearly every number that
 * people write is one of these.
 */
static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static bool convert_short(const struct decimal *dec, long long power, double *out)
{
    if (dec->mantissa > (uint64_t)1 << DBL_MANT_DIG || power < -22 || power > 22)
        return false;
    double value = (double)dec->mantissa;
    *out = power < 0 ? value / powers[-power] : value * powers[power];
    return true;
}

/*
 * Digits and power fit in 64 bits each, as in most numbers that programs write: the product is
 * exact in 128 bits. The quotient has at least 63 bits, ten more than a double, and its last one
 * stands for the remainder, so the conversion to double is the only rounding.
 */
static bool convert_wide(const struct decimal *dec, long long power, double *out)
{
    if (power < -MAX_POWER || power > MAX_POWER)
        return false;
    if (power >= 0) {
        *out = (double)((__uint128_t)dec->mantissa * ten_to[power]);
        return true;
    }
    int shift = 64 + __builtin_clzll(dec->mantissa);
    __uint128_t numerator = (__uint128_t)dec->mantissa << shift;
    __uint128_t quotient = numerator / ten_to[-power];
    if (quotient * ten_to[-power] != numerator)
        quotient |= 1;
    *out = ldexp((double)quotient, -shift);
    return true;
}

/* ".12345e-6" for strtod: no more digits than decide the rounding, and '.' as the point. */
static void write_decimal(const struct decimal *dec, char text[DIGITS_KEPT + 32])
{
    size_t length = 0, i = 0;
    bool more = false;

    text[length++] = '.';
    for (const char *p = dec->first; i < dec->count; p++) {
        if (!is_digit(*p))
            continue;
        if (i++ < DIGITS_KEPT)
            text[length++] = *p;
        else
            more = more || *p != '0';
    }
    if (more)
        text[length++] = '1';
    long long exponent = dec->exponent < -EXPONENT_LIMIT ? -EXPONENT_LIMIT : dec->exponent;
    snprintf(text + length, DIGITS_KEPT + 32 - length, "e%lld", exponent);
}

/* The rest by strtod, which rounds correctly whatever the text. */
static bool convert_any(const struct decimal *dec, double *out)
{
    char text[DIGITS_KEPT + 32];

    if (dec->exponent > EXPONENT_LIMIT)
        return false;
    write_decimal(dec, text);
    double value = strtod_l(text, NULL, locale_c());
    if (isinf(value))
        return false;
    *out = value;
    return true;
}

static bool convert(const struct decimal *dec, double *out)
{
    if (!dec->first) {
        *out = 0.0;
        return true;
    }
    long long power = dec->exponent - (long long)dec->count;
    if (dec->count <= MAX_POWER &&
        (convert_short(dec, power, out) || convert_wide(dec, power, out)))
        return true;
    return convert_any(dec, out);
}

bool mli_num_parse_point(const char *text, size_t len, char point, double *out)
{
    struct decimal dec;
    double value;

    if (len == 0 || !scan(text, text + len, point, &dec))
        return false;
    if (!convert(&dec, &value))
        return false;
    *out = dec.negative ? -value : value;
    return true;
}

/* The digits from p on, less than 16, onto *value; returns the first byte that is none. */
static const char *add_digits(const char *p, const char *end, uint64_t *value)
{
    for (; p < end && is_digit(*p); p++)
        *value = *value * 10 + (uint64_t)(*p - '0');
    return p;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/*
 * The last n of the eight bytes before `end`, 1 <= n <= 8, as a number; false if one is not a digit. All at once in a
 * word: pairs of digits, then of pairs, then of fours [Lemire 2021, "Number parsing at a gigabyte per second"].
 */
static bool eight_digits(const char *end, size_t n, uint64_t *value)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030), high = UINT64_C(0xF0F0F0F0F0F0F0F0),
                   sixes = UINT64_C(0x0606060606060606);
    const uint64_t keep = UINT64_MAX << (8 * (8 - n));
    uint64_t word;

    memcpy(&word, end - sizeof(word), sizeof(word));
    word = (word & keep) | (zeros & ~keep);
    /* six more take ':' to '?' out of the sixteen that '0' to '9' are in */
    if ((word & high) != zeros || ((word + sixes) & high) != zeros)
        return false;
    word -= zeros;
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    *value = (word * 10000 + (word >> 32)) & UINT32_MAX;
    return true;
}
#endif

/* The digits between p and end, at most 15, which are all that is there. There are `behind` bytes before end. */
static bool fraction_digits(const char *p, const char *end, size_t behind, uint64_t *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (behind >= 8 && end - p <= 8)
        return eight_digits(end, (size_t)(end - p), value);
#else
    (void)behind;
#endif
    return add_digits(p, end, value) == end;
}

/* Fifteen digits are below 2^53 and powers[15] is exact, so the quotient is rounded once, as in convert_short(). */
bool mli_num_parse_short(const char *text, size_t len, double *out, unsigned *decimals)
{
    static const double signs[] = { 1.0, -1.0 }; /* every other number is negative: no branch */
    const char *end = text + len, *first = text + (len > 0 && *text == '-');
    uint64_t whole = 0, part = 0;

    if (end - first > MLI_NUM_SHORT + 1)
        return false;
    const char *p = add_digits(first, end, &whole);
    if (p == first || (*first == '0' && p - first > 1))
        return false;
    if (p == end) {
        if (p - first > MLI_NUM_SHORT)
            return false;
        *out = signs[first > text] * (double)whole;
        *decimals = 0;
        return true;
    }
    size_t fraction = (size_t)(end - p - 1);
    if (*p != '.' || fraction == 0 || !fraction_digits(p + 1, end, len, &part))
        return false;
    int64_t digits = (int64_t)(whole * ten_to[fraction] + part); /* signed: converted without a branch */
    *out = signs[first > text] * (double)digits / powers[fraction];
    *decimals = (unsigned)fraction;
    return true;
}

/*
 * The digits are the whole number nearest to value times 10^decimals: both roundings together are off by less than
 * 10^15 2^-52, which is below 1/4.
 */
size_t mli_num_format_short(double value, unsigned decimals, char out[MLI_NUM_MAX])
{
    char reversed[MLI_NUM_MAX] = { 0 };
    uint64_t digits = (uint64_t)(fabs(value) * powers[decimals] + 0.5);
    size_t count = 0, length = 0;

    for (unsigned i = 0; i <= decimals || digits > 0; i++) {
        if (i == decimals && i > 0)
            reversed[count++] = '.';
        reversed[count++] = (char)('0' + digits % 10);
        digits /= 10;
    }
    if (signbit(value))
        out[length++] = '-';
    while (count > 0)
        out[length++] = reversed[--count];
    out[length] = '\0';
    return length;
}

bool mli_num_parse(const char *text, size_t len, double *out)
{
    unsigned decimals;

    if (mli_num_parse_short(text, len, out, &decimals))
        return true;
    return mli_num_parse_point(text, len, '.', out);
}

bool mli_num_parse_size(const char *text, size_t len, size_t *out)
{
    size_t value = 0;

    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]) || __builtin_mul_overflow(value, (size_t)10, &value) ||
            __builtin_add_overflow(value, (size_t)(text[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}
