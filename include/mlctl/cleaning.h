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
    /* yes or no: a feature that says where cells were missing; no */
    const char *const *missing_flags;
    const char *const *dates; /* parts, none, or PART+PART..; parts: year, month, day, weekday and hour */
    /* mean, median, mode or a number; a category by its name: indicator, mode or constant:VALUE; median */
    const char *const *impute;
    const char *const *outliers; /* iqr:K, zscore:K, quantile:A, none; none */
    const char *const *power;    /* yeo-johnson, none; none */
    const char *const *encode;   /* onehot, ordinal, hash:N, target, target:SMOOTH; onehot */
    const char *const *min_count; /* onehot: values in fewer rows (below 1: a share of the rows) share a feature; tfidf: no term; 0 */
    const char *const *scale;    /* standard, minmax, robust, none; standard */
    const char *const *text;   /*
                                * tfidf:N, tfidf:N:J-K, tfidf:N:chars, tfidf:N:chars:J-K, hash:N, hash:N:J-K: features of the words
                                * or characters of texts; none; tfidf of up to 4096 runs of characters if texts have five words
                                * or more on average and the rows are few enough, else none
                                */
    const char *const *select; /* variance:T, k:N, l1, l1:STRENGTH: features to keep; all */
    const char *const *pca;    /* a number of principal components or a share of the variance; none */
    double max_missing;        /* a column with a larger share of missing cells is dropped */
    size_t max_categories;     /* a category with more values is identifier-like */
    size_t threads; /* that fit; 0: one a core. What comes out does not depend on it */
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
