/*
 * Export: a model in forms that need no mlctl. Each format is a row of a table in a file of its own and writes the WHOLE
 * pipeline: what goes in is a raw row.
 *
 *   json  schema, pipeline with its statistics, layers, weights, labels: enough to write the model again by hand
 *   c     one dependency-free C99 file: NAME_row, NAME_result, int NAME_predict(const NAME_row *, NAME_result *)
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <base/buf.h>
#include <model/model.h>

struct mli_export_format {
    const char *name, *meaning, *extension;
    /* `name` is the prefix of identifiers where the format has some: [A-Za-z_][A-Za-z0-9_]*, else ML_EUSAGE. */
    enum ml_status (*write)(const struct ml_model *model, const char *name, struct mli_buf *out, struct ml_error *err);
};

/* All formats, count in *n. */
const struct mli_export_format *mli_export_formats(size_t *n);
/* By name; NULL when there is none. */
const struct mli_export_format *mli_export_format_find(const char *name);

#endif
