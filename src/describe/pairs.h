/* Pairs of number columns that say nearly the same: Pearson's r over the rows where neither is missing. */
#ifndef DESCRIBE_PAIRS_H
#define DESCRIBE_PAIRS_H

#include <describe/profile.h>
#include <table/table.h>

#define MLI_PAIR 0.95          /* |r| above this is told */
#define MLI_PAIRS ((size_t)200) /* pairs told, the strongest */

struct mli_pair {
    size_t one, two; /* columns, one < two */
    double r;
};

struct mli_pairs {
    struct mli_pair *pair; /* strongest first; owned */
    size_t n, found;       /* found: how many there are, told or not */
    size_t *group;         /* one a column of the table: the least column that a chain of pairs leads to; owned */
    size_t columns;        /* that were compared; of more number columns the first ones */
    size_t step;           /* every step-th row was looked at */
};

/*
 * All pairs of number columns but `skip`, at most 1000 of them; past some 10^9 products every step-th row, never fewer than
 * 1000. The result does not depend on threads. ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_pairs_find(const struct ml_table *table, const struct mli_profile *profile,
                                           size_t skip, size_t threads, struct mli_pairs *out,
                                           struct ml_error *err);
void mli_pairs_release(struct mli_pairs *pairs);

#endif
