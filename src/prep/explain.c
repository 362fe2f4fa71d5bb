#include <prep/explain.h>

#include <prep/inside.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct explanation {
    const struct mli_frame *frame;
    json_t *columns, *dropped;
    bool failed;
};

/* Adds a step to the column that a slot is made of; takes doc. The format makes its text. */
static void say(struct explanation *e, const char *step, size_t slot, json_t *doc,
                const char *format, ...) ML_PRINTF(5, 6);

static void say(struct explanation *e, const char *step, size_t slot, json_t *doc,
                const char *format, ...)
{
    const struct mli_slot *s = &e->frame->slot[slot];
    json_t *column = json_array_get(e->columns, s->field), *made = json_object();
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bool done = made && mli_json_put(made, "step", json_string(step));
    if (done && slot >= e->frame->schema->count)
        done = mli_json_put(made, "slot", json_string(s->name));
    done = done && doc && json_object_update(made, doc) == 0 &&
           mli_json_put(made, "text", json_string(text)) &&
           json_array_append(json_object_get(column, "steps"), made) == 0;
    e->failed |= !done;
    json_decref(doc);
    json_decref(made);
}

static const struct mli_dict *dict_of(const struct explanation *e, size_t slot)
{
    return e->frame->schema->field[e->frame->slot[slot].field].dict;
}

/* ---- one function a step; their names are those of MLI_STEPS ------------------------------------------------- */

static void explain_drop(struct explanation *e, const void *state)
{
    const struct mli_drop *drop = state;

    for (size_t i = 0; i < drop->count; i++) {
        json_t *item = json_pack("{s:s, s:s}", "column", drop->column[i].name, "reason",
                                 drop->column[i].reason);
        e->failed |= json_array_append_new(e->dropped, item) != 0;
    }
}

static void explain_flags(struct explanation *e, const void *state)
{
    const struct mli_flags *flags = state;

    for (size_t k = 0; k < flags->count; k++)
        say(e, "flags", flags->slot[k], json_object(), "%s.missing is 1 where it is missing, else 0",
            e->frame->slot[flags->slot[k]].name);
}

static void explain_dates(struct explanation *e, const void *state)
{
    const struct mli_dates *dates = state;

    for (size_t k = 0; k < dates->count; k++) {
        json_t *parts = json_array();
        char names[128] = "";
        size_t used = 0;
        for (size_t p = 0; p < MLI_DATE_PARTS; p++) {
            if (!(dates->parts[k] >> p & 1))
                continue;
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
                                     mli_date_part_name[p]);
            e->failed |= json_array_append_new(parts, json_string(mli_date_part_name[p])) != 0;
        }
        say(e, "dates", dates->slot[k], json_pack("{s:o}", "parts", parts), "becomes its %s", names);
    }
}

static void explain_impute(struct explanation *e, const void *state)
{
    static const char *const method[] = { "mean", "median", "mode", "constant" };
    const struct mli_imputer *imputer = state;

    for (size_t k = 0; k < imputer->count; k++) {
        const char *how = method[imputer->method[k]];
        say(e, "impute", imputer->slot[k],
            json_pack("{s:s, s:o}", "method", how, "value", mli_json_from(imputer->value[k])),
            "missing becomes %.6g (%s)", imputer->value[k], how);
    }
}

static void explain_fill(struct explanation *e, const void *state)
{
    const struct mli_fill *fill = state;

    for (size_t k = 0; k < fill->count; k++) {
        const char *value = mli_dict_text(dict_of(e, fill->slot[k]), (size_t)fill->code[k]);
        say(e, "fill", fill->slot[k], json_pack("{s:s}", "value", value), "missing becomes \"%s\"",
            value);
    }
}

static void explain_clip(struct explanation *e, const void *state)
{
    static const char *const method[] = { "iqr", "zscore", "quantile" };
    const struct mli_clip *clip = state;

    for (size_t k = 0; k < clip->count; k++) {
        const char *how = method[clip->method[k]];
        say(e, "clip", clip->slot[k],
            json_pack("{s:s, s:o, s:o, s:o}", "method", how, "factor",
                      mli_json_from(clip->factor[k]), "low", mli_json_from(clip->low[k]), "high",
                      mli_json_from(clip->high[k])),
            "at least %.6g, at most %.6g (%s:%g)", clip->low[k], clip->high[k], how, clip->factor[k]);
    }
}

static void explain_power(struct explanation *e, const void *state)
{
    const struct mli_power *power = state;

    for (size_t k = 0; k < power->count; k++)
        say(e, "power", power->slot[k],
            json_pack("{s:s, s:o}", "method", "yeo-johnson", "lambda",
                      mli_json_from(power->lambda[k])),
            "Yeo-Johnson transform, lambda %.6g", power->lambda[k]);
}

static void explain_ordinal(struct explanation *e, const void *state)
{
    const struct mli_ordinal *ordinal = state;

    for (size_t k = 0; k < ordinal->count; k++) {
        size_t values = mli_dict_count(dict_of(e, ordinal->slot[k]));
        say(e, "ordinal", ordinal->slot[k], json_pack("{s:I}", "values", (json_int_t)values),
            "becomes 0 to %zu in sorted order, -1 if missing or unseen", values - 1);
    }
}

static void explain_onehot(struct explanation *e, const void *state)
{
    const struct mli_onehot *onehot = state;

    for (size_t k = 0; k < onehot->count; k++) {
        const struct mli_slot *slot = &e->frame->slot[onehot->slot[k]];
        size_t values = mli_dict_count(dict_of(e, onehot->slot[k]));
        char unseen[64] = "; an unseen value is all 0";
        if (slot->rare)
            snprintf(unseen, sizeof(unseen), ", one for %zu rare and all unseen values", values - slot->values);
        say(e, "onehot", onehot->slot[k],
            json_pack("{s:I, s:b, s:I}", "values", (json_int_t)slot->values, "missing",
                      (int)slot->missing, "rare",
                      (json_int_t)(slot->rare ? values - slot->values : 0)),
            "becomes %zu features of 0 or 1: one for each value%s%s", slot->width,
            slot->missing ? ", one for missing" : "", unseen);
    }
}

static void explain_text(struct explanation *e, const void *state)
{
    const struct mli_hashed *hashed = state;

    for (size_t k = 0; k < hashed->count; k++) {
        const struct mli_hashing *h = &hashed->hashing[k];
        char runs[80] = "its words are";
        if (h->low == h->high && h->low > 1)
            snprintf(runs, sizeof(runs), "its runs of %zu words are", h->low);
        else if (h->low < h->high)
            snprintf(runs, sizeof(runs), "its runs of %zu to %zu words are", h->low, h->high);
        say(e, "text", hashed->slot[k],
            json_pack("{s:I, s:I, s:I}", "buckets", (json_int_t)h->buckets, "words_from",
                      (json_int_t)h->low, "words_to", (json_int_t)h->high),
            "%s hashed into %zu features, scaled to length 1 in each row", runs, h->buckets);
    }
}

static void explain_hash(struct explanation *e, const void *state)
{
    const struct mli_hashed *hashed = state;

    for (size_t k = 0; k < hashed->count; k++)
        say(e, "hash", hashed->slot[k],
            json_pack("{s:I}", "buckets", (json_int_t)hashed->hashing[k].buckets),
            "its hash makes one of %zu features 1 or -1", hashed->hashing[k].buckets);
}

static void explain_tfidf(struct explanation *e, const void *state)
{
    const struct mli_tfidf *tfidf = state;

    for (size_t k = 0; k < tfidf->count; k++) {
        const struct mli_vocabulary *v = &tfidf->vocabulary[k];
        const char *unit = mli_unit_name[v->grams.unit];
        size_t terms = mli_dict_count(v->terms);
        char runs[60] = "words";
        if (v->grams.unit != MLI_UNIT_WORDS || v->grams.high > 1)
            snprintf(runs, sizeof(runs), "runs of %zu to %zu %s", v->grams.low, v->grams.high,
                     v->grams.unit == MLI_UNIT_CHARS ? "characters" : unit);
        say(e, "tfidf", tfidf->slot[k],
            json_pack("{s:s, s:I, s:I, s:I}", "unit", unit, "from", (json_int_t)v->grams.low, "to",
                      (json_int_t)v->grams.high, "terms", (json_int_t)terms),
            "becomes %zu features, its %s by tf-idf, scaled to length 1 in each row", terms, runs);
    }
}

static void explain_target(struct explanation *e, const void *state)
{
    const struct mli_target_encoder *encoder = state;

    for (size_t k = 0; k < encoder->count; k++) {
        double smooth = encoder->smooth[k];
        char how[40] = "auto";
        if (smooth >= 0)
            snprintf(how, sizeof(how), "%g", smooth);
        say(e, "target", encoder->slot[k],
            json_pack("{s:I, s:o}", "values", (json_int_t)encoder->values[k], "smooth",
                      mli_json_from(smooth)),
            "becomes the mean of the target over the rows with its value (%zu values, smooth %s)",
            encoder->values[k], how);
    }
}

static void explain_scale(struct explanation *e, const void *state)
{
    static const char *const method[] = { "standard", "minmax", "robust" };
    const struct mli_scaler *scaler = state;

    for (size_t k = 0; k < scaler->count; k++) {
        const char *how = method[scaler->method[k]];
        say(e, "scale", scaler->slot[k],
            json_pack("{s:s, s:o, s:o}", "method", how, "shift", mli_json_from(scaler->shift[k]),
                      "scale", mli_json_from(scaler->scale[k])),
            "becomes (x - %.6g) / %.6g (%s)", scaler->shift[k], scaler->scale[k], how);
    }
}

static const struct {
    const struct mli_step_kind *kind;
    void (*explain)(struct explanation *e, const void *state);
} rows[] = {
#define EXPLAIN_ROW(name) { &mli_##name##_step, explain_##name },
    MLI_STEPS(EXPLAIN_ROW)
};

/* ---- the document -------------------------------------------------------------------------------------------- */

static json_t *columns_of(const struct mli_schema *schema)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < schema->count; i++) {
        const struct mli_field *field = &schema->field[i];
        json_t *column = json_pack("{s:s, s:s, s:I, s:[], s:[]}", "column", field->name, "type",
                                   ml_type_name(field->type), "missing",
                                   (json_int_t)field->missing, "steps", "features");
        if (json_array_append_new(list, column) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* The features that the steps make of each column, which stages may take further. */
static bool add_features(const struct mli_pipeline *pipeline, json_t *columns)
{
    bool done = true;

    for (size_t o = 0; o < pipeline->outputs && done; o++) {
        const struct mli_slot *slot = &pipeline->frame.slot[pipeline->output[o]];
        json_t *list = json_object_get(json_array_get(columns, slot->field), "features");
        for (size_t k = 0; k < slot->width && done; k++) {
            char *name = mli_slot_feature_name(&pipeline->frame, slot, k);
            done = name && json_array_append_new(list, json_string(name)) == 0;
            free(name);
        }
    }
    return done;
}

static json_t *numbers_of(const double *x, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < n; i++) {
        if (json_array_append_new(list, mli_json_from(x[i])) == 0)
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* What a stage found, as members of doc and behind the text. */
static bool describe_select(const void *state, json_t *doc, char *text, size_t size)
{
    static const char *const why[MLI_SELECT_METHODS] = {
        [MLI_SELECT_VARIANCE] = "variance above",
        [MLI_SELECT_F] = "by F statistic, the largest",
        [MLI_SELECT_L1] = "those with a weight under the L1 penalty",
    };
    const struct mli_select *select = state;

    snprintf(text, size, "%s %g", why[select->method], select->bound);
    return mli_json_put(doc, "method", json_string(mli_select_name[select->method])) &&
           mli_json_put(doc, "bound", mli_json_from(select->bound)) &&
           mli_json_put(doc, "score", numbers_of(select->score, select->inputs));
}

static bool describe_pca(const void *state, json_t *doc, char *text, size_t size)
{
    const struct mli_pca *pca = state;
    double share = 0;

    for (size_t i = 0; i < pca->count; i++)
        share += pca->ratio[i];
    snprintf(text, size, "components with %.4g%% of the variance", 100 * share);
    return mli_json_put(doc, "variance", numbers_of(pca->variance, pca->count)) &&
           mli_json_put(doc, "ratio", numbers_of(pca->ratio, pca->count));
}

static bool describe_stage(const struct mli_stage *stage, json_t *doc)
{
    char found[100] = "", text[200];

    if (!doc || (stage->kind == &mli_select_stage &&
                 !describe_select(stage->state, doc, found, sizeof(found))) ||
        (stage->kind == &mli_pca_stage && !describe_pca(stage->state, doc, found, sizeof(found))))
        return false;
    snprintf(text, sizeof(text), "%s %zu of %zu features: %s", stage->kind->source ? "keeps" : "makes",
             stage->outputs, stage->inputs, found);
    return mli_json_put(doc, "text", json_string(text));
}

static json_t *stages_of(const struct mli_pipeline *pipeline)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < pipeline->stages; i++) {
        const struct mli_stage *stage = &pipeline->stage[i];
        json_t *item = json_pack("{s:s, s:I, s:I}", "stage", stage->kind->name, "inputs",
                                 (json_int_t)stage->inputs, "outputs", (json_int_t)stage->outputs);
        if (describe_stage(stage, item) && json_array_append(list, item) == 0) {
            json_decref(item);
            continue;
        }
        json_decref(item);
        json_decref(list);
        return NULL;
    }
    return list;
}

static void explain_step(struct explanation *e, const struct mli_step *step)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].kind == step->kind)
            rows[i].explain(e, step->state);
    }
}

json_t *mli_explain(const struct mli_pipeline *pipeline)
{
    struct explanation e = { .frame = &pipeline->frame,
                             .columns = columns_of(pipeline->schema),
                             .dropped = json_array() };
    json_t *doc = json_object();
    bool done = doc && e.columns && e.dropped;

    for (size_t i = 0; done && i < pipeline->steps; i++)
        explain_step(&e, &pipeline->step[i]);
    done = done && !e.failed && add_features(pipeline, e.columns) &&
           mli_json_put(doc, "columns", json_incref(e.columns)) &&
           mli_json_put(doc, "dropped", json_incref(e.dropped)) &&
           mli_json_put(doc, "stages", stages_of(pipeline)) &&
           mli_json_put(doc, "features", json_integer((json_int_t)pipeline->features));
    json_decref(e.columns);
    json_decref(e.dropped);
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}
