/* A pipeline as JSON and tensors, and back. Files come from outside: whatever does not fit together is refused. */
#include <prep/inside.h>

#include <base/mem.h>
#include <string.h>

static json_t *names_to_json(const struct mli_pipeline *pipeline)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < pipeline->features; i++) {
        if (json_array_append_new(list, json_string(pipeline->name[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* A step or a stage: {"kind":name, what save() adds}. */
static enum ml_status save_one(const char *name,
                               enum ml_status (*save)(const void *, json_t *, struct mli_tensors *,
                                                      struct ml_error *),
                               const void *state, json_t *list, struct mli_tensors *set,
                               struct ml_error *err)
{
    json_t *doc = json_object();
    enum ml_status status = doc && mli_json_put(doc, "kind", json_string(name))
                                ? save(state, doc, set, err)
                                : mli_step_nomem(err);

    if (status != ML_OK) {
        json_decref(doc);
        return status;
    }
    return json_array_append_new(list, doc) == 0 ? ML_OK : mli_step_nomem(err);
}

static enum ml_status save_steps(const struct mli_pipeline *pipeline, json_t *list,
                                 struct mli_tensors *set, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < pipeline->steps && status == ML_OK; i++) {
        const struct mli_step *step = &pipeline->step[i];
        status = save_one(step->kind->name, step->kind->save, step->state, list, set, err);
    }
    return status;
}

static enum ml_status save_stages(const struct mli_pipeline *pipeline, json_t *list,
                                  struct mli_tensors *set, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < pipeline->stages && status == ML_OK; i++) {
        const struct mli_stage *stage = &pipeline->stage[i];
        status = save_one(stage->kind->name, stage->kind->save, stage->state, list, set, err);
    }
    return status;
}

/* A pipeline without stages has no member for them, as in files of older versions. */
enum ml_status mli_pipeline_save(const struct mli_pipeline *pipeline, json_t **doc,
                                 struct mli_tensors *set, struct ml_error *err)
{
    json_t *made = json_object(), *steps = json_array(), *stages = json_array();
    enum ml_status status = made && steps && stages ? ML_OK : mli_step_nomem(err);

    if (status == ML_OK)
        status = save_steps(pipeline, steps, set, err);
    if (status == ML_OK)
        status = save_stages(pipeline, stages, set, err);
    if (status == ML_OK &&
        (!mli_json_put(made, "schema", mli_schema_to_json(pipeline->schema)) ||
         !mli_json_put(made, "steps", json_incref(steps)) ||
         (pipeline->stages > 0 && !mli_json_put(made, "stages", json_incref(stages))) ||
         !mli_json_put(made, "features", names_to_json(pipeline))))
        status = mli_step_nomem(err);
    json_decref(stages);
    json_decref(steps);
    if (status != ML_OK) {
        json_decref(made);
        return status;
    }
    *doc = made;
    return ML_OK;
}

/* Index of the kind, which must come behind the one before: that is the order steps run in, each at most once. */
static enum ml_status find_kind(const json_t *doc, size_t first, size_t *out, struct ml_error *err)
{
    const char *name;
    enum ml_status status = mli_json_str(doc, "kind", &name, err);

    if (status != ML_OK)
        return status;
    for (size_t k = 0; k < MLI_STEP_KINDS; k++) {
        if (strcmp(name, mli_step_kinds[k]->name) != 0)
            continue;
        if (k < first)
            return ml_error_set(err, ML_EARTIFACT,
                                "\"kind\" is \"%s\", which cannot stand behind \"%s\"", name,
                                mli_step_kinds[first - 1]->name);
        *out = k;
        return ML_OK;
    }
    return ml_error_set(err, ML_EARTIFACT, "\"kind\" is \"%s\", which this version does not know",
                        name);
}

/* *next: index of the first kind that may follow. */
static enum ml_status load_step(struct mli_pipeline *pipeline, const json_t *doc,
                                struct mli_tensors *set, size_t *next, struct ml_error *err)
{
    void *state = NULL;
    size_t k = 0;
    enum ml_status status = find_kind(doc, *next, &k, err);

    if (status == ML_OK)
        status = mli_step_kinds[k]->load(doc, set, &state, err);
    if (status != ML_OK)
        return status;
    pipeline->step[pipeline->steps++] = (struct mli_step){ mli_step_kinds[k], state };
    *next = k + 1;
    return mli_step_kinds[k]->shape(state, &pipeline->frame, err);
}

static enum ml_status load_steps(struct mli_pipeline *pipeline, const json_t *doc,
                                 struct mli_tensors *set, struct ml_error *err)
{
    json_t *list;
    size_t next = 0;
    enum ml_status status = mli_json_array(doc, "steps", &list, err);

    for (size_t i = 0; status == ML_OK && i < json_array_size(list); i++) {
        status = load_step(pipeline, json_array_get(list, i), set, &next, err);
        if (status != ML_OK)
            mli_json_within(err, "steps[%zu]", i);
    }
    return status;
}

/* Index of the kind in stage order; *next: of the first that may follow. */
static enum ml_status load_stage(struct mli_pipeline *pipeline, const json_t *doc,
                                 struct mli_tensors *set, size_t *next, struct ml_error *err)
{
    const char *name;
    void *state = NULL;
    enum ml_status status = mli_json_str(doc, "kind", &name, err);

    if (status != ML_OK)
        return status;
    while (*next < MLI_STAGE_KINDS && strcmp(name, mli_stage_kinds[*next]->name) != 0)
        ++*next;
    if (*next == MLI_STAGE_KINDS)
        return ml_error_set(err, ML_EARTIFACT,
                            "\"kind\" is \"%s\", which this version does not know at this place",
                            name);
    const struct mli_stage_kind *kind = mli_stage_kinds[(*next)++];
    status = kind->load(doc, set, &state, err);
    return status == ML_OK ? mli_pipeline_stack(pipeline, kind, state, err) : status;
}

static enum ml_status load_stages(struct mli_pipeline *pipeline, const json_t *doc,
                                  struct mli_tensors *set, struct ml_error *err)
{
    json_t *list;
    size_t next = 0;

    if (!json_object_get(doc, "stages"))
        return ML_OK;
    enum ml_status status = mli_json_array(doc, "stages", &list, err);
    if (status == ML_OK && json_array_size(list) == 0)
        status = ml_error_set(err, ML_EARTIFACT, "\"stages\" is empty");
    for (size_t i = 0; status == ML_OK && i < json_array_size(list); i++) {
        status = load_stage(pipeline, json_array_get(list, i), set, &next, err);
        if (status != ML_OK)
            mli_json_within(err, "stages[%zu]", i);
    }
    return status;
}

static enum ml_status load_schema(struct mli_pipeline *pipeline, const json_t *doc,
                                  struct ml_error *err)
{
    static const char *const members[] = { "schema", "steps", "stages", "features", NULL };
    json_t *list;
    enum ml_status status = mli_json_array(doc, "schema", &list, err);

    if (status == ML_OK)
        status = mli_step_members(doc, members, err);
    if (status == ML_OK)
        status = mli_schema_from_json(list, &pipeline->schema, err);
    if (status == ML_OK && pipeline->schema->count == 0)
        status = ml_error_set(err, ML_EARTIFACT, "\"schema\" is empty");
    return status == ML_OK ? mli_frame_init(&pipeline->frame, pipeline->schema, err) : status;
}

enum ml_status mli_pipeline_load(const json_t *doc, struct mli_tensors *set,
                                 struct mli_pipeline **out, struct ml_error *err)
{
    struct mli_pipeline *pipeline = mli_calloc(1, sizeof(*pipeline));
    json_t *names;
    enum ml_status status = pipeline ? load_schema(pipeline, doc, err) : mli_step_nomem(err);

    if (status == ML_OK)
        status = load_steps(pipeline, doc, set, err);
    if (status == ML_OK)
        status = mli_pipeline_place(pipeline, err);
    if (status == ML_OK)
        status = load_stages(pipeline, doc, set, err);
    if (status == ML_OK)
        status = mli_json_array(doc, "features", &names, err);
    if (status == ML_OK)
        status = mli_pipeline_name(pipeline, names, err);
    if (status != ML_OK) {
        mli_pipeline_free(pipeline);
        return status;
    }
    *out = pipeline;
    return ML_OK;
}
