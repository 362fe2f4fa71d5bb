#include <net/layers.h>

#include <base/clones.h>
#include <base/num.h>
#include <math.h>
#include <net/parts.h>
#include <string.h>


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
    if (units > MLI_UNITS_MAX)
        return ml_error_set(err, ML_ELIMIT, "%zu outputs are over the limit of %zu", units,
                            MLI_UNITS_MAX);
    layer->outputs = units;
    layer->parameters =
        (layer->inputs + 1) * units; /* network.c bounds inputs, so this cannot overflow */
    return ML_OK;
}

/*
 * Weights uniform so that variances stay level: forward and backward as well as both can be [Glorot & Bengio 2010], or
 * forward through an activation that lets half of the signal through [He et al. 2015]. Biases 0.
 */
static void init(const struct mli_layer *layer, double *theta, struct mli_rng *rng)
{
    double fan = layer->rectified ? (double)layer->inputs : (double)(layer->inputs + layer->outputs);
    double bound = sqrt(6.0 / fmax(fan, 1));
    size_t n = weights(layer);

    for (size_t i = 0; i < n; i++)
        theta[i] = bound * (2 * mli_rng_uniform(rng) - 1);
    memset(theta + n, 0, layer->outputs * sizeof(*theta));
}

/* Z (n,k) += bias */
MLI_CLONES
static void add_bias(size_t n, size_t k, const mli_real *restrict bias, mli_real *restrict Z)
{
    for (size_t i = 0; k == 1 && i < n; i++)
        Z[i] += bias[0];
    for (size_t i = 0; k > 1 && i < n; i++, Z += k)
        for (size_t j = 0; j < k; j++)
            Z[j] += bias[j];
}

/* In eight lanes, so that the additions do not wait for each other. */
MLI_CLONES
static mli_real add_up(size_t n, const mli_real *x)
{
    mli_real sum[8] = { 0 };
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t l = 0; l < 8; l++)
            sum[l] += x[i + l];
    for (; i < n; i++)
        sum[0] += x[i];
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/* bias += sum of the rows of dZ (n,k) */
MLI_CLONES
static void add_rows(size_t n, size_t k, const mli_real *restrict dZ, mli_real *restrict bias)
{
    for (size_t i = 0; i < n; i++, dZ += k)
        for (size_t j = 0; j < k; j++)
            bias[j] += dZ[j];
}

static void forward(const struct mli_layer *layer, const struct mli_turn *t)
{
    const mli_real *bias = t->theta + weights(layer);
    size_t k = layer->outputs;

    t->la->multiply_nt(t->n, k, layer->inputs, t->X, t->theta, 0, t->Z);
    add_bias(t->n, k, bias, t->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *t)
{
    mli_real *bias = t->grad + weights(layer);
    size_t k = layer->outputs;

    t->la->multiply_tn(t->n, k, layer->inputs, t->dZ, t->X, t->add ? 1 : 0, t->grad);
    if (!t->add)
        memset(bias, 0, k * sizeof *bias);
    if (k == 1)
        bias[0] += add_up(t->n, t->dZ);
    else
        add_rows(t->n, k, t->dZ, bias);
    if (t->dX)
        t->la->multiply_nn(t->n, k, layer->inputs, t->dZ, t->theta, 0, t->dX);
}

static void penalised(const struct mli_layer *layer, uint8_t *flags)
{
    size_t n = weights(layer);
    memset(flags, 1, n);
    memset(flags + n, 0, layer->outputs);
}

static enum ml_status save(const struct mli_layer *layer, size_t index, const double *theta,
                           struct mli_tensors *set, struct ml_error *err)
{
    size_t shape[2] = { layer->outputs, layer->inputs };
    enum ml_status status = mli_part_save(set, index, "weight", 2, shape, theta, err);

    if (status != ML_OK)
        return status;
    return mli_part_save(set, index, "bias", 1, shape, theta + weights(layer), err);
}

static enum ml_status load(const struct mli_layer *layer, size_t index, double *theta,
                           struct mli_tensors *set, struct ml_error *err)
{
    size_t shape[2] = { layer->outputs, layer->inputs };
    const double *weight, *bias;
    enum ml_status status = mli_part_find(set, index, "weight", 2, shape, &weight, err);

    if (status == ML_OK)
        status = mli_part_find(set, index, "bias", 1, shape, &bias, err);
    if (status != ML_OK)
        return status;
    memcpy(theta, weight, weights(layer) * sizeof(*theta));
    memcpy(theta + weights(layer), bias, layer->outputs * sizeof(*theta));
    return ML_OK;
}

const struct mli_layer_kind mli_layer_dense = {
    .name = "dense",
    .example = "dense 3",
    .meaning = "every output a weighted sum of all inputs, plus a bias",
    .reads = MLI_READS_INPUT,
    .parse = parse,
    .init = init,
    .forward = forward,
    .backward = backward,
    .penalised = penalised,
    .save = save,
    .load = load,
};
