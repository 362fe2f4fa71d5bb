#include <fit/knobs.h>

#include <base/mem.h>
#include <base/num.h>
#include <base/suggest.h>
#include <math.h>
#include <prep/options.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct ml_fit_config, member)

static const struct mli_knob training[] = {
    { .name = "kind", .kind = MLI_KNOB_TEXT, .offset = AT(kind) },
    { .name = "loss", .kind = MLI_KNOB_TEXT, .offset = AT(loss) },
    { .name = "l1", .kind = MLI_KNOB_NUMBER, .offset = AT(l1) },
    { .name = "l2", .kind = MLI_KNOB_NUMBER, .offset = AT(l2) },
    { .name = "optimiser", .kind = MLI_KNOB_TEXT, .offset = AT(optimiser) },
    { .name = "precision", .kind = MLI_KNOB_TEXT, .offset = AT(precision) },
    { .name = "rate", .kind = MLI_KNOB_NUMBER, .offset = AT(rate) },
    { .name = "schedule", .kind = MLI_KNOB_TEXT, .offset = AT(schedule) },
    { .name = "warmup", .kind = MLI_KNOB_NUMBER, .offset = AT(warmup) },
    { .name = "clip", .kind = MLI_KNOB_NUMBER, .offset = AT(clip) },
    { .name = "momentum", .kind = MLI_KNOB_NUMBER, .offset = AT(momentum) },
    { .name = "decay", .kind = MLI_KNOB_NUMBER, .offset = AT(decay) },
    { .name = "tolerance", .kind = MLI_KNOB_NUMBER, .offset = AT(tolerance) },
    { .name = "epochs", .kind = MLI_KNOB_COUNT, .offset = AT(epochs) },
    { .name = "batch", .kind = MLI_KNOB_COUNT, .offset = AT(batch) },
    { .name = "patience", .kind = MLI_KNOB_COUNT, .offset = AT(patience) },
    { .name = "min-delta", .kind = MLI_KNOB_NUMBER, .offset = AT(min_delta) },
    { .name = "validation", .kind = MLI_KNOB_NUMBER, .offset = AT(validation) },
    { .name = "weight", .kind = MLI_KNOB_TEXT, .offset = AT(weight) },
    { .name = "class-weight", .kind = MLI_KNOB_TEXT, .offset = AT(class_weight) },
    { .name = "layers", .kind = MLI_KNOB_TEXT, .offset = AT(layers), .only = "mlp" },
    { .name = "hidden", .kind = MLI_KNOB_TEXT, .offset = AT(hidden), .only = "mlp" },
    { .name = "activation", .kind = MLI_KNOB_TEXT, .offset = AT(activation), .only = "mlp" },
    { .name = "dropout", .kind = MLI_KNOB_NUMBER, .offset = AT(dropout), .only = "mlp" },
    { .name = "members", .kind = MLI_KNOB_COUNT, .offset = AT(members), .only = "mlp" },
    { .name = "batch-norm", .kind = MLI_KNOB_SWITCH, .offset = AT(batch_norm), .only = "mlp" },
};

enum { TRAINING = sizeof training / sizeof *training, NAMES_MAX = 96 };

static struct mli_knob of_cleaning(const struct mli_prep_option *o)
{
    static const enum mli_knob_kind kinds[] = {
        [MLI_OPTION_LIST] = MLI_KNOB_LIST,     [MLI_OPTION_YES] = MLI_KNOB_LIST,
        [MLI_OPTION_NUMBER] = MLI_KNOB_NUMBER, [MLI_OPTION_COUNT] = MLI_KNOB_COUNT,
        [MLI_OPTION_SWITCH] = MLI_KNOB_SWITCH,
    };
    return (struct mli_knob){ .name = o->name,
                              .kind = kinds[o->kind],
                              .offset = AT(clean) + o->offset,
                              .cleaning = true };
}

static size_t count_knobs(void)
{
    size_t n;
    mli_prep_options(&n);
    return TRAINING + n;
}

static struct mli_knob knob_at(size_t i)
{
    size_t n;
    return i < TRAINING ? training[i] : of_cleaning(&mli_prep_options(&n)[i - TRAINING]);
}

bool mli_knob_find(const char *name, struct mli_knob *out, const char **nearest)
{
    const char *names[NAMES_MAX];
    size_t n = count_knobs();
    for (size_t i = 0; i < n; i++) {
        struct mli_knob knob = knob_at(i);
        if (i < NAMES_MAX)
            names[i] = knob.name;
        if (strcmp(knob.name, name) != 0)
            continue;
        *out = knob;
        return true;
    }
    n = n < NAMES_MAX ? n : NAMES_MAX;
    size_t near = mli_suggest(name, names, n);
    *nearest = near < n ? names[near] : NULL;
    return false;
}

/* ---- text to member ---- */

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static enum ml_status no_value(const struct mli_knob *knob, const char *text, const char *expected,
                               struct ml_error *err)
{
    return ml_error_set(err, ML_EUSAGE, "%s: \"%.60s\" is not %s", knob->name, text, expected);
}

/* The entries that are there, then those of the text: of two of a kind the later one counts. */
static enum ml_status put_list(const char *text, struct mli_arena *arena, const char *const **member,
                               struct ml_error *err)
{
    size_t n = 0, more = 1;
    while (*member && (*member)[n])
        n++;
    for (const char *c = text; *c; c++)
        more += *c == ',';
    const char **list = mli_arena_alloc(arena, n + more + 1, sizeof *list);
    if (!list)
        return no_memory(err);
    if (n)
        memcpy(list, *member, n * sizeof *list);
    for (const char *c = text; c; c = strchr(c, ',') ? strchr(c, ',') + 1 : NULL) {
        list[n] = mli_arena_strndup(arena, c, strcspn(c, ","));
        if (!list[n++])
            return no_memory(err);
    }
    list[n] = NULL;
    *member = list;
    return ML_OK;
}

static enum ml_status put_switch(const struct mli_knob *knob, const char *text, bool *member, struct ml_error *err)
{
    bool yes = strcmp(text, "yes") == 0;
    if (!yes && strcmp(text, "no") != 0)
        return no_value(knob, text, "yes or no", err);
    *member = yes;
    return ML_OK;
}

enum ml_status mli_knob_put(const struct mli_knob *knob, const char *text, struct mli_arena *arena,
                            struct ml_fit_config *config, struct ml_error *err)
{
    void *member = (char *)config + knob->offset;
    char *kept;
    switch (knob->kind) {
    case MLI_KNOB_NUMBER:
        return mli_num_parse(text, strlen(text), member) ? ML_OK : no_value(knob, text, "a number", err);
    case MLI_KNOB_COUNT:
        return mli_num_parse_size(text, strlen(text), member) ? ML_OK : no_value(knob, text, "a whole number", err);
    case MLI_KNOB_SWITCH:
        return put_switch(knob, text, member, err);
    case MLI_KNOB_LIST:
        return put_list(text, arena, member, err);
    case MLI_KNOB_TEXT:
        break;
    }
    kept = mli_arena_strndup(arena, text, strlen(text));
    if (!kept)
        return no_memory(err);
    *(const char **)member = kept;
    return ML_OK;
}

/* ---- documents ---- */

json_t *mli_knob_value(const struct mli_knob *knob, const char *text)
{
    double number;
    bool numeric = knob->kind == MLI_KNOB_NUMBER || knob->kind == MLI_KNOB_COUNT;
    if (numeric && mli_num_parse(text, strlen(text), &number))
        return mli_json_from(number);
    return json_string(text);
}

enum ml_status mli_knobs_put(const json_t *settings, struct mli_arena *arena, struct ml_fit_config *config,
                             struct ml_error *err)
{
    const char *name, *nearest;
    json_t *value;
    enum ml_status status = ML_OK;
    json_object_foreach((json_t *)settings, name, value) {
        struct mli_knob knob;
        char number[MLI_NUM_MAX];
        if (!mli_knob_find(name, &knob, &nearest))
            return ml_error_set(err, ML_EUSAGE, "no setting \"%.60s\"", name);
        if (json_is_number(value))
            mli_num_format(json_number_value(value), number);
        const char *text = json_is_number(value) ? number : json_string_value(value);
        if (!text)
            return ml_error_set(err, ML_EUSAGE, "%s: neither a number nor a text", name);
        status = mli_knob_put(&knob, text, arena, config, err);
        if (status)
            break;
    }
    return status;
}

static json_t *list_json(const char *const *list)
{
    json_t *array = json_array();
    for (; array && list && *list; list++)
        if (json_array_append_new(array, json_string(*list)) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *member_json(const struct ml_fit_config *config, const struct mli_knob *knob)
{
    const void *member = (const char *)config + knob->offset;
    switch (knob->kind) {
    case MLI_KNOB_NUMBER:
        return mli_json_from(*(const double *)member);
    case MLI_KNOB_COUNT:
        return mli_json_from((double)*(const size_t *)member);
    case MLI_KNOB_SWITCH:
        return json_boolean(*(const bool *)member);
    case MLI_KNOB_LIST:
        return list_json(*(const char *const *const *)member);
    case MLI_KNOB_TEXT:
        break;
    }
    const char *text = *(const char *const *)member;
    return text ? json_string(text) : json_null();
}

json_t *mli_knobs_json(const struct ml_fit_config *config)
{
    json_t *doc = json_object();
    bool ok = doc != NULL;
    for (size_t i = 0; ok && i < count_knobs(); i++) {
        struct mli_knob knob = knob_at(i);
        ok = mli_json_put(doc, knob.name, member_json(config, &knob));
    }
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}
