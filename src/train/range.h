/*
 * Range test [Smith 2017, section 3.3]: steps whose size grows from far too small to far too large, on a copy of the start,
 * tell which size still brings the loss down.
 */
#ifndef TRAIN_RANGE_H
#define TRAIN_RANGE_H

#include <train/optimiser.h>

/*
 * A step size for an optimiser over batches, from steps around its stack_rate; NaN when the test says nothing: the loss
 * did not fall. The descent is at its start, before the first epoch, and is so again afterwards; start is its theta.
 */
double mli_range_test(struct mli_descent *descent, const struct mli_optimiser *optimiser, const mli_real *start);

#endif
