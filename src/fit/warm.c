#include <fit/warm.h>

#include <base/mem.h>
#include <fit/target.h>
#include <fit/target_names.h>
#include <math.h>
#include <prep/options.h>
#include <stdlib.h>
#include <string.h>

#define SHIFTED 0.5 /* deviations between two means that are worth a word */
#define STRETCHED 1.5 /* times one deviation is the other, or less: the same */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- what is decided --------------------------------------------------------------------------------------------- */

/* A setting of a network, as its option; NULL: none. */
static const char *network_option(const struct ml_fit_config *c)
{
    return c->layers ? "layers" : c->hidden ? "hidden" : c->activation ? "activation" : c->dropout != 0 ? "dropout" : c->batch_norm ? "batch-norm" : NULL;
}

/* What is given must be what the model has; `automatic` is not given. */
static enum ml_status agree(const char *option, const char *given, const char *automatic, const char *has, struct ml_error *err)
{
    if (!given || (automatic && strcmp(given, automatic) == 0) || strcmp(given, has) == 0)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "--%s %s contradicts the model of --warm-start, which has %s; leave it out", option, given, has);
}

static enum ml_status agree_loss(const struct ml_fit_config *config, const struct mli_warm *warm, struct ml_error *err)
{
    struct mli_loss loss;
    char given[MLI_LOSS_TEXT];
    enum ml_status status = config->loss ? mli_loss_parse(config->loss, &loss, NULL, err) : ML_OK;
    if (status || !config->loss)
        return status;
    mli_loss_text(&loss, given);
    return agree("loss", given, NULL, warm->loss, err);
}

static enum ml_status agree_target(const struct ml_fit_config *config, struct ml_error *err)
{
    const char **names = mli_model_target_list(config->warm);
    char *target = names ? mli_target_text(names, config->warm->targets) : NULL;
    enum ml_status status = target ? agree("target", config->target, NULL, target, err)
                                   : ml_error_set(err, ML_ENOMEM, "out of memory");
    free(target);
    free(names);
    return status;
}

static enum ml_status refuse(const char *option, const char *why, struct ml_error *err)
{
    return ml_error_set(err, ML_EUSAGE, "--%s does not go with --warm-start: %s", option, why);
}

static enum ml_status check(const struct ml_fit_config *c, const struct mli_warm *warm, struct ml_error *err)
{
    const char *option;
    enum ml_status status = agree("kind", c->kind, "auto", warm->config.kind, err);
    if (!status)
        status = agree("task", c->task, "auto", warm->config.task, err);
    if (!status)
        status = agree_target(c, err);
    if (!status)
        status = agree("precision", c->precision, "auto", warm->config.precision, err);
    if (!status)
        status = agree_loss(c, warm, err);
    if (!status && (option = network_option(c)))
        status = refuse(option, "the model's network is trained on", err);
    if (!status && c->members > 1)
        status = refuse("members", "the network is one, the model's", err);
    if (!status && json_object_get(json_object_get(c->warm->record, "settings"), "members"))
        status = ml_error_set(err, ML_EUSAGE, "the model of --warm-start is the mean of several networks (--members), which cannot be trained on");
    if (!status && (option = mli_prep_given(&c->clean)))
        status = refuse(option, "rows are cleaned as the model's pipeline has it", err);
    if (!status && c->folds)
        status = refuse("folds", "the pipeline, and perhaps the parameters, have seen rows of every fold", err);
    return status;
}

enum ml_status mli_warm_init(const struct ml_fit_config *config, struct mli_warm *out, struct ml_error *err)
{
    const struct ml_model *model = config->warm;
    const char *name;
    enum ml_status status = mli_json_str(model->record, "kind", &name, err);
    const struct mli_kind *kind = status ? NULL : mli_kind_find(name);
    if (!status && (!kind || !mli_kind_takes(kind, &model->loss)))
        status = ml_error_set(err, ML_EARTIFACT, "the record's kind \"%.60s\" is none that takes the model's loss %s", name, model->loss.name);
    if (status)
        return status;
    out->config = *config;
    mli_loss_text(&model->loss, out->loss);
    out->config.kind = kind->name;
    out->config.task = mli_model_task(model);
    out->config.precision = model->single ? "float" : "double";
    out->config.loss = out->loss;
    status = check(config, out, err);
    out->config.layers = kind->stack ? model->network->spec : NULL;
    out->config.target = model->target_names;
    return status;
}

json_t *mli_warm_origin(const struct ml_fit_config *config)
{
    const json_t *record = config->warm->record, *data = json_object_get(record, "data");
    json_t *doc = json_object(), *rows = json_object_get(record, "train_rows");
    bool ok = doc && mli_json_put(doc, "path", json_string(config->warm_path ? config->warm_path : ""));
    ok = ok && mli_json_put(doc, "sha256", json_string(config->warm->sha256));
    ok = ok && mli_json_put(doc, "data", json_pack("{ssss}", "path", text_of(data, "path"), "sha256", text_of(data, "sha256")));
    ok = ok && (!json_is_integer(rows) || mli_json_put(doc, "train_rows", json_incref(rows)));
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

/* ---- pipeline ---------------------------------------------------------------------------------------------------- */

enum ml_status mli_warm_pipeline(const struct ml_model *model, struct mli_pipeline **out, struct ml_error *err)
{
    struct mli_tensors set;
    json_t *doc = NULL;
    mli_tensors_init(&set);
    enum ml_status status = mli_pipeline_save(model->pipeline, &doc, &set, err);
    if (!status)
        status = mli_pipeline_load(doc, &set, out, err);
    json_decref(doc);
    mli_tensors_release(&set);
    return status;
}

static bool same_tensor(const struct mli_tensor *a, const struct mli_tensor *b)
{
    size_t n = 1;
    if (strcmp(a->name, b->name) != 0 || a->rank != b->rank)
        return false;
    for (size_t i = 0; i < a->rank; i++) {
        if (a->shape[i] != b->shape[i])
            return false;
        n *= a->shape[i];
    }
    return memcmp(a->data, b->data, n * sizeof *a->data) == 0;
}

static bool same_tensors(const struct mli_tensors *a, const struct mli_tensors *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = same_tensor(&a->items[i], &b->items[i]);
    return same;
}

enum ml_status mli_warm_same(const struct ml_model *model, const struct mli_pipeline *pipeline, const char *prep,
                             struct ml_error *err)
{
    struct mli_tensors set[2];
    json_t *doc[2] = { NULL, NULL };
    const struct mli_pipeline *const pipelines[] = { model->pipeline, pipeline };
    enum ml_status status = ML_OK;
    for (size_t i = 0; i < 2; i++) {
        mli_tensors_init(&set[i]);
        if (!status)
            status = mli_pipeline_save(pipelines[i], &doc[i], &set[i], err);
    }
    if (!status && !(json_equal(doc[0], doc[1]) && same_tensors(&set[0], &set[1])))
        status = ml_error_set(err, ML_EUSAGE,
                              "%s holds another pipeline than the model of --warm-start; give the raw rows, which the model cleans by itself",
                              prep);
    for (size_t i = 0; i < 2; i++) {
        json_decref(doc[i]);
        mli_tensors_release(&set[i]);
    }
    return status;
}

static char *pin_of(const struct mli_field *field, struct mli_arena *arena)
{
    bool instant = field->type == ML_TYPE_INSTANT;
    return mli_arena_printf(arena, "%s=%s%s%s", field->name, ml_type_name(field->type), instant ? ":" : "",
                            instant ? mli_format_name(field->format) : "");
}

const char **mli_warm_pins(const struct ml_model *model, struct mli_arena *arena)
{
    const struct mli_schema *schema = mli_pipeline_schema(model->pipeline);
    const char **pins = mli_arena_calloc(arena, schema->count + model->targets + 1, sizeof *pins);
    for (size_t i = 0; pins && i < schema->count; i++)
        if (!(pins[i] = pin_of(&schema->field[i], arena)))
            return NULL;
    for (size_t t = 0; pins && t < model->targets; t++)
        if (!(pins[schema->count + t] = mli_arena_printf(arena, "%s=%s", model->target[t].name, model->target[t].classes ? "category" : "number")))
            return NULL;
    return pins;
}

/* Cells of a column that hold what the model has not seen. */
static size_t count_unseen(const struct mli_column *column, const struct mli_plan *plan, size_t rows)
{
    size_t unseen = 0;
    for (size_t row = 0; column->code && row < rows; row++)
        unseen += plan->part[row] != MLI_PART_NONE && column->code[row] == MLI_CODE_UNKNOWN;
    return unseen;
}

enum ml_status mli_warm_say_unseen(const struct ml_model *model, const struct ml_table *table, const struct mli_plan *plan,
                                   const struct ml_log *log, struct ml_error *err)
{
    enum { SAID = 10 };
    struct mli_arena arena = MLI_ARENA_INIT;
    const struct ml_table *view = NULL;
    size_t columns = 0, cells = 0;
    enum ml_status status = mli_pipeline_view(model->pipeline, table, &arena, &view, err);
    for (size_t j = 0; !status && j < view->columns; j++) {
        size_t unseen = count_unseen(&view->column[j], plan, view->rows);
        if (unseen && columns < SAID)
            ml_log(log, ML_LOG_WARNING, "\"%s\": %zu row%s a category that the model has not seen, and count%s as in predictions",
                   view->column[j].name, unseen, unseen == 1 ? " has" : "s have", unseen == 1 ? "s" : "");
        columns += unseen > 0;
        cells += unseen;
    }
    if (columns > SAID)
        ml_log(log, ML_LOG_WARNING, "%zu more columns have such categories, %zu cells in all", columns - SAID, cells);
    mli_arena_release(&arena);
    if (status)
        ml_error_source(err, table->source);
    return status;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static bool has_scale(const struct mli_units *units)
{
    return units->predicts == MLI_PREDICTS_VALUE || units->predicts == MLI_PREDICTS_MEAN;
}

json_t *mli_warm_scale(const struct mli_units *units)
{
    if (!has_scale(units))
        return NULL;
    json_t *doc = json_object();
    if (doc && mli_json_put(doc, "center", mli_json_from(units->center)) && mli_json_put(doc, "unit", mli_json_from(units->unit)))
        return doc;
    json_decref(doc);
    return NULL;
}

/* Far apart, they make steps too short or too long for a while, and outputs that a network is not used to. */
static void say_apart(const struct mli_units *here, const struct mli_units *then, const struct ml_log *log)
{
    double shift = fabs(here->center - then->center) / then->unit, ratio = here->unit / then->unit;
    if (shift <= SHIFTED && ratio <= STRETCHED && ratio * STRETCHED >= 1)
        return;
    if (then->predicts == MLI_PREDICTS_MEAN)
        ml_log(log, ML_LOG_NOTE, "the target's mean is %.4g here and was %.4g; the model's scale is kept", here->unit, then->unit);
    else
        ml_log(log, ML_LOG_NOTE, "the target's mean is %.4g here and was %.4g, its deviation %.4g and %.4g; the model's scale is kept",
               here->center, then->center, here->unit, then->unit);
}

void mli_warm_units(const struct ml_model *model, const struct ml_log *log, struct mli_units *units)
{
    const json_t *scale = json_object_get(model->record, "target_scale");
    const json_t *center = json_object_get(scale, "center"), *unit = json_object_get(scale, "unit");
    const struct mli_units here = *units;
    if (!has_scale(units))
        return;
    if (!json_is_number(center) || !json_is_number(unit) || !(json_number_value(unit) > 0)) {
        ml_log(log, ML_LOG_NOTE, "the model does not say how its target was scaled: by the rows here it is");
        return;
    }
    mli_units_set(&model->loss, json_number_value(center), json_number_value(unit), units);
    say_apart(&here, units, log);
}

enum ml_status mli_warm_start(const struct ml_model *model, const struct mli_network *net, const struct mli_units *units,
                              bool single, double *theta, struct ml_error *err)
{
    if (strcmp(net->spec, model->network->spec) != 0 || net->parameters != model->network->parameters)
        return ml_error_set(err, ML_EARTIFACT, "the model's network is \"%.60s\", expected \"%.60s\" of its kind", model->network->spec,
                            net->spec);
    memcpy(theta, model->theta, net->parameters * sizeof *theta);
    enum ml_status status = mli_units_start(units, net, theta, err);
    for (size_t i = 0; !status && single && i < net->parameters; i++)
        theta[i] = (float)theta[i];
    return status;
}
