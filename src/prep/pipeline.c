/* The list of step kinds, what can be asked of a pipeline, and its features. */
#include <prep/pipeline.h>

#include <prep/inside.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct mli_step_kind *const mli_step_kinds[MLI_STEP_KINDS] = {
#define MLI_STEP_ROW(name) &mli_##name##_step,
    MLI_STEPS(MLI_STEP_ROW)
};

const struct mli_stage_kind *const mli_stage_kinds[MLI_STAGE_KINDS] = {
    &mli_select_stage,
    &mli_pca_stage,
};

static void free_names(char **name, size_t n)
{
    for (size_t i = 0; name && i < n; i++)
        free(name[i]);
    free(name);
}

void mli_pipeline_free(struct mli_pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (size_t i = 0; i < pipeline->steps; i++)
        pipeline->step[i].kind->free(pipeline->step[i].state);
    for (size_t i = 0; i < pipeline->stages; i++)
        pipeline->stage[i].kind->free(pipeline->stage[i].state);
    free_names(pipeline->name, pipeline->features);
    free(pipeline->output);
    free(pipeline->line);
    free(pipeline->fold);
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

size_t mli_pipeline_stages(const struct mli_pipeline *pipeline)
{
    return pipeline->stages;
}

const struct mli_stage *mli_pipeline_stage(const struct mli_pipeline *pipeline, size_t stage)
{
    return &pipeline->stage[stage];
}

size_t mli_pipeline_made(const struct mli_pipeline *pipeline)
{
    return pipeline->made;
}

/* ---- features ------------------------------------------------------------------------------------------------ */

/* What is left behind the last step must be a feature. */
static enum ml_status check_outputs(const struct mli_pipeline *pipeline, struct ml_error *err)
{
    for (size_t s = 0; s < pipeline->frame.count; s++) {
        const struct mli_slot *slot = &pipeline->frame.slot[s];
        if (!slot->live || slot->kind == MLI_SLOT_INDICATORS || slot->kind == MLI_SLOT_FLAG ||
            slot->kind == MLI_SLOT_HASHED || slot->kind == MLI_SLOT_TERMS ||
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
static enum ml_status place_slots(struct mli_pipeline *pipeline, struct ml_error *err)
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
        frame->slot[output[o]].feature = pipeline->made;
        pipeline->made += frame->slot[output[o]].width;
    }
    free(place);
    pipeline->output = output;
    pipeline->features = pipeline->made;
    if (pipeline->made > MLI_PIPELINE_FEATURES)
        return ml_error_set(err, ML_ELIMIT, "the steps make %zu features, more than %zu",
                            pipeline->made, MLI_PIPELINE_FEATURES);
    return ML_OK;
}

/* What a feature that is no value's is called, unless a value is called so. */
static const char *word_or(const struct mli_dict *dict, const char *word, const char *other)
{
    return mli_dict_find(dict, word, strlen(word)) < 0 ? word : other;
}

/*
 * Name of feature k of a slot as two parts with `*between` in the middle; *between '\0': the first is all. A number is
 * written into `digits`.
 */
static const char *name_parts(const struct mli_frame *frame, const struct mli_slot *slot, size_t k,
                              char digits[24], char *between, const char **value)
{
    const struct mli_dict *dict = frame->schema->field[slot->field].dict;

    *between = '\0';
    *value = "";
    if (slot->kind == MLI_SLOT_INDICATORS) {
        *between = '=';
        *value = k < slot->values ? mli_dict_text(dict, slot->kept ? (size_t)slot->kept[k] : k)
                 : k == slot->values && slot->missing ? word_or(dict, "missing", "(missing)")
                                                      : word_or(dict, "(rare)", "(rare values)");
    } else if (slot->kind == MLI_SLOT_HASHED) {
        *between = '#';
        snprintf(digits, 24, "%zu", k);
        *value = digits;
    } else if (slot->kind == MLI_SLOT_TERMS) {
        *between = '~';
        *value = mli_dict_text(slot->vocabulary->terms, k);
    }
    return slot->name;
}

char *mli_slot_feature_name(const struct mli_frame *frame, const struct mli_slot *slot, size_t k)
{
    char digits[24], between;
    const char *value, *stem = name_parts(frame, slot, k, digits, &between, &value);
    size_t length = strlen(stem) + strlen(value) + 2;
    char *name = mli_alloc(length, 1);

    if (name)
        snprintf(name, length, "%s%.*s%s", stem, between != '\0', &between, value);
    return name;
}

static bool is_name(const struct mli_frame *frame, const struct mli_slot *slot, size_t k,
                    const char *text)
{
    char digits[24], between;
    const char *value, *stem = name_parts(frame, slot, k, digits, &between, &value);
    size_t length = strlen(stem);

    if (!between)
        return strcmp(text, stem) == 0;
    return strncmp(text, stem, length) == 0 && text[length] == between &&
           strcmp(text + length + 1, value) == 0;
}

/* The slot whose features are around number `made` of the slots' features. */
static const struct mli_slot *slot_of(const struct mli_pipeline *pipeline, size_t made)
{
    size_t low = 0, high = pipeline->outputs;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (pipeline->frame.slot[pipeline->output[middle]].feature <= made)
            low = middle;
        else
            high = middle;
    }
    return &pipeline->frame.slot[pipeline->output[low]];
}

/* The stage that named a feature, NULL if a slot did; *feature becomes its number there. */
static const struct mli_stage *namer(const struct mli_pipeline *pipeline, size_t *feature)
{
    for (size_t i = pipeline->stages; i-- > 0;) {
        const struct mli_stage *stage = &pipeline->stage[i];
        if (!stage->kind->source)
            return stage;
        *feature = stage->kind->source(stage->state, *feature);
    }
    return NULL;
}

/* Compares with `listed` before memory is taken, which a long column name times many categories would want much of. */
static enum ml_status name_one(const struct mli_pipeline *pipeline, size_t feature,
                               const json_t *listed, char **out, struct ml_error *err)
{
    const char *text = json_string_value(json_array_get(listed, feature));
    size_t k = feature;
    const struct mli_stage *stage = namer(pipeline, &k);
    const struct mli_slot *slot = stage ? NULL : slot_of(pipeline, k);
    char numbered[48];

    if (stage)
        snprintf(numbered, sizeof(numbered), "%s%zu", stage->kind->stem, k + 1);
    else
        k -= slot->feature;
    if (listed && (!text || (stage ? strcmp(text, numbered) != 0
                                   : !is_name(&pipeline->frame, slot, k, text))))
        return ml_error_set(err, ML_EARTIFACT,
                            "\"features[%zu]\" is not the feature that the steps make", feature);
    *out = stage ? mli_strdup(numbered) : mli_slot_feature_name(&pipeline->frame, slot, k);
    return *out ? ML_OK : mli_step_nomem(err);
}

enum ml_status mli_pipeline_name(struct mli_pipeline *pipeline, const json_t *listed,
                                 struct ml_error *err)
{
    size_t n = pipeline->stages ? pipeline->stage[pipeline->stages - 1].outputs : pipeline->made;

    if (listed && json_array_size(listed) != n)
        return ml_error_set(err, ML_EARTIFACT,
                            "\"features\" has %zu names, the steps make %zu features",
                            json_array_size(listed), n);
    char **name = mli_calloc(n, sizeof(*name));
    enum ml_status status = name ? ML_OK : mli_step_nomem(err);
    for (size_t i = 0; i < n && status == ML_OK; i++)
        status = name_one(pipeline, i, listed, &name[i], err);
    if (status != ML_OK) {
        free_names(name, n);
        return status;
    }
    free_names(pipeline->name, pipeline->features);
    pipeline->name = name;
    pipeline->features = n;
    return ML_OK;
}

static const char *column_of(const struct mli_pipeline *pipeline, size_t made)
{
    return pipeline->frame.schema->field[slot_of(pipeline, made)->field].name;
}

enum ml_status mli_pipeline_check_names(const struct mli_pipeline *pipeline, struct ml_error *err)
{
    struct mli_dict *names = mli_dict_new();
    enum ml_status status = names ? ML_OK : mli_step_nomem(err);
    int32_t code;

    for (size_t i = 0; i < pipeline->made && status == ML_OK; i++) {
        const char *name = pipeline->name[i];
        if (mli_dict_add(names, name, strlen(name), &code) != ML_OK)
            status = mli_step_nomem(err);
        else if ((size_t)code < i)
            status = ml_error_set(err, ML_EDATA,
                                  "two features are called \"%.80s\", one of column \"%.60s\" and one of column "
                                  "\"%.60s\"; rename a column, or leave one out by --drop-columns",
                                  name, column_of(pipeline, (size_t)code), column_of(pipeline, i));
    }
    mli_dict_free(names);
    return status;
}

enum ml_status mli_pipeline_place(struct mli_pipeline *pipeline, struct ml_error *err)
{
    enum ml_status status = check_outputs(pipeline, err);

    if (status == ML_OK)
        status = place_slots(pipeline, err);
    return status == ML_OK ? mli_pipeline_straighten(pipeline, err) : status;
}

/* ---- stages -------------------------------------------------------------------------------------------------- */

enum ml_status mli_pipeline_stack(struct mli_pipeline *pipeline, const struct mli_stage_kind *kind,
                                  void *state, struct ml_error *err)
{
    struct mli_stage stage = { .kind = kind, .state = state, .inputs = pipeline->made };

    if (pipeline->stages > 0)
        stage.inputs = pipeline->stage[pipeline->stages - 1].outputs;
    enum ml_status status = kind->shape(state, stage.inputs, &stage.outputs, err);
    if (status != ML_OK) {
        kind->free(state);
        return status;
    }
    pipeline->stage[pipeline->stages++] = stage;
    return ML_OK;
}

static bool may_follow(const struct mli_pipeline *pipeline, const struct mli_stage_kind *kind)
{
    size_t last = 0, next = 0;

    if (pipeline->stages == 0)
        return true;
    while (mli_stage_kinds[last] != pipeline->stage[pipeline->stages - 1].kind)
        last++;
    while (mli_stage_kinds[next] != kind)
        next++;
    return next > last;
}

enum ml_status mli_pipeline_append(struct mli_pipeline *pipeline, const struct mli_stage_kind *kind,
                                   void *state, struct ml_error *err)
{
    if (!may_follow(pipeline, kind)) {
        kind->free(state);
        return ml_error_set(err, ML_EUSAGE, "\"%s\" cannot stand behind \"%s\"", kind->name,
                            pipeline->stage[pipeline->stages - 1].kind->name);
    }
    enum ml_status status = mli_pipeline_stack(pipeline, kind, state, err);
    if (status != ML_OK)
        return status;
    status = mli_pipeline_name(pipeline, NULL, err);
    if (status != ML_OK)
        kind->free(pipeline->stage[--pipeline->stages].state);
    return status;
}
