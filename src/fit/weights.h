/*
 * Weights: how much a row counts in the losses that train and that stop the training: the number in a column, times that
 * of its class. Metrics count every row once.
 */
#ifndef FIT_WEIGHTS_H
#define FIT_WEIGHTS_H

#include <fit/plan.h>

/*
 * Weights of classes: "balanced", which gives class c of the k that have rows the weight n / (k n_c) over the training rows, or
 * "LABEL=WEIGHT,LABEL=WEIGHT" of numbers above 0, where a class that is not named has 1. NULL: all 1. weight (classes).
 * ML_EUSAGE.
 */
ML_NODISCARD enum ml_status mli_weights_of_classes(const char *spec, const struct mli_plan *plan, double *weight,
                                                   struct ml_error *err);

/*
 * "balanced" for several labels: (sides of net/losses.h) what the classes of each count so that every label weighs as its
 * own balanced fit would, into *out, heap; NULL without a spec. ML_EUSAGE: another spec.
 */
ML_NODISCARD enum ml_status mli_weights_of_labels(const char *spec, const struct mli_plan *plan, double **out,
                                                  struct ml_error *err);

/*
 * Of the rows of a part, in order, into *out; NULL when there is neither a column of weights nor a spec
 * of classes, as several labels have none. ML_EUSAGE as
 * above, or for a spec and a target that is no class; ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_weights_of_part(const struct mli_plan *plan, const char *spec, enum mli_part part,
                                                double **out, struct ml_error *err);

/*
 * The column of that name as weights, one a table row. ML_EUSAGE: there is no such column; ML_EDATA names the first row
 * marked in `has` whose cell is missing, negative or no number.
 */
ML_NODISCARD enum ml_status mli_weights_read(const struct ml_table *table, const char *name, const uint8_t *has,
                                             double **out, struct ml_error *err);

#endif
