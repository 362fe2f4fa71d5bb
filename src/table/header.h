/*
 * Header of a CSV file: the one reading of column names that training and predicting share. It is a dictionary in
 * which code i is the name of column i: names are distinct, because a repeated one gets a suffix (".1", ".2") and an
 * empty one becomes "column7", each with a warning.
 */
#ifndef TABLE_HEADER_H
#define TABLE_HEADER_H

#include <mlctl/log.h>
#include <table/csv.h>
#include <table/dict.h>

/*
 * Reads the first record, ML_EDATA when there is none, and has all others checked for their number of fields. Of a file
 * without a header the names are column1, column2, ..., and the first record comes next.
 */
ML_NODISCARD enum ml_status mli_header_read(struct mli_csv *csv, const struct ml_log *log,
                                            struct mli_dict **out, struct ml_error *err);
/* Column of a name; `status` naming the nearest header name when there is none. `what` introduces it: "--drop"; source names the file. */
ML_NODISCARD enum ml_status mli_header_find(const char *source, const struct mli_dict *header,
                                            const char *name,
                                            enum ml_status status, const char *what, size_t *column,
                                            struct ml_error *err);
/*
 * The name of the header that was probably meant by another. NULL: none is near, or no memory. field: of each column of the header what it is
 * taken for, SIZE_MAX for nothing, and only such are meant; NULL: all are.
 */
const char *mli_header_near(const struct mli_dict *header, const size_t *field, const char *name);
/* The error of n names, one at least, that are not in the header: ML_EDATA, the first few by name with what was probably meant. */
enum ml_status mli_header_lacks(const char *source, const struct mli_dict *header, const size_t *field,
                                const char *const *name, size_t n, struct ml_error *err);

#endif
