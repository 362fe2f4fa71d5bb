/* Tuning: the inside of ml_tune(), one search from start to end, in files of one idea each. */
#ifndef FIT_TUNING_H
#define FIT_TUNING_H

#include <fit/search.h>
#include <fit/trials.h>

enum mli_method { MLI_SEARCH_GRID, MLI_SEARCH_RANDOM, MLI_SEARCH_HALVING };

/* One search from start to end. */
struct mli_tuning {
    const struct ml_table *table;
    const struct ml_tune_config *tune;
    struct ml_fit_config config; /* of what is not searched */
    struct mli_arena arena;      /* spaces, and the settings of the winner */
    enum mli_method method;
    struct mli_job job; /* the plan that all trials share */
    struct mli_space *space;
    struct mli_search search;
    size_t given, kinds; /* spaces that were asked for; kinds that are tried plainly first */
    struct mli_trial *trial;
    struct mli_trial **order; /* the same, the best first */
    size_t trials;
    struct mli_round round[MLI_ROUNDS_MAX];
    size_t rounds;
    struct mli_trials run;
};

/* "grid", "random", "halving" */
const char *mli_method_name(enum mli_method method);
ML_NODISCARD enum ml_status mli_method_find(const char *name, enum mli_method *out, struct ml_error *err);

/* tuning_spaces.c: what was asked for, or the presets, and the kinds; every value is checked. */
ML_NODISCARD enum ml_status mli_tuning_spaces(struct mli_tuning *t, struct ml_error *err);
/* The space of the kind; NULL: there is none. */
const struct mli_space *mli_tuning_kinds(const struct mli_tuning *t);

/* tuning_trials.c: points of the search as trials, not measured yet. */
ML_NODISCARD enum ml_status mli_tuning_trials(struct mli_tuning *t, struct ml_error *err);
/* Rounds, and how much work they are. */
void mli_tuning_rounds(struct mli_tuning *t);
/*
 * The better third of each kind to the front of n ranked trials: on few rows simple kinds are ahead of those that will
 * be better on all, so kinds are compared in the last round only. Returns how many go on; what failed does not.
 */
size_t mli_tuning_promote(struct mli_tuning *t, size_t n);

/* tuning_record.c: the log, and what a model's record says of the search. */
ML_NODISCARD enum ml_status mli_tuning_log(struct mli_tuning *t, struct ml_error *err);
ML_NODISCARD enum ml_status mli_tuning_record(const struct mli_tuning *t, json_t *record, struct ml_error *err);

#endif
