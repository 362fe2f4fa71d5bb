/*
 * A named set of numeric arrays: what a pipeline and a network put into an artifact and take out of it. Names are paths
 * such as "prep.scale.mean" or "net.0.weight". Order of adding is kept. The set owns copies of everything.
 */
#ifndef BASE_TENSORS_H
#define BASE_TENSORS_H

#include <mlctl/status.h>
#include <stdbool.h>

#define MLI_TENSOR_RANK 8

struct mli_tensor {
    char *name;
    size_t rank, shape[MLI_TENSOR_RANK];
    double *data; /* row-major; product of shape elements */
    bool single;  /* all of them are floats, and a file keeps them as F32 */
    bool used;    /* set by _find: a reader refuses a file with a tensor that nothing asked for */
};

struct mli_tensors {
    struct mli_tensor *items;
    size_t count, capacity;
};

void mli_tensors_init(struct mli_tensors *set);
void mli_tensors_release(struct mli_tensors *set);
/* Adds a copy. ML_EUSAGE for a name that is there already, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_tensors_add(struct mli_tensors *set, const char *name, size_t rank, const size_t *shape,
                                            const double *data, struct ml_error *err);
ML_NODISCARD enum ml_status mli_tensors_add_vector(struct mli_tensors *set, const char *name, size_t n,
                                                   const double *data, struct ml_error *err);
/* Finds by name, checks rank and shape, marks as used. ML_EARTIFACT when missing or of another shape. Borrowed. */
ML_NODISCARD enum ml_status mli_tensors_find(struct mli_tensors *set, const char *name, size_t rank,
                                             const size_t *shape, const double **out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_tensors_find_vector(struct mli_tensors *set, const char *name, size_t n,
                                                    const double **out, struct ml_error *err);
/* First tensor nothing has asked for, NULL if all were used. */
const struct mli_tensor *mli_tensors_unused(const struct mli_tensors *set);

#endif
