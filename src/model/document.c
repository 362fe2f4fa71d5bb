#include <model/document.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

/* Format versions: 1 has one target, 2 a list of several. */
enum { VERSION_TARGET = 1, VERSION_TARGETS = 2 };
_Static_assert(VERSION_TARGETS == MLI_MODEL_FORMAT_VERSION, "the newest");

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static json_t *labels_json(const struct mli_model_target *target)
{
    json_t *labels = json_array();

    for (size_t k = 0; labels && k < target->classes; k++) {
        if (json_array_append_new(labels, json_string(target->label[k])) != 0) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}

/* [{"name":"a","labels":["no","yes"]}, ...] */
static json_t *targets_json(const struct ml_model *model)
{
    json_t *targets = json_array();

    for (size_t t = 0; targets && t < model->targets; t++) {
        json_t *labels = labels_json(&model->target[t]);
        json_t *one = labels ? json_pack("{s:s, s:o}", "name", model->target[t].name, "labels", labels) : NULL;
        if (json_array_append_new(targets, one) != 0) {
            json_decref(targets);
            return NULL;
        }
    }
    return targets;
}

/* One target is said as ever, so that a model of one has the bytes it always had. */
static bool put_targets(json_t *doc, const struct ml_model *model)
{
    if (model->targets > 1)
        return mli_json_put(doc, "targets", targets_json(model));
    return mli_json_put(doc, "target", json_string(model->target[0].name));
}

static json_t *network_json(const struct mli_network *network)
{
    return json_pack("{s:s, s:I}", "layers", network->spec, "inputs", (json_int_t)network->inputs);
}

static json_t *loss_json(const struct mli_loss *loss)
{
    char text[MLI_LOSS_TEXT];

    mli_loss_text(loss, text);
    return json_string(text);
}

json_t *mli_model_document(const struct ml_model *model, struct mli_tensors *set,
                           struct ml_error *err)
{
    json_t *pipeline = NULL, *doc = json_object();
    enum ml_status status = mli_pipeline_save(model->pipeline, &pipeline, set, err);

    size_t before = set->count;
    if (status == ML_OK)
        status = mli_network_save(model->network, model->theta, set, err);
    for (size_t i = before; i < set->count; i++)
        set->items[i].single = model->single;
    bool ok = status == ML_OK && doc &&
              mli_json_put(doc, "format_version", json_integer(model->targets > 1 ? VERSION_TARGETS : VERSION_TARGET)) &&
              mli_json_put(doc, "task", json_string(mli_model_task(model))) &&
              put_targets(doc, model) &&
              mli_json_put(doc, "pipeline", json_incref(pipeline)) &&
              mli_json_put(doc, "network", network_json(model->network)) &&
              mli_json_put(doc, "loss", loss_json(&model->loss)) &&
              (model->targets > 1 || mli_json_put(doc, "labels", labels_json(&model->target[0]))) &&
              mli_json_put(doc, "record", json_incref(model->record));
    json_decref(pipeline);
    if (ok)
        return doc;
    json_decref(doc);
    if (status == ML_OK)
        ml_error_set(err, ML_ENOMEM, "out of memory for the model's document");
    return NULL;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const char *const members[] = { "format_version", "task", "pipeline", "network", "loss", "record", NULL };
static const char *const members_of_version[][3] = { [VERSION_TARGET] = { "target", "labels", NULL },
                                                     [VERSION_TARGETS] = { "targets", NULL } };

static bool is_in(const char *const *list, const char *key)
{
    while (*list && strcmp(*list, key) != 0)
        list++;
    return *list != NULL;
}

/* A member that this version does not know could change what the model means, so it is refused and not skipped. */
static enum ml_status check_members(const json_t *doc, size_t version, struct ml_error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)doc, key, value)
    {
        if (!is_in(members, key) && !is_in(members_of_version[version], key))
            return ml_error_set(err, ML_EARTIFACT, "member \"%s\" is not one of format version %zu", key, version);
    }
    return ML_OK;
}

static enum ml_status check_version(const json_t *doc, size_t *version, struct ml_error *err)
{
    enum ml_status status = mli_json_size(doc, "format_version", version, err);

    if (status != ML_OK)
        return status;
    if (*version > MLI_MODEL_FORMAT_VERSION)
        return ml_error_set(
            err, ML_EARTIFACT,
            "the model has format version %zu, made by a newer mlctl; this one reads up to %d",
            *version, MLI_MODEL_FORMAT_VERSION);
    if (*version == 0)
        return ml_error_set(err, ML_EARTIFACT, "the model has format version 0, the first is 1");
    return check_members(doc, *version, err);
}

static enum ml_status read_loss(const json_t *doc, struct mli_loss *out, struct ml_error *err)
{
    const char *name, *task;
    struct ml_error problem = ML_ERROR_INIT;
    bool parameter;
    enum ml_status status = mli_json_str(doc, "loss", &name, err);

    if (status == ML_OK)
        status = mli_json_str(doc, "task", &task, err);
    if (status != ML_OK)
        return status;
    struct mli_loss loss;
    if (mli_loss_parse(name, &loss, &parameter, &problem) != ML_OK)
        return ml_error_set(err, ML_EARTIFACT, "%s", problem.text);
    if (loss.parameter_name && !parameter)
        return ml_error_set(err, ML_EARTIFACT, "loss \"%s\" has no %s", name, loss.parameter_name);
    if (strcmp(task, mli_task_name(loss.task)) != 0)
        return ml_error_set(err, ML_EARTIFACT, "task is \"%s\", but loss \"%s\" is for %s", task,
                            name, mli_task_name(loss.task));
    *out = loss;
    return ML_OK;
}

static enum ml_status read_labels(const json_t *doc, struct mli_model_target *target, struct ml_error *err)
{
    json_t *labels;
    enum ml_status status = mli_json_array(doc, "labels", &labels, err);

    if (status != ML_OK)
        return status;
    size_t classes = json_array_size(labels);
    target->label = mli_calloc(classes, sizeof(*target->label));
    for (; target->label && target->classes < classes; target->classes++) {
        const json_t *label = json_array_get(labels, target->classes);
        if (!json_is_string(label))
            return ml_error_set(err, ML_EARTIFACT, "label %zu is not a string", target->classes);
        if (!(target->label[target->classes] = mli_strdup(json_string_value(label))))
            break;
    }
    if (target->classes < classes || !target->label)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu labels", classes);
    return ML_OK;
}

static enum ml_status read_target(const json_t *doc, const char *key, struct mli_model_target *target, struct ml_error *err)
{
    const char *name;
    enum ml_status status = mli_json_str(doc, key, &name, err);

    if (status != ML_OK)
        return status;
    if (!(target->name = mli_strdup(name)))
        return ml_error_set(err, ML_ENOMEM, "out of memory for a name");
    return read_labels(doc, target, err);
}

/* An entry of "targets" has a name and labels, and nothing else. */
static enum ml_status read_entry(const json_t *entry, size_t t, struct mli_model_target *target, struct ml_error *err)
{
    if (!json_is_object(entry) || json_object_size(entry) != 2)
        return ml_error_set(err, ML_EARTIFACT, "targets[%zu] is not an object of name and labels", t);
    return read_target(entry, "name", target, err);
}

static enum ml_status read_targets(const json_t *doc, size_t version, struct ml_model *model, struct ml_error *err)
{
    json_t *list = NULL;
    enum ml_status status = version == VERSION_TARGETS ? mli_json_array(doc, "targets", &list, err) : ML_OK;

    if (status != ML_OK)
        return status;
    size_t targets = list ? json_array_size(list) : 1;
    if (list && (targets < 2 || targets > MLI_LABELS_MAX))
        return ml_error_set(err, ML_EARTIFACT, "the model has %zu targets, expected 2 to %d", targets, MLI_LABELS_MAX);
    model->target = mli_calloc(targets, sizeof(*model->target));
    if (!model->target)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a model");
    model->targets = targets;
    if (!list)
        return read_target(doc, "target", &model->target[0], err);
    for (size_t t = 0; t < targets && status == ML_OK; t++) {
        status = read_entry(json_array_get(list, t), t, &model->target[t], err);
        mli_json_within(err, "targets[%zu]", t);
    }
    return status;
}

static size_t elements(const struct mli_tensors *set)
{
    size_t total = 0;

    for (size_t i = 0; i < set->count; i++) {
        size_t n = 1;
        for (size_t j = 0; j < set->items[i].rank; j++)
            n *= set->items[i].shape[j];
        total += n;
    }
    return total;
}

/* What a network was trained in is what its tensors are kept in, so all are of one dtype. */
static enum ml_status read_precision(const struct mli_tensors *set, struct ml_model *model, struct ml_error *err)
{
    const struct mli_tensor *first = NULL;

    for (size_t i = 0; i < set->count; i++) {
        const struct mli_tensor *tensor = &set->items[i];
        if (strncmp(tensor->name, "net.", 4) != 0)
            continue;
        if (first && first->single != tensor->single)
            return ml_error_set(err, ML_EARTIFACT,
                                "tensor \"%s\" is %s, but \"%s\" is %s; those of a network are all F64 or all F32",
                                tensor->name, tensor->single ? "F32" : "F64", first->name,
                                first->single ? "F32" : "F64");
        first = tensor;
    }
    model->single = first && first->single;
    return ML_OK;
}

/* The spec of a few bytes may ask for any number of parameters: memory is taken only for what the file has. */
static enum ml_status read_network(const json_t *doc, struct mli_tensors *set,
                                   struct ml_model *model, struct ml_error *err)
{
    const char *layers;
    size_t inputs;
    json_t *network;
    struct ml_error problem = ML_ERROR_INIT;
    enum ml_status status = mli_json_object(doc, "network", &network, err);

    if (status != ML_OK)
        return status;
    status = mli_json_str(network, "layers", &layers, err);
    if (status == ML_OK)
        status = mli_json_size(network, "inputs", &inputs, err);
    mli_json_within(err, "network");
    if (status != ML_OK)
        return status;
    if (inputs != mli_pipeline_features(model->pipeline))
        return ml_error_set(err, ML_EARTIFACT,
                            "the pipeline makes %zu features, but the network wants %zu inputs",
                            mli_pipeline_features(model->pipeline), inputs);
    status = mli_network_new(layers, inputs, &model->network, &problem);
    if (status != ML_OK) /* a bad argument there is a bad file here */
        return ml_error_set(err, status == ML_ENOMEM ? status : ML_EARTIFACT, "network: %s",
                            problem.text);
    if (model->network->parameters > elements(set))
        return ml_error_set(err, ML_EARTIFACT,
                            "the network has %zu parameters, but the file only %zu numbers",
                            model->network->parameters, elements(set));
    model->theta = mli_alloc(model->network->parameters, sizeof(*model->theta));
    if (!model->theta)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu parameters",
                            model->network->parameters);
    return mli_network_load(model->network, model->theta, set, err);
}

static enum ml_status read_record(const json_t *doc, struct ml_model *model, struct ml_error *err)
{
    json_t *record;
    enum ml_status status = mli_json_object(doc, "record", &record, err);

    if (status == ML_OK)
        model->record = json_incref(record);
    return status;
}

static enum ml_status read_pipeline(const json_t *doc, struct mli_tensors *set,
                                    struct ml_model *model, struct ml_error *err)
{
    json_t *pipeline;
    enum ml_status status = mli_json_object(doc, "pipeline", &pipeline, err);

    if (status != ML_OK)
        return status;
    status = mli_pipeline_load(pipeline, set, &model->pipeline, err);
    mli_json_within(err, "pipeline");
    return status;
}

static enum ml_status check_unused(const struct mli_tensors *set, struct ml_error *err)
{
    const struct mli_tensor *tensor = mli_tensors_unused(set);

    if (tensor)
        return ml_error_set(err, ML_EARTIFACT,
                            "tensor \"%s\" belongs to no step and no layer of the model",
                            tensor->name);
    return ML_OK;
}

enum ml_status mli_document_read(const json_t *doc, struct mli_tensors *set, struct ml_model **out,
                                 struct ml_error *err)
{
    struct ml_model *model = mli_calloc(1, sizeof(*model));
    enum ml_status status = ML_OK;

    if (!model)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a model");
    size_t version;
    if ((status = check_version(doc, &version, err)) != ML_OK ||
        (status = read_loss(doc, &model->loss, err)) != ML_OK ||
        (status = read_targets(doc, version, model, err)) != ML_OK ||
        (status = read_record(doc, model, err)) != ML_OK ||
        (status = read_pipeline(doc, set, model, err)) != ML_OK ||
        (status = read_network(doc, set, model, err)) != ML_OK ||
        (status = read_precision(set, model, err)) != ML_OK ||
        (status = check_unused(set, err)) != ML_OK) {
        ml_model_free(model);
        return status;
    }
    struct ml_model parts = *model;
    free(model);
    status = mli_model_new(parts.pipeline, parts.network, parts.theta, &parts.loss, parts.target,
                           parts.targets, parts.record, out, err);
    if (status == ML_OK)
        (*out)->single = parts.single;
    return status;
}
