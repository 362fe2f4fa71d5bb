#include <table/schema.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>

void mli_schema_free(struct mli_schema *schema)
{
    if (!schema)
        return;
    for (size_t i = 0; schema->field && i < schema->count; i++) {
        free(schema->field[i].name);
        mli_dict_free(schema->field[i].dict);
        free(schema->field[i].bins);
    }
    free(schema->field);
    free(schema);
}

/* Fields are added one by one, so that freeing one that is half made is safe. */
static struct mli_schema *schema_new(size_t capacity)
{
    struct mli_schema *schema = mli_calloc(1, sizeof(*schema));

    if (!schema)
        return NULL;
    schema->field = mli_calloc(capacity, sizeof(*schema->field));
    if (!schema->field) {
        free(schema);
        return NULL;
    }
    return schema;
}

size_t mli_schema_find(const struct mli_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (strcmp(schema->field[i].name, name) == 0)
            return i;
    }
    return schema->count;
}

/* ---- from a table ---------------------------------------------------------------------------- */

struct rows {
    size_t n, used;
    const uint8_t *use; /* NULL: all */
};

static bool all_whole(const double *number, size_t rows, const uint8_t *use)
{
    for (size_t i = 0; i < rows; i++) {
        if ((!use || use[i]) && !isnan(number[i]) && number[i] != trunc(number[i]))
            return false;
    }
    return true;
}

static size_t count_used(size_t rows, const uint8_t *use)
{
    size_t used = 0;

    for (size_t i = 0; use && i < rows; i++)
        used += use[i] != 0;
    return use ? used : rows;
}

/* Rows in use come as they like, so nothing is asked of them that a processor would have to guess. */
static struct mli_range range_of(const double *number, size_t rows, const uint8_t *use)
{
    struct mli_range r = { .low = INFINITY, .high = -INFINITY };

    for (size_t i = 0; i < rows; i++) {
        double value = !use || use[i] ? number[i] : NAN;
        r.low = value < r.low ? value : r.low;
        r.high = value > r.high ? value : r.high;
        r.present += isnan(value) == 0;
    }
    return r;
}

static enum ml_status see_numbers(struct mli_field *field, const double *number, const struct rows *rows,
                                  const struct mli_range *known)
{
    struct mli_range r = known ? *known : range_of(number, rows->n, rows->use);

    field->missing = rows->used - r.present;
    if (r.present == 0)
        return ML_OK;
    field->low = r.low;
    field->high = r.high;
    field->integer = field->type == ML_TYPE_NUMBER && all_whole(number, rows->n, rows->use);
    if (!known || !known->bins)
        return ML_OK;
    field->bins = mli_alloc(1, sizeof(*field->bins));
    if (!field->bins)
        return ML_ENOMEM;
    *field->bins = *known->bins;
    return ML_OK;
}

/* Adds the values that some row has, or all of them with `unseen`; rows[] moves along with them. */
static enum ml_status copy_seen(const struct mli_dict *from, uint64_t *rows, bool unseen, struct mli_dict *to)
{
    for (size_t i = 0; i < mli_dict_count(from); i++) {
        const char *text = mli_dict_text(from, i);
        int32_t code;
        if (!rows[i] && !unseen)
            continue;
        enum ml_status status = mli_dict_add(to, text, strlen(text), &code);
        if (status != ML_OK)
            return status;
        rows[code] = rows[i];
    }
    return ML_OK;
}

static enum ml_status see_codes(struct mli_field *field, const struct mli_column *column,
                                const struct rows *rows, bool bins)
{
    uint64_t *of_code = mli_calloc(mli_dict_count(column->dict), sizeof(*of_code));

    field->dict = mli_dict_new();
    for (size_t i = 0; of_code && i < rows->n; i++) {
        if (rows->use && !rows->use[i])
            continue;
        if (column->code[i] >= 0)
            of_code[column->code[i]]++;
        field->missing += column->code[i] == MLI_CODE_MISSING;
    }
    enum ml_status status = ML_ENOMEM;
    if (of_code && field->dict)
        status = copy_seen(column->dict, of_code, column->type == ML_TYPE_BOOLEAN, field->dict);
    if (status == ML_OK && bins && !(field->bins = mli_bins_of_codes(of_code, field->dict)))
        status = ML_ENOMEM;
    free(of_code);
    return status;
}

static bool is_missing(const struct mli_column *column, size_t row)
{
    return column->number ? isnan(column->number[row]) : column->code[row] == MLI_CODE_MISSING;
}

static void see_texts(struct mli_field *field, const struct mli_column *column, size_t rows,
                      const uint8_t *use)
{
    field->type = ML_TYPE_TEXT;
    for (size_t i = 0; i < rows; i++)
        field->missing += (!use || use[i]) && is_missing(column, i);
}

static enum ml_status see_column(struct mli_field *field, const struct mli_column *column,
                                 const struct rows *rows, bool text, const struct mli_range *range)
{
    field->type = column->type;
    field->format = column->format;
    field->low = field->high = NAN;
    field->name = mli_strdup(column->name);
    if (!field->name)
        return ML_ENOMEM;
    if (text) {
        see_texts(field, column, rows->n, rows->use);
        return ML_OK;
    }
    if (column->dict)
        return see_codes(field, column, rows, range != NULL);
    return see_numbers(field, column->number, rows, range);
}

enum ml_status mli_schema_from_table(const struct ml_table *table, const size_t *columns, size_t n,
                                     const uint8_t *use, struct mli_schema **out,
                                     struct ml_error *err)
{
    return mli_schema_from_columns(table, columns, n, NULL, NULL, use, out, err);
}

enum ml_status mli_schema_from_columns(const struct ml_table *table, const size_t *columns,
                                       size_t n, const uint8_t *text, const struct mli_range *range,
                                       const uint8_t *use,
                                       struct mli_schema **out, struct ml_error *err)
{
    struct mli_schema *schema = schema_new(n);
    enum ml_status status = schema ? ML_OK : ML_ENOMEM;
    const struct rows rows = { table->rows, count_used(table->rows, use), use };
    size_t categories = 0;

    for (size_t i = 0; i < n && status == ML_OK; i++) {
        struct mli_field *field = &schema->field[schema->count++];
        status = see_column(field, &table->column[columns[i]], &rows, text && text[i], range ? &range[i] : NULL);
        if (status == ML_OK && field->dict)
            categories += mli_dict_count(field->dict);
        mli_spool_rest_all(table->spool);
    }
    if (status != ML_OK) {
        ml_error_set(err, status, "out of memory for a schema of %zu columns", n);
    } else if (categories > MLI_SCHEMA_CATEGORIES) {
        status = ml_error_set(
            err, ML_ELIMIT,
            "%zu distinct categories, more than %zu; --drop columns that identify rows", categories,
            MLI_SCHEMA_CATEGORIES);
    } else {
        *out = schema;
        return ML_OK;
    }
    mli_schema_free(schema);
    return status;
}

/* ---- to JSON --------------------------------------------------------------------------------- */

static json_t *categories_to_json(const struct mli_dict *dict)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < mli_dict_count(dict); i++) {
        if (json_array_append_new(list, json_string(mli_dict_text(dict, i))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *field_to_json(const struct mli_field *field)
{
    json_t *doc = json_object();
    bool done = doc && mli_json_put(doc, "name", json_string(field->name)) &&
                mli_json_put(doc, "type", json_string(ml_type_name(field->type)));

    if (done && field->type == ML_TYPE_NUMBER)
        done = mli_json_put(doc, "integer", json_boolean(field->integer));
    if (done && field->type == ML_TYPE_INSTANT)
        done = mli_json_put(doc, "format", json_string(mli_format_name(field->format)));
    done = done && mli_json_put(doc, "missing", json_integer((json_int_t)field->missing));
    if (done && field->dict)
        done = mli_json_put(doc, "categories", categories_to_json(field->dict));
    else if (done && field->type != ML_TYPE_TEXT)
        done = mli_json_put(doc, "min", mli_json_from(field->low)) &&
               mli_json_put(doc, "max", mli_json_from(field->high));
    if (done && field->bins)
        done = mli_json_put(doc, "histogram", mli_bins_to_json(field->bins, field->dict));
    if (done)
        return doc;
    json_decref(doc);
    return NULL;
}

json_t *mli_schema_to_json(const struct mli_schema *schema)
{
    json_t *doc = json_array();

    for (size_t i = 0; doc && i < schema->count; i++) {
        if (json_array_append_new(doc, field_to_json(&schema->field[i])) != 0) {
            json_decref(doc);
            return NULL;
        }
    }
    return doc;
}

/* ---- from JSON ------------------------------------------------------------------------------- */

static enum ml_status out_of_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for a schema");
}

/* A string that a CSV cell can hold and a dictionary that has not got it yet. */
static enum ml_status add_distinct(struct mli_dict *dict, const json_t *value, const char *what,
                                   struct ml_error *err)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    int32_t code;

    if (!text || len == 0 || strlen(text) != len)
        return ml_error_set(err, ML_EARTIFACT, "%s must be a string that is not empty", what);
    if (mli_dict_find(dict, text, len) >= 0)
        return ml_error_set(err, ML_EARTIFACT, "%s \"%s\" stands twice", what, text);
    return mli_dict_add(dict, text, len, &code) == ML_OK ? ML_OK : out_of_memory(err);
}

/* A false word and a true one. */
static enum ml_status check_boolean(const struct mli_dict *dict, struct ml_error *err)
{
    bool good = mli_dict_count(dict) == 2;

    for (size_t i = 0; i < 2 && good; i++) {
        const char *text = mli_dict_text(dict, i);
        good = mli_boolean_parse(text, strlen(text)) == (int32_t)i;
    }
    return good ? ML_OK
                : ml_error_set(err, ML_EARTIFACT,
                               "the categories of a boolean must be a false word and a true one");
}

static enum ml_status load_categories(const json_t *doc, struct mli_field *field, size_t *left,
                                      struct ml_error *err)
{
    json_t *list;
    enum ml_status status = mli_json_array(doc, "categories", &list, err);

    if (status != ML_OK)
        return status;
    if (json_array_size(list) > *left)
        return ml_error_set(err, ML_EARTIFACT, "more than %zu categories in all",
                            MLI_SCHEMA_CATEGORIES);
    *left -= json_array_size(list);
    field->dict = mli_dict_new();
    if (!field->dict)
        return out_of_memory(err);
    for (size_t i = 0; i < json_array_size(list) && status == ML_OK; i++)
        status = add_distinct(field->dict, json_array_get(list, i), "a category", err);
    return status == ML_OK && field->type == ML_TYPE_BOOLEAN ? check_boolean(field->dict, err)
                                                             : status;
}

/* A number, or null for "no value was seen". */
static enum ml_status load_bound(const json_t *doc, const char *key, double *out,
                                 struct ml_error *err)
{
    *out = NAN;
    return json_is_null(json_object_get(doc, key)) ? ML_OK : mli_json_number(doc, key, out, err);
}

static enum ml_status load_range(const json_t *doc, struct mli_field *field, struct ml_error *err)
{
    enum ml_status status = load_bound(doc, "min", &field->low, err);

    if (status == ML_OK)
        status = load_bound(doc, "max", &field->high, err);
    if (status != ML_OK)
        return status;
    if (isnan(field->low) != isnan(field->high) || field->low > field->high)
        return ml_error_set(err, ML_EARTIFACT, "\"min\" and \"max\" are no range");
    return ML_OK;
}

/* Models made before there were formats have none: their instants are ISO 8601. */
static enum ml_status load_format(const json_t *doc, struct mli_field *field, struct ml_error *err)
{
    const char *name;

    if (!json_object_get(doc, "format"))
        return ML_OK;
    enum ml_status status = mli_json_str(doc, "format", &name, err);
    if (status == ML_OK && !mli_format_parse(name, &field->format))
        status = ml_error_set(err, ML_EARTIFACT, "\"%s\" is not a format of dates", name);
    return status;
}

/* Models made before there were histograms have none. */
static enum ml_status load_bins(const json_t *doc, struct mli_field *field, struct ml_error *err)
{
    const json_t *bins = json_object_get(doc, "histogram");

    return bins ? mli_bins_from_json(bins, field->dict, &field->bins, err) : ML_OK;
}

static enum ml_status load_field(const json_t *doc, struct mli_dict *names, size_t *categories,
                                 struct mli_field *field, struct ml_error *err)
{
    const char *type;
    enum ml_status status = add_distinct(names, json_object_get(doc, "name"), "\"name\"", err);

    if (status == ML_OK)
        status = mli_json_str(doc, "type", &type, err);
    if (status == ML_OK && !ml_type_parse(type, &field->type))
        status = ml_error_set(err, ML_EARTIFACT, "\"%s\" is not a type of column", type);
    if (status == ML_OK)
        status = mli_json_size(doc, "missing", &field->missing, err);
    if (status == ML_OK && field->type == ML_TYPE_NUMBER)
        status = mli_json_bool(doc, "integer", &field->integer, err);
    if (status == ML_OK && field->type == ML_TYPE_INSTANT)
        status = load_format(doc, field, err);
    if (status != ML_OK)
        return status;
    field->low = field->high = NAN;
    field->name = mli_strdup(json_string_value(json_object_get(doc, "name")));
    if (!field->name)
        return out_of_memory(err);
    if (field->type == ML_TYPE_TEXT && !json_object_get(doc, "categories"))
        return ML_OK; /* its values are not listed */
    status = mli_type_coded(field->type) ? load_categories(doc, field, categories, err) : load_range(doc, field, err);
    return status == ML_OK ? load_bins(doc, field, err) : status;
}

/* Says in which field of the schema something is wrong. */
static enum ml_status within_field(size_t i, const struct ml_error *inner, struct ml_error *err)
{
    if (inner->status != ML_EARTIFACT)
        return ml_error_set(err, inner->status, "%s", inner->text);
    return ml_error_set(err, ML_EARTIFACT, "schema[%zu]: %s", i, inner->text);
}

enum ml_status mli_schema_from_json(const json_t *doc, struct mli_schema **out,
                                    struct ml_error *err)
{
    size_t n = json_array_size(doc), categories = MLI_SCHEMA_CATEGORIES;
    enum ml_status status = ML_OK;

    if (!json_is_array(doc))
        return ml_error_set(err, ML_EARTIFACT, "the schema is not an array");
    if (n > MLI_SCHEMA_FIELDS)
        return ml_error_set(err, ML_EARTIFACT, "a schema of more than %zu fields",
                            MLI_SCHEMA_FIELDS);
    struct mli_schema *schema = schema_new(n);
    struct mli_dict *names = mli_dict_new();
    if (!schema || !names)
        status = out_of_memory(err);
    for (size_t i = 0; i < n && status == ML_OK; i++) {
        struct ml_error inner = ML_ERROR_INIT;
        struct mli_field *field = &schema->field[schema->count++];
        status = load_field(json_array_get(doc, i), names, &categories, field, &inner);
        if (status != ML_OK)
            within_field(i, &inner, err);
    }
    mli_dict_free(names);
    if (status == ML_OK)
        *out = schema;
    else
        mli_schema_free(schema);
    return status;
}
