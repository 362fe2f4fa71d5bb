/*
 * The header of a safetensors file: 8 bytes of length, then one JSON object. Reads it by the strict profile
 * (docs/artifact.md) in one pass without building a document: the shape of the JSON is fixed, so whatever does not belong
 * is refused where it stands. Every refusal is ML_EARTIFACT and names the byte of the file.
 */
#ifndef MODEL_LAYOUT_H
#define MODEL_LAYOUT_H

#include <base/json.h>
#include <base/tensors.h>

#define MLI_LAYOUT_MAX ((size_t)16 << 20)
#define MLI_LAYOUT_TENSORS_MAX ((size_t)65536)
#define MLI_LAYOUT_NAME_MAX ((size_t)255)
#define MLI_LAYOUT_NUMBER_MAX (((uint64_t)1 << 48) - 1)

struct mli_dtype {
    const char *name;
    size_t size;
};

struct mli_layout_tensor {
    char *name;
    size_t at; /* byte of the file where the name stands */
    const struct mli_dtype *dtype;
    size_t rank, shape[MLI_TENSOR_RANK], count; /* count: product of shape */
    size_t begin, end;                          /* relative to `data` of the header */
};

struct mli_layout_text { /* a metadata string */
    char *key;
    size_t at, length; /* its value as it stands in the file, between the quotes */
};

struct mli_layout {
    struct mli_layout_tensor *tensor; /* in the order of their data */
    size_t tensors;
    struct mli_layout_text *text;
    size_t texts;
    json_t *metadata; /* object of strings */
    size_t data;      /* byte of the file where the tensors begin */
};

/* bytes: the whole file, n bytes. Tensors cover [data, n) without hole or overlap. ML_EARTIFACT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_layout_read(const void *bytes, size_t n, const char *source,
                                            struct mli_layout *out, struct ml_error *err);
void mli_layout_release(struct mli_layout *layout);

#endif
