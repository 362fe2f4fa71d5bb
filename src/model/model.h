/*
 * The inside of struct ml_model, for fit (which makes one), export and serve. Everything is set by _new or by loading
 * and never changes afterwards.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <mlctl/model.h>
#include <net/losses.h>
#include <net/network.h>
#include <prep/pipeline.h>

#define MLI_MODEL_FORMAT_VERSION 1

struct ml_model {
    struct mli_pipeline *pipeline;
    struct mli_network *network;
    double *theta; /* network->parameters */
    bool single;   /* they are floats: it was trained in single precision, and a file keeps them as F32 */
    struct mli_loss loss;
    char *target;
    size_t classes; /* 0: regression */
    char **label;   /* classes entries */
    /*
     * The training record, a JSON object: {"program","data":{"path","sha256","rows","delimiter"...},"split","seed",
     * "settings":{...},"epochs","end","history":[...],"metrics":{...}}. Owned by fit's vocabulary, opaque here; always an object.
     */
    json_t *record;
    char sha256[MLI_SHA256_HEX]; /* the file's digest as in artifact metadata; "" before it was saved or loaded */
};

/*
 * Makes a model of its parts and takes them all (also on failure). Checks that they fit together: pipeline features =
 * network inputs, network outputs = loss outputs for the classes, finite theta, distinct non-empty labels.
 * ML_EARTIFACT says which do not. label: classes strings, heap array of heap strings.
 */
ML_NODISCARD enum ml_status mli_model_new(struct mli_pipeline *pipeline, struct mli_network *network, double *theta,
                                          const struct mli_loss *loss, char *target, size_t classes, char **label,
                                          json_t *record, struct ml_model **out, struct ml_error *err);

/*
 * Predicts rows that follow the model's schema by position (from mli_rows or mli_stream): P (rows, width). No allocation
 * but from scratch (the caller resets it; blocks of 256 rows use the same part of it); the result of a row does not
 * depend on the rows beside it, bit for bit.
 */
ML_NODISCARD enum ml_status mli_model_predict_rows(const struct ml_model *model, const struct ml_table *rows,
                                                   struct mli_arena *scratch, double *P,
                                                   struct mli_apply_counts *counts, struct ml_error *err);

/* The JSON document that goes into the artifact ("mlctl.model"), without the digest; new reference, NULL: no memory. */
json_t *mli_model_document(const struct ml_model *model, struct mli_tensors *set, struct ml_error *err);

/* Artifact bytes of a model (what _save writes) into out, and the digest. */
ML_NODISCARD enum ml_status mli_model_encode(const struct ml_model *model, struct mli_buf *out,
                                             char sha256[MLI_SHA256_HEX], struct ml_error *err);
/* Model of artifact bytes; `source` is for errors. This is what the fuzz target calls. */
ML_NODISCARD enum ml_status mli_model_decode(const void *bytes, size_t n, const char *source, struct ml_model **out,
                                             struct ml_error *err);

#endif
