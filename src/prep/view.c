/* A table through the eyes of a pipeline's schema. */
#include <prep/inside.h>

#include <math.h>
#include <string.h>
#include <table/boolean.h>

enum ml_status mli_pipeline_view_fitted(const struct mli_pipeline *pipeline,
                                        const struct ml_table *table, struct mli_arena *arena,
                                        const struct ml_table **out, struct ml_error *err)
{
    struct ml_table fitted = *table;

    fitted.fold = pipeline->fold;
    return mli_pipeline_view(pipeline, &fitted, arena, out, err);
}

/* Columns mostly stand in the schema's order, so the search begins behind the last one found. */
static size_t find_column(const struct ml_table *table, const char *name, size_t start)
{
    for (size_t k = 0; k < table->columns; k++) {
        size_t i = (start + k) % table->columns;
        if (strcmp(table->column[i].name, name) == 0)
            return i;
    }
    return table->columns;
}

static bool is_empty(const struct mli_column *column, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        if (column->text ? column->text[i] != NULL
            : column->number ? !isnan(column->number[i])
                             : column->code[i] != MLI_CODE_MISSING)
            return false;
    }
    return true;
}

/* Codes of the table's dictionary as codes of the schema's. */
static int32_t *translation(const struct mli_dict *from, const struct mli_column *to,
                            struct mli_arena *arena)
{
    size_t n = mli_dict_count(from);
    int32_t *map = mli_arena_alloc(arena, n, sizeof(*map));

    for (size_t i = 0; map && i < n; i++) {
        const char *text = mli_dict_text(from, i);
        map[i] = to->type == ML_TYPE_BOOLEAN ? mli_boolean_parse(text, strlen(text))
                                             : mli_dict_find(to->dict, text, strlen(text));
    }
    return map;
}

/* An array of all rows is where those of the table are. */
static void *rows_new(const struct ml_table *table, struct mli_arena *arena, size_t size)
{
    return table->spool ? mli_spool_alloc(table->spool, table->rows, size)
                        : mli_arena_alloc(arena, table->rows, size);
}

static bool view_codes(const struct mli_column *column, const struct ml_table *table,
                       struct mli_arena *arena, struct mli_column *out)
{
    size_t rows = table->rows;

    if (column->dict == out->dict) {
        out->code = column->code;
        return true;
    }
    out->code = rows_new(table, arena, sizeof(*out->code));
    const int32_t *map = column->dict ? translation(column->dict, out, arena) : NULL;
    if (!out->code || (column->dict && !map))
        return false;
    for (size_t i = 0; i < rows; i++)
        out->code[i] = !map                   ? MLI_CODE_MISSING
                       : column->code[i] >= 0 ? map[column->code[i]]
                                              : column->code[i];
    return true;
}

static const char *text_of(const struct mli_column *column, size_t row)
{
    return column->dict && column->code[row] >= 0 ? mli_dict_text(column->dict, (size_t)column->code[row])
                                                  : NULL;
}

/* Of codes, or of numbers that are all missing. */
static bool view_texts(const struct mli_column *column, const struct ml_table *table,
                       struct mli_arena *arena, struct mli_column *out)
{
    out->text = column->text;
    if (out->text)
        return true;
    out->text = rows_new(table, arena, sizeof(*out->text));
    for (size_t i = 0; out->text && i < table->rows; i++)
        out->text[i] = text_of(column, i);
    return out->text != NULL;
}

static bool view_empty_numbers(const struct ml_table *table, struct mli_arena *arena,
                               struct mli_column *out)
{
    out->number = rows_new(table, arena, sizeof(*out->number));
    for (size_t i = 0; out->number && i < table->rows; i++)
        out->number[i] = NAN;
    return out->number != NULL;
}

/* A column without a value fits every type: reading could not know which it has. */
static enum ml_status view_column(const struct mli_field *field, const struct mli_column *column,
                                  const struct ml_table *table, struct mli_arena *arena,
                                  struct mli_column *out, struct ml_error *err)
{
    bool coded = field->dict != NULL, text = field->type == ML_TYPE_TEXT && !coded, done;
    bool same = coded  ? column->dict != NULL
                : text ? column->dict != NULL || column->text != NULL
                       : column->type == field->type;

    *out = (struct mli_column){
        .name = field->name, .type = field->type, .format = field->format,
        .integer = field->integer, .dict = field->dict
    };
    if (!same && !is_empty(column, table->rows))
        return ml_error_set(err, ML_EDATA,
                            "column \"%s\": expected type %s, found %s (--type sets it)",
                            field->name, ml_type_name(field->type), ml_type_name(column->type));
    if (text) {
        done = view_texts(column, table, arena, out);
    } else if (coded) {
        done = view_codes(column, table, arena, out);
    } else if (column->number) {
        out->number = column->number;
        done = true;
    } else {
        done = view_empty_numbers(table, arena, out);
    }
    return done ? ML_OK : mli_step_nomem(err);
}

enum ml_status mli_pipeline_view(const struct mli_pipeline *pipeline, const struct ml_table *table,
                                 struct mli_arena *arena, const struct ml_table **out,
                                 struct ml_error *err)
{
    const struct mli_schema *schema = pipeline->schema;
    struct ml_table *view = mli_arena_alloc(arena, 1, sizeof(*view));
    struct mli_column *column = mli_arena_alloc(arena, schema->count, sizeof(*column));
    enum ml_status status = view && column ? ML_OK : mli_step_nomem(err);

    for (size_t i = 0, at = 0; i < schema->count && status == ML_OK; i++, at++) {
        at = find_column(table, schema->field[i].name, at);
        if (at == table->columns)
            return ml_error_set(err, ML_EDATA, "there is no column \"%s\", which the model needs",
                                schema->field[i].name);
        status =
            view_column(&schema->field[i], &table->column[at], table, arena, &column[i],
                        err);
    }
    if (status != ML_OK)
        return status;
    *view = *table;
    view->columns = schema->count;
    view->column = column;
    *out = view;
    return ML_OK;
}
