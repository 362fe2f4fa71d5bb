#include <fit/layers.h>

#include <base/mem.h>
#include <net/stack.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS ((size_t)30)
#define EPOCHS_LEAST ((size_t)10)
#define EPOCHS_MOST ((size_t)250)
#define STEPS_LEAST ((size_t)500)
#define STEPS_MOST ((size_t)100000)
#define SPEC_MAX ((size_t)1 << 16)
#define SEED_OF_WEIGHTS 0x77656967687473u /* another sequence than that of splits and batches */

/* The first of the settings that describe a preset, as its option; NULL: none. */
static const char *preset_option(const struct ml_fit_config *c)
{
    return c->hidden ? "hidden" : c->activation ? "activation" : c->dropout != 0 ? "dropout" : c->batch_norm ? "batch-norm" : NULL;
}

enum ml_status mli_layers_kind(const struct ml_fit_config *config, const char **kind, struct ml_error *err)
{
    const char *preset = preset_option(config), *members = config->members > 1 ? "members" : NULL;
    const char *option = config->layers ? "layers" : preset ? preset : members;
    bool automatic = strcmp(config->kind, "auto") == 0;

    if (config->layers && preset)
        return ml_error_set(err, ML_EUSAGE, "--layers spells the network out, so --%s says nothing; leave one of them away",
                            preset);
    if (option && !automatic && strcmp(config->kind, "mlp") != 0)
        return ml_error_set(err, ML_EUSAGE, "--%s goes with --kind mlp, not with %s", option, config->kind);
    *kind = option ? "mlp" : config->kind;
    return ML_OK;
}

bool mli_layers_deep(const struct ml_fit_config *config)
{
    const char *kind;

    if (mli_layers_kind(config, &kind, NULL) != ML_OK || strcmp(kind, "mlp") != 0)
        return false;
    return !config->layers || strchr(config->layers, ',');
}

static size_t quotient_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

size_t mli_layers_epochs(size_t rows, size_t batch)
{
    size_t steps = quotient_up(rows, batch), epochs = EPOCHS;

    if (steps * epochs < STEPS_LEAST)
        epochs = quotient_up(STEPS_LEAST, steps);
    else if (steps * epochs > STEPS_MOST)
        epochs = STEPS_MOST / steps;
    return epochs < EPOCHS_LEAST ? EPOCHS_LEAST : epochs > EPOCHS_MOST ? EPOCHS_MOST : epochs;
}

/* The specification of kind mlp. */
static enum ml_status write_spec(const struct ml_fit_config *config, size_t outputs, struct mli_buf *out,
                                 struct ml_error *err)
{
    const struct mli_stack stack = {
        .hidden = config->hidden ? config->hidden : MLI_STACK_HIDDEN,
        .activation = config->activation ? config->activation : MLI_STACK_ACTIVATION,
        .dropout = config->dropout,
        .batch_norm = config->batch_norm,
    };

    if (!config->layers)
        return mli_stack_spec(&stack, outputs, out, err);
    mli_buf_str(out, config->layers);
    return out->status == ML_OK ? ML_OK : ml_error_set(err, ML_EUSAGE, "--layers is too long");
}

static enum ml_status read_spec(const struct ml_fit_config *config, const char *spec, size_t inputs,
                                struct mli_network **out, struct ml_error *err)
{
    struct ml_error problem = ML_ERROR_INIT;
    enum ml_status status = mli_network_new(spec, inputs, out, &problem);

    if (status == ML_OK)
        return ML_OK;
    return ml_error_set(err, status, "%s%s", config->layers ? "--layers: " : "", problem.text);
}

enum ml_status mli_layers_check(const struct ml_fit_config *config, struct ml_error *err)
{
    const char *kind;
    struct mli_network *net = NULL;
    struct mli_buf spec;
    enum ml_status status = mli_layers_kind(config, &kind, err);

    if (status != ML_OK || strcmp(kind, "mlp") != 0)
        return status;
    mli_buf_init(&spec, SPEC_MAX);
    status = write_spec(config, 1, &spec, err);
    if (status == ML_OK)
        status = read_spec(config, spec.data, 1, &net, err);
    mli_network_free(net);
    mli_buf_release(&spec);
    return status;
}

static enum ml_status check_outputs(const struct mli_network *net, const struct mli_settings *settings, size_t classes,
                                    struct ml_error *err)
{
    size_t wanted = settings->loss.outputs(classes);
    const struct mli_layer *last = &net->layer[net->layers - 1];

    if (net->outputs == wanted)
        return ML_OK;
    if (settings->loss.task == MLI_TASK_MULTILABEL)
        return ml_error_set(err, ML_EUSAGE, "--layers: layer %zu at column %zu: %zu outputs, expected %zu (\"dense %zu\"), one a label",
                            net->layers, last->column, net->outputs, wanted, wanted);
    if (classes)
        return ml_error_set(err, ML_EUSAGE, "--layers: layer %zu at column %zu: %zu outputs, expected %zu (\"dense %zu\") for "
                            "loss %s of %zu classes%s", net->layers, last->column, net->outputs, wanted, wanted,
                            settings->loss.name, classes, classes == 2 ? ": the second one's, the other is the rest" : "");
    return ml_error_set(err, ML_EUSAGE, "--layers: layer %zu at column %zu: %zu outputs, expected 1 (\"dense 1\") for a "
                        "number", net->layers, last->column, net->outputs);
}

void mli_layers_start(const struct mli_network *network, uint64_t seed, double *theta)
{
    struct mli_rng rng;

    mli_rng_init(&rng, seed ^ SEED_OF_WEIGHTS);
    mli_network_init(network, theta, &rng);
}

enum ml_status mli_layers_make(const struct ml_fit_config *config, const struct mli_settings *settings, size_t classes,
                               size_t inputs, struct mli_network **network, double **theta, struct ml_error *err)
{
    struct mli_network *net = NULL;
    struct mli_buf spec;
    size_t outputs = settings->loss.outputs(classes);
    enum ml_status status = ML_OK;

    mli_buf_init(&spec, SPEC_MAX);
    if (settings->kind->stack)
        status = write_spec(config, outputs, &spec, err);
    else
        mli_buf_printf(&spec, "dense %zu", outputs);
    if (status == ML_OK && spec.status != ML_OK)
        status = ml_error_set(err, spec.status, "out of memory for a network");
    if (status == ML_OK)
        status = read_spec(config, spec.data, inputs, &net, err);
    mli_buf_release(&spec);
    if (status == ML_OK)
        status = check_outputs(net, settings, classes, err);
    double *start = status == ML_OK ? mli_alloc(net->parameters, sizeof(*start)) : NULL;
    if (status == ML_OK && !start)
        status = ml_error_set(err, ML_ENOMEM, "out of memory for %zu parameters", net->parameters);
    if (status != ML_OK) {
        mli_network_free(net);
        return status;
    }
    mli_layers_start(net, config->seed, start);
    *network = net;
    *theta = start;
    return ML_OK;
}
