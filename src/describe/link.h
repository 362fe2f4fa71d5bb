/*
 * How strongly a column goes with the target, over the rows that have both.
 *
 *   number, quantity     Pearson's r, Spearman's rho
 *   number, class        eta^2, the share of the column's variance that lies between classes; AUC, the chance that a
 *                        row of the class has the greater value, ties half [Mann & Whitney 1947]
 *   category, class      Cramer's V with the bias correction of Bergsma 2013
 *   category, quantity   eta^2, the share of the target's variance that lies between categories
 *
 * `strength` puts them on one scale, 0 (nothing) to 1 (one gives the other away), that of a correlation without its sign:
 * |r|, |rho|, V, |2 AUC - 1|, and eta for eta^2 less what as many groups would take up by chance (epsilon^2 of Kelley
 * 1935); the largest of those there are. It is no probability and says nothing about cause.
 */
#ifndef DESCRIBE_LINK_H
#define DESCRIBE_LINK_H

#include <describe/goal.h>

struct mli_link {
    size_t n;    /* rows with both */
    double pearson, spearman, eta2, auc, cramers_v; /* NaN: not one for these types, or not defined */
    double strength; /* NaN: not measured */
};

/*
 * AUC: of two classes that of the second, so that under 0.5 says the first one has the greater values. Of more, the mean
 * over the classes of max(AUC, 1 - AUC), each against the rest and weighted by its rows.
 * order: of the column if it holds doubles; scratch: 2 rows doubles, overwritten. ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_link_measure(struct mli_link *link, const struct mli_column *column, size_t rows,
                                             const struct mli_order *order, const struct mli_goal *goal,
                                             double *scratch, struct ml_error *err);

/* Pearson's r over the rows where neither is missing; NaN when one of them does not vary there. */
double mli_link_pearson(const double *x, const double *y, size_t rows, size_t step);

#endif
