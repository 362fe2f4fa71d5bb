/*
 * Network: a stack of layers over one flat parameter vector theta and one flat gradient. The struct holds shapes only;
 * theta belongs to the caller, so optimising, saving and checking parameters are plain loops. Immutable after _new and
 * safe to share. Knows nothing of columns, files or training.
 */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include <base/rng.h>
#include <base/tensors.h>
#include <la/kernels.h>
#include <stdint.h>

struct mli_layer;

/* One row a layer kind, in a file of its own (net/dense.c), listed in net/network.c. X is (n,inputs), Z (n,outputs). */
struct mli_layer_kind {
    const char *name;
    /* Reads the text after the name ("10" of "dense 10"), sets outputs and parameters. ML_EUSAGE. */
    enum ml_status (*parse)(struct mli_layer *layer, const char *arguments, struct ml_error *err);
    void (*init)(const struct mli_layer *layer, double *theta, struct mli_rng *rng);
    void (*forward)(const struct mli_layer *layer, const struct mli_kernels *la, const double *theta, size_t n,
                    const double *X, double *Z);
    /* grad (parameters) is added to; dX (n,inputs) is overwritten, NULL when not wanted. */
    void (*backward)(const struct mli_layer *layer, const struct mli_kernels *la, const double *theta, size_t n,
                     const double *X, const double *Z, const double *dZ, double *grad, double *dX);
    /* penalised[i] = 1 for parameters that weight penalties apply to; biases are free. */
    void (*penalised)(const struct mli_layer *layer, uint8_t *penalised);
    /* Adds the layer's tensors under "net.<index>."; the reverse fills theta. */
    enum ml_status (*save)(const struct mli_layer *layer, size_t index, const double *theta,
                           struct mli_tensors *set, struct ml_error *err);
    enum ml_status (*load)(const struct mli_layer *layer, size_t index, double *theta, struct mli_tensors *set,
                           struct ml_error *err);
};

struct mli_layer {
    const struct mli_layer_kind *kind;
    size_t inputs, outputs;
    size_t offset, parameters; /* its part of theta */
};

struct mli_network {
    size_t layers, inputs, outputs, parameters;
    size_t widest; /* largest inputs or outputs of any layer */
    struct mli_layer *layer;
    char *spec; /* normalised, e.g. "dense 3" */
};

/* spec: layers separated by commas, e.g. "dense 3". Errors name the column of the spec: ML_EUSAGE, ML_ENOMEM, ML_ELIMIT. */
ML_NODISCARD enum ml_status mli_network_new(const char *spec, size_t inputs, struct mli_network **out,
                                            struct ml_error *err);
void mli_network_free(struct mli_network *net);
void mli_network_init(const struct mli_network *net, double *theta, struct mli_rng *rng);
void mli_network_penalised(const struct mli_network *net, uint8_t *penalised);

/* Doubles of workspace that forward (and backward) over n rows needs. */
size_t mli_network_workspace(const struct mli_network *net, size_t n, bool backward);
/* Z (n,outputs), computed into the workspace (returned pointer) so that _backward can follow with the same arguments. */
double *mli_network_forward(const struct mli_network *net, const struct mli_kernels *la, const double *theta, size_t n,
                            const double *X, double *workspace);
/* dZ (n,outputs) is the loss gradient at the output; adds to grad (parameters). Call after _forward on the same workspace. */
void mli_network_backward(const struct mli_network *net, const struct mli_kernels *la, const double *theta, size_t n,
                          const double *X, const double *dZ, double *grad, double *workspace);

ML_NODISCARD enum ml_status mli_network_save(const struct mli_network *net, const double *theta,
                                             struct mli_tensors *set, struct ml_error *err);
ML_NODISCARD enum ml_status mli_network_load(const struct mli_network *net, double *theta, struct mli_tensors *set,
                                             struct ml_error *err);

#endif
