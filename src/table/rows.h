/*
 * Row builder: a small table under a pinned schema, filled cell by cell. The one place where a raw value meets the
 * schema: predict's CSV reader, the server's JSON and CSV decoders all set cells through it, so they cannot disagree.
 * Fill at most `capacity` rows, look at the table, reset, fill again; nothing is allocated after _new but copies of the
 * texts of TEXT fields without a dictionary, at most MLI_ROWS_TEXT bytes until the next reset.
 */
#ifndef TABLE_ROWS_H
#define TABLE_ROWS_H

#include <base/num.h>
#include <table/decide.h>
#include <table/schema.h>

#define MLI_ROWS_TEXT ((size_t)1 << 30)

enum mli_cell { /* what became of a cell */
    MLI_CELL_OK,
    MLI_CELL_MISSING,      /* stored as missing */
    MLI_CELL_UNKNOWN,      /* a category that training did not see; stored as MLI_CODE_UNKNOWN, as new TEXT is, too (OK) */
    MLI_CELL_NOT_A_NUMBER, /* refused, nothing stored */
    MLI_CELL_NOT_AN_INSTANT,
    MLI_CELL_NO_MEMORY,    /* for the text of a TEXT cell; nothing stored */
};

struct mli_missing; /* set of missing tokens */
/*
 * Built-in tokens (empty, NA N/A NaN nan null NULL None ?) plus `extra` (comma-separated, may be NULL). NULL: no
 * memory.
 */
struct mli_missing *mli_missing_new(const char *extra);
void mli_missing_free(struct mli_missing *missing);
bool mli_missing_has_number(const struct mli_missing *missing); /* a token is a short decimal (base/num.h) */
bool mli_missing_has(const struct mli_missing *missing, const char *text, size_t len);

struct mli_rows;
/*
 * The schema is borrowed and must outlive the builder; so must `missing` (NULL: a set with the built-in tokens only).
 */
ML_NODISCARD enum ml_status mli_rows_new(const struct mli_schema *schema, const struct mli_missing *missing,
                                         size_t capacity, struct mli_rows **out, struct ml_error *err);
/* How texts that come from now on write numbers; at first with a decimal point and no separators. */
void mli_rows_numerals(struct mli_rows *rows, struct mli_numerals numerals);
void mli_rows_free(struct mli_rows *rows);
void mli_rows_reset(struct mli_rows *rows);  /* 0 rows */
bool mli_rows_append(struct mli_rows *rows); /* a new row, all cells missing; false at capacity */
void mli_rows_retract(struct mli_rows *rows); /* the last row is not there any more */
/* Up to n new rows, whose cells are all for the caller to write (mli_rows_numbers()); how many there is room for. */
size_t mli_rows_extend(struct mli_rows *rows, size_t n);
size_t mli_rows_count(const struct mli_rows *rows);
/*
 * Cells of the last row. Text is trimmed of nothing; a NUMBER or INSTANT cell is parsed, a BOOLEAN one is any word that
 * boolean.h knows, the others are looked up.
 */
enum mli_cell mli_rows_set_text(struct mli_rows *rows, size_t field, const char *text, size_t len);
/*
 * One whose shortest text is a missing token (--na -1) is missing. A number for a CATEGORY or BOOLEAN field is looked up by its shortest text; for an INSTANT it is seconds since 1970. Not
 * finite: MLI_CELL_NOT_A_NUMBER.
 */
enum mli_cell mli_rows_set_number(struct mli_rows *rows, size_t field, double value);
/*
 * Where a finite number for that field can be stored without asking, in the place of its row; NULL: it cannot. The place
 * stays for the life of the builder.
 */
double *mli_rows_numbers(struct mli_rows *rows, size_t field);
/* true/false: for a CATEGORY or BOOLEAN looked up as "true"/"false"; for a NUMBER 1/0; for an INSTANT refused. */
enum mli_cell mli_rows_set_bool(struct mli_rows *rows, size_t field, bool value);
/* A text that is not in its column's dictionary. */
struct mli_stranger {
    size_t row, field;
    const char *text;
};
/* From now on such texts are kept until the next reset; of a cell that was set twice, the last one counts. */
void mli_rows_keep_strangers(struct mli_rows *rows);
const struct mli_stranger *mli_rows_strangers(const struct mli_rows *rows, size_t *n);
/* Bytes of the texts that the rows hold: whoever fills many rows looks at them well before MLI_ROWS_TEXT. */
size_t mli_rows_text(const struct mli_rows *rows);
/* The rows so far as a table; borrowed, valid until the next change. */
const struct ml_table *mli_rows_table(const struct mli_rows *rows);

/*
 * Machine-readable code of a refused cell: "not_a_number", "not_an_instant", "unknown_category", "too_large" (NO_MEMORY);
 * "" for the others.
 */
const char *mli_cell_code(enum mli_cell cell);
/* ML_EDATA for a cell of a CSV file that does not fit the type of its column, naming column, text and what to do. */
enum ml_status mli_cell_refuse(const struct mli_pin *type, const char *source, size_t line, size_t column, const char *name,
                               const char *text, struct ml_error *err);

#endif
