/*
 * Inverted dropout [Srivastava et al. 2014]: what stays is divided by 1 - P, so that predictions need nothing. The mask
 * is a hash of its place and not drawn one after the other, so that backward can ask again and no order matters.
 */
#include <net/layers.h>

#include <base/num.h>
#include <string.h>

#define GOLDEN 0x9e3779b97f4a7c15u

static enum ml_status parse(struct mli_layer *layer, const char *arguments, struct ml_error *err)
{
    double share;

    if (arguments[0] == '\0')
        return ml_error_set(err, ML_EUSAGE,
                            "dropout needs the share to drop, for example \"dropout 0.2\"");
    if (!mli_num_parse(arguments, strlen(arguments), &share) || !(share >= 0 && share < 1))
        return ml_error_set(err, ML_EUSAGE,
                            "expected a share to drop, from 0 to below 1, found \"%.64s\"", arguments);
    layer->argument = share;
    layer->outputs = layer->inputs;
    return ML_OK;
}

/* Mixing step of splitmix64 [Steele, Lea & Flood 2014]. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* out = in, thinned. A hash gives 32 bits each to two neighbours. */
static void thin(const struct mli_layer *layer, const struct mli_turn *t, const mli_real *in,
                 mli_real *out)
{
    size_t k = layer->outputs;
    uint32_t bound = (uint32_t)(layer->argument * 4294967296.0);
    double scale = 1 / (1 - layer->argument);
    uint64_t key = mix(t->pass->seed + GOLDEN * (layer->index + 1));

    for (size_t i = 0; i < t->n; i++, in += k, out += k) {
        uint64_t row = mix(key + GOLDEN * (t->pass->row + i + 1));
        for (size_t j = 0; j < k; j++) {
            uint64_t bits = mix(row + GOLDEN * (j / 2 + 1)) >> (32 * (j % 2));
            out[j] = (uint32_t)bits >= bound ? in[j] * scale : 0;
        }
    }
}

static void pass_on(const struct mli_layer *layer, const struct mli_turn *t, const mli_real *in,
                    mli_real *out)
{
    if (t->pass && t->pass->training)
        thin(layer, t, in, out);
    else if (out != in)
        memcpy(out, in, t->n * layer->outputs * sizeof(*out));
}

static void forward(const struct mli_layer *layer, const struct mli_turn *t)
{
    pass_on(layer, t, t->X, t->Z);
}

static void backward(const struct mli_layer *layer, const struct mli_turn *t)
{
    if (t->dX)
        pass_on(layer, t, t->dZ, t->dX);
}

const struct mli_layer_kind mli_layer_dropout = {
    .name = "dropout",
    .example = "dropout 0.2",
    .meaning = "in training, 0 with that probability; nothing in predictions",
    .pointwise = true,
    .drops = true,
    .parse = parse,
    .forward = forward,
    .backward = backward,
};
