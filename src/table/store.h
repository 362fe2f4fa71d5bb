/* How cells are kept (cells.h), for the files that fill, append and finish them: room, from one store to another. */
#ifndef TABLE_STORE_H
#define TABLE_STORE_H

#include <table/cells.h>

extern const struct mli_pin mli_store_as_number, mli_store_as_iso;

bool mli_store_numeric(enum mli_cells_store store); /* it keeps doubles */
/* Room for `count` cells in what the store keeps them in. A capacity holds for all arrays that are there. */
bool mli_store_reserve(struct mli_cells *cells, size_t count);
void mli_store_forget(struct mli_cells *cells); /* the doubles */
/* One of the arrays, in memory or in the spool; NULL is fine to be freed. */
void *mli_store_array(const struct mli_cells *cells, size_t count, size_t size);
void mli_store_free(const struct mli_cells *cells, void *array);

/* The value of one cell as a type; false if it is none. */
bool mli_store_parse(const struct mli_cells *cells, const struct mli_pin *as, const char *text, size_t len,
                     double *value);
/* Parses all raw cells as one type; false when one does not parse. */
bool mli_store_raw_to_numbers(struct mli_cells *cells, const struct mli_pin *as, double *number);
unsigned mli_store_raw_shapes(const struct mli_cells *cells); /* those that all raw cells share */

/* The texts of short decimals, to go on with raw cells. */
ML_NODISCARD enum ml_status mli_store_short_to_raw(struct mli_cells *cells);
ML_NODISCARD enum ml_status mli_store_raw_to_codes(struct mli_cells *cells);
/* Not a column's numbers or instants: they have no text. */
ML_NODISCARD enum ml_status mli_store_to_raw(struct mli_cells *cells);
ML_NODISCARD enum ml_status mli_store_to_codes(struct mli_cells *cells);
/* Codes of raw cells, from row `first` on, where there is room. */
ML_NODISCARD enum ml_status mli_store_set_codes(struct mli_cells *cells, size_t first, const struct mli_buf *raw,
                                                size_t count);

#endif
