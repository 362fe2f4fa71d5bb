/*
 * CSV writer (RFC 4180, LF line ends): a field is quoted when it holds the delimiter, a quote, CR or LF, begins or
 * ends with a space or tab, begins like a byte order mark, or is empty and alone on its line, so that reading gives
 * back the same text. Appends to a buffer; whoever owns the buffer flushes it.
 */
#ifndef TABLE_WRITE_H
#define TABLE_WRITE_H

#include <base/buf.h>
#include <table/table.h>

struct mli_csv_writer {
    struct mli_buf *out;
    char delimiter;
    bool numeric; /* the delimiter may stand in a number, which needs quotes then */
    bool started; /* a field has been written on this line */
    bool blank;   /* that field was empty and is the only one */
};

void mli_csv_writer_init(struct mli_csv_writer *writer, struct mli_buf *out, char delimiter);
void mli_csv_write_text(struct mli_csv_writer *writer, const char *text, size_t len);
void mli_csv_write_number(struct mli_csv_writer *writer, double value); /* NaN: empty field */
void mli_csv_write_numbers(struct mli_csv_writer *writer, const double *value, size_t n); /* one field each */
void mli_csv_write_cell(struct mli_csv_writer *writer, const struct ml_table *table, size_t row, size_t column);
void mli_csv_write_end(struct mli_csv_writer *writer);

#endif
