/*
 * Tune: looks for the settings of ml_fit() whose models measure best in a cross-validation of the training rows, and trains
 * one with them on all training rows. What the split holds out is not looked at by the search; it is measured at the end.
 *
 * Every trial is kept in a log as soon as it is done. A search that was ended at any moment, run again with the same
 * data, settings, folds and seed, takes from the log what is there and ends with the same model, byte for byte.
 */
#ifndef MLCTL_TUNE_H
#define MLCTL_TUNE_H

#include <mlctl/fit.h>

struct ml_tune_progress {
    size_t done, trials;       /* trainings of a trial: done, in all rounds */
    size_t resumed, failed;    /* of the done ones: found in the log, could not be trained */
    double share;              /* of the work that is done */
    double best;               /* mean of the metric of the best trial of this round so far, NaN: none */
    const char *metric;
};

struct ml_tune_config {
    /* "[KIND.]NAME=SPACE", NULL-terminated, see docs/tune.md; NULL: a space for each kind */
    const char *const *set;
    const char *search; /* grid, random, halving */
    size_t folds;
    size_t trials;      /* 0: 40, of a grid all; of a larger grid so many at random */
    const char *metric; /* NULL: rmse or accuracy */
    double time_budget; /* seconds after which no trial goes on, if one is done, less what the winner will take; 0: none */
    const char *log;    /* file; NULL: none */
    void (*trial)(void *data, const struct ml_tune_progress *progress); /* after each one, by one thread at a time */
    void *data;
};

#define ML_TUNE_CONFIG_INIT { .search = "halving", .folds = 5 }

/*
 * config: the settings that are not searched; kind "auto" tries every kind that suits the target. config->threads trials
 * run beside each other, each on one thread; which trial wins, and the bytes of the model, do not depend on it, nor on
 * config->memory. The model's record says what was tried. A trial that cannot be trained is noted with the reason;
 * ML_EDIVERGED when no trial could be. ML_EINTERRUPTED when config->stop was set: no model is made, the log is kept. Otherwise
 * as ml_fit().
 */
ML_NODISCARD enum ml_status ml_tune(const struct ml_table *table, const struct ml_fit_config *config,
                                    const struct ml_tune_config *tune, struct ml_model **out, struct ml_error *err);

#endif
