#include <table/table.h>

#include <base/num.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY INT64_C(86400)
#define FIRST INT64_C(-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */

static bool in_range(double seconds)
{
    return seconds >= (double)FIRST && seconds < (double)(LAST + 1);
}

/* What is left of the text; each reader below takes its part from the front or fails. */
struct rest {
    const char *text;
    size_t len;
};

static bool take(struct rest *rest, char c)
{
    if (rest->len == 0 || *rest->text != c)
        return false;
    rest->text++;
    rest->len--;
    return true;
}

/* A number of exactly `digits` digits, at least low and at most high. */
static bool take_digits(struct rest *rest, size_t digits, int64_t low, int64_t high, int64_t *out)
{
    size_t value;

    if (rest->len < digits || !mli_num_parse_size(rest->text, digits, &value) ||
        (int64_t)value < low || (int64_t)value > high)
        return false;
    *out = (int64_t)value;
    rest->text += digits;
    rest->len -= digits;
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

/*
 * Days since 1970-01-01 of a proleptic Gregorian date with year >= 0, and back: the year begins in March, so that the
 * leap day is its last one, and 146097 days make 400 years [Hinnant 2013, "chrono-Compatible Low-Level Date
 * Algorithms"].
 */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year += 400 - (month <= 2); /* one era up, so that nothing below is negative */
    int64_t era = year / 400, year_of_era = year % 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (era - 1) * 146097 + day_of_era - 719468;
}

void mli_instant_date(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468 + 146097;
    int64_t era = days / 146097, day_of_era = days % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = (month_from_march + 2) % 12 + 1;
    *year = year_of_era + (era - 1) * 400 + (*month <= 2);
}

/*
 * [.digits], the fraction of a second, to the nanosecond; what follows is cut, so that formatting gives all of it
 * back.
 */
static bool take_fraction(struct rest *rest, double *fraction)
{
    size_t digits = 1;

    if (rest->len == 0 || *rest->text != '.')
        return true;
    while (digits < rest->len && rest->text[digits] >= '0' && rest->text[digits] <= '9')
        digits++;
    if (digits == 1 || !mli_num_parse(rest->text, digits < 10 ? digits : 10, fraction))
        return false;
    rest->text += digits;
    rest->len -= digits;
    return true;
}

/* hh:mm[:ss[.fff]]. A leap second (60) is the second after it, as in POSIX time. */
static bool take_time(struct rest *rest, int64_t *seconds, double *fraction)
{
    int64_t hour, minute, second = 0;

    if (!take_digits(rest, 2, 0, 23, &hour) || !take(rest, ':') ||
        !take_digits(rest, 2, 0, 59, &minute))
        return false;
    if (take(rest, ':') &&
        (!take_digits(rest, 2, 0, 60, &second) || !take_fraction(rest, fraction)))
        return false;
    *seconds += hour * 3600 + minute * 60 + second;
    return true;
}

/* Nothing, Z, +hh:mm or -hh:mm. */
static bool take_zone(struct rest *rest, int64_t *seconds)
{
    int64_t hour, minute;

    if (rest->len == 0 || take(rest, 'Z'))
        return true;
    bool east = take(rest, '+');
    if ((!east && !take(rest, '-')) || !take_digits(rest, 2, 0, 23, &hour) || !take(rest, ':') ||
        !take_digits(rest, 2, 0, 59, &minute))
        return false;
    *seconds += (east ? -1 : 1) * (hour * 3600 + minute * 60);
    return true;
}

bool mli_instant_parse(const char *text, size_t len, double *seconds)
{
    struct rest rest = { text, len };
    int64_t year, month, day, whole;
    double fraction = 0.0;

    if (!take_digits(&rest, 4, 0, 9999, &year) || !take(&rest, '-') ||
        !take_digits(&rest, 2, 1, 12, &month) || !take(&rest, '-') ||
        !take_digits(&rest, 2, 1, days_in_month(year, month), &day))
        return false;
    whole = days_of(year, month, day) * DAY;
    if ((take(&rest, 'T') || take(&rest, ' ')) &&
        (!take_time(&rest, &whole, &fraction) || !take_zone(&rest, &whole)))
        return false;
    double value = (double)whole + fraction;
    if (rest.len > 0 || !in_range(value)) /* a zone may carry it out of the four-digit years */
        return false;
    *seconds = value;
    return true;
}

static void format_date_time(int64_t whole, char out[MLI_INSTANT_MAX])
{
    int64_t year, month, day, days = whole / DAY - (whole % DAY < 0);
    int64_t second = whole - days * DAY;

    mli_instant_date(days, &year, &month, &day);
    snprintf(out, MLI_INSTANT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month, (int)day,
             (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

/* The first of 3, 6 and 9 digits that reads back as the same value, else 9. */
static void format_fraction(double seconds, char out[MLI_INSTANT_MAX])
{
    static const int digits[] = { 3, 6, 9 };
    static const double scale[] = { 1e3, 1e6, 1e9 };
    double back, whole = floor(seconds);

    for (size_t i = 0; i < sizeof(digits) / sizeof(*digits); i++) {
        double part = round((seconds - whole) * scale[i]);
        bool carry = part >= scale[i];
        format_date_time((int64_t)whole + carry, out);
        size_t len = strlen(out);
        snprintf(out + len, MLI_INSTANT_MAX - len, ".%0*lldZ", digits[i],
                 carry ? 0LL : (long long)part);
        if (mli_instant_parse(out, strlen(out), &back) && back == seconds)
            return;
    }
}

void mli_instant_format(double seconds, char out[MLI_INSTANT_MAX])
{
    if (!in_range(seconds)) {
        mli_num_format(seconds, out); /* MLI_NUM_MAX is no larger */
        return;
    }
    if (seconds != floor(seconds)) {
        format_fraction(seconds, out);
        return;
    }
    format_date_time((int64_t)seconds, out);
    if ((int64_t)seconds % DAY == 0)
        out[sizeof("YYYY-MM-DD") - 1] = '\0';
    else
        memcpy(out + sizeof("YYYY-MM-DDThh:mm:ss") - 1, "Z", 2);
}
