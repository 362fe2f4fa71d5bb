/* A layer's tensors in an artifact, "net.<index>.<part>". Statuses are those of base/tensors.h. */
#ifndef NET_PARTS_H
#define NET_PARTS_H

#include <base/tensors.h>

ML_NODISCARD enum ml_status mli_part_save(struct mli_tensors *set, size_t index, const char *part, size_t rank,
                                          const size_t *shape, const double *data, struct ml_error *err);
ML_NODISCARD enum ml_status mli_part_find(struct mli_tensors *set, size_t index, const char *part, size_t rank,
                                          const size_t *shape, const double **out, struct ml_error *err);

#endif
