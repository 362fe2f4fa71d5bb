/* Leaky rectifier [Maas, Hannun & Ng 2013]. */
#include <net/activation.h>

#include <net/layers.h>

#define LEAK 0.01

static mli_real value(mli_real x)
{
    return x < 0 ? LEAK * x : x;
}

static mli_real slope(mli_real z)
{
    return z > 0 ? 1 : LEAK;
}

static void forward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map(value, turn->n * layer->outputs, turn->X, turn->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map_back(slope, turn->n * layer->outputs, turn->Z, turn->dZ, turn->dX);
}

const struct mli_layer_kind mli_layer_leaky_relu = {
    .name = "leaky_relu",
    .example = "leaky_relu",
    .meaning = "x if x > 0, else 0.01 x",
    .reads = MLI_READS_OUTPUT,
    .pointwise = true,
    .rectifies = true,
    .parse = mli_activation_parse,
    .forward = forward,
    .backward = backward,
};
