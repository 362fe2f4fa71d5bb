#include <model/predicted.h>

#include <base/mem.h>
#include <math.h>
#include <model/output.h>
#include <prep/binning.h>
#include <stdlib.h>
#include <string.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for the histogram of predictions");
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Of one target in P, whose numbers are `width` apart. */
struct spread {
    const struct mli_model_target *target;
    size_t n, width;
    const double *P;
};

static json_t *number_json(const struct spread *s)
{
    double *values = mli_alloc(s->n, sizeof(*values));
    struct mli_moments moments;
    struct mli_bins *bins = NULL;

    for (size_t i = 0; values && i < s->n; i++)
        values[i] = s->P[i * s->width];
    const struct mli_values all = { .x = values, .rows = s->n };
    bool made = values && mli_bins_of_values(&all, &moments, &bins) && bins;
    json_t *doc = !made ? NULL
                        : json_pack("{sssssbsisososo}", "name", s->target->name, "type", "number", "integer", 0, "missing", 0,
                                    "min", mli_json_from(moments.low), "max", mli_json_from(moments.high), "histogram",
                                    mli_bins_to_json(bins, NULL));
    free(bins);
    free(values);
    return doc;
}

static json_t *labels_json(const struct mli_dict *labels)
{
    json_t *list = json_array();

    for (size_t k = 0; list && k < mli_dict_count(labels); k++) {
        if (json_array_append_new(list, json_string(mli_dict_text(labels, k))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static bool add_labels(struct mli_dict *labels, const struct mli_model_target *target)
{
    int32_t code;

    for (size_t k = 0; k < target->classes; k++) {
        if (mli_dict_add(labels, target->label[k], strlen(target->label[k]), &code) != ML_OK)
            return false;
    }
    return true;
}

static json_t *class_json(const struct spread *s)
{
    uint64_t *rows = mli_calloc(s->target->classes, sizeof(*rows));
    struct mli_dict *labels = mli_dict_new();
    struct mli_bins *bins = NULL;

    for (size_t i = 0; rows && i < s->n; i++)
        rows[mli_prediction_class(s->P + i * s->width, s->target->classes)]++;
    if (rows && labels && add_labels(labels, s->target))
        bins = mli_bins_of_codes(rows, labels);
    json_t *doc = !bins ? NULL
                        : json_pack("{sssssisoso}", "name", s->target->name, "type", "category", "missing", 0, "categories",
                                    labels_json(labels), "histogram", mli_bins_to_json(bins, labels));
    free(bins);
    mli_dict_free(labels);
    free(rows);
    return doc;
}

static bool all_finite(const double *P, size_t n)
{
    size_t finite = 0;

    for (size_t i = 0; i < n; i++)
        finite += isfinite(P[i]) != 0;
    return finite == n;
}

enum ml_status mli_predicted_json(const struct ml_model *model, size_t n, const double *P, json_t **out, struct ml_error *err)
{
    size_t width = ml_model_width(model), at = 0;
    json_t *list = NULL;

    *out = NULL;
    if (n == 0 || !all_finite(P, n * width))
        return ML_OK;
    if (!(list = json_array()))
        return no_memory(err);
    for (size_t t = 0; t < model->targets; t++) {
        const struct spread spread = { &model->target[t], n, width, P + at };
        if (json_array_append_new(list, model->target[t].classes ? class_json(&spread) : number_json(&spread)) != 0) {
            json_decref(list);
            return no_memory(err);
        }
        at += mli_model_target_width(&model->target[t]);
    }
    *out = list;
    return ML_OK;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool is_label(const struct mli_model_target *target, const char *text)
{
    for (size_t k = 0; k < target->classes; k++) {
        if (strcmp(target->label[k], text) == 0)
            return true;
    }
    return false;
}

static bool is_of(const struct mli_field *field, const struct mli_model_target *target)
{
    if (strcmp(field->name, target->name) != 0 || !field->bins ||
        field->type != (target->classes ? ML_TYPE_CATEGORY : ML_TYPE_NUMBER))
        return false;
    for (size_t k = 0; field->dict && k < mli_dict_count(field->dict); k++) {
        if (!is_label(target, mli_dict_text(field->dict, k)))
            return false;
    }
    return true;
}

enum ml_status mli_predicted_read(const struct ml_model *model, struct mli_schema **out, struct ml_error *err)
{
    const json_t *list = json_object_get(model->record, "predicted");
    struct ml_error problem = ML_ERROR_INIT;
    struct mli_schema *schema = NULL;

    *out = NULL;
    if (!list)
        return ML_OK;
    enum ml_status status = mli_schema_from_json(list, &schema, &problem);
    if (status != ML_OK)
        return ml_error_set(err, status, "the record's \"predicted\": %s", problem.text);
    bool fits = schema->count == model->targets;
    for (size_t t = 0; fits && t < model->targets; t++)
        fits = is_of(&schema->field[t], &model->target[t]);
    if (fits) {
        *out = schema;
        return ML_OK;
    }
    mli_schema_free(schema);
    return ml_error_set(err, ML_EARTIFACT, "the record's \"predicted\" is not of this model's target and labels");
}

enum ml_status mli_predicted_check(const struct ml_model *model, struct ml_error *err)
{
    struct mli_schema *schema = NULL;
    enum ml_status status = mli_predicted_read(model, &schema, err);

    mli_schema_free(schema);
    return status;
}
