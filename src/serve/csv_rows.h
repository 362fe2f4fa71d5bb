/*
 * Rows of a CSV body: a header line and rows below it, read by the same code as a file (table/csv.h), columns matched
 * by name in any order, others ignored. Or rows alone, their columns those of the model in order. When nobody says which,
 * a first line that has the name of a column in it is a header. A gzip body is refused: it could unpack to anything.
 */
#ifndef SERVE_CSV_ROWS_H
#define SERVE_CSV_ROWS_H

#include <serve/content.h>
#include <serve/intake.h>

/*
 * Reads text[0..len) into the intake (faults are not errors). ML_EDATA: not CSV, with the line; a column of the model
 * that the header lacks, with a fault for each of them; no rows. ML_ELIMIT: too many rows; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_csv_rows(const char *text, size_t len, enum mli_header header,
                                         struct mli_intake *intake, struct ml_error *err);

#endif
