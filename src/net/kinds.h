/*
 * Kinds: presets that expand to a stack of layers and a loss. One row each.
 *
 *   linear    dense(1) + squared, absolute, huber, quantile          least squares, ridge, lasso; robust and quantile regression
 *   logistic  dense(1 or classes) + cross_entropy                    logistic and multinomial regression
 *             or, for several labels, dense(labels) + binary_cross_entropy
 *   svm       dense(1 or classes) + squared_hinge, hinge,            support vector machines, one class against the rest;
 *             or, for a number, dense(1) + (squared_)epsilon_insensitive   support vector regression
 *   poisson   dense(1) + poisson                                     counts and rates, log link
 *   mlp       a stack (net/stack.h, or any layers) + any of them     multi-layer perceptron
 */
#ifndef NET_KINDS_H
#define NET_KINDS_H

#include <net/losses.h>

struct mli_kind {
    const char *name, *meaning;
    bool stack;                 /* of layers that the settings describe; else one dense layer */
    const struct mli_loss *const *losses; /* that it takes, NULL at the end; the first of a task is the task's default */
};

/* All kinds, count in *n. */
const struct mli_kind *mli_kinds(size_t *n);
const struct mli_kind *mli_kind_find(const char *name); /* NULL: none of that name */
/* The kind taken when none is asked for. */
const struct mli_kind *mli_kind_default(enum mli_task task);
/* The loss of a kind when none is asked for; NULL: it is not for that task. */
const struct mli_loss *mli_kind_loss(const struct mli_kind *kind, enum mli_task task);
bool mli_kind_takes(const struct mli_kind *kind, const struct mli_loss *loss);
/* The layer specification of a kind of one layer, e.g. "dense 3". false when out is too small. */
bool mli_kind_layers(const struct mli_kind *kind, const struct mli_loss *loss, size_t classes, char *out, size_t size);

#endif
