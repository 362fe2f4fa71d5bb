/*
 * Schemas: what the served model takes and gives, in JSON Schema 2020-12, for /openapi.json. They say what is checked and
 * no more: a category that training did not see is no error, so categories are examples and no enum; labels are all
 * there are, so they are one.
 *
 *   Column1 ..   a cell of the first column, ..
 *   Row, Rows    of /predict: an object of columns; it or a list of them
 *   Values       a row by place; AnyRow: a row in every form
 *   Columns      an object of lists
 *   Explanation, Explanations   of /explain
 *   Prediction, Predictions   of /predict; Bare: as protocols have it that give a lone number as it is; Outputs: by name
 *   Label, OutputName
 */
#ifndef SERVE_SCHEMAS_H
#define SERVE_SCHEMAS_H

#include <base/json.h>
#include <serve/registry.h>

/* Puts them beside those that `schemas` has, a RowList among them, which gets its limit. False: no memory. */
bool mli_schemas_put(json_t *schemas, const struct mli_served *served, size_t max_rows);
/* {"$ref":"#/components/KIND/NAME"}; NULL: no memory. */
json_t *mli_schemas_ref(const char *kind, const char *name);

#endif
