/* What is said, once a column, of a type that was inferred and that the user may have meant otherwise. */
#ifndef TABLE_ADVISE_H
#define TABLE_ADVISE_H

#include <table/table.h>

/* Looks at the type and the dictionary of a finished column; `rows` of the table. */
void mli_advise(const struct mli_column *column, size_t rows, const struct ml_log *log);

#endif
