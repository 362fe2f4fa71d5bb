/*
 * Trials: points of a search measured by cross-validation, several at once, each kept in the log when it is done.
 */
#ifndef FIT_TRIALS_H
#define FIT_TRIALS_H

#include <eval/metrics.h>
#include <fit/crossval.h>
#include <fit/triallog.h>
#include <mlctl/tune.h>

struct mli_trial {
    size_t number;
    json_t *settings; /* owned */
    bool final;   /* it came to the end of the search */
    size_t deals; /* how many ways to deal out the rows to the folds it was measured on */
    /* what its last round has shown; of several ways to deal out the rows to the folds, what all of them have */
    double share; /* of the training rows; 0: not measured */
    json_t *scores; /* owned; NULL: failed, or not measured */
    char *failed;   /* why, owned */
    double mean, deviation; /* of the metric */
    double seconds;         /* that it took */
};

struct mli_trials {
    struct mli_crossval *cv;
    const struct ml_fit_config *config;
    const struct ml_tune_config *tune;
    const struct mli_metric *metric;
    struct mli_triallog *log; /* NULL: none */
    size_t threads;
    size_t again;    /* which way of dealing out the rows cv is, 0 the first: scores are added to those before */
    double deadline; /* seconds, monotonic; INFINITY: none */
    double recess;   /* of the round under way, if that is earlier */
    bool open;       /* the search has no other end */
    bool cut;        /* the deadline came before the last round was done */
    double refit;    /* seconds that the best so far would take on all rows */
    struct ml_tune_progress progress; /* trials, metric and work are the caller's to set */
    double work, work_done;
};

/*
 * Whether a measures better: those of the final, then who stayed in it for longer, then by share of the rows, then by the metric, then, of classes, by their
 * log loss, then by number. When the time was over before the last round was, a trial that was better on fewer rows is
 * better: more would not have made it worse.
 */
bool mli_trial_before(const struct mli_trials *run, const struct mli_trial *a, const struct mli_trial *b);

/*
 * Measures n trials on a share of the rows. At the deadline those under way are given up, unless no trial was ever done:
 * *late is set, and they stay as they were. ML_EINTERRUPTED when config->stop is set; what is not the trial's own
 * fault (memory, the log) ends it too.
 */
ML_NODISCARD enum ml_status mli_trials_run(struct mli_trials *run, struct mli_trial *const *trial, size_t n, double share,
                                           bool *late, struct ml_error *err);
void mli_trial_release(struct mli_trial *trial);

#endif
