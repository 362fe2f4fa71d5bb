/* The list of step kinds, what can be asked of a pipeline, and its features. */
#include <prep/pipeline.h>

#include <prep/inside.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct mli_step_kind *const mli_step_kinds[MLI_STEP_KINDS] = {
    &mli_drop_step, &mli_dates_step, &mli_impute_step, &mli_onehot_step, &mli_scale_step,
};

void mli_pipeline_free(struct mli_pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (size_t i = 0; i < pipeline->steps; i++)
        pipeline->step[i].kind->free(pipeline->step[i].state);
    for (size_t i = 0; pipeline->name && i < pipeline->features; i++)
        free(pipeline->name[i]);
    free(pipeline->name);
    free(pipeline->output);
    mli_frame_release(&pipeline->frame);
    mli_schema_free(pipeline->schema);
    free(pipeline);
}

const struct mli_schema *mli_pipeline_schema(const struct mli_pipeline *pipeline)
{
    return pipeline->schema;
}

size_t mli_pipeline_features(const struct mli_pipeline *pipeline)
{
    return pipeline->features;
}

const char *mli_pipeline_feature(const struct mli_pipeline *pipeline, size_t feature)
{
    return pipeline->name[feature];
}

size_t mli_pipeline_steps(const struct mli_pipeline *pipeline)
{
    return pipeline->steps;
}

const struct mli_step *mli_pipeline_step(const struct mli_pipeline *pipeline, size_t step)
{
    return &pipeline->step[step];
}

const struct mli_frame *mli_pipeline_frame(const struct mli_pipeline *pipeline)
{
    return &pipeline->frame;
}

/* ---- features ------------------------------------------------------------------------------------------------ */

/* What is left behind the last step must be a feature. */
static enum ml_status check_outputs(const struct mli_pipeline *pipeline, struct ml_error *err)
{
    for (size_t s = 0; s < pipeline->frame.count; s++) {
        const struct mli_slot *slot = &pipeline->frame.slot[s];
        if (!slot->live || slot->kind == MLI_SLOT_INDICATORS ||
            (slot->kind == MLI_SLOT_NUMBER && slot->filled))
            continue;
        return ml_error_set(err, ML_EARTIFACT,
                            "column \"%s\" of the schema: no step makes a feature of it",
                            slot->name);
    }
    return ML_OK;
}

struct place {
    size_t field, slot;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    if (a->field != b->field)
        return a->field < b->field ? -1 : 1;
    return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Features stand in the order of the columns they are made of, whichever step made them. */
static enum ml_status place_outputs(struct mli_pipeline *pipeline, struct ml_error *err)
{
    struct mli_frame *frame = &pipeline->frame;
    struct place *place = mli_alloc(frame->count, sizeof(*place));
    size_t *output = mli_alloc(frame->count, sizeof(*output));

    if (!place || !output) {
        free(place);
        free(output);
        return mli_step_nomem(err);
    }
    for (size_t s = 0; s < frame->count; s++) {
        if (frame->slot[s].live)
            place[pipeline->outputs++] = (struct place){ frame->slot[s].field, s };
    }
    qsort(place, pipeline->outputs, sizeof(*place), compare_places);
    for (size_t o = 0; o < pipeline->outputs; o++) {
        output[o] = place[o].slot;
        frame->slot[output[o]].feature = pipeline->features;
        pipeline->features += frame->slot[output[o]].width;
    }
    free(place);
    pipeline->output = output;
    return ML_OK;
}

/* Name of feature k of a slot as two parts with '=' between them; *value NULL: the first is all. */
static const char *name_parts(const struct mli_frame *frame, const struct mli_slot *slot, size_t k,
                              const char **value)
{
    const struct mli_dict *dict = frame->schema->field[slot->field].dict;

    *value = NULL;
    if (slot->kind == MLI_SLOT_INDICATORS)
        *value = k < slot->values ? mli_dict_text(dict, k) : "missing";
    return slot->name;
}

static char *make_name(const struct mli_frame *frame, const struct mli_slot *slot, size_t k)
{
    const char *value, *stem = name_parts(frame, slot, k, &value);

    if (!value)
        return mli_strdup(stem);
    size_t length = strlen(stem) + strlen(value) + 2;
    char *name = mli_alloc(length, 1);
    if (name)
        snprintf(name, length, "%s=%s", stem, value);
    return name;
}

static bool is_name(const struct mli_frame *frame, const struct mli_slot *slot, size_t k,
                    const char *text)
{
    const char *value, *stem = name_parts(frame, slot, k, &value);
    size_t length = strlen(stem);

    if (!value)
        return strcmp(text, stem) == 0;
    return strncmp(text, stem, length) == 0 && text[length] == '=' &&
           strcmp(text + length + 1, value) == 0;
}

/*
 * Names of all features. `listed` (NULL: a new pipeline) is what a file says they are: it must be right, and it
 * bounds the memory, which a long column name times many categories would not.
 */
static enum ml_status name_features(struct mli_pipeline *pipeline, const json_t *listed,
                                    struct ml_error *err)
{
    if (listed && json_array_size(listed) != pipeline->features)
        return ml_error_set(err, ML_EARTIFACT,
                            "\"features\" has %zu names, the steps make %zu features",
                            json_array_size(listed), pipeline->features);
    pipeline->name = mli_calloc(pipeline->features, sizeof(*pipeline->name));
    if (!pipeline->name)
        return mli_step_nomem(err);
    for (size_t o = 0; o < pipeline->outputs; o++) {
        const struct mli_slot *slot = &pipeline->frame.slot[pipeline->output[o]];
        for (size_t k = 0; k < slot->width; k++) {
            size_t feature = slot->feature + k;
            const char *text = json_string_value(json_array_get(listed, feature));
            if (listed && (!text || !is_name(&pipeline->frame, slot, k, text)))
                return ml_error_set(err, ML_EARTIFACT,
                                    "\"features[%zu]\" is not the feature that the steps make",
                                    feature);
            pipeline->name[feature] = make_name(&pipeline->frame, slot, k);
            if (!pipeline->name[feature])
                return mli_step_nomem(err);
        }
    }
    return ML_OK;
}

enum ml_status mli_pipeline_finish(struct mli_pipeline *pipeline, const json_t *listed,
                                   struct ml_error *err)
{
    enum ml_status status = check_outputs(pipeline, err);

    if (status == ML_OK)
        status = place_outputs(pipeline, err);
    return status == ML_OK ? name_features(pipeline, listed, err) : status;
}
