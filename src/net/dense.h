/* Layer kinds, one row each; net/network.c lists them. */
#ifndef NET_DENSE_H
#define NET_DENSE_H

#include <net/network.h>

/* "dense k": Z = X W' + b, W (k,inputs) then b (k) in theta; tensors net.<i>.weight and net.<i>.bias. */
extern const struct mli_layer_kind mli_layer_dense;

#endif
