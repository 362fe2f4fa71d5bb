/*
 * The target as describe sees it: classes or quantities, of the rows that have one. The rule is that of training
 * (fit/target.h): texts, two distinct numbers and the whole numbers 0..k-1 with k <= 10 are classes, all other numbers
 * quantities. What training refuses is described all the same, with a warning.
 */
#ifndef DESCRIBE_GOAL_H
#define DESCRIBE_GOAL_H

#include <describe/order.h>
#include <describe/values.h>

#define MLI_GOAL_CLASSES ((size_t)1000) /* more are no classes but texts */

enum mli_goal_kind { MLI_GOAL_NONE, MLI_GOAL_QUANTITY, MLI_GOAL_CLASS };

struct mli_goal {
    size_t column;
    bool given; /* named by the caller, else the last column */
    enum mli_goal_kind kind;
    const char *none;    /* MLI_GOAL_NONE: why it is no target */
    size_t n;            /* rows that have it */
    size_t classes;      /* CLASS */
    struct mli_value *class; /* CLASS: value and rows of each, numbers ascending, texts in dictionary order; owned */
    int32_t *class_of;   /* CLASS: one a row, -1 where there is none; owned */
    const double *y;     /* QUANTITY: one a row, NaN where there is none; borrowed */
    struct mli_order order; /* QUANTITY: of y */
    double mean;         /* QUANTITY */
    /*
     * How much more alike neighbouring rows are than rows at large, 0 to 1: the correlation of a quantity with that of
     * the row before; for classes, the share of rows whose neighbour has the same, less what chance gives, over the most
     * that could be. NaN with fewer than three rows.
     */
    double neighbours;
    bool sorted; /* the rows stand class by class, or their targets never fall, or never rise */
};

/* name NULL: the last column. ML_EUSAGE: there is no such column (the nearest is named); ML_ELIMIT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_goal_find(const struct ml_table *table, const char *name, struct mli_goal *out,
                                          struct ml_error *err);
void mli_goal_release(struct mli_goal *goal);

#endif
