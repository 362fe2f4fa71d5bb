/*
 * The safetensors container, strict profile (docs/artifact.md): bytes <-> named tensors + string metadata. Checks
 * everything before any allocation larger than the header; every refusal names its reason and byte offset.
 */
#ifndef MODEL_SAFETENSORS_H
#define MODEL_SAFETENSORS_H

#include <base/buf.h>
#include <base/json.h>
#include <base/tensors.h>

/* metadata: object of strings (new reference). F32 and F64 tensors are taken into `set`; other dtypes are ML_EARTIFACT. */
ML_NODISCARD enum ml_status mli_safetensors_decode(const void *bytes, size_t n, const char *source,
                                                   struct mli_tensors *set, json_t **metadata,
                                                   struct ml_error *err);
/*
 * Where the value of a metadata string stands in the file, between its quotes and still escaped: for a digest that the
 * file carries inside itself. ML_EARTIFACT when there is none of that key or the header is not valid.
 */
ML_NODISCARD enum ml_status mli_safetensors_find(const void *bytes, size_t n, const char *source,
                                                 const char *key, size_t *at, size_t *length,
                                                 struct ml_error *err);
/* Tensors as F64, then those that are single as F32, each sorted by name, header padded with spaces to a multiple of 8. Appends to out; ML_ELIMIT, ML_EARTIFACT. */
ML_NODISCARD enum ml_status mli_safetensors_encode(const struct mli_tensors *set,
                                                   const json_t *metadata, struct mli_buf *out,
                                                   struct ml_error *err);

#endif
