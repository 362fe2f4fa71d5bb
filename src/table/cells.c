/*
 * While every cell is a short decimal (num.h), as in most files of numbers, a cell is its double, and the number of
 * its decimals, a byte a cell if they are not all the same, gives its text back. The first other cell turns a piece
 * into raw text, end to end, each cell with its NUL ("" is a missing one). That is kept while every cell may still be
 * a number or an instant; the first cell that can be neither, which in most category columns is the first of all,
 * turns the piece into dictionary codes on the spot. (Dates that begin with the name of a month go that way too, and
 * are found in the dictionary at the end.)
 *
 * A raw piece whose cells are all numbers, or all instants of ISO 8601, is appended to a column that has seen nothing
 * else as its values alone, if the file can be read again: memory is that of the values, and only if a later cell
 * breaks the guess, which is rare, the column is read a second time, as texts. From a pipe the raw text is kept to the
 * end and parsed then, a byte a cell more than the text; columns are converted and freed one at a time.
 *
 * Cells come one at a time or, which is the rule, a grid of rows at once (grid.h); then each of the stores has a loop of
 * its own: decimals.h, codebook.h.
 *
 * Where piece and column differ, both become raw text or, if one has codes, both become codes. Codes are of each
 * piece's own dictionary, which is kept over chunks together with the column's codes of its strings.
 */
#include <table/cells.h>

#include <stdlib.h>
#include <table/store.h>

void mli_cells_init(struct mli_cells *cells, const struct mli_pin *pin, struct mli_numerals numerals,
                    bool numbers, bool forgetful)
{
    bool plain = numerals.thousands == 0 && numerals.decimal != ',';

    *cells = (struct mli_cells){ .pinned = pin != NULL, .forgetful = forgetful, .numerals = numerals };
    cells->store = numbers && plain ? MLI_STORE_SHORT : MLI_STORE_RAW;
    mli_buf_init(&cells->raw, SIZE_MAX);
    if (!pin)
        return;
    cells->pin = *pin;
    cells->store = mli_type_coded(pin->type) ? MLI_STORE_CODES : MLI_STORE_NUMBERS;
    if (pin->type == ML_TYPE_INSTANT && !pin->formatted)
        cells->store = MLI_STORE_RAW;
}

void mli_cells_as_text(struct mli_cells *cells)
{
    struct mli_spool *spool = cells->spool;

    mli_cells_release(cells);
    mli_cells_init(cells, NULL, (struct mli_numerals){ 0 }, false, false);
    cells->store = MLI_STORE_CODES;
    cells->spool = spool;
}

void mli_cells_release(struct mli_cells *cells)
{
    mli_buf_release(&cells->raw);
    mli_store_forget(cells);
    mli_store_free(cells, cells->code);
    free(cells->column_code);
    mli_dict_free(cells->dict);
    mli_codebook_release(&cells->book);
    *cells = (struct mli_cells){ 0 };
}
