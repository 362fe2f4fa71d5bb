/*
 * Fill: a missing category becomes its column's most frequent value or one that the user names. Without it a missing
 * category has an indicator of its own (onehot.c), so the step is there only for the columns that ask for it.
 */
#include <prep/step.h>

#include <base/mem.h>
#include <prep/training.h>
#include <stdlib.h>
#include <string.h>

enum { MODE, INDICATOR, WORDS };
static const char *const words[WORDS] = { [MODE] = "mode", [INDICATOR] = "indicator" };
static const char constant[] = "constant:";

enum ml_status mli_fill_check(const char *how, struct ml_error *err)
{
    if (mli_choice_word(how, words, WORDS) < WORDS ||
        strncmp(how, constant, sizeof(constant) - 1) == 0)
        return ML_OK;
    return mli_choice_refuse(how, "way to fill missing categories", words, WORDS,
                             "constant:VALUE", err);
}

static void fill_free(void *state)
{
    struct mli_fill *fill = state;

    if (!fill)
        return;
    free(fill->slot);
    free(fill->code);
    free(fill);
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* The code that most rows have, the first in the dictionary's order among equals. */
static enum ml_status most_frequent(const struct mli_fit *fit, size_t slot, size_t values,
                                    int32_t *out, struct ml_error *err)
{
    const int32_t *code = fit->training->block.code[slot];
    size_t *rows = mli_calloc(values, sizeof(*rows));

    if (!rows)
        return mli_step_nomem(err);
    for (size_t i = 0; i < fit->rows; i++) {
        if (code[i] >= 0)
            rows[code[i]]++;
    }
    *out = 0;
    for (size_t v = 1; v < values; v++) {
        if (rows[v] > rows[*out])
            *out = (int32_t)v;
    }
    free(rows);
    return ML_OK;
}

static enum ml_status choose(const struct mli_fit *fit, size_t slot, const char *how, int32_t *out,
                             struct ml_error *err)
{
    const struct mli_slot *s = &fit->frame->slot[slot];
    const struct mli_dict *dict = fit->frame->schema->field[s->field].dict;

    if (strcmp(how, words[MODE]) == 0)
        return most_frequent(fit, slot, mli_dict_count(dict), out, err);
    const char *value = how + sizeof(constant) - 1;
    *out = mli_dict_find(dict, value, strlen(value));
    if (*out >= 0)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "--impute %s=%s: no training row of the column has the value \"%s\"; left "
                        "alone, missing cells have a feature of their own",
                        s->name, how, value);
}

/* How a slot is filled, NULL for one that is not. */
static const char *how_of(const struct mli_fit *fit, size_t slot)
{
    const char *how = mli_choice_named(fit->config->impute, mli_slot_column(fit->frame, slot));

    return !how || strcmp(how, words[INDICATOR]) == 0 ? NULL : how;
}

static enum ml_status fill_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    struct mli_fill *fill = mli_calloc(1, sizeof(*fill));
    size_t found = 0;
    enum ml_status status =
        fill ? mli_slots_new(fit->frame, MLI_SLOT_CATEGORY, &found, &fill->slot, err)
             : mli_step_nomem(err);

    if (status == ML_OK && found > 0) {
        fill->code = mli_alloc(found, sizeof(*fill->code));
        status = fill->code ? ML_OK : mli_step_nomem(err);
    }
    for (size_t k = 0; k < found && status == ML_OK; k++) {
        const char *how = how_of(fit, fill->slot[k]);
        if (!how)
            continue;
        fill->slot[fill->count] = fill->slot[k];
        status = choose(fit, fill->slot[k], how, &fill->code[fill->count++], err);
    }
    if (status != ML_OK || fill->count == 0) {
        fill_free(fill);
        return status;
    }
    *out = fill;
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static enum ml_status fill_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_fill *fill = state;
    enum ml_status status = mli_frame_check(frame, fill->count, fill->slot, MLI_SLOT_CATEGORY, err);

    for (size_t k = 0; k < fill->count && status == ML_OK; k++) {
        size_t field = frame->slot[fill->slot[k]].field;
        size_t values = mli_dict_count(frame->schema->field[field].dict);
        if ((size_t)fill->code[k] >= values)
            status = ml_error_set(err, ML_EARTIFACT,
                                  "\"codes[%zu]\" is %d, but the column has %zu values", k,
                                  (int)fill->code[k], values);
    }
    return status;
}

static void fill_apply(const void *state, const struct mli_block *block)
{
    const struct mli_fill *fill = state;

    for (size_t k = 0; k < fill->count; k++) {
        int32_t *code = block->code[fill->slot[k]], value = fill->code[k];
        for (size_t i = 0; i < block->rows; i++)
            code[i] = code[i] == MLI_CODE_MISSING ? value : code[i];
    }
}

static enum ml_status fill_save(const void *state, json_t *doc, struct mli_tensors *set,
                                struct ml_error *err)
{
    const struct mli_fill *fill = state;
    json_t *list = json_array();
    bool done = list && mli_slots_save(fill->count, fill->slot, doc);

    (void)set; /* the values are in the schema */
    for (size_t k = 0; k < fill->count && done; k++)
        done = json_array_append_new(list, json_integer(fill->code[k])) == 0;
    if (!done)
        json_decref(list);
    return done && mli_json_put(doc, "codes", list) ? ML_OK : mli_step_nomem(err);
}

static enum ml_status load_codes(const json_t *list, struct mli_fill *fill, struct ml_error *err)
{
    if (json_array_size(list) != fill->count)
        return ml_error_set(err, ML_EARTIFACT, "\"codes\" has %zu entries for %zu columns",
                            json_array_size(list), fill->count);
    fill->code = mli_alloc(fill->count, sizeof(*fill->code));
    if (!fill->code)
        return mli_step_nomem(err);
    for (size_t k = 0; k < fill->count; k++) {
        const json_t *item = json_array_get(list, k);
        json_int_t code = json_integer_value(item);
        if (!json_is_integer(item) || code < 0 || code > INT32_MAX)
            return ml_error_set(err, ML_EARTIFACT, "\"codes[%zu]\" must be the place of a value", k);
        fill->code[k] = (int32_t)code;
    }
    return ML_OK;
}

static enum ml_status fill_load(const json_t *doc, struct mli_tensors *set, void **out,
                                struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", "codes", NULL };
    struct mli_fill *fill = mli_calloc(1, sizeof(*fill));
    json_t *list = NULL;
    enum ml_status status = fill ? mli_step_members(doc, members, err) : mli_step_nomem(err);

    (void)set;
    if (status == ML_OK)
        status = mli_json_array(doc, "codes", &list, err);
    if (status == ML_OK)
        status = mli_slots_load(doc, &fill->count, &fill->slot, err);
    if (status == ML_OK)
        status = load_codes(list, fill, err);
    if (status != ML_OK) {
        fill_free(fill);
        return status;
    }
    *out = fill;
    return ML_OK;
}

const struct mli_step_kind mli_fill_step = {
    .name = "fill",
    .fit = fill_fit,
    .shape = fill_shape,
    .apply = fill_apply,
    .save = fill_save,
    .load = fill_load,
    .free = fill_free,
};
