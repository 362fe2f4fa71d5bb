/* Tfidf: texts to the terms of a vocabulary, weighed by how few rows have them [Sparck Jones 1972]. */
#include <prep/tfidf.h>

#include <base/mem.h>
#include <prep/vocabulary.h>
#include <stdlib.h>
#include <string.h>

#define IDF_MOST 100 /* that of a term in one row of 10^42 */

/* ---- the state ----------------------------------------------------------------------------------------------- */

static void tfidf_free(void *state)
{
    struct mli_tfidf *tfidf = state;

    if (!tfidf)
        return;
    for (size_t k = 0; tfidf->vocabulary && k < tfidf->count; k++)
        mli_vocabulary_release(&tfidf->vocabulary[k]);
    free(tfidf->vocabulary);
    free(tfidf->slot);
    free(tfidf);
}

/* Takes slot. */
static struct mli_tfidf *tfidf_new(size_t count, size_t *slot)
{
    struct mli_tfidf *tfidf = mli_calloc(1, sizeof(*tfidf));

    if (!tfidf) {
        free(slot);
        return NULL;
    }
    *tfidf = (struct mli_tfidf){ .count = count, .slot = slot };
    tfidf->vocabulary = mli_calloc(count, sizeof(*tfidf->vocabulary));
    if (tfidf->vocabulary)
        return tfidf;
    tfidf_free(tfidf);
    return NULL;
}

static enum ml_status tfidf_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    const struct mli_tfidf *tfidf = state;
    enum ml_status status = mli_frame_check(frame, tfidf->count, tfidf->slot, MLI_SLOT_TEXT, err);

    for (size_t k = 0; k < tfidf->count && status == ML_OK; k++) {
        struct mli_slot *slot = &frame->slot[tfidf->slot[k]];
        slot->kind = MLI_SLOT_TERMS;
        slot->vocabulary = &tfidf->vocabulary[k];
        slot->width = mli_dict_count(slot->vocabulary->terms);
    }
    return status;
}

/* ---- fit ----------------------------------------------------------------------------------------------------- */

static void say_chosen(const struct mli_fit *fit, const char *name, const struct mli_vocabulary *vocabulary)
{
    ml_log(fit->log, ML_LOG_NOTE,
           "text: \"%s\" becomes %zu features, its most frequent runs of %zu to %zu characters by tf-idf "
           "(--text overrides, --text none leaves texts out)",
           name, mli_dict_count(vocabulary->terms), vocabulary->grams.low, vocabulary->grams.high);
}

static enum ml_status fit_column(const struct mli_fit *fit, const struct mli_column *column,
                                 const struct mli_terms *how, struct mli_vocabulary *out, struct ml_error *err)
{
    const char *min_count = mli_choice_find(fit->config->min_count, column->name, "0");
    size_t *rows = mli_text_rows(fit, column);

    out->grams = how->grams;
    enum ml_status status =
        rows ? mli_vocabulary_learn(column->dict, rows, fit->rows, min_count, how->most, out, err) : mli_step_nomem(err);
    free(rows);
    if (status == ML_OK && mli_dict_count(out->terms) == 0)
        status = ml_error_set(err, ML_EDATA, "column \"%s\": no %s is in enough texts to learn from (--min-count %s)",
                              column->name, how->grams.unit == MLI_UNIT_CHARS ? "run of characters" : "word", min_count);
    if (status == ML_OK && how->chosen)
        say_chosen(fit, column->name, out);
    return status;
}

static enum ml_status tfidf_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, kept = 0, *slot;
    enum ml_status status = mli_slots_new(fit->frame, MLI_SLOT_TEXT, &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    struct mli_tfidf *tfidf = tfidf_new(count, slot);
    if (!tfidf)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count && status == ML_OK; k++) {
        const struct mli_column *column = &fit->table->column[fit->columns[fit->frame->slot[slot[k]].field]];
        struct mli_terms how;
        if (!mli_tfidf_of(fit, column, &how))
            continue;
        slot[kept] = slot[k];
        status = fit_column(fit, column, &how, &tfidf->vocabulary[kept++], err);
    }
    if (status != ML_OK || kept == 0) {
        tfidf_free(tfidf);
        return status;
    }
    tfidf->count = kept;
    *out = tfidf;
    return ML_OK;
}

/* ---- file ---------------------------------------------------------------------------------------------------- */

static json_t *column_to_json(const struct mli_vocabulary *v)
{
    json_t *terms = json_array();

    for (size_t t = 0; terms && t < mli_dict_count(v->terms); t++) {
        if (json_array_append_new(terms, json_string(mli_dict_text(v->terms, t))) == 0)
            continue;
        json_decref(terms);
        return NULL;
    }
    return json_pack("{s:s, s:I, s:I, s:o}", "unit", mli_unit_name[v->grams.unit], "from", (json_int_t)v->grams.low,
                     "to", (json_int_t)v->grams.high, "terms", terms);
}

static json_t *vocabularies_to_json(const struct mli_tfidf *tfidf)
{
    json_t *list = json_array();

    for (size_t k = 0; list && k < tfidf->count; k++) {
        if (json_array_append_new(list, column_to_json(&tfidf->vocabulary[k])) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static size_t count_all(const struct mli_tfidf *tfidf)
{
    size_t n = 0;

    for (size_t k = 0; k < tfidf->count; k++)
        n += mli_dict_count(tfidf->vocabulary[k].terms);
    return n;
}

static enum ml_status tfidf_save(const void *state, json_t *doc, struct mli_tensors *set, struct ml_error *err)
{
    const struct mli_tfidf *tfidf = state;
    size_t at = 0, all = count_all(tfidf);
    double *idf = mli_alloc(all, sizeof(*idf));
    enum ml_status status = idf ? ML_OK : mli_step_nomem(err);

    for (size_t k = 0; idf && k < tfidf->count; k++) {
        size_t n = mli_dict_count(tfidf->vocabulary[k].terms);
        memcpy(idf + at, tfidf->vocabulary[k].idf, n * sizeof(*idf));
        at += n;
    }
    if (status == ML_OK && (!mli_slots_save(tfidf->count, tfidf->slot, doc) ||
                            !mli_json_put(doc, "vocabularies", vocabularies_to_json(tfidf))))
        status = mli_step_nomem(err);
    if (status == ML_OK)
        status = mli_tensors_add_vector(set, "prep.tfidf.idf", all, idf, err);
    free(idf);
    return status;
}

/* Sorted, so that no term can stand twice. */
static enum ml_status load_terms(const json_t *list, struct mli_vocabulary *v, struct ml_error *err)
{
    size_t n = json_array_size(list);
    const char *before = "";
    enum ml_status status = ML_OK;
    int32_t code;

    if (n < 1 || n > MLI_TFIDF_TERMS)
        return ml_error_set(err, ML_EARTIFACT, "\"terms\" must be a list of 1 to %zu terms", MLI_TFIDF_TERMS);
    v->terms = mli_dict_new();
    for (size_t t = 0; v->terms && t < n && status == ML_OK; t++) {
        const char *term = json_string_value(json_array_get(list, t));
        if (!term || strcmp(before, term) >= 0)
            return ml_error_set(err, ML_EARTIFACT, "\"terms[%zu]\" must be a text behind the one before it", t);
        status = mli_dict_add(v->terms, term, strlen(term), &code);
        before = term;
    }
    return v->terms && status == ML_OK ? ML_OK : mli_step_nomem(err);
}

static bool load_length(const json_t *doc, const char *key, size_t low, size_t *out)
{
    const json_t *item = json_object_get(doc, key);
    json_int_t value = json_integer_value(item);

    *out = (size_t)value;
    return json_is_integer(item) && value >= (json_int_t)low && value <= (json_int_t)MLI_GRAMS_MOST;
}

static enum ml_status load_vocabulary(const json_t *doc, struct mli_vocabulary *v, struct ml_error *err)
{
    static const char *const members[] = { "unit", "from", "to", "terms", NULL };
    const char *unit;
    enum ml_status status = json_is_object(doc) ? mli_step_members(doc, members, err)
                                                : ml_error_set(err, ML_EARTIFACT, "it must be an object");

    if (status == ML_OK)
        status = mli_json_str(doc, "unit", &unit, err);
    if (status != ML_OK)
        return status;
    size_t found = mli_choice_word(unit, mli_unit_name, 2);
    if (found == 2)
        return ml_error_set(err, ML_EARTIFACT, "\"unit\" is \"%.40s\", which this version does not know", unit);
    v->grams.unit = (enum mli_unit)found;
    if (!load_length(doc, "from", 1, &v->grams.low) || !load_length(doc, "to", v->grams.low, &v->grams.high))
        return ml_error_set(err, ML_EARTIFACT, "\"from\" and \"to\" must be integers from 1 to %zu, in this order",
                            MLI_GRAMS_MOST);
    return load_terms(json_object_get(doc, "terms"), v, err);
}

/* The weights of all columns, shared out. */
static enum ml_status load_idf(struct mli_tensors *set, struct mli_tfidf *tfidf, struct ml_error *err)
{
    size_t all = count_all(tfidf), at = 0;
    double *idf;
    enum ml_status status = mli_step_numbers(set, "prep.tfidf.idf", all, &idf, err);

    if (status != ML_OK)
        return status;
    for (size_t t = 0; t < all && status == ML_OK; t++)
        if (!(idf[t] >= 1 && idf[t] <= IDF_MOST))
            status = ml_error_set(err, ML_EARTIFACT, "tensor \"prep.tfidf.idf\": element %zu is not from 1 to %d", t,
                                  IDF_MOST);
    for (size_t k = 0; k < tfidf->count && status == ML_OK; k++) {
        struct mli_vocabulary *v = &tfidf->vocabulary[k];
        size_t n = mli_dict_count(v->terms);
        v->idf = mli_alloc(n, sizeof(*v->idf));
        if (!v->idf)
            status = mli_step_nomem(err);
        else
            memcpy(v->idf, idf + at, n * sizeof(*idf));
        at += n;
    }
    free(idf);
    return status;
}

static enum ml_status tfidf_load(const json_t *doc, struct mli_tensors *set, void **out, struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", "vocabularies", NULL };
    size_t count, *slot;
    json_t *list;
    enum ml_status status = mli_step_members(doc, members, err);

    if (status == ML_OK)
        status = mli_json_array(doc, "vocabularies", &list, err);
    if (status == ML_OK)
        status = mli_slots_load(doc, &count, &slot, err);
    if (status != ML_OK)
        return status;
    struct mli_tfidf *tfidf = tfidf_new(count, slot);
    if (!tfidf)
        return mli_step_nomem(err);
    if (json_array_size(list) != count)
        status = ml_error_set(err, ML_EARTIFACT, "\"vocabularies\" has %zu entries for %zu columns",
                              json_array_size(list), count);
    for (size_t k = 0; k < count && status == ML_OK; k++) {
        status = load_vocabulary(json_array_get(list, k), &tfidf->vocabulary[k], err);
        if (status != ML_OK)
            mli_json_within(err, "vocabularies[%zu]", k);
    }
    if (status == ML_OK)
        status = load_idf(set, tfidf, err);
    if (status != ML_OK) {
        tfidf_free(tfidf);
        return status;
    }
    *out = tfidf;
    return ML_OK;
}

const struct mli_step_kind mli_tfidf_step = {
    .name = "tfidf",
    .fit = tfidf_fit,
    .shape = tfidf_shape,
    .save = tfidf_save,
    .load = tfidf_load,
    .free = tfidf_free,
};
