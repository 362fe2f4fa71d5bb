#include <serve/schemas.h>

#include <base/num.h>
#include <math.h>
#include <model/contributions.h>
#include <serve/outputs.h>
#include <stdio.h>
#include <string.h>
#include <table/dict.h>

#define EXAMPLES ((size_t)100) /* categories that are shown of a column; GET /model has them all */
#define NO_NUL "^[^\\u0000]*$"

/* Both take value; a list or object that lacks one is none: it becomes NULL and stays so. */
static void push(json_t **list, json_t *value)
{
    if (json_array_append_new(*list, value) == 0)
        return;
    json_decref(*list);
    *list = NULL;
}

static void put(json_t **object, const char *key, json_t *value)
{
    if (mli_json_put(*object, key, value))
        return;
    json_decref(*object);
    *object = NULL;
}

static json_t *ref(const char *name)
{
    return mli_schemas_ref("schemas", name);
}

json_t *mli_schemas_ref(const char *kind, const char *name)
{
    char place[96];

    snprintf(place, sizeof(place), "#/components/%s/%s", kind, name);
    return json_pack("{s:s}", "$ref", place);
}

static json_t *column_ref(size_t column)
{
    char name[32];

    snprintf(name, sizeof(name), "Column%zu", column + 1);
    return ref(name);
}

static json_t *list_of(json_t *items)
{
    return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items", items);
}

/* ---- a cell ------------------------------------------------------------------------------------------------------ */

static void say_range(const struct mli_field *field, struct mli_buf *out)
{
    char low[MLI_NUM_MAX + MLI_INSTANT_MAX], high[MLI_NUM_MAX + MLI_INSTANT_MAX];

    if (isnan(field->low))
        return;
    if (field->type == ML_TYPE_INSTANT) {
        mli_instant_format(field->low, low);
        mli_instant_format(field->high, high);
    } else {
        low[mli_num_format(field->low, low)] = '\0';
        high[mli_num_format(field->high, high)] = '\0';
    }
    mli_buf_printf(out, "; training saw %s to %s", low, high);
}

static const char *what(const struct mli_field *field)
{
    switch (field->type) {
    case ML_TYPE_NUMBER:
        return field->integer ? "a number, whole in training; true is 1, false is 0"
                              : "a number; true is 1, false is 0";
    case ML_TYPE_INSTANT:
        return "a date or date-time in ISO 8601, or as the training data has them, or seconds since 1970";
    case ML_TYPE_BOOLEAN:
        return "a truth value";
    case ML_TYPE_TEXT:
        return "a text";
    case ML_TYPE_CATEGORY:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return "a category";
}

static json_t *describe(const struct mli_field *field)
{
    struct mli_buf text;
    size_t values = field->dict ? mli_dict_count(field->dict) : 0;

    mli_buf_init(&text, SIZE_MAX);
    mli_buf_str(&text, what(field));
    if (field->type == ML_TYPE_NUMBER || field->type == ML_TYPE_INSTANT)
        say_range(field, &text);
    if (values > 0)
        mli_buf_printf(&text, "; training saw %zu, others are no error but say nothing", values);
    mli_buf_str(&text, "; null is a missing value");
    json_t *said = text.status == ML_OK ? json_stringn(text.data, text.len) : NULL;
    mli_buf_release(&text);
    return said;
}

static json_t *examples(const struct mli_dict *dict)
{
    json_t *list = json_array();

    for (size_t i = 0; i < mli_dict_count(dict) && i < EXAMPLES; i++)
        push(&list, json_string(mli_dict_text(dict, i)));
    return list;
}

static json_t *instant(enum mli_format format)
{
    json_t *forms = json_pack("[{s:s,s:s},{s:s,s:s},{s:[s,s]},{s:s,s:s}]", "type", "string", "format", "date", "type",
                              "string", "format", "date-time", "type", "number", "null", "const", "", "description",
                              "as every token for a missing value");

    if (format != MLI_FORMAT_ISO)
        push(&forms, json_pack("{s:s,s:[s]}", "type", "string", "examples", mli_format_example(format)));
    return json_pack("{s:o}", "anyOf", forms);
}

static json_t *kind_of(const struct mli_field *field)
{
    switch (field->type) {
    case ML_TYPE_NUMBER:
        return json_pack("{s:[s,s,s]}", "type", "number", "boolean", "null");
    case ML_TYPE_INSTANT:
        return instant(field->format);
    case ML_TYPE_CATEGORY:
    case ML_TYPE_BOOLEAN:
    case ML_TYPE_TEXT:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return json_pack("{s:[s,s,s,s], s:s}", "type", "string", "number", "boolean", "null", "pattern", NO_NUL);
}

static json_t *cell_of(const struct mli_field *field)
{
    json_t *cell = kind_of(field);

    put(&cell, "title", json_string(field->name));
    put(&cell, "description", describe(field));
    if (field->dict)
        put(&cell, "examples", examples(field->dict));
    return cell;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* An object of all columns, each a cell or a list of them. */
static json_t *by_name(const struct mli_schema *schema, bool lists)
{
    json_t *names = json_array(), *properties = json_object();

    for (size_t i = 0; i < schema->count; i++) {
        push(&names, json_string(schema->field[i].name));
        put(&properties, schema->field[i].name, lists ? list_of(column_ref(i)) : column_ref(i));
    }
    return json_pack("{s:s, s:o, s:o}", "type", "object", "required", names, "properties", properties);
}

static json_t *by_place(const struct mli_schema *schema)
{
    json_int_t count = (json_int_t)schema->count;
    json_t *cells = json_array();

    for (size_t i = 0; i < schema->count; i++)
        push(&cells, column_ref(i));
    return json_pack("{s:s, s:s, s:o, s:b, s:I, s:I}", "type", "array", "description",
                     "Cells in the order of the model's columns", "prefixItems", cells, "items", 0, "minItems", count,
                     "maxItems", count);
}

static json_t *any_row(const struct mli_schema *schema)
{
    json_t *wrapped = json_pack("{s:s, s:[s], s:{s:o}, s:b}", "type", "object", "required", "features", "properties",
                                "features", ref("Values"), "additionalProperties", 0);
    json_t *forms = json_pack("[o,o,o]", ref("Row"), ref("Values"), wrapped);

    if (schema->count == 1)
        push(&forms, column_ref(0));
    return json_pack("{s:o}", "anyOf", forms);
}

static bool put_rows(json_t *schemas, const struct mli_schema *schema, size_t max_rows)
{
    char name[32];

    for (size_t i = 0; i < schema->count; i++) {
        snprintf(name, sizeof(name), "Column%zu", i + 1);
        if (!mli_json_put(schemas, name, cell_of(&schema->field[i])))
            return false;
    }
    json_t *many = list_of(ref("Row")), *list = json_object_get(schemas, "RowList");
    return mli_json_put(many, "maxItems", json_integer((json_int_t)max_rows)) &&
           mli_json_put(list, "maxItems", json_integer((json_int_t)max_rows)) &&
           mli_json_put(schemas, "Rows", json_pack("{s:[o,o]}", "oneOf", ref("Row"), many)) &&
           mli_json_put(schemas, "Row", by_name(schema, false)) &&
           mli_json_put(schemas, "Columns", by_name(schema, true)) &&
           mli_json_put(schemas, "Values", by_place(schema)) &&
           mli_json_put(schemas, "AnyRow", any_row(schema));
}

/* ---- predictions ------------------------------------------------------------------------------------------------- */

static json_t *closed(json_t *properties)
{
    const char *key;
    json_t *value, *names = json_array();

    json_object_foreach(properties, key, value)
        push(&names, json_string(key));
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "required", names, "properties", properties,
                     "additionalProperties", 0);
}

static json_t *number(void)
{
    return json_pack("{s:[s,s]}", "type", "number", "null");
}

static json_t *label_of(const struct mli_model_target *target)
{
    json_t *labels = json_array();

    for (size_t k = 0; k < target->classes; k++)
        push(&labels, json_string(target->label[k]));
    return json_pack("{s:o}", "enum", labels);
}

/* Of each class a probability or a score. */
static json_t *classes_of(const struct mli_model_target *target, bool scores)
{
    json_t *properties = json_object();

    for (size_t k = 0; k < target->classes; k++) {
        json_t *one = scores ? number() : json_pack("{s:s, s:i, s:i}", "type", "number", "minimum", 0, "maximum", 1);
        put(&properties, target->label[k], one);
    }
    return closed(properties);
}

/* What is said of the one target, or an object with what is said of each. */
static json_t *of_targets(const struct ml_model *model, bool classes)
{
    bool scores = ml_model_gives_scores(model);
    json_t *all = json_object();

    for (size_t t = 0; t < model->targets; t++) {
        const struct mli_model_target *target = &model->target[t];
        json_t *one = classes ? classes_of(target, scores) : target->classes ? label_of(target) : number();
        if (model->targets == 1) {
            json_decref(all);
            return one;
        }
        put(&all, target->name, one);
    }
    return closed(all);
}

static json_t *prediction_of(const struct ml_model *model, json_t *contributions)
{
    json_t *properties = json_object();

    put(&properties, "prediction", of_targets(model, false));
    if (model->target[0].classes > 0)
        put(&properties, ml_model_gives_scores(model) ? "scores" : "probabilities",
            of_targets(model, true));
    if (contributions)
        put(&properties, "contributions", contributions);
    return closed(properties);
}

static json_t *contributions_of(const struct mli_served *served)
{
    json_t *columns = json_object(), *margin = json_object();

    for (size_t i = 0; i < served->schema->count; i++)
        put(&columns, served->schema->field[i].name, number());
    if (served->model->targets > 1)
        put(&margin, "target", json_pack("{s:s}", "type", "string"));
    put(&margin, "of", json_pack("{s:s}", "type", "string"));
    put(&margin, "margin", number());
    put(&margin, "bias", number());
    put(&margin, "columns", closed(columns));
    return list_of(closed(margin));
}

/* NAME: a prediction; NAMEs: one or a list. */
static bool put_documents(json_t *schemas, const char *name, const char *names, json_t *document)
{
    return mli_json_put(schemas, name, document) &&
           mli_json_put(schemas, names, json_pack("{s:[o,o]}", "oneOf", ref(name), list_of(ref(name))));
}

static json_t *values_of(const struct mli_output *output)
{
    json_t *one = output->label ? label_of(output->target) : number();

    return list_of(output->width > 1 ? list_of(one) : one);
}

static json_t *outputs_of(const struct mli_served *served)
{
    if (served->outputs == 1)
        return values_of(&served->output[0]);
    json_t *properties = json_object();
    for (size_t i = 0; i < served->outputs; i++)
        put(&properties, served->output[i].name, values_of(&served->output[i]));
    return closed(properties);
}

static json_t *output_names(const struct mli_served *served)
{
    json_t *names = json_array();

    for (size_t i = 0; i < served->outputs; i++)
        push(&names, json_string(served->output[i].name));
    return json_pack("{s:o}", "enum", names);
}

static bool put_predictions(json_t *schemas, const struct mli_served *served)
{
    const struct ml_model *model = served->model;
    json_t *label = model->targets == 1 && model->target[0].classes > 0 ? label_of(&model->target[0])
                                                                        : json_pack("{s:s}", "type", "string");

    return mli_json_put(schemas, "Label", label) &&
           put_documents(schemas, "Prediction", "Predictions", prediction_of(model, NULL)) &&
           (!mli_contributions_can(model) ||
            put_documents(schemas, "Explanation", "Explanations", prediction_of(model, contributions_of(served)))) &&
           mli_json_put(schemas, "Bare", served->outputs == 1 ? number() : ref("Prediction")) &&
           mli_json_put(schemas, "Outputs", outputs_of(served)) &&
           mli_json_put(schemas, "OutputName", output_names(served));
}

bool mli_schemas_put(json_t *schemas, const struct mli_served *served, size_t max_rows)
{
    return put_rows(schemas, served->schema, max_rows) && put_predictions(schemas, served);
}
