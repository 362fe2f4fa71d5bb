/*
 * The cells of one column while a table is read, and the type that they turn out to have.
 *
 * Whether a column is numeric is known only after its last cell, and "1.50" must still be "1.50" if it is not. See
 * infer.c.
 */
#ifndef TABLE_INFER_H
#define TABLE_INFER_H

#include <base/buf.h>
#include <table/table.h>

enum mli_cells_store { MLI_STORE_SHORT, MLI_STORE_RAW, MLI_STORE_NUMBERS, MLI_STORE_CODES };

struct mli_cells {
    enum mli_cells_store store;
    bool pinned;
    enum ml_type type; /* if pinned */
    size_t count;      /* cells so far */
    size_t present;    /* of them not missing */
    size_t capacity;   /* of number or code */
    struct mli_buf raw;
    double *number;
    unsigned decimals; /* SHORT: how many all numbers have in the file, or, if `each`, */
    uint8_t *each;     /* how many each one has, of as many as fit into `each_capacity` */
    size_t each_capacity;
    int32_t *code;
    struct mli_dict *dict;
};

/*
 * `pin`: the type, NULL to infer it. `numbers`: short decimals are kept as numbers from the start; false keeps text,
 * slower and to the same end. Nothing is allocated.
 */
void mli_cells_init(struct mli_cells *cells, const enum ml_type *pin, bool numbers);
void mli_cells_release(struct mli_cells *cells);
/* One more cell; text is NUL-terminated. ML_EDATA when it does not fit the pinned type; ML_ENOMEM, ML_ELIMIT. */
ML_NODISCARD enum ml_status mli_cells_add(struct mli_cells *cells, const char *text, size_t len,
                                          bool missing);
/* Makes the column of them (all but its name) and empties the cells. At least one cell. ML_ENOMEM, ML_ELIMIT. */
ML_NODISCARD enum ml_status mli_cells_finish(struct mli_cells *cells, struct mli_column *column);

#endif
