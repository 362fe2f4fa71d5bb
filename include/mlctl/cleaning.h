/*
 * Cleaning: what the pipeline does with the columns. Part of struct ml_fit_config.
 *
 * A list is NULL-terminated; NULL is the default. Its entries are "HOW", which is for every column that the step works
 * on, or "COLUMN=HOW" for one column, whose name may contain '='. An entry that names the column goes before those that
 * do not, and of two of a kind the later one counts. docs/preprocess.md says what each HOW does.
 */
#ifndef MLCTL_CLEANING_H
#define MLCTL_CLEANING_H

#include <stdbool.h>
#include <stddef.h>

struct ml_prep_config {
    const char *const *impute; /* mean, median, mode, or a number: what a missing number becomes; median */
    const char *const *scale;  /* standard, minmax, none; standard */
    const char *const *select; /* variance:T, k:N, l1, l1:STRENGTH: features to keep; all */
    const char *const *pca;    /* a number of principal components or a share of the variance; none */
    double max_missing;        /* a column with a larger share of missing cells is dropped */
    size_t max_categories;     /* a category with more values is identifier-like */
    bool keep_all; /* drop nothing but constants and empty columns; a text counts as a category */
};

/*
 * Numeric columns are never identifier-like unless they are whole numbers, all distinct, and run in file order by a
 * constant step (row numbers), in more than 20 rows, beside other columns. --type NAME=category keeps a text column.
 */
#define ML_PREP_CONFIG_INIT                                                                        \
    {                                                                                              \
        .max_missing = 0.95, .max_categories = 1000                                                \
    }

#endif
