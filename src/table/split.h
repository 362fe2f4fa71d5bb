/*
 * Split: which part each row belongs to: 0 to learn from, 1 and on held out. A pure function of the specification, the
 * rows and the seed, so the held-out rows of a recorded training run can be found again.
 *
 *   random:F         a fraction F (0 < F < 1) at random, to the nearest row; with classes, F of each class (largest
 *                    remainders, at least one row of a class with two or more rows on each side, a lone row stays); with
 *                    groups, whole groups
 *   every:K          row i is held out when i % K == K - 1, K >= 2
 *   last:F           the last fraction F in file order, to the nearest row
 *   time:COLUMN:F    the fraction F with the latest values in a number or instant column. Rows of one value stay
 *                    together, so the cut is at the change of value that is nearest to F. A row without a value is in
 *                    part 0.
 *   column:NAME      rows whose value in that column is 1, true, yes or test (any case), or the true word of a boolean;
 *                    the column is no feature
 *   none             no row
 * random, last and time take up to 8 fractions, F,G,..., each a part of its own, 0 has what they leave; parts 1, 2, ...
 * of last and time follow one another, the last is the latest. A fraction of two or more rows leaves at least one row in
 * each part.
 */
#ifndef TABLE_SPLIT_H
#define TABLE_SPLIT_H

#include <mlctl/status.h>
#include <stdint.h>
#include <table/table.h>

enum mli_split_kind {
    MLI_SPLIT_NONE,
    MLI_SPLIT_RANDOM,
    MLI_SPLIT_EVERY,
    MLI_SPLIT_LAST,
    MLI_SPLIT_COLUMN,
    MLI_SPLIT_TIME
};

#define MLI_SPLIT_SHARES 8 /* fractions at most */

struct mli_split {
    enum mli_split_kind kind;
    size_t shares; /* RANDOM, LAST, TIME: fractions given, */
    double share[MLI_SPLIT_SHARES]; /* of parts 1, 2, ...; together below 1 */
    size_t every;
    char column[256]; /* COLUMN, TIME */
};

/* What a split may look at. Zeros: nothing is known of the rows. */
struct mli_split_rows {
    size_t n;                     /* rows, in file order */
    const int32_t *classes;       /* NULL or n codes >= 0: a random split keeps their shares */
    const size_t *groups;         /* NULL or n numbers below n: a random split keeps rows of one number together */
    const struct ml_table *table; /* of n rows, for column: and time:, else NULL */
    const struct ml_log *log;     /* NULL is fine */
};

/* ML_EUSAGE when it does not parse, naming the part at fault. */
ML_NODISCARD enum ml_status mli_split_parse(const char *text, struct mli_split *out, struct ml_error *err);
size_t mli_split_parts(const struct mli_split *split); /* 1 for none, else 2 or more */
/*
 * part[i] of each row. ML_EDATA when a part would be empty (except `none`), or a time column holds neither numbers nor
 * instants; ML_EUSAGE for a column that does not exist, or groups with another split than random.
 *
 * Groups: in random order, each whole group goes to the part being filled if that brings the part nearer to its share of
 * the rows, summed over the classes, each weighed by its frequency: sum_c (held_c - share n_c)^2 / n_c. Parts are filled
 * one after the other. A part that no group fits gets the smallest one.
 */
ML_NODISCARD enum ml_status mli_split_apply(const struct mli_split *split, const struct mli_split_rows *rows,
                                            uint64_t seed, uint8_t *part, struct ml_error *err);

/* Index of a column that a split names; ML_EUSAGE with the nearest name when there is none. `what`: "--group city". */
ML_NODISCARD enum ml_status mli_split_find(const struct ml_table *table, const char *what, const char *name,
                                           size_t *column, struct ml_error *err);

#endif
