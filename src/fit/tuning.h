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
    struct mli_trial **trial; /* all, owned; in the end the best first */
    size_t trials, capacity;
    size_t drawn; /* of them from the spaces, the others made of those */
    struct mli_trial **bracket; /* those of the rounds under way */
    size_t in_bracket;          /* how many there are of them */
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

/*
 * tuning_trials.c: the next points of the search as trials, not measured yet, and the rounds that measure them. A search
 * with a time budget and no number of trials has one such bracket after the other.
 */
ML_NODISCARD enum ml_status mli_tuning_bracket(struct mli_tuning *t, struct ml_error *err);
/*
 * The better third of each kind to the front of the bracket, which is ranked, of those that were measured on that share:
 * on few rows simple kinds are ahead of those that will be better on all, so kinds are compared in the last round only.
 * Returns how many go on; what failed does not.
 */
size_t mli_tuning_promote(struct mli_tuning *t, double share);

/* The trial of these settings, which are taken; NULL: no memory. */
struct mli_trial *mli_tuning_add(struct mli_tuning *t, json_t *settings);
/* tune.c: the best first. */
void mli_tuning_rank(const struct mli_tuning *t, struct mli_trial **trial, size_t n);

/*
 * tuning_final.c: the end of a search of the program's own spaces. Its best trials are measured more closely: networks as
 * the mean of several (fit/members.h), and all on folds that are dealt out again and again, where there are few rows.
 */
ML_NODISCARD enum ml_status mli_tuning_final(struct mli_tuning *t, bool *late, struct ml_error *err);
/*
 * The winner to the front: of finalists that the metric of classes cannot tell from the best one, the one with the lowest
 * log loss; of a search that was cut short before all rows, the best that was measured on them or is as mlctl train has it.
 */
void mli_tuning_choose(struct mli_tuning *t);
/* How many members the winner is trained with where its trial does not say and there is the time; 0: as it is. */
size_t mli_tuning_members(const struct mli_tuning *t);

/* tuning_record.c: the log, and what a model's record says of the search. */
ML_NODISCARD enum ml_status mli_tuning_log(struct mli_tuning *t, struct ml_error *err);
ML_NODISCARD enum ml_status mli_tuning_record(const struct mli_tuning *t, json_t *record, struct ml_error *err);

#endif
