/* Why a run cannot go on, in words: what happened, the likely cause, what to do. */
#ifndef TRAIN_FAULT_H
#define TRAIN_FAULT_H

#include <train/optimiser.h>

/* ML_EDIVERGED, with the epoch under way and its step size. */
enum ml_status mli_fault_explain(enum mli_fault fault, const struct mli_descent *descent,
                                 const struct mli_optimiser *optimiser, struct ml_error *err);
/* ML_EDIVERGED, naming feature or target, when a value is so large that no step size could train on it; else ML_OK. */
ML_NODISCARD enum ml_status mli_fault_hopeless(const struct mli_problem *problem, struct ml_error *err);

#endif
