/*
 * Network: a stack of layers over one flat parameter vector theta and one flat gradient. The struct holds shapes only;
 * theta belongs to the caller, so optimising, saving and checking parameters are plain loops. Immutable after _new and
 * safe to share. Knows nothing of columns, files or training. Compiled twice (base/real.h); where parameters start and
 * what a model keeps are doubles in both.
 */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include <base/real.h>
#include <base/rng.h>
#include <base/tensors.h>
#include <la/kernels.h>
#include <stdbool.h>
#include <stdint.h>

#define MLI_UNITS_MAX ((size_t)1 << 20) /* outputs of a dense layer */

struct mli_layer;

/*
 * What forward and backward are for: predicting (NULL, or `training` false) or a step of training, in which dropout
 * drops and batch_norm takes the statistics of the rows it sees. Nothing random is stored: what is dropped follows from
 * (seed, layer, row, unit), so the rows of a batch may come in any blocks and in any order, and a run can be resumed.
 */
struct mli_pass {
    bool training;
    uint64_t seed;
    size_t row; /* number of the first row, in what the seed belongs to */
};

/* A layer's turn in forward or backward over n rows. */
struct mli_turn {
    const struct mli_kernels *la;
    const struct mli_pass *pass; /* NULL: predicting */
    size_t n;
    const mli_real *theta; /* its part */
    const mli_real *X;     /* (n,inputs) */
    mli_real *Z;           /* (n,outputs), behind it the layer's `scratch` numbers, as forward left them for backward */
    const mli_real *dZ;    /* (n,outputs); from here on for backward alone */
    mli_real *grad;        /* its part */
    bool add;              /* to grad; else it is overwritten */
    mli_real *dX;          /* (n,inputs), overwritten; NULL: not wanted */
};

/* What a layer's backward reads; the others' memory may be used again. */
enum { MLI_READS_INPUT = 1, MLI_READS_OUTPUT = 2 };

/*
 * One row a layer kind, in a file of its own (net/dense.c), listed in net/network.c.
 * Functions that a layer without parameters has no use for are NULL.
 */
struct mli_layer_kind {
    const char *name;
    const char *example; /* as a spec may have it: "dense 3" */
    const char *meaning; /* for help and docs, in a few words */
    unsigned reads;      /* MLI_READS_.. */
    bool pointwise;      /* Z may be X in forward if backward does not read X; dX may always be dZ */
    bool rectifies;      /* takes about half of the signal away: a dense layer below starts with more [He et al. 2015] */
    bool drops;          /* draws at random in training */
    /* Reads the text after the name ("10" of "dense 10"), sets outputs and parameters. ML_EUSAGE, ML_ELIMIT. */
    enum ml_status (*parse)(struct mli_layer *layer, const char *arguments, struct ml_error *err);
    void (*init)(const struct mli_layer *layer, double *theta, struct mli_rng *rng);
    void (*forward)(const struct mli_layer *layer, const struct mli_turn *turn);
    void (*backward)(const struct mli_layer *layer, const struct mli_turn *turn);
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
    size_t index;
    size_t inputs, outputs;
    size_t offset, parameters; /* its part of theta */
    size_t statistics; /* the last so many of them are not trained but measured, see mli_network_settle() */
    size_t scratch;    /* numbers of workspace, whatever n is */
    double argument;   /* of dropout: the share that is dropped */
    size_t row, before; /* over n rows its outputs lie n * row + before numbers into the workspace */
    bool rectified;    /* the activation above rectifies */
    size_t column;     /* of the spec, where its arguments stand */
};

struct mli_network {
    size_t layers, inputs, outputs, parameters;
    size_t widest; /* largest inputs or outputs of any layer */
    size_t row, scratch; /* workspace of outputs over n rows: n * row + scratch */
    bool drops;      /* a layer draws at random in training */
    bool statistics; /* a layer measures its rows in training: a batch must come as one piece */
    struct mli_layer *layer;
    char *spec; /* normalised, e.g. "dense 3" */
};

/* All layer kinds, count in *n. */
const struct mli_layer_kind *const *mli_layer_kinds(size_t *n);

/*
 * spec: layers separated by commas, e.g. "dense 16, relu, dense 3"; the last is dense, since losses take any number and
 * make probabilities of them by themselves. Errors name the column of the spec: ML_EUSAGE, ML_ENOMEM, ML_ELIMIT.
 */
ML_NODISCARD enum ml_status mli_network_new(const char *spec, size_t inputs, struct mli_network **out,
                                            struct ml_error *err);
void mli_network_free(struct mli_network *net);
void mli_network_init(const struct mli_network *net, double *theta, struct mli_rng *rng);
void mli_network_penalised(const struct mli_network *net, uint8_t *penalised);

/* Numbers of workspace that forward (and backward) over n rows needs. */
size_t mli_network_workspace(const struct mli_network *net, size_t n, bool backward);
/* Z (n,outputs), computed into the workspace (returned pointer) so that _backward can follow with the same arguments. */
mli_real *mli_network_forward(const struct mli_network *net, const struct mli_kernels *la, const mli_real *theta, size_t n,
                            const mli_real *X, const struct mli_pass *pass, mli_real *workspace);
/* The outputs of one layer over the n rows of the last _forward: a later layer may have worked on them in place. */
mli_real *mli_network_outputs(const struct mli_network *net, size_t layer, size_t n, mli_real *workspace);
/*
 * dZ (n,outputs) is the loss gradient at the output; grad (parameters) is added to if `add`, else overwritten. Call after
 * _forward on the same workspace.
 */
void mli_network_backward(const struct mli_network *net, const struct mli_kernels *la, const mli_real *theta, size_t n,
                          const mli_real *X, const mli_real *dZ, const struct mli_pass *pass, bool add, mli_real *grad,
                          mli_real *workspace);
/*
 * In training the gradient of a measured entry is "statistic of these rows minus entry". After a batch this moves those
 * entries a tenth of it and clears it, so that an optimiser leaves them where they are.
 */
void mli_network_settle(const struct mli_network *net, mli_real *theta, mli_real *grad);

ML_NODISCARD enum ml_status mli_network_save(const struct mli_network *net, const double *theta,
                                             struct mli_tensors *set, struct ml_error *err);
ML_NODISCARD enum ml_status mli_network_load(const struct mli_network *net, double *theta, struct mli_tensors *set,
                                             struct ml_error *err);

#endif
