/*
 * Sample: what a share of many rows knows of the optimum of all of them, so that a descent over all rows begins close to it
 * and with a good metric: the optimum of the sample and the Hessian there, of the sample's rows where each feature varies in
 * enough of them [Byrd, Chin, Neveitt & Nocedal 2011 take it anew in every iteration; L-BFGS corrects it], else of all. It
 * saves most of the passes over all rows. A sample that misleads costs passes, not the optimum.
 */
#ifndef TRAIN_SAMPLE_H
#define TRAIN_SAMPLE_H

#include <train/descent.h>

/*
 * For one dense layer of one output, a smooth loss whose Hessian is not the same everywhere, no l1, and many
 * rows. loss NULL: any.
 */
bool mli_sample_fits(const struct mli_network *net, const struct mli_loss *loss, double l1, size_t n);
/* Bytes that _start allocates, for the time that it takes. */
size_t mli_sample_memory(const struct mli_network *net, const struct mli_train_config *config, size_t n);
/*
 * Moves the descent's theta to the optimum of the sample and makes its preconditioner. Leaves both as they are when that
 * comes to nothing: the sample's rows diverge, or tell one class from the other with next to no doubt. ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_sample_start(struct mli_descent *descent, struct ml_error *err);

#endif
