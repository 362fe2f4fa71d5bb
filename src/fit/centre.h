/* Centre: the means of the features over rows that come in blocks, and rows less them. */
#ifndef FIT_CENTRE_H
#define FIT_CENTRE_H

#include <mlctl/status.h>
#include <stddef.h>

struct mli_centre {
    size_t d, n;  /* features, rows added */
    double *mean; /* d, zeros at first */
};

/* Adds rows X (n,d) to the means of a struct mli_centre: an each() of mli_matrix_each(). ML_OK. */
enum ml_status mli_centre_add(void *centre, size_t n, double *X, struct ml_error *err);
/* X (n,d) less the means. A feature that never varied becomes exactly 0. */
void mli_centre_take(const struct mli_centre *centre, size_t n, double *X);

#endif
