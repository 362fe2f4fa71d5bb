/*
 * Split: which rows are held out. A pure function of the specification, the row count, the classes and the seed, so
 * the held-out rows of a recorded training run can be found again.
 *
 *   random:F     a fraction F (0 < F < 1) at random, to the nearest row; with classes, F of each class (largest
 *                remainders, at least one row of a class with two or more rows on each side, a lone row stays)
 *   every:K      row i is held out when i % K == K - 1, K >= 2
 *   last:F       the last fraction F in file order, to the nearest row
 *   column:NAME  rows whose value in that column is 1, true, yes or test (any case); the column is no feature
 *   none         no row
 * A fraction of two or more rows leaves at least one row on each side.
 */
#ifndef TABLE_SPLIT_H
#define TABLE_SPLIT_H

#include <mlctl/status.h>
#include <stdint.h>
#include <table/table.h>

enum mli_split_kind { MLI_SPLIT_NONE, MLI_SPLIT_RANDOM, MLI_SPLIT_EVERY, MLI_SPLIT_LAST, MLI_SPLIT_COLUMN };

struct mli_split {
    enum mli_split_kind kind;
    double fraction;
    size_t every;
    char column[256];
};

/* ML_EUSAGE when it does not parse, naming the part at fault. */
ML_NODISCARD enum ml_status mli_split_parse(const char *text, struct mli_split *out, struct ml_error *err);
/*
 * test[i] = 1 for held-out rows. n rows in order, those without a target already left out. classes: NULL or n codes
 * >= 0 for a stratified random split. `table` gives the column of column:NAME (rows == n), else NULL. ML_EDATA when
 * either side would be empty (except `none`), ML_EUSAGE for a column that does not exist.
 */
ML_NODISCARD enum ml_status mli_split_apply(const struct mli_split *split, size_t n, const int32_t *classes,
                                            const struct ml_table *table, uint64_t seed, uint8_t *test,
                                            struct ml_error *err);

/* Whether the text of a cell of a split column means test: the number 1, or true, yes or test in any case. */
bool mli_split_marks(const char *text);

#endif
