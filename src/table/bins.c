#include <table/bins.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX ((json_int_t)1 << 53)

bool mli_bins_has_rest(const struct mli_bins *bins, const struct mli_dict *dict)
{
    return dict && bins->listed < mli_dict_count(dict);
}

/* ---- of codes ---------------------------------------------------------------------------------------------------- */

static bool before(const uint64_t *rows, const struct mli_dict *dict, int32_t a, int32_t b)
{
    if (rows[a] != rows[b])
        return rows[a] > rows[b];
    return strcmp(mli_dict_text(dict, (size_t)a), mli_dict_text(dict, (size_t)b)) < 0;
}

/* The most frequent codes, `room` of them, the first in front. */
static void most_frequent(const uint64_t *rows, const struct mli_dict *dict, size_t room, int32_t *code)
{
    size_t values = mli_dict_count(dict), n = 0;

    for (size_t v = 0; v < values; v++) {
        size_t at = n;
        while (at > 0 && before(rows, dict, (int32_t)v, code[at - 1]))
            at--;
        if (at == room)
            continue;
        n += n < room;
        memmove(&code[at + 1], &code[at], (n - 1 - at) * sizeof(*code));
        code[at] = (int32_t)v;
    }
}

static int compare_codes(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

struct mli_bins *mli_bins_of_codes(const uint64_t *rows, const struct mli_dict *dict)
{
    struct mli_bins *bins = mli_calloc(1, sizeof(*bins));
    size_t values = mli_dict_count(dict);
    uint64_t rest = 0;

    if (!bins)
        return NULL;
    bins->listed = values <= MLI_BINS_MAX ? values : MLI_BINS_MAX - 1;
    bins->count = bins->listed + (values > bins->listed);
    most_frequent(rows, dict, bins->listed, bins->code);
    qsort(bins->code, bins->listed, sizeof(*bins->code), compare_codes);
    for (size_t v = 0; v < values; v++)
        rest += rows[v];
    for (size_t i = 0; i < bins->listed; i++) {
        bins->rows[i] = rows[bins->code[i]];
        rest -= bins->rows[i];
    }
    if (values > bins->listed)
        bins->rows[bins->listed] = rest;
    return bins;
}

void mli_bins_renumber(struct mli_bins *bins, const int32_t *renumber)
{
    struct mli_bins old = *bins;
    int32_t code[MLI_BINS_MAX];

    for (size_t i = 0; i < bins->listed; i++)
        code[i] = bins->code[i] = renumber[bins->code[i]];
    qsort(bins->code, bins->listed, sizeof(*bins->code), compare_codes);
    for (size_t i = 0; i < bins->listed; i++) {
        const int32_t *place = bsearch(&code[i], bins->code, bins->listed, sizeof(*bins->code), compare_codes);
        bins->rows[place - bins->code] = old.rows[i];
    }
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static json_t *edges_json(const struct mli_bins *bins)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i + 1 < bins->count; i++)
        json_array_append_new(list, mli_json_from(bins->edge[i]));
    return list;
}

static json_t *listed_json(const struct mli_bins *bins, const struct mli_dict *dict)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < bins->listed; i++)
        json_array_append_new(list, json_string(mli_dict_text(dict, (size_t)bins->code[i])));
    return list;
}

static json_t *rows_json(const struct mli_bins *bins)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < bins->count; i++)
        json_array_append_new(list, json_integer((json_int_t)bins->rows[i]));
    return list;
}

/* Takes the list, which must have got all its items. */
static bool put_list(json_t *doc, const char *key, json_t *list, size_t items)
{
    return mli_json_put(doc, key, list) && json_array_size(json_object_get(doc, key)) == items;
}

json_t *mli_bins_to_json(const struct mli_bins *bins, const struct mli_dict *dict)
{
    json_t *doc = json_object();
    bool done = doc != NULL;

    if (done && !dict)
        done = put_list(doc, "edges", edges_json(bins), bins->count - 1);
    if (done && mli_bins_has_rest(bins, dict))
        done = put_list(doc, "categories", listed_json(bins, dict), bins->listed);
    done = done && put_list(doc, "rows", rows_json(bins), bins->count);
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

static enum ml_status read_edges(const json_t *doc, struct mli_bins *bins, struct ml_error *err)
{
    json_t *list;
    enum ml_status status = mli_json_array(doc, "edges", &list, err);

    if (status != ML_OK)
        return status;
    bins->count = json_array_size(list) + 1;
    if (bins->count > MLI_BINS_MAX)
        return ml_error_set(err, ML_EARTIFACT, "a histogram of %zu bins, at most %zu", bins->count, MLI_BINS_MAX);
    for (size_t i = 0; i + 1 < bins->count; i++) {
        const json_t *edge = json_array_get(list, i);
        bins->edge[i] = json_number_value(edge);
        if (!json_is_number(edge) || !isfinite(bins->edge[i]) || (i > 0 && bins->edge[i] <= bins->edge[i - 1]))
            return ml_error_set(err, ML_EARTIFACT, "edge %zu of the histogram is no number above the one before it", i);
    }
    return ML_OK;
}

static enum ml_status read_listed(const json_t *doc, const struct mli_dict *dict, struct mli_bins *bins,
                                  struct ml_error *err)
{
    json_t *list = NULL;
    enum ml_status status = ML_OK;

    if (mli_dict_count(dict) > MLI_BINS_MAX)
        status = mli_json_array(doc, "categories", &list, err);
    if (status != ML_OK)
        return status;
    bins->listed = list ? json_array_size(list) : mli_dict_count(dict);
    if (list && bins->listed >= MLI_BINS_MAX)
        return ml_error_set(err, ML_EARTIFACT, "a histogram of %zu categories and a rest, at most %zu bins", bins->listed,
                            MLI_BINS_MAX);
    bins->count = bins->listed + (list != NULL);
    for (size_t i = 0; i < bins->listed; i++) {
        const json_t *value = json_array_get(list, i);
        const char *text = json_string_value(value);
        bins->code[i] = list ? (text ? mli_dict_find(dict, text, json_string_length(value)) : -1) : (int32_t)i;
        if (bins->code[i] < 0 || (i > 0 && bins->code[i] <= bins->code[i - 1]))
            return ml_error_set(err, ML_EARTIFACT,
                                "value %zu of the histogram is no category of the column behind the one before it", i);
    }
    return ML_OK;
}

static enum ml_status read_rows(const json_t *doc, struct mli_bins *bins, struct ml_error *err)
{
    json_t *list;
    enum ml_status status = mli_json_array(doc, "rows", &list, err);

    if (status != ML_OK)
        return status;
    if (json_array_size(list) != bins->count)
        return ml_error_set(err, ML_EARTIFACT, "\"rows\" of the histogram has %zu entries for %zu bins",
                            json_array_size(list), bins->count);
    for (size_t i = 0; i < bins->count; i++) {
        const json_t *rows = json_array_get(list, i);
        if (!json_is_integer(rows) || json_integer_value(rows) < 0 || json_integer_value(rows) > ROWS_MAX)
            return ml_error_set(err, ML_EARTIFACT, "bin %zu of the histogram has no number of rows", i);
        bins->rows[i] = (uint64_t)json_integer_value(rows);
    }
    return ML_OK;
}

enum ml_status mli_bins_from_json(const json_t *doc, const struct mli_dict *dict, struct mli_bins **out,
                                  struct ml_error *err)
{
    struct mli_bins *bins = mli_calloc(1, sizeof(*bins));
    bool two = !dict || mli_dict_count(dict) > MLI_BINS_MAX;

    if (!bins)
        return ml_error_set(err, ML_ENOMEM, "out of memory for a histogram");
    enum ml_status status = ML_OK;
    if (!json_is_object(doc) || json_object_size(doc) != (two ? 2 : 1))
        status = ml_error_set(err, ML_EARTIFACT, "\"histogram\" must be an object of %s",
                              !dict ? "edges and rows" : two ? "categories and rows" : "rows");
    if (status == ML_OK)
        status = dict ? read_listed(doc, dict, bins, err) : read_edges(doc, bins, err);
    if (status == ML_OK)
        status = read_rows(doc, bins, err);
    if (status != ML_OK) {
        free(bins);
        return status;
    }
    *out = bins;
    return ML_OK;
}
