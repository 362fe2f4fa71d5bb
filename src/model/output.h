/*
 * Predictions as text: the one place that knows the form, so that `mlctl predict` and POST /predict write the same.
 *
 *   CSV   columns prediction, and for a classification probability:LABEL for every label, or score:LABEL where the
 *         loss gives scores and no probabilities (svm). Fields are added to the
 *         writer's current line and the line is left open, so a caller may put columns of its own before or after.
 *         Several labels: columns prediction:TARGET of them all, then probability:TARGET=LABEL of the second class of each.
 *   JSON  {"prediction":4.5} or {"prediction":"no","probabilities":{"no":0.88,"yes":0.12}}
 *         or {"prediction":"no","scores":{"no":0.7,"yes":-0.7}}
 *         or {"prediction":{"a":"no","b":"1"},"probabilities":{"a":{"no":0.88,"yes":0.12},"b":{"0":0.3,"1":0.7}}}
 *
 * Numbers in shortest round-trip form; what is not finite is an empty CSV field, null in JSON. p:
 * ml_model_width(model) numbers.
 */
#ifndef MODEL_OUTPUT_H
#define MODEL_OUTPUT_H

#include <model/model.h>
#include <table/write.h>

/* Puts "target" with its name into a document, or "targets" with those of several; false: no memory. */
bool mli_prediction_put_targets(json_t *doc, const struct ml_model *model);

/* The class of a row of `classes` > 0 probabilities or scores: that of the largest, the first of equals. */
size_t mli_prediction_class(const double *p, size_t classes);
void mli_prediction_write_header(struct mli_csv_writer *writer, const struct ml_model *model);
void mli_prediction_write_row(struct mli_csv_writer *writer, const struct ml_model *model,
                              const double *p);

/* label_json: labels and names as JSON strings, quoted and escaped, made once by _labels_json. */
void mli_prediction_write_json(struct mli_buf *out, const struct ml_model *model,
                               char *const *label_json, const double *p);
/* A JSON string for each label of each target, then for each target's name, ended by NULL; free with _labels_free. NULL: no
 * memory. */
char **mli_prediction_labels_json(const struct ml_model *model);
void mli_prediction_labels_free(char **label_json); /* NULL is fine */

#endif
