/*
 * Table: a CSV file as typed columns.
 *
 * A column is a NUMBER or an INSTANT (doubles, NaN where the cell is missing; an instant is seconds since
 * 1970-01-01T00:00:00Z) or a CATEGORY, BOOLEAN, TEXT or IDENTIFIER (codes into a dictionary). A BOOLEAN has a
 * dictionary of two words, the false one first. TEXT and IDENTIFIER are categories whose values are nearly all distinct,
 * of words or of single tokens. A finished table is immutable and may be shared by threads.
 */
#ifndef MLCTL_TABLE_H
#define MLCTL_TABLE_H

#include <mlctl/log.h>
#include <mlctl/status.h>
#include <stdbool.h>

enum ml_type {
    ML_TYPE_NUMBER,
    ML_TYPE_CATEGORY,
    ML_TYPE_INSTANT,
    ML_TYPE_TEXT,
    ML_TYPE_BOOLEAN,
    ML_TYPE_IDENTIFIER,
};

/* "number", "category", "instant", "text", "boolean", "identifier". Static storage. */
const char *ml_type_name(enum ml_type type);
bool ml_type_parse(const char *name, enum ml_type *out);

#define ML_QUOTE_NONE '\x7F' /* of ml_csv_options */

enum ml_said {
    ML_SAID_HEADER = 1, /* the first line is one, whatever it looks like */
    ML_SAID_SKIP_ROWS = 2,
    ML_SAID_COMMENT = 4,
    ML_SAID_THOUSANDS = 8,
};

enum ml_bad_rows {
    ML_BAD_ROWS_ERROR,      /* the first one ends the reading */
    ML_BAD_ROWS_SKIP,       /* left out; the log hears of the first ones and how many there were */
    ML_BAD_ROWS_QUARANTINE, /* and written to a CSV file: line, reason, text, file */
};

/* How the text of a CSV file is cut into cells. Zeros: everything is found out from the file. */
struct ml_csv_options {
    char delimiter;   /* 0: sniffed among , ; tab | */
    char quote;       /* 0: found out, mostly the double quote; ML_QUOTE_NONE: quotes are text like any other */
    char comment;     /* lines that begin with it, where a record would, are passed over; 0: none */
    size_t skip_rows; /* lines above the header to pass over, blank ones and comments too */
    /*
     * The decimal point ('.' or ','; 0: found out from the first numbers of the file, which is said of a comma), and what may stand between groups of three digits in front of it (0: nothing).
     */
    char decimal, thousands;
    bool no_header;   /* the first line is a row; columns are called column1, column2, ... */
    size_t max_field; /* bytes of a field, more is an error; 0: 16 MiB */
    /*
     * utf-8, utf-16, utf-16le, utf-16be, latin1, windows-1252 or another that iconv knows. NULL: by its byte order mark,
     * else UTF-8, or windows-1252 when the first byte that is not ASCII is not UTF-8 (a warning says so).
     */
    const char *encoding;
    /*
     * Rows that are malformed: another number of fields than the header, a misplaced quote, a NUL, bytes that are no
     * text, a field over the limit. After a quote that is misplaced or never closed the next line is taken for a row.
     * Leaving them out takes one thread. The header is never left out.
     */
    enum ml_bad_rows bad_rows;
    const char *quarantine; /* the file; written also when nothing was left out */
    unsigned said;          /* which of them are nothing on purpose, so that no model or prep file fills them in: ML_SAID_... */
    size_t title_lines; /* found out, whatever it is: lines above what looks like the header, for errors to name */
    bool libcsv;        /* no fast lane: every byte goes through libcsv, in one thread. Gives the same table, for tests */
    const struct ml_log *log; /* hears of what was found out; NULL: the log of who reads, if any */
};

/*
 * Hears how far reading is, one call at a time from any thread: rows so far and the share of the bytes that is read, -1
 * when that is not known; at the end once with 1.
 */
struct ml_read_progress {
    void (*show)(void *data, size_t rows, double share); /* NULL: nobody listens */
    void *data;
};

struct ml_read_options {
    bool undigested;         /* the SHA-256 of the files is not needed: a sixth less time */
    struct ml_csv_options csv;
    const char *missing;     /* comma-separated tokens besides the built-in ones, NULL: none */
    const char *needs;       /* who pins the types and needs those columns, e.g. "the model m": one that is not there is ML_EDATA;
                                NULL: --type does, ML_EUSAGE */
    const char *const *type; /* "column=type" pins, NULL-terminated; NULL: none. "instant:dmy" (mdy, ymd, iso, named) too */
    const char *schema;      /* schema file, as `mlctl schema` prints, that the table must follow; NULL: none */
    const char *const *drop; /* names of columns not to keep, NULL-terminated; NULL: none */
    size_t threads;          /* 0: one a processor; the table does not depend on it */
    size_t chunk;            /* bytes that a thread parses at a time, 0: 1 MiB; the table does not depend on it */
    const struct ml_log *log;
    struct ml_read_progress progress;
};

#define ML_READ_OPTIONS_INIT { 0 }

struct ml_table;

/*
 * Reads a whole CSV file (or "-"): RFC 4180 with a header line, UTF-8 with or without BOM, LF or CRLF, gzip and zstd by their magic
 * bytes. Types are inferred over all rows: NUMBER if every present cell is a number, INSTANT if every one is a date or
 * date-time in one format (ISO 8601, day first, month first, year first, with the name of the month; day first, and a
 * warning, where month first would fit as well), BOOLEAN if they are the two words of one pair (yes/no, y/n, true/false, t/f, on/off, in any case),
 * else CATEGORY, or, when there are more than 50 distinct values and more than half of the present cells are distinct,
 * TEXT, or IDENTIFIER if fewer than a tenth of them have a space. A column without any present cell is a NUMBER. Errors: ML_EDATA with line and field number, ML_EUSAGE for a
 * pin or drop that names no column (nearest name suggested), ML_EIO, ML_ENOMEM, ML_ELIMIT.
 */
ML_NODISCARD enum ml_status ml_table_read(const char *path, const struct ml_read_options *options,
                                          struct ml_table **out, struct ml_error *err);
/*
 * Several files as one table, rows in the order of the paths: all have the same column names, in any order, and types
 * are inferred over all rows of all of them. ML_EDATA naming file and column when one lacks a column or has another.
 */
ML_NODISCARD enum ml_status ml_table_read_files(const char *const *paths, size_t n,
                                                const struct ml_read_options *options,
                                                struct ml_table **out, struct ml_error *err);
void ml_table_free(struct ml_table *table); /* NULL is fine */

size_t ml_table_rows(const struct ml_table *table);
size_t ml_table_columns(const struct ml_table *table);
const char *ml_table_name(const struct ml_table *table, size_t column);
enum ml_type ml_table_type(const struct ml_table *table, size_t column);
/* Index of a column, ml_table_columns() when there is none of that name. */
size_t ml_table_find(const struct ml_table *table, const char *name);
/* NUMBER and INSTANT columns: rows doubles, borrowed; NULL for the other types. */
const double *ml_table_numbers(const struct ml_table *table, size_t column);
/* Cell of any type as text (number in shortest form, instant as ISO 8601), "" when missing; out is NUL-terminated, cut to size. */
void ml_table_text(const struct ml_table *table, size_t row, size_t column, char *out, size_t size);

#endif
