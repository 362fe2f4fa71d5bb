#include <prep/hashing.h>

#include <base/mem.h>
#include <base/num.h>
#include <math.h>
#include <prep/choice.h>
#include <prep/encode.h>
#include <prep/grams.h>
#include <prep/murmur.h>
#include <prep/tfidf.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_LOW 1 /* n-grams if nothing is said */
#define WORDS_HIGH 1

/* ---- which columns ------------------------------------------------------------------------------------------- */

/* What a HOW says behind "hash:"; NULL when it says something else, or nothing. */
static const char *hash_argument(const char *how)
{
    return how ? mli_encode_argument(how, "hash") : NULL;
}

enum mli_hashing_kind mli_hashing_of(const struct ml_prep_config *config,
                                     const struct mli_column *column, const char **argument)
{
    const char *name = column->name;

    if (column->type == ML_TYPE_BOOLEAN || !column->dict)
        return MLI_HASHING_NONE;
    if ((*argument = hash_argument(mli_choice_named(config->text, name))))
        return MLI_HASHING_WORDS;
    if (mli_tfidf_asked(mli_choice_named(config->text, name)))
        return MLI_HASHING_NONE;
    if ((*argument = hash_argument(mli_choice_named(config->encode, name))))
        return MLI_HASHING_VALUE;
    *argument = hash_argument(mli_choice_find(config->text, name, NULL));
    if (column->type == ML_TYPE_TEXT)
        return *argument ? MLI_HASHING_WORDS : MLI_HASHING_NONE;
    *argument = hash_argument(mli_encode_how(config, name));
    return column->type == ML_TYPE_CATEGORY && *argument ? MLI_HASHING_VALUE : MLI_HASHING_NONE;
}

/* ---- hash:N:J-K ---------------------------------------------------------------------------------------------- */

static bool parse(const char *argument, enum mli_hashing_kind kind, struct mli_hashing *out)
{
    const char *colon = strchr(argument, ':');
    size_t length = colon ? (size_t)(colon - argument) : strlen(argument);

    *out = (struct mli_hashing){ 0 };
    if (!mli_num_parse_size(argument, length, &out->buckets) || out->buckets < 2 || out->buckets > MLI_HASH_BUCKETS)
        return false;
    if (kind == MLI_HASHING_VALUE)
        return !colon;
    out->low = WORDS_LOW;
    out->high = WORDS_HIGH;
    return !colon || mli_grams_parse(colon + 1, &out->low, &out->high);
}

enum ml_status mli_hashing_parse(const char *argument, enum mli_hashing_kind kind,
                                 struct mli_hashing *out, struct ml_error *err)
{
    struct mli_hashing found;

    if (parse(argument, kind, &found)) {
        *out = found;
        return ML_OK;
    }
    if (kind == MLI_HASHING_VALUE)
        return ml_error_set(err, ML_EUSAGE, "expected hash:N, N from 2 to %zu features", MLI_HASH_BUCKETS);
    return ml_error_set(err, ML_EUSAGE,
                        "expected hash:N or hash:N:J-K, N from 2 to %zu features, J to K words in a row, "
                        "from 1 to %zu",
                        MLI_HASH_BUCKETS, MLI_GRAMS_MOST);
}

/* ---- the state ----------------------------------------------------------------------------------------------- */

void mli_hashed_free(void *state)
{
    struct mli_hashed *hashed = state;

    if (!hashed)
        return;
    free(hashed->slot);
    free(hashed->hashing);
    free(hashed);
}

/* Takes slot. */
static struct mli_hashed *hashed_new(size_t count, size_t *slot)
{
    struct mli_hashed *hashed = mli_calloc(1, sizeof(*hashed));

    if (!hashed) {
        free(slot);
        return NULL;
    }
    *hashed = (struct mli_hashed){ .count = count, .slot = slot };
    hashed->hashing = mli_calloc(count, sizeof(*hashed->hashing));
    if (hashed->hashing)
        return hashed;
    mli_hashed_free(hashed);
    return NULL;
}

enum ml_status mli_hashed_fit(const struct mli_fit *fit, enum mli_hashing_kind kind, void **out,
                              struct ml_error *err)
{
    size_t count, kept = 0, *slot;
    enum ml_status status = mli_slots_new(fit->frame, MLI_SLOT_TEXT, &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    struct mli_hashed *hashed = hashed_new(count, slot);
    if (!hashed)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count && status == ML_OK; k++) {
        size_t column = fit->columns[fit->frame->slot[slot[k]].field];
        const char *argument;
        if (mli_hashing_of(fit->config, &fit->table->column[column], &argument) != kind)
            continue;
        slot[kept] = slot[k];
        status = mli_hashing_parse(argument, kind, &hashed->hashing[kept++], err);
    }
    hashed->count = kept;
    if (status != ML_OK || kept == 0) {
        mli_hashed_free(hashed);
        return status;
    }
    *out = hashed;
    return ML_OK;
}

enum ml_status mli_hashed_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_hashed *hashed = state;
    enum ml_status status = mli_frame_check(frame, hashed->count, hashed->slot, MLI_SLOT_TEXT, err);

    for (size_t k = 0; k < hashed->count && status == ML_OK; k++) {
        struct mli_slot *slot = &frame->slot[hashed->slot[k]];
        slot->kind = MLI_SLOT_HASHED;
        slot->hashing = hashed->hashing[k];
        slot->width = slot->hashing.buckets;
    }
    return status;
}

/* ---- file ---------------------------------------------------------------------------------------------------- */

static bool put_sizes(json_t *doc, const char *key, const struct mli_hashed *hashed,
                      size_t (*get)(const struct mli_hashing *))
{
    json_t *list = json_array();
    bool done = list != NULL;

    for (size_t k = 0; k < hashed->count && done; k++)
        done = json_array_append_new(list, json_integer((json_int_t)get(&hashed->hashing[k]))) == 0;
    if (done)
        return mli_json_put(doc, key, list);
    json_decref(list);
    return false;
}

static size_t get_buckets(const struct mli_hashing *hashing)
{
    return hashing->buckets;
}

static size_t get_low(const struct mli_hashing *hashing)
{
    return hashing->low;
}

static size_t get_high(const struct mli_hashing *hashing)
{
    return hashing->high;
}

enum ml_status mli_hashed_save(const void *state, json_t *doc, struct mli_tensors *set,
                               struct ml_error *err)
{
    const struct mli_hashed *hashed = state;
    bool words = hashed->hashing[0].high > 0;

    (void)set; /* nothing is learned */
    return mli_slots_save(hashed->count, hashed->slot, doc) &&
                   put_sizes(doc, "buckets", hashed, get_buckets) &&
                   (!words || (put_sizes(doc, "words_from", hashed, get_low) &&
                               put_sizes(doc, "words_to", hashed, get_high)))
               ? ML_OK
               : mli_step_nomem(err);
}

/* One whole number a column, from low to high. */
static enum ml_status load_sizes(const json_t *doc, const char *key, size_t count, size_t low,
                                 size_t high, size_t **out, struct ml_error *err)
{
    json_t *list;
    enum ml_status status = mli_json_array(doc, key, &list, err);

    if (status == ML_OK && json_array_size(list) != count)
        status = ml_error_set(err, ML_EARTIFACT, "\"%s\" has %zu entries for %zu columns", key,
                              json_array_size(list), count);
    if (status != ML_OK)
        return status;
    size_t *found = mli_alloc(count, sizeof(*found));
    if (!found)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count; k++) {
        const json_t *item = json_array_get(list, k);
        json_int_t value = json_integer_value(item);
        if (!json_is_integer(item) || value < (json_int_t)low || value > (json_int_t)high) {
            free(found);
            return ml_error_set(err, ML_EARTIFACT, "\"%s[%zu]\" must be an integer from %zu to %zu",
                                key, k, low, high);
        }
        found[k] = (size_t)value;
    }
    *out = found;
    return ML_OK;
}

static enum ml_status load_words(const json_t *doc, struct mli_hashed *hashed, struct ml_error *err)
{
    size_t *low = NULL, *high = NULL;
    enum ml_status status =
        load_sizes(doc, "words_from", hashed->count, 1, MLI_GRAMS_MOST, &low, err);

    if (status == ML_OK)
        status = load_sizes(doc, "words_to", hashed->count, 1, MLI_GRAMS_MOST, &high, err);
    for (size_t k = 0; k < hashed->count && status == ML_OK; k++) {
        hashed->hashing[k].low = low[k];
        hashed->hashing[k].high = high[k];
        if (low[k] > high[k])
            status = ml_error_set(err, ML_EARTIFACT, "\"words_from[%zu]\" is above \"words_to[%zu]\"",
                                  k, k);
    }
    free(low);
    free(high);
    return status;
}

enum ml_status mli_hashed_load(const json_t *doc, enum mli_hashing_kind kind, void **out,
                               struct ml_error *err)
{
    static const char *const value[] = { "kind", "columns", "buckets", NULL };
    static const char *const words[] = { "kind", "columns", "buckets", "words_from", "words_to", NULL };
    bool has_words = kind == MLI_HASHING_WORDS;
    size_t count, *slot, *buckets = NULL;
    enum ml_status status = mli_step_members(doc, has_words ? words : value, err);

    if (status == ML_OK)
        status = mli_slots_load(doc, &count, &slot, err);
    if (status != ML_OK)
        return status;
    struct mli_hashed *hashed = hashed_new(count, slot);
    if (!hashed)
        return mli_step_nomem(err);
    status = load_sizes(doc, "buckets", count, 2, MLI_HASH_BUCKETS, &buckets, err);
    for (size_t k = 0; k < count && status == ML_OK; k++)
        hashed->hashing[k].buckets = buckets[k];
    free(buckets);
    if (status == ML_OK && has_words)
        status = load_words(doc, hashed, err);
    if (status != ML_OK) {
        mli_hashed_free(hashed);
        return status;
    }
    *out = hashed;
    return ML_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static void add_token(const struct mli_hashing *hashing, const char *token, size_t n, double *x)
{
    double sign;
    size_t bucket = mli_hash_bucket(token, n, hashing->buckets, &sign);

    x[bucket] += sign;
}

struct sums {
    const struct mli_hashing *hashing;
    double *x;
};

static bool add_gram(void *data, const char *gram, size_t n)
{
    const struct sums *sums = data;

    add_token(sums->hashing, gram, n, sums->x);
    return true;
}

/* Entries are whole numbers, so the sum of their squares is exact in any order. */
static void divide_by_length(double *x, size_t n)
{
    double squares = 0;

    for (size_t j = 0; j < n; j++)
        squares += x[j] * x[j];
    double length = sqrt(squares);
    for (size_t j = 0; length > 0 && j < n; j++)
        x[j] /= length;
}

bool mli_hashing_write(const struct mli_hashing *hashing, const char *const *text, size_t n,
                       struct mli_words *words, double *X, size_t stride)
{
    for (size_t i = 0; i < n; i++) {
        double *x = X + i * stride;
        memset(x, 0, hashing->buckets * sizeof(*x));
        if (!text[i])
            continue;
        if (hashing->high == 0) {
            add_token(hashing, text[i], strlen(text[i]), x);
            continue;
        }
        const struct mli_grams grams = { MLI_UNIT_WORDS, hashing->low, hashing->high };
        if (!mli_grams_each(&grams, words, text[i], add_gram, &(struct sums){ hashing, x }))
            return false;
        divide_by_length(x, hashing->buckets);
    }
    return true;
}
