/*
 * Model: the one door from a raw row to a prediction. Schema of the raw rows, fitted pipeline, network and training
 * record as one immutable thing, read from and written to a safetensors file. Safe to share between threads; any number
 * of predictions may run at once.
 */
#ifndef MLCTL_MODEL_H
#define MLCTL_MODEL_H

#include <mlctl/table.h>

struct ml_model;

/*
 * Reads and checks a model file: the container by the strict profile of docs/artifact.md, the digest over its bytes, and
 * that schema, pipeline and network fit together. Errors: ML_EARTIFACT (what is wrong and at which byte), ML_EIO,
 * ML_ENOMEM.
 */
ML_NODISCARD enum ml_status ml_model_load(const char *path, struct ml_model **out, struct ml_error *err);
void ml_model_free(struct ml_model *model); /* NULL is fine */

/* Writes atomically: the old file or the new one, never half. */
ML_NODISCARD enum ml_status ml_model_save(const struct ml_model *model, const char *path, struct ml_error *err);

/* Raw input columns. */
size_t ml_model_inputs(const struct ml_model *model);
const char *ml_model_input(const struct ml_model *model, size_t input);
enum ml_type ml_model_input_type(const struct ml_model *model, size_t input);
/* Columns that are predicted, at least one. */
size_t ml_model_targets(const struct ml_model *model);
const char *ml_model_target(const struct ml_model *model, size_t target);

/* Class labels of a target: 0 classes is a regression. A prediction has `width` numbers a row, those of one target behind those
 * of the other: 1, or one a class: probabilities, or scores of any size and sign of which the largest wins (svm). */
size_t ml_model_classes(const struct ml_model *model, size_t target);
const char *ml_model_label(const struct ml_model *model, size_t target, size_t k);
size_t ml_model_width(const struct ml_model *model);
int ml_model_gives_scores(const struct ml_model *model);

/*
 * Predicts every row of a table that has the model's input columns (matched by name, any order).
 * P (rows, width) row-major. ML_EDATA for a column that is missing or of another type, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status ml_model_predict(const struct ml_model *model, const struct ml_table *rows, double *P,
                                             struct ml_error *err);

#endif
