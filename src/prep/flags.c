/*
 * Flags: a feature that is 1 where a number or an instant is missing and 0 elsewhere, so that a model can tell a filled
 * cell from a found one. Only for columns of which training saw a missing cell: elsewhere it would be constant. As
 * scikit-learn's MissingIndicator(features="missing-only"). A category has its own, see onehot.c.
 */
#include <prep/step.h>

#include <base/mem.h>
#include <math.h>
#include <prep/training.h>
#include <stdlib.h>

static const char *const words[] = { "no", "yes" };

enum ml_status mli_flags_check(const char *how, unsigned column, struct ml_error *err)
{
    (void)column;
    if (mli_choice_word(how, words, 2) < 2)
        return ML_OK;
    return mli_choice_refuse(how, "answer to whether missing cells are flagged", words, 2, NULL,
                             err);
}

static void flags_free(void *state)
{
    struct mli_flags *flags = state;

    if (!flags)
        return;
    free(flags->slot);
    free(flags);
}

static bool wanted(const struct mli_fit *fit, size_t slot)
{
    const char *how = mli_choice_find(fit->config->missing_flags,
                                      mli_slot_column(fit->frame, slot), words[0]);

    return mli_choice_word(how, words, 2) == 1 &&
           mli_fit_moments(fit, slot).n < fit->rows;
}

static enum ml_status flags_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    struct mli_flags *flags = mli_calloc(1, sizeof(*flags));
    size_t *slot = mli_alloc(fit->frame->count, sizeof(*slot));

    if (!flags || !slot) {
        free(flags);
        free(slot);
        return mli_step_nomem(err);
    }
    flags->slot = slot;
    for (size_t s = 0; s < fit->frame->count; s++) {
        enum mli_slot_kind kind = fit->frame->slot[s].kind;
        if ((kind == MLI_SLOT_NUMBER || kind == MLI_SLOT_INSTANT) && wanted(fit, s))
            slot[flags->count++] = s;
    }
    if (flags->count > 0)
        *out = flags;
    else
        flags_free(flags);
    return ML_OK;
}

static enum ml_status flags_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    struct mli_flags *flags = state;
    enum ml_status status = ML_OK;

    flags->first = frame->count;
    for (size_t k = 0; k < flags->count && status == ML_OK; k++) {
        size_t s = flags->slot[k];
        bool instant = s < flags->first && frame->slot[s].kind == MLI_SLOT_INSTANT;
        if (s >= flags->first)
            return ml_error_set(err, ML_EARTIFACT, "\"columns[%zu]\" is %zu, but there are %zu columns",
                                k, s, flags->first);
        status = mli_frame_check(frame, 1, &s, instant ? MLI_SLOT_INSTANT : MLI_SLOT_NUMBER, err);
        if (status == ML_OK)
            status = mli_frame_add(frame, s, ".missing", err);
        if (status == ML_OK)
            frame->slot[flags->first + k].kind = MLI_SLOT_FLAG;
    }
    return status;
}

static void flags_apply(const void *state, const struct mli_block *block)
{
    const struct mli_flags *flags = state;

    for (size_t k = 0; k < flags->count; k++) {
        const double *x = block->number[flags->slot[k]];
        double *flag = block->number[flags->first + k];
        for (size_t i = 0; i < block->rows; i++)
            flag[i] = isnan(x[i]) ? 1 : 0;
    }
}

static const size_t *flags_numbers(const void *state, size_t *count)
{
    const struct mli_flags *flags = state;

    *count = flags->count;
    return flags->slot;
}

static enum ml_status flags_save(const void *state, json_t *doc, struct mli_tensors *set,
                                 struct ml_error *err)
{
    const struct mli_flags *flags = state;

    (void)set; /* no statistics */
    return mli_slots_save(flags->count, flags->slot, doc) ? ML_OK : mli_step_nomem(err);
}

static enum ml_status flags_load(const json_t *doc, struct mli_tensors *set, void **out,
                                 struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", NULL };
    struct mli_flags *flags = mli_calloc(1, sizeof(*flags));
    enum ml_status status = flags ? mli_step_members(doc, members, err) : mli_step_nomem(err);

    (void)set;
    if (status == ML_OK)
        status = mli_slots_load(doc, &flags->count, &flags->slot, err);
    if (status != ML_OK) {
        flags_free(flags);
        return status;
    }
    *out = flags;
    return ML_OK;
}

const struct mli_step_kind mli_flags_step = {
    .name = "flags",
    .fit = flags_fit,
    .shape = flags_shape,
    .apply = flags_apply,
    .numbers = flags_numbers,
    .save = flags_save,
    .load = flags_load,
    .free = flags_free,
};
