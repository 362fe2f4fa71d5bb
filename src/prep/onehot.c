/*
 * Onehot: a category becomes indicators. Its codes stay as they are; whoever writes the features spreads them.
 *
 * --min-count N: values that fewer than N training rows have share one indicator "NAME=(rare)", and so does whatever
 * training did not see. A missing cell is a value like any other here: when training saw it seldom, it is rare. As
 * scikit-learn's OneHotEncoder(min_frequency=N, handle_unknown="infrequent_if_exist").
 */
#include <prep/encode.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <prep/training.h>
#include <stdlib.h>
#include <string.h>

/* A whole number of rows, or a share of them below 1. */
static bool parse_count(const char *how, double *out)
{
    return mli_num_parse(how, strlen(how), out) && *out >= 0 && (*out < 1 || *out == floor(*out));
}

enum ml_status mli_min_count_check(const char *how, unsigned column, struct ml_error *err)
{
    double count;

    (void)column;
    if (parse_count(how, &count))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "\"%.60s\" is neither a number of rows nor a share below 1",
                        how);
}

bool mli_min_count_rare(const char *how, size_t count, size_t rows)
{
    double least = 0;

    if (!parse_count(how, &least))
        return false;
    return (double)count < (least < 1 ? least * (double)rows : least);
}

static void onehot_free(void *state)
{
    struct mli_onehot *onehot = state;

    if (!onehot)
        return;
    for (size_t k = 0; onehot->rare && k < onehot->count; k++) {
        free(onehot->rare[k].place);
        free(onehot->rare[k].kept);
    }
    free(onehot->rare);
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
    onehot->rare = mli_calloc(count, sizeof(*onehot->rare));
    if (onehot->missing && onehot->rare)
        return onehot;
    onehot_free(onehot);
    return NULL;
}

/* Makes the two maps; rare[v] says which of n values are. */
static bool rare_map(struct mli_rare *r, const bool *rare, size_t n)
{
    r->group = true;
    r->mapped = n;
    r->place = mli_alloc(n, sizeof(*r->place));
    r->kept = mli_alloc(n, sizeof(*r->kept));
    if (!r->place || !r->kept)
        return false;
    for (size_t v = 0; v < n; v++) {
        r->place[v] = rare[v] ? -1 : (int32_t)r->values;
        if (!rare[v])
            r->kept[r->values++] = (int32_t)v;
    }
    return true;
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

/* rows[0] counts the missing cells, rows[1 + v] those of value v. */
static void count_rows(const int32_t *code, size_t n, size_t *rows)
{
    for (size_t i = 0; i < n; i++) {
        if (code[i] >= MLI_CODE_MISSING)
            rows[code[i] - MLI_CODE_MISSING]++;
    }
}

static enum ml_status fit_column(const struct mli_fit *fit, size_t k, struct mli_onehot *onehot,
                                 struct ml_error *err)
{
    size_t slot = onehot->slot[k];
    size_t n = mli_dict_count(fit->frame->schema->field[fit->frame->slot[slot].field].dict);
    const char *how = mli_choice_find(fit->config->min_count, mli_slot_column(fit->frame, slot), "0");
    size_t *rows = mli_calloc(n + 1, sizeof(*rows));
    bool *rare = mli_calloc(n, sizeof(*rare)), done = rows && rare, any = false;

    if (done) {
        count_rows(fit->training->block.code[slot], fit->rows, rows);
        for (size_t v = 0; v < n; v++)
            any |= rare[v] = mli_min_count_rare(how, rows[1 + v], fit->rows);
        onehot->missing[k] = rows[0] > 0 && !mli_min_count_rare(how, rows[0], fit->rows);
        any |= rows[0] > 0 && !onehot->missing[k];
    }
    if (done && any)
        done = rare_map(&onehot->rare[k], rare, n);
    free(rows);
    free(rare);
    return done ? ML_OK : mli_step_nomem(err);
}

static enum ml_status onehot_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, *slot;
    enum ml_status status = mli_encode_slots_new(fit, "onehot", &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    struct mli_onehot *onehot = onehot_new(count, slot);
    if (!onehot)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count && status == ML_OK; k++)
        status = fit_column(fit, k, onehot, err);
    if (status != ML_OK) {
        onehot_free(onehot);
        return status;
    }
    *out = onehot;
    return ML_OK;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

/* A state out of a file has its list of rare values in place of the maps, see load_rare(). */
static enum ml_status shape_rare(struct mli_rare *r, size_t n, struct ml_error *err)
{
    bool *rare = mli_calloc(n, sizeof(*rare));
    int32_t *listed = r->kept;
    size_t count = r->values;
    enum ml_status status = rare ? ML_OK : mli_step_nomem(err);

    for (size_t i = 0; i < count && status == ML_OK; i++) {
        if ((size_t)listed[i] >= n)
            status = ml_error_set(err, ML_EARTIFACT, "\"rare\" names value %d of %zu",
                                  (int)listed[i], n);
        else
            rare[listed[i]] = true;
    }
    r->kept = NULL;
    r->values = 0;
    if (status == ML_OK && !rare_map(r, rare, n))
        status = mli_step_nomem(err);
    free(listed);
    free(rare);
    return status;
}

static enum ml_status onehot_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    struct mli_onehot *onehot = state;
    enum ml_status status =
        mli_frame_check(frame, onehot->count, onehot->slot, MLI_SLOT_CATEGORY, err);

    for (size_t k = 0; k < onehot->count && status == ML_OK; k++) {
        struct mli_slot *slot = &frame->slot[onehot->slot[k]];
        struct mli_rare *r = &onehot->rare[k];
        size_t n = mli_dict_count(frame->schema->field[slot->field].dict);
        if (r->group && !r->place)
            status = shape_rare(r, n, err);
        if (status != ML_OK)
            return status;
        slot->kind = MLI_SLOT_INDICATORS;
        slot->missing = onehot->missing[k];
        slot->rare = r->group;
        slot->place = r->place;
        slot->kept = r->kept;
        slot->values = r->group ? r->values : n;
        slot->width = slot->values + slot->missing + slot->rare;
        if (slot->width == 0)
            status = ml_error_set(err, ML_EARTIFACT,
                                  "\"columns[%zu]\" is a category without a value", k);
    }
    return status;
}

/* The rare values of a column, null when there is no group. */
static json_t *rare_to_json(const struct mli_rare *r)
{
    json_t *list = r->group ? json_array() : json_null();

    for (size_t v = 0; list && r->group && v < r->mapped; v++) {
        if (r->place[v] >= 0 || json_array_append_new(list, json_integer((json_int_t)v)) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static bool put_lists(const struct mli_onehot *onehot, json_t *doc)
{
    json_t *missing = json_array(), *rare = json_array();
    bool done = missing && rare, any = false;

    for (size_t k = 0; k < onehot->count && done; k++) {
        any |= onehot->rare[k].group;
        done = json_array_append_new(missing, json_boolean(onehot->missing[k])) == 0 &&
               json_array_append_new(
                   rare, rare_to_json(&onehot->rare[k])) == 0;
    }
    if (done)
        done = mli_json_put(doc, "missing", json_incref(missing)) &&
               (!any || mli_json_put(doc, "rare", json_incref(rare)));
    json_decref(missing);
    json_decref(rare);
    return done;
}

static enum ml_status onehot_save(const void *state, json_t *doc, struct mli_tensors *set,
                                  struct ml_error *err)
{
    const struct mli_onehot *onehot = state;

    (void)set; /* the values are in the schema */
    return mli_slots_save(onehot->count, onehot->slot, doc) && put_lists(onehot, doc)
               ? ML_OK
               : mli_step_nomem(err);
}

/* Codes into r->kept, ascending, their number into r->values; shape makes the maps of them. */
static enum ml_status load_rare(const json_t *list, struct mli_rare *r, struct ml_error *err)
{
    if (json_is_null(list))
        return ML_OK;
    if (!json_is_array(list))
        return ml_error_set(err, ML_EARTIFACT, "\"rare\" must hold lists of places of values, or null");
    r->group = true;
    r->kept = mli_alloc(json_array_size(list), sizeof(*r->kept));
    if (!r->kept)
        return mli_step_nomem(err);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        json_int_t code = json_integer_value(item);
        if (!json_is_integer(item) || code < 0 || code > INT32_MAX ||
            (i > 0 && code <= r->kept[i - 1]))
            return ml_error_set(err, ML_EARTIFACT, "\"rare\" must hold ascending places of values");
        r->kept[r->values++] = (int32_t)code;
    }
    return ML_OK;
}

static enum ml_status load_lists(const json_t *doc, const json_t *missing,
                                 struct mli_onehot *onehot, struct ml_error *err)
{
    const json_t *rare = json_object_get(doc, "rare");
    enum ml_status status = ML_OK;

    if (json_array_size(missing) != onehot->count)
        return ml_error_set(err, ML_EARTIFACT, "\"missing\" has %zu entries for %zu columns",
                            json_array_size(missing), onehot->count);
    if (rare && json_array_size(rare) != onehot->count)
        return ml_error_set(err, ML_EARTIFACT, "\"rare\" has %zu entries for %zu columns",
                            json_array_size(rare), onehot->count);
    for (size_t k = 0; k < onehot->count && status == ML_OK; k++) {
        const json_t *item = json_array_get(missing, k);
        onehot->missing[k] = json_is_true(item);
        if (!json_is_boolean(item))
            status = ml_error_set(err, ML_EARTIFACT, "\"missing[%zu]\" must be true or false", k);
        if (status == ML_OK && rare)
            status = load_rare(json_array_get(rare, k), &onehot->rare[k], err);
    }
    return status;
}

static enum ml_status onehot_load(const json_t *doc, struct mli_tensors *set, void **out,
                                  struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", "missing", "rare", NULL };
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
    status = load_lists(doc, list, onehot, err);
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
