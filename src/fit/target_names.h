/*
 * Names of the target's columns as one text, "a,b": a comma of a name is written "\\,". A text that is the name of a column
 * as it stands is that one column, commas or not.
 */
#ifndef FIT_TARGET_NAMES_H
#define FIT_TARGET_NAMES_H

#include <table/table.h>

/*
 * Indices of the columns that a text names, heap, count in *n; NULL: the last column. ML_EUSAGE: one that is not there
 * (nearest name), one that is named twice.
 */
ML_NODISCARD enum ml_status mli_target_names(const struct ml_table *table, const char *text, const struct ml_log *log,
                                             size_t **columns, size_t *n, struct ml_error *err);
/* The text of n names; heap. NULL: no memory. */
char *mli_target_text(const char *const *names, size_t n);

#endif
