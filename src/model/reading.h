/*
 * Reading: how the file was read that something was fitted on, as a model's record keeps it ("data"."read") and a prep
 * file ("read"): {"delimiter":",","no_header":true,"missing":"x,-"}, options that are not the default, and the
 * delimiter that was found. Members of no meaning are as if they were not there. Strings are those of the document.
 */
#ifndef MODEL_READING_H
#define MODEL_READING_H

#include <mlctl/table.h>
#include <model/model.h>

const json_t *mli_model_reading(const struct ml_model *model); /* NULL: it keeps none */

/* Everything, to read the same cells of the same file again: rows that were put aside are left out. */
void mli_reading_again(const json_t *read, struct ml_csv_options *csv, const char **missing);

/*
 * What another file of the same kind is read by: options that are left open are taken from the document, those that
 * csv->said names are left as they are. That is missing tokens, quote, comment, decimal, thousands, skip_rows,
 * no_header, and a delimiter and an encoding that are not found out in a file. Says in one line what was taken: "reading
 * as `since`: --na x --no-header". `since` is like "the model was trained". read: NULL is fine.
 */
void mli_reading_inherit(const json_t *read, const char *since, struct ml_csv_options *csv, const char **missing,
                         const struct ml_log *log);

#endif
