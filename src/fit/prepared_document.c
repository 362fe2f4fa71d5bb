/*
 * The document of the file of prepared rows, which tells all but the numbers:
 *
 *   {"key":{..},"table":{"source":..,"rows":..,"bytes":..,"sha256":..,"delimiter":..,"encoding":..,
 *    "columns":[["age","number"],..],"files":[rows,..]},"target":{"rows":..,"task":..,"columns":[{"column":..,
 *    "labels":[..],"counts":[..]},..]},"duplicates":..,"parts":[train,validation,test],"weighted":..,"pipeline":{..},"tensors":{..}}
 */
#include <fit/prepared.h>

#include <base/mem.h>
#include <fit/prepfile.h>
#include <string.h>
#include <table/decide.h>
#include <table/table.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- read -------------------------------------------------------------------------------------------------------- */

static enum ml_status copy_text(const json_t *doc, const char *key, char **out, struct ml_error *err)
{
    const char *text;
    enum ml_status status = mli_json_str(doc, key, &text, err);
    if (!status && !(*out = mli_strdup(text)))
        status = no_memory(err);
    return status;
}

static enum ml_status fill_array(const json_t *doc, const char *key, size_t size, char *out, struct ml_error *err)
{
    const char *text;
    enum ml_status status = mli_json_str(doc, key, &text, err);
    if (!status && strlen(text) >= size)
        status = ml_error_set(err, ML_EARTIFACT, "%s is too long", key);
    if (!status)
        memcpy(out, text, strlen(text) + 1);
    return status;
}

static enum ml_status read_column(const json_t *entry, struct mli_column *out, struct ml_error *err)
{
    const char *name = json_string_value(json_array_get(entry, 0)), *type = json_string_value(json_array_get(entry, 1));
    struct mli_pin pin;
    if (!name || !type || !mli_pin_parse(type, &pin))
        return ml_error_set(err, ML_EARTIFACT, "a column has no name or no type");
    out->type = pin.type;
    out->format = pin.format;
    out->name = mli_strdup(name);
    return out->name ? ML_OK : no_memory(err);
}

static enum ml_status read_columns(const json_t *doc, struct ml_table *table, struct ml_error *err)
{
    json_t *columns;
    enum ml_status status = mli_json_array(doc, "columns", &columns, err);
    if (status)
        return status;
    size_t n = json_array_size(columns);
    table->column = mli_calloc(n, sizeof *table->column);
    if (!table->column)
        return no_memory(err);
    for (; !status && table->columns < n; table->columns++)
        status = read_column(json_array_get(columns, table->columns), &table->column[table->columns], err);
    return status;
}

static enum ml_status read_files(const json_t *doc, struct ml_table *table, struct ml_error *err)
{
    const json_t *files = json_object_get(doc, "files");
    size_t n = json_array_size(files);
    if (!n)
        return ML_OK;
    table->file = mli_calloc(n, sizeof *table->file);
    if (!table->file)
        return no_memory(err);
    for (; table->files < n; table->files++)
        table->file[table->files].rows = (size_t)json_integer_value(json_array_get(files, table->files));
    return ML_OK;
}

static enum ml_status read_table(const json_t *doc, struct ml_prepared *out, struct ml_error *err)
{
    struct ml_table *table = out->table = mli_calloc(1, sizeof *table);
    json_t *said;
    size_t bytes = 0;
    char delimiter[2] = "";
    enum ml_status status = table ? mli_json_object(doc, "table", &said, err) : no_memory(err);
    if (!status)
        status = copy_text(said, "source", &table->source, err);
    if (!status)
        status = mli_json_size(said, "rows", &table->rows, err);
    if (!status)
        status = mli_json_size(said, "bytes", &bytes, err);
    if (!status)
        status = fill_array(said, "sha256", sizeof table->sha256, table->sha256, err);
    if (!status)
        status = fill_array(said, "encoding", sizeof table->encoding, table->encoding, err);
    if (!status)
        status = fill_array(said, "delimiter", sizeof delimiter, delimiter, err);
    if (!status)
        status = read_columns(said, table, err);
    if (!status)
        status = read_files(said, table, err);
    if (status)
        return status;
    table->bytes = bytes;
    table->delimiter = delimiter[0];
    return ML_OK;
}

static enum ml_status read_labels(const json_t *labels, const json_t *counts, struct mli_target_column *of,
                                  struct ml_error *err)
{
    size_t n = json_array_size(labels);
    if (!n && !json_array_size(counts))
        return ML_OK;
    if (n < 2 || json_array_size(counts) != n)
        return ml_error_set(err, ML_EARTIFACT, "target: %zu labels and %zu counts", n, json_array_size(counts));
    of->label = mli_calloc(n, sizeof *of->label);
    of->count = mli_calloc(n, sizeof *of->count);
    if (!of->label || !of->count)
        return no_memory(err);
    for (; of->classes < n; of->classes++) {
        const char *label = json_string_value(json_array_get(labels, of->classes));
        if (!label)
            return ml_error_set(err, ML_EARTIFACT, "target: a label is no text");
        of->count[of->classes] = (size_t)json_integer_value(json_array_get(counts, of->classes));
        if (!(of->label[of->classes] = mli_strdup(label)))
            return no_memory(err);
    }
    return ML_OK;
}

static enum ml_status read_target_column(const struct ml_prepared *rows, const json_t *said,
                                         struct mli_target_column *of, struct ml_error *err)
{
    json_t *labels = NULL, *counts = NULL;
    enum ml_status status = mli_json_size(said, "column", &of->column, err);
    if (!status && of->column >= rows->table->columns)
        status = ml_error_set(err, ML_EARTIFACT, "target: there is no column %zu", of->column);
    if (!status)
        status = mli_json_array(said, "labels", &labels, err);
    if (!status)
        status = mli_json_array(said, "counts", &counts, err);
    return status ? status : read_labels(labels, counts, of, err);
}

static enum ml_status read_target(const struct ml_prepared *rows, struct mli_target *target, struct ml_error *err)
{
    json_t *said = NULL, *columns = NULL;
    size_t task = 0;
    enum ml_status status = mli_json_object(rows->document, "target", &said, err);
    if (!status)
        status = mli_json_size(said, "rows", &target->n, err);
    if (!status)
        status = mli_json_size(said, "task", &task, err);
    if (!status)
        status = mli_json_array(said, "columns", &columns, err);
    size_t n = status ? 0 : json_array_size(columns);
    if (!status && n == 0)
        status = ml_error_set(err, ML_EARTIFACT, "target: it has no column");
    if (!status && !(target->of = mli_calloc(n, sizeof *target->of)))
        status = no_memory(err);
    for (; !status && target->columns < n; target->columns++)
        status = read_target_column(rows, json_array_get(columns, target->columns), &target->of[target->columns], err);
    if (status)
        return status;
    target->task = n > 1                    ? MLI_TASK_MULTILABEL
                   : target->of[0].classes ? MLI_TASK_CLASSIFICATION
                                           : MLI_TASK_REGRESSION;
    if (task != (size_t)target->task || n > MLI_LABELS_MAX)
        status = ml_error_set(err, ML_EARTIFACT, "target: there is no task %zu of %zu classes", task, target->of[0].classes);
    return status;
}

static enum ml_status read_parts(const json_t *doc, struct ml_prepared *out, struct ml_error *err)
{
    json_t *parts;
    enum ml_status status = mli_json_array(doc, "parts", &parts, err);
    for (int p = MLI_PART_TRAIN; !status && p < MLI_PARTS; p++) {
        json_int_t n = json_integer_value(json_array_get(parts, (size_t)p - MLI_PART_TRAIN));
        out->part[p].first = out->n;
        out->part[p].n = n > 0 ? (size_t)n : 0;
        if (n < 0 || !mli_add(out->n, out->part[p].n, &out->n))
            status = ml_error_set(err, ML_EARTIFACT, "parts: there cannot be so many rows");
    }
    if (!status && out->part[MLI_PART_TRAIN].n < 1)
        status = ml_error_set(err, ML_EARTIFACT, "parts: there is no row to train on");
    return status;
}

enum ml_status mli_prepared_plan(const struct ml_prepared *rows, struct mli_plan *out, struct ml_error *err)
{
    struct mli_plan plan = { 0 };
    enum ml_status status = read_target(rows, &plan.target, err);
    if (!status)
        status = mli_json_size(rows->document, "duplicates", &plan.duplicates, err);
    for (int p = 0; p < MLI_PARTS; p++)
        plan.rows[p] = rows->part[p].n;
    if (status)
        mli_plan_release(&plan);
    else
        *out = plan;
    return status;
}

enum ml_status mli_prepared_pipeline(const struct ml_prepared *rows, struct mli_pipeline **out, struct ml_error *err)
{
    return mli_prepfile_take_pipeline(rows->document, out, err);
}

/* That the rest of the document can be read too, and how many features there are. */
static enum ml_status try_rest(struct ml_prepared *rows, struct ml_error *err)
{
    struct mli_plan plan;
    struct mli_pipeline *pipeline = NULL;
    enum ml_status status = mli_prepared_plan(rows, &plan, err);
    if (status)
        return status;
    rows->columns = plan.target.columns;
    mli_plan_release(&plan);
    status = mli_prepared_pipeline(rows, &pipeline, err);
    if (!status)
        rows->features = mli_pipeline_features(pipeline);
    mli_pipeline_free(pipeline);
    return status;
}

enum ml_status mli_prepared_decode(const char *text, size_t len, const char *source, struct ml_prepared *out,
                                   struct ml_error *err)
{
    struct ml_prepared rows = { .fd = -1 };
    json_t *key;
    enum ml_status status = mli_json_parse(text, len, 16, source, &rows.document, err);
    if (!status)
        status = mli_json_object(rows.document, "key", &key, err);
    if (!status)
        status = read_table(rows.document, &rows, err);
    if (!status)
        status = mli_json_bool(rows.document, "weighted", &rows.weighted, err);
    if (!status)
        status = read_parts(rows.document, &rows, err);
    if (!status)
        status = try_rest(&rows, err);
    if (status)
        mli_prepared_release(&rows);
    else
        *out = rows;
    return status;
}

/* ---- written ----------------------------------------------------------------------------------------------------- */

static json_t *columns_json(const struct ml_table *table)
{
    json_t *columns = json_array();
    for (size_t j = 0; j < table->columns; j++) {
        const struct mli_column *c = &table->column[j];
        bool instant = c->type == ML_TYPE_INSTANT;
        json_array_append_new(columns, json_pack("[so]", c->name, json_sprintf("%s%s%s", ml_type_name(c->type),
                                                 instant ? ":" : "", instant ? mli_format_name(c->format) : "")));
    }
    return columns;
}

static json_t *table_json(const struct ml_table *table)
{
    const char delimiter[] = { table->delimiter, 0 };
    json_t *files = json_array();
    for (size_t i = 0; i < table->files; i++)
        json_array_append_new(files, json_integer((json_int_t)table->file[i].rows));
    return json_pack("{sssIsIsssssssoso}", "source", table->source, "rows", (json_int_t)table->rows, "bytes",
                     (json_int_t)table->bytes, "sha256", table->sha256, "encoding", table->encoding, "delimiter",
                     delimiter, "columns", columns_json(table), "files", files);
}

static json_t *target_json(const struct mli_target *target)
{
    json_t *columns = json_array();
    for (size_t t = 0; t < target->columns; t++) {
        const struct mli_target_column *of = &target->of[t];
        json_t *labels = json_array(), *counts = json_array();
        for (size_t k = 0; k < of->classes; k++) {
            json_array_append_new(labels, json_string(of->label[k]));
            json_array_append_new(counts, json_integer((json_int_t)of->count[k]));
        }
        json_array_append_new(columns, json_pack("{sIsoso}", "column", (json_int_t)of->column, "labels", labels, "counts",
                                                 counts));
    }
    return json_pack("{sIsiso}", "rows", (json_int_t)target->n, "task", (int)target->task, "columns", columns);
}

json_t *mli_prepared_document(const struct mli_prepared_facts *f, struct ml_error *err)
{
    const struct mli_plan *plan = f->plan;
    json_t *doc = json_pack("{sOsososIs[III]sb}", "key", f->key, "table", table_json(f->table), "target",
                            target_json(&plan->target), "duplicates", (json_int_t)plan->duplicates, "parts",
                            (json_int_t)plan->rows[MLI_PART_TRAIN], (json_int_t)plan->rows[MLI_PART_VALIDATION],
                            (json_int_t)plan->rows[MLI_PART_TEST], "weighted", plan->weight != NULL);
    enum ml_status status = doc ? mli_prepfile_put_pipeline(doc, f->pipeline, err) : no_memory(err);
    if (!status)
        return doc;
    json_decref(doc);
    return NULL;
}
