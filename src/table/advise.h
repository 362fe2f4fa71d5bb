/*
 * What is said, once a column, of a type that was inferred and that the user may have meant otherwise: dates of which day
 * and month could be exchanged; numbers that lose digits; a category nine tenths of whose cells are numbers, numbers with a sign or separators, or
 * dates. It looks at the dictionary and counts codes; the cells themselves are not there any more.
 */
#ifndef TABLE_ADVISE_H
#define TABLE_ADVISE_H

#include <base/num.h>
#include <table/table.h>

struct mli_adviser {
    size_t rows;
    size_t first_line; /* of row 0, the next row in the next line and so on; 0: lines are not known */
    struct mli_numerals numerals;
    const struct ml_log *log;
    size_t said; /* warnings so far; after some of them only their number is kept */
};

/* A finished column; `pinned`: its type was given. */
void mli_advise(struct mli_adviser *adviser, const struct mli_column *column, bool pinned);
/* Behind the last column. */
void mli_advise_end(const struct mli_adviser *adviser);

#endif
