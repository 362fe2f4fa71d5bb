/*
 * The JSON document of a model, metadata "mlctl.model": everything of it that is not a number in a tensor. docs/artifact.md
 * has the members. Writing is mli_model_document (model.h); this is the way back.
 */
#ifndef MODEL_DOCUMENT_H
#define MODEL_DOCUMENT_H

#include <model/model.h>

#define MLI_DOCUMENT_DEPTH 16

/* Model of a document and the tensors it names; every tensor of the set must be used. ML_EARTIFACT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_document_read(const json_t *doc, struct mli_tensors *set,
                                              struct ml_model **out, struct ml_error *err);

#endif
