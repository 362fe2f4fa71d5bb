/*
 * What activations share. The maps are inlined into each activation with its own function, so that a simple one becomes
 * a vector loop.
 */
#ifndef NET_ACTIVATION_H
#define NET_ACTIVATION_H

#include <net/network.h>

/* parse of a layer that takes no arguments and has as many outputs as inputs. ML_EUSAGE. */
enum ml_status mli_activation_parse(struct mli_layer *layer, const char *arguments, struct ml_error *err);

/* z[i] = value(x[i]); z may be x */
__attribute__((always_inline)) static inline void mli_map(mli_real (*value)(mli_real), size_t n, const mli_real *x,
                                                          mli_real *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = value(x[i]);
}

/* dx[i] = slope(at[i]) dz[i]; dx may be dz. `at` is input or output, as the activation can tell its slope from. */
__attribute__((always_inline)) static inline void mli_map_back(mli_real (*slope)(mli_real), size_t n, const mli_real *at,
                                                               const mli_real *dz, mli_real *dx)
{
    for (size_t i = 0; dx && i < n; i++)
        dx[i] = slope(at[i]) * dz[i];
}

#endif
