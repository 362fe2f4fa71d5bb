/*
 * The cells of one column while a table is read, and the type that they turn out to have.
 *
 * Whether a column is numeric is known only after its last cell, and "1.50" must still be "1.50" if it is not. Cells are
 * gathered in pieces, one a chunk of the file, each by its own thread, and the pieces appended to the column in file
 * order; the result does not depend on where they were cut. See cells.c; a piece is piece.c, a column column.c, the
 * type at the end infer.c.
 */
#ifndef TABLE_CELLS_H
#define TABLE_CELLS_H

#include <base/buf.h>
#include <base/num.h>
#include <table/decide.h>
#include <table/grid.h>
#include <table/rows.h>
#include <table/table.h>
#include <table/codebook.h>

enum mli_cells_store {
    MLI_STORE_SHORT,    /* `number`, and how many decimals each has, which gives its text back */
    MLI_STORE_NUMBERS,  /* `number` is all there is */
    MLI_STORE_INSTANTS, /* the same, of ISO 8601 */
    MLI_STORE_RAW,      /* the text of each cell with its NUL; "" is missing */
    MLI_STORE_CODES,
};

struct mli_cells {
    enum mli_cells_store store;
    bool pinned;
    struct mli_pin pin; /* if pinned */
    struct mli_spool *spool; /* a column: where number, each and code are; NULL: memory. Borrowed */
    struct mli_numerals numerals;
    bool forgetful;    /* the text of a cell may be forgotten where it may be a number: the file can be read again */
    bool lost;         /* it was needed after all: read again, with mli_cells_as_text(). There are no cells then */
    size_t count;      /* cells so far */
    size_t present;    /* of them not missing */
    size_t capacity;   /* of number and code; of `each` while it is there */
    size_t expected;   /* a column: how many cells it will have, by estimate; 0: not known */
    size_t touched;    /* bytes of number or code whose pages are there */
    struct mli_buf raw; /* a piece's stands beside its numbers or instants, too */
    double *number;
    unsigned decimals; /* SHORT: how many the numbers have, or, if `mixed`, `each` one; not of missing cells */
    bool mixed;
    bool zeros, rounded; /* a number was digits with a zero in front, as 007; digits that make 2^53 or more */
    uint8_t *each;     /* a piece's is kept all along, a column's when there is need */
    int32_t *code;
    struct mli_dict *dict; /* a piece's is kept from chunk to chunk, as is */
    struct mli_codebook book;  /* of a piece, in front of it */
    size_t known;          /* a piece's strings before this chunk */
    bool texts;            /* nearly every cell was a new string: raw, to go into the column's dictionary at once */
    int32_t *column_code;  /* the column's code of each of its first `translated` strings */
    size_t translated, column_code_capacity;
};

/*
 * `pin`: type and format, NULL to infer them. `numbers`: short decimals are kept as numbers from the start, if they
 * have a decimal point and no separators; false keeps text, slower and to the same end. Nothing is allocated.
 */
void mli_cells_init(struct mli_cells *cells, const struct mli_pin *pin, struct mli_numerals numerals, bool numbers,
                    bool forgetful);
/* Whatever the cells are, they are kept as texts: for the second reading of a column that is `lost`. */
void mli_cells_as_text(struct mli_cells *cells);
void mli_cells_release(struct mli_cells *cells);

/* A piece: to be filled anew, memory kept; it begins with the store that its last cells turned out to need. */
void mli_cells_clear(struct mli_cells *piece);
/* One more cell; text is NUL-terminated. ML_EDATA when it does not fit the pinned type; ML_ENOMEM, ML_ELIMIT. */
ML_NODISCARD enum ml_status mli_cells_add(struct mli_cells *piece, const char *text, size_t len, bool missing);
/*
 * The first `rows` cells of a column of a grid, faster than one by one. On an error *added of them are there, and the
 * next is the one at fault.
 */
ML_NODISCARD enum ml_status mli_cells_add_grid(struct mli_cells *piece, const struct mli_grid *grid, size_t column,
                                               size_t rows, const struct mli_missing *missing, size_t *added);
/* No more cells: what can be done side by side with other pieces, before its turn to be appended comes. */
ML_NODISCARD enum ml_status mli_cells_end(struct mli_cells *piece);
/* The piece's cells after those of the column; the piece may only be cleared or released then. ML_ENOMEM, ML_ELIMIT. */
ML_NODISCARD enum ml_status mli_cells_append(struct mli_cells *column, struct mli_cells *piece);
/*
 * Makes the column of them (all but its name) and empties the cells. Not lost. ML_ENOMEM, ML_ELIMIT; ML_EDATA
 * when an instant is pinned, but no format, and the cells are dates of several.
 */
ML_NODISCARD enum ml_status mli_cells_finish(struct mli_cells *cells, struct mli_column *column);

#endif
