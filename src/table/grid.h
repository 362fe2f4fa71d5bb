/*
 * The grid: as many whole records of well-formed CSV as a block of cells holds, cut in one pass, so that what follows
 * goes column by column, with the branches and the memory of one column at a time. It takes records that the fast cut
 * (cut.h) takes, to the same fields, while they have the expected number of fields, end in LF or CRLF and hold no
 * blank line between them. At the first that it does not take it stops; that one is the caller's.
 */
#ifndef TABLE_GRID_H
#define TABLE_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field: text[at], len bytes and a NUL. */
struct mli_span {
    uint32_t at, len;
};

struct mli_grid {
    char delimiter, quote; /* ML_QUOTE_NONE: quotes mean nothing */
    size_t record_max;     /* a longer record is not for the grid */
    size_t columns;
    bool plain;            /* as on any machine, for tests */
    /* of the last cut */
    size_t rows;
    const char *text;
    struct mli_span *span;  /* row by row */
    size_t first_line;      /* of the first row */
    const uint32_t *behind; /* lines between that and the row, NULL: a line a row */
    size_t lines;           /* of all rows */
    /* memory */
    uint32_t *end, *newline, *passed;
};

/* Settings but for `columns`, those of every record, which is to be set before a cut. Nothing is allocated. */
void mli_grid_init(struct mli_grid *grid, char delimiter, char quote, size_t record_max);
void mli_grid_release(struct mli_grid *grid);
/* Whether it is of use for so many columns. */
bool mli_grid_fits(size_t columns);
/*
 * Cuts what lies between `text`, the beginning of a line, and `end`; *next is behind the last record that was cut, or
 * `text`, as it was, when that are none. As many bytes as a cell may be read ahead (csv.h) must be there behind the
 * end. False: no memory.
 */
bool mli_grid_cut(struct mli_grid *grid, char *text, const char *end, size_t line, char **next);

#endif
