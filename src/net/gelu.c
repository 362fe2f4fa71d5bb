/* Gaussian error linear unit in its exact form, with erf and not the tanh approximation [Hendrycks & Gimpel 2016]. */
#include <net/activation.h>

#include <math.h>
#include <net/layers.h>

#define SQRT_HALF 0.70710678118654752440
#define NORMAL_PEAK 0.39894228040143267794 /* 1 / sqrt(2 pi) */

/* x P(normal <= x), with erfc so that small results keep their digits. */
static mli_real value(mli_real x)
{
    return 0.5 * x * erfc(-SQRT_HALF * x);
}

static mli_real slope(mli_real x)
{
    return 0.5 * erfc(-SQRT_HALF * x) + x * NORMAL_PEAK * exp(-0.5 * x * x);
}

static void forward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map(value, turn->n * layer->outputs, turn->X, turn->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *turn)
{
    mli_map_back(slope, turn->n * layer->outputs, turn->X, turn->dZ, turn->dX);
}

const struct mli_layer_kind mli_layer_gelu = {
    .name = "gelu",
    .example = "gelu",
    .meaning = "x times the normal distribution function of x",
    .reads = MLI_READS_INPUT,
    .pointwise = true,
    .rectifies = true,
    .parse = mli_activation_parse,
    .forward = forward,
    .backward = backward,
};
