/*
 * The model as one C99 file: raw row in, prediction out, nothing needed but the C library. The pipeline is a straight-line
 * program over slots (prep/step.h), so each step is written as the statements that it does to one row (c_steps.h): v3 is
 * slot 3, c5 the code of category slot 5. The arithmetic is that of mli_kernels_plain in the same order, so that results
 * agree with mlctl's.
 */
#include <export/formats.h>

#include <export/c_code.h>
#include <export/c_layers.h>
#include <export/c_stage.h>
#include <export/c_steps.h>
#include <export/c_text.h>
#include <prep/step.h>
#include <string.h>
#include <table/boolean.h>

struct writer {
    const struct ml_model *model;
    const struct mli_frame *frame;
    const struct mli_schema *schema;
    const char *name; /* prefix of every identifier */
    char **member;    /* identifier of each schema field */
    struct mli_buf *out;
    struct ml_error *err;
};

static void put(struct writer *w, const char *text)
{
    mli_c_template(w->out, w->name, text);
}

/* A comment at the end of a line: a name that came from outside, and what to say of it. */
static void put_remark(struct writer *w, const char *name, const char *more)
{
    mli_buf_str(w->out, " /* \"");
    mli_c_comment(w->out, name);
    mli_buf_printf(w->out, "\"%s */\n", more);
}

static const struct mli_dict *slot_dict(const struct writer *w, size_t slot)
{
    return w->schema->field[w->frame->slot[slot].field].dict;
}

/* ---- declarations ------------------------------------------------------------------------------------------------ */

static enum ml_status put_about(struct writer *w)
{
    char sha256[MLI_SHA256_HEX];
    enum ml_status status = mli_export_digest(w->model, sha256, w->err);

    if (status != ML_OK)
        return status;
    put(w, "/*\n * @: predicts \"");
    mli_c_comment(w->out, w->model->target_names);
    mli_buf_printf(w->out, "\" from one raw row. Made by mlctl of the model with digest\n * %s\n",
                   sha256);
    put(w, mli_c_code_usage);
    return ML_OK;
}

static bool is_number(const struct mli_field *field)
{
    return field->type == ML_TYPE_NUMBER || field->type == ML_TYPE_INSTANT;
}

static void put_member(struct writer *w, size_t i)
{
    const struct mli_field *field = &w->schema->field[i];

    mli_buf_printf(w->out, "    %s%s;", is_number(field) ? "double " : "const char *", w->member[i]);
    put_remark(w, field->name,
               field->type == ML_TYPE_INSTANT   ? ": seconds since 1970-01-01T00:00:00Z"
               : field->type == ML_TYPE_BOOLEAN ? ": " MLI_BOOLEAN_WORDS ", in any case"
                                                : "");
}

static void put_result(struct writer *w)
{
    const struct ml_model *model = w->model;

    switch (model->loss.task) {
    case MLI_TASK_REGRESSION:
        put(w, "typedef struct @_result {\n    double value;\n} @_result;\n\n");
        return;
    case MLI_TASK_CLASSIFICATION:
        put(w, "enum { @_CLASSES = ");
        mli_buf_printf(w->out, "%zu };\n\n", model->target[0].classes);
        put(w, model->loss.predicts == MLI_PREDICTS_SCORE ? mli_c_code_result_scores : mli_c_code_result);
        return;
    case MLI_TASK_MULTILABEL:
        put(w, "/* In this order: */\nenum {\n");
        for (size_t t = 0; t < model->targets; t++) {
            put(w, "    @_TARGET_");
            mli_buf_printf(w->out, "%zu,", t);
            put_remark(w, model->target[t].name, "");
        }
        put(w, mli_c_code_result_labels);
        return;
    }
}

static void put_declarations(struct writer *w)
{
    put(w, "#ifndef @_DECLARED\n"
           "#define @_DECLARED\n"
           "\n/* A raw row: set every member. */\n"
           "typedef struct @_row {\n");
    for (size_t i = 0; i < w->schema->count; i++)
        put_member(w, i);
    put(w, "} @_row;\n\n");
    put_result(w);
    put(w, mli_c_code_declaration);
}

/* ---- categories and labels --------------------------------------------------------------------------------------- */

static enum ml_status put_string(struct writer *w, const char *text)
{
    size_t length = strlen(text);

    if (length > MLI_C_STRING_MAX)
        return ml_error_set(w->err, ML_ELIMIT, "a value has %zu bytes, a string of C99 at most %d",
                            length, MLI_C_STRING_MAX);
    mli_buf_str(w->out, "    ");
    mli_c_string(w->out, text);
    mli_buf_str(w->out, ",\n");
    return ML_OK;
}

static enum ml_status put_values(struct writer *w, size_t slot)
{
    const struct mli_dict *dict = slot_dict(w, slot);
    enum ml_status status = ML_OK;

    put(w, "\nstatic const char *const @_values_");
    mli_buf_printf(w->out, "%zu[] = {", slot);
    put_remark(w, w->frame->slot[slot].name, "");
    if (mli_dict_count(dict) == 0)
        put(w, "    NULL,\n");
    for (size_t k = 0; k < mli_dict_count(dict) && status == ML_OK; k++)
        status = put_string(w, mli_dict_text(dict, k));
    put(w, "};\n");
    return status;
}

/* A boolean takes every word that means yes or no, whichever the training file was written with. */
static void put_booleans(struct writer *w)
{
    put(w, "\nstatic const char *const @_words[] = { /* no and yes by turns */");
    for (size_t i = 0; mli_boolean_word(i); i++)
        mli_buf_printf(w->out, "%s\"%s\",", i % 8 == 0 ? "\n    " : " ", mli_boolean_word(i));
    put(w, "\n};\n");
    put(w, mli_c_code_boolean);
}

static enum ml_status put_categories(struct writer *w)
{
    enum ml_status status = ML_OK;
    bool any = false, boolean = false;

    for (size_t s = 0; s < w->schema->count && status == ML_OK; s++) {
        boolean |= w->schema->field[s].type == ML_TYPE_BOOLEAN;
        if (!w->schema->field[s].dict || w->schema->field[s].type == ML_TYPE_BOOLEAN)
            continue;
        any = true;
        status = put_values(w, s);
    }
    if (any)
        put(w, mli_c_code_categories);
    if (boolean)
        put_booleans(w);
    return status;
}

static enum ml_status put_labels_of(struct writer *w, const struct mli_model_target *target)
{
    enum ml_status status = ML_OK;

    for (size_t k = 0; k < target->classes && status == ML_OK; k++)
        status = put_string(w, target->label[k]);
    return status;
}

static enum ml_status put_labels(struct writer *w)
{
    const struct ml_model *model = w->model;
    bool several = model->targets > 1;
    enum ml_status status = ML_OK;

    if (model->target[0].classes == 0)
        return ML_OK;
    put(w, several ? "\nstatic const char *const @_labels[@_TARGETS][2] = {\n"
                   : "\nstatic const char *const @_labels[@_CLASSES] = {\n");
    for (size_t t = 0; t < model->targets && status == ML_OK; t++) {
        put(w, several ? "    {\n" : "");
        status = put_labels_of(w, &model->target[t]);
        put(w, several ? "    },\n" : "");
    }
    put(w, "};\n");
    return status;
}

/* ---- features ---------------------------------------------------------------------------------------------------- */

static void put_cell(struct writer *w, size_t i)
{
    const struct mli_dict *dict = w->schema->field[i].dict;

    if (w->schema->field[i].type == ML_TYPE_BOOLEAN)
        mli_buf_printf(w->out, "    int c%zu = %s_boolean(row->%s);\n", i, w->name, w->member[i]);
    else if (dict)
        mli_buf_printf(w->out, "    int c%zu = %s_code(row->%s, %s_values_%zu, %zu);\n", i, w->name,
                       w->member[i], w->name, i, mli_dict_count(dict));
    else if (is_number(&w->schema->field[i]))
        mli_buf_printf(w->out, "    double v%zu = row->%s;\n", i, w->member[i]);
}

/* With a map of the values where some are rare; it stands above the function, see put_maps(). */
static void put_indicators(struct writer *w, size_t s)
{
    const struct mli_slot *slot = &w->frame->slot[s];

    mli_buf_printf(w->out, "    %s_indicators(", w->name);
    if (slot->place)
        mli_buf_printf(w->out, "c%zu >= 0 ? %s_places_%zu[c%zu] : c%zu", s, w->name, s, s, s);
    else
        mli_buf_printf(w->out, "c%zu", s);
    mli_buf_printf(w->out, ", %zu, %d, %d, x + %zu);", slot->values, slot->missing, slot->rare,
                   slot->feature);
}

static void put_maps(struct writer *w)
{
    for (size_t s = 0; s < w->schema->count; s++) {
        const struct mli_slot *slot = &w->frame->slot[s];
        size_t n = slot->place ? mli_dict_count(slot_dict(w, s)) : 0;
        if (n == 0)
            continue;
        put(w, "\nstatic const int @_places_");
        mli_buf_printf(w->out, "%zu[] = {", s);
        for (size_t v = 0; v < n; v++) /* -3: neither missing nor a feature of its own */
            mli_buf_printf(w->out, "%s%d,", v % 16 == 0 ? "\n    " : " ",
                           slot->place[v] >= 0 ? (int)slot->place[v] : -3);
        put(w, "\n};\n");
    }
}

static void put_feature(struct writer *w, size_t s)
{
    const struct mli_slot *slot = &w->frame->slot[s];

    if (slot->kind == MLI_SLOT_INDICATORS)
        put_indicators(w, s);
    else if (slot->kind == MLI_SLOT_HASHED)
        mli_buf_printf(w->out, "    %s_hash(row->%s, %zu, x + %zu);", w->name,
                       w->member[slot->field], slot->hashing.buckets, slot->feature);
    else
        mli_buf_printf(w->out, "    x[%zu] = v%zu;", slot->feature, s);
    put_remark(w, slot->name, "");
}

static void put_features(struct writer *w)
{
    put(w, "\n/* The features of a raw row. -2: a number is infinite. */\n"
           "static int @_features(const @_row *row, double *x)\n{\n");
    for (size_t i = 0; i < w->schema->count; i++)
        put_cell(w, i);
    for (size_t s = w->schema->count; s < w->frame->count; s++)
        mli_buf_printf(w->out, "    double v%zu;\n", s);
    put(w, "\n");
    for (size_t i = 0; i < w->schema->count; i++)
        if (is_number(&w->schema->field[i]))
            mli_buf_printf(w->out, "    if (isinf(v%zu))\n        return -2;\n", i);
    mli_c_steps_statements(w->model->pipeline, w->name, w->out);
    put(w, "\n");
    for (size_t s = 0; s < w->frame->count; s++)
        if (w->frame->slot[s].live)
            put_feature(w, s);
    put(w, "    return 0;\n}\n");
}

/* ---- prediction -------------------------------------------------------------------------------------------------- */

/* From the network's outputs to the result. */
static const char *output_code(const struct mli_loss *loss, size_t outputs)
{
    switch (loss->predicts) {
    case MLI_PREDICTS_VALUE:
        return mli_c_code_value;
    case MLI_PREDICTS_MEAN:
        return mli_c_code_mean;
    case MLI_PREDICTS_PROBABILITY:
        return outputs == 1 ? mli_c_code_logistic : mli_c_code_softmax;
    case MLI_PREDICTS_SCORE:
        return outputs == 1 ? mli_c_code_score : mli_c_code_scores;
    }
    return NULL;
}

/* z0 is the features and z names the outputs of the last layer. */
static enum ml_status put_predict(struct writer *w)
{
    const struct mli_network *net = w->model->network;
    const struct mli_loss *loss = &w->model->loss;

    put(w, "\nint @_predict(const @_row *row, @_result *result)\n{\n");
    bool stages = mli_pipeline_stages(w->model->pipeline) > 0;
    mli_buf_printf(w->out, "    double z0[%zu]", net->inputs);
    mli_c_stage_arrays(w->model->pipeline, w->out);
    mli_c_layers_arrays(net, w->out);
    mli_buf_printf(w->out, ";\n    const double *z = z%zu;\n", mli_c_layers_last(net));
    if (loss->task == MLI_TASK_CLASSIFICATION)
        put(w, "    int k, top;\n");
    if (loss->task == MLI_TASK_MULTILABEL)
        put(w, "    int k;\n");
    if (loss->predicts == MLI_PREDICTS_PROBABILITY)
        put(w, "    double e;\n");
    if (stages)
        put(w, "    size_t i;\n");
    put(w, mli_c_code_refusals);
    put(w, stages ? "    if (@_features(row, s0) != 0)\n" : "    if (@_features(row, z0) != 0)\n");
    put(w, "        return -2;\n");
    mli_c_stage_statements(w->model->pipeline, w->name, w->out);
    mli_c_layers_statements(net, w->name, w->out);
    put(w, loss->task == MLI_TASK_MULTILABEL ? mli_c_code_labels : output_code(loss, net->outputs));
    if (loss->task == MLI_TASK_CLASSIFICATION)
        put(w, loss->predicts == MLI_PREDICTS_SCORE ? mli_c_code_label_scores : mli_c_code_label);
    put(w, "    return 0;\n}\n");
    return ML_OK;
}

/* ---- file -------------------------------------------------------------------------------------------------------- */

static enum ml_status write_file(struct writer *w)
{
    enum ml_status status = put_about(w);

    if (status != ML_OK)
        return status;
    put_declarations(w);
    put(w, mli_c_code_begin);
    if ((status = put_categories(w)) != ML_OK || (status = put_labels(w)) != ML_OK ||
        (status = mli_c_steps_helpers(w->model->pipeline, w->name, w->out, w->err)) != ML_OK)
        return status;
    put_maps(w);
    put_features(w);
    if ((status = mli_c_stage_tables(w->model->pipeline, w->name, w->out, w->err)) != ML_OK ||
        (status = mli_c_layers_tables(w->model, w->name, w->out, w->err)) != ML_OK || (status = put_predict(w)) != ML_OK)
        return status;
    put(w, mli_c_code_end);
    return w->out->status;
}

static const char *field_name(const void *data, size_t i)
{
    return ((const struct mli_schema *)data)->field[i].name;
}

static bool is_identifier(const char *name)
{
    static const char letters[] = "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return name[0] != '\0' && !(name[0] >= '0' && name[0] <= '9') &&
           name[strspn(name, letters)] == '\0';
}

enum ml_status mli_export_c(const struct ml_model *model, const char *name, struct mli_buf *out,
                            struct ml_error *err)
{
    struct writer w = { .model = model,
                        .frame = mli_pipeline_frame(model->pipeline),
                        .schema = mli_pipeline_schema(model->pipeline),
                        .name = name,
                        .out = out,
                        .err = err };

    if (!is_identifier(name))
        return ml_error_set(err, ML_EUSAGE,
                            "\"%s\" cannot be part of C identifiers: expected letters, digits and "
                            "_, no digit first",
                            name);
    w.member = mli_c_identifiers(w.schema->count, field_name, w.schema);
    enum ml_status status = w.member ? write_file(&w) : ML_ENOMEM;
    if (status != ML_OK)
        ml_error_set(err, status, "no room for the model as C");
    mli_c_identifiers_free(w.member, w.schema->count);
    return status;
}
