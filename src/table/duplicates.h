/*
 * Duplicates: which rows say the same in the columns one looks at. Numbers and instants are equal by value (so 1 and
 * 1.0 in the file, and -0 and 0), all other cells by their bytes; missing equals missing. That is what
 * pandas.DataFrame.duplicated(keep="first") and drop_duplicates() call equal.
 */
#ifndef TABLE_DUPLICATES_H
#define TABLE_DUPLICATES_H

#include <mlctl/status.h>
#include <stdint.h>
#include <table/table.h>

/*
 * Numbers the distinct rows from 0 in order of first sight: rows i and j have id[i] == id[j] if and only if they are
 * equal in all n columns. columns NULL: every column of the table, n is then ignored. id has table->rows entries;
 * *distinct of them differ. Time and memory (24 bytes a row on the way, freed) grow with the rows. ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_duplicates_number(const struct ml_table *table, const size_t *columns,
                                                  size_t n, size_t *id, size_t *distinct,
                                                  struct ml_error *err);
/*
 * The same by so many bits of each row's hash, 0 to 64 (_number: 64). The result does not depend on them, the time
 * does: rows whose bits agree are compared cell by cell, with 0 all are, which is what tests want to see.
 */
ML_NODISCARD enum ml_status mli_duplicates_number_by(const struct ml_table *table, const size_t *columns, size_t n,
                                                     unsigned bits, size_t *id, size_t *distinct,
                                                     struct ml_error *err);
/*
 * repeat[i] = 1 for each row that equals an earlier one, 0 for the first of its kind; *count of them are 1. repeat may
 * be NULL: only the count is wanted. columns and n as above. ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_duplicates_mark(const struct ml_table *table, const size_t *columns,
                                                size_t n, uint8_t *repeat, size_t *count,
                                                struct ml_error *err);

#endif
