/* The step that encodes categories by the target: its state, its features, the file. target_fit.c has the values. */
#include <prep/encode.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/text.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX ((size_t)60) /* bytes of a class's label in the name of a feature */

/* ---- target:SMOOTH ------------------------------------------------------------------------------------------- */

/* NaN for "auto" and "". */
static bool parse_smooth(const char *argument, double *smooth)
{
    *smooth = NAN;
    if (strcmp(argument, "") == 0 || strcmp(argument, "auto") == 0)
        return true;
    return mli_num_parse(argument, strlen(argument), smooth) && *smooth >= 0;
}

enum ml_status mli_target_check(const char *argument, struct ml_error *err)
{
    double smooth;

    if (parse_smooth(argument, &smooth))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "expected target, target:auto or target:SMOOTH, a number from 0");
}

/* ---- the state ----------------------------------------------------------------------------------------------- */

static void target_free(void *state)
{
    struct mli_target_encoder *encoder = state;

    if (!encoder)
        return;
    for (size_t c = 0; encoder->label && c < encoder->outputs; c++)
        free(encoder->label[c]);
    free(encoder->label);
    free(encoder->slot);
    free(encoder->values);
    free(encoder->at);
    free(encoder->smooth);
    free(encoder->value);
    free(encoder);
}

/* Takes slot; everything else is room that is not filled. NULL: no memory. */
static struct mli_target_encoder *target_new(size_t count, size_t *slot, size_t outputs)
{
    struct mli_target_encoder *encoder = mli_calloc(1, sizeof(*encoder));

    if (!encoder) {
        free(slot);
        return NULL;
    }
    *encoder = (struct mli_target_encoder){ .count = count, .slot = slot, .outputs = outputs };
    encoder->values = mli_calloc(count, sizeof(*encoder->values));
    encoder->at = mli_calloc(count, sizeof(*encoder->at));
    encoder->smooth = mli_calloc(count, sizeof(*encoder->smooth));
    encoder->label = mli_calloc(outputs, sizeof(*encoder->label));
    if (encoder->values && encoder->at && encoder->smooth && encoder->label)
        return encoder;
    target_free(encoder);
    return NULL;
}

/* Where each slot's values are, from the number of values; false: too many. */
static bool lay_out(struct mli_target_encoder *encoder)
{
    size_t total = 0, size;

    for (size_t k = 0; k < encoder->count; k++) {
        encoder->at[k] = total;
        if (!mli_add(encoder->values[k], 2, &size) || !mli_mul(size, encoder->outputs, &size) ||
            !mli_add(total, size, &total))
            return false;
    }
    encoder->size = total;
    return true;
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* The beginning of a label, whole characters. */
static char *short_label(const char *label)
{
    char text[LABEL_MAX + 1];

    snprintf(text, sizeof(text), "%s", label);
    mli_text_clean(text, strlen(label) > LABEL_MAX);
    return mli_strdup(text);
}

static enum ml_status describe(const struct mli_fit *fit, struct mli_target_encoder *encoder,
                               struct ml_error *err)
{
    for (size_t k = 0; k < encoder->count; k++) {
        const char *how = mli_encode_how(fit->config, mli_slot_column(fit->frame, encoder->slot[k]));
        const struct mli_slot *slot = &fit->frame->slot[encoder->slot[k]];
        encoder->values[k] = mli_dict_count(fit->frame->schema->field[slot->field].dict);
        parse_smooth(mli_encode_argument(how, "target"), &encoder->smooth[k]);
    }
    for (size_t c = 0; encoder->outputs > 1 && c < encoder->outputs; c++) {
        encoder->label[c] = short_label(fit->goal->label[c]);
        if (!encoder->label[c])
            return mli_step_nomem(err);
    }
    return ML_OK;
}

static enum ml_status target_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, *slot;
    enum ml_status status = mli_encode_slots_new(fit, "target", &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    if (!fit->goal) {
        free(slot);
        return ml_error_set(err, ML_EUSAGE, "--encode target: there is no single target to encode by");
    }
    struct mli_target_encoder *encoder =
        target_new(count, slot, fit->goal->classes > 2 ? fit->goal->classes : 1);
    if (!encoder)
        return mli_step_nomem(err);
    status = describe(fit, encoder, err);
    if (status == ML_OK)
        status = lay_out(encoder) ? mli_target_fit(fit, encoder, err) : mli_step_nomem(err);
    if (status != ML_OK) {
        target_free(encoder);
        return status;
    }
    *out = encoder;
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static enum ml_status add_slots(const struct mli_target_encoder *encoder, size_t k,
                                struct mli_frame *frame, struct ml_error *err)
{
    char suffix[LABEL_MAX + 2] = "";
    enum ml_status status = ML_OK;

    for (size_t o = 0; o < encoder->outputs && status == ML_OK; o++) {
        if (encoder->outputs > 1)
            snprintf(suffix, sizeof(suffix), ".%s", encoder->label[o]);
        status = mli_frame_add(frame, encoder->slot[k], suffix, err);
        if (status == ML_OK)
            frame->slot[frame->count - 1].filled = true;
    }
    return status;
}

static enum ml_status target_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    struct mli_target_encoder *encoder = state;
    enum ml_status status =
        mli_frame_check(frame, encoder->count, encoder->slot, MLI_SLOT_CATEGORY, err);

    encoder->first = frame->count;
    for (size_t k = 0; k < encoder->count && status == ML_OK; k++) {
        const struct mli_slot *slot = &frame->slot[encoder->slot[k]];
        size_t values = mli_dict_count(frame->schema->field[slot->field].dict);
        if (values != encoder->values[k])
            return ml_error_set(err, ML_EARTIFACT, "\"values[%zu]\" is %zu, but the column has %zu", k,
                                encoder->values[k], values);
        status = add_slots(encoder, k, frame, err);
        mli_frame_retire(frame, encoder->slot[k]);
    }
    return status;
}

static size_t row_of(int32_t code, size_t values)
{
    if (code >= 0)
        return (size_t)code;
    return code == MLI_CODE_MISSING ? values : values + 1;
}

static void target_apply(const void *state, const struct mli_block *block)
{
    const struct mli_target_encoder *encoder = state;

    for (size_t k = 0; k < encoder->count; k++) {
        const int32_t *code = block->code[encoder->slot[k]];
        double **x = block->number + encoder->first + k * encoder->outputs;
        for (size_t i = 0; i < block->rows; i++) {
            size_t fold = block->fold && encoder->folds > 0 ? block->fold[i] : 0;
            const double *value = encoder->value + fold * encoder->size + encoder->at[k] +
                                  row_of(code[i], encoder->values[k]) * encoder->outputs;
            for (size_t o = 0; o < encoder->outputs; o++)
                x[o][i] = value[o];
        }
    }
}

/* ---- file ---------------------------------------------------------------------------------------------------- */

static json_t *labels_to_json(const struct mli_target_encoder *encoder)
{
    json_t *list = json_array();

    for (size_t c = 0; list && encoder->outputs > 1 && c < encoder->outputs; c++) {
        if (json_array_append_new(list, json_string(encoder->label[c])) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* Only the encoding by all rows: others are for the rows of the training table. */
static enum ml_status target_save(const void *state, json_t *doc, struct mli_tensors *set,
                                  struct ml_error *err)
{
    const struct mli_target_encoder *encoder = state;
    json_t *values = json_array(), *smooth = json_array();
    bool done = values && smooth && mli_slots_save(encoder->count, encoder->slot, doc);

    for (size_t k = 0; k < encoder->count && done; k++)
        done = json_array_append_new(values, json_integer((json_int_t)encoder->values[k])) == 0 &&
               json_array_append_new(smooth, mli_json_from(encoder->smooth[k])) == 0;
    done = done && mli_json_put(doc, "values", json_incref(values)) &&
           mli_json_put(doc, "smooth", json_incref(smooth)) &&
           mli_json_put(doc, "classes", labels_to_json(encoder));
    json_decref(values);
    json_decref(smooth);
    if (!done)
        return mli_step_nomem(err);
    return mli_tensors_add_vector(set, "prep.target.value", encoder->size, encoder->value, err);
}

static enum ml_status load_labels(const json_t *list, struct mli_target_encoder *encoder,
                                  struct ml_error *err)
{
    for (size_t c = 0; c < json_array_size(list); c++) {
        const char *text = json_string_value(json_array_get(list, c));
        if (!text || strlen(text) > LABEL_MAX)
            return ml_error_set(err, ML_EARTIFACT, "\"classes[%zu]\" must be a string of at most %zu bytes",
                                c, LABEL_MAX);
        encoder->label[c] = mli_strdup(text);
        if (!encoder->label[c])
            return mli_step_nomem(err);
    }
    return ML_OK;
}

/* A number from 0, or null for auto. */
static enum ml_status load_columns(const json_t *values, const json_t *smooth,
                                   struct mli_target_encoder *encoder, struct ml_error *err)
{
    for (size_t k = 0; k < encoder->count; k++) {
        const json_t *count = json_array_get(values, k), *how = json_array_get(smooth, k);
        if (!json_is_integer(count) || json_integer_value(count) < 0)
            return ml_error_set(err, ML_EARTIFACT, "\"values[%zu]\" must be an integer from 0", k);
        if (!json_is_null(how) && !(json_is_number(how) && json_number_value(how) >= 0))
            return ml_error_set(err, ML_EARTIFACT, "\"smooth[%zu]\" must be a number from 0 or null", k);
        encoder->values[k] = (size_t)json_integer_value(count);
        encoder->smooth[k] = json_is_null(how) ? NAN : json_number_value(how);
    }
    return lay_out(encoder) ? ML_OK : ml_error_set(err, ML_EARTIFACT, "\"values\" are too many");
}

static enum ml_status load_lists(const json_t *doc, size_t count, json_t *list[3], struct ml_error *err)
{
    static const char *const name[] = { "values", "smooth", "classes" };
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < 3 && status == ML_OK; i++) {
        status = mli_json_array(doc, name[i], &list[i], err);
        if (status == ML_OK && i < 2 && json_array_size(list[i]) != count)
            status = ml_error_set(err, ML_EARTIFACT, "\"%s\" has %zu entries for %zu columns", name[i],
                                  json_array_size(list[i]), count);
    }
    if (status == ML_OK && (json_array_size(list[2]) == 1 || json_array_size(list[2]) == 2))
        status = ml_error_set(err, ML_EARTIFACT, "\"classes\" must have none or more than two");
    return status;
}

static enum ml_status target_load(const json_t *doc, struct mli_tensors *set, void **out,
                                  struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", "values", "smooth", "classes", NULL };
    size_t count, *slot;
    json_t *list[3];
    enum ml_status status = mli_step_members(doc, members, err);

    if (status == ML_OK)
        status = mli_slots_load(doc, &count, &slot, err);
    if (status != ML_OK)
        return status;
    status = load_lists(doc, count, list, err);
    if (status != ML_OK) {
        free(slot);
        return status;
    }
    size_t classes = json_array_size(list[2]);
    struct mli_target_encoder *encoder = target_new(count, slot, classes ? classes : 1);
    if (!encoder)
        return mli_step_nomem(err);
    status = load_labels(list[2], encoder, err);
    if (status == ML_OK)
        status = load_columns(list[0], list[1], encoder, err);
    if (status == ML_OK)
        status = mli_step_numbers(set, "prep.target.value", encoder->size, &encoder->value, err);
    if (status != ML_OK) {
        target_free(encoder);
        return status;
    }
    *out = encoder;
    return ML_OK;
}

const struct mli_step_kind mli_target_step = {
    .name = "target",
    .fit = target_fit,
    .shape = target_shape,
    .apply = target_apply,
    .save = target_save,
    .load = target_load,
    .free = target_free,
};
