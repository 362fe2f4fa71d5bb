/*
 * mli_num_format: a double as the shortest decimal that reads back as it, by Schubfach [Giulietti 2020, "The Schubfach
 * way to render doubles"]: of the decimals in the interval of all reals that round to the double, one of the two
 * candidates at the coarsest scale that has any. Three products with a 128-bit power of ten, no loop, no division by
 * what is not a constant.
 */
#include <base/num.h>

#include <base/powers.h>
#include <endian.h>
#include <math.h>
#include <string.h>

#define FRACTION_BITS 52
#define EXPONENT_BIAS 1075
#define DIGITS_MAX ((size_t)17)
#define DIGITS_SURE 15           /* so many survive the way through a double and back */

_Static_assert(MLI_NUM_MAX >= 40, "digits are copied into their places 17 bytes at a time");

/* value = digits * 10^power */
struct shortest {
    uint64_t digits;
    int power;
};

/* floor(g cp / 2^128), its last bit set when something was lost: "round to odd" keeps comparisons exact. */
static uint64_t round_to_odd(__uint128_t g, uint64_t cp)
{
    __uint128_t low = (__uint128_t)(uint64_t)g * cp;
    __uint128_t high = (__uint128_t)(uint64_t)(g >> 64) * cp + (uint64_t)(low >> 64);

    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* 10^k 2^(127 - mli_power_exponent(k)), rounded up. */
static __uint128_t power_above(int k)
{
    const uint64_t *power = mli_power_table[k - MLI_POWER_LOW];
    return ((__uint128_t)power[0] << 64 | power[1]) + (k < 0 || k > 55);
}

/*
 * Of c 2^q, not 0. `narrow`: c is a power of two, so the double below is only half as far away. All of it in units of
 * a quarter of 10^k, and 10^k is the largest power of ten below the width of the interval.
 */
static struct shortest schubfach(uint64_t c, int q, bool narrow)
{
    int k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22; /* floor(log10(2^q)), or of 3/4 2^q */
    int h = q + mli_power_exponent(-k) + 1;
    __uint128_t g = power_above(-k);
    uint64_t low = round_to_odd(g, (4 * c - 2 + narrow) << h);
    uint64_t value = round_to_odd(g, (4 * c) << h);
    uint64_t high = round_to_odd(g, (4 * c + 2) << h);
    uint64_t open = c & 1; /* the ends of the interval round to even: to c if that is even */
    low += open;
    high -= open;
    uint64_t s = value / 4, tenth = s / 10;
    bool below = low <= 40 * tenth, above = 40 * tenth + 40 <= high;
    if (s >= 10 && below != above)
        return (struct shortest){ tenth + above, k + 1 };
    below = low <= 4 * s;
    above = 4 * s + 4 <= high;
    if (below != above)
        return (struct shortest){ s + above, k };
    uint64_t middle = 4 * s + 2;
    return (struct shortest){ s + (value > middle || (value == middle && (s & 1))), k };
}

/* Inline: by constants division is a product. */
static inline void cut_zeros(struct shortest *s, uint64_t power, int zeros)
{
    if (s->digits % power != 0)
        return;
    s->digits /= power;
    s->power += zeros;
}

static void without_zeros(struct shortest *s)
{
    if (s->digits % 10 != 0)
        return;
    cut_zeros(s, 100000000, 8);
    cut_zeros(s, 100000000, 8);
    cut_zeros(s, 10000, 4);
    cut_zeros(s, 100, 2);
    cut_zeros(s, 10, 1);
}

/*
 * Eight digits as eight bytes, the first one at the lowest address: fours, then pairs, then digits, all lanes of the
 * word at once. 10486 / 2^20 and 103 / 2^10 are 1/100 and 1/10 closely enough for four and for two digits.
 */
static void write_eight(uint32_t value, char *to)
{
    uint64_t x = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = ((x * 10486) >> 20) & UINT64_C(0x0000007F0000007F);
    x = hundreds | (x - hundreds * 100) << 16;
    uint64_t tens = ((x * 103) >> 10) & UINT64_C(0x000F000F000F000F);
    x = htole64((tens | (x - tens * 10) << 8) + UINT64_C(0x3030303030303030));
    memcpy(to, &x, sizeof(x));
}

/* All digits, with zeros before them. */
static void write_digits(uint64_t digits, char to[DIGITS_MAX])
{
    uint64_t high = digits / 100000000;

    to[0] = (char)('0' + high / 100000000);
    write_eight((uint32_t)(high % 100000000), to + 1);
    write_eight((uint32_t)(digits % 100000000), to + 9);
}

/* 1 to 17 digits. */
static int count_digits(uint64_t digits)
{
    static const uint64_t ten_to[DIGITS_MAX + 1] = {
        UINT64_C(1),
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
    };
    int about = (64 - __builtin_clzll(digits | 1)) * 1233 >> 12; /* log10(2) */

    return about + (digits >= ten_to[about]);
}

/* "e22", "e-7" */
static size_t write_exponent(int exponent, char *to)
{
    size_t length = 0;

    to[length++] = 'e';
    if (exponent < 0)
        to[length++] = '-';
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (size >= 100)
        to[length++] = (char)('0' + size / 100);
    if (size >= 10)
        to[length++] = (char)('0' + size / 10 % 10);
    to[length++] = (char)('0' + size % 10);
    return length;
}

/* count digits from first on, with the point behind `whole` of them, 0 < whole < count */
static size_t write_point(const char *first, size_t count, size_t whole, char *out)
{
    memcpy(out, first, DIGITS_MAX - 1);
    out[whole] = '.';
    memcpy(out + whole + 1, first + whole, DIGITS_MAX - 1);
    return count + 1;
}

/*
 * In the layout of printf's %g with as many digits as are needed, and no fewer than 15: an exponent when the first
 * digit stands more than three places behind the point, or as many places before it as there are digits.
 */
static size_t lay_out(const struct shortest *s, char *out)
{
    char room[2 * DIGITS_MAX]; /* as many bytes may be copied from every digit on */
    int n = count_digits(s->digits), exponent = s->power + n - 1;
    size_t count = (size_t)n;
    char *first = room + DIGITS_MAX - count;

    write_digits(s->digits, room);
    memset(room + DIGITS_MAX, '0', DIGITS_MAX);
    if (exponent < -4 || exponent >= (n > DIGITS_SURE ? n : DIGITS_SURE)) {
        out[0] = *first;
        size_t length = count > 1 ? write_point(first, count, 1, out) : 1;
        return length + write_exponent(exponent, out + length);
    }
    if (exponent < 0) {
        size_t zeros = (size_t)-exponent + 1; /* the one before the point among them */
        memcpy(out, "0.000", 5);
        memcpy(out + zeros, first, DIGITS_MAX);
        return zeros + count;
    }
    size_t whole = (size_t)exponent + 1;
    if (whole < count)
        return write_point(first, count, whole, out);
    memcpy(out, first, DIGITS_MAX); /* zeros follow the last digit */
    return whole;
}

/* Whole numbers below 10^15, of which tables are full, are their own digits. */
static size_t format_whole(uint64_t digits, char *out)
{
    char room[DIGITS_MAX];

    if (digits < 10) {
        out[0] = (char)('0' + digits);
        return 1;
    }
    size_t count = (size_t)count_digits(digits);
    write_digits(digits, room);
    memcpy(out, room + DIGITS_MAX - count, count);
    return count;
}

static size_t format_finite(double size, uint64_t bits, char *out)
{
    if (size < 1e15 && size == (double)(int64_t)size)
        return format_whole((uint64_t)(int64_t)size, out);
    uint64_t fraction = bits & ((UINT64_C(1) << FRACTION_BITS) - 1);
    int exponent = (int)(bits >> FRACTION_BITS) & 0x7FF;
    uint64_t c = exponent > 0 ? fraction | UINT64_C(1) << FRACTION_BITS : fraction;
    int q = (exponent > 0 ? exponent : 1) - EXPONENT_BIAS;
    struct shortest s = schubfach(c, q, fraction == 0 && exponent > 1);
    without_zeros(&s);
    return lay_out(&s, out);
}

static size_t finish(char *out, size_t length)
{
    out[length] = '\0';
    return length;
}

size_t mli_num_format(double value, char out[MLI_NUM_MAX])
{
    uint64_t bits;
    double size = fabs(value);

    if (isnan(value)) {
        memcpy(out, "nan", 3);
        return finish(out, 3);
    }
    memcpy(&bits, &value, sizeof(bits));
    size_t sign = bits >> 63;
    out[0] = '-';
    if (isinf(value)) {
        memcpy(out + sign, "inf", 3);
        return finish(out, sign + 3);
    }
    return finish(out, sign + format_finite(size, bits, out + sign));
}
