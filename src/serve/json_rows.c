#include <serve/json_rows.h>

#include <base/suggest.h>
#include <serve/budget.h>
#include <string.h>

#define ROW_BUDGET                                                                                 \
    ((size_t)8 << 20) /* bytes jansson may take for a row, and 4 more for each of the row's own */
#define NAMES_SUGGESTED ((size_t)64) /* names looked through for the one that was meant */

struct reader {
    const char *text;
    size_t len, at, max_depth;
    struct mli_intake *intake;
};

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->len && reader->text[reader->at] != '\0' &&
           strchr(" \t\n\r", reader->text[reader->at]))
        reader->at++;
}

/* The next byte that is no white space, '\0' at the end (the text itself has no NUL). */
static char peek(struct reader *reader)
{
    skip_space(reader);
    return reader->at < reader->len ? reader->text[reader->at] : '\0';
}

static enum ml_status broken(const struct reader *reader, const char *what, struct ml_error *err)
{
    if (reader->at >= reader->len)
        return ml_error_set(err, ML_EDATA, "not valid JSON: the body ends too early, %s", what);
    return ml_error_set(err, ML_EDATA, "not valid JSON at byte %zu: %s", reader->at + 1, what);
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static void set_cell(struct mli_intake *intake, size_t field, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        mli_intake_missing(intake, field);
        break;
    case JSON_STRING:
        mli_intake_text(intake, field, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        mli_intake_number(intake, field, json_number_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        mli_intake_bool(intake, field, json_is_true(value));
        break;
    case JSON_ARRAY:
        mli_intake_fault(intake, field, "wrong_type", "[...]", 5);
        break;
    case JSON_OBJECT:
        mli_intake_fault(intake, field, "wrong_type", "{...}", 5);
        break;
    }
}

/* Names of a row that no column has: one of them may be what was meant by a column that is missing. */
struct strangers {
    const char *name[NAMES_SUGGESTED];
    size_t count;
    bool listed;
};

static void list_strangers(const struct mli_schema *schema, json_t *row, struct strangers *out)
{
    const char *name;
    json_t *value;

    out->listed = true;
    json_object_foreach(row, name, value)
    {
        if (out->count < NAMES_SUGGESTED && mli_schema_find(schema, name) == schema->count)
            out->name[out->count++] = name;
    }
}

static void miss_column(struct mli_intake *intake, size_t field, json_t *row,
                        struct strangers *strangers)
{
    const struct mli_schema *schema = intake->worker->schema;
    const char *near = NULL;

    if (intake->faults < MLI_FAULTS) {
        if (!strangers->listed)
            list_strangers(schema, row, strangers);
        size_t i = mli_suggest(schema->field[field].name, strangers->name, strangers->count);
        near = i < strangers->count ? strangers->name[i] : NULL;
    }
    mli_intake_fault(intake, field, "missing_column", near, near ? strlen(near) : 0);
}

static void set_row(struct mli_intake *intake, json_t *row)
{
    const struct mli_schema *schema = intake->worker->schema;
    struct strangers strangers = { .count = 0 };

    for (size_t i = 0; i < schema->count; i++) {
        const json_t *value = json_object_get(row, schema->field[i].name);
        if (value)
            set_cell(intake, i, value);
        else
            miss_column(intake, i, row, &strangers);
    }
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* Whether the value at `at` stays within max_depth; `depth` is that of the value around it. */
static bool depth_fits(const struct reader *reader, size_t depth)
{
    bool in_string = false;
    size_t start = depth;

    for (size_t i = reader->at; i < reader->len; i++) {
        char c = reader->text[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if ((c == '[' || c == '{') && ++depth > reader->max_depth) {
            return false;
        } else if ((c == ']' || c == '}') && --depth <= start) {
            return true;
        }
    }
    return true;
}

static enum ml_status parse_row(struct reader *reader, json_t **out, struct ml_error *err)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL;
    size_t left = reader->len - reader->at;
    json_error_t problem;

    mli_budget_begin(ROW_BUDGET + 4 * left);
    json_t *row = json_loadb(reader->text + reader->at, left, flags, &problem);
    bool exhausted = mli_budget_end();
    if (row) {
        reader->at += (size_t)problem.position;
        *out = row;
        return ML_OK;
    }
    if (exhausted)
        return ml_error_set(err, ML_ELIMIT, "row %zu takes too much memory to read",
                            reader->intake->rows);
    if (json_error_code(&problem) == json_error_out_of_memory)
        return ml_error_set(err, ML_ENOMEM, "out of memory for row %zu", reader->intake->rows);
    return ml_error_set(err, ML_EDATA, "not valid JSON at byte %zu: %s",
                        reader->at + (problem.position > 0 ? (size_t)problem.position : 1),
                        problem.text);
}

static enum ml_status read_row(struct reader *reader, struct ml_error *err)
{
    size_t around = reader->intake->many ? 1 : 0;
    json_t *row;

    if (peek(reader) != '{')
        return broken(reader,
                      around ? "expected a row, which is an object like {\"column\": value}"
                             : "expected an object like {\"column\": value} or an array of them",
                      err);
    if (!depth_fits(reader, around))
        return ml_error_set(err, ML_EDATA, "JSON is nested more than %zu levels deep",
                            reader->max_depth);
    enum ml_status status = mli_intake_row(reader->intake, err);
    if (status == ML_OK)
        status = parse_row(reader, &row, err);
    if (status != ML_OK)
        return status;
    set_row(reader->intake, row);
    json_decref(row);
    return ML_OK;
}

static enum ml_status read_array(struct reader *reader, struct ml_error *err)
{
    reader->intake->many = true;
    reader->at++;
    if (peek(reader) == ']')
        return ml_error_set(err, ML_EDATA, "the array has no rows; expected at least one object");
    for (;;) {
        enum ml_status status = read_row(reader, err);
        if (status != ML_OK)
            return status;
        char next = peek(reader);
        if (next != ',' && next != ']')
            return broken(reader, "expected ',' or ']' after a row", err);
        reader->at++;
        if (next == ']')
            return ML_OK;
    }
}

enum ml_status mli_json_rows(const char *text, size_t len, size_t max_depth,
                             struct mli_intake *intake, struct ml_error *err)
{
    struct reader reader = { .text = text, .len = len, .max_depth = max_depth, .intake = intake };
    const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
    enum ml_status status;

    intake->typed = true;
    if (nul)
        return ml_error_set(err, ML_EDATA, "not valid JSON: there is a NUL byte at byte %zu",
                            (size_t)(nul - text) + 1);
    status = peek(&reader) == '[' ? read_array(&reader, err) : read_row(&reader, err);
    if (status != ML_OK)
        return status;
    if (peek(&reader) != '\0')
        return broken(&reader, "expected nothing after the value", err);
    return mli_intake_end(intake, err);
}
