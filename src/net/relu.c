/* Rectifier [Nair & Hinton 2010]. */
#include <net/activation.h>

#include <net/layers.h>

/* What is not a number stays so: a fault must not look like a 0. */
static mli_real value(mli_real x)
{
    return x < 0 ? 0 : x;
}

static mli_real slope(mli_real z)
{
    return z > 0 ? 1 : 0;
}

static void forward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map(value, turn->n * layer->outputs, turn->X, turn->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map_back(slope, turn->n * layer->outputs, turn->Z, turn->dZ, turn->dX);
}

const struct mli_layer_kind mli_layer_relu = {
    .name = "relu",
    .example = "relu",
    .meaning = "x if x > 0, else 0",
    .reads = MLI_READS_OUTPUT,
    .pointwise = true,
    .rectifies = true,
    .parse = mli_activation_parse,
    .forward = forward,
    .backward = backward,
};
