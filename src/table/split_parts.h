/* What the parts of a split share. Each fills part[i] of every row; split.h says by which rule. */
#ifndef TABLE_SPLIT_PARTS_H
#define TABLE_SPLIT_PARTS_H

#include <table/split.h>

/* The nearest number of rows to n * fraction that leaves a row on each side, if there are two rows. */
size_t mli_split_share(size_t n, double fraction);
size_t mli_split_classes(const struct mli_split_rows *rows); /* number of classes, 1 when none are known */
size_t mli_split_class(const struct mli_split_rows *rows, size_t i);
enum ml_status mli_split_out_of_memory(size_t n, struct ml_error *err); /* always ML_ENOMEM, for n rows */
/* Index of the column that the split names; ML_EUSAGE with the nearest name. */
ML_NODISCARD enum ml_status mli_split_column(const struct mli_split *split, const struct ml_table *table,
                                             size_t *column, struct ml_error *err);

ML_NODISCARD enum ml_status mli_split_random(const struct mli_split *split, const struct mli_split_rows *rows,
                                             uint64_t seed, uint8_t *part, struct ml_error *err);
ML_NODISCARD enum ml_status mli_split_groups(const struct mli_split *split, const struct mli_split_rows *rows,
                                             uint64_t seed, uint8_t *part, struct ml_error *err);
ML_NODISCARD enum ml_status mli_split_time(const struct mli_split *split, const struct mli_split_rows *rows,
                                           uint8_t *part, struct ml_error *err);

#endif
