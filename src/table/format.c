#include <table/format.h>

#include <string.h>
#include <strings.h>
#include <table/instant.h>
#include <table/table.h>

static const char *const names[] = {
    [MLI_FORMAT_ISO] = "iso", [MLI_FORMAT_DMY] = "dmy",     [MLI_FORMAT_MDY] = "mdy",
    [MLI_FORMAT_YMD] = "ymd", [MLI_FORMAT_NAMED] = "named",
};
#define FORMATS (sizeof(names) / sizeof(*names))

const char *mli_format_name(enum mli_format format)
{
    return names[format];
}

bool mli_format_parse(const char *name, enum mli_format *out)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum mli_format)i;
            return true;
        }
    }
    return false;
}

const char *mli_format_example(enum mli_format format)
{
    static const char *const examples[] = {
        [MLI_FORMAT_ISO] = "2021-12-31", [MLI_FORMAT_DMY] = "31/12/2021",
        [MLI_FORMAT_MDY] = "12/31/2021", [MLI_FORMAT_YMD] = "2021/12/31",
        [MLI_FORMAT_NAMED] = "31 Dec 2021",
    };

    return examples[format];
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static const char separators[] = "/-.";

/* Bit 0: ISO, bit 1: named, then for ymd, dmy and mdy a bit a separator. */
#define SHAPE_ISO 1u
#define SHAPE_NAMED 2u
#define SHAPES_YMD (7u << 2)
#define SHAPES_DMY (7u << 5)
#define SHAPES_MDY (7u << 8)
_Static_assert((SHAPE_ISO | SHAPE_NAMED | SHAPES_YMD | SHAPES_DMY | SHAPES_MDY) == MLI_SHAPES_ALL,
               "the bits of all shapes");

static unsigned shape_of(enum mli_format format, size_t separator)
{
    switch (format) {
    case MLI_FORMAT_ISO:
        return SHAPE_ISO;
    case MLI_FORMAT_NAMED:
        return SHAPE_NAMED;
    case MLI_FORMAT_YMD:
        return 4u << separator;
    case MLI_FORMAT_DMY:
        return 32u << separator;
    case MLI_FORMAT_MDY:
        break;
    }
    return 256u << separator;
}

static unsigned shapes_of(enum mli_format format)
{
    unsigned shapes = 0;

    for (size_t s = 0; separators[s]; s++)
        shapes |= shape_of(format, s);
    return shapes;
}

/* ---- dates of three numbers ------------------------------------------------------------------ */

struct parts {
    int64_t value[3];
    size_t digits[3];
    size_t separator;
};

static bool take_parts(struct mli_rest *rest, struct parts *parts)
{
    const char *separator;

    for (size_t i = 0; i < 3; i++) {
        parts->digits[i] = mli_rest_number(rest, 1, 4, &parts->value[i]);
        if (parts->digits[i] == 0)
            return false;
        if (i == 2)
            break;
        separator = rest->len > 0 && *rest->text ? strchr(separators, *rest->text) : NULL;
        if (!separator || (i > 0 && parts->separator != (size_t)(separator - separators)))
            return false;
        parts->separator = (size_t)(separator - separators);
        mli_rest_take(rest, *separator);
    }
    return true;
}

/* The century of a year of two digits, as POSIX strptime's %y has it. */
static int64_t full_year(int64_t year)
{
    return year < 69 ? 2000 + year : 1900 + year;
}

static bool to_days(int64_t year, int64_t month, int64_t day, int64_t *days)
{
    if (month < 1 || month > 12 || day < 1 || day > mli_calendar_month(year, month))
        return false;
    *days = mli_calendar_days(year, month, day);
    return true;
}

/* The three numbers as a date of the format. */
static bool order(const struct parts *parts, enum mli_format format, int64_t *days)
{
    bool year_first = format == MLI_FORMAT_YMD;
    size_t y = year_first ? 0 : 2, m = format == MLI_FORMAT_DMY || year_first ? 1 : 0,
           d = year_first ? 2 : 1 - m;
    bool full = parts->digits[y] == 4, wide = parts->digits[m] == 2 && parts->digits[d] == 2;

    if (parts->digits[m] > 2 || parts->digits[d] > 2)
        return false;
    if (!full && (year_first || parts->digits[y] != 2 || !(wide || separators[parts->separator] == '/')))
        return false;
    return to_days(full ? parts->value[y] : full_year(parts->value[y]), parts->value[m],
                   parts->value[d], days);
}

/* ---- dates with the name of a month ---------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The full name or its first three letters (Sept as well), with a point behind it or not. */
static bool take_month(struct mli_rest *rest, int64_t *month)
{
    static const char *const months[] = { "january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december" };
    size_t len = 0;

    while (len < rest->len && is_letter(rest->text[len]))
        len++;
    for (size_t i = 0; i < 12; i++) {
        bool known = len == 3 || len == strlen(months[i]) || (len == 4 && i == 8);
        if (!known || strncasecmp(months[i], rest->text, len) != 0)
            continue;
        *month = (int64_t)i + 1;
        rest->text += len;
        rest->len -= len;
        mli_rest_take(rest, '.');
        return true;
    }
    return false;
}

/* 4 Mar 2021, 4-Mar-21, 4/March/2021 */
static bool take_day_first(struct mli_rest *rest, int64_t *days)
{
    int64_t year, month, day;

    if (mli_rest_number(rest, 1, 2, &day) == 0 || rest->len == 0)
        return false;
    char separator = *rest->text;
    if ((separator != ' ' && separator != '-' && separator != '/') ||
        !mli_rest_take(rest, separator) || !take_month(rest, &month) ||
        !mli_rest_take(rest, separator))
        return false;
    size_t digits = mli_rest_number(rest, 2, 4, &year);
    if (digits != 2 && digits != 4)
        return false;
    return to_days(digits == 4 ? year : full_year(year), month, day, days);
}

/* Mar 4, 2021 */
static bool take_month_first(struct mli_rest *rest, int64_t *days)
{
    int64_t year, month, day;

    if (!take_month(rest, &month) || !mli_rest_take(rest, ' ') ||
        mli_rest_number(rest, 1, 2, &day) == 0)
        return false;
    mli_rest_take(rest, ',');
    return mli_rest_take(rest, ' ') && mli_rest_number(rest, 4, 4, &year) == 4 &&
           to_days(year, month, day, days);
}

/* ---- times ----------------------------------------------------------------------------------- */

/* Perhaps a space, then AM or PM; without them nothing is taken. */
static bool take_half(struct mli_rest *rest, bool *afternoon)
{
    size_t space = rest->len > 0 && *rest->text == ' ';

    if (rest->len < space + 2 || (rest->text[space + 1] | 0x20) != 'm')
        return false;
    char c = (char)(rest->text[space] | 0x20);
    if (c != 'a' && c != 'p')
        return false;
    *afternoon = c == 'p';
    rest->text += space + 2;
    rest->len -= space + 2;
    return true;
}

/* Nothing, Z, +hh:mm or +hhmm, with a space before it or not. */
static bool take_zone(struct mli_rest *rest, int64_t *seconds)
{
    int64_t hour, minute;

    if (rest->len == 0)
        return true;
    mli_rest_take(rest, ' ');
    if (mli_rest_take(rest, 'Z'))
        return true;
    bool east = mli_rest_take(rest, '+');
    if ((!east && !mli_rest_take(rest, '-')) || mli_rest_number(rest, 2, 2, &hour) == 0)
        return false;
    mli_rest_take(rest, ':');
    if (mli_rest_number(rest, 2, 2, &minute) == 0 || hour > 23 || minute > 59)
        return false;
    *seconds += (east ? -1 : 1) * (hour * 3600 + minute * 60);
    return true;
}

/* h:mm[:ss[.f]] [AM|PM]. A leap second (60) is the second after it, as in POSIX time. */
static bool take_clock(struct mli_rest *rest, int64_t *seconds, double *fraction)
{
    int64_t hour, minute, second = 0;
    bool afternoon;

    if (mli_rest_number(rest, 1, 2, &hour) == 0 || !mli_rest_take(rest, ':') ||
        mli_rest_number(rest, 2, 2, &minute) == 0)
        return false;
    if (mli_rest_take(rest, ':') &&
        (mli_rest_number(rest, 2, 2, &second) == 0 || !mli_rest_fraction(rest, fraction)))
        return false;
    if (take_half(rest, &afternoon)) {
        if (hour < 1 || hour > 12)
            return false;
        hour = hour % 12 + (afternoon ? 12 : 0);
    }
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *seconds += hour * 3600 + minute * 60 + second;
    return true;
}

/* What may stand behind a date, to the end of the text. */
static bool take_time(struct mli_rest *rest, int64_t *seconds, double *fraction)
{
    if (rest->len == 0)
        return true;
    if (!mli_rest_take(rest, 'T')) {
        mli_rest_take(rest, ',');
        if (!mli_rest_take(rest, ' '))
            return false;
    }
    return take_clock(rest, seconds, fraction) && take_zone(rest, seconds) && rest->len == 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool finish(struct mli_rest *rest, int64_t days, double *seconds)
{
    int64_t whole = days * MLI_DAY;
    double fraction = 0.0;

    if (!take_time(rest, &whole, &fraction) || !mli_calendar_holds((double)whole + fraction))
        return false;
    *seconds = (double)whole + fraction;
    return true;
}

static bool parse_named(const char *text, size_t len, double *seconds)
{
    struct mli_rest rest = { text, len };
    int64_t days;
    bool date = len > 0 && is_letter(*text) ? take_month_first(&rest, &days)
                                            : take_day_first(&rest, &days);

    return date && finish(&rest, days, seconds);
}

static bool parse_numbers(enum mli_format format, const char *text, size_t len, double *seconds)
{
    struct mli_rest rest = { text, len };
    struct parts parts;
    int64_t days;

    return take_parts(&rest, &parts) && order(&parts, format, &days) &&
           finish(&rest, days, seconds);
}

bool mli_instant_parse_as(enum mli_format format, const char *text, size_t len, double *seconds)
{
    switch (format) {
    case MLI_FORMAT_ISO:
        break;
    case MLI_FORMAT_NAMED:
        if (parse_named(text, len, seconds))
            return true;
        break;
    case MLI_FORMAT_DMY:
    case MLI_FORMAT_MDY:
    case MLI_FORMAT_YMD:
        if (parse_numbers(format, text, len, seconds))
            return true;
        break;
    }
    return mli_instant_parse(text, len, seconds);
}

/* Of ymd, dmy and mdy. The time is the same in all of them. */
static unsigned shapes_of_numbers(const char *text, size_t len, unsigned among)
{
    static const enum mli_format formats[] = { MLI_FORMAT_YMD, MLI_FORMAT_DMY, MLI_FORMAT_MDY };
    struct mli_rest rest = { text, len };
    struct parts parts;
    unsigned shapes = 0;
    int64_t days;
    double seconds;

    if (!take_parts(&rest, &parts))
        return 0;
    for (size_t i = 0; i < 3; i++) {
        unsigned shape = shape_of(formats[i], parts.separator) & among;
        struct mli_rest time = rest;
        if (shape && order(&parts, formats[i], &days) && finish(&time, days, &seconds))
            shapes |= shape;
    }
    return shapes;
}

unsigned mli_instant_shapes(const char *text, size_t len, unsigned among)
{
    unsigned shapes = 0;
    double seconds;

    if (len == 0)
        return 0;
    if ((among & SHAPE_ISO) && mli_instant_parse(text, len, &seconds))
        shapes |= SHAPE_ISO;
    if ((among & SHAPE_NAMED) && parse_named(text, len, &seconds))
        shapes |= SHAPE_NAMED;
    if (among & ~(SHAPE_ISO | SHAPE_NAMED))
        shapes |= shapes_of_numbers(text, len, among);
    return shapes;
}

enum mli_format mli_instant_format_of(unsigned shapes, bool *ambiguous)
{
    static const enum mli_format preferred[] = { MLI_FORMAT_ISO, MLI_FORMAT_NAMED, MLI_FORMAT_YMD,
                                                 MLI_FORMAT_DMY, MLI_FORMAT_MDY };
    size_t i = 0;

    while (i + 1 < FORMATS && !(shapes & shapes_of(preferred[i])))
        i++;
    *ambiguous = preferred[i] == MLI_FORMAT_DMY && (shapes & SHAPES_MDY);
    return preferred[i];
}
