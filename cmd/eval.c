#include <cmd/commands.h>
#include <cmd/dialect.h>
#include <cmd/out.h>

#include <base/file.h>
#include <base/num.h>
#include <base/suggest.h>
#include <eval/metrics.h>
#include <fit/evaluate.h>
#include <model/output.h>
#include <model/reading.h>
#include <stdio.h>
#include <string.h>

struct eval_flags {
    char *model;
    struct dialect dialect;
    char **require;
};

/* "accuracy>=0.9" */
struct requirement {
    char metric[400]; /* of several labels it may be LABEL.METRIC */
    bool at_least; /* >=, else <= */
    double bound;
};

static int bad_requirement(const struct cmd_context *ctx, const char *text, const char *why)
{
    struct ml_error err = { .status = ML_EUSAGE };
    snprintf(err.text, sizeof err.text, "--require %.60s: %.200s", text, why);
    return cmd_fail(ctx, &err);
}

static int parse_requirement(const struct cmd_context *ctx, const char *text, struct requirement *out)
{
    size_t len = strcspn(text, "<>"), n;
    if (len == 0 || len >= sizeof out->metric || !text[len] || text[len + 1] != '=' ||
        !mli_num_parse(text + len + 2, strlen(text + len + 2), &out->bound))
        return bad_requirement(ctx, text, "it is METRIC>=NUMBER or METRIC<=NUMBER");
    memcpy(out->metric, text, len);
    out->metric[len] = 0;
    out->at_least = text[len] == '>';
    const struct mli_metric *metrics = mli_metrics(&n);
    const char *names[64];
    for (size_t i = 0; i < n && i < 64; i++) {
        names[i] = metrics[i].name;
        size_t length = strlen(names[i]);
        if (strcmp(out->metric, names[i]) == 0 ||
            (len > length + 1 && out->metric[len - length - 1] == '.' && strcmp(out->metric + len - length, names[i]) == 0))
            return CMD_CONTINUE;
    }
    char why[160];
    size_t near = mli_suggest(out->metric, names, n);
    if (near < n)
        snprintf(why, sizeof why, "no metric \"%.60s\"; did you mean \"%s\"?", out->metric, names[near]);
    else
        snprintf(why, sizeof why, "no metric \"%.60s\"; the first column that mlctl eval prints has their names",
                 out->metric);
    return bad_requirement(ctx, text, why);
}

/* Of all, or of the label that the name begins with: "spam.f1". */
static bool find_value(const json_t *metrics, const char *name, double *out)
{
    const json_t *row;
    size_t i;
    if (mli_metric_value(metrics, name, out))
        return true;
    json_array_foreach((json_t *)json_object_get(metrics, "targets"), i, row) {
        const char *target = json_string_value(json_object_get(row, "target"));
        size_t length = target ? strlen(target) : 0;
        if (length && strncmp(name, target, length) == 0 && name[length] == '.' &&
            mli_metric_value(row, name + length + 1, out))
            return true;
    }
    return false;
}

static bool is_met(const struct requirement *r, double value)
{
    return r->at_least ? value >= r->bound : value <= r->bound;
}

/* One object a requirement: metric, value, relation, bound, met. NULL with *code set: an error was said. */
static json_t *judge(const struct cmd_context *ctx, char *const *require, const json_t *metrics, int *code)
{
    json_t *gates = json_array();
    for (size_t i = 0; require && require[i]; i++) {
        struct requirement r;
        double value;
        if (parse_requirement(ctx, require[i], &r) != CMD_CONTINUE ||
            (!find_value(metrics, r.metric, &value) &&
             bad_requirement(ctx, require[i], "this model and these rows have no such metric"))) {
            json_decref(gates);
            *code = CMD_USAGE;
            return NULL;
        }
        bool met = is_met(&r, value);
        json_array_append_new(gates, json_pack("{sssosssosb}", "metric", r.metric, "value", mli_json_from(value),
                                               "relation", r.at_least ? ">=" : "<=", "bound",
                                               mli_json_from(r.bound), "met", met));
        if (!met)
            *code = CMD_NO;
    }
    return gates;
}

/* A gate that holds is part of the result, one that does not is said on stderr. */
static void print_gates(const json_t *gates)
{
    size_t i;
    json_t *gate;
    json_array_foreach(gates, i, gate) {
        const char *metric = json_string_value(json_object_get(gate, "metric"));
        const char *relation = json_string_value(json_object_get(gate, "relation"));
        double value = json_number_value(json_object_get(gate, "value"));
        double bound = json_number_value(json_object_get(gate, "bound"));
        if (json_is_true(json_object_get(gate, "met")))
            out_line("met", "%s is %.6g, required %s %g", metric, value, relation, bound);
        else
            fprintf(stderr, "mlctl eval: not met: %s is %.6g, required %s %g\n", metric, value, relation, bound);
    }
}

/* The rows of the training file flatter the model; whoever asks should know. */
static void warn_of_training_file(const struct cmd_context *ctx, const struct ml_model *model, const char *on)
{
    char sha256[MLI_SHA256_HEX];
    const json_t *data = json_object_get(model->record, "data");
    const char *trained = json_string_value(json_object_get(data, "sha256"));
    if (trained && strcmp(ctx->args[0], "-") != 0 && !mli_files_sha256(ctx->args, ctx->nargs, sha256, NULL) &&
        strcmp(sha256, trained) == 0)
        ml_log(&ctx->log, ML_LOG_WARNING,
               "%s %s what trained the model, %lld of its rows were trained on; mlctl eval without a file measures those held out",
               on, ctx->nargs > 1 ? "are" : "is", (long long)json_integer_value(json_object_get(model->record, "train_rows")));
}

static enum ml_status measure(const struct cmd_context *ctx, const struct eval_flags *f, const struct ml_csv_options *csv,
                              const struct ml_model *model, json_t **metrics, char *on, size_t size,
                              bool *measured, struct ml_error *err)
{
    if (ctx->nargs) {
        struct mli_flow_options options = { .csv = *csv,
                                                    .missing = f->dialect.missing,
                                                    .log = &ctx->log };
        cmd_join(ctx->args, ctx->nargs, on, size);
        *measured = true;
        warn_of_training_file(ctx, model, on);
        mli_reading_inherit(mli_model_reading(model), "the model was trained", &options.csv, &options.missing, &ctx->log);
        return mli_evaluate_files(model, ctx->args, ctx->nargs, &options, metrics, err);
    }
    char why[512];
    enum ml_status status = mli_evaluate_holdout(model, &ctx->log, measured, why, metrics, err);
    if (status)
        return status;
    if (*measured) {
        snprintf(on, size, "held-out rows of %s",
                 json_string_value(json_object_get(json_object_get(model->record, "data"), "path")));
        return ML_OK;
    }
    if (f->require)
        return ml_error_set(err, ML_EDATA, "%s; nothing was measured, so --require cannot be met: name a file", why);
    json_t *recorded = json_object_get(model->record, "metrics");
    if (!recorded)
        return ml_error_set(err, ML_EARTIFACT, "%s; and the model holds no recorded metrics", why);
    ml_log(&ctx->log, ML_LOG_WARNING, "%s: these are the metrics as recorded by train", why);
    snprintf(on, size, "%s rows, as recorded by train",
             json_string_value(json_object_get(model->record, "metrics_on")));
    *metrics = json_incref(recorded);
    return ML_OK;
}

static json_t *document(const struct eval_flags *f, const struct ml_model *model, const char *on, bool measured,
                        json_t *metrics, json_t *gates)
{
    json_t *doc = json_pack("{sssssb}", "model", f->model, "on", on, "measured", measured);
    if (mli_prediction_put_targets(doc, model) && mli_json_put(doc, "metrics", json_incref(metrics)) &&
        mli_json_put(doc, "gates", json_incref(gates)))
        return doc;
    json_decref(doc);
    return NULL;
}

static int eval(struct cmd_context *ctx, const struct eval_flags *f, const struct ml_csv_options *csv)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    json_t *metrics = NULL;
    char on[600] = "";
    bool measured = false;
    int code = CMD_DONE;
    for (size_t i = 0; f->require && f->require[i]; i++) {
        struct requirement r;
        code = parse_requirement(ctx, f->require[i], &r);
        if (code != CMD_CONTINUE)
            return code;
    }
    enum ml_status status = ml_model_load(f->model, &model, &err);
    if (!status)
        status = measure(ctx, f, csv, model, &metrics, on, sizeof on, &measured, &err);
    json_t *gates = NULL;
    int verdict = CMD_DONE;
    if (status) {
        ml_error_source(&err, f->model);
        code = cmd_fail(ctx, &err);
    } else if (!(gates = judge(ctx, f->require, metrics, &verdict))) {
        code = verdict;
    } else if (ctx->json) {
        code = out_json(ctx, document(f, model, on, measured, metrics, gates));
    } else {
        out_line("model", "%s, target %s", f->model, model->target_names);
        out_line("metrics", "on %s: %lld rows", on,
                 (long long)json_integer_value(json_object_get(metrics, "rows")));
        out_metrics(metrics);
        print_gates(gates);
        code = out_end(ctx, CMD_DONE);
    }
    if (!code)
        code = verdict;
    json_decref(gates);
    json_decref(metrics);
    ml_model_free(model);
    return code;
}

int cmd_eval(struct cmd_context *ctx, int argc, const char **argv)
{
    struct eval_flags f = { .model = CMD_MODEL_DEFAULT };
    struct poptOption rows[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.model, 0, "model file", "FILE" },
        { "require", 0, POPT_ARG_ARGV, &f.require, 0,
          "exit 1 unless METRIC>=NUMBER (or METRIC<=NUMBER) holds; may be repeated", "CONDITION" },
        POPT_TABLEEND
    };
    struct poptOption file[] = { DIALECT_ROWS(f.dialect), POPT_TABLEEND };
    struct poptOption options[] = { READING_GROUP(rows, "Model and gate"), READING_GROUP(file, "Reading"), POPT_TABLEEND };
    struct ml_csv_options csv;
    int code = cmd_parse(ctx, argc, argv, options, 0, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = dialect_options(ctx, &f.dialect, &csv);
    if (code == CMD_CONTINUE && dialect_output_refused(ctx, &csv, f.model))
        code = CMD_USAGE;
    return code == CMD_CONTINUE ? eval(ctx, &f, &csv) : code;
}
