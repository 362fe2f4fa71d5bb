#include <net/members.h>

#include <base/buf.h>
#include <net/layers.h>
#include <string.h>

#define SPEC_MAX ((size_t)1 << 16)

bool mli_members_suit(const struct mli_network *member)
{
    return member->layers > 1 && member->layer[0].kind == &mli_layer_dense;
}

/* A layer of the members' spec, which is normalised: "name argument, " each. Returns the place of the next one. */
static const char *write_layer(const struct mli_layer *layer, const char *spec, size_t units, struct mli_buf *out)
{
    size_t n = strcspn(spec, ",");

    if (layer->kind == &mli_layer_dense)
        mli_buf_printf(out, "dense %zu", units);
    else
        mli_buf_printf(out, "%.*s", (int)n, spec);
    if (spec[n] == '\0')
        return spec + n;
    mli_buf_str(out, ", ");
    return spec + n + strlen(", ");
}

enum ml_status mli_members_network(const struct mli_network *member, size_t members, struct mli_network **out,
                                   struct ml_error *err)
{
    struct mli_buf spec;
    const char *at = member->spec;

    mli_buf_init(&spec, SPEC_MAX);
    for (size_t i = 0; i < member->layers; i++)
        at = write_layer(&member->layer[i], at, member->layer[i].outputs * (i + 1 < member->layers ? members : 1), &spec);
    enum ml_status status = spec.status == ML_OK ? mli_network_new(spec.data, member->inputs, out, err) :
                                                   ml_error_set(err, spec.status, "out of memory for a network");
    mli_buf_release(&spec);
    return status;
}

/* A dense layer of the members, W (outputs,inputs) then b, as blocks of that of the stack. */
static void join_dense(const struct mli_layer *layer, bool first, bool last, size_t members, size_t stride,
                       const double *theta, double *out)
{
    size_t columns = layer->inputs * (first ? 1 : members), rows = layer->outputs * (last ? 1 : members);
    double share = last ? 1 / (double)members : 1;
    double *bias = out + rows * columns;

    for (size_t m = 0; m < members; m++, theta += stride) {
        size_t row = last ? 0 : m * layer->outputs, column = first ? 0 : m * layer->inputs;
        for (size_t i = 0; i < layer->outputs; i++) {
            const double *w = theta + i * layer->inputs;
            for (size_t j = 0; j < layer->inputs; j++)
                out[(row + i) * columns + column + j] = share * w[j];
            bias[row + i] += share * theta[layer->outputs * layer->inputs + i];
        }
    }
}

/* A layer of units by themselves: each of its vectors holds one number a unit. */
static void join_units(const struct mli_layer *layer, size_t members, size_t stride, const double *theta, double *out)
{
    size_t units = layer->outputs, vectors = layer->parameters / units;

    for (size_t m = 0; m < members; m++, theta += stride)
        for (size_t v = 0; v < vectors; v++)
            memcpy(out + (v * members + m) * units, theta + v * units, units * sizeof *out);
}

void mli_members_join(const struct mli_network *member, size_t members, const double *theta, double *out)
{
    for (size_t i = 0; i < member->layers; i++) {
        const struct mli_layer *layer = &member->layer[i];
        bool first = i == 0, last = i + 1 == member->layers, dense = layer->kind == &mli_layer_dense;
        size_t rows = layer->outputs * (last ? 1 : members), columns = layer->inputs * (first ? 1 : members);
        size_t parameters = dense ? (columns + 1) * rows : layer->parameters * members;
        memset(out, 0, parameters * sizeof *out);
        if (dense)
            join_dense(layer, first, last, members, member->parameters, theta + layer->offset, out);
        else if (layer->parameters)
            join_units(layer, members, member->parameters, theta + layer->offset, out);
        out += parameters;
    }
}
