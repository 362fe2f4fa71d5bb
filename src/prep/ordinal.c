/* Ordinal: a category becomes one number, the place of its value in the sorted dictionary; -1 where it has none. */
#include <prep/encode.h>

#include <base/mem.h>
#include <stdlib.h>

static void ordinal_free(void *state)
{
    struct mli_ordinal *ordinal = state;

    if (!ordinal)
        return;
    free(ordinal->slot);
    free(ordinal);
}

/* Takes slot. */
static enum ml_status ordinal_new(size_t count, size_t *slot, void **out, struct ml_error *err)
{
    struct mli_ordinal *ordinal = mli_calloc(1, sizeof(*ordinal));

    if (!ordinal) {
        free(slot);
        return mli_step_nomem(err);
    }
    *ordinal = (struct mli_ordinal){ .count = count, .slot = slot };
    *out = ordinal;
    return ML_OK;
}

static enum ml_status ordinal_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, *slot;
    enum ml_status status = mli_encode_slots_new(fit, "ordinal", &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    return ordinal_new(count, slot, out, err);
}

static enum ml_status ordinal_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    struct mli_ordinal *ordinal = state;
    enum ml_status status =
        mli_frame_check(frame, ordinal->count, ordinal->slot, MLI_SLOT_CATEGORY, err);

    ordinal->first = frame->count;
    for (size_t k = 0; k < ordinal->count && status == ML_OK; k++) {
        status = mli_frame_add(frame, ordinal->slot[k], "", err);
        if (status != ML_OK)
            break;
        frame->slot[ordinal->first + k].filled = true;
        mli_frame_retire(frame, ordinal->slot[k]);
    }
    return status;
}

static void ordinal_apply(const void *state, const struct mli_block *block)
{
    const struct mli_ordinal *ordinal = state;

    for (size_t k = 0; k < ordinal->count; k++) {
        const int32_t *code = block->code[ordinal->slot[k]];
        double *x = block->number[ordinal->first + k];
        for (size_t i = 0; i < block->rows; i++)
            x[i] = code[i] >= 0 ? code[i] : -1;
    }
}

static enum ml_status ordinal_save(const void *state, json_t *doc, struct mli_tensors *set,
                                   struct ml_error *err)
{
    const struct mli_ordinal *ordinal = state;

    (void)set; /* the values are in the schema */
    return mli_slots_save(ordinal->count, ordinal->slot, doc) ? ML_OK : mli_step_nomem(err);
}

static enum ml_status ordinal_load(const json_t *doc, struct mli_tensors *set, void **out,
                                   struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", NULL };
    size_t count, *slot;
    enum ml_status status = mli_step_members(doc, members, err);

    (void)set;
    if (status == ML_OK)
        status = mli_slots_load(doc, &count, &slot, err);
    return status == ML_OK ? ordinal_new(count, slot, out, err) : status;
}

const struct mli_step_kind mli_ordinal_step = {
    .name = "ordinal",
    .fit = ordinal_fit,
    .shape = ordinal_shape,
    .apply = ordinal_apply,
    .save = ordinal_save,
    .load = ordinal_load,
    .free = ordinal_free,
};
