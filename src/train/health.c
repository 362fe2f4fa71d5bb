#include <train/health.h>

#include <base/mem.h>
#include <math.h>
#include <net/layers.h>
#include <stdlib.h>
#include <string.h>
#include <train/supply.h>

enum { ROWS = 1024 };

/* ---- gradients --------------------------------------------------------------------------------------------------- */

static double root_mean_square(const struct mli_layer *layer, const mli_real *grad)
{
    size_t n = layer->parameters;
    return sqrt(mli_dot(n, grad + layer->offset, grad + layer->offset) / (double)n);
}

/* As many rows as the blocks were made for in one gradient; without what a training pass draws, so that it can be repeated. */
static double compare_gradients(struct mli_descent *descent, const mli_real *theta)
{
    const struct mli_network *net = descent->problem.blocks.net;
    const struct mli_layer *low = NULL, *high = NULL;
    struct mli_train_data rows = descent->problem.data;

    for (size_t i = 0; i < net->layers; i++)
        if (net->layer[i].kind == &mli_layer_dense) {
            low = low ? low : &net->layer[i];
            high = &net->layer[i];
        }
    if (low == high)
        return NAN;
    if (rows.n > descent->config->batch)
        rows.n = descent->config->batch;
    const struct mli_pass pass = { .training = true, .seed = descent->config->seed };
    mli_blocks_sum(&descent->problem.blocks, &rows, &pass, theta, descent->grad);
    return root_mean_square(low, descent->grad) / root_mean_square(high, descent->grad);
}

/* ---- units ------------------------------------------------------------------------------------------------------- */

/* Marks the units of a layer that are not 0 in one of n rows. */
static void mark_alive(const struct mli_layer *layer, size_t n, const mli_real *Z, uint8_t *alive)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < layer->outputs; j++)
            alive[j] |= Z[i * layer->outputs + j] > 0;
}

/* alive (layers, widest) of all relu layers, over the first rows. */
static void look_at_rows(const struct mli_descent *descent, const mli_real *theta, uint8_t *alive)
{
    const struct mli_blocks *blocks = &descent->problem.blocks;
    const struct mli_network *net = blocks->net;
    const struct mli_train_data *data = &descent->problem.data;
    size_t end = data->n < ROWS ? data->n : ROWS;

    for (size_t first = 0, n; first < end; first += n) {
        n = end - first < blocks->rows ? end - first : blocks->rows;
        const mli_real *X = mli_supply_rows(data, first, n, blocks->input);
        mli_network_forward(net, &mli_kernels_blas, theta, n, X, NULL, blocks->workspace);
        for (size_t i = 0; i < net->layers; i++)
            if (strcmp(net->layer[i].kind->name, "relu") == 0)
                mark_alive(&net->layer[i], n, mli_network_outputs(net, i, n, blocks->workspace),
                           alive + i * net->widest);
    }
}

static void count_dead(const struct mli_network *net, const uint8_t *alive, struct mli_health *out)
{
    for (size_t i = 0; i < net->layers; i++) {
        const struct mli_layer *layer = &net->layer[i];
        size_t dead = 0;
        if (strcmp(layer->kind->name, "relu") != 0)
            continue;
        for (size_t j = 0; j < layer->outputs; j++)
            dead += !alive[i * net->widest + j];
        if (out->units == 0 || dead * out->units > out->dead * layer->outputs) {
            out->units = layer->outputs;
            out->dead = dead;
            out->layer = i + 1;
        }
    }
}

enum ml_status mli_health_of(struct mli_descent *descent, const mli_real *theta, struct mli_health *out,
                             struct ml_error *err)
{
    const struct mli_network *net = descent->problem.blocks.net;
    uint8_t *alive = mli_calloc(net->layers, net->widest);

    if (!alive)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu layers", net->layers);
    *out = (struct mli_health){ .vanishing = compare_gradients(descent, theta) };
    look_at_rows(descent, theta, alive);
    count_dead(net, alive, out);
    free(alive);
    return ML_OK;
}
