/* Logistic function. */
#include <net/activation.h>

#include <math.h>
#include <net/layers.h>

/* exp() of what is not positive: no overflow. */
static mli_real value(mli_real x)
{
    double e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static mli_real slope(mli_real z)
{
    return z * (1 - z);
}

static void forward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map(value, turn->n * layer->outputs, turn->X, turn->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map_back(slope, turn->n * layer->outputs, turn->Z, turn->dZ, turn->dX);
}

const struct mli_layer_kind mli_layer_sigmoid = {
    .name = "sigmoid",
    .example = "sigmoid",
    .meaning = "1 / (1 + exp(-x))",
    .reads = MLI_READS_OUTPUT,
    .pointwise = true,
    .parse = mli_activation_parse,
    .forward = forward,
    .backward = backward,
};
