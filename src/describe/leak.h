/*
 * Does one column alone give the target away? A predictor of that column only is fitted on four fifths of the rows and
 * measured on the other fifth, five times over, so that what it learned by heart does not count.
 *
 * A column of doubles is cut into bins of about equally many rows, a missing cell is a bin of its own (that a value is
 * missing may be the leak), and so is each category. A bin predicts the shares of the classes in it; of a quantity its
 * mean, or for doubles a straight line. Which fifth a row is in depends on its place in the file alone.
 */
#ifndef DESCRIBE_LEAK_H
#define DESCRIBE_LEAK_H

#include <describe/goal.h>

#define MLI_LEAK 0.99 /* a score above this is a leak */

struct mli_leak {
    /*
     * R^2 of a quantity; of classes the area under the ROC curve, each class against the rest, the least of them. NaN: not
     * measured (fewer than 50 rows, or categories too many to say anything about new rows).
     */
    double score;
};

/* order: of the column if it holds doubles. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_leak_measure(struct mli_leak *leak, const struct mli_column *column, size_t rows,
                                             const struct mli_order *order, const struct mli_goal *goal,
                                             struct ml_error *err);

#endif
