#include <table/rules.h>

#include <base/file.h>
#include <base/mem.h>
#include <base/suggest.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/boolean.h>
#include <table/schema.h>

void mli_rules_free(struct mli_rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; rules->rule && i < rules->count; i++)
        mli_dict_free(rules->rule[i].categories);
    free(rules->rule);
    mli_dict_free(rules->names);
    free(rules->source);
    free(rules);
}

size_t mli_rules_find(const struct mli_rules *rules, const char *name)
{
    int32_t code = mli_dict_find(rules->names, name, strlen(name));

    return code < 0 ? rules->count : (size_t)code;
}

/* ---- the document ---------------------------------------------------------------------------- */

static enum ml_status out_of_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for a schema");
}

/* Members that are not in the list are refused, naming the nearest that is. */
static enum ml_status check_members(const json_t *doc, const char *const *names, size_t n,
                                    struct ml_error *err)
{
    json_t *object = (json_t *)(uintptr_t)doc; /* iterating changes nothing */

    if (!json_is_object(doc))
        return ml_error_set(err, ML_EARTIFACT, "expected an object");
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (i < n && strcmp(key, names[i]) != 0)
            i++;
        if (i < n)
            continue;
        size_t near = mli_suggest(key, names, n);
        return ml_error_set(err, ML_EARTIFACT, "\"%.100s\" is no member of it%s%s%s", key,
                            near < n ? "; did you mean \"" : "", near < n ? names[near] : "",
                            near < n ? "\"?" : "");
    }
    return ML_OK;
}

static enum ml_status load_flag(const json_t *doc, const char *key, bool *out, struct ml_error *err)
{
    return json_object_get(doc, key) ? mli_json_bool(doc, key, out, err) : ML_OK;
}

/* A number, for an instant also a date; nothing, or null, is no limit. */
static enum ml_status load_limit(const json_t *doc, const char *key, const struct mli_pin *pin,
                                 double *out, struct ml_error *err)
{
    const json_t *value = json_object_get(doc, key);
    const char *text = json_string_value(value);

    *out = NAN;
    if (!value || json_is_null(value))
        return ML_OK;
    if (pin->type != ML_TYPE_NUMBER && pin->type != ML_TYPE_INSTANT)
        return ml_error_set(err, ML_EARTIFACT, "\"%s\" does not go with type %s", key,
                            ml_type_name(pin->type));
    if (!text || pin->type != ML_TYPE_INSTANT)
        return mli_json_number(doc, key, out, err);
    if (mli_instant_parse_as(pin->format, text, json_string_length(value), out))
        return ML_OK;
    return ml_error_set(err, ML_EARTIFACT, "\"%s\" is \"%.60s\", which is no date", key, text);
}

static enum ml_status load_type(const json_t *doc, struct mli_rule *rule, struct ml_error *err)
{
    const char *type = NULL, *format = NULL;
    enum ml_status status = mli_json_str(doc, "type", &type, err);

    if (status != ML_OK)
        return status;
    if (!ml_type_parse(type, &rule->pin.type))
        return ml_error_set(err, ML_EARTIFACT,
                            "\"%.60s\" is not a type; there are number, category, boolean, instant, "
                            "text and identifier",
                            type);
    if (!json_object_get(doc, "format"))
        return ML_OK;
    status = mli_json_str(doc, "format", &format, err);
    if (status != ML_OK)
        return status;
    rule->pin.formatted = mli_format_parse(format, &rule->pin.format);
    if (rule->pin.formatted && rule->pin.type == ML_TYPE_INSTANT)
        return ML_OK;
    return ml_error_set(err, ML_EARTIFACT,
                        "\"%.60s\" is not a format of dates; there are iso, dmy, mdy, ymd and named",
                        format);
}

static enum ml_status add_category(const json_t *value, struct mli_dict *dict, struct ml_error *err)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value), before = mli_dict_count(dict);
    int32_t code;

    if (!text || len == 0 || strlen(text) != len)
        return ml_error_set(err, ML_EARTIFACT, "a category must be a string that is not empty");
    if (mli_dict_add(dict, text, len, &code) != ML_OK)
        return out_of_memory(err);
    return mli_dict_count(dict) > before
               ? ML_OK
               : ml_error_set(err, ML_EARTIFACT, "category \"%.100s\" stands twice", text);
}

static enum ml_status load_categories(const json_t *doc, struct mli_rule *rule, struct ml_error *err)
{
    json_t *list;

    if (!json_object_get(doc, "categories"))
        return ML_OK;
    if (rule->pin.type != ML_TYPE_CATEGORY && rule->pin.type != ML_TYPE_BOOLEAN)
        return ml_error_set(err, ML_EARTIFACT, "\"categories\" does not go with type %s",
                            ml_type_name(rule->pin.type));
    enum ml_status status = mli_json_array(doc, "categories", &list, err);
    if (status != ML_OK)
        return status;
    rule->categories = mli_dict_new();
    if (!rule->categories)
        return out_of_memory(err);
    for (size_t i = 0; i < json_array_size(list) && status == ML_OK; i++)
        status = add_category(json_array_get(list, i), rule->categories, err);
    if (status != ML_OK || rule->pin.type != ML_TYPE_BOOLEAN)
        return status;
    bool pair = mli_dict_count(rule->categories) == 2;
    for (size_t i = 0; i < 2 && pair; i++) {
        const char *text = mli_dict_text(rule->categories, i);
        pair = mli_boolean_parse(text, strlen(text)) == (int32_t)i;
    }
    return pair ? ML_OK
                : ml_error_set(err, ML_EARTIFACT,
                               "the categories of a boolean are a false word and a true one");
}

static enum ml_status load_name(const json_t *doc, struct mli_rules *rules, struct ml_error *err)
{
    const char *name = NULL;
    size_t before = mli_dict_count(rules->names);
    int32_t code;
    enum ml_status status = mli_json_str(doc, "name", &name, err);

    if (status != ML_OK)
        return status;
    if (name[0] == '\0')
        return ml_error_set(err, ML_EARTIFACT, "\"name\" is empty");
    if (mli_dict_add(rules->names, name, strlen(name), &code) != ML_OK)
        return out_of_memory(err);
    return mli_dict_count(rules->names) > before
               ? ML_OK
               : ml_error_set(err, ML_EARTIFACT, "\"name\": \"%.100s\" stands twice", name);
}

static enum ml_status load_rule(const json_t *doc, struct mli_rules *rules, struct mli_rule *rule,
                                struct ml_error *err)
{
    static const char *const members[] = { "name",     "type",    "integer", "format",
                                           "missing",  "min",     "max",     "distinct",
                                           "required", "minimum", "maximum", "categories" };
    enum ml_status status = check_members(doc, members, sizeof(members) / sizeof(*members), err);

    if (status == ML_OK)
        status = load_name(doc, rules, err);
    if (status == ML_OK)
        status = load_type(doc, rule, err);
    if (status == ML_OK)
        status = load_flag(doc, "integer", &rule->integer, err);
    if (status == ML_OK && rule->integer && rule->pin.type != ML_TYPE_NUMBER)
        status = ml_error_set(err, ML_EARTIFACT, "\"integer\" goes with type number alone");
    if (status == ML_OK)
        status = load_flag(doc, "required", &rule->required, err);
    if (status == ML_OK)
        status = load_limit(doc, "minimum", &rule->pin, &rule->minimum, err);
    if (status == ML_OK)
        status = load_limit(doc, "maximum", &rule->pin, &rule->maximum, err);
    if (status == ML_OK && rule->minimum > rule->maximum)
        status = ml_error_set(err, ML_EARTIFACT, "\"minimum\" is above \"maximum\"");
    return status == ML_OK ? load_categories(doc, rule, err) : status;
}

static enum ml_status load(const json_t *doc, struct mli_rules *rules, struct ml_error *err)
{
    static const char *const members[] = { "rows", "columns", "read" };
    json_t *list;
    enum ml_status status = check_members(doc, members, sizeof(members) / sizeof(*members), err);

    if (status == ML_OK)
        status = mli_json_array(doc, "columns", &list, err);
    if (status != ML_OK)
        return status;
    size_t n = json_array_size(list);
    if (n == 0 || n > MLI_SCHEMA_FIELDS)
        return ml_error_set(err, ML_EARTIFACT, "\"columns\" has %zu entries, expected 1 to %zu", n,
                            MLI_SCHEMA_FIELDS);
    rules->rule = mli_calloc(n, sizeof(*rules->rule));
    rules->names = mli_dict_new();
    if (!rules->rule || !rules->names)
        return out_of_memory(err);
    for (size_t i = 0; i < n && status == ML_OK; i++) {
        struct ml_error inner = ML_ERROR_INIT;
        status = load_rule(json_array_get(list, i), rules, &rules->rule[rules->count++], &inner);
        if (status != ML_OK)
            ml_error_set(err, status, "columns[%zu]: %s", i, inner.text);
    }
    for (size_t i = 0; i < n && status == ML_OK; i++)
        rules->rule[i].name = mli_dict_text(rules->names, i);
    return status;
}

enum ml_status mli_rules_decode(const char *text, size_t len, const char *source,
                                struct mli_rules **out, struct ml_error *err)
{
    struct mli_rules *rules;
    json_t *doc;
    enum ml_status status = mli_json_parse(text, len, 0, source, &doc, err);

    if (status != ML_OK)
        return status;
    rules = mli_calloc(1, sizeof(*rules));
    if (rules)
        rules->source = mli_strdup(source);
    status = rules && rules->source ? load(doc, rules, err) : out_of_memory(err);
    json_decref(doc);
    if (status == ML_OK) {
        *out = rules;
        return ML_OK;
    }
    ml_error_source(err, source);
    mli_rules_free(rules);
    return status;
}

enum ml_status mli_rules_read(const char *path, struct mli_rules **out, struct ml_error *err)
{
    struct mli_buf text;

    mli_buf_init(&text, (size_t)256 << 20);
    enum ml_status status = mli_file_read(path, &text, err);
    if (status == ML_OK)
        status = mli_rules_decode(text.data, text.len, path, out, err);
    mli_buf_release(&text);
    return status;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void limit_text(const struct mli_rule *rule, double limit, char out[MLI_INSTANT_MAX])
{
    if (rule->pin.type == ML_TYPE_INSTANT)
        mli_instant_format(limit, out);
    else
        mli_num_format(limit, out);
}

static bool in_range(const struct mli_rule *rule, double value, char *why, size_t size)
{
    char limit[MLI_INSTANT_MAX];
    bool below = value < rule->minimum;

    if (!below && !(value > rule->maximum))
        return true;
    limit_text(rule, below ? rule->minimum : rule->maximum, limit);
    snprintf(why, size, "is %s %s, the schema's %s", below ? "below" : "above", limit,
             below ? "minimum" : "maximum");
    return false;
}

static bool allows_number(const struct mli_rule *rule, const char *text, size_t len,
                          struct mli_numerals numerals, char *why, size_t size)
{
    double value;

    if (!mli_num_parse_grouped(text, len, numerals, &value)) {
        snprintf(why, size, "is not a number");
        return false;
    }
    if (rule->integer && value != trunc(value)) {
        snprintf(why, size, "is not a whole number");
        return false;
    }
    return in_range(rule, value, why, size);
}

/* Without a format the cell may have any; that all have one is for the reading to see. */
static bool allows_instant(const struct mli_rule *rule, const char *text, size_t len, char *why,
                           size_t size)
{
    bool ambiguous, given = rule->pin.formatted;
    enum mli_format format = rule->pin.format;
    unsigned shapes = given ? 0 : mli_instant_shapes(text, len, MLI_SHAPES_ALL);
    double value;

    if (shapes)
        format = mli_instant_format_of(shapes, &ambiguous);
    if ((given || shapes) && mli_instant_parse_as(format, text, len, &value))
        return in_range(rule, value, why, size);
    if (given)
        snprintf(why, size, "is not a date (%s) or date-time, like %s", mli_format_name(format),
                 mli_format_example(format));
    else
        snprintf(why, size, "is not a date or date-time");
    return false;
}

static bool allows_category(const struct mli_rule *rule, const char *text, size_t len, char *why,
                            size_t size)
{
    size_t n = rule->categories ? mli_dict_count(rule->categories) : 0, used, shown = 0;

    if (!rule->categories || mli_dict_find(rule->categories, text, len) >= 0)
        return true;
    used = (size_t)snprintf(why, size, "is not one of the schema's %zu categor%s", n,
                            n == 1 ? "y" : "ies");
    for (; shown < n && shown < 5 && used < size; shown++)
        used += (size_t)snprintf(why + used, size - used, "%s\"%.30s\"", shown ? ", " : " (",
                                 mli_dict_text(rule->categories, shown));
    if (shown > 0 && used < size)
        snprintf(why + used, size - used, "%s)", shown < n ? ", ..." : "");
    return false;
}

bool mli_rule_allows(const struct mli_rule *rule, const char *text, size_t len, bool missing,
                     struct mli_numerals numerals, char *why, size_t size)
{
    if (missing) {
        if (rule->required)
            snprintf(why, size, "is missing, which the schema's \"required\" forbids");
        return !rule->required;
    }
    switch (rule->pin.type) {
    case ML_TYPE_NUMBER:
        return allows_number(rule, text, len, numerals, why, size);
    case ML_TYPE_INSTANT:
        return allows_instant(rule, text, len, why, size);
    case ML_TYPE_BOOLEAN:
        if (mli_boolean_parse(text, len) >= 0)
            return true;
        snprintf(why, size, "is not a boolean (" MLI_BOOLEAN_WORDS ")");
        return false;
    case ML_TYPE_CATEGORY:
        return allows_category(rule, text, len, why, size);
    case ML_TYPE_TEXT:
    case ML_TYPE_IDENTIFIER:
        break;
    }
    return true;
}
