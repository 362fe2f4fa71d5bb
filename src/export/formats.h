/* The writers of the formats, each in a file of its own; formats.c has their rows. */
#ifndef EXPORT_FORMATS_H
#define EXPORT_FORMATS_H

#include <export/export.h>

enum ml_status mli_export_json(const struct ml_model *model, const char *name, struct mli_buf *out,
                               struct ml_error *err);
enum ml_status mli_export_c(const struct ml_model *model, const char *name, struct mli_buf *out,
                            struct ml_error *err);

/* Digest of the model's file, be it saved already or not. */
ML_NODISCARD enum ml_status mli_export_digest(const struct ml_model *model,
                                              char sha256[MLI_SHA256_HEX], struct ml_error *err);

#endif
