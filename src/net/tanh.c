/* Hyperbolic tangent. */
#include <net/activation.h>

#include <math.h>
#include <net/layers.h>

static mli_real value(mli_real x)
{
    return tanh(x);
}

static mli_real slope(mli_real z)
{
    return 1 - z * z;
}

static void forward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map(value, turn->n * layer->outputs, turn->X, turn->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map_back(slope, turn->n * layer->outputs, turn->Z, turn->dZ, turn->dX);
}

const struct mli_layer_kind mli_layer_tanh = {
    .name = "tanh",
    .example = "tanh",
    .meaning = "hyperbolic tangent",
    .reads = MLI_READS_OUTPUT,
    .pointwise = true,
    .parse = mli_activation_parse,
    .forward = forward,
    .backward = backward,
};
