/* What `train` says in the end: the model, how it was trained, its metrics. */
#ifndef CMD_TRAIN_REPORT_H
#define CMD_TRAIN_REPORT_H

#include <model/model.h>

/* As text on standard output; path is the model file, seconds those of the fit. */
void train_report_print(const struct ml_table *table, const struct ml_model *model, const char *path, double seconds);
/* The same as a document; NULL: no memory. */
json_t *train_report_json(const struct ml_model *model, const char *path);

#endif
