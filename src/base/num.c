#include <base/num.h>

#include <base/powers.h>
#include <base/short.h>
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

#define DIGITS_SURE 19 /* so many fit in 64 bits */

/*
 * A decimal as written: value = 0.d1d2d3... * 10^exponent, d1 not 0; digits may be interrupted by
 * the point.
 */
struct decimal {
    bool negative;
    const char *first; /* first significant digit, NULL for zero */
    size_t count;      /* significant digits, from first on, trailing zeros included */
    long long exponent;
    uint64_t mantissa; /* of the first DIGITS_SURE significant digits */
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
    if (dec->count++ < DIGITS_SURE)
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
const double mli_short_power[23] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static bool convert_short(uint64_t digits, long long power, double *out)
{
    if (digits > (uint64_t)1 << DBL_MANT_DIG || power < -22 || power > 22)
        return false;
    double value = (double)digits;
    *out = power < 0 ? value / mli_short_power[-power] : value * mli_short_power[power];
    return true;
}

/*
 * The digits times a power of ten to 128 bits are 192 bits, off by less than one unit of the 64th: the mantissa of the
 * double and what decides its rounding are among the others, unless they lie so close to half-way that the error
 * might matter, one time in 2^70 [Lemire 2021, "Number parsing at a gigabyte per second", section 5; after Eisel]. Not
 * for results that are subnormal or too large. The digits are not 0.
 */
static bool convert_product(uint64_t digits, long long power, double *out)
{
    if (power < MLI_POWER_LOW || power > MLI_POWER_HIGH)
        return false;
    bool exact = power >= 0 && power <= 55; /* the power is */
    int zeros = __builtin_clzll(digits);
    const uint64_t *ten = mli_power_table[power - MLI_POWER_LOW];
    __uint128_t low = (__uint128_t)(digits << zeros) * ten[1];
    __uint128_t high = (__uint128_t)(digits << zeros) * ten[0] + (uint64_t)(low >> 64);
    int spare = 128 - DBL_MANT_DIG - !(high >> 127);
    __uint128_t rest = high & (((__uint128_t)1 << spare) - 1), half = (__uint128_t)1 << (spare - 1);
    uint64_t mantissa = (uint64_t)(high >> spare);
    if (!exact && rest <= half && half - rest <= 2)
        return false;
    bool tie = rest == half && (uint64_t)low == 0;
    mantissa += tie ? mantissa & 1 : rest >= half;
    int exponent = mli_power_exponent((int)power) - zeros + 64 - 127 + spare + DBL_MANT_DIG - 1;
    if (exponent < DBL_MIN_EXP - 1 || exponent > DBL_MAX_EXP - 2)
        return false;
    /* a mantissa that was rounded up to 2^53 carries into the exponent, as it should */
    uint64_t bits = ((uint64_t)(exponent + DBL_MAX_EXP - 1) << (DBL_MANT_DIG - 1)) +
                    (mantissa - ((uint64_t)1 << (DBL_MANT_DIG - 1)));
    memcpy(out, &bits, sizeof(*out));
    return true;
}

/* More digits than fit: the same double below and above what was cut off is that of all between. */
static bool convert_cut(uint64_t digits, long long power, double *out)
{
    double above;

    return convert_product(digits, power, out) && convert_product(digits + 1, power, &above) &&
           above == *out;
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
    bool all = dec->count <= DIGITS_SURE;
    long long power = dec->exponent - (all ? (long long)dec->count : DIGITS_SURE);
    if (all ? convert_short(dec->mantissa, power, out) || convert_product(dec->mantissa, power, out)
            : convert_cut(dec->mantissa, power, out))
        return true;
    return convert_any(dec, out);
}

/* The digits onto *value, eight at a time while there are as many. */
static const char *take_digits(const char *p, const char *end, uint64_t *value)
{
    while (end - p >= 8 && mli_short_digits(mli_short_load(p))) {
        *value = *value * 100000000u + mli_short_value(mli_short_load(p));
        p += 8;
    }
    for (; p < end && is_digit(*p); p++)
        *value = *value * 10 + (uint64_t)(*p - '0');
    return p;
}

/* [e[sign]digits] to the end, of at most four digits, which is more than there are exponents. */
static bool take_power(const char *p, const char *end, long long *power)
{
    uint64_t value = 0;

    if (p == end)
        return true;
    if (*p != 'e' && *p != 'E')
        return false;
    bool negative = ++p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || end - p > 4 || take_digits(p, end, &value) != end)
        return false;
    *power += negative ? -(long long)value : (long long)value;
    return true;
}

/* Numbers of up to 19 digits, most of which need no look at single digits. False: ask scan() and convert(). */
static bool parse_quick(const char *p, const char *end, char point, double *out)
{
    uint64_t digits = 0;
    bool negative = *p == '-';

    p += negative || *p == '+';
    const char *whole = p, *behind = take_digits(p, end, &digits);
    long long count = behind - whole, power = 0;
    if (behind < end && *behind == point) {
        whole = behind + 1;
        behind = take_digits(whole, end, &digits);
        power = whole - behind;
        count -= power;
    }
    while (count > DIGITS_SURE && (*p == '0' || *p == point)) /* zeros in front are no digits */
        count -= *p++ == '0';
    if (count == 0 || count > DIGITS_SURE || digits == 0 || !take_power(behind, end, &power) ||
        (!convert_short(digits, power, out) && !convert_product(digits, power, out)))
        return false;
    *out = negative ? -*out : *out;
    return true;
}

bool mli_num_parse_point(const char *text, size_t len, char point, double *out)
{
    struct decimal dec;
    double value;

    if (len == 0)
        return false;
    if (parse_quick(text, text + len, point, out))
        return true;
    if (!scan(text, text + len, point, &dec))
        return false;
    if (!convert(&dec, &value))
        return false;
    *out = dec.negative ? -value : value;
    return true;
}

/*
 * The text less its separators: an optional sign, a group of one to three digits, groups of three. What follows is copied
 * as it is. Returns the length, 0 when the groups are not right or the text is too long to be a number that people write.
 */
static size_t ungroup(const char *text, size_t len, char thousands, char *plain, size_t size)
{
    size_t used = 0, in_group = 0, groups = 0, i = 0;

    if (len >= size)
        return 0;
    if (len > 0 && (text[0] == '-' || text[0] == '+'))
        plain[used++] = text[i++];
    if (i < len && text[i] == '0')
        return 0;
    for (; i < len && (is_digit(text[i]) || text[i] == thousands); i++) {
        if (is_digit(text[i])) {
            plain[used++] = text[i];
            in_group++;
            continue;
        }
        if (in_group == 0 || in_group > 3 || (groups > 0 && in_group != 3))
            return 0;
        groups++;
        in_group = 0;
    }
    if (in_group != 3)
        return 0;
    for (; i < len; i++)
        plain[used++] = text[i];
    return used;
}

bool mli_num_parse_grouped(const char *text, size_t len, struct mli_numerals numerals, double *out)
{
    char plain[128], point = numerals.decimal ? numerals.decimal : '.';

    if (!numerals.thousands || !memchr(text, numerals.thousands, len))
        return mli_num_parse_point(text, len, point, out);
    len = ungroup(text, len, numerals.thousands, plain, sizeof(plain));
    return len > 0 && mli_num_parse_point(plain, len, point, out);
}

bool mli_num_parse_short(const char *text, size_t len, double *out, unsigned *decimals)
{
    char copy[MLI_SHORT_ROOM] = { 0 };

    if (len == 0 || len > MLI_NUM_SHORT + 2)
        return false;
    memcpy(copy, text, len);
    return mli_short_parse(copy, len, out, decimals);
}

/*
 * The digits are the whole number nearest to value times 10^decimals: both roundings together are off by less than
 * 10^15 2^-52, which is below 1/4.
 */
size_t mli_num_format_short(double value, unsigned decimals, char out[MLI_NUM_MAX])
{
    char reversed[MLI_NUM_MAX] = { 0 };
    uint64_t digits = (uint64_t)(fabs(value) * mli_short_power[decimals] + 0.5);
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
