#include <prep/step.h>

#include <base/mem.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ml_status mli_step_nomem(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for the pipeline");
}

/* ---- the frame ----------------------------------------------------------------------------------------------- */

static enum mli_slot_kind kind_of(const struct mli_field *field)
{
    switch (field->type) {
    case ML_TYPE_NUMBER:
        return MLI_SLOT_NUMBER;
    case ML_TYPE_INSTANT:
        return MLI_SLOT_INSTANT;
    case ML_TYPE_TEXT:
        return field->dict ? MLI_SLOT_CATEGORY : MLI_SLOT_TEXT;
    case ML_TYPE_CATEGORY:
    case ML_TYPE_BOOLEAN:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return MLI_SLOT_CATEGORY;
}

/* Takes the name. */
static enum ml_status add_slot(struct mli_frame *frame, char *name, enum mli_slot_kind kind,
                               size_t field, struct ml_error *err)
{
    void *slots = frame->slot;

    if (!name || !mli_grow(&slots, &frame->capacity, frame->count, sizeof(*frame->slot))) {
        free(name);
        return mli_step_nomem(err);
    }
    frame->slot = slots;
    frame->slot[frame->count++] =
        (struct mli_slot){ .name = name, .kind = kind, .field = field, .live = true, .width = 1 };
    return ML_OK;
}

enum ml_status mli_frame_init(struct mli_frame *frame, const struct mli_schema *schema,
                              struct ml_error *err)
{
    enum ml_status status = ML_OK;

    *frame = (struct mli_frame){ .schema = schema };
    for (size_t i = 0; i < schema->count && status == ML_OK; i++)
        status = add_slot(frame, mli_strdup(schema->field[i].name), kind_of(&schema->field[i]),
                          i, err);
    if (status != ML_OK)
        mli_frame_release(frame);
    return status;
}

void mli_frame_release(struct mli_frame *frame)
{
    for (size_t i = 0; i < frame->count; i++)
        free(frame->slot[i].name);
    free(frame->slot);
    *frame = (struct mli_frame){ 0 };
}

enum ml_status mli_frame_add(struct mli_frame *frame, size_t from, const char *suffix,
                             struct ml_error *err)
{
    size_t stem = strlen(frame->slot[from].name), length = stem + strlen(suffix);
    char *name = mli_alloc(length + 1, 1);

    if (name)
        snprintf(name, length + 1, "%s%s", frame->slot[from].name, suffix);
    return add_slot(frame, name, MLI_SLOT_NUMBER, frame->slot[from].field, err);
}

void mli_frame_retire(struct mli_frame *frame, size_t slot)
{
    frame->slot[slot].live = false;
    frame->slot[slot].width = 0;
}

enum ml_status mli_frame_check(const struct mli_frame *frame, size_t count, const size_t *slot,
                               enum mli_slot_kind kind, struct ml_error *err)
{
    static const char *const what[] = { "a number", "an instant", "a category",
                                        "a set of indicators", "a flag", "a text", "a hashed text", "a text of terms" };

    for (size_t i = 0; i < count; i++) {
        if (slot[i] >= frame->count)
            return ml_error_set(err, ML_EARTIFACT,
                                "\"columns[%zu]\" is %zu, but there are %zu columns", i, slot[i],
                                frame->count);
        if (!frame->slot[slot[i]].live || frame->slot[slot[i]].kind != kind)
            return ml_error_set(err, ML_EARTIFACT,
                                "\"columns[%zu]\" is %zu, which is not %s at this step", i, slot[i],
                                what[kind]);
    }
    return ML_OK;
}

/* ---- what the files of the kinds share ----------------------------------------------------------------------- */

enum ml_status mli_slots_new(const struct mli_frame *frame, enum mli_slot_kind kind, size_t *count,
                             size_t **slot, struct ml_error *err)
{
    size_t n = 0;

    for (size_t s = 0; s < frame->count; s++)
        n += frame->slot[s].live && frame->slot[s].kind == kind;
    size_t *found = n > 0 ? mli_alloc(n, sizeof(*found)) : NULL;
    if (n > 0 && !found)
        return mli_step_nomem(err);
    n = 0;
    for (size_t s = 0; s < frame->count; s++) {
        if (frame->slot[s].live && frame->slot[s].kind == kind)
            found[n++] = s;
    }
    *count = n;
    *slot = found;
    return ML_OK;
}

bool mli_slots_save(size_t count, const size_t *slot, json_t *doc)
{
    json_t *list = json_array();
    bool done = list != NULL;

    for (size_t i = 0; i < count && done; i++)
        done = json_array_append_new(list, json_integer((json_int_t)slot[i])) == 0;
    if (!done) {
        json_decref(list);
        return false;
    }
    return mli_json_put(doc, "columns", list);
}

/* Ascending, so that no slot can stand twice. */
enum ml_status mli_slots_load(const json_t *doc, size_t *count, size_t **slot, struct ml_error *err)
{
    json_t *list;
    enum ml_status status = mli_json_array(doc, "columns", &list, err);

    if (status != ML_OK)
        return status;
    size_t n = json_array_size(list);
    if (n == 0)
        return ml_error_set(err, ML_EARTIFACT,
                            "\"columns\" is empty, a step works on at least one");
    size_t *found = mli_alloc(n, sizeof(*found));
    if (!found)
        return mli_step_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        json_int_t value = json_integer_value(item);
        if (!json_is_integer(item) || value < 0 || (i > 0 && (size_t)value <= found[i - 1])) {
            free(found);
            return ml_error_set(err, ML_EARTIFACT,
                                "\"columns[%zu]\" must be an integer above the one before it", i);
        }
        found[i] = (size_t)value;
    }
    *count = n;
    *slot = found;
    return ML_OK;
}

static bool listed(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

enum ml_status mli_step_members(const json_t *doc, const char *const *names, struct ml_error *err)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)doc); at;
         at = json_object_iter_next((json_t *)(uintptr_t)doc, at)) {
        const char *key = json_object_iter_key(at);
        if (!listed(names, key))
            return ml_error_set(err, ML_EARTIFACT,
                                "\"%s\" is a member that this version does not know", key);
    }
    return ML_OK;
}

enum ml_status mli_step_numbers(struct mli_tensors *set, const char *name, size_t n, double **out,
                                struct ml_error *err)
{
    const double *found;
    enum ml_status status = mli_tensors_find_vector(set, name, n, &found, err);

    if (status != ML_OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(found[i]))
            return ml_error_set(err, ML_EARTIFACT,
                                "tensor \"%s\": element %zu is not a finite number", name, i);
    }
    double *copy = mli_alloc(n, sizeof(*copy));
    if (!copy)
        return mli_step_nomem(err);
    memcpy(copy, found, n * sizeof(*copy));
    *out = copy;
    return ML_OK;
}

/* ---- methods ------------------------------------------------------------------------------------------------- */

const char *mli_slot_column(const struct mli_frame *frame, size_t slot)
{
    return frame->schema->field[frame->slot[slot].field].name;
}

bool mli_step_alike(size_t count, const size_t *method)
{
    for (size_t k = 1; k < count; k++) {
        if (method[k] != method[0])
            return false;
    }
    return true;
}

bool mli_step_methods_save(size_t count, const size_t *method, const char *const *names,
                           json_t *doc)
{
    if (mli_step_alike(count, method))
        return mli_json_put(doc, "method", json_string(names[method[0]]));
    json_t *list = json_array();
    for (size_t k = 0; list && k < count; k++) {
        if (json_array_append_new(list, json_string(names[method[k]])) == 0)
            continue;
        json_decref(list);
        return false;
    }
    return mli_json_put(doc, "method", list);
}

static enum ml_status load_method(const json_t *word, const char *const *names, size_t n,
                                  size_t *out, struct ml_error *err)
{
    const char *text = json_string_value(word);

    if (!text)
        return ml_error_set(err, ML_EARTIFACT, "\"method\" must be a name or a list of names");
    *out = mli_choice_word(text, names, n);
    if (*out < n)
        return ML_OK;
    return ml_error_set(err, ML_EARTIFACT, "\"method\" is \"%s\", which this version does not know",
                        text);
}

enum ml_status mli_step_methods_load(const json_t *doc, const char *const *names, size_t n,
                                     size_t count, size_t **method, struct ml_error *err)
{
    const json_t *word = json_object_get(doc, "method");
    enum ml_status status = ML_OK;

    if (!word)
        return ml_error_set(err, ML_EARTIFACT, "\"method\" is missing");
    if (json_is_array(word) && json_array_size(word) != count)
        return ml_error_set(err, ML_EARTIFACT, "\"method\" has %zu entries for %zu columns",
                            json_array_size(word), count);
    size_t *found = mli_calloc(count, sizeof(*found));
    if (!found)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count && status == ML_OK; k++)
        status = load_method(json_is_array(word) ? json_array_get(word, k) : word, names, n,
                             &found[k], err);
    if (status != ML_OK) {
        free(found);
        return status;
    }
    *method = found;
    return ML_OK;
}
