/* Exponential linear unit, alpha 1 [Clevert, Unterthiner & Hochreiter 2016]. */
#include <net/activation.h>

#include <math.h>
#include <net/layers.h>

static mli_real value(mli_real x)
{
    return x < 0 ? expm1(x) : x;
}

static mli_real slope(mli_real z)
{
    return z > 0 ? 1 : z + 1;
}

static void forward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map(value, turn->n * layer->outputs, turn->X, turn->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map_back(slope, turn->n * layer->outputs, turn->Z, turn->dZ, turn->dX);
}

const struct mli_layer_kind mli_layer_elu = {
    .name = "elu",
    .example = "elu",
    .meaning = "x if x > 0, else exp(x) - 1",
    .reads = MLI_READS_OUTPUT,
    .pointwise = true,
    .rectifies = true,
    .parse = mli_activation_parse,
    .forward = forward,
    .backward = backward,
};
