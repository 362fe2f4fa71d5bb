#include <tests/unit/table.h>

#include <base/rng.h>
#include <stdio.h>
#include <table/table.h>
#include <time.h>

static const struct {
    const char *text;
    double seconds;
    const char *formatted;
} good[] = {
    { "1970-01-01", 0, "1970-01-01" },
    { "1970-01-01T00:00Z", 0, "1970-01-01" },
    { "1969-12-31", -86400, "1969-12-31" },
    { "1969-12-31T23:59:59.5Z", -0.5, "1969-12-31T23:59:59.500Z" },
    { "2000-02-29", 951782400, "2000-02-29" },
    { "2013-01-01T10:00:00Z", 1357034400, "2013-01-01T10:00:00Z" },
    { "2013-01-01 10:00", 1357034400, "2013-01-01T10:00:00Z" },
    { "2013-01-01T10:00:00", 1357034400, "2013-01-01T10:00:00Z" },
    { "2013-01-01T10:00:00+02:00", 1357027200, "2013-01-01T08:00:00Z" },
    { "2013-01-01T10:00-05:30", 1357054200, "2013-01-01T15:30:00Z" },
    { "2013-01-01T10:00:00.25Z", 1357034400.25, "2013-01-01T10:00:00.250Z" },
    { "2013-01-01T10:00:00.000001Z", 1357034400.000001, "2013-01-01T10:00:00.000001Z" },
    { "1970-01-01T00:00:00.123456789Z", 0.123456789, "1970-01-01T00:00:00.123456789Z" },
    { "1970-01-01T00:00:00.9999999999Z", 0.999999999, "1970-01-01T00:00:00.999999999Z" },
    { "2016-12-31T23:59:60Z", 1483228800, "2017-01-01" },
    { "0000-01-01", -62167219200, "0000-01-01" },
    { "0000-03-01", -62162035200, "0000-03-01" },
    { "9999-12-31T23:59:59Z", 253402300799, "9999-12-31T23:59:59Z" },
    { "9999-12-31T23:59:59.9999Z", 253402300799.9999,
      "9999-12-31T23:59:59.999908Z" }, /* the nearest double */
};

static const char *const bad[] = {
    "",
    "2013",
    "2013-01",
    "2013-1-1",
    "13-01-01",
    "2013-13-01",
    "2013-00-01",
    "2013-02-29",
    "1900-02-29",
    "2013-04-31",
    "2013-01-00",
    "2013-01-01 ",
    "2013-01-01T",
    "2013-01-01T10",
    "2013-01-01T24:00",
    "2013-01-01T10:60",
    "2013-01-01T10:00:61",
    "2013-01-01T10:00:00.",
    "2013-01-01T10:00.5",
    "2013-01-01T10:00:00z",
    "2013-01-01t10:00",
    "2013-01-01T10:00:00+2",
    "2013-01-01T10:00:00+0200",
    "2013-01-01T10:00:00+24:00",
    "2013-01-01T10:00:00 Z",
    "2013-01-01Z",
    "+2013-01-01",
    "2013/01/01",
    "01.02.2013",
    "2013-01-01T10:00:00ZZ",
    " 2013-01-01",
    "-013-01-01",
    "2013-01-01T10:00:00.1e5",
    "9999-12-31T23:59-00:01",
    "0000-01-01T00:00+00:01",
    "9999-12-31T23:59:60",
    "9999-12-31T23:59:59.999999999", /* to the nearest double this is the year 10000 */
};

static void parses_and_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        double seconds = 1e300;
        char text[MLI_INSTANT_MAX];
        if (!mli_instant_parse(good[i].text, strlen(good[i].text), &seconds) ||
            seconds != good[i].seconds)
            fail_msg("%s: %.17g instead of %.17g", good[i].text, seconds, good[i].seconds);
        mli_instant_format(seconds, text);
        assert_string_equal(text, good[i].formatted);
    }
}

static void refuses_what_is_no_instant(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        double seconds = 42.0;
        if (mli_instant_parse(bad[i], strlen(bad[i]), &seconds))
            fail_msg("\"%s\" parses", bad[i]);
        assert_true(seconds == 42.0);
    }
}

/* The C library's calendar is the reference. */
static void agrees_with_gmtime(void **state)
{
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        time_t when = (time_t)mli_rng_below(&rng, 315569519999) - 62167219200;
        struct tm tm;
        char expected[64], text[MLI_INSTANT_MAX];
        double back;
        assert_non_null(gmtime_r(&when, &tm));
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_true(mli_instant_parse(expected, strlen(expected), &back));
        assert_true(back == (double)when);
        mli_instant_format(back, text);
        if (when % 86400 == 0)
            expected[10] = '\0';
        assert_string_equal(text, expected);
    }
}

static void formats_what_cannot_be_parsed(void **state)
{
    char text[MLI_INSTANT_MAX];

    (void)state;
    mli_instant_format(0.9999999999, text); /* finer than what is written: the nearest */
    assert_string_equal(text, "1970-01-01T00:00:01.000000000Z");
    mli_instant_format(1e300, text);
    assert_string_equal(text, "1e300");
    mli_instant_format(253402300800, text);
    assert_string_equal(text, "253402300800");
    mli_instant_format(-62167219201, text);
    assert_string_equal(text, "-62167219201");
}

int table_instant_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_formats),
        cmocka_unit_test(refuses_what_is_no_instant),
        cmocka_unit_test(agrees_with_gmtime),
        cmocka_unit_test(formats_what_cannot_be_parsed),
    };
    return cmocka_run_group_tests_name("table/instant", tests, NULL, NULL);
}
