/*
 * Fitting on all cores: steps work on columns that have nothing to do with each other, so each column is a job. What
 * comes out of a job does not depend on the threads, and of several failures the first in order is the one that is said.
 */
#ifndef PREP_PARALLEL_H
#define PREP_PARALLEL_H

#include <prep/step.h>

/*
 * job(data, k) for every k < count. A small table is worked on in this thread. A job must not log. ML_ENOMEM, or what
 * the jobs return.
 */
ML_NODISCARD enum ml_status
mli_fit_each(const struct mli_fit *fit, size_t count,
             enum ml_status (*job)(void *data, size_t k, struct ml_error *err), void *data,
             struct ml_error *err);

/* kind->apply on all rows of a block of `slots` slots. */
ML_NODISCARD enum ml_status mli_fit_apply(const struct mli_fit *fit, const struct mli_step *step,
                                          const struct mli_block *block, size_t slots,
                                          struct ml_error *err);

#endif
