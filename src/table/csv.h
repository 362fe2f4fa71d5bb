/*
 * CSV records by libcsv: csv.c is the one file that includes csv.h. Pull interface over a push parser: records are
 * handed out one by one. Fields are NUL-terminated, unquoted, and live until the next call. A field without quotes
 * loses the spaces and tabs around it (not the delimiter), so " 5.1" is a number and " NA " is missing; a quoted
 * field keeps them.
 */
#ifndef TABLE_CSV_H
#define TABLE_CSV_H

#include <base/file.h>
#include <mlctl/table.h>

struct mli_csv_field {
    const char *text;
    size_t len;
};

struct mli_csv_record {
    size_t count;
    const struct mli_csv_field *field;
    size_t line; /* 1-based line on which the record starts */
};

struct mli_csv;
/*
 * Takes the input (closed by _close, and on failure). A delimiter of 0 is sniffed from the first 64 KiB, see sniff.h.
 * ML_EUSAGE for a delimiter that cannot be one (a quote, CR, LF, not ASCII). A BOM is skipped. Lines end in LF, CRLF
 * or CR; blank ones are skipped. Errors: NUL byte, invalid UTF-8, text after a closing quote, a quote that never
 * closes, a field over 16 MiB, a record over 256 MiB or of more than 65536 fields: ML_EDATA with the line.
 */
ML_NODISCARD enum ml_status mli_csv_open(struct mli_input *input, const struct ml_csv_options *options,
                                         struct mli_csv **out, struct ml_error *err);
/* The next record; ML_OK with record->count == 0 at the end. After an error only _close may follow. */
ML_NODISCARD enum ml_status mli_csv_next(struct mli_csv *csv, struct mli_csv_record *record, struct ml_error *err);
char mli_csv_delimiter(const struct mli_csv *csv);
struct mli_input *mli_csv_input(const struct mli_csv *csv);
void mli_csv_close(struct mli_csv *csv);

#endif
