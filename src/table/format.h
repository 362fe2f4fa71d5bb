/*
 * How dates are written in a column, and reading them.
 *
 *   iso     2021-03-04, 2021-03-04T10:00:00.5Z     mli_instant_parse() in table.h, strictly
 *   ymd     2021/3/4   2021.03.04   2021-3-4       years of four digits
 *   dmy     4/3/2021   04.03.2021   04-03-2021     years of two digits too: 69 to 99 are 1969 to 1999, 00 to 68 are
 *   mdy     3/4/2021   03.04.2021   03-04-2021     2000 to 2068 (POSIX strptime); with '.' and '-' such dates need two
 *                                                  digits for day and month, so that 1.10.12 stays a version
 *   named   4 Mar 2021   04-Mar-21   4/March/2021   Mar 4, 2021   March 4 2021   (English, any case)
 *
 * After each but iso there may be a time, behind a space, 'T' or ", ": h:mm[:ss[.f]], then perhaps AM or PM, then perhaps
 * Z or +hh:mm or +hhmm. No zone means UTC.
 *
 * A column has one format, and one separator. Which it has is known when all of its cells are: a cell's shapes are the
 * ways in which it can be read, as bits, and the column's are those that all cells share (AND, in any order and any
 * grouping). 20210304 and Unix seconds are numbers and stay numbers.
 */
#ifndef TABLE_FORMAT_H
#define TABLE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum mli_format { MLI_FORMAT_ISO, MLI_FORMAT_DMY, MLI_FORMAT_MDY, MLI_FORMAT_YMD, MLI_FORMAT_NAMED };

/* "iso", "dmy", "mdy", "ymd", "named". Static storage. */
const char *mli_format_name(enum mli_format format);
bool mli_format_parse(const char *name, enum mli_format *out);
const char *mli_format_example(enum mli_format format); /* "31/12/2021": for messages */

#define MLI_SHAPES_ALL 0x7FFu
/* Those of the shapes `among` in which a text can be read; 0: it is no instant in any of them. */
unsigned mli_instant_shapes(const char *text, size_t len, unsigned among);
/*
 * The format of a column whose cells share these shapes, at least one. ISO if it may be that, then named, ymd, dmy, mdy:
 * *ambiguous when dmy is taken and mdy would fit all cells as well.
 */
enum mli_format mli_instant_format_of(unsigned shapes, bool *ambiguous);
/* Seconds since 1970-01-01T00:00:00Z of a text in a format, with any of its separators, or in ISO 8601. */
bool mli_instant_parse_as(enum mli_format format, const char *text, size_t len, double *seconds);

#endif
