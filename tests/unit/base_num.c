#include <tests/unit/base.h>

#include <base/num.h>
#include <base/short.h>
#include <base/rng.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* The reference is strtod; what it turns into infinity is refused. */
static void assert_like_strtod(const char *text)
{
    double expected = strtod(text, NULL), found = 12345;
    bool parsed = mli_num_parse(text, strlen(text), &found);

    if (parsed != isfinite(expected) || (parsed && bits_of(found) != bits_of(expected)))
        fail_msg("%.60s...: found %a, expected %a", text, found, expected);
}

static void grammar(void **state)
{
    (void)state;
    /* clang-format off */
    static const char *const good[] = {
        "0", "-0", "+0", "1", "+1", "-1.5", ".5", "5.", "1e5", "1E5", "1e+5", "1e-5", ".5e1",
        "5.e1", "0012", "00.10", "-.5", "0e0", "0.0e-9", "1e0", "1e00005", "0e99",
        "0e999999999999999999999",
    };
    static const char *const bad[] = {
        "", " ", " 1", "1 ", ".", "-", "+", "e5", ".e5", "1e", "1e+", "1e-", "--1", "+-1", "1.2.3",
        "1e5.5", "1e5e5", "0x10", "0x1p3", "inf", "-inf", "nan", "NAN", "Infinity", "1,5", "1_000",
        "1'000", "1d5", "1f", "\t1", "1\n", "- 1", "1e 5", "\xd9\xa1",
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_like_strtod(good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        double out = 77;
        if (mli_num_parse(bad[i], strlen(bad[i]), &out))
            fail_msg("\"%s\" was taken for a number", bad[i]);
        assert_true(out == 77);
    }
}

static void only_the_given_bytes_count(void **state)
{
    (void)state;
    double out = 77;

    assert_true(mli_num_parse("123", 2, &out));
    assert_true(out == 12);
    assert_false(mli_num_parse("1\0002", 3, &out));
    assert_false(mli_num_parse("1\0", 2, &out));
    assert_true(out == 12);
}

static void point_of_choice(void **state)
{
    (void)state;
    double out;

    assert_true(mli_num_parse_point("-1,5e1", 6, ',', &out));
    assert_true(out == -15);
    assert_true(mli_num_parse_point("0,10000000000000000555111512312578270211815834045410156251",
                                    58, ',', &out));
    assert_true(out == nextafter(0.1, 1) || out == 0.1);
    assert_false(mli_num_parse_point("1.5", 3, ',', &out));
    assert_false(mli_num_parse_point("1,5", 3, '.', &out));
}

/*
 * Cases from the literature on number conversion: half-way, subnormal, at the ends of the range,
 * famous bugs.
 */
static void hard_cases(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "9007199254740995",
        "9007199254740993.0000000000000000000000000000000000000000000000000000000001",
        "9007199254740991e22",
        "9007199254740992e22",
        "9007199254740993e22",
        "9007199254740991e-22",
        "9007199254740991e23",
        "9007199254740991e-23",
        "1e22",
        "1e23",
        "1e-22",
        "1e-23",
        "8.988465674311580e307",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1.797693134862315807e308",
        "179769313486231580793e289",
        "1e308",
        "1e309",
        "-1e309",
        "1e999999999999999999999",
        "1e-999999999999999999999",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "2.2250738585072011360574097967091319759348195463516456480234261097248222220210769e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.4703282292062327208e-324",
        "5e-324",
        "3e-324",
        "2e-324",
        "1e-324",
        "0.5e-323",
        "0.1",
        "0.3",
        "1.1",
        "123456789012345678",
        "1234567890123456789",
        "12345678901234567890",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551617",
        "9999999999999999999",
        "6929495644600919.5",
        "3.7455744005952583e15",
        "6929001713869936e236",
        "8.5e-6",
        "0.000000000000000000000000000000000000000000000000000000000000000000000000001e75",
        "1000000000000000000000000000000000000000000000000000000000000000000000000000e-75",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "1448997445238699",
        "500000000000000000000000000000000000000e-39",
        "-0.0",
        "-0e5",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_like_strtod(cases[i]);
}

/* No length makes a number too long, and a digit at the far end can decide the rounding. */
static void long_texts(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    char *text = malloc(LONG + 64);
    double out;

    assert_non_null(text);
    memset(text, '0', LONG);
    memcpy(text, "9007199254740993.", 17); /* half-way; ties to even go down */
    text[LONG] = '\0';
    assert_true(mli_num_parse(text, LONG, &out) && out == 9007199254740992.0);
    text[LONG - 1] = '1';
    assert_true(mli_num_parse(text, LONG, &out) && out == 9007199254740994.0);
    assert_like_strtod(text);

    memset(text, '9', LONG);
    assert_false(mli_num_parse(text, LONG, &out)); /* infinity */
    snprintf(text + LONG, 64, "e-%d", LONG - 5);
    assert_true(mli_num_parse(text, strlen(text), &out) && out == 100000);
    memset(text, '0', LONG);
    snprintf(text + LONG, 64, "17");
    assert_true(mli_num_parse(text, strlen(text), &out) && out == 17);
    text[1] = '.';
    snprintf(text + LONG, 64, "25e%d", LONG);
    assert_true(mli_num_parse(text, strlen(text), &out) && out == 25);
    free(text);
}

/* All 64-bit patterns are equally likely, so mostly numbers far from 1; at any precision. */
static void random_doubles(void **state)
{
    (void)state;
    struct mli_rng rng;
    char text[64];

    mli_rng_init(&rng, 11);
    for (size_t i = 0; i < 300000; i++) {
        double value = double_of(mli_rng_next(&rng));
        if (!isfinite(value))
            continue;
        snprintf(text, sizeof(text), "%.*e", (int)mli_rng_below(&rng, 24), value);
        assert_like_strtod(text);
    }
}

/* Digits as a table has them: few of them, with a point, seldom an exponent. */
static void random_decimals(void **state)
{
    (void)state;
    struct mli_rng rng;
    char text[128];

    mli_rng_init(&rng, 12);
    for (size_t i = 0; i < 700000; i++) {
        size_t digits = 1 + mli_rng_below(&rng, i % 3 == 0 ? 40 : 20);
        size_t point = mli_rng_below(&rng, digits + 1);
        if (i % 5 == 0) { /* the most digits that go without strtod: ties are nearest there */
            digits = 19;
            point = 0;
        }
        size_t n = 0;
        if (mli_rng_next(&rng) & 1)
            text[n++] = '-';
        for (size_t d = 0; d < digits; d++) {
            if (d == point)
                text[n++] = '.';
            text[n++] = (char)('0' + mli_rng_below(&rng, 10));
        }
        text[n] = '\0';
        if (mli_rng_below(&rng, 3) == 0)
            snprintf(text + n, sizeof(text) - n, "e%d", (int)mli_rng_below(&rng, 700) - 360);
        assert_like_strtod(text);
    }
}

/*
 * Half-way points written out, and their neighbours on both sides. long double holds them: it has
 * 11 bits more.
 */
static void random_half_ways(void **state)
{
    (void)state;
    struct mli_rng rng;
    char text[1400];
    volatile long double one = 1;

    if (one + 0x1p-60L == one)
        skip(); /* valgrind computes with no more than double */
    mli_rng_init(&rng, 13);
    for (size_t i = 0; i < 10000; i++) {
        uint64_t bits = mli_rng_next(&rng) >> 1;
        if (i % 4 == 0)
            bits >>= 11; /* subnormals and small numbers */
        double low = double_of(bits), high = nextafter(low, INFINITY);
        if (!isfinite(low) || !isfinite(high))
            continue;
        snprintf(text, sizeof(text), "%.1100Le", (low + (long double)high) / 2);
        assert_like_strtod(text);
        char *last = strchr(text, 'e') - 1;
        *last = '1';
        assert_like_strtod(text);
        double found;
        assert_true(mli_num_parse(text, strlen(text), &found) && found == high);
    }
}

static void assert_format(double value, const char *expected)
{
    char text[MLI_NUM_MAX];
    size_t length = mli_num_format(value, text);

    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void formats(void **state)
{
    (void)state;
    assert_format(0, "0");
    assert_format(-0.0, "-0");
    assert_format(1, "1");
    assert_format(-17, "-17");
    assert_format(100000000000000, "100000000000000");
    assert_format(999999999999999, "999999999999999");
    assert_format(-999999999999999, "-999999999999999");
    assert_format(1e15, "1e15");
    assert_format(9007199254740992, "9007199254740992");
    assert_format(0.1, "0.1");
    assert_format(0.1 + 0.2, "0.30000000000000004");
    assert_format(1.0 / 3, "0.3333333333333333");
    assert_format(-2.5, "-2.5");
    assert_format(1e-7, "1e-7");
    assert_format(1.5e-10, "1.5e-10");
    assert_format(1e22, "1e22");
    assert_format(-1.7976931348623157e308, "-1.7976931348623157e308");
    assert_format(2.2250738585072014e-308, "2.2250738585072014e-308");
    assert_format(5e-324, "5e-324");
    assert_format(1e-310, "1e-310");
    assert_format(NAN, "nan");
    assert_format(-NAN, "nan");
    assert_format(INFINITY, "inf");
    assert_format(-INFINITY, "-inf");
}

/* From the first to the last digit that is not 0. */
static size_t significant_digits(const char *text)
{
    size_t count = 0, last = 0;

    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
            continue;
        count++;
        if (*text != '0')
            last = count;
    }
    return last;
}

static void formats_read_back(void **state)
{
    (void)state;
    struct mli_rng rng;
    char text[MLI_NUM_MAX], shorter[64];

    mli_rng_init(&rng, 14);
    for (size_t i = 0; i < 200000; i++) {
        double back, value = double_of(mli_rng_next(&rng) >> (i % 8 == 0 ? 12 : 0));
        if (i % 3 == 0) /* sizes of everyday numbers */
            value = ldexp(mli_rng_normal(&rng), (int)mli_rng_below(&rng, 70) - 18);
        if (i < 2098) /* all powers of two */
            value = ldexp(1, (int)i - 1074);
        if (!isfinite(value))
            continue;
        size_t length = mli_num_format(value, text);
        assert_true(length < MLI_NUM_MAX && length == strlen(text));
        assert_true(mli_num_parse(text, length, &back));
        assert_true(bits_of(back) == bits_of(value));
        size_t digits = significant_digits(text);
        assert_in_range(digits, 1, 17);
        if (digits == 1)
            continue;
        snprintf(shorter, sizeof(shorter), "%.*e", (int)digits - 2, value);
        if (strtod(shorter, NULL) == value)
            fail_msg("%s is the same as %s", text, shorter);
    }
}

/*
 * The same by printf and strtod, which share nothing with it: any decimal of up to 15 digits survives the way through a
 * normal double and back, and 17 digits tell all doubles apart.
 */
static void slow_format(double value, char out[64])
{
    for (int digits = fabs(value) < 0x1p-1022 ? 1 : 15; digits <= 17; digits++) {
        snprintf(out, 64, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    char *e = strchr(out, 'e'), *from = e;
    if (!e)
        return;
    e += 1 + (from[1] == '-'); /* no plus, no zeros before the exponent */
    from += 2 + strspn(from + 2, "0");
    memmove(e, from, strlen(from) + 1);
}

/*
 * Numbers as tables have them, and any bits. Not those one of whose neighbours is nearer than the other, which need not
 * be written as the nearest of so many digits: formats_read_back() has all the powers of two.
 */
static double number_to_format(struct mli_rng *rng, size_t i)
{
    uint64_t bits = mli_rng_next(rng);

    switch (i % 8) {
    case 0:
        return (double)(int64_t)(bits >> (1 + bits % 63)); /* whole */
    case 1:
        return (double)(bits % 2000000) / 1000 - 1000; /* short decimals */
    case 2:
    case 3:
        return mli_rng_normal(rng); /* standardised */
    case 4:
        return ldexp(mli_rng_normal(rng), (int)mli_rng_below(rng, 140) - 70);
    case 5:
        return double_of(bits >> (12 + bits % 50)); /* subnormal */
    default:
        return double_of(bits);
    }
}

static void formats_like_printf(void **state)
{
    (void)state;
    struct mli_rng rng;
    char text[MLI_NUM_MAX], slow[64];
    double back;

    mli_rng_init(&rng, 15);
    for (size_t i = 0; i < 1000000; i++) {
        double value = number_to_format(&rng, i);
        if (!isfinite(value) || (bits_of(value) << 12) == 0)
            continue;
        size_t length = mli_num_format(value, text);
        assert_int_equal(length, strlen(text));
        if (bits_of(strtod(text, NULL)) != bits_of(value) || !mli_num_parse(text, length, &back) ||
            bits_of(back) != bits_of(value))
            fail_msg("%s does not read back as %a", text, value);
        slow_format(value, slow);
        if (strcmp(text, slow) != 0)
            fail_msg("%s for %s", text, slow);
    }
}

/*
 * Reading and writing must not follow a locale with a decimal comma that an embedding program has
 * set.
 */
static void locale_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8",
                                         "fr_FR.utf8" };
    const char *set = NULL;

    for (size_t i = 0; !set && i < sizeof(names) / sizeof(names[0]); i++)
        set = setlocale(LC_ALL, names[i]);
    if (!set)
        skip(); /* no such locale is installed */
    double exact = 0, rounded = 0;
    bool first = mli_num_parse("1.5", 3, &exact);
    bool second = mli_num_parse("1.50000000000000000000000000000e-40", 35, &rounded);
    char text[MLI_NUM_MAX], other[16];
    mli_num_format(2.5e-7, text);
    snprintf(other, sizeof(other), "%.1f", 0.5);
    setlocale(LC_ALL, "C");
    assert_string_equal(other, "0,5");
    assert_true(first && exact == 1.5);
    assert_true(second && rounded == 1.5e-40);
    assert_string_equal(text, "2.5e-7");
}

/* The grammar of short decimals, spelled out once more. */
static bool is_short(const char *text)
{
    const char *first = text + (*text == '-');
    size_t whole = strspn(first, "0123456789"), fraction;

    if (whole == 0 || (*first == '0' && whole > 1))
        return false;
    if (!first[whole])
        return whole <= 15;
    fraction = strspn(first + whole + 1, "0123456789");
    return first[whole] == '.' && fraction > 0 && !first[whole + 1 + fraction] &&
           whole + fraction <= 15;
}

static void check_short(const char *text)
{
    unsigned decimals = 77;
    char back[MLI_NUM_MAX];
    double value = 77.0;

    if (mli_num_parse_short(text, strlen(text), &value, &decimals) != is_short(text))
        fail_msg("\"%s\" is taken for what it is not", text);
    for (const char *c = ".7\xFF-"; *c; c++) { /* what lies behind the text does not matter */
        char behind[64];
        double again = 77.0;
        unsigned places = 77;
        memset(behind, *c, sizeof(behind));
        memcpy(behind, text, strlen(text));
        assert_int_equal(mli_short_parse(behind, strlen(text), &again, &places), is_short(text));
        assert_memory_equal(&again, &value, sizeof(again));
        assert_int_equal(places, decimals);
    }
    if (!is_short(text)) {
        assert_true(value == 77.0 && decimals == 77);
        return;
    }
    double expected = strtod(text, NULL);
    assert_memory_equal(&value, &expected, sizeof(value));
    assert_int_equal(mli_num_format_short(value, decimals, back), strlen(text));
    assert_string_equal(back, text);
}

static void short_decimals(void **state)
{
    static const char *const edges[] = { "",
                                         "-",
                                         ".",
                                         "-.",
                                         "0",
                                         "-0",
                                         "-0.000",
                                         "00",
                                         "5.",
                                         ".5",
                                         "999999999999999",
                                         "-999999999999999",
                                         "9999999999999999",
                                         "99999999999999.9",
                                         "0.99999999999999",
                                         "0.00000000000001",
                                         "-0.00000000000001",
                                         "0.999999999999999",
                                         "1.1234567/",
                                         "1.1234567:",
                                         "1./1234567",
                                         "1.:1234567",
                                         "1.12\20034567",
                                         "1.-2345678" };
    static const char bytes[] = "0123456789012345678901234567890123456789.-:/e";
    struct mli_rng rng;

    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
        check_short(edges[i]);
    mli_rng_init(&rng, 15);
    for (size_t i = 0; i < 1000000; i++) {
        char text[24] = { 0 };
        size_t len = mli_rng_below(&rng, 19);
        for (size_t k = 0; k < len; k++)
            text[k] = bytes[mli_rng_below(&rng, i % 2 ? 40 : sizeof(bytes) - 1)];
        if (i % 2 && len > 2) {
            text[0] = i % 4 == 1 ? '-' : text[0];
            text[1 + mli_rng_below(&rng, len - 1)] = '.';
        }
        check_short(text);
    }
}

static void sizes(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "-1",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1.0",
                                       "1e3",
                                       "0x1",
                                       "18446744073709551616",
                                       "18446744073709551620",
                                       "99999999999999999999999" };
    size_t out = 0;

    assert_true(mli_num_parse_size("0", 1, &out) && out == 0);
    assert_true(mli_num_parse_size("00042", 5, &out) && out == 42);
    assert_true(mli_num_parse_size("18446744073709551615", 20, &out) && out == SIZE_MAX);
    out = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(mli_num_parse_size(bad[i], strlen(bad[i]), &out));
    assert_int_equal(out, 7);
}

/* NAN: no number with these numerals. */
static void groups_of_three(void **state)
{
    static const struct {
        const char *text;
        struct mli_numerals numerals;
        double value;
    } cases[] = {
        { "1.234.567,89", { ',', '.' }, 1234567.89 },
        { "1234567,89", { ',', '.' }, 1234567.89 },
        { "-1.234", { ',', '.' }, -1234 },
        { "+12.345,5", { ',', '.' }, 12345.5 },
        { "1,5", { ',', 0 }, 1.5 },
        { ",5", { ',', 0 }, 0.5 },
        { "0,123", { ',', '.' }, 0.123 },
        { "1,234,567.89", { '.', ',' }, 1234567.89 },
        { "1,234,567.89", { 0, ',' }, 1234567.89 },
        { "1'234.5", { 0, '\'' }, 1234.5 },
        { "1 234", { 0, ' ' }, 1234 },
        { "999,999e3", { 0, ',' }, 999999e3 },
        { "1,5e-3", { ',', '.' }, 1.5e-3 },
        { "1.5", { 0, 0 }, 1.5 },
        { "1.5", { ',', 0 }, NAN },
        { "1.234567,89", { ',', '.' }, NAN },
        { "1234.567,89", { ',', '.' }, NAN },
        { "12.34", { ',', '.' }, NAN },
        { "1.23.456", { ',', '.' }, NAN },
        { "1.234.56", { ',', '.' }, NAN },
        { ".123", { ',', '.' }, NAN },
        { "1..234", { ',', '.' }, NAN },
        { "1.234.", { ',', '.' }, NAN },
        { "0.123", { ',', '.' }, NAN },
        { "1,234", { 0, 0 }, NAN },
        { "1,234.567,89", { 0, ',' }, NAN },
        { "1,234,", { 0, ',' }, NAN },
        { "-,123", { 0, ',' }, NAN },
        { "", { 0, ',' }, NAN },
        { ",", { 0, ',' }, NAN },
        { "$1,234", { 0, ',' }, NAN },
        { "1,234%", { 0, ',' }, NAN },
    };
    double value;
    char longest[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool good = mli_num_parse_grouped(cases[i].text, strlen(cases[i].text), cases[i].numerals, &value);
        if (good != !isnan(cases[i].value) || (good && value != cases[i].value))
            fail_msg("\"%s\": %d %g", cases[i].text, good, value);
    }
    memset(longest, '1', sizeof(longest)); /* longer than the copy is ready to be */
    longest[3] = ',';
    assert_false(mli_num_parse_grouped(longest, sizeof(longest), (struct mli_numerals){ 0, ',' }, &value));
}

int base_num_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar),
        cmocka_unit_test(only_the_given_bytes_count),
        cmocka_unit_test(point_of_choice),
        cmocka_unit_test(hard_cases),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(random_doubles),
        cmocka_unit_test(random_decimals),
        cmocka_unit_test(random_half_ways),
        cmocka_unit_test(formats),
        cmocka_unit_test(formats_read_back),
        cmocka_unit_test(formats_like_printf),
        cmocka_unit_test(locale_does_not_matter),
        cmocka_unit_test(short_decimals),
        cmocka_unit_test(sizes),
        cmocka_unit_test(groups_of_three),
    };
    return cmocka_run_group_tests_name("base: numbers", tests, NULL, NULL);
}
