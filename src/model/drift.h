/*
 * Drift: how the rows that a model gets are spread over the bins of its training rows (table/bins.h), column by column; and its
 * predictions over those of the rows that its metrics are of (predicted.h), target by target.
 *
 * PSI, the population stability index [Siddiqi 2006, "Credit Risk Scorecards", chapter 8], of a column with B bins:
 *
 *   sum over the bins of (q - p) ln(q / p)      p = (training rows of the bin / training rows + e) / (1 + e B)
 *                                               q = the same of the rows counted       e = 0.0001
 *
 * so an empty bin has a share of about one in ten thousand, and one that is empty on both sides adds nothing. The bins are those of
 * the histogram, of a category one more for the values that training did not see, and one more for missing cells. Below 0.1
 * nothing much has changed, from 0.2 on it is time to look.
 *
 * Counts are a flat array that the caller has: rows are added in any order, and arrays can be added up. What a table is made of
 * is immutable, and safe to share.
 */
#ifndef MODEL_DRIFT_H
#define MODEL_DRIFT_H

#include <model/model.h>

#define MLI_PSI_SHARE 1e-4 /* e */

struct mli_drift;

struct mli_drift *mli_drift_new(const struct mli_schema *schema); /* borrowed; of columns alone; NULL: no memory */
/* Of a model, borrowed: its columns, and its targets if its record has what they are compared with. ML_EARTIFACT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_drift_of(const struct ml_model *model, struct mli_drift **out, struct ml_error *err);
void mli_drift_free(struct mli_drift *drift);                     /* NULL is fine */
size_t mli_drift_columns(const struct mli_drift *drift);
size_t mli_drift_targets(const struct mli_drift *drift); /* 0: none is compared */
size_t mli_drift_counts(const struct mli_drift *drift); /* numbers that an array of counts has */

/* Adds the rows of a table that follows the schema by position to counts. */
void mli_drift_add(const struct mli_drift *drift, const struct ml_table *rows, uint64_t *counts);

/* Likewise n predictions, P (n, width of the model). */
void mli_drift_add_predictions(const struct mli_drift *drift, const double *P, size_t n, uint64_t *counts);

#define MLI_DRIFT_BINS (MLI_BINS_MAX + 2)

struct mli_drift_column {
    const char *name;
    uint64_t rows;                   /* counted */
    uint64_t missing;                /* cells without a value */
    uint64_t unseen;                 /* categories that training did not see */
    uint64_t outside;                /* numbers and instants below the least or above the greatest of training */
    double psi;                      /* NaN: no rows, or no histogram in the model */
    size_t bins;                     /* that PSI is made of; 0: no histogram */
    uint64_t before[MLI_DRIFT_BINS]; /* training rows by bin */
    uint64_t now[MLI_DRIFT_BINS];    /* those counted */
};

void mli_drift_column(const struct mli_drift *drift, size_t column, const uint64_t *counts,
                      struct mli_drift_column *out);
/* The same of a target: `unseen` are labels that were never predicted, `missing` numbers that are none. */
void mli_drift_target(const struct mli_drift *drift, size_t target, const uint64_t *counts, struct mli_drift_column *out);

#endif
