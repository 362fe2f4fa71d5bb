#include <table/instant.h>

#include <base/num.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <table/table.h>

#define FIRST INT64_C(-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */

bool mli_calendar_holds(double seconds)
{
    return seconds >= (double)FIRST && seconds < (double)(LAST + 1);
}

bool mli_rest_take(struct mli_rest *rest, char c)
{
    if (rest->len == 0 || *rest->text != c)
        return false;
    rest->text++;
    rest->len--;
    return true;
}

size_t mli_rest_number(struct mli_rest *rest, size_t least, size_t most, int64_t *out)
{
    size_t digits = 0;
    int64_t value = 0;

    while (digits < most && digits < rest->len) {
        unsigned digit = (unsigned char)rest->text[digits] - (unsigned)'0';
        if (digit > 9)
            break;
        value = value * 10 + digit;
        digits++;
    }
    if (digits < least)
        return 0;
    *out = value;
    rest->text += digits;
    rest->len -= digits;
    return digits;
}

/* A number of exactly `digits` digits, at least low and at most high. */
static bool take_digits(struct mli_rest *rest, size_t digits, int64_t low, int64_t high,
                        int64_t *out)
{
    return mli_rest_number(rest, digits, digits, out) == digits && *out >= low && *out <= high;
}

int64_t mli_calendar_month(int64_t year, int64_t month)
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
int64_t mli_calendar_days(int64_t year, int64_t month, int64_t day)
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

bool mli_rest_fraction(struct mli_rest *rest, double *fraction)
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
static bool take_time(struct mli_rest *rest, int64_t *seconds, double *fraction)
{
    int64_t hour, minute, second = 0;

    if (!take_digits(rest, 2, 0, 23, &hour) || !mli_rest_take(rest, ':') ||
        !take_digits(rest, 2, 0, 59, &minute))
        return false;
    if (mli_rest_take(rest, ':') &&
        (!take_digits(rest, 2, 0, 60, &second) || !mli_rest_fraction(rest, fraction)))
        return false;
    *seconds += hour * 3600 + minute * 60 + second;
    return true;
}

/* Nothing, Z, +hh:mm or -hh:mm. */
static bool take_zone(struct mli_rest *rest, int64_t *seconds)
{
    int64_t hour, minute;

    if (rest->len == 0 || mli_rest_take(rest, 'Z'))
        return true;
    bool east = mli_rest_take(rest, '+');
    if ((!east && !mli_rest_take(rest, '-')) || !take_digits(rest, 2, 0, 23, &hour) ||
        !mli_rest_take(rest, ':') || !take_digits(rest, 2, 0, 59, &minute))
        return false;
    *seconds += (east ? -1 : 1) * (hour * 3600 + minute * 60);
    return true;
}

static inline unsigned two_digits(const char *text, unsigned *wrong)
{
    unsigned tens = (unsigned char)text[0] - (unsigned)'0',
             ones = (unsigned char)text[1] - (unsigned)'0';

    *wrong |= (tens > 9) | (ones > 9);
    return tens * 10 + ones;
}

/* YYYY-MM-DD and YYYY-MM-DDThh:mm:ss[Z], which nearly all are. False: it is to be read by parts. */
static bool parse_usual(const char *text, size_t len, double *seconds)
{
    bool timed = len == 19 || (len == 20 && text[19] == 'Z');
    unsigned wrong = 0, of_day = 0;

    if (len != 10 && !timed)
        return false;
    unsigned year = two_digits(text, &wrong) * 100 + two_digits(text + 2, &wrong);
    unsigned month = two_digits(text + 5, &wrong), day = two_digits(text + 8, &wrong);
    wrong |= (text[4] != '-') | (text[7] != '-') | (month - 1 > 11);
    if (timed) {
        unsigned hour = two_digits(text + 11, &wrong), minute = two_digits(text + 14, &wrong),
                 second = two_digits(text + 17, &wrong);
        wrong |= ((text[10] != 'T') & (text[10] != ' ')) | (text[13] != ':') | (text[16] != ':');
        wrong |= (hour > 23) | (minute > 59) | (second > 59);
        of_day = hour * 3600 + minute * 60 + second;
    }
    if (wrong || day - 1 >= (unsigned)mli_calendar_month(year, month))
        return false;
    *seconds = (double)(mli_calendar_days(year, month, day) * MLI_DAY + of_day);
    return true;
}

bool mli_instant_parse(const char *text, size_t len, double *seconds)
{
    struct mli_rest rest = { text, len };
    int64_t year, month, day, whole;
    double fraction = 0.0;

    if (parse_usual(text, len, seconds))
        return true;
    if (!take_digits(&rest, 4, 0, 9999, &year) || !mli_rest_take(&rest, '-') ||
        !take_digits(&rest, 2, 1, 12, &month) || !mli_rest_take(&rest, '-') ||
        !take_digits(&rest, 2, 1, mli_calendar_month(year, month), &day))
        return false;
    whole = mli_calendar_days(year, month, day) * MLI_DAY;
    if ((mli_rest_take(&rest, 'T') || mli_rest_take(&rest, ' ')) &&
        (!take_time(&rest, &whole, &fraction) || !take_zone(&rest, &whole)))
        return false;
    double value = (double)whole + fraction;
    if (rest.len > 0 || !mli_calendar_holds(value)) /* a zone may carry it out of the four-digit years */
        return false;
    *seconds = value;
    return true;
}

static void format_date_time(int64_t whole, char out[MLI_INSTANT_MAX])
{
    int64_t year, month, day, days = whole / MLI_DAY - (whole % MLI_DAY < 0);
    int64_t second = whole - days * MLI_DAY;

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
    if (!mli_calendar_holds(seconds)) {
        mli_num_format(seconds, out); /* MLI_NUM_MAX is no larger */
        return;
    }
    if (seconds != floor(seconds)) {
        format_fraction(seconds, out);
        return;
    }
    format_date_time((int64_t)seconds, out);
    if ((int64_t)seconds % MLI_DAY == 0)
        out[sizeof("YYYY-MM-DD") - 1] = '\0';
    else
        memcpy(out + sizeof("YYYY-MM-DDThh:mm:ss") - 1, "Z", 2);
}
