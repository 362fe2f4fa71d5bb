/*
 * Sealed files: safetensors that carry one JSON document and the digest of themselves. Metadata has three strings: "format",
 * "mlctl.sha256", and the document under a key of its own. Models are such files, and so are the checkpoints of a training.
 */
#ifndef MODEL_SEALED_H
#define MODEL_SEALED_H

#include <base/buf.h>
#include <base/json.h>
#include <base/sha256.h>
#include <base/tensors.h>

#define MLI_SEALED_MAX ((size_t)2 << 30)

/* What tells one kind of file from another. */
struct mli_seal {
    const char *format; /* metadata "format" */
    const char *key;    /* of the document */
    const char *what;   /* for messages: "a model of mlctl" */
    const char *noun;   /* and for those on its metadata: "models" */
};

/* Appends the file's bytes to out; sha256: the digest that stands in them. ML_ELIMIT, ML_EARTIFACT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_sealed_encode(const struct mli_seal *seal, const struct mli_tensors *set,
                                              const json_t *doc, struct mli_buf *out,
                                              char sha256[MLI_SHA256_HEX], struct ml_error *err);
/*
 * The tensors into `set`, which is initialised and stays the caller's, and the document, an object, a new reference.
 * ML_EARTIFACT: not such a file, another format, changed or damaged, no object.
 */
ML_NODISCARD enum ml_status mli_sealed_decode(const struct mli_seal *seal, const void *bytes, size_t n,
                                              const char *source, struct mli_tensors *set, json_t **doc,
                                              char sha256[MLI_SHA256_HEX], struct ml_error *err);
/* The bytes of a file of at most MLI_SEALED_MAX, into buf. */
ML_NODISCARD enum ml_status mli_sealed_file(const char *path, struct mli_buf *buf, struct ml_error *err);

/*
 * The digest that the bytes should carry: SHA-256 of them with the 64 digits of metadata "mlctl.sha256" as '0'.
 * *at: where those digits stand. ML_EARTIFACT when the header is not valid or has no place for it.
 */
ML_NODISCARD enum ml_status mli_sealed_digest(const void *bytes, size_t n, const char *source, size_t *at,
                                              char sha256[MLI_SHA256_HEX], struct ml_error *err);

#endif
