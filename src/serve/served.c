#include <serve/served.h>

#include <base/mem.h>
#include <base/short.h>
#include <model/output.h>
#include <serve/group.h>
#include <serve/outputs.h>
#include <stdlib.h>
#include <string.h>

bool mli_name_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return n > 0 && n <= MLI_NAME_MAX && name[n] == '\0' && name[0] != '.';
}

/* ---- the card ---------------------------------------------------------------------------------------------------- */

static json_t *labels_of(const struct mli_model_target *target)
{
    json_t *labels = json_array();

    for (size_t k = 0; k < target->classes; k++) {
        if (json_array_append_new(labels, json_string(target->label[k])) != 0) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}

static bool put_target(json_t *card, const struct mli_model_target *target)
{
    return mli_json_put(card, "target", json_string(target->name)) &&
           (target->classes == 0 || mli_json_put(card, "labels", labels_of(target)));
}

/* Each as the card of one target says it. */
static json_t *targets_of(const struct ml_model *model)
{
    json_t *targets = json_array();

    for (size_t t = 0; targets && t < model->targets; t++) {
        json_t *one = json_object();
        bool made = put_target(one, &model->target[t]) && json_array_append(targets, one) == 0;
        json_decref(one);
        if (made)
            continue;
        json_decref(targets);
        return NULL;
    }
    return targets;
}

static char *make_card(const struct mli_served *served)
{
    const struct ml_model *model = served->model;
    json_t *card = json_object(), *metrics = json_object_get(model->record, "metrics");
    bool made = mli_json_put(card, "name", json_string(served->name)) &&
                mli_json_put(card, "version", json_string(served->version)) &&
                mli_json_put(card, "task", json_string(mli_model_task(model))) &&
                (model->targets > 1 ? mli_json_put(card, "targets", targets_of(model))
                                    : put_target(card, &model->target[0])) &&
                mli_json_put(card, "inputs", mli_schema_to_json(served->schema)) &&
                mli_json_put(card, "metrics", metrics ? json_incref(metrics) : json_object()) &&
                mli_json_put(card, "sha256", json_string(model->sha256)) &&
                mli_json_put(card, "program", json_string("mlctl " ML_VERSION));
    char *text = made ? mli_json_text(card, false) : NULL;

    json_decref(card);
    return text;
}

/* ---- a served model ---------------------------------------------------------------------------------------------- */

struct mli_key_text mli_key_text_of(char *json, size_t len)
{
    char first[sizeof(uint64_t)] = { 0 };
    size_t n = len < sizeof(first) ? len : sizeof(first);

    memcpy(first, json, n);
    return (struct mli_key_text){
        .json = json, .len = len, .word = mli_short_load(first), .mask = UINT64_MAX >> (64 - 8 * n)
    };
}

static bool make_key(const char *name, struct mli_key_text *key)
{
    struct mli_buf text;

    mli_buf_init(&text, SIZE_MAX);
    mli_buf_json_string(&text, name, strlen(name));
    size_t len = text.len;
    char *json = mli_buf_detach(&text);
    if (json)
        *key = mli_key_text_of(json, len);
    return json != NULL;
}

static bool list_columns(struct mli_served *served)
{
    int32_t code;

    served->numbers = true;
    served->key = mli_calloc(served->schema->count + 1, sizeof(*served->key));
    if (!served->key)
        return false;
    for (size_t i = 0; i < served->schema->count; i++) {
        const struct mli_field *field = &served->schema->field[i];
        served->numbers = served->numbers && field->type == ML_TYPE_NUMBER;
        if (mli_dict_add(served->columns, field->name, strlen(field->name), &code) != ML_OK ||
            !make_key(field->name, &served->key[i]))
            return false;
    }
    return true;
}

static bool fill(struct mli_served *served, const char *name, const char *version)
{
    served->schema = mli_pipeline_schema(served->model->pipeline);
    served->weights = served->model->network->parameters;
    served->name = mli_strdup(name);
    served->version = mli_strdup(version);
    served->columns = mli_dict_new();
    served->label_json = mli_prediction_labels_json(served->model);
    if (!served->name || !served->version || !served->columns || !served->label_json)
        return false;
    served->card = make_card(served);
    return served->card && list_columns(served) && mli_outputs_make(served);
}

struct mli_served *mli_served_new(const struct ml_model *model, struct ml_model *own, const char *name,
                                  const char *version, struct mli_tally *tally, size_t window)
{
    struct mli_served *served = tally ? mli_calloc(1, sizeof(*served)) : NULL;

    if (!served) {
        mli_tally_drop(tally);
        ml_model_free(own);
        return NULL;
    }
    atomic_init(&served->holders, 1);
    served->model = model;
    served->own = own;
    served->tally = tally;
    bool filled = fill(served, name, version);
    struct mli_drift *drift = NULL;
    if (filled && window > 0)
        filled = mli_drift_of(model, &drift, NULL) == ML_OK && (served->live = mli_live_new(drift, window)) != NULL;
    if (filled)
        return served;
    mli_served_drop(served);
    return NULL;
}

size_t mli_served_rows(const struct mli_served *served, size_t bytes)
{
    size_t columns = served->schema->count ? served->schema->count : 1;

    return bytes / (4 * columns) + 1;
}

size_t mli_served_work(const struct mli_served *served, size_t bytes)
{
    size_t all;

    if (!mli_mul(mli_served_rows(served, bytes), served->weights, &all) || bytes > (SIZE_MAX - all) / 16)
        return SIZE_MAX;
    return all + 16 * bytes;
}

struct mli_served *mli_served_hold(struct mli_served *served)
{
    atomic_fetch_add(&served->holders, 1);
    return served;
}

void mli_served_drop(struct mli_served *served)
{
    if (!served || atomic_fetch_sub(&served->holders, 1) > 1)
        return;
    mli_outputs_free(served);
    mli_prediction_labels_free(served->label_json);
    for (size_t i = 0; served->key && i < served->schema->count; i++)
        free(served->key[i].json);
    free(served->key);
    mli_dict_free(served->columns);
    mli_tally_drop(served->tally);
    mli_live_free(served->live);
    mli_group_free(served->group);
    ml_model_free(served->own);
    free(served->card);
    free(served->version);
    free(served->name);
    free(served);
}
