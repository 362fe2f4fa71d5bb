/*
 * The model as one JSON document for people and for other languages: numbers where they are used, not in tensors, and at
 * each step the formula ("how") by which a row goes through it. Written to be read; a model is not loaded from it.
 */
#include <export/formats.h>

#include <export/json_steps.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- network ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *kind, *how;
} layers[] = {
    { "dense", "output[j] = bias[j] + sum over i of weight[j][i] * input[i]" },
    { "relu", "output[j] = input[j] if input[j] > 0, else 0" },
    { "leaky_relu", "output[j] = input[j] if input[j] > 0, else 0.01 * input[j]" },
    { "elu", "output[j] = input[j] if input[j] > 0, else exp(input[j]) - 1" },
    { "gelu", "output[j] = input[j] / 2 * (1 + erf(input[j] / sqrt(2)))" },
    { "tanh", "output[j] = tanh(input[j])" },
    { "sigmoid", "output[j] = 1 / (1 + exp(-input[j]))" },
    { "dropout", "output[j] = input[j]" },
    { "batch_norm", "output[j] = (input[j] - running_mean[j]) / sqrt(running_var[j] + 1e-5) * weight[j] + bias[j]" },
};

/* The numbers of a tensor as arrays in arrays. *data moves on. */
static json_t *tensor_json(const struct mli_tensor *tensor, size_t axis, const double **data)
{
    if (axis == tensor->rank)
        return mli_json_from(*(*data)++);
    json_t *array = json_array();
    for (size_t i = 0; i < tensor->shape[axis]; i++)
        mli_json_append(&array, tensor_json(tensor, axis + 1, data));
    return array;
}

/* A layer's tensors are those that its kind saves, "net.<index>.<part>". */
static json_t *layer_json(const struct ml_model *model, size_t index, struct ml_error *err)
{
    const struct mli_layer *layer = &model->network->layer[index];
    const char *how = NULL;
    struct mli_tensors set;

    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        if (strcmp(layers[i].kind, layer->kind->name) == 0)
            how = layers[i].how;
    if (!how) {
        ml_error_set(err, ML_EUSAGE, "layer \"%s\" cannot be exported as json", layer->kind->name);
        return NULL;
    }
    mli_tensors_init(&set);
    json_t *doc =
        json_pack("{s:s, s:s, s:I, s:I}", "layer", layer->kind->name, "how", how, "inputs",
                  (json_int_t)layer->inputs, "outputs", (json_int_t)layer->outputs);
    bool ok = !layer->kind->save ||
              layer->kind->save(layer, index, model->theta + layer->offset, &set, err) == ML_OK;
    for (size_t i = 0; i < set.count && ok; i++) {
        const double *data = set.items[i].data;
        ok = mli_json_put(doc, strrchr(set.items[i].name, '.') + 1,
                          tensor_json(&set.items[i], 0, &data));
    }
    mli_tensors_release(&set);
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

static json_t *network_json(const struct ml_model *model, struct ml_error *err)
{
    json_t *doc = json_array();

    for (size_t i = 0; i < model->network->layers; i++)
        mli_json_append(&doc, layer_json(model, i, err));
    return doc;
}

static const char *prediction_how(const struct ml_model *model)
{
    if (model->loss.task == MLI_TASK_MULTILABEL)
        return "of each of targets, counted from k = 0: p(labels[1]) = 1 / (1 + exp(-z[k])), "
               "p(labels[0]) = 1 - p(labels[1]); the prediction is the label with the larger p";
    if (model->loss.predicts == MLI_PREDICTS_VALUE)
        return "prediction = z[0]";
    if (model->loss.predicts == MLI_PREDICTS_MEAN)
        return "prediction = exp(min(z[0], 700))";
    if (model->loss.predicts == MLI_PREDICTS_SCORE && model->network->outputs == 1)
        return "score(labels[1]) = z[0], score(labels[0]) = -z[0]; the prediction is the label with the larger score";
    if (model->loss.predicts == MLI_PREDICTS_SCORE)
        return "score(labels[k]) = z[k]; the prediction is the label with the largest score";
    if (model->network->outputs == 1)
        return "p(labels[1]) = 1 / (1 + exp(-z[0])), p(labels[0]) = 1 - p(labels[1]); "
               "the prediction is the label with the larger p";
    return "p(labels[k]) = exp(z[k]) / sum over j of exp(z[j]); "
           "the prediction is the label with the largest p";
}

/* ---- document ---------------------------------------------------------------------------------------------------- */

static json_t *labels_json(const struct mli_model_target *target)
{
    json_t *doc = json_array();
    for (size_t k = 0; k < target->classes; k++)
        mli_json_append(&doc, json_string(target->label[k]));
    return doc;
}

static bool put_target(json_t *doc, const char *key, const struct mli_model_target *target)
{
    return mli_json_put(doc, key, json_string(target->name)) && mli_json_put(doc, "labels", labels_json(target));
}

static bool put_targets(json_t *doc, const struct ml_model *model)
{
    if (model->targets == 1)
        return put_target(doc, "target", &model->target[0]);
    json_t *targets = json_array();
    for (size_t t = 0; t < model->targets; t++) {
        json_t *one = json_object();
        if (put_target(one, "name", &model->target[t])) {
            mli_json_append(&targets, one);
            continue;
        }
        json_decref(one);
        json_decref(targets);
        return false;
    }
    return mli_json_put(doc, "targets", targets);
}

static json_t *loss_json(const struct mli_loss *loss)
{
    char text[MLI_LOSS_TEXT];
    mli_loss_text(loss, text);
    return json_string(text);
}

static json_t *features_json(const struct mli_pipeline *pipeline)
{
    json_t *doc = json_array();
    for (size_t i = 0; i < mli_pipeline_features(pipeline); i++)
        mli_json_append(&doc, json_string(mli_pipeline_feature(pipeline, i)));
    return doc;
}

static const char how[] =
    "A row is an object of the inputs. It goes through the steps of pipeline in order; what is left "
    "then, in the order of features, is the input of network. z is the output of its last layer.";

static bool fill(json_t *doc, const struct ml_model *model, const char *name, const char *sha256,
                 struct ml_error *err)
{
    return mli_json_put(doc, "format", json_string("mlctl export")) &&
           mli_json_put(doc, "format_version", json_integer(1)) &&
           mli_json_put(doc, "name", json_string(name)) &&
           mli_json_put(doc, "model_sha256", json_string(sha256)) &&
           mli_json_put(doc, "how", json_string(how)) &&
           mli_json_put(doc, "task", json_string(mli_model_task(model))) &&
           put_targets(doc, model) &&
           mli_json_put(doc, "inputs", mli_schema_to_json(mli_pipeline_schema(model->pipeline))) &&
           mli_json_put(doc, "pipeline", mli_json_pipeline(model->pipeline, err)) &&
           mli_json_put(doc, "features", features_json(model->pipeline)) &&
           mli_json_put(doc, "network", network_json(model, err)) &&
           mli_json_put(doc, "loss", loss_json(&model->loss)) &&
           mli_json_put(doc, "prediction", json_string(prediction_how(model)));
}

enum ml_status mli_export_json(const struct ml_model *model, const char *name, struct mli_buf *out,
                               struct ml_error *err)
{
    struct ml_error problem = ML_ERROR_INIT;
    char sha256[MLI_SHA256_HEX];
    enum ml_status status = mli_export_digest(model, sha256, err);

    if (status != ML_OK)
        return status;
    json_t *doc = json_object();
    char *text = fill(doc, model, name, sha256, &problem) ? mli_json_text(doc, true) : NULL;
    json_decref(doc);
    if (text) {
        mli_buf_str(out, text);
        mli_buf_char(out, '\n');
    }
    free(text);
    if (problem.status != ML_OK)
        return ml_error_set(err, problem.status, "%s", problem.text);
    status = text ? out->status : ML_ENOMEM;
    if (status != ML_OK)
        ml_error_set(err, status, "no room for the model as JSON");
    return status;
}
