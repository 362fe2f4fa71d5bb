/*
 * Predictions as text: the one place that knows the form, so that `mlctl predict` and POST /predict write the same.
 *
 *   CSV   columns prediction, and for a classification probability:LABEL for every label, or score:LABEL where the
 *         loss gives scores and no probabilities (svm). Fields are added to the
 *         writer's current line and the line is left open, so a caller may put columns of its own before or after.
 *   JSON  {"prediction":4.5} or {"prediction":"no","probabilities":{"no":0.88,"yes":0.12}}
 *         or {"prediction":"no","scores":{"no":0.7,"yes":-0.7}}
 *
 * Numbers in shortest round-trip form; what is not finite is an empty CSV field, null in JSON. p:
 * ml_model_width(model) numbers.
 */
#ifndef MODEL_OUTPUT_H
#define MODEL_OUTPUT_H

#include <model/model.h>
#include <table/write.h>

/* The class of a row of `classes` > 0 probabilities or scores: that of the largest, the first of equals. */
size_t mli_prediction_class(const double *p, size_t classes);
void mli_prediction_write_header(struct mli_csv_writer *writer, const struct ml_model *model);
void mli_prediction_write_row(struct mli_csv_writer *writer, const struct ml_model *model,
                              const double *p);

/* label_json: the labels as JSON strings, quoted and escaped, made once by _labels_json. */
void mli_prediction_write_json(struct mli_buf *out, const struct ml_model *model,
                               char *const *label_json, const double *p);
/* One JSON string a class, ended by NULL; free with _labels_free. NULL: no memory. */
char **mli_prediction_labels_json(const struct ml_model *model);
void mli_prediction_labels_free(char **label_json); /* NULL is fine */

#endif
