#include <cmd/commands.h>
#include <cmd/explain.h>
#include <cmd/out.h>

#include <base/num.h>
#include <model/model.h>
#include <math.h>
#include <prep/explain.h>
#include <stdio.h>
#include <string.h>

static void print_field(const struct mli_field *field)
{
    char range[160] = "";
    if (field->dict) {
        size_t n = mli_dict_count(field->dict), used = 0;
        for (size_t k = 0; k < n && used < 90; k++)
            used += (size_t)snprintf(range + used, sizeof range - used, "%s%.24s", k ? ", " : "",
                                     mli_dict_text(field->dict, k));
        if (used >= 90)
            snprintf(range + 90, sizeof range - 90, "... (%zu values)", n);
    } else if (field->type == ML_TYPE_INSTANT) {
        char low[40], high[40];
        mli_instant_format(field->low, low);
        mli_instant_format(field->high, high);
        snprintf(range, sizeof range, "%s to %s%s%s", low, high, field->format ? ", written " : "",
                 field->format ? mli_format_name(field->format) : "");
    } else if (!isnan(field->low)) {
        char low[MLI_NUM_MAX], high[MLI_NUM_MAX];
        mli_num_format(field->low, low);
        mli_num_format(field->high, high);
        snprintf(range, sizeof range, "%s to %s%s", low, high, field->integer ? ", whole" : "");
    }
    out_line("", "%-24s %-9s %5zu missing  %s", field->name, ml_type_name(field->type), field->missing, range);
}

/* Training rows by bin: "10 to 36.4, 12 to 38.1, 9 above", "5 of red, 7 of blue, 2 of others". */
static void print_bins(const struct mli_field *field)
{
    const struct mli_bins *bins = field->bins;
    char text[600], edge[MLI_INSTANT_MAX + MLI_NUM_MAX];
    size_t used = 0;
    for (size_t i = 0; bins && i < bins->count && used < sizeof text; i++) {
        const char *what = "others";
        if (!field->dict && i + 1 < bins->count) {
            if (field->type == ML_TYPE_INSTANT)
                mli_instant_format(bins->edge[i], edge);
            else
                mli_num_format(bins->edge[i], edge);
            what = edge;
        } else if (!field->dict) {
            what = "above";
        } else if (i < bins->listed) {
            what = mli_dict_text(field->dict, (size_t)bins->code[i]);
        }
        const char *of = field->dict ? " of " : i + 1 < bins->count ? " to " : " ";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%llu%s%.24s", i ? ", " : "",
                                 (unsigned long long)bins->rows[i], of, bins->count > 1 ? what : "all");
    }
    if (bins)
        out_line("", "%-24s %s%s", "", text, used < sizeof text ? "" : "...");
}

/* Shape and size of each layer, and what training measured of its inputs beside what it learnt. */
static void print_layers(const struct mli_network *net)
{
    for (size_t i = 0; i < net->layers; i++) {
        const struct mli_layer *layer = &net->layer[i];
        char size[64] = "";
        if (layer->parameters)
            snprintf(size, sizeof size, "%zu parameters%s", layer->parameters,
                     layer->statistics ? ", half of them measured" : "");
        out_line("", "%2zu %-11s %7zu -> %-7zu %s", i, layer->kind->name, layer->inputs, layer->outputs, size);
    }
}

static long long count_of(const json_t *doc, const char *key)
{
    return (long long)json_integer_value(json_object_get(doc, key));
}

/* What becomes of each column. */
static void print_pipeline(const struct mli_pipeline *pipeline)
{
    json_t *doc = mli_explain(pipeline);
    explain_print(doc);
    json_decref(doc);
}

/* The model that training went on from; inspect of that one tells what was before. */
static void print_start(const json_t *start)
{
    const char *path = json_string_value(json_object_get(start, "path")), *sha256 = json_string_value(json_object_get(start, "sha256"));
    const char *data = json_string_value(json_object_get(json_object_get(start, "data"), "path"));
    if (path && sha256 && data)
        out_line("started from", "%s, digest %s, trained on %lld rows of %s", path, sha256, count_of(start, "train_rows"), data);
}

static void print_targets(const struct ml_model *model)
{
    const struct mli_model_target *target = model->target;
    if (model->targets == 1)
        out_line("target", "%s (%s)", target->name, target->classes ? "classes" : "number");
    for (size_t k = 0; model->targets == 1 && k < target->classes; k++)
        out_line("", "%s", target->label[k]);
    if (model->targets > 1)
        out_line("targets", "%zu labels", model->targets);
    for (size_t t = 0; model->targets > 1 && t < model->targets; t++)
        out_line("", "%s (%s, %s)", target[t].name, target[t].label[0], target[t].label[1]);
}

static void print_model(const struct ml_model *model, const char *path, bool verbose)
{
    const json_t *r = model->record, *data = json_object_get(r, "data");
    const char *program = json_string_value(json_object_get(r, "program"));
    const char *from = json_string_value(json_object_get(data, "path"));
    const struct mli_schema *schema = mli_pipeline_schema(model->pipeline);
    out_line("model", "%s, digest %s", path, model->sha256);
    out_line("made by", "%s from %s", program ? program : "?", from ? from : "?");
    print_start(json_object_get(r, "warm_start"));
    print_targets(model);
    const char *split = json_string_value(json_object_get(r, "split"));
    const char *end = json_string_value(json_object_get(r, "end"));
    const json_t *settings = json_object_get(r, "settings");
    const char *optimiser = json_string_value(json_object_get(settings, "optimiser"));
    if (split && end && optimiser) {
        out_line("split", "%s, seed %lld: %lld rows trained on, %lld held out", split, count_of(r, "split_seed"),
                 count_of(r, "train_rows"), count_of(r, "test_rows"));
        out_line("fit", "%s, l2 %.6g, l1 %.6g, %lld epoch%s, %s", optimiser,
                 json_number_value(json_object_get(settings, "l2")),
                 json_number_value(json_object_get(settings, "l1")), count_of(r, "epochs"),
                 count_of(r, "epochs") == 1 ? "" : "s", end);
    }
    char loss[MLI_LOSS_TEXT];
    mli_loss_text(&model->loss, loss);
    out_line("network", "%s, %s loss, %zu parameters in %s precision", model->network->spec, loss,
             model->network->parameters, model->single ? "single" : "double");
    if (model->network->layers > 1)
        print_layers(model->network);
    out_line("columns", "%zu, what training saw of them", schema->count);
    for (size_t j = 0; j < schema->count; j++) {
        print_field(&schema->field[j]);
        if (verbose)
            print_bins(&schema->field[j]);
    }
    if (verbose)
        print_pipeline(model->pipeline);
    else
        out_line("features", "%zu", mli_pipeline_features(model->pipeline));
    const json_t *metrics = json_object_get(r, "metrics");
    if (metrics) {
        const char *on = json_string_value(json_object_get(r, "metrics_on"));
        out_line("metrics", "on %s rows", on ? on : "?");
        out_metrics(metrics);
    }
}

static json_t *whole_document(const struct ml_model *model, struct ml_error *err)
{
    struct mli_tensors set;
    mli_tensors_init(&set);
    json_t *doc = mli_model_document(model, &set, err), *tensors = json_object();
    for (size_t t = 0; doc && t < set.count; t++) {
        json_t *shape = json_array();
        for (size_t i = 0; i < set.items[t].rank; i++)
            json_array_append_new(shape, json_integer((json_int_t)set.items[t].shape[i]));
        mli_json_put(tensors, set.items[t].name, shape);
    }
    mli_tensors_release(&set);
    if (doc)
        mli_json_put(doc, "sha256", json_string(model->sha256));
    if (doc)
        mli_json_put(doc, "tensors", tensors);
    else
        json_decref(tensors);
    return doc;
}

int cmd_inspect(struct cmd_context *ctx, int argc, const char **argv)
{
    char *path = CMD_MODEL_DEFAULT;
    struct poptOption options[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &path, 0, "model file", "FILE" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 0, 1);
    if (code != CMD_CONTINUE)
        return code;
    if (ctx->nargs)
        path = (char *)ctx->args[0];
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    if (ml_model_load(path, &model, &err))
        return cmd_fail(ctx, &err);
    if (ctx->json) {
        code = out_json(ctx, whole_document(model, &err));
    } else {
        print_model(model, path, ctx->verbose);
        code = out_end(ctx, CMD_DONE);
    }
    ml_model_free(model);
    return code;
}
