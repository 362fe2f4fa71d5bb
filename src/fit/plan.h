/*
 * Plan: what train and preprocess decide alike before anything is fitted: the target, and for each row whether it is
 * left out as a duplicate, trains, validates or is held out. evaluate makes the same plan again from the record.
 */
#ifndef FIT_PLAN_H
#define FIT_PLAN_H

#include <fit/folds.h>
#include <fit/settings.h>
#include <fit/target.h>

enum mli_part { MLI_PART_NONE, MLI_PART_TRAIN, MLI_PART_VALIDATION, MLI_PART_TEST, MLI_PARTS };

struct mli_plan {
    struct mli_target target;
    uint8_t *part;          /* one a table row: enum mli_part; NONE for rows without a target and duplicates; owned */
    size_t duplicates;      /* rows with a target left out */
    double *weight;         /* one a table row, of the settings' column; NULL: all 1; owned */
    size_t rows[MLI_PARTS]; /* rows of each part */
};

/*
 * A row of weight 0 is of no part, unless it is held out: what is measured does not depend on weights.
 * target: name, NULL for the last column; with settings->known neither it nor the task is looked at, and a class without rows
 * to train on is a warning. seed: of the split. patience sets a share of the training rows aside for
 * validation, at random, of each class, a group whole. ML_EDATA when a class has no row to train on, and what target and split refuse.
 */
ML_NODISCARD enum ml_status mli_plan_make(const struct ml_table *table, const char *target, const char *task,
                                          const struct mli_settings *settings, uint64_t seed,
                                          const struct ml_log *log, struct mli_plan *out, struct ml_error *err);
void mli_plan_release(struct mli_plan *plan);

/*
 * Which of k folds (fit/folds.h) each table row that trains or validates is measured in; MLI_NO_FOLD for the others.
 * Follows classes, groups and seed of the plan.
 */
enum { MLI_NO_FOLD = 0xFF };
ML_NODISCARD enum ml_status mli_plan_folds(const struct ml_table *table, const struct mli_plan *plan,
                                           const struct mli_settings *settings, size_t k, const struct ml_log *log,
                                           uint8_t *fold, struct ml_error *err);
/*
 * The plan of fold f: its rows are the test, the rest of the training rows trains (a random share of them if `share` is below
 * 1, of each class, groups whole) and validates. What the plan itself holds out is in no part. Target and weights are borrowed
 * from the plan; release with mli_plan_fold_release().
 */
ML_NODISCARD enum ml_status mli_plan_fold(const struct ml_table *table, const struct mli_plan *plan,
                                          const struct mli_settings *settings, const uint8_t *fold, uint8_t f,
                                          double share, struct mli_plan *out, struct ml_error *err);
void mli_plan_fold_release(struct mli_plan *fold);

/*
 * The held-out rows of a plan as text, for a prep file: hexadecimal digits, the first row the highest bit of the first
 * one, rows with a target only. NULL: no memory. `held_out` of the settings takes it.
 */
char *mli_plan_held_out(const struct ml_table *table, const struct mli_plan *plan);

/* Fits the pipeline on the training rows of the plan, with every column but target, group and column of a column split. */
ML_NODISCARD enum ml_status mli_plan_fit_pipeline(const struct ml_table *table, const struct mli_plan *plan,
                                                  const struct mli_settings *settings, const struct ml_log *log,
                                                  struct mli_pipeline **out, struct ml_error *err);

#endif
