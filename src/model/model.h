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

#define MLI_MODEL_FORMAT_VERSION 2 /* the newest that is read; 1 is written where it can say all */

/* What is predicted of a row: a number, or one of a few classes. */
struct mli_model_target {
    char *name;
    size_t classes; /* 0: a number */
    char **label;   /* classes entries */
};

struct ml_model {
    struct mli_pipeline *pipeline;
    struct mli_network *network;
    double *theta; /* network->parameters */
    bool single;   /* they are floats: it was trained in single precision, and a file keeps them as F32 */
    struct mli_loss loss;
    size_t targets; /* 1 or more; their numbers stand side by side in a prediction, see mli_model_target_width() */
    struct mli_model_target *target;
    char *target_names; /* of all, for messages: "a, b" */
    /*
     * The training record, a JSON object: {"program","data":{"path","sha256","rows","delimiter"...},"split","seed",
     * "settings":{...},"epochs","end","history":[...],"metrics":{...}}. Owned by fit's vocabulary, opaque here but for
     * "self_test" (selftest.h); always an object.
     */
    json_t *record;
    char sha256[MLI_SHA256_HEX]; /* the file's digest as in artifact metadata; "" before it was saved or loaded */
};

/*
 * Makes a model of its parts and takes them all (also on failure). Checks that they fit together: pipeline features =
 * network inputs, network outputs = loss outputs for the classes or labels, finite theta, distinct non-empty labels.
 * ML_EARTIFACT says which do not. target: heap array of `targets` entries, all in them on the heap too.
 */
ML_NODISCARD enum ml_status mli_model_new(struct mli_pipeline *pipeline, struct mli_network *network, double *theta,
                                          const struct mli_loss *loss, struct mli_model_target *target, size_t targets,
                                          json_t *record, struct ml_model **out, struct ml_error *err);
void mli_model_targets_free(struct mli_model_target *target, size_t targets); /* NULL is fine */

/* Numbers of a prediction that belong to a target: one a class, or the one of a number. */
size_t mli_model_target_width(const struct mli_model_target *target);
/* Names of the targets, ended by NULL; heap, the names are the model's. NULL: no memory. */
const char **mli_model_target_list(const struct ml_model *model);
/* Of what every target is, for documents: "regression", "classification", or "multilabel" for several. */
const char *mli_model_task(const struct ml_model *model);

/*
 * Predicts rows that follow the model's schema by position (from mli_rows or mli_stream): P (rows, width). No allocation
 * but from scratch (the caller resets it; blocks of 256 rows use the same part of it); the result of a row does not
 * depend on the rows beside it, bit for bit.
 */
ML_NODISCARD enum ml_status mli_model_predict_rows(const struct ml_model *model, const struct ml_table *rows,
                                                   struct mli_arena *scratch, double *P,
                                                   struct mli_apply_counts *counts, struct ml_error *err);

/* The second half of that: P (n, width) of what the pipeline made of n rows, X (n, network->inputs). ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_model_forward(const struct ml_model *model, size_t n, const double *X,
                                              struct mli_arena *scratch, double *P, struct ml_error *err);

/* The JSON document that goes into the artifact ("mlctl.model"), without the digest; new reference, NULL: no memory. */
json_t *mli_model_document(const struct ml_model *model, struct mli_tensors *set, struct ml_error *err);

/* Artifact bytes of a model (what _save writes) into out, and the digest. */
ML_NODISCARD enum ml_status mli_model_encode(const struct ml_model *model, struct mli_buf *out,
                                             char sha256[MLI_SHA256_HEX], struct ml_error *err);
/* Model of artifact bytes; `source` is for errors. This is what the fuzz target calls. */
ML_NODISCARD enum ml_status mli_model_decode(const void *bytes, size_t n, const char *source, struct ml_model **out,
                                             struct ml_error *err);

#endif
