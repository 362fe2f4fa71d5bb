#include <fit/record.h>

#include <fit/warm.h>
#include <math.h>
#include <prep/options.h>
#include <string.h>

static json_t *names(const char *const *list)
{
    json_t *array = json_array();
    for (size_t i = 0; list && list[i]; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

/* The types of a table as pins: what a schema file has decided, which may be gone later. */
static json_t *pins(const struct ml_table *table)
{
    json_t *array = json_array();
    for (size_t j = 0; j < table->columns; j++) {
        const struct mli_column *c = &table->column[j];
        bool instant = c->type == ML_TYPE_INSTANT;
        json_array_append_new(array, json_sprintf("%s=%s%s%s", c->name, ml_type_name(c->type), instant ? ":" : "",
                                                  instant ? mli_format_name(c->format) : ""));
    }
    return array;
}

static bool put_character(json_t *doc, const char *key, char c)
{
    return !c || mli_json_put(doc, key, json_stringn(&c, 1));
}

static bool put_count(json_t *doc, const char *key, size_t count)
{
    return count == 0 || mli_json_put(doc, key, json_integer((json_int_t)count));
}

json_t *mli_record_read(const struct ml_table *table, const struct ml_read_options *options)
{
    static const struct ml_read_options defaults = ML_READ_OPTIONS_INIT;
    const struct ml_csv_options *csv = options ? &options->csv : &defaults.csv;
    json_t *doc = json_object();
    bool ok = doc && put_character(doc, "delimiter", table->delimiter);

    ok = ok && put_character(doc, "quote", csv->quote) && put_character(doc, "comment", csv->comment);
    ok = ok && put_character(doc, "decimal", csv->decimal) && put_character(doc, "thousands", csv->thousands);
    ok = ok && put_count(doc, "skip_rows", csv->skip_rows) && put_count(doc, "max_field", csv->max_field);
    if (ok && csv->no_header)
        ok = mli_json_put(doc, "no_header", json_true());
    if (ok && csv->bad_rows != ML_BAD_ROWS_ERROR)
        ok = mli_json_put(doc, "leave_out_bad_rows", json_true());
    if (ok && csv->encoding)
        ok = mli_json_put(doc, "encoding", json_string(csv->encoding));
    if (ok && options && options->missing)
        ok = mli_json_put(doc, "missing", json_string(options->missing));
    if (ok && options && (options->type || options->schema))
        ok = mli_json_put(doc, "type", options->schema ? pins(table) : names(options->type));
    if (ok && options && options->drop)
        ok = mli_json_put(doc, "drop", names(options->drop));
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

json_t *mli_record_files(const struct ml_table *table)
{
    json_t *files = table->file ? json_array() : NULL;
    for (size_t i = 0; files && i < table->files; i++)
        json_array_append_new(files, json_pack("{sssI}", "path", table->file[i].path, "rows",
                                               (json_int_t)table->file[i].rows));
    return files;
}

/* Path and digest are of the raw rows: the table itself, or the file that preprocess read; counts are of the table. */
static json_t *data(const struct mli_record_parts *p)
{
    json_t *doc = json_object();
    bool ok = doc != NULL;
    ok = ok && mli_json_put(doc, "path", json_string(p->prep ? p->prep->raw_path : p->table->source));
    json_t *files = p->prep ? json_incref(p->prep->raw_files) : mli_record_files(p->table);
    if (files)
        ok = mli_json_put(doc, "files", files) && ok;
    ok = ok && mli_json_put(doc, "sha256",
                            json_string(p->prep ? p->prep->raw_sha256 : p->table->sha256));
    ok = ok && mli_json_put(doc, "rows", json_integer((json_int_t)p->table->rows));
    ok = ok && mli_json_put(doc, "rows_with_target", json_integer((json_int_t)(p->target->n + p->duplicates)));
    if (ok && p->duplicates)
        ok = mli_json_put(doc, "duplicates", json_integer((json_int_t)p->duplicates));
    ok = ok && mli_json_put(doc, "read",
                            p->prep ? json_incref(p->prep->read)
                                    : mli_record_read(p->table, p->config->read));
    if (ok && p->prep) {
        json_t *clean = json_object();
        ok = mli_json_put(clean, "path", json_string(p->table->source)) &&
             mli_json_put(clean, "sha256", json_string(p->prep->clean_sha256));
        ok = mli_json_put(doc, "prepared", clean) && ok;
    }
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

static json_t *settings(const struct mli_record_parts *p)
{
    const struct mli_train_config *t = &p->settings->train;
    const struct ml_read_options *read = p->config->read;
    json_t *doc = json_object();
    bool ok = doc != NULL;
    char loss[MLI_LOSS_TEXT];
    mli_loss_text(&p->settings->loss, loss);
    ok = ok && mli_json_put(doc, "loss", json_string(loss));
    if (ok && p->settings->kind->stack)
        ok = mli_json_put(doc, "layers", json_string(p->layers));
    if (ok && p->settings->members > 1)
        ok = mli_json_put(doc, "members", json_integer((json_int_t)p->settings->members));
    ok = ok && mli_json_put(doc, "optimiser", json_string(t->optimiser));
    ok = ok && mli_json_put(doc, "precision", json_string(p->single ? "float" : "double"));
    ok = ok && (!p->settings->weight || mli_json_put(doc, "weight", json_string(p->settings->weight)));
    ok = ok && (!p->settings->class_weight || mli_json_put(doc, "class_weight", json_string(p->settings->class_weight)));
    ok = ok && mli_json_put(doc, "l1", mli_json_from(t->l1));
    ok = ok && mli_json_put(doc, "l2", mli_json_from(t->l2));
    ok = ok && mli_json_put(doc, "rate", mli_json_from(p->state->base > 0 ? p->state->base : p->state->rate));
    ok = ok && mli_json_put(doc, "momentum", mli_json_from(t->momentum));
    if (ok && strcmp(t->optimiser, "adamw") == 0)
        ok = mli_json_put(doc, "decay", mli_json_from(t->decay));
    ok = ok && (!t->schedule || mli_json_put(doc, "schedule", json_string(t->schedule)));
    ok = ok && (!(t->warmup > 0) || mli_json_put(doc, "warmup", mli_json_from(t->warmup)));
    ok = ok && (!(t->clip > 0) || mli_json_put(doc, "clip", mli_json_from(t->clip)));
    ok = ok && (!(t->min_delta > 0) || mli_json_put(doc, "min_delta", mli_json_from(t->min_delta)));
    ok = ok && (!(p->config->time_budget > 0) ||
                mli_json_put(doc, "time_budget", mli_json_from(p->config->time_budget)));
    ok = ok && mli_json_put(doc, "batch", json_integer((json_int_t)t->batch));
    ok = ok && (!t->windows || mli_json_put(doc, "shuffle", json_string("windows")));
    ok = ok && mli_json_put(doc, "epochs", json_integer((json_int_t)t->epochs));
    ok = ok && mli_json_put(doc, "tolerance", mli_json_from(t->tolerance));
    ok = ok && mli_json_put(doc, "patience", json_integer((json_int_t)t->patience));
    ok = ok && mli_json_put(doc, "validation", mli_json_from(p->settings->validation));
    if (ok && !p->prep) /* else preprocess decided them, and the pipeline shows how */
        ok = mli_prep_to_json(p->settings->prep, doc);
    ok = ok && mli_json_put(doc, "type", names(read ? read->type : NULL));
    ok = ok && mli_json_put(doc, "drop", names(read ? read->drop : NULL));
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}

/* Which rows were held out: what evaluate needs to find them again. */
static bool put_split(json_t *doc, const struct mli_record_parts *p)
{
    const char *group = p->prep ? p->prep->group : p->settings->group;
    bool ok = mli_json_put(doc, "split", json_string(p->prep ? p->prep->split : p->settings->split_text));
    ok = ok && mli_json_put(doc, "split_seed",
                            json_integer((json_int_t)(p->prep ? p->prep->seed : p->config->seed)));
    if (ok && group)
        ok = mli_json_put(doc, "group", json_string(group));
    if (ok && (p->prep ? p->prep->dedupe : p->settings->dedupe))
        ok = mli_json_put(doc, "dedupe", json_true());
    return ok;
}

/* How the target is scaled, for whoever goes on with the model; and which model this run goes on with. */
static bool put_start(json_t *doc, const struct mli_record_parts *p)
{
    json_t *scale = mli_warm_scale(p->units);
    bool ok = !scale || mli_json_put(doc, "target_scale", scale);
    return ok && (!p->config->warm || mli_json_put(doc, "warm_start", mli_warm_origin(p->config)));
}

/* What is decided before training. */
static bool put_plan(json_t *doc, const struct mli_record_parts *p)
{
    bool ok = mli_json_put(doc, "program", json_string("mlctl " ML_VERSION));
    ok = ok && mli_json_put(doc, "kind", json_string(p->settings->kind->name));
    ok = ok && mli_json_put(doc, "data", data(p));
    ok = ok && put_split(doc, p);
    ok = ok && mli_json_put(doc, "seed", json_integer((json_int_t)p->config->seed));
    ok = ok && mli_json_put(doc, "train_rows", json_integer((json_int_t)p->train));
    ok = ok && mli_json_put(doc, "validation_rows", json_integer((json_int_t)p->validation));
    ok = ok && mli_json_put(doc, "test_rows", json_integer((json_int_t)p->test));
    ok = ok && put_start(doc, p);
    ok = ok && mli_json_put(doc, "settings", settings(p));
    ok = ok && mli_json_put(doc, "blas", json_string(mli_blas_core()));
    return ok;
}

json_t *mli_record_identity(const struct mli_record_parts *p)
{
    json_t *doc = json_object();
    if (!doc || !put_plan(doc, p)) {
        json_decref(doc);
        return NULL;
    }
    json_t *where = json_object_get(doc, "data");
    json_object_del(where, "path");
    json_object_del(where, "files");
    json_object_del(json_object_get(where, "prepared"), "path");
    json_object_del(json_object_get(doc, "warm_start"), "path");
    return doc;
}

json_t *mli_record_new(const struct mli_record_parts *p)
{
    json_t *doc = json_object();
    bool ok = doc != NULL;
    ok = ok && put_plan(doc, p);
    if (ok && p->config->command)
        ok = mli_json_put(doc, "command", names(p->config->command));
    ok = ok && mli_json_put(doc, "epochs", json_integer((json_int_t)p->state->epoch));
    ok = ok && mli_json_put(doc, "best_epoch", json_integer((json_int_t)p->state->best));
    ok = ok && mli_json_put(doc, "end",
                            json_string(mli_train_end_text(p->state->end)));
    if (ok && (p->state->end == MLI_TRAIN_TIME || p->state->end == MLI_TRAIN_INTERRUPTED))
        ok = mli_json_put(doc, "steps", json_integer((json_int_t)p->state->steps));
    if (ok && p->config->warm)
        ok = mli_json_put(json_object_get(doc, "warm_start"), "loss", mli_json_from(p->began * p->unit));
    ok = ok && mli_json_put(doc, "loss", mli_json_from(p->state->loss * p->unit));
    ok = ok && mli_json_put(doc, "objective", mli_json_from(p->state->objective * p->unit));
    ok = ok && mli_json_put(doc, "history", mli_history_json(p->history, p->unit));
    if (ok)
        return doc;
    json_decref(doc);
    return NULL;
}
