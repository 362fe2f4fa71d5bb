#include <export/json_steps.h>

#include <prep/step.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static json_t *drop_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_drop *drop = state;
    json_t *columns = json_array();
    (void)frame;

    for (size_t i = 0; i < drop->count; i++)
        mli_json_append(&columns, json_pack("{s:s, s:s}", "column", drop->column[i].name, "reason",
                                   drop->column[i].reason));
    return columns;
}

static json_t *dates_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_dates *dates = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < dates->count; i++) {
        json_t *parts = json_array();
        for (unsigned p = 0; p < MLI_DATE_PARTS; p++)
            if (dates->parts[i] & (1u << p))
                mli_json_append(&parts, json_string(mli_date_part_name[p]));
        mli_json_append(&columns,
               json_pack("{s:s, s:o}", "column", frame->slot[dates->slot[i]].name, "parts", parts));
    }
    return columns;
}

static json_t *impute_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_imputer *imputer = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < imputer->count; i++)
        mli_json_append(&columns, json_pack("{s:s, s:o}", "column", frame->slot[imputer->slot[i]].name,
                                   "value", mli_json_from(imputer->value[i])));
    return columns;
}

static json_t *flags_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_flags *flags = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < flags->count; i++)
        mli_json_append(&columns, json_pack("{s:s}", "column", frame->slot[flags->slot[i]].name));
    return columns;
}

static const struct mli_dict *slot_dict(const struct mli_frame *frame, size_t slot)
{
    return frame->schema->field[frame->slot[slot].field].dict;
}

static json_t *fill_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_fill *fill = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < fill->count; i++) {
        const struct mli_dict *dict = slot_dict(frame, fill->slot[i]);
        mli_json_append(&columns, json_pack("{s:s, s:s}", "column", frame->slot[fill->slot[i]].name, "value",
                                   mli_dict_text(dict, (size_t)fill->code[i])));
    }
    return columns;
}

static json_t *clip_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_clip *clip = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < clip->count; i++)
        mli_json_append(&columns, json_pack("{s:s, s:o, s:o}", "column", frame->slot[clip->slot[i]].name,
                                   "low", mli_json_from(clip->low[i]), "high",
                                   mli_json_from(clip->high[i])));
    return columns;
}

static json_t *dict_json(const struct mli_dict *dict)
{
    json_t *values = json_array();

    for (size_t k = 0; k < mli_dict_count(dict); k++)
        mli_json_append(&values, json_string(mli_dict_text(dict, k)));
    return values;
}

static json_t *ordinal_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_ordinal *ordinal = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < ordinal->count; i++)
        mli_json_append(&columns, json_pack("{s:s, s:o}", "column", frame->slot[ordinal->slot[i]].name,
                                   "values", dict_json(slot_dict(frame, ordinal->slot[i]))));
    return columns;
}

/* Values with a feature of their own. */
static json_t *kept_json(const struct mli_slot *slot, const struct mli_dict *dict)
{
    json_t *values = json_array();

    for (size_t k = 0; k < slot->values; k++)
        mli_json_append(&values, json_string(mli_dict_text(dict, slot->kept ? (size_t)slot->kept[k] : k)));
    return values;
}

static json_t *power_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_power *power = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < power->count; i++)
        mli_json_append(&columns, json_pack("{s:s, s:o}", "column", frame->slot[power->slot[i]].name,
                                   "lambda", mli_json_from(power->lambda[i])));
    return columns;
}

static json_t *onehot_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_onehot *onehot = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < onehot->count; i++) {
        const struct mli_slot *slot = &frame->slot[onehot->slot[i]];
        json_t *column = json_pack("{s:s, s:o, s:b}", "column", slot->name, "values",
                                   kept_json(slot, slot_dict(frame, onehot->slot[i])), "missing",
                                   onehot->missing[i]);
        if (slot->rare)
            mli_json_put(column, "rare", json_true());
        mli_json_append(&columns, column);
    }
    return columns;
}

static json_t *hashed_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_hashed *hashed = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < hashed->count; i++) {
        const struct mli_hashing *h = &hashed->hashing[i];
        json_t *column = json_pack("{s:s, s:I}", "column", frame->slot[hashed->slot[i]].name, "buckets",
                                   (json_int_t)h->buckets);
        if (h->high > 0 && (!mli_json_put(column, "words_from", json_integer((json_int_t)h->low)) ||
                            !mli_json_put(column, "words_to", json_integer((json_int_t)h->high)))) {
            json_decref(column);
            column = NULL;
        }
        mli_json_append(&columns, column);
    }
    return columns;
}

static json_t *tfidf_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_tfidf *tfidf = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < tfidf->count; i++) {
        const struct mli_vocabulary *v = &tfidf->vocabulary[i];
        json_t *terms = json_array(), *idf = json_array();
        for (size_t t = 0; t < mli_dict_count(v->terms); t++) {
            mli_json_append(&terms, json_string(mli_dict_text(v->terms, t)));
            mli_json_append(&idf, mli_json_from(v->idf[t]));
        }
        mli_json_append(&columns, json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "column", frame->slot[tfidf->slot[i]].name, "unit",
                                   mli_unit_name[v->grams.unit], "from", (json_int_t)v->grams.low, "to",
                                   (json_int_t)v->grams.high, "terms", terms, "idf", idf));
    }
    return columns;
}

static json_t *row_json(const double *value, size_t n)
{
    json_t *list = json_array();

    for (size_t o = 0; o < n; o++)
        mli_json_append(&list, mli_json_from(value[o]));
    return list;
}

/* Values, then missing, then any other, each with one number a feature. */
static json_t *target_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_target_encoder *encoder = state;
    json_t *columns = json_array();

    for (size_t k = 0; k < encoder->count; k++) {
        const double *value = encoder->value + encoder->at[k];
        size_t n = encoder->outputs;
        json_t *means = json_array(), *features = json_array();
        for (size_t v = 0; v < encoder->values[k]; v++)
            mli_json_append(&means, row_json(value + v * n, n));
        for (size_t o = 0; o < n; o++)
            mli_json_append(&features, json_string(frame->slot[encoder->first + k * n + o].name));
        mli_json_append(&columns, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "column",
                                   frame->slot[encoder->slot[k]].name, "features", features, "values",
                                   dict_json(slot_dict(frame, encoder->slot[k])), "means", means,
                                   "missing", row_json(value + encoder->values[k] * n, n), "other",
                                   row_json(value + (encoder->values[k] + 1) * n, n)));
    }
    return columns;
}

static json_t *scale_json(const struct mli_frame *frame, const void *state)
{
    const struct mli_scaler *scaler = state;
    json_t *columns = json_array();

    for (size_t i = 0; i < scaler->count; i++)
        mli_json_append(&columns, json_pack("{s:s, s:o, s:o}", "column", frame->slot[scaler->slot[i]].name,
                                   "shift", mli_json_from(scaler->shift[i]), "scale",
                                   mli_json_from(scaler->scale[i])));
    return columns;
}

static const struct {
    const struct mli_step_kind *kind;
    const char *how;
    json_t *(*columns)(const struct mli_frame *frame, const void *state);
} steps[] = {
    { &mli_drop_step, "these columns are not used", drop_json },
    { &mli_flags_step, "a number COLUMN.missing: 1 if COLUMN is missing, else 0", flags_json },
    { &mli_dates_step,
      "an instant (seconds since 1970, UTC) becomes numbers COLUMN.PART: year, month 1 to 12, "
      "day 1 to 31, weekday 0 (Monday) to 6, hour 0 to 23, minute 0 to 59, yearday 1 to 366, epoch = "
      "seconds / 86400",
      dates_json },
    { &mli_impute_step, "a missing number becomes value", impute_json },
    { &mli_fill_step, "a missing category becomes value", fill_json },
    { &mli_clip_step, "a number below low becomes low, one above high becomes high", clip_json },
    { &mli_power_step,
      "with l = log(1 + |x|), p = lambda if x >= 0 and 2 - lambda if x < 0: x = sign(x) (exp(p l) - 1) "
      "/ p, and sign(x) l if p = 0",
      power_json },
    { &mli_text_step,
      "features COLUMN#0 .. COLUMN#(buckets-1), 0 at first; the text in lower case (Unicode, full mappings) has as "
      "words its runs of two or more characters of general category L or N or _; for each n from words_from to "
      "words_to and each n words in a row, joined by one space: h = MurmurHash3_x86_32 of the UTF-8 bytes with seed 0 "
      "as a signed number, the feature |h| mod buckets gets 1 added if h >= 0, else -1; then all are divided by the "
      "square root of the sum of their squares if that is not 0; a missing text leaves 0",
      hashed_json },
    { &mli_tfidf_step,
      "a feature COLUMN~TERM for each term, 0 at first, for the text in lower case (Unicode, full mappings). Unit words: its "
      "words are its runs of two or more characters of general category L or N or _, and for each n from `from` to `to` "
      "each n words in a row, joined by one space, are a term. Unit chars: its words stand between white space, each gets a "
      "space before and behind it, and for each n from `from` to `to` each n characters in a row of one are a term; one "
      "with n characters or less is a term once, and no longer ones are taken of it. The feature of each term that is "
      "listed gets its idf added each time; then all are divided by the square root of the sum of their squares if that is "
      "not 0; a missing text leaves 0",
      tfidf_json },
    { &mli_hash_step,
      "features COLUMN#0 .. COLUMN#(buckets-1), 0 at first; h = MurmurHash3_x86_32 of the value's UTF-8 bytes with "
      "seed 0 as a signed number, the feature |h| mod buckets becomes 1 if h >= 0, else -1; a missing cell leaves 0",
      hashed_json },
    { &mli_target_step,
      "a category becomes the numbers of features: the entry of means at the place of its value in values, "
      "missing for a missing cell, other for a value that is not listed",
      target_json },
    { &mli_ordinal_step,
      "a category becomes a number: its place in values, from 0 on; -1 for a missing cell and for a value "
      "that is not listed",
      ordinal_json },
    { &mli_onehot_step,
      "one feature COLUMN=VALUE for each value: 1 if the cell is it, else 0; if missing is true a "
      "feature COLUMN=missing: 1 for a missing cell; if rare is true a last feature COLUMN=(rare): 1 "
      "when all before are 0; without it a value that is not listed makes them all 0",
      onehot_json },
    { &mli_scale_step, "x = (x - shift) / scale", scale_json },
};

static json_t *step_json(const struct mli_frame *frame, const struct mli_step *step,
                         struct ml_error *err)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (steps[i].kind == step->kind)
            return json_pack("{s:s, s:s, s:o}", "step", step->kind->name, "how", steps[i].how,
                             "columns", steps[i].columns(frame, step->state));
    ml_error_set(err, ML_EUSAGE, "step \"%s\" cannot be exported as json", step->kind->name);
    return NULL;
}

/* ---- stages ------------------------------------------------------------------------------------------------------ */

static json_t *numbers_json(const double *x, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        mli_json_append(&list, mli_json_from(x[i]));
    return list;
}

static json_t *select_json(const void *state)
{
    const struct mli_select *select = state;
    json_t *kept = json_array();

    for (size_t i = 0; i < select->count; i++)
        mli_json_append(&kept, json_integer((json_int_t)select->keep[i]));
    return json_pack("{s:s, s:o, s:o, s:o}", "method", mli_select_name[select->method], "bound",
                     mli_json_from(select->bound), "score",
                     numbers_json(select->score, select->inputs), "kept", kept);
}

static json_t *pca_json(const void *state)
{
    const struct mli_pca *pca = state;
    json_t *components = json_array();

    for (size_t i = 0; i < pca->count; i++)
        mli_json_append(&components, numbers_json(pca->component + i * pca->inputs, pca->inputs));
    return json_pack("{s:o, s:o, s:o, s:o}", "mean", numbers_json(pca->mean, pca->inputs),
                     "components", components, "variance", numbers_json(pca->variance, pca->count),
                     "ratio", numbers_json(pca->ratio, pca->count));
}

static const struct {
    const struct mli_stage_kind *kind;
    const char *how;
    json_t *(*state)(const void *state);
} stages[] = {
    { &mli_select_stage, "of the features so far, counted from 0, those of kept stay, in that order",
      select_json },
    { &mli_pca_stage,
      "output[j] = sum over i of (input[i] - mean[i]) * components[j][i], the features so far being "
      "the input",
      pca_json },
};

static json_t *stage_json(const struct mli_stage *stage, struct ml_error *err)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        if (stages[i].kind != stage->kind)
            continue;
        json_t *doc = stages[i].state(stage->state);
        if (!doc || !mli_json_put(doc, "step", json_string(stage->kind->name)) ||
            !mli_json_put(doc, "how", json_string(stages[i].how))) {
            json_decref(doc);
            return NULL;
        }
        return doc;
    }
    ml_error_set(err, ML_EUSAGE, "step \"%s\" cannot be exported as json", stage->kind->name);
    return NULL;
}

json_t *mli_json_pipeline(const struct mli_pipeline *pipeline, struct ml_error *err)
{
    json_t *doc = json_array();

    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++)
        mli_json_append(&doc, step_json(mli_pipeline_frame(pipeline), mli_pipeline_step(pipeline, i), err));
    for (size_t i = 0; i < mli_pipeline_stages(pipeline); i++)
        mli_json_append(&doc, stage_json(mli_pipeline_stage(pipeline, i), err));
    return doc;
}
