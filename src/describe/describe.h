/*
 * Describe: what is in a table, how its columns go with the target, and what is wrong with it. The numbers do not depend
 * on the number of threads. Columns are worked on side by side; beside the table it takes 48 bytes a row and thread.
 */
#ifndef DESCRIBE_DESCRIBE_H
#define DESCRIBE_DESCRIBE_H

#include <describe/goal.h>
#include <describe/leak.h>
#include <describe/link.h>
#include <describe/pairs.h>
#include <describe/profile.h>
#include <describe/warn.h>

struct mli_description {
    const struct ml_table *table; /* borrowed */
    size_t duplicates;            /* rows that equal an earlier one */
    size_t missing;               /* cells */
    struct mli_goal goal;
    struct mli_profile *profile;  /* one a column; owned, as all below */
    struct mli_link *link;        /* one a column; of the target itself all NaN */
    struct mli_leak *leak;        /* likewise */
    struct mli_pairs pairs;
    struct mli_warnings warnings;
};

/*
 * table: with at least one column; stays with the caller and must outlive the description. target NULL: the last column.
 * threads 0: one a processor. ML_EUSAGE: no such column; ML_ELIMIT, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_describe(const struct ml_table *table, const char *target, size_t threads,
                                         struct mli_description **out, struct ml_error *err);
void mli_description_free(struct mli_description *description); /* NULL is fine */

/* Columns by the strength of their link, strongest first; those without one last, in file order. order: one a column. */
void mli_description_by_link(const struct mli_description *description, size_t *order);
/* Columns by missing cells, most first. */
void mli_description_by_missing(const struct mli_description *description, size_t *order);

#endif
