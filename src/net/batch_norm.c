/*
 * Batch normalisation [Ioffe & Szegedy 2015], with the constants of PyTorch: what is divided by is the root of the
 * variance plus 1e-5, and the running variance takes in the unbiased one.
 *
 * theta: weight, bias, running mean, running variance (k each). Scratch: mean and 1/deviation that forward used, variance
 * of the batch, and two sums of backward. A batch of one row has no variance to learn of and leaves the running one.
 */
#include <net/layers.h>

#include <math.h>
#include <net/parts.h>
#include <string.h>

#define EPSILON 1e-5

enum { MEAN, INVERSE, VARIANCE, SUM, PRODUCT, SCRATCH };

static enum ml_status parse(struct mli_layer *layer, const char *arguments, struct ml_error *err)
{
    if (arguments[0] != '\0')
        return ml_error_set(err, ML_EUSAGE, "batch_norm takes no arguments, found \"%.64s\"",
                            arguments);
    layer->outputs = layer->inputs;
    layer->parameters = 4 * layer->inputs;
    layer->statistics = 2 * layer->inputs;
    layer->scratch = SCRATCH * layer->inputs;
    return ML_OK;
}

static void init(const struct mli_layer *layer, double *theta, struct mli_rng *rng)
{
    size_t k = layer->outputs;

    (void)rng;
    for (size_t j = 0; j < k; j++) {
        theta[j] = theta[3 * k + j] = 1;
        theta[k + j] = theta[2 * k + j] = 0;
    }
}

static bool training(const struct mli_turn *t)
{
    return t->pass && t->pass->training;
}

/* Mean and variance of the rows, the mean first so that no digits cancel. */
static void measure(size_t n, size_t k, const mli_real *X, mli_real *mean, mli_real *variance)
{
    memset(mean, 0, k * sizeof(*mean));
    memset(variance, 0, k * sizeof(*variance));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            mean[j] += X[i * k + j];
    for (size_t j = 0; j < k; j++)
        mean[j] /= (double)n;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < k; j++) {
            double r = X[i * k + j] - mean[j];
            variance[j] += r * r;
        }
    }
    for (size_t j = 0; j < k; j++)
        variance[j] /= (double)n;
}

static void forward(const struct mli_layer *layer, const struct mli_turn *t)
{
    size_t k = layer->outputs;
    const mli_real *weight = t->theta, *bias = weight + k;
    mli_real *scratch = t->Z + t->n * k, *mean = scratch + MEAN * k, *inverse = scratch + INVERSE * k,
           *variance = scratch + VARIANCE * k;

    if (training(t))
        measure(t->n, k, t->X, mean, variance);
    else
        memcpy(mean, t->theta + 2 * k, k * sizeof(*mean));
    const mli_real *spread = training(t) ? variance : t->theta + 3 * k;
    for (size_t j = 0; j < k; j++)
        inverse[j] = 1 / sqrt(spread[j] + EPSILON);
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < k; j++)
            t->Z[i * k + j] = (t->X[i * k + j] - mean[j]) * inverse[j] * weight[j] + bias[j];
}

/* What mli_network_settle() moves the running statistics by a part of. */
static void compare(const struct mli_turn *t, size_t k, const mli_real *mean, const mli_real *variance)
{
    const mli_real *running = t->theta + 2 * k;
    mli_real *grad = t->grad + 2 * k;
    double n = (double)t->n;

    for (size_t j = 0; j < k; j++)
        grad[j] += mean[j] - running[j];
    for (size_t j = 0; j < k && t->n > 1; j++)
        grad[k + j] += variance[j] * (n / (n - 1)) - running[k + j];
}

/* sum = sum of dz, product = sum of dz (x - mean) / deviation */
static void add_up(const struct mli_turn *t, size_t k, const mli_real *mean, const mli_real *inverse,
                   mli_real *sum, mli_real *product)
{
    memset(sum, 0, k * sizeof(*sum));
    memset(product, 0, k * sizeof(*product));
    for (size_t i = 0; i < t->n; i++) {
        for (size_t j = 0; j < k; j++) {
            double dz = t->dZ[i * k + j];
            sum[j] += dz;
            product[j] += dz * ((t->X[i * k + j] - mean[j]) * inverse[j]);
        }
    }
    for (size_t j = 0; j < k; j++) {
        t->grad[j] += product[j];
        t->grad[k + j] += sum[j];
    }
}

/* Mean and deviation follow the rows in training, which takes their share back; in predictions they stand. */
static void backward(const struct mli_layer *layer, const struct mli_turn *t)
{
    size_t k = layer->outputs;
    const mli_real *weight = t->theta;
    mli_real *scratch = t->Z + t->n * k, *mean = scratch + MEAN * k, *inverse = scratch + INVERSE * k,
           *sum = scratch + SUM * k, *product = scratch + PRODUCT * k;
    double share = training(t) ? 1 / (double)t->n : 0;

    if (!t->add)
        memset(t->grad, 0, layer->parameters * sizeof *t->grad);
    if (training(t))
        compare(t, k, mean, scratch + VARIANCE * k);
    add_up(t, k, mean, inverse, sum, product);
    for (size_t i = 0; t->dX && i < t->n; i++) {
        for (size_t j = 0; j < k; j++) {
            double x = (t->X[i * k + j] - mean[j]) * inverse[j];
            double rest = t->dZ[i * k + j] - share * (sum[j] + x * product[j]);
            t->dX[i * k + j] = weight[j] * inverse[j] * rest;
        }
    }
}

static void penalised(const struct mli_layer *layer, uint8_t *flags)
{
    memset(flags, 0, layer->parameters);
}

static const char *const parts[] = { "weight", "bias", "running_mean", "running_var" };

static enum ml_status save(const struct mli_layer *layer, size_t index, const double *theta,
                           struct mli_tensors *set, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    for (size_t p = 0; p < 4 && status == ML_OK; p++)
        status = mli_part_save(set, index, parts[p], 1, &layer->outputs, theta + p * layer->outputs, err);
    return status;
}

static enum ml_status load(const struct mli_layer *layer, size_t index, double *theta,
                           struct mli_tensors *set, struct ml_error *err)
{
    size_t k = layer->outputs;
    const double *vector[4];

    for (size_t p = 0; p < 4; p++) {
        enum ml_status status = mli_part_find(set, index, parts[p], 1, &k, &vector[p], err);
        if (status != ML_OK)
            return status;
    }
    for (size_t j = 0; j < k; j++)
        if (!(vector[3][j] >= 0))
            return ml_error_set(err, ML_EARTIFACT,
                                "tensor \"net.%zu.running_var\": variance %zu is %g, expected 0 or more",
                                index, j, vector[3][j]);
    for (size_t p = 0; p < 4; p++)
        memcpy(theta + p * k, vector[p], k * sizeof(*theta));
    return ML_OK;
}

const struct mli_layer_kind mli_layer_batch_norm = {
    .name = "batch_norm",
    .example = "batch_norm",
    .meaning = "each unit to mean 0 and variance 1 over the batch, then scaled and shifted as learnt",
    .reads = MLI_READS_INPUT,
    .parse = parse,
    .init = init,
    .forward = forward,
    .backward = backward,
    .penalised = penalised,
    .save = save,
    .load = load,
};
