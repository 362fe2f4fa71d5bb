/*
 * Predicted: how a model's predictions were spread over the rows that its metrics are of (those held out, where there are any),
 * which the predictions that it makes later are compared with (drift.h). The record keeps it as "predicted", a list of fields as a
 * schema has them, one a target: of numbers their range and histogram, of classes the labels and how often each was
 * predicted. Models made before there was such a list have none.
 */
#ifndef MODEL_PREDICTED_H
#define MODEL_PREDICTED_H

#include <model/model.h>

/* The list of n predictions, P (n, width). *out NULL: some are not finite, and there is nothing to compare with. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_predicted_json(const struct ml_model *model, size_t n, const double *P, json_t **out,
                                               struct ml_error *err);
/* That of the record, a field a target; the caller's. *out NULL: it has none. ML_EARTIFACT: it is not of this model; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_predicted_read(const struct ml_model *model, struct mli_schema **out, struct ml_error *err);
/* Whether it can be read. */
ML_NODISCARD enum ml_status mli_predicted_check(const struct ml_model *model, struct ml_error *err);

#endif
