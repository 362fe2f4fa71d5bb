/*
 * Workspace of forward and backward over n rows: the outputs and the scratch of every layer one after the other, but for
 * layers that work in place; then, when there is more than one layer and backward is wanted, two buffers (n, widest) in
 * which the gradient moves down the stack.
 */
#include <net/network.h>

#include <base/buf.h>
#include <base/mem.h>
#include <base/suggest.h>
#include <net/layers.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_MAX ((size_t)64)
#define INPUTS_MAX ((size_t)1 << 24)
#define PARAMETERS_MAX ((size_t)1 << 28) /* 2 GiB of doubles */

#define RUNNING_RATE 0.1 /* how far running statistics follow a batch, as in PyTorch */

static const struct mli_layer_kind *const kinds[] = {
    &mli_layer_dense,      &mli_layer_relu, &mli_layer_leaky_relu, &mli_layer_elu,     &mli_layer_gelu,
    &mli_layer_tanh,       &mli_layer_sigmoid, &mli_layer_dropout, &mli_layer_batch_norm,
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct mli_layer_kind *const *mli_layer_kinds(size_t *n)
{
    *n = KINDS;
    return kinds;
}

/* One layer's part of the spec. Columns are 1-based bytes of the whole spec. */
struct part {
    size_t number;
    size_t column, arguments_column;
    char name[32];
    char arguments[128];
};

static enum ml_status refuse(const struct part *part, struct ml_error *err)
{
    const char *names[KINDS];

    for (size_t i = 0; i < KINDS; i++)
        names[i] = kinds[i]->name;
    if (part->name[0] == '\0')
        return ml_error_set(
            err, ML_EUSAGE,
            "layer %zu at column %zu: a layer is missing; expected one such as \"%s\"",
            part->number, part->column, kinds[0]->example);
    size_t near = mli_suggest(part->name, names, KINDS);
    if (near < KINDS)
        return ml_error_set(err, ML_EUSAGE,
                            "layer %zu at column %zu: unknown layer \"%s\"; did you mean \"%s\"?",
                            part->number, part->column, part->name, names[near]);
    struct mli_buf list;
    mli_buf_init(&list, 512);
    for (size_t i = 0; i < KINDS; i++)
        mli_buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    enum ml_status status = ml_error_set(
        err, ML_EUSAGE, "layer %zu at column %zu: unknown layer \"%s\"; expected one of: %s",
        part->number, part->column, part->name, list.data ? list.data : names[0]);
    mli_buf_release(&list);
    return status;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copies s[0..n) with the space at its end left off; false when it does not fit. */
static bool copy_trimmed(const char *s, size_t n, char *out, size_t size)
{
    while (n > 0 && blank(s[n - 1]))
        n--;
    if (n >= size)
        return false;
    memcpy(out, s, n);
    out[n] = '\0';
    return true;
}

/* Reads the layer that starts at spec[i] and gives the place of the comma or NUL behind it. */
static enum ml_status read_part(const char *spec, size_t i, struct part *part, size_t *out,
                                struct ml_error *err)
{
    size_t end = i + strcspn(spec + i, ",");

    while (i < end && blank(spec[i]))
        i++;
    part->column = i + 1;
    size_t name = i;
    while (i < end && !blank(spec[i]))
        i++;
    bool fits = copy_trimmed(spec + name, i - name, part->name, sizeof(part->name));
    while (i < end && blank(spec[i]))
        i++;
    part->arguments_column = i + 1;
    fits = copy_trimmed(spec + i, end - i, part->arguments, sizeof(part->arguments)) && fits;
    *out = end;
    if (!fits)
        return ml_error_set(err, ML_EUSAGE, "layer %zu at column %zu: too long to be a layer",
                            part->number, part->column);
    return ML_OK;
}

static enum ml_status parse_layer(const struct part *part, struct mli_layer *layer,
                                  struct ml_error *err)
{
    struct ml_error inner = ML_ERROR_INIT;

    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(part->name, kinds[i]->name) == 0)
            layer->kind = kinds[i];
    if (!layer->kind)
        return refuse(part, err);
    enum ml_status status = layer->kind->parse(layer, part->arguments, &inner);
    if (status != ML_OK)
        ml_error_set(err, status, "layer %zu at column %zu: %s", part->number,
                     part->arguments_column, inner.text);
    return status;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/*
 * Whether the outputs may lie where the inputs were: its own backward does not read what it overwrites, nor does that
 * of the layer below.
 */
static bool in_place(const struct mli_network *net, const struct mli_layer *layer)
{
    return layer->kind->pointwise && net->layers > 0 && !(layer->kind->reads & MLI_READS_INPUT) &&
           !(net->layer[net->layers - 1].kind->reads & MLI_READS_OUTPUT);
}

/* Puts a parsed layer at the end of the stack. */
static enum ml_status push(struct mli_network *net, struct mli_layer layer, const struct part *part,
                           struct ml_error *err)
{
    if (layer.parameters > PARAMETERS_MAX - net->parameters)
        return ml_error_set(err, ML_ELIMIT,
                            "layer %zu at column %zu: over the limit of %zu parameters in a "
                            "network (%zu inputs times %zu outputs); use fewer",
                            part->number, part->column, PARAMETERS_MAX, layer.inputs,
                            layer.outputs);
    layer.index = net->layers;
    layer.column = part->column;
    layer.offset = net->parameters;
    if (in_place(net, &layer)) {
        layer.row = net->layer[net->layers - 1].row;
        layer.before = net->layer[net->layers - 1].before;
    } else {
        layer.row = net->row;
        layer.before = net->scratch;
        net->row += layer.outputs;
        net->scratch += layer.scratch;
    }
    net->parameters += layer.parameters;
    net->outputs = layer.outputs;
    net->widest = larger(net->widest, larger(layer.inputs, layer.outputs));
    net->drops = net->drops || layer.kind->drops;
    net->statistics = net->statistics || layer.statistics > 0;
    net->layer[net->layers++] = layer;
    return ML_OK;
}

/* Tells each layer whether the next activation above it rectifies. */
static void look_ahead(struct mli_network *net)
{
    bool rectified = false;

    for (size_t i = net->layers; i-- > 0;) {
        struct mli_layer *layer = &net->layer[i];
        layer->rectified = rectified;
        if (layer->kind == &mli_layer_dense)
            rectified = false;
        else if (layer->kind->pointwise && !layer->kind->drops)
            rectified = layer->kind->rectifies;
    }
}

static enum ml_status check_last(const struct mli_network *net, struct ml_error *err)
{
    const struct mli_layer *last = &net->layer[net->layers - 1];

    if (last->kind == &mli_layer_dense)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "layer %zu at column %zu: the last layer must be dense, found \"%s\"; probabilities are "
                        "made of its outputs by the loss",
                        net->layers, last->column, last->kind->name);
}

static enum ml_status parse(struct mli_network *net, const char *spec, struct mli_buf *normal,
                            struct ml_error *err)
{
    size_t end = 0;

    for (size_t at = 0;; at = end + 1) {
        struct part part = { .number = net->layers + 1 };
        struct mli_layer layer = { .inputs = net->layers ? net->outputs : net->inputs };
        if (net->layers == LAYERS_MAX)
            return ml_error_set(err, ML_ELIMIT,
                                "layer %zu at column %zu: over the limit of %zu layers",
                                part.number, at + 1, LAYERS_MAX);
        enum ml_status status = read_part(spec, at, &part, &end, err);
        if (status == ML_OK)
            status = parse_layer(&part, &layer, err);
        if (status == ML_OK)
            status = push(net, layer, &part, err);
        if (status != ML_OK)
            return status;
        mli_buf_printf(normal, "%s%s%s%s", net->layers > 1 ? ", " : "", part.name,
                       part.arguments[0] ? " " : "", part.arguments);
        if (spec[end] == '\0')
            return ML_OK;
    }
}

enum ml_status mli_network_new(const char *spec, size_t inputs, struct mli_network **out,
                               struct ml_error *err)
{
    struct mli_network *net = mli_calloc(1, sizeof(*net));
    struct mli_buf normal;

    mli_buf_init(&normal, LAYERS_MAX * sizeof(struct part));
    enum ml_status status = ML_ENOMEM;
    if (net)
        net->layer = mli_calloc(LAYERS_MAX, sizeof(*net->layer));
    if (!net || !net->layer)
        goto out;
    net->inputs = inputs;
    if (inputs > INPUTS_MAX)
        status = ml_error_set(err, ML_ELIMIT, "%zu inputs are over the limit of %zu of a network",
                              inputs, INPUTS_MAX);
    else
        status = parse(net, spec, &normal, err);
    if (status == ML_OK)
        status = check_last(net, err);
    if (status != ML_OK)
        goto out;
    look_ahead(net);
    net->spec = mli_buf_detach(&normal);
    status = net->spec ? ML_OK : ML_ENOMEM;
out:
    mli_buf_release(&normal);
    if (status == ML_OK) {
        *out = net;
        return ML_OK;
    }
    mli_network_free(net);
    return ml_error_set(err, status, "out of memory for a network");
}

void mli_network_free(struct mli_network *net)
{
    if (!net)
        return;
    free(net->layer);
    free(net->spec);
    free(net);
}

/*
 * One dense layer is a convex problem and starts at 0; in a stack equal units would stay equal, so each layer draws its
 * own.
 */
void mli_network_init(const struct mli_network *net, double *theta, struct mli_rng *rng)
{
    memset(theta, 0, net->parameters * sizeof(*theta));
    if (net->layers == 1)
        return;
    for (size_t i = 0; i < net->layers; i++)
        if (net->layer[i].kind->init)
            net->layer[i].kind->init(&net->layer[i], theta + net->layer[i].offset, rng);
}

void mli_network_penalised(const struct mli_network *net, uint8_t *penalised)
{
    for (size_t i = 0; i < net->layers; i++)
        if (net->layer[i].kind->penalised)
            net->layer[i].kind->penalised(&net->layer[i], penalised + net->layer[i].offset);
}

void mli_network_settle(const struct mli_network *net, mli_real *theta, mli_real *grad)
{
    for (size_t i = 0; i < net->layers; i++) {
        const struct mli_layer *layer = &net->layer[i];
        size_t end = layer->offset + layer->parameters;
        for (size_t j = end - layer->statistics; j < end; j++) {
            theta[j] += RUNNING_RATE * grad[j];
            grad[j] = 0;
        }
    }
}

size_t mli_network_workspace(const struct mli_network *net, size_t n, bool backward)
{
    size_t row = net->row + (backward && net->layers > 1 ? 2 * net->widest : 0), total;

    return mli_mul(n, row, &total) && mli_add(total, net->scratch, &total) ? total : SIZE_MAX;
}

static mli_real *outputs_of(const struct mli_layer *layer, size_t n, mli_real *workspace)
{
    return workspace + n * layer->row + layer->before;
}

mli_real *mli_network_outputs(const struct mli_network *net, size_t layer, size_t n, mli_real *workspace)
{
    return outputs_of(&net->layer[layer], n, workspace);
}

mli_real *mli_network_forward(const struct mli_network *net, const struct mli_kernels *la,
                            const mli_real *theta, size_t n, const mli_real *X,
                            const struct mli_pass *pass, mli_real *workspace)
{
    struct mli_turn turn = { .la = la, .pass = pass, .n = n, .X = X };

    for (size_t i = 0; i < net->layers; i++) {
        const struct mli_layer *layer = &net->layer[i];
        turn.theta = theta + layer->offset;
        turn.Z = outputs_of(layer, n, workspace);
        layer->kind->forward(layer, &turn);
        turn.X = turn.Z;
    }
    return turn.Z;
}

void mli_network_backward(const struct mli_network *net, const struct mli_kernels *la,
                          const mli_real *theta, size_t n, const mli_real *X, const mli_real *dZ,
                          const struct mli_pass *pass, bool add, mli_real *grad, mli_real *workspace)
{
    struct mli_turn turn = { .la = la, .pass = pass, .n = n, .dZ = dZ, .add = add };
    mli_real *spare[2] = { workspace + n * net->row + net->scratch };
    mli_real *now = NULL; /* of the two, what dZ lies in */

    spare[1] = spare[0] + n * net->widest;

    for (size_t i = net->layers; i-- > 0;) {
        const struct mli_layer *layer = &net->layer[i];
        bool over = now && layer->kind->pointwise; /* dX takes the place of dZ */
        turn.theta = theta + layer->offset;
        turn.grad = grad + layer->offset;
        turn.X = i ? outputs_of(layer - 1, n, workspace) : X;
        turn.Z = outputs_of(layer, n, workspace);
        if (!over)
            now = spare[now == spare[0]];
        turn.dX = i ? now : NULL;
        layer->kind->backward(layer, &turn);
        turn.dZ = turn.dX;
    }
}

enum ml_status mli_network_save(const struct mli_network *net, const double *theta,
                                struct mli_tensors *set, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    for (size_t i = 0; i < net->layers && status == ML_OK; i++)
        if (net->layer[i].kind->save)
            status = net->layer[i].kind->save(&net->layer[i], i, theta + net->layer[i].offset, set, err);
    return status;
}

enum ml_status mli_network_load(const struct mli_network *net, double *theta,
                                struct mli_tensors *set, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    for (size_t i = 0; i < net->layers && status == ML_OK; i++)
        if (net->layer[i].kind->load)
            status = net->layer[i].kind->load(&net->layer[i], i, theta + net->layer[i].offset, set, err);
    return status;
}
