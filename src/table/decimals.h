/*
 * Short decimals (base/short.h) of one column of a grid, many at a time. On x86-64 with AVX2 the digits of a number
 * are one vector; elsewhere they are two words. Both give the same.
 */
#ifndef TABLE_DECIMALS_H
#define TABLE_DECIMALS_H

#include <table/grid.h>
#include <table/rows.h>

struct mli_decimals {
    double *number;  /* one a cell; NaN: missing */
    uint8_t *places; /* how many decimals it has; MLI_DECIMALS_MISSING */
    size_t missing;  /* of the cells taken */
    unsigned first;  /* decimals of the first that is not missing */
    bool mixed;      /* others have more or fewer */
};
#define MLI_DECIMALS_MISSING 16

/* The column of a grid, from a row on. */
struct mli_cells_view {
    const char *text;
    const struct mli_span *span;
    size_t step, count;
};

/*
 * Takes cells until one is neither a short decimal nor missing; returns how many were taken. There is room for all of
 * them. MLI_SHORT_ROOM bytes can be read from the first byte of each cell on.
 */
size_t mli_decimals_take(const struct mli_cells_view *cells, const struct mli_missing *missing,
                         struct mli_decimals *out);
/* The same on any machine, for tests. */
size_t mli_decimals_take_plain(const struct mli_cells_view *cells, const struct mli_missing *missing,
                               struct mli_decimals *out);

#endif
