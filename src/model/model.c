#include <model/model.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 }; /* rows at a time: scratch stays small however many rows come */

/* ---- making one -------------------------------------------------------------------------------------------------- */

void mli_model_targets_free(struct mli_model_target *target, size_t targets)
{
    for (size_t t = 0; target && t < targets; t++) {
        free(target[t].name);
        for (size_t k = 0; target[t].label && k < target[t].classes; k++)
            free(target[t].label[k]);
        free(target[t].label);
    }
    free(target);
}

size_t mli_model_target_width(const struct mli_model_target *target)
{
    return target->classes > 0 ? target->classes : 1;
}

static enum ml_status check_labels(const struct mli_model_target *target, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    struct mli_dict *seen = mli_dict_new();

    for (size_t k = 0; seen && k < target->classes && status == ML_OK; k++) {
        int32_t code = 0;
        const char *label = target->label[k];
        if (label[0] == '\0')
            status = ml_error_set(err, ML_EARTIFACT, "label %zu of the model is empty", k);
        else if (mli_dict_add(seen, label, strlen(label), &code) != ML_OK)
            status = ml_error_set(err, ML_ENOMEM, "out of memory for %zu labels", target->classes);
        else if ((size_t)code != k)
            status =
                ml_error_set(err, ML_EARTIFACT, "label \"%s\" of the model stands twice", label);
    }
    if (!seen)
        status = ml_error_set(err, ML_ENOMEM, "out of memory for %zu labels", target->classes);
    mli_dict_free(seen);
    return status;
}

/* Of several targets each is a label of two classes. */
static enum ml_status check_classes(const struct ml_model *m, struct ml_error *err)
{
    const struct mli_model_target *first = &m->target[0];

    if ((m->loss.task == MLI_TASK_MULTILABEL) != (m->targets > 1))
        return ml_error_set(err, ML_EARTIFACT, "loss \"%s\" is for %s, but the model has %zu target%s", m->loss.name,
                            mli_task_name(m->loss.task), m->targets, m->targets > 1 ? "s" : "");
    for (size_t t = 0; m->targets > 1 && t < m->targets; t++)
        if (m->target[t].classes != 2)
            return ml_error_set(err, ML_EARTIFACT, "target \"%s\" of several has %zu labels, expected 2",
                                m->target[t].name, m->target[t].classes);
    if ((m->loss.task == MLI_TASK_REGRESSION) != (first->classes == 0))
        return ml_error_set(err, ML_EARTIFACT,
                            "loss \"%s\" is for %s, but the model has %zu labels", m->loss.name,
                            mli_task_name(m->loss.task), first->classes);
    if (first->classes == 1)
        return ml_error_set(err, ML_EARTIFACT, "the model has 1 label, expected at least 2");
    return ML_OK;
}

static enum ml_status check_shapes(const struct ml_model *m, struct ml_error *err)
{
    const struct mli_network *net = m->network;
    size_t features = mli_pipeline_features(m->pipeline);
    size_t classes = m->targets > 1 ? m->targets : m->target[0].classes;
    enum ml_status status = check_classes(m, err);

    if (status != ML_OK)
        return status;
    if (features != net->inputs)
        return ml_error_set(err, ML_EARTIFACT,
                            "the pipeline makes %zu features, but the network wants %zu inputs",
                            features, net->inputs);
    if (m->loss.outputs(classes) != net->outputs)
        return ml_error_set(
            err, ML_EARTIFACT,
            "the network has %zu outputs, but loss \"%s\" with %zu labels wants %zu", net->outputs,
            m->loss.name, classes, m->loss.outputs(classes));
    return ML_OK;
}

static enum ml_status check_target(const struct ml_model *m, const struct mli_model_target *target,
                                   struct ml_error *err)
{
    const struct mli_schema *schema = mli_pipeline_schema(m->pipeline);

    if (target->name[0] == '\0')
        return ml_error_set(err, ML_EARTIFACT, "the model's target has no name");
    if (mli_schema_find(schema, target->name) != schema->count)
        return ml_error_set(err, ML_EARTIFACT, "the model's target \"%s\" is one of its inputs",
                            target->name);
    return check_labels(target, err);
}

static enum ml_status check(const struct ml_model *m, struct ml_error *err)
{
    enum ml_status status = check_shapes(m, err);

    if (status != ML_OK)
        return status;
    if (!json_is_object(m->record))
        return ml_error_set(err, ML_EARTIFACT, "the model's training record is not a JSON object");
    for (size_t i = 0; i < m->network->parameters; i++)
        if (!isfinite(m->theta[i]))
            return ml_error_set(err, ML_EARTIFACT,
                                "parameter %zu of the network is not a finite number", i);
    for (size_t t = 0; status == ML_OK && t < m->targets; t++)
        status = check_target(m, &m->target[t], err);
    for (size_t t = 1; status == ML_OK && t < m->targets; t++)
        for (size_t other = 0; other < t; other++)
            if (strcmp(m->target[t].name, m->target[other].name) == 0)
                return ml_error_set(err, ML_EARTIFACT, "the model has target \"%s\" twice", m->target[t].name);
    return status;
}

/* NULL: no memory. */
static char *join_names(const struct ml_model *m)
{
    struct mli_buf text;

    mli_buf_init(&text, SIZE_MAX);
    for (size_t t = 0; t < m->targets; t++)
        mli_buf_printf(&text, "%s%s", t ? ", " : "", m->target[t].name);
    return mli_buf_detach(&text);
}

enum ml_status mli_model_new(struct mli_pipeline *pipeline, struct mli_network *network,
                             double *theta, const struct mli_loss *loss, struct mli_model_target *target,
                             size_t targets, json_t *record, struct ml_model **out, struct ml_error *err)
{
    struct ml_model parts = { .pipeline = pipeline,
                              .network = network,
                              .theta = theta,
                              .loss = *loss,
                              .target = target,
                              .targets = targets,
                              .record = record };
    enum ml_status status = check(&parts, err);
    struct ml_model *model = status == ML_OK ? mli_alloc(1, sizeof(*model)) : NULL;

    if (model)
        parts.target_names = join_names(&parts);
    if (status == ML_OK && !parts.target_names)
        status = ml_error_set(err, ML_ENOMEM, "out of memory for a model");
    if (status != ML_OK) {
        mli_pipeline_free(pipeline);
        mli_network_free(network);
        free(theta);
        mli_model_targets_free(target, targets);
        json_decref(record);
        free(model);
        return status;
    }
    *model = parts;
    *out = model;
    return ML_OK;
}

void ml_model_free(struct ml_model *model)
{
    if (!model)
        return;
    mli_pipeline_free(model->pipeline);
    mli_network_free(model->network);
    free(model->theta);
    mli_model_targets_free(model->target, model->targets);
    free(model->target_names);
    json_decref(model->record);
    free(model);
}

/* ---- what it is -------------------------------------------------------------------------------------------------- */

size_t ml_model_inputs(const struct ml_model *model)
{
    return mli_pipeline_schema(model->pipeline)->count;
}

const char *ml_model_input(const struct ml_model *model, size_t input)
{
    return mli_pipeline_schema(model->pipeline)->field[input].name;
}

enum ml_type ml_model_input_type(const struct ml_model *model, size_t input)
{
    return mli_pipeline_schema(model->pipeline)->field[input].type;
}

size_t ml_model_targets(const struct ml_model *model)
{
    return model->targets;
}

const char *ml_model_target(const struct ml_model *model, size_t target)
{
    return model->target[target].name;
}

size_t ml_model_classes(const struct ml_model *model, size_t target)
{
    return model->target[target].classes;
}

const char *ml_model_label(const struct ml_model *model, size_t target, size_t k)
{
    return model->target[target].label[k];
}

const char **mli_model_target_list(const struct ml_model *model)
{
    const char **list = mli_calloc(model->targets + 1, sizeof(*list));

    for (size_t t = 0; list && t < model->targets; t++)
        list[t] = model->target[t].name;
    return list;
}

const char *mli_model_task(const struct ml_model *model)
{
    return mli_task_name(model->loss.task);
}

size_t ml_model_width(const struct ml_model *model)
{
    size_t width = 0;

    for (size_t t = 0; t < model->targets; t++)
        width += mli_model_target_width(&model->target[t]);
    return width;
}

int ml_model_gives_scores(const struct ml_model *model)
{
    return model->loss.predicts == MLI_PREDICTS_SCORE;
}

/* ---- predicting -------------------------------------------------------------------------------------------------- */

static void forward(const struct ml_model *model, size_t n, const double *X, double *workspace, double *P)
{
    const struct mli_network *net = model->network;
    const double *Z = mli_network_forward(net, &mli_kernels_plain, model->theta, n, X, NULL, workspace);

    model->loss.predict(n, net->outputs, Z, P);
}

enum ml_status mli_model_forward(const struct ml_model *model, size_t n, const double *X, struct mli_arena *scratch,
                                 double *P, struct ml_error *err)
{
    double *workspace = mli_arena_alloc(scratch, mli_network_workspace(model->network, n, false), sizeof(double));

    if (!workspace)
        return ml_error_set(err, ML_ENOMEM, "out of memory for predicting %zu rows", n);
    forward(model, n, X, workspace, P);
    return ML_OK;
}

enum ml_status mli_model_predict_rows(const struct ml_model *model, const struct ml_table *rows,
                                      struct mli_arena *scratch, double *P,
                                      struct mli_apply_counts *counts, struct ml_error *err)
{
    const struct mli_network *net = model->network;
    size_t block = rows->rows < BLOCK ? rows->rows : BLOCK;
    double *X = mli_arena_alloc(scratch, block, net->inputs * sizeof(double));
    double *workspace =
        mli_arena_alloc(scratch, mli_network_workspace(net, block, false), sizeof(double));
    size_t sliced = rows->rows > BLOCK ? rows->columns : 0;
    struct mli_column *column = mli_arena_alloc(scratch, sliced, sizeof(*column));
    struct mli_arena_mark turn = mli_arena_mark(scratch);
    struct mli_apply_counts total = { 0 };
    size_t width = ml_model_width(model);
    enum ml_status status = ML_OK;

    if (!X || !workspace || !column)
        status = ml_error_set(err, ML_ENOMEM, "out of memory for predicting %zu rows", rows->rows);
    for (size_t i = 0; i < rows->rows && status == ML_OK; i += BLOCK) {
        size_t n = rows->rows - i < BLOCK ? rows->rows - i : BLOCK;
        const struct ml_table part = n < rows->rows ? mli_table_slice(rows, i, n, column) : *rows;
        struct mli_apply_counts part_counts = { 0 };
        if (i > 0) /* what the last block took */
            mli_arena_rewind(scratch, turn);
        status = mli_pipeline_apply(model->pipeline, &part, scratch, X, &part_counts, err);
        if (status != ML_OK)
            break;
        forward(model, n, X, workspace, P + i * width);
        total.missing += part_counts.missing;
        total.unknown += part_counts.unknown;
    }
    if (status == ML_OK && counts)
        *counts = total;
    return status;
}

enum ml_status ml_model_predict(const struct ml_model *model, const struct ml_table *rows,
                                double *P, struct ml_error *err)
{
    struct mli_arena scratch = MLI_ARENA_INIT;
    const struct ml_table *view;
    enum ml_status status = mli_pipeline_view(model->pipeline, rows, &scratch, &view, err);

    if (status == ML_OK)
        status = mli_model_predict_rows(model, view, &scratch, P, NULL, err);
    mli_arena_release(&scratch);
    return status;
}
