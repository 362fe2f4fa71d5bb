/*
 * The model as one JSON document for people and for other languages: numbers where they are used, not in tensors, and at
 * each step the formula ("how") by which a row goes through it. Written to be read; a model is not loaded from it.
 */
#include <export/formats.h>

#include <prep/stage.h>
#include <prep/step.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends and takes value; an array that lacks one is no array: *array becomes NULL and stays so. */
static void append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static json_t *drop_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_drop *drop = state;
    json_t *columns = json_array();
    (void)frame;

    for (size_t i = 0; i < drop->count; i++)
        append(&columns, json_pack("{s:s, s:s}", "column", drop->column[i].name, "reason",
                                   drop->column[i].reason));
    return columns;
}

static json_t *dates_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_dates *dates = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < dates->count; i++) {
        json_t *parts = json_array();
        for (unsigned p = 0; p < MLI_DATE_PARTS; p++)
            if (dates->parts[i] & (1u << p))
                append(&parts, json_string(mli_date_part_name[p]));
        append(&columns,
               json_pack("{s:s, s:o}", "column", frame->slot[dates->slot[i]].name, "parts", parts));
    }
    return columns;
}

static json_t *impute_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_imputer *imputer = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < imputer->count; i++)
        append(&columns, json_pack("{s:s, s:o}", "column", frame->slot[imputer->slot[i]].name,
                                   "value", mli_json_from(imputer->value[i])));
    return columns;
}

static json_t *flags_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_flags *flags = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < flags->count; i++)
        append(&columns, json_pack("{s:s}", "column", frame->slot[flags->slot[i]].name));
    return columns;
}

static const struct mli_dict *slot_dict(const struct mli_frame *frame, size_t slot)
{
    return frame->schema->field[frame->slot[slot].field].dict;
}

static json_t *fill_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_fill *fill = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < fill->count; i++) {
        const struct mli_dict *dict = slot_dict(frame, fill->slot[i]);
        append(&columns, json_pack("{s:s, s:s}", "column", frame->slot[fill->slot[i]].name, "value",
                                   mli_dict_text(dict, (size_t)fill->code[i])));
    }
    return columns;
}

static json_t *clip_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_clip *clip = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < clip->count; i++)
        append(&columns, json_pack("{s:s, s:o, s:o}", "column", frame->slot[clip->slot[i]].name,
                                   "low", mli_json_from(clip->low[i]), "high",
                                   mli_json_from(clip->high[i])));
    return columns;
}

static json_t *dict_json(const struct mli_dict *dict)
{
    json_t *values = json_array();

    for (size_t k = 0; k < mli_dict_count(dict); k++)
        append(&values, json_string(mli_dict_text(dict, k)));
    return values;
}

static json_t *ordinal_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_ordinal *ordinal = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < ordinal->count; i++)
        append(&columns, json_pack("{s:s, s:o}", "column", frame->slot[ordinal->slot[i]].name,
                                   "values", dict_json(slot_dict(frame, ordinal->slot[i]))));
    return columns;
}

/* Values with a feature of their own. */
static json_t *kept_json(const struct mli_slot *slot, const struct mli_dict *dict)
{
    json_t *values = json_array();

    for (size_t k = 0; k < slot->values; k++)
        append(&values, json_string(mli_dict_text(dict, slot->kept ? (size_t)slot->kept[k] : k)));
    return values;
}

static json_t *power_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_power *power = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < power->count; i++)
        append(&columns, json_pack("{s:s, s:o}", "column", frame->slot[power->slot[i]].name,
                                   "lambda", mli_json_from(power->lambda[i])));
    return columns;
}

static json_t *onehot_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_onehot *onehot = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < onehot->count; i++) {
        const struct mli_slot *slot = &frame->slot[onehot->slot[i]];
        json_t *column = json_pack("{s:s, s:o, s:b}", "column", slot->name, "values",
                                   kept_json(slot, slot_dict(frame, onehot->slot[i])), "missing",
                                   onehot->missing[i]);
        if (slot->rare)
            mli_json_put(column, "rare", json_true());
        append(&columns, column);
    }
    return columns;
}

static json_t *hashed_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_hashed *hashed = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < hashed->count; i++) {
        const struct mli_hashing *h = &hashed->hashing[i];
        json_t *column = json_pack("{s:s, s:I}", "column", frame->slot[hashed->slot[i]].name, "buckets",
                                   (json_int_t)h->buckets);
        if (h->high > 0 && (!mli_json_put(column, "words_from", json_integer((json_int_t)h->low)) ||
                            !mli_json_put(column, "words_to", json_integer((json_int_t)h->high)))) {
            json_decref(column);
            column = NULL;
        }
        append(&columns, column);
    }
    return columns;
}

static json_t *tfidf_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_tfidf *tfidf = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < tfidf->count; i++) {
        const struct mli_vocabulary *v = &tfidf->vocabulary[i];
        json_t *terms = json_array(), *idf = json_array();
        for (size_t t = 0; t < mli_dict_count(v->terms); t++) {
            append(&terms, json_string(mli_dict_text(v->terms, t)));
            append(&idf, mli_json_from(v->idf[t]));
        }
        append(&columns, json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "column", frame->slot[tfidf->slot[i]].name, "unit",
                                   mli_unit_name[v->grams.unit], "from", (json_int_t)v->grams.low, "to",
                                   (json_int_t)v->grams.high, "terms", terms, "idf", idf));
    }
    return columns;
}

static json_t *row_json(const double *value, size_t n)
{
    json_t *list = json_array();

    for (size_t o = 0; o < n; o++)
        append(&list, mli_json_from(value[o]));
    return list;
}

/* Values, then missing, then any other, each with one number a feature. */
static json_t *target_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_target_encoder *encoder = state;
    json_t *columns = json_array();

    for (size_t k = 0; k < encoder->count; k++) {
        const double *value = encoder->value + encoder->at[k];
        size_t n = encoder->outputs;
        json_t *means = json_array(), *features = json_array();
        for (size_t v = 0; v < encoder->values[k]; v++)
            append(&means, row_json(value + v * n, n));
        for (size_t o = 0; o < n; o++)
            append(&features, json_string(frame->slot[encoder->first + k * n + o].name));
        append(&columns, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "column",
                                   frame->slot[encoder->slot[k]].name, "features", features, "values",
                                   dict_json(slot_dict(frame, encoder->slot[k])), "means", means,
                                   "missing", row_json(value + encoder->values[k] * n, n), "other",
                                   row_json(value + (encoder->values[k] + 1) * n, n)));
    }
    return columns;
}

static json_t *scale_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_scaler *scaler = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < scaler->count; i++)
        append(&columns, json_pack("{s:s, s:o, s:o}", "column", frame->slot[scaler->slot[i]].name,
                                   "shift", mli_json_from(scaler->shift[i]), "scale",
                                   mli_json_from(scaler->scale[i])));
    return columns;
}

static const struct {
    const struct mli_step_kind *kind;
    const char *how;
    json_t *(*columns)(const struct mli_frame *frame, const void *state);
} steps[] = {
    { &mli_drop_step, "these columns are not used", drop_json },
    { &mli_flags_step, "a number COLUMN.missing: 1 if COLUMN is missing, else 0", flags_json },
    { &mli_dates_step,
      "an instant (seconds since 1970, UTC) becomes numbers COLUMN.PART: year, month 1 to 12, "
      "day 1 to 31, weekday 0 (Monday) to 6, hour 0 to 23, minute 0 to 59, yearday 1 to 366, epoch = "
      "seconds / 86400",
      dates_json },
    { &mli_impute_step, "a missing number becomes value", impute_json },
    { &mli_fill_step, "a missing category becomes value", fill_json },
    { &mli_clip_step, "a number below low becomes low, one above high becomes high", clip_json },
    { &mli_power_step,
      "with l = log(1 + |x|), p = lambda if x >= 0 and 2 - lambda if x < 0: x = sign(x) (exp(p l) - 1) "
      "/ p, and sign(x) l if p = 0",
      power_json },
    { &mli_text_step,
      "features COLUMN#0 .. COLUMN#(buckets-1), 0 at first; the text in lower case (Unicode, full mappings) has as "
      "words its runs of two or more characters of general category L or N or _; for each n from words_from to "
      "words_to and each n words in a row, joined by one space: h = MurmurHash3_x86_32 of the UTF-8 bytes with seed 0 "
      "as a signed number, the feature |h| mod buckets gets 1 added if h >= 0, else -1; then all are divided by the "
      "square root of the sum of their squares if that is not 0; a missing text leaves 0",
      hashed_json },
    { &mli_tfidf_step,
      "a feature COLUMN~TERM for each term, 0 at first, for the text in lower case (Unicode, full mappings). Unit words: its "
      "words are its runs of two or more characters of general category L or N or _, and for each n from `from` to `to` "
      "each n words in a row, joined by one space, are a term. Unit chars: its words stand between white space, each gets a "
      "space before and behind it, and for each n from `from` to `to` each n characters in a row of one are a term; one "
      "with n characters or less is a term once, and no longer ones are taken of it. The feature of each term that is "
      "listed gets its idf added each time; then all are divided by the square root of the sum of their squares if that is "
      "not 0; a missing text leaves 0",
      tfidf_json },
    { &mli_hash_step,
      "features COLUMN#0 .. COLUMN#(buckets-1), 0 at first; h = MurmurHash3_x86_32 of the value's UTF-8 bytes with "
      "seed 0 as a signed number, the feature |h| mod buckets becomes 1 if h >= 0, else -1; a missing cell leaves 0",
      hashed_json },
    { &mli_target_step,
      "a category becomes the numbers of features: the entry of means at the place of its value in values, "
      "missing for a missing cell, other for a value that is not listed",
      target_json },
    { &mli_ordinal_step,
      "a category becomes a number: its place in values, from 0 on; -1 for a missing cell and for a value "
      "that is not listed",
      ordinal_json },
    { &mli_onehot_step,
      "one feature COLUMN=VALUE for each value: 1 if the cell is it, else 0; if missing is true a "
      "feature COLUMN=missing: 1 for a missing cell; if rare is true a last feature COLUMN=(rare): 1 "
      "when all before are 0; without it a value that is not listed makes them all 0",
      onehot_json },
    { &mli_scale_step, "x = (x - shift) / scale", scale_json },
};

static json_t *step_json(const struct mli_frame *frame, const struct mli_step *step,
                         struct ml_error *err)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (steps[i].kind == step->kind)
            return json_pack("{s:s, s:s, s:o}", "step", step->kind->name, "how", steps[i].how,
                             "columns", steps[i].columns(frame, step->state));
    ml_error_set(err, ML_EUSAGE, "step \"%s\" cannot be exported as json", step->kind->name);
    return NULL;
}

/* ---- stages ------------------------------------------------------------------------------------------------------ */

static json_t *numbers_json(const double *x, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        append(&list, mli_json_from(x[i]));
    return list;
}

static json_t *select_json(const void *state)
{
    const struct mli_select *select = state;
    json_t *kept = json_array();

    for (size_t i = 0; i < select->count; i++)
        append(&kept, json_integer((json_int_t)select->keep[i]));
    return json_pack("{s:s, s:o, s:o, s:o}", "method", mli_select_name[select->method], "bound",
                     mli_json_from(select->bound), "score",
                     numbers_json(select->score, select->inputs), "kept", kept);
}

static json_t *pca_json(const void *state)
{
    const struct mli_pca *pca = state;
    json_t *components = json_array();

    for (size_t i = 0; i < pca->count; i++)
        append(&components, numbers_json(pca->component + i * pca->inputs, pca->inputs));
    return json_pack("{s:o, s:o, s:o, s:o}", "mean", numbers_json(pca->mean, pca->inputs),
                     "components", components, "variance", numbers_json(pca->variance, pca->count),
                     "ratio", numbers_json(pca->ratio, pca->count));
}

static const struct {
    const struct mli_stage_kind *kind;
    const char *how;
    json_t *(*state)(const void *state);
} stages[] = {
    { &mli_select_stage, "of the features so far, counted from 0, those of kept stay, in that order",
      select_json },
    { &mli_pca_stage,
      "output[j] = sum over i of (input[i] - mean[i]) * components[j][i], the features so far being "
      "the input",
      pca_json },
};

static json_t *stage_json(const struct mli_stage *stage, struct ml_error *err)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        if (stages[i].kind != stage->kind)
            continue;
        json_t *doc = stages[i].state(stage->state);
        if (!doc || !mli_json_put(doc, "step", json_string(stage->kind->name)) ||
            !mli_json_put(doc, "how", json_string(stages[i].how))) {
            json_decref(doc);
            return NULL;
        }
        return doc;
    }
    ml_error_set(err, ML_EUSAGE, "step \"%s\" cannot be exported as json", stage->kind->name);
    return NULL;
}

static json_t *pipeline_json(const struct mli_pipeline *pipeline, struct ml_error *err)
{
    json_t *doc = json_array();

    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++)
        append(&doc, step_json(mli_pipeline_frame(pipeline), mli_pipeline_step(pipeline, i), err));
    for (size_t i = 0; i < mli_pipeline_stages(pipeline); i++)
        append(&doc, stage_json(mli_pipeline_stage(pipeline, i), err));
    return doc;
}

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
        append(&array, tensor_json(tensor, axis + 1, data));
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
        append(&doc, layer_json(model, i, err));
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
        append(&doc, json_string(target->label[k]));
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
            append(&targets, one);
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
        append(&doc, json_string(mli_pipeline_feature(pipeline, i)));
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
           mli_json_put(doc, "pipeline", pipeline_json(model->pipeline, err)) &&
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
