/*
 * What reading a table (read.c) knows on its way: read_rows.c takes the files' rows into the columns' cells, read_columns.c
 * makes the table's columns of those.
 */
#ifndef TABLE_READER_H
#define TABLE_READER_H

#include <table/cells.h>
#include <table/chunks.h>
#include <table/faults.h>
#include <table/read_plan.h>
#include <table/rules.h>
#include <table/table.h>

struct mli_reader {
    const struct ml_read_options *options;
    struct mli_chunks *chunks;
    const struct mli_dict *header; /* the chunks' */
    struct mli_missing *missing;
    struct mli_rules *rules;   /* NULL: no schema file */
    struct mli_faults faults;  /* cells that depart from them */
    struct mli_numerals numerals;
    struct mli_read_plan *plan; /* one a column of the file */
    struct mli_cells *cells; /* the same; those of dropped columns stay empty */
    size_t columns, rows;
    uint64_t bytes;    /* of text that the rows were */
    size_t *file_rows; /* rows of each file; NULL when they are not counted */
    size_t first_line; /* of row 0 */
    bool irregular;    /* rows do not stand in a line each, one after the other */
    struct mli_spool *spool; /* where the cells' arrays are; NULL: memory */
    size_t texts;      /* bytes that texts may take then */
    size_t pieces;     /* appended */
    bool forgetful, again; /* the files can be read again; they are being, for the columns that are lost */
};

/* ML_ENOMEM, or ML_EIO where the cells are on the disk. */
enum ml_status mli_reader_no_memory(const struct mli_reader *reader, struct ml_error *err);

/* ---- read_rows.c ---- */

void mli_reader_init_cells(const struct mli_reader *reader, struct mli_cells *cells, size_t column);
/* All rows of the chunks, into the cells. */
ML_NODISCARD enum ml_status mli_reader_rows(struct mli_reader *reader, struct ml_error *err);

/* ---- read_columns.c ---- */

/* The cells' columns, typed and named, into a table that has room for them. */
ML_NODISCARD enum ml_status mli_reader_columns(struct mli_reader *reader, struct ml_table *table, struct ml_error *err);

#endif
