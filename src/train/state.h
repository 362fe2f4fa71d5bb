/*
 * The state of a run as named arrays, for a checkpoint: all that _epoch has changed since _new. A trainer that was made
 * of the same network, data and configuration, and given that state, goes on as the one it was taken from would have: the
 * same bits at the end. Everything else (order of the rows, random numbers of a step, preconditioner) follows from
 * configuration and place, and is made again.
 *
 *   run.theta, run.gradient, run.best (parameters), run.vectors (the optimiser's own)
 *   run.numbers (what train/state.c lists, counts as whole numbers)
 *
 * Numbers that may be NaN or infinite, which no tensor of a file may, are kept by their bits: (n,2), the upper and the
 * lower 32 of each as a whole number.
 */
#ifndef TRAIN_STATE_H
#define TRAIN_STATE_H

#include <base/tensors.h>
#include <train/trainer.h>

/* Between two calls of _epoch. Adds copies to set, which the caller releases. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_trainer_save(const struct mli_trainer *trainer, struct mli_tensors *set,
                                             struct ml_error *err);
/*
 * Into a trainer that _new has just made. ML_EARTIFACT when an array is missing, of another size, or says what cannot
 * be; the trainer can only be freed then.
 */
ML_NODISCARD enum ml_status mli_trainer_load(struct mli_trainer *trainer, struct mli_tensors *set,
                                             struct ml_error *err);

/* n numbers by their bits, as above; and back: ML_EARTIFACT when missing, of another shape or no bits. */
ML_NODISCARD enum ml_status mli_state_add(struct mli_tensors *set, const char *name, size_t n, const double *x,
                                          struct ml_error *err);
ML_NODISCARD enum ml_status mli_state_find(struct mli_tensors *set, const char *name, size_t n, double *x,
                                           struct ml_error *err);
/* Bytes that a state takes while it is being kept. */
size_t mli_trainer_state_memory(const struct mli_network *net, const struct mli_train_config *config, size_t n);

#endif
