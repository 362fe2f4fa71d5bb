/*
 * Run: a trainer from its start to its end, stepped epoch by epoch: told to the caller, noted in the history, ended early
 * by a signal or when the time is up, and explained where it went nowhere.
 */
#ifndef FIT_RUN_H
#define FIT_RUN_H

#include <fit/checkpoint.h>
#include <fit/history.h>
#include <fit/learn.h>
#include <mlctl/fit.h>

struct mli_run {
    /* what the caller gives; borrowed */
    struct mli_learn learn;             /* all but its callbacks, in the units of training */
    const struct ml_fit_config *config; /* callback, signal, time budget, log */
    double unit;                        /* losses are multiplied by this to be in the target's unit */
    bool single;                        /* the rows are floats */
    struct mli_checkpoint *checkpoint;  /* where the state is kept, and may come from; NULL: nowhere */
    /* what it gets back */
    struct mli_history history; /* released by the caller */
    struct mli_train_state state;
    struct mli_health health;
    double began; /* mean training loss of a start that was trained */
    /* the run's own */
    double started; /* seconds, of a clock that never jumps */
};

/* As mli_learn. A run that was interrupted is ML_OK: state.end tells. */
ML_NODISCARD enum ml_status mli_run(struct mli_run *run, double *theta, struct ml_error *err);

#endif
