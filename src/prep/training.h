/*
 * The training rows while a pipeline is fitted, as the steps so far have left them. Numbers stay in the table and are read
 * there until a step changes them: a table is mostly numbers, and most pipelines change none before the last step, so no
 * second copy of them is made.
 */
#ifndef PREP_TRAINING_H
#define PREP_TRAINING_H

#include <prep/stats.h>
#include <prep/step.h>

struct mli_training {
    struct mli_block block; /* number[s] is NULL while the slot is still in the table */
    double *fill;           /* of such a slot: what stands for a missing number, NaN: nothing does yet */
    uint8_t *fold;          /* of the rows, NULL when no step cares */
    size_t slots;           /* there is room for */
};

/*
 * The rows that a fit trains on, seen through the pipeline's schema: codes and folds are gathered, numbers are left where
 * they are. ML_ENOMEM. Release whatever it returns.
 */
ML_NODISCARD enum ml_status mli_training_init(struct mli_training *training, const struct mli_pipeline *pipeline,
                                              const struct mli_fit *fit, struct ml_error *err);
void mli_training_release(struct mli_training *training, const struct mli_fit *fit);
/* Makes room for the slots that a step has added, applies it, and forgets those it has retired. */
ML_NODISCARD enum ml_status mli_training_apply(struct mli_training *training, const struct mli_fit *fit,
                                               const struct mli_step *step, struct ml_error *err);

/* ---- for the steps ------------------------------------------------------------------------------------------- */

/* The numbers of a slot that is a NUMBER, an INSTANT or a FLAG. */
struct mli_values mli_fit_values(const struct mli_fit *fit, size_t slot);
/* Theirs; for free while nothing has changed them. */
struct mli_moments mli_fit_moments(const struct mli_fit *fit, size_t slot);

#endif
