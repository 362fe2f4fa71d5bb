/*
 * The inside of struct mli_csv, for the files that make a reader: csv_open.c opens one and finds out the dialect,
 * csv_feed.c makes fields of what is in the window, csv.c hands out records, fills the window and leaves bad rows out.
 */
#ifndef TABLE_CSV_INSIDE_H
#define TABLE_CSV_INSIDE_H

#include <table/bad_rows.h>
#include <table/csv.h>
#include <table/decode.h>

#define MLI_CSV_BLOCK ((size_t)64 << 10) /* of which the window is filled; also what is sniffed */
#define MLI_CSV_FIELDS ((size_t)65536)
#define MLI_CSV_RECORD ((size_t)256 << 20)

struct mli_csv {
    struct mli_decode *decode; /* NULL: the window is all there is */
    const char *source;      /* named in errors */
    struct csv_parser *parser; /* libcsv's */
    struct ml_csv_options options; /* nothing in them is left to be found out */
    struct mli_cut cut;            /* its fields are those of the record, whoever made them */
    struct mli_grid grid;          /* many records at once */
    size_t singly, patience;       /* records before it is tried again; how many those were */
    struct mli_buf text;           /* libcsv's fields one after the other, each with its NUL */
    size_t line;                   /* of the piece being fed, 1-based */
    size_t start;                  /* line on which the record starts, 0 before its first byte */
    size_t open;                   /* line on which the field that is not closed yet starts */
    bool complete, finished;       /* the record; the text */
    bool taken;                    /* the fields of this record have been cut where they lie */
    bool failed;                   /* libcsv has to begin anew */
    bool after_cr;                 /* the last piece ended in CR: an LF that follows ends no line */
    bool inside;                   /* the last piece ended inside a line, */
    bool skipping;                 /* which is a comment, or one of the lines */
    size_t skip;                   /* above the header of which so many are still to be passed over */
    size_t expected;               /* fields of a record; 0: any number */
    bool keep;                     /* the record stays in the window from `begin` on, untouched until it is known to be */
    char *begin;                   /* good; what follows is put behind it */
    struct mli_bad_rows *bad_rows; /* takes the malformed ones, once the header has been read; NULL: they are errors */
    enum { MLI_CSV_GOOD, MLI_CSV_BAD_FIELD, MLI_CSV_BAD_END } fault; /* of the record: known where it ends, or not */
    struct ml_error fault_err;
    enum ml_status status;         /* what a callback found */
    struct ml_error *err;          /* where it says so */
    char *block;                   /* the window's memory, when it is our own, */
    size_t capacity;               /* its size */
    char *at, *end;                /* the window: what has not been fed */
    char *lf, *cr;                 /* next LF and CR from `at` on, `end` if there is none */
    char *bad;                     /* the same of what is not text, NULL when not searched for */
};

/* ---- csv_feed.c ------------------------------------------------------------------------------ */

/* A parser for the options, with what cuts records where they lie. ML_ENOMEM. Freed by _parser_free, at any time. */
ML_NODISCARD enum ml_status mli_csv_parser_new(struct mli_csv *csv, struct ml_error *err);
void mli_csv_parser_reset(struct mli_csv *csv); /* after an error of libcsv's */
void mli_csv_parser_free(struct mli_csv *csv);
/* What comes next lies in [at, end). */
void mli_csv_window(struct mli_csv *csv, char *at, char *end);
/* One record or one line of the window, or as much of it as libcsv gets at a time; csv->complete says whether it ends. */
ML_NODISCARD enum ml_status mli_csv_feed(struct mli_csv *csv);
ML_NODISCARD enum ml_status mli_csv_feed_end(struct mli_csv *csv); /* there is no more */
enum ml_status mli_csv_no_memory(struct mli_csv *csv);

#endif
