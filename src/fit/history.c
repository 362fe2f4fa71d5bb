#include <fit/history.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>

void mli_history_init(struct mli_history *history)
{
    *history = (struct mli_history){ .stride = 1 };
}

void mli_history_release(struct mli_history *history)
{
    free(history->entry);
    mli_history_init(history);
}

static bool is_kept(const struct mli_history *history, size_t epoch)
{
    return (epoch - 1) % history->stride == 0;
}

static void thin_out(struct mli_history *history)
{
    size_t kept = 0;
    history->stride *= 2;
    for (size_t i = 0; i < history->count; i++)
        if (is_kept(history, history->entry[i].epoch))
            history->entry[kept++] = history->entry[i];
    history->count = kept;
}

enum ml_status mli_history_add(struct mli_history *history, const struct mli_train_state *state,
                               struct ml_error *err)
{
    const struct mli_history_entry entry = { state->epoch, state->loss, state->validation, state->rate, state->norm };
    if (history->count && !is_kept(history, history->entry[history->count - 1].epoch))
        history->count--; /* that one was there as the newest alone */
    if (history->count == MLI_HISTORY_MOST)
        thin_out(history);
    if (!mli_grow((void **)&history->entry, &history->capacity, history->count, sizeof *history->entry))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    history->entry[history->count++] = entry;
    return ML_OK;
}

static bool put_series(json_t *doc, const struct mli_history *history, const char *key, size_t offset, double unit)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < history->count; i++) {
        const double *value = (const double *)(const void *)((const char *)&history->entry[i] + offset);
        json_array_append_new(array, mli_json_from(*value * unit));
    }
    return mli_json_put(doc, key, array);
}

json_t *mli_history_json(const struct mli_history *history, double unit)
{
    json_t *doc = json_object(), *epochs = json_array();
    for (size_t i = 0; epochs && i < history->count; i++)
        json_array_append_new(epochs, json_integer((json_int_t)history->entry[i].epoch));
    bool validates = history->count && !isnan(history->entry[0].validation);
    bool ok = mli_json_put(doc, "epoch", epochs);
    ok = ok && put_series(doc, history, "loss", offsetof(struct mli_history_entry, loss), unit);
    if (ok && validates)
        ok = put_series(doc, history, "validation", offsetof(struct mli_history_entry, validation), unit);
    ok = ok && put_series(doc, history, "rate", offsetof(struct mli_history_entry, rate), 1);
    ok = ok && put_series(doc, history, "gradient", offsetof(struct mli_history_entry, gradient), 1);
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}
