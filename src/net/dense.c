#include <net/dense.h>

#include <base/num.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define UNITS_MAX ((size_t)1 << 20)

static size_t weights(const struct mli_layer *layer)
{
    return layer->inputs * layer->outputs;
}

static enum ml_status parse(struct mli_layer *layer, const char *arguments, struct ml_error *err)
{
    size_t units;

    if (arguments[0] == '\0')
        return ml_error_set(err, ML_EUSAGE,
                            "dense needs a number of outputs, for example \"dense 3\"");
    if (!mli_num_parse_size(arguments, strlen(arguments), &units) || units == 0)
        return ml_error_set(err, ML_EUSAGE,
                            "expected a whole number of outputs of at least 1, found \"%.64s\"",
                            arguments);
    if (units > UNITS_MAX)
        return ml_error_set(err, ML_ELIMIT, "%zu outputs are over the limit of %zu", units,
                            UNITS_MAX);
    layer->outputs = units;
    layer->parameters =
        (layer->inputs + 1) * units; /* network.c bounds inputs, so this cannot overflow */
    return ML_OK;
}

/* Weights uniform so that variances stay level forward and backward [Glorot & Bengio 2010]; biases 0. */
static void init(const struct mli_layer *layer, double *theta, struct mli_rng *rng)
{
    double bound = sqrt(6.0 / (double)(layer->inputs + layer->outputs));
    size_t n = weights(layer);

    for (size_t i = 0; i < n; i++)
        theta[i] = bound * (2 * mli_rng_uniform(rng) - 1);
    memset(theta + n, 0, layer->outputs * sizeof(*theta));
}

static void forward(const struct mli_layer *layer, const struct mli_kernels *la,
                    const double *theta, size_t n, const double *X, double *Z)
{
    const double *bias = theta + weights(layer);
    size_t k = layer->outputs;

    la->multiply_nt(n, k, layer->inputs, X, theta, 0, Z);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            Z[i * k + j] += bias[j];
}

static void backward(const struct mli_layer *layer, const struct mli_kernels *la,
                     const double *theta, size_t n, const double *X, const double *Z,
                     const double *dZ, double *grad, double *dX)
{
    double *bias = grad + weights(layer);
    size_t k = layer->outputs;

    (void)Z;
    la->multiply_tn(n, k, layer->inputs, dZ, X, 1, grad);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            bias[j] += dZ[i * k + j];
    if (dX)
        la->multiply_nn(n, k, layer->inputs, dZ, theta, 0, dX);
}

static void penalised(const struct mli_layer *layer, uint8_t *flags)
{
    size_t n = weights(layer);
    memset(flags, 1, n);
    memset(flags + n, 0, layer->outputs);
}

static void tensor_name(char *out, size_t size, size_t index, const char *part)
{
    snprintf(out, size, "net.%zu.%s", index, part);
}

static enum ml_status save(const struct mli_layer *layer, size_t index, const double *theta,
                           struct mli_tensors *set, struct ml_error *err)
{
    char name[64];
    size_t shape[2] = { layer->outputs, layer->inputs };

    tensor_name(name, sizeof(name), index, "weight");
    enum ml_status status = mli_tensors_add(set, name, 2, shape, theta, err);
    if (status != ML_OK)
        return status;
    tensor_name(name, sizeof(name), index, "bias");
    return mli_tensors_add_vector(set, name, layer->outputs, theta + weights(layer), err);
}

static enum ml_status load(const struct mli_layer *layer, size_t index, double *theta,
                           struct mli_tensors *set, struct ml_error *err)
{
    char name[64];
    size_t shape[2] = { layer->outputs, layer->inputs };
    const double *weight, *bias;

    tensor_name(name, sizeof(name), index, "weight");
    enum ml_status status = mli_tensors_find(set, name, 2, shape, &weight, err);
    if (status != ML_OK)
        return status;
    tensor_name(name, sizeof(name), index, "bias");
    status = mli_tensors_find_vector(set, name, layer->outputs, &bias, err);
    if (status != ML_OK)
        return status;
    memcpy(theta, weight, weights(layer) * sizeof(*theta));
    memcpy(theta + weights(layer), bias, layer->outputs * sizeof(*theta));
    return ML_OK;
}

const struct mli_layer_kind mli_layer_dense = { "dense",  parse,     init, forward,
                                                backward, penalised, save, load };
