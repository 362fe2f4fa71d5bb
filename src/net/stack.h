/*
 * Stack: the preset of kind mlp. Hidden layers of given sizes, each with the same activation, and the output layer:
 *
 *   dense H1, [batch_norm,] relu, [dropout P,] dense H2, ..., dense OUTPUTS
 */
#ifndef NET_STACK_H
#define NET_STACK_H

#include <base/buf.h>
#include <stdbool.h>

struct mli_stack {
    const char *hidden;     /* units of the hidden layers, "128,64" */
    const char *activation; /* a layer that maps each number by itself, "relu" */
    double dropout;         /* share dropped behind each activation; 0: no dropout */
    bool batch_norm;        /* before each activation */
};

#define MLI_STACK_HIDDEN "64,32"
#define MLI_STACK_ACTIVATION "relu"

/* Appends the layer specification to out. ML_EUSAGE: hidden (column), activation (nearest name) or dropout are none. */
ML_NODISCARD enum ml_status mli_stack_spec(const struct mli_stack *stack, size_t outputs, struct mli_buf *out,
                                           struct ml_error *err);

#endif
