#include <cmd/train_report.h>

#include <cmd/curve.h>
#include <cmd/out.h>
#include <model/output.h>
#include <stdio.h>
#include <string.h>
#include <table/table.h>

static const char *text_of(const json_t *doc, const char *key)
{
    const char *text = json_string_value(json_object_get(doc, key));
    return text ? text : "";
}

static long long count_of(const json_t *doc, const char *key)
{
    return (long long)json_integer_value(json_object_get(doc, key));
}

/* "a (no, yes), b (0, 1)" */
static void print_labels(const struct ml_model *model)
{
    struct mli_buf text;
    mli_buf_init(&text, (size_t)1 << 20);
    for (size_t t = 0; t < model->targets; t++)
        mli_buf_printf(&text, "%s%s (%.30s, %.30s)", t ? ", " : "", model->target[t].name, model->target[t].label[0],
                       model->target[t].label[1]);
    out_line("targets", "%zu labels: %s", model->targets, text.data ? text.data : model->target_names);
    mli_buf_release(&text);
}

static void print_target(const struct mli_model_target *target)
{
    char list[200] = "";
    size_t n = 0;
    for (size_t k = 0; k < target->classes && n < sizeof list - 40; k++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.30s", k ? ", " : "", target->label[k]);
    if (!target->classes)
        out_line("target", "%s (a number)", target->name);
    else
        out_line("target", "%s (%zu classes: %s%s)", target->name, target->classes, list,
                 n >= sizeof list - 40 ? ", ..." : "");
}

static void print_fit(const struct ml_model *model, double seconds)
{
    const json_t *r = model->record, *s = json_object_get(r, "settings");
    out_line("model", "%s on %zu features of %zu columns, %zu parameters", text_of(r, "kind"),
             mli_pipeline_features(model->pipeline), ml_model_inputs(model), model->network->parameters);
    if (model->network->layers > 1)
        out_line("layers", "%s", text_of(s, "layers"));
    if (count_of(s, "members"))
        out_line("members", "%lld such networks, whose mean is the model; epochs and loss are those of the first", count_of(s, "members"));
    char loss[MLI_LOSS_TEXT], parameter[MLI_LOSS_TEXT + 40] = "";
    mli_loss_text(&model->loss, loss);
    if (model->loss.parameter_name)
        snprintf(parameter, sizeof parameter, ", %s %s", model->loss.parameter_name, strchr(loss, ':') + 1);
    out_line("objective", "%s%s + l2/2 |w|^2, l2 %.6g%s", model->loss.objective, parameter,
             json_number_value(json_object_get(s, "l2")),
             json_number_value(json_object_get(s, "l1")) > 0 ? " + l1 |w|" : "");
    out_line("fit", "%s, %lld epoch%s, %s, training loss %.6g, %.2f s", text_of(s, "optimiser"),
             count_of(r, "epochs"), count_of(r, "epochs") == 1 ? "" : "s", text_of(r, "end"), json_number_value(json_object_get(r, "loss")),
             seconds);
}

static void print_weights(const json_t *settings)
{
    const char *column = text_of(settings, "weight"), *classes = text_of(settings, "class_weight");
    if (*column || *classes)
        out_line("weights", "%s%s%s%s%s in training; metrics count every row once", *column ? "column " : "", column,
                 *column && *classes ? ", " : "", *classes ? "classes " : "", classes);
}

/* Mean and deviation of each metric over the folds. */
static void print_folds(const json_t *validation)
{
    const json_t *metrics = json_object_get(validation, "metrics"), *row;
    const char *name;
    if (!validation)
        return;
    out_line("folds", "%lld: mean and deviation of each, measured by a model of the others",
             count_of(validation, "folds"));
    json_object_foreach((json_t *)metrics, name, row)
        out_line("", "%-20s %-12.6g %.3g", name, json_number_value(json_object_get(row, "mean")),
                 json_number_value(json_object_get(row, "deviation")));
}

void train_report_print(const struct ml_table *table, const struct ml_model *model,
                        const char *path, double seconds)
{
    const json_t *r = model->record, *data = json_object_get(r, "data");
    char digest[20];
    snprintf(digest, sizeof digest, "%.12s", table->sha256);
    out_line("data", "%s: %zu rows, %zu columns, sha256 %s...", table->source, table->rows,
             table->columns, digest);
    if (count_of(data, "duplicates"))
        out_line("", "%lld duplicate rows left out", count_of(data, "duplicates"));
    if (model->targets > 1)
        print_labels(model);
    else
        print_target(&model->target[0]);
    if (*text_of(r, "group"))
        out_line("groups", "of %s stay on one side", text_of(r, "group"));
    out_line("split", "%s: %lld rows to train on, %lld held out%s", text_of(r, "split"),
             count_of(r, "train_rows"), count_of(r, "test_rows"),
             count_of(data, "rows_with_target") < count_of(data, "rows") ? " (rows without a target left out)" : "");
    const json_t *start = json_object_get(r, "warm_start");
    if (start)
        out_line("started from", "%s, digest %.12s..., training loss %.6g", text_of(start, "path"), text_of(start, "sha256"),
                 json_number_value(json_object_get(start, "loss")));
    print_weights(json_object_get(r, "settings"));
    print_fit(model, seconds);
    curve_print(json_object_get(r, "history"));
    print_folds(json_object_get(r, "cross_validation"));
    out_line("metrics", "on %s rows", text_of(r, "metrics_on"));
    out_metrics(json_object_get(r, "metrics"));
    out_line("wrote", "%s", path);
}

json_t *train_report_json(const struct ml_model *model, const char *path)
{
    json_t *doc = json_object();
    bool ok = doc && mli_json_put(doc, "model", json_string(path)) &&
              mli_prediction_put_targets(doc, model) &&
              mli_json_put(doc, "task", json_string(mli_model_task(model))) &&
              mli_json_put(doc, "features", json_integer((json_int_t)mli_pipeline_features(model->pipeline))) &&
              json_object_update(doc, model->record) == 0;
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}
