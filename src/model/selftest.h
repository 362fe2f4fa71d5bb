/*
 * Self-test: rows that a model keeps with what it predicted for them when it was made, so that whoever loads it can see
 * that it still says so. A digest shows that the bytes are the same; this shows that they mean the same here.
 *
 * The rows are made up from the schema (ends of a column's range, points between, its categories, missing cells): none is a
 * row of the training data, and nothing is in them that the schema does not say already. In the record:
 * "self_test":{"rows":[[31,"Oslo",null],...],"predictions":[[0.88,0.12],...]}, cells in the order of the schema.
 */
#ifndef MODEL_SELFTEST_H
#define MODEL_SELFTEST_H

#include <model/model.h>

/*
 * How far a prediction may be from what is kept, in parts of the largest kept one of that output: another processor
 * adds in another order, which is 1e-12 of it or so, and another C library's exp() differs in its last digit.
 */
#define MLI_SELFTEST_TOLERANCE 1e-6

/* Puts the rows and what the model predicts for them into its record. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_selftest_add(struct ml_model *model, struct ml_error *err);
/* ML_EARTIFACT: the model does not predict what it keeps, or keeps no such rows there. One without any is fine. */
ML_NODISCARD enum ml_status mli_selftest_check(const struct ml_model *model, struct ml_error *err);

#endif
