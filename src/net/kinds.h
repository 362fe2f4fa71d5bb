/*
 * Kinds: presets that expand to a stack of layers and a loss. One row each.
 *
 *   linear    dense(1) + squared                     least squares, ridge, lasso
 *   logistic  dense(1 or classes) + cross_entropy    logistic and multinomial regression
 */
#ifndef NET_KINDS_H
#define NET_KINDS_H

#include <net/losses.h>

struct mli_kind {
    const char *name, *meaning;
    const char *objective; /* what is minimised, besides penalties, in words */
    const struct mli_loss *loss;
};

/* All kinds, count in *n. */
const struct mli_kind *mli_kinds(size_t *n);
const struct mli_kind *mli_kind_find(const char *name); /* NULL: none of that name */
/* The kind taken when none is asked for. */
const struct mli_kind *mli_kind_default(bool classification);
/* The layer specification of a kind, e.g. "dense 3". false when out is too small. */
bool mli_kind_layers(const struct mli_kind *kind, size_t classes, char *out, size_t size);

#endif
