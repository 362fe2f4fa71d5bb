#include <base/json.h>

#include <base/buf.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_DEPTH 64

/*
 * What must not reach the parser, found before it allocates anything: NUL bytes and nesting that is
 * too deep. Text that is not JSON at all is left to the parser; brackets inside strings do not
 * count.
 */
static enum ml_status check_text(const char *text, size_t len, size_t max_depth, const char *source,
                                 struct ml_error *err)
{
    size_t depth = 0, line = 1;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '\0')
            return ml_error_at(err, ML_EARTIFACT, source, line, 0,
                               "JSON text has a NUL byte in it");
        if (c == '\n')
            line++;
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\' && i + 1 < len && text[i + 1] != '\0')
            i++;
        else if (in_string)
            continue;
        else if ((c == '[' || c == '{') && ++depth > max_depth)
            return ml_error_at(err, ML_EARTIFACT, source, line, 0,
                               "JSON is nested more than %zu levels deep", max_depth);
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return ML_OK;
}

enum ml_status mli_json_parse(const char *text, size_t len, size_t max_depth, const char *source,
                              json_t **out, struct ml_error *err)
{
    json_error_t problem;
    enum ml_status status;

    status = check_text(text, len, max_depth ? max_depth : DEFAULT_DEPTH, source, err);
    if (status != ML_OK)
        return status;
    json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    if (!doc && json_error_code(&problem) == json_error_out_of_memory)
        return ml_error_at(err, ML_ENOMEM, source, 0, 0, "out of memory for JSON of %zu bytes",
                           len);
    if (!doc)
        return ml_error_at(err, ML_EARTIFACT, source, problem.line > 0 ? (size_t)problem.line : 0,
                           problem.column > 0 ? (size_t)problem.column : 0, "not valid JSON: %s",
                           problem.text);
    *out = doc;
    return ML_OK;
}

/* ---- text ---- */

struct writer {
    struct mli_buf buf;
    bool indent;
};

static void write_value(struct writer *w, const json_t *value, size_t depth);

static void write_break(struct writer *w, size_t depth)
{
    if (!w->indent)
        return;
    mli_buf_char(&w->buf, '\n');
    for (size_t i = 0; i < depth; i++)
        mli_buf_str(&w->buf, "  ");
}

static void write_real(struct mli_buf *buf, double value)
{
    size_t start = buf->len;

    mli_buf_number(buf, value);
    /* 3 would read back as an integer */
    if (buf->status == ML_OK && strpbrk(buf->data + start, ".e") == NULL)
        mli_buf_str(buf, ".0");
}

static void write_object(struct writer *w, const json_t *object, size_t depth)
{
    const char *key;
    json_t *value;
    bool first = true;

    mli_buf_char(&w->buf, '{');
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!first)
            mli_buf_char(&w->buf, ',');
        first = false;
        write_break(w, depth + 1);
        mli_buf_json_string(&w->buf, key, strlen(key));
        mli_buf_str(&w->buf, w->indent ? ": " : ":");
        write_value(w, value, depth + 1);
    }
    if (!first)
        write_break(w, depth);
    mli_buf_char(&w->buf, '}');
}

static bool is_nested(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

/* Plain values stay on one line even with indent: a list of names or a shape reads best that way.
 */
static void write_array(struct writer *w, const json_t *array, size_t depth)
{
    size_t n = json_array_size(array);
    bool nested = false;

    for (size_t i = 0; i < n && !nested; i++)
        nested = is_nested(json_array_get(array, i));
    mli_buf_char(&w->buf, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            mli_buf_str(&w->buf, w->indent && !nested ? ", " : ",");
        if (nested)
            write_break(w, depth + 1);
        write_value(w, json_array_get(array, i), depth + 1);
    }
    if (nested)
        write_break(w, depth);
    mli_buf_char(&w->buf, ']');
}

static void write_value(struct writer *w, const json_t *value, size_t depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(w, value, depth);
        break;
    case JSON_ARRAY:
        write_array(w, value, depth);
        break;
    case JSON_STRING:
        mli_buf_json_string(&w->buf, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        mli_buf_printf(&w->buf, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(&w->buf, json_real_value(value));
        break;
    case JSON_TRUE:
        mli_buf_str(&w->buf, "true");
        break;
    case JSON_FALSE:
        mli_buf_str(&w->buf, "false");
        break;
    case JSON_NULL:
        mli_buf_str(&w->buf, "null");
        break;
    }
}

char *mli_json_text(const json_t *doc, bool indent)
{
    struct writer w = { .indent = indent };

    mli_buf_init(&w.buf, SIZE_MAX);
    write_value(&w, doc, 0);
    return mli_buf_detach(&w.buf);
}

/* ---- getters ---- */

static const char *kind(const json_t *value)
{
    if (!value)
        return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "an unknown value";
}

static enum ml_status member(const json_t *obj, const char *key, const char *expected, json_t **out,
                             struct ml_error *err)
{
    if (!json_is_object(obj))
        return ml_error_set(err, ML_EARTIFACT, "\"%s\" is looked for in %s, expected an object",
                            key, kind(obj));
    json_t *value = json_object_get(obj, key);
    if (!value)
        return ml_error_set(err, ML_EARTIFACT, "\"%s\" is missing, expected %s", key, expected);
    *out = value;
    return ML_OK;
}

static enum ml_status wrong_kind(const char *key, const char *expected, const json_t *value,
                                 struct ml_error *err)
{
    return ml_error_set(err, ML_EARTIFACT, "\"%s\" is %s, expected %s", key, kind(value), expected);
}

enum ml_status mli_json_object(const json_t *obj, const char *key, json_t **out,
                               struct ml_error *err)
{
    json_t *value = NULL;
    enum ml_status status = member(obj, key, "an object", &value, err);
    if (status != ML_OK)
        return status;
    if (!json_is_object(value))
        return wrong_kind(key, "an object", value, err);
    *out = value;
    return ML_OK;
}

enum ml_status mli_json_array(const json_t *obj, const char *key, json_t **out,
                              struct ml_error *err)
{
    json_t *value = NULL;
    enum ml_status status = member(obj, key, "an array", &value, err);
    if (status != ML_OK)
        return status;
    if (!json_is_array(value))
        return wrong_kind(key, "an array", value, err);
    *out = value;
    return ML_OK;
}

enum ml_status mli_json_str(const json_t *obj, const char *key, const char **out,
                            struct ml_error *err)
{
    json_t *value = NULL;
    enum ml_status status = member(obj, key, "a string", &value, err);
    if (status != ML_OK)
        return status;
    if (!json_is_string(value))
        return wrong_kind(key, "a string", value, err);
    *out = json_string_value(value);
    return ML_OK;
}

enum ml_status mli_json_size(const json_t *obj, const char *key, size_t *out, struct ml_error *err)
{
    static const char expected[] = "an integer of at least 0";
    json_t *value = NULL;
    enum ml_status status = member(obj, key, expected, &value, err);
    if (status != ML_OK)
        return status;
    if (!json_is_integer(value))
        return wrong_kind(key, expected, value, err);
    if (json_integer_value(value) < 0)
        return ml_error_set(err, ML_EARTIFACT, "\"%s\" is %" JSON_INTEGER_FORMAT ", expected %s",
                            key, json_integer_value(value), expected);
    *out = (size_t)json_integer_value(value);
    return ML_OK;
}

enum ml_status mli_json_number(const json_t *obj, const char *key, double *out,
                               struct ml_error *err)
{
    json_t *value = NULL;
    enum ml_status status = member(obj, key, "a number", &value, err);
    if (status != ML_OK)
        return status;
    if (!json_is_number(value))
        return wrong_kind(key, "a number", value, err);
    *out = json_number_value(value);
    return ML_OK;
}

enum ml_status mli_json_bool(const json_t *obj, const char *key, bool *out, struct ml_error *err)
{
    json_t *value = NULL;
    enum ml_status status = member(obj, key, "a boolean", &value, err);
    if (status != ML_OK)
        return status;
    if (!json_is_boolean(value))
        return wrong_kind(key, "a boolean", value, err);
    *out = json_is_true(value);
    return ML_OK;
}

void mli_json_within(struct ml_error *err, const char *format, ...)
{
    char place[sizeof(err->text)], rest[sizeof(err->text)];
    va_list args;

    if (!err || err->status != ML_EARTIFACT || err->text[0] != '"')
        return;
    va_start(args, format);
    vsnprintf(place, sizeof(place), format, args);
    va_end(args);
    snprintf(rest, sizeof(rest), "%s", err->text + 1);
    struct ml_error longer = ML_ERROR_INIT;
    ml_error_at(&longer, err->status, err->source, err->line, err->column, "\"%s%s%s", place,
                rest[0] == '[' ? "" : ".", rest);
    *err = longer;
}

/* ---- building ---- */

json_t *mli_json_from(double value)
{
    if (!isfinite(value))
        return json_null();
    bool negative_zero = value == 0.0 && signbit(value);
    if (value == trunc(value) && fabs(value) < 0x1p53 && !negative_zero)
        return json_integer((json_int_t)value);
    return json_real(value);
}

bool mli_json_put(json_t *obj, const char *key, json_t *value)
{
    return json_object_set_new(obj, key, value) == 0;
}

void mli_json_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}
