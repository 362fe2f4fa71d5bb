#include <export/c_layers.h>

#include <export/c_code.h>
#include <export/c_text.h>
#include <net/layers.h>
#include <string.h>

/* As net/ computes them, operation by operation. */
#define MAP(name, value)                                                                           \
    "\nstatic void @_" name "(size_t n, double *z)\n"                                              \
    "{\n"                                                                                          \
    "    size_t j;\n"                                                                              \
    "\n"                                                                                           \
    "    for (j = 0; j < n; j++)\n"                                                                \
    "        z[j] = " value ";\n"                                                                  \
    "}\n"

static const char batch_norm[] =
    "\nstatic void @_batch_norm(size_t n, const double *weight, const double *bias, const double *mean,\n"
    "                         const double *var, double *z)\n"
    "{\n"
    "    size_t j;\n"
    "\n"
    "    for (j = 0; j < n; j++)\n"
    "        z[j] = (z[j] - mean[j]) * (1 / sqrt(var[j] + 1e-5)) * weight[j] + bias[j];\n"
    "}\n";

static const char sigmoid[] =
    "\nstatic void @_sigmoid(size_t n, double *z)\n"
    "{\n"
    "    double e;\n"
    "    size_t j;\n"
    "\n"
    "    for (j = 0; j < n; j++) {\n"
    "        e = exp(-fabs(z[j]));\n"
    "        z[j] = (z[j] < 0 ? e : 1) / (1 + e);\n"
    "    }\n"
    "}\n";

static void call_dense(const struct mli_layer *layer, const char *name, size_t z, struct mli_buf *out)
{
    mli_buf_printf(out, "    %s_dense(%zu, %zu, %s_net_%zu_weight, %s_net_%zu_bias, z%zu, z%zu);\n", name,
                   layer->inputs, layer->outputs, name, layer->index, name, layer->index, z, z + 1);
}

static void call_batch_norm(const struct mli_layer *layer, const char *name, size_t z, struct mli_buf *out)
{
    static const char *const parts[] = { "weight", "bias", "running_mean", "running_var" };

    mli_buf_printf(out, "    %s_batch_norm(%zu", name, layer->outputs);
    for (size_t p = 0; p < 4; p++)
        mli_buf_printf(out, ", %s_net_%zu_%s", name, layer->index, parts[p]);
    mli_buf_printf(out, ", z%zu);\n", z);
}

static void call_map(const struct mli_layer *layer, const char *name, size_t z, struct mli_buf *out)
{
    mli_buf_printf(out, "    %s_%s(%zu, z%zu);\n", name, layer->kind->name, layer->outputs, z);
}

/* What does nothing to a prediction has neither function nor call. */
static const struct {
    const struct mli_layer_kind *kind;
    const char *function;
    void (*call)(const struct mli_layer *layer, const char *name, size_t z, struct mli_buf *out);
} rows[] = {
    { &mli_layer_dense, mli_c_code_dense, call_dense },
    { &mli_layer_relu, MAP("relu", "z[j] < 0 ? 0 : z[j]"), call_map },
    { &mli_layer_leaky_relu, MAP("leaky_relu", "z[j] < 0 ? 0.01 * z[j] : z[j]"), call_map },
    { &mli_layer_elu, MAP("elu", "z[j] < 0 ? expm1(z[j]) : z[j]"), call_map },
    { &mli_layer_gelu, MAP("gelu", "0.5 * z[j] * erfc(-0.70710678118654752440 * z[j])"), call_map },
    { &mli_layer_tanh, MAP("tanh", "tanh(z[j])"), call_map },
    { &mli_layer_sigmoid, sigmoid, call_map },
    { &mli_layer_dropout, NULL, NULL },
    { &mli_layer_batch_norm, batch_norm, call_batch_norm },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t find_row(const struct mli_layer *layer)
{
    size_t i = 0;

    while (i < ROWS && rows[i].kind != layer->kind)
        i++;
    return i;
}

/* static const double NAME_net_0_weight[6] = { .. }; dots of the tensor's name become underscores. */
static void put_tensor(const struct mli_tensor *tensor, const char *name, struct mli_buf *out)
{
    size_t n = 1;

    for (size_t i = 0; i < tensor->rank; i++)
        n *= tensor->shape[i];
    mli_buf_printf(out, "\nstatic const double %s_", name);
    for (const char *p = tensor->name; *p; p++)
        mli_buf_char(out, *p == '.' ? '_' : *p);
    mli_buf_printf(out, "[%zu] = {", n);
    for (size_t i = 0; i < n; i++) {
        mli_buf_str(out, i % 4 == 0 ? "\n    " : " ");
        mli_c_number(out, tensor->data[i]);
        mli_buf_char(out, ',');
    }
    mli_buf_str(out, "\n};\n");
}

static enum ml_status put_functions(const struct mli_network *net, const char *name, struct mli_buf *out,
                                    struct ml_error *err)
{
    bool used[ROWS] = { false };

    for (size_t i = 0; i < net->layers; i++) {
        size_t row = find_row(&net->layer[i]);
        if (row == ROWS)
            return ml_error_set(err, ML_EUSAGE, "layer \"%s\" cannot be exported as C", net->layer[i].kind->name);
        used[row] = rows[row].function != NULL;
    }
    for (size_t i = 0; i < ROWS; i++)
        if (used[i])
            mli_c_template(out, name, rows[i].function);
    return ML_OK;
}

enum ml_status mli_c_layers_tables(const struct ml_model *model, const char *name, struct mli_buf *out,
                                   struct ml_error *err)
{
    struct mli_tensors set;

    mli_tensors_init(&set);
    enum ml_status status = mli_network_save(model->network, model->theta, &set, err);
    for (size_t i = 0; i < set.count && status == ML_OK; i++)
        put_tensor(&set.items[i], name, out);
    mli_tensors_release(&set);
    return status == ML_OK ? put_functions(model->network, name, out, err) : status;
}

size_t mli_c_layers_last(const struct mli_network *net)
{
    size_t z = 0;

    for (size_t i = 0; i < net->layers; i++)
        z += net->layer[i].kind == &mli_layer_dense;
    return z;
}

void mli_c_layers_arrays(const struct mli_network *net, struct mli_buf *out)
{
    for (size_t i = 0, z = 0; i < net->layers; i++)
        if (net->layer[i].kind == &mli_layer_dense)
            mli_buf_printf(out, ", z%zu[%zu]", ++z, net->layer[i].outputs);
}

void mli_c_layers_statements(const struct mli_network *net, const char *name, struct mli_buf *out)
{
    for (size_t i = 0, z = 0; i < net->layers; i++) {
        size_t row = find_row(&net->layer[i]);
        if (rows[row].call)
            rows[row].call(&net->layer[i], name, z, out);
        z += net->layer[i].kind == &mli_layer_dense;
    }
}
