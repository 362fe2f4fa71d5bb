/* What is said, once a column, of a type that was inferred and that the user may have meant otherwise. */
#ifndef TABLE_ADVISE_H
#define TABLE_ADVISE_H

#include <table/table.h>

/*
 * Looks at the type, the marks and the dictionary of a finished column: dates that may be day or month first, numbers
 * that lose digits, and a column that would be a number but for a few values.
 */
void mli_advise(const struct mli_column *column, const struct ml_log *log);

#endif
