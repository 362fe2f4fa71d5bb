/* Layer kinds, one row each, in a file of its own; net/network.c lists them. docs/networks.md has the formulas. */
#ifndef NET_LAYERS_H
#define NET_LAYERS_H

#include <net/network.h>

/* "dense K": Z = X W' + b, W (K,inputs) then b (K) in theta; tensors net.<i>.weight and net.<i>.bias. */
extern const struct mli_layer_kind mli_layer_dense;

/* Activations: each number by itself, no parameters. */
extern const struct mli_layer_kind mli_layer_relu, mli_layer_leaky_relu, mli_layer_elu, mli_layer_gelu, mli_layer_tanh,
    mli_layer_sigmoid;

/* "dropout P": in training each number is 0 with probability P, else divided by 1 - P; nothing in predictions. */
extern const struct mli_layer_kind mli_layer_dropout;

/*
 * "batch_norm": each column to mean 0 and variance 1 over the batch, then times weight plus bias; predictions take the
 * running mean and variance. theta: weight, bias, running_mean, running_var (k each), tensors of these names.
 */
extern const struct mli_layer_kind mli_layer_batch_norm;

#endif
