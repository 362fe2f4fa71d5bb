/* Pieces of instants that instant.c and format.c share: a text that is read from the front, and the calendar. */
#ifndef TABLE_INSTANT_H
#define TABLE_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLI_DAY INT64_C(86400)

/* What is left of a text; each reader takes its part from the front or fails. */
struct mli_rest {
    const char *text;
    size_t len;
};

bool mli_rest_take(struct mli_rest *rest, char c);
/* A number of at least `least` and at most `most` digits, as many as there are; returns how many, 0: fewer. */
size_t mli_rest_number(struct mli_rest *rest, size_t least, size_t most, int64_t *out);
/*
 * [.digits], the fraction of a second, to the nanosecond; what follows is cut, so that formatting gives all of it
 * back.
 */
bool mli_rest_fraction(struct mli_rest *rest, double *fraction);

/* Days since 1970-01-01 of a proleptic Gregorian date with year >= 0. */
int64_t mli_calendar_days(int64_t year, int64_t month, int64_t day);
int64_t mli_calendar_month(int64_t year, int64_t month); /* how many days it has */
/* Whether an instant lies in the years 0000 to 9999. */
bool mli_calendar_holds(double seconds);

#endif
