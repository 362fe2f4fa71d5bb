#include <fit/history.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <train/state.h>

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

enum { FIELDS = 5 }; /* of an entry */

enum ml_status mli_history_save(const struct mli_history *history, struct mli_tensors *set, struct ml_error *err)
{
    const double head[] = { (double)history->stride, (double)history->count };
    double *flat = mli_alloc(history->count, FIELDS * sizeof *flat);
    if (!flat)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < history->count; i++) {
        const struct mli_history_entry *e = &history->entry[i];
        const double fields[FIELDS] = { (double)e->epoch, e->loss, e->validation, e->rate, e->gradient };
        memcpy(flat + i * FIELDS, fields, sizeof fields);
    }
    enum ml_status status = mli_tensors_add_vector(set, "history.head", 2, head, err);
    if (!status && history->count)
        status = mli_state_add(set, "history.entries", history->count * FIELDS, flat, err);
    free(flat);
    return status;
}

static bool head_can_be(const double *head)
{
    return head[0] >= 1 && head[0] <= 1e15 && head[0] == floor(head[0]) && head[1] >= 0 &&
           head[1] <= MLI_HISTORY_MOST && head[1] == floor(head[1]);
}

enum ml_status mli_history_load(struct mli_history *history, struct mli_tensors *set, struct ml_error *err)
{
    const double *head;
    enum ml_status status = mli_tensors_find_vector(set, "history.head", 2, &head, err);
    if (status)
        return status;
    if (!head_can_be(head))
        return ml_error_set(err, ML_EARTIFACT, "history.head: %g and %g cannot be", head[0], head[1]);
    history->stride = (size_t)head[0];
    size_t n = (size_t)head[1];
    double *flat = mli_alloc(n, FIELDS * sizeof *flat);
    history->entry = mli_alloc(n, sizeof *history->entry);
    if (!flat || !history->entry) {
        free(flat);
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    history->capacity = n;
    if (n)
        status = mli_state_find(set, "history.entries", n * FIELDS, flat, err);
    for (; !status && history->count < n; history->count++) {
        const double *f = flat + history->count * FIELDS;
        if (!(f[0] >= 1 && f[0] <= 1e15)) {
            status = ml_error_set(err, ML_EARTIFACT, "history.entries: epoch %g cannot be", f[0]);
            break;
        }
        history->entry[history->count] = (struct mli_history_entry){ (size_t)f[0], f[1], f[2], f[3], f[4] };
    }
    free(flat);
    return status;
}
