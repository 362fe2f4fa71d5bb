/*
 * CSV records by libcsv: csv_feed.c is the one file that includes its csv.h. Pull interface over a push parser: records are
 * handed out one by one. Fields are NUL-terminated, unquoted, and live until the next call. A field without quotes
 * loses the spaces and tabs around it (not the delimiter), so " 5.1" is a number and " NA " is missing; a quoted
 * field keeps them. MLI_CSV_ROOM bytes can be read from the first of a field on, however short it is.
 */
#ifndef TABLE_CSV_H
#define TABLE_CSV_H

#include <base/file.h>
#include <mlctl/table.h>
#include <table/cut.h>
#include <table/grid.h>

#define MLI_CSV_ROOM ((size_t)24)

struct mli_csv_record {
    size_t count;
    const struct mli_csv_field *field;
    size_t line; /* 1-based line on which the record starts */
};

struct mli_csv;
/*
 * Takes the input (closed by _close, and on failure). What the options leave open is found out from the first 64 KiB, or
 * from what a pipe has given when it makes a pause, see sniff.h, and said in options->log. ML_EUSAGE for a delimiter or quote that cannot be one (CR, LF, not ASCII, both the
 * same). The text is that of decode.h. Lines end in LF, CRLF or CR; blank ones are skipped. Errors: NUL byte, invalid
 * UTF-8, text after a closing quote, a quote that never closes, a field over max_field, a record over 256 MiB or of more
 * than 65536 fields: ML_EDATA with the line.
 */
ML_NODISCARD enum ml_status mli_csv_open(struct mli_input *input, const struct ml_csv_options *options,
                                         struct mli_csv **out, struct ml_error *err);
/*
 * The same over text in memory that holds whole records (the last may lack its line end at the end of a file): a chunk
 * of a file that another thread has read, decoded and cut where records end. `line` is the number of its first line.
 * The text is written into as fields are cut where they lie; MLI_CSV_ROOM more bytes must be
 * there, of which text[len] may be written.
 * Nothing is sniffed (the delimiter must be given), decoded or skipped (but comments). `source` names it in errors and is
 * borrowed, as the text is. _reset_text begins anew on another chunk, after an error too, and allocates nothing.
 */
ML_NODISCARD enum ml_status mli_csv_open_text(char *text, size_t len, size_t line, const char *source,
                                              const struct ml_csv_options *options, struct mli_csv **out,
                                              struct ml_error *err);
void mli_csv_reset_text(struct mli_csv *csv, char *text, size_t len, size_t line);
/* The next record; ML_OK with record->count == 0 at the end. After an error only _close or _reset_text may follow. */
ML_NODISCARD enum ml_status mli_csv_next(struct mli_csv *csv, struct mli_csv_record *record, struct ml_error *err);
/*
 * Of text in memory, whose records are to have a known number of fields: as many of the next records as can be cut at
 * once, valid until the next call of any kind. NULL: the next record is to be asked for by _next (which says why, if
 * it is an error), or memory is out, in which case _next will do as well.
 */
const struct mli_grid *mli_csv_next_grid(struct mli_csv *csv);
/*
 * From here on records have this many fields: others are ML_EDATA. Called when the header has been read, which is the
 * last record; with `again` that was a row (options->no_header), and comes next once more. Where options->bad_rows says
 * so, malformed records are left out from here on; _end, after the last record, says how many and puts the quarantine in
 * place. A file read as one table with another goes on with its bad rows after _follow, which comes before _expect.
 */
ML_NODISCARD enum ml_status mli_csv_expect(struct mli_csv *csv, size_t fields, bool again, struct ml_error *err);
void mli_csv_follow(struct mli_csv *csv, struct mli_csv *before);
ML_NODISCARD enum ml_status mli_csv_end(struct mli_csv *csv, struct ml_error *err);
/*
 * What follows the last record as text: what is in the reader, then the rest of the input. *got is 0 at the end only.
 * Not for a reader of text in memory. After the first call no _next.
 */
ML_NODISCARD enum ml_status mli_csv_read_rest(struct mli_csv *csv, char *bytes, size_t n, size_t *got,
                                              struct ml_error *err);
/* All records that have come are handed out, and more would have to be waited for; never for files. */
bool mli_csv_waits(const struct mli_csv *csv);
size_t mli_csv_line(const struct mli_csv *csv); /* the line that comes next, 1-based */
/*
 * Whether records may be told apart by counting quotes, an even number of which lies between any two (none that count
 * with ML_QUOTE_NONE), so that chunks of them may be read side by side.
 */
bool mli_csv_may_cut(const struct mli_csv *csv);
/* The options it was opened with, those left open replaced by what was found. */
const struct ml_csv_options *mli_csv_options(const struct mli_csv *csv);
const char *mli_csv_encoding(const struct mli_csv *csv);      /* see mli_decode_encoding(); not of a text in memory */
const char *mli_csv_source(const struct mli_csv *csv);        /* as in errors */
struct mli_input *mli_csv_input(const struct mli_csv *csv);   /* NULL for text */
void mli_csv_close(struct mli_csv *csv);

#endif
