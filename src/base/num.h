/*
 * Exact text <-> double, independent of the locale.
 *
 * Grammar of a number: [+-] digits [. digits] [(e|E) [+-] digits], with digits on at least one side of the point,
 * nothing before or after. No hexadecimal, no "inf" or "nan", no thousands separators.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>

#define MLI_NUM_MAX 40 /* bytes that the formatting functions may write to; the text and its NUL are at most 25 of them */

/*
 * The double nearest to the decimal text (round half to even; equal to strtod for every input). False when the text is
 * not a number by the grammar or its value overflows to infinity; underflow gives 0 or a subnormal.
 */
bool mli_num_parse(const char *text, size_t len, double *out);

/*
 * A short decimal: [-] digits [. digits] of at most 15 digits in all, no zero before another digit in front of the
 * point, digits on both sides of it. mli_num_parse() gives the same value, and value and number of decimals give the
 * text back. False for every other text, which may be a number nevertheless.
 */
#define MLI_NUM_SHORT 15
bool mli_num_parse_short(const char *text, size_t len, double *out, unsigned *decimals);
/* That text; returns its length. */
size_t mli_num_format_short(double value, unsigned decimals, char out[MLI_NUM_MAX]);

/* The same as mli_num_parse() with a decimal point of the caller's choice ('.' or ','). */
bool mli_num_parse_point(const char *text, size_t len, char point, double *out);

/* How a file writes its numbers. Zeros: a decimal point, no thousands separators. */
struct mli_numerals {
    char decimal;   /* '.' or ',' */
    char thousands; /* between groups of exactly three digits in front of the decimal point; 0: none */
};

/*
 * The same as mli_num_parse() with these. Separators may be left out, but not be in some places only: 1.234.567,89 and
 * 1234567,89 are numbers, 1.234567,89 and 12.34 are not, nor is 0.123 (no number of thousands begins with 0).
 */
bool mli_num_parse_grouped(const char *text, size_t len, struct mli_numerals numerals, double *out);

/*
 * Decimal text with the fewest digits that read back as the same double, of those the nearest; in the layout of
 * printf's %g with as many digits, integers below 1e15 without a point or exponent (see shortest.c); "nan", "inf", "-inf" for what is not finite. Returns the length.
 */
size_t mli_num_format(double value, char out[MLI_NUM_MAX]);

/* Whole unsigned decimal number, no sign, no overflow. */
bool mli_num_parse_size(const char *text, size_t len, size_t *out);

#endif
