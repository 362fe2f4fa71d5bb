/* Prepared rows of CSV files: found again beside them, or made of the table and kept. */
#include <fit/prepared.h>

#include <base/mem.h>
#include <fit/job.h>
#include <fit/spooled.h>
#include <fit/warm.h>
#include <prep/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/table.h>

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- the key ----------------------------------------------------------------------------------------------------- */

static json_t *list(const char *const *names)
{
    json_t *array = json_array();
    for (size_t i = 0; names && names[i]; i++)
        json_array_append_new(array, json_string(names[i]));
    return array;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* How the files are read, as far as it was said: the rest follows from their bytes. */
static json_t *reading(const struct ml_read_options *read)
{
    static const struct ml_read_options defaults = ML_READ_OPTIONS_INIT;
    const struct ml_read_options *r = read ? read : &defaults;
    const struct ml_csv_options *c = &r->csv;
    return json_pack("{sisisisisisIsbsIsbsbsososo}", "delimiter", c->delimiter, "quote", c->quote, "comment", c->comment,
                     "decimal", c->decimal, "thousands", c->thousands, "skip_rows", (json_int_t)c->skip_rows,
                     "no_header", (int)c->no_header, "max_field", (json_int_t)c->max_field, "bad_rows",
                     c->bad_rows != ML_BAD_ROWS_ERROR, "header", (c->said & ML_SAID_HEADER) != 0, "encoding",
                     text_or_null(c->encoding), "missing", text_or_null(r->missing), "type", list(r->type));
}

/* Digest of a file that says how rows are read or prepared; null for none. */
static enum ml_status put_digest(json_t *key, const char *name, const char *path, struct ml_error *err)
{
    char sha256[MLI_SHA256_HEX];
    enum ml_status status = path ? mli_file_sha256(path, sha256, err) : ML_OK;
    if (!status && !mli_json_put(key, name, path ? json_string(sha256) : json_null()))
        status = no_memory(err);
    return status;
}

/* All that the prepared rows depend on and that is known before the data is read. */
static enum ml_status make_key(const char *const *paths, size_t n, const struct ml_fit_config *config,
                               const struct mli_settings *s, json_t **out, struct ml_error *err)
{
    json_t *key = json_object(), *files = json_array();
    char sha256[MLI_SHA256_HEX];
    for (size_t i = 0; n > 1 && i < n; i++)
        json_array_append_new(files, json_string(paths[i]));
    enum ml_status status = key ? mli_files_sha256(paths, n, sha256, err) : no_memory(err);
    bool ok = !status && mli_json_put(key, "program", json_string("mlctl " ML_VERSION)) &&
              mli_json_put(key, "sha256", json_string(sha256)) && mli_json_put(key, "files", json_incref(files)) &&
              mli_json_put(key, "reading", reading(config->read)) &&
              mli_json_put(key, "drop", list(config->read ? config->read->drop : NULL)) &&
              mli_json_put(key, "target", text_or_null(config->target)) &&
              mli_json_put(key, "task", json_string(s->task)) &&
              mli_json_put(key, "split", json_string(s->split_text)) &&
              mli_json_put(key, "group", text_or_null(s->group)) &&
              mli_json_put(key, "weight", text_or_null(s->weight)) &&
              mli_json_put(key, "dedupe", json_boolean(s->dedupe)) &&
              mli_json_put(key, "seed", json_integer((json_int_t)config->seed)) &&
              mli_json_put(key, "model", text_or_null(config->warm ? config->warm->sha256 : NULL)) &&
              mli_json_put(key, "validation", s->train.patience ? mli_json_from(s->validation) : json_null()) &&
              mli_prep_to_json(s->prep, key);
    if (!status && !ok)
        status = no_memory(err);
    if (!status)
        status = put_digest(key, "schema", config->read ? config->read->schema : NULL, err);
    if (!status)
        status = put_digest(key, "prep", config->prep, err);
    json_decref(files);
    if (status)
        json_decref(key);
    else
        *out = key;
    return status;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

struct making {
    const char *const *paths;
    size_t n;
    const struct ml_fit_config *config;
    char *path; /* of the file; owned */
    json_t *key;
};

static enum ml_status write_rows(const struct making *m, const struct ml_table *table, struct ml_error *err)
{
    struct mli_job job = { .table = table, .config = m->config };
    const char *sha256 = json_string_value(json_object_get(m->key, "sha256"));
    enum ml_status status = ML_OK;
    if (strcmp(table->sha256, sha256) != 0)
        return ml_error_at(err, ML_EIO, table->source, 0, 0, "the file changed while it was read");
    status = mli_job_plan(&job, err);
    if (!status)
        status = mli_job_clean(&job, err);
    if (!status) {
        const struct mli_prepared_facts facts = { .key = m->key, .table = table, .plan = &job.plan,
                                                  .pipeline = job.pipeline, .prepared = job.prepared,
                                                  .threads = job.settings.train.threads };
        status = mli_prepared_write(m->path, &facts, err);
    }
    mli_job_release(&job);
    return status;
}

static enum ml_status make_rows(const struct making *m, struct ml_error *err)
{
    static const struct ml_read_options defaults = ML_READ_OPTIONS_INIT;
    struct ml_table *table = NULL;
    enum ml_status status = mli_spooled_read(m->paths, m->n, m->config->read ? m->config->read : &defaults,
                                            m->config->memory, m->path, &table, err);
    if (!status)
        status = write_rows(m, table, err);
    ml_table_free(table);
    return status;
}

/* The path as it is said now; of several files the key has seen to that. */
static enum ml_status name_source(const struct making *m, struct ml_table *table, struct ml_error *err)
{
    bool done = true;
    for (size_t i = 0; done && i < table->files && i < m->n; i++)
        done = (table->file[i].path = mli_strdup(m->paths[i])) != NULL;
    if (m->n == 1) {
        char *source = mli_strdup(m->paths[0]);
        done = source != NULL;
        free(table->source);
        table->source = source;
    }
    return done ? ML_OK : no_memory(err);
}

static void say(const struct making *m, const struct ml_prepared *rows, const char *verb)
{
    ml_log(m->config->log, ML_LOG_NOTE, "rows: %s %s, %zu of %zu features, %.3g MB (%zu to train on, %zu held out)", verb,
           m->path, rows->n, rows->features, 8e-6 * (double)rows->n * (double)(rows->features + 1),
           rows->part[MLI_PART_TRAIN].n + rows->part[MLI_PART_VALIDATION].n, rows->part[MLI_PART_TEST].n);
}

static enum ml_status find_or_make(const struct making *m, struct ml_prepared **out, struct ml_error *err)
{
    struct ml_error why;
    struct ml_prepared *rows = NULL;
    enum ml_status status = mli_prepared_open(m->path, m->key, &rows, &why, err);
    bool found = rows != NULL;
    if (!status && !found && why.status)
        ml_log(m->config->log, ML_LOG_WARNING, "%s is made anew: %s", m->path, why.text);
    if (!status && !found)
        status = make_rows(m, err);
    if (!status && !found)
        status = mli_prepared_open(m->path, m->key, &rows, &why, err);
    if (!status && !rows)
        status = ml_error_set(err, ML_EIO, "%s was changed by someone else: %s", m->path,
                              why.status ? why.text : "it is gone");
    if (!status)
        status = name_source(m, rows->table, err);
    if (status) {
        ml_prepared_free(rows);
        return status;
    }
    say(m, rows, found ? "taken from" : "kept in");
    *out = rows;
    return ML_OK;
}

static enum ml_status check(const struct making *m, struct ml_error *err)
{
    struct stat st;
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->paths[i], "-") == 0 || (stat(m->paths[i], &st) == 0 && !S_ISREG(st.st_mode)))
            return ml_error_set(err, ML_EUSAGE,
                                "--stream needs files: what comes through a pipe cannot be compared with the rows that were kept; write it to a file first");
    if (m->config->read && m->config->read->csv.bad_rows == ML_BAD_ROWS_QUARANTINE)
        return ml_error_set(err, ML_EUSAGE,
                            "--stream reads the data once and --bad-rows quarantine=FILE writes each time; take --bad-rows skip, mlctl preprocess can write the file");
    if (m->config->folds)
        return ml_error_set(err, ML_EUSAGE,
                            "--folds prepares the rows anew for each fold and needs them in memory; leave --stream or --folds away");
    return ML_OK;
}

/* FILE.rows beside the first file. */
static char *default_path(const char *data)
{
    size_t n = strlen(data) + sizeof ".rows";
    char *path = mli_alloc(n, 1);
    if (path)
        snprintf(path, n, "%s.rows", data);
    return path;
}

enum ml_status ml_prepared_open(const char *const *paths, size_t n, const struct ml_fit_config *config,
                                struct ml_prepared **out, struct ml_error *err)
{
    struct making m = { .paths = paths, .n = n, .config = config };
    struct mli_settings settings;
    struct mli_warm warm;
    enum ml_status status = check(&m, err);
    if (!status && config->warm) {
        status = mli_warm_init(config, &warm, err);
        m.config = &warm.config;
    }
    if (!status)
        status = mli_settings_check(m.config, &settings, err);
    if (!status)
        status = make_key(paths, n, m.config, &settings, &m.key, err);
    if (!status && !(m.path = config->cache ? mli_strdup(config->cache) : default_path(paths[0])))
        status = no_memory(err);
    if (!status)
        status = find_or_make(&m, out, err);
    json_decref(m.key);
    free(m.path);
    return status;
}
