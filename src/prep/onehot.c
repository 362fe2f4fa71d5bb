/* Onehot: a category becomes indicators. Its codes stay as they are; whoever writes the features spreads them. */
#include <prep/step.h>

#include <base/mem.h>
#include <stdlib.h>

static void onehot_free(void *state)
{
    struct mli_onehot *onehot = state;

    if (!onehot)
        return;
    free(onehot->slot);
    free(onehot->missing);
    free(onehot);
}

/* Takes slot. */
static struct mli_onehot *onehot_new(size_t count, size_t *slot)
{
    struct mli_onehot *onehot = mli_calloc(1, sizeof(*onehot));

    if (!onehot) {
        free(slot);
        return NULL;
    }
    *onehot = (struct mli_onehot){ .count = count, .slot = slot };
    onehot->missing = mli_calloc(count, sizeof(*onehot->missing));
    if (onehot->missing)
        return onehot;
    onehot_free(onehot);
    return NULL;
}

static bool any_missing(const int32_t *code, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (code[i] == MLI_CODE_MISSING)
            return true;
    }
    return false;
}

static enum ml_status onehot_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, *slot;
    enum ml_status status = mli_slots_new(fit->frame, MLI_SLOT_CATEGORY, &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    struct mli_onehot *onehot = onehot_new(count, slot);
    if (!onehot)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count; k++)
        onehot->missing[k] = any_missing(fit->block->code[slot[k]], fit->rows);
    *out = onehot;
    return ML_OK;
}

static enum ml_status onehot_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_onehot *onehot = state;
    enum ml_status status =
        mli_frame_check(frame, onehot->count, onehot->slot, MLI_SLOT_CATEGORY, err);

    for (size_t k = 0; k < onehot->count && status == ML_OK; k++) {
        struct mli_slot *slot = &frame->slot[onehot->slot[k]];
        slot->kind = MLI_SLOT_INDICATORS;
        slot->missing = onehot->missing[k];
        slot->values = mli_dict_count(frame->schema->field[slot->field].dict);
        slot->width = slot->values + slot->missing;
        if (slot->width == 0)
            status = ml_error_set(err, ML_EARTIFACT,
                                  "\"columns[%zu]\" is a category without a value", k);
    }
    return status;
}

static enum ml_status onehot_save(const void *state, json_t *doc, struct mli_tensors *set,
                                  struct ml_error *err)
{
    const struct mli_onehot *onehot = state;
    json_t *list = json_array();
    bool done = list && mli_slots_save(onehot->count, onehot->slot, doc);

    (void)set; /* the values are in the schema */
    for (size_t k = 0; k < onehot->count && done; k++)
        done = json_array_append_new(list, json_boolean(onehot->missing[k])) == 0;
    if (!done)
        json_decref(list);
    return done && mli_json_put(doc, "missing", list) ? ML_OK : mli_step_nomem(err);
}

static enum ml_status onehot_load(const json_t *doc, struct mli_tensors *set, void **out,
                                  struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", "missing", NULL };
    size_t count, *slot;
    json_t *list;
    enum ml_status status = mli_step_members(doc, members, err);

    (void)set;
    if (status == ML_OK)
        status = mli_json_array(doc, "missing", &list, err);
    if (status == ML_OK)
        status = mli_slots_load(doc, &count, &slot, err);
    if (status != ML_OK)
        return status;
    struct mli_onehot *onehot = onehot_new(count, slot);
    if (!onehot)
        return mli_step_nomem(err);
    if (json_array_size(list) != count)
        status = ml_error_set(err, ML_EARTIFACT, "\"missing\" has %zu entries for %zu columns",
                              json_array_size(list), count);
    for (size_t k = 0; k < count && status == ML_OK; k++) {
        const json_t *item = json_array_get(list, k);
        onehot->missing[k] = json_is_true(item);
        if (!json_is_boolean(item))
            status = ml_error_set(err, ML_EARTIFACT, "\"missing[%zu]\" must be true or false", k);
    }
    if (status != ML_OK) {
        onehot_free(onehot);
        return status;
    }
    *out = onehot;
    return ML_OK;
}

const struct mli_step_kind mli_onehot_step = {
    .name = "onehot",
    .fit = onehot_fit,
    .shape = onehot_shape,
    .save = onehot_save,
    .load = onehot_load,
    .free = onehot_free,
};
