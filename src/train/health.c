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

struct answers {
    mli_real *low, *high; /* (outputs) */
    double squares, reach; /* of the inputs */
    size_t inputs;
};

static void take_answers(struct answers *seen, size_t n, size_t outputs, const mli_real *Z)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < outputs; j++) {
            mli_real z = Z[i * outputs + j];
            seen->low[j] = z < seen->low[j] ? z : seen->low[j];
            seen->high[j] = z > seen->high[j] ? z : seen->high[j];
        }
}

static void take_inputs(struct answers *seen, size_t count, const mli_real *X)
{
    for (size_t i = 0; i < count; i++) {
        double size = fabs((double)X[i]);
        seen->squares += size * size;
        seen->reach = size > seen->reach ? size : seen->reach;
    }
    seen->inputs += count;
}

/* alive (layers, widest) of all relu layers, over the first rows. */
static void look_at_rows(const struct mli_descent *descent, const mli_real *theta, uint8_t *alive, struct answers *seen)
{
    const struct mli_blocks *blocks = &descent->problem.blocks;
    const struct mli_network *net = blocks->net;
    const struct mli_train_data *data = &descent->problem.data;
    size_t end = data->n < ROWS ? data->n : ROWS;

    for (size_t first = 0, n; first < end; first += n) {
        n = end - first < blocks->rows ? end - first : blocks->rows;
        const mli_real *X = mli_supply_rows(data, first, n, blocks->input);
        const mli_real *Z = mli_network_forward(net, &mli_kernels_blas, theta, n, X, NULL, blocks->workspace);
        take_inputs(seen, n * net->inputs, X);
        take_answers(seen, n, net->outputs, Z);
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

static bool make_answers(struct answers *seen, size_t outputs)
{
    *seen = (struct answers){ .low = mli_alloc(2 * outputs, sizeof *seen->low) };
    seen->high = seen->low ? seen->low + outputs : NULL;
    for (size_t j = 0; seen->low && j < outputs; j++) {
        seen->low[j] = (mli_real)INFINITY;
        seen->high[j] = (mli_real)-INFINITY;
    }
    return seen->low != NULL;
}

static void measure_answers(const struct answers *seen, const struct mli_network *net, struct mli_health *out)
{
    out->reach = seen->reach;
    out->size = sqrt(seen->squares / (double)(seen->inputs ? seen->inputs : 1));
    out->apart = net->layers > 1 ? 0 : NAN;
    for (size_t j = 0; net->layers > 1 && j < net->outputs; j++) {
        double apart = (double)seen->high[j] - (double)seen->low[j];
        out->apart = apart > out->apart ? apart : out->apart;
    }
}

enum ml_status mli_health_of(struct mli_descent *descent, const mli_real *theta, struct mli_health *out,
                             struct ml_error *err)
{
    const struct mli_network *net = descent->problem.blocks.net;
    uint8_t *alive = mli_calloc(net->layers, net->widest);
    struct answers seen = { 0 };
    enum ml_status status = ML_OK;

    if (alive && make_answers(&seen, net->outputs)) {
        *out = (struct mli_health){ .vanishing = compare_gradients(descent, theta) };
        look_at_rows(descent, theta, alive, &seen);
        count_dead(net, alive, out);
        measure_answers(&seen, net, out);
    } else {
        status = ml_error_set(err, ML_ENOMEM, "out of memory for %zu layers", net->layers);
    }
    free(seen.low);
    free(alive);
    return status;
}
