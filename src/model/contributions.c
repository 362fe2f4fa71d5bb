#include <model/contributions.h>

#include <prep/stage.h>
#include <prep/step.h>
#include <string.h>

/* margin[o] = bias[o] + sum over features f of weight[o][f] * x[f] - shift[o][f] */
struct terms {
    size_t margins, features;
    const double *weight, *shift; /* (margins,features); shift NULL: nothing */
    double *bias;                 /* margins */
};

bool mli_contributions_can(const struct ml_model *model)
{
    return model->network->layers == 1;
}

size_t mli_contributions_margins(const struct ml_model *model)
{
    return model->network->outputs;
}

/* ---- back through the stages ------------------------------------------------------------------------------------- */

static void through_select(const struct mli_select *select, const struct terms *out, double *weight, double *shift)
{
    for (size_t o = 0; o < out->margins; o++) {
        for (size_t j = 0; j < select->count; j++) {
            size_t from = o * out->features + j, to = o * select->inputs + select->keep[j];
            weight[to] = out->weight[from];
            shift[to] = out->shift ? out->shift[from] : 0;
        }
    }
}

/* The mean that PCA takes off each input is that input's; what is taken off its outputs belongs to no column. */
static void through_pca(const struct mli_pca *pca, const struct terms *out, double *weight, double *shift)
{
    for (size_t o = 0; o < out->margins; o++) {
        const double *above = out->weight + o * out->features;
        double *w = weight + o * pca->inputs, *s = shift + o * pca->inputs;
        for (size_t j = 0; j < pca->count; j++) {
            for (size_t i = 0; i < pca->inputs; i++)
                w[i] += above[j] * pca->component[j * pca->inputs + i];
            out->bias[o] -= out->shift ? out->shift[o * out->features + j] : 0;
        }
        for (size_t i = 0; i < pca->inputs; i++)
            s[i] = w[i] * pca->mean[i];
    }
}

static enum ml_status through(const struct mli_stage *stage, struct mli_arena *scratch, struct terms *terms,
                              struct ml_error *err)
{
    double *weight = mli_arena_calloc(scratch, terms->margins * stage->inputs, sizeof(*weight));
    double *shift = mli_arena_calloc(scratch, terms->margins * stage->inputs, sizeof(*shift));

    if (!weight || !shift)
        return ml_error_set(err, ML_ENOMEM, "out of memory for contributions");
    if (stage->kind == &mli_select_stage)
        through_select(stage->state, terms, weight, shift);
    else
        through_pca(stage->state, terms, weight, shift);
    terms->weight = weight;
    terms->shift = shift;
    terms->features = stage->inputs;
    return ML_OK;
}

/* The layer's weights are rows of theta, its biases follow them (net/dense.c). */
static enum ml_status find_terms(const struct ml_model *model, struct mli_arena *scratch, struct terms *terms,
                                 struct ml_error *err)
{
    const struct mli_network *net = model->network;
    enum ml_status status = ML_OK;

    *terms = (struct terms){ .margins = net->outputs, .features = net->inputs, .weight = model->theta };
    terms->bias = mli_arena_alloc(scratch, net->outputs, sizeof(*terms->bias));
    if (!terms->bias)
        return ml_error_set(err, ML_ENOMEM, "out of memory for contributions");
    memcpy(terms->bias, model->theta + net->outputs * net->inputs, net->outputs * sizeof(*terms->bias));
    for (size_t i = mli_pipeline_stages(model->pipeline); i-- > 0 && status == ML_OK;)
        status = through(mli_pipeline_stage(model->pipeline, i), scratch, terms, err);
    return status;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* c (columns + 1) of one margin o for the features x of one row. */
static void add_up(const struct terms *terms, const struct mli_frame *frame, size_t o, const double *x, double *c)
{
    const double *weight = terms->weight + o * terms->features;
    const double *shift = terms->shift ? terms->shift + o * terms->features : NULL;

    memset(c, 0, frame->schema->count * sizeof(*c));
    for (size_t s = 0; s < frame->count; s++) {
        const struct mli_slot *slot = &frame->slot[s];
        for (size_t f = slot->feature; slot->live && f < slot->feature + slot->width; f++)
            c[slot->field] += weight[f] * x[f] - (shift ? shift[f] : 0);
    }
    c[frame->schema->count] = terms->bias[o];
}

enum ml_status mli_contributions(const struct ml_model *model, const struct ml_table *rows,
                                 struct mli_arena *scratch, double *C, struct ml_error *err)
{
    const struct mli_frame *frame = mli_pipeline_frame(model->pipeline);
    size_t made = mli_pipeline_made(model->pipeline), columns = frame->schema->count;
    struct mli_column *column = mli_arena_alloc(scratch, rows->columns, sizeof(*column));
    double *x = mli_arena_alloc(scratch, made, sizeof(*x));
    struct terms terms;
    enum ml_status status = find_terms(model, scratch, &terms, err);
    struct mli_arena_mark turn = mli_arena_mark(scratch);

    if (status == ML_OK && (!column || !x))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for contributions");
    for (size_t r = 0; r < rows->rows && status == ML_OK; r++) {
        struct ml_table row = mli_table_slice(rows, r, 1, column);
        mli_arena_rewind(scratch, turn);
        status = mli_pipeline_apply_steps(model->pipeline, &row, scratch, x, err);
        for (size_t o = 0; o < terms.margins && status == ML_OK; o++)
            add_up(&terms, frame, o, x, C + (r * terms.margins + o) * (columns + 1));
    }
    return status;
}
