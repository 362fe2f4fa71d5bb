/*
 * The file of prepared rows: its head and document, opening it with all checks, and writing it. The document:
 *
 *   {"key":{..},"table":{"source":..,"rows":..,"bytes":..,"sha256":..,"delimiter":..,"encoding":..,
 *    "columns":[["age","number"],..],"files":[rows,..]},"target":{"rows":..,"task":..,"columns":[{"column":..,
 *    "labels":[..],"counts":[..]},..]},"duplicates":..,"parts":[train,validation,test],"weighted":..,"pipeline":{..},"tensors":{..}}
 */
#include <fit/prepared.h>

#include <base/mem.h>
#include <errno.h>
#include <fcntl.h>
#include <fit/matrix.h>
#include <fit/prepfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/decide.h>
#include <table/table.h>
#include <unistd.h>

static const char magic[16] = "mlctl rows 1\n";
enum { HEAD = 24, PAGE = 4096, SEAL = MLI_SHA256_HEX - 1, PIECE = 1 << 20, DOCUMENT_MAX = 64 << 20 };

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- the document, read ------------------------------------------------------------------------------------------ */

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

/* ---- places ------------------------------------------------------------------------------------------------------ */

static bool next_page(uint64_t at, uint64_t *out)
{
    size_t up;
    if (!mli_add(at, PAGE - 1, &up))
        return false;
    *out = up / PAGE * PAGE;
    return true;
}

static bool pass(uint64_t from, size_t count, size_t size, uint64_t *out)
{
    size_t bytes, end;
    if (!mli_mul(count, size, &bytes) || !mli_add(from, bytes, &end))
        return false;
    *out = end;
    return true;
}

/* Where everything is, behind a document of that length, and where the seal stands. False: nowhere. */
static bool find_places(struct ml_prepared *rows, size_t document, uint64_t *seal)
{
    uint64_t at;
    size_t row;
    return next_page(HEAD + document, &rows->targets) &&
           pass(rows->targets, rows->n, rows->columns * sizeof(double), &at) &&
           next_page(at, &rows->weights) && pass(rows->weights, rows->weighted ? rows->n : 0, sizeof(double), &at) &&
           next_page(at, &rows->matrix) && mli_mul(rows->features, sizeof(double), &row) &&
           pass(rows->matrix, rows->n, row, seal) && *seal < INT64_MAX - SEAL;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

struct opening {
    const char *path;
    int fd;
    uint64_t size;
    char *text; /* the document */
    size_t len;
};

static bool read_at(const struct opening *o, uint64_t at, void *out, size_t n)
{
    for (char *to = out; n > 0;) {
        ssize_t got = pread(o->fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

/* Head and document. ML_EARTIFACT: of no file of ours; what is ours but torn leaves text NULL. */
static enum ml_status read_head(struct opening *o, struct ml_error *err)
{
    char head[HEAD];
    uint64_t len;
    struct stat st;
    if (fstat(o->fd, &st) != 0 || !S_ISREG(st.st_mode) || !read_at(o, 0, head, HEAD) ||
        memcmp(head, magic, sizeof magic) != 0)
        return ml_error_at(err, ML_EARTIFACT, o->path, 0, 0,
                           "it is no file of prepared rows, which --stream keeps there; move it away, or --cache FILE names another place");
    o->size = (uint64_t)st.st_size;
    memcpy(&len, head + sizeof magic, sizeof len);
    if (len > DOCUMENT_MAX || len > o->size - HEAD)
        return ML_OK;
    o->len = (size_t)len;
    o->text = mli_alloc(o->len + 1, 1);
    if (!o->text)
        return no_memory(err);
    if (read_at(o, HEAD, o->text, o->len))
        return ML_OK;
    free(o->text);
    o->text = NULL;
    return ML_OK;
}

/* Whether the bytes up to the seal have the digest that it says. */
static bool is_sealed(const struct opening *o, uint64_t seal)
{
    char said[SEAL], found[MLI_SHA256_HEX], *piece = mli_alloc(PIECE, 1);
    struct mli_sha256 sha;
    bool whole = piece && o->size == seal + SEAL && read_at(o, seal, said, SEAL);
    mli_sha256_init(&sha);
    for (uint64_t at = 0; whole && at < seal;) {
        size_t n = seal - at < PIECE ? (size_t)(seal - at) : PIECE;
        whole = read_at(o, at, piece, n);
        mli_sha256_add(&sha, piece, n);
        at += n;
    }
    mli_sha256_hex(&sha, found);
    free(piece);
    return whole && memcmp(said, found, SEAL) == 0;
}

/* The first setting of the key in which they differ; NULL: none. */
static const char *difference(const json_t *asked, const json_t *found)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)asked, name, value)
        if (!json_equal(value, json_object_get(found, name)))
            return name;
    json_object_foreach((json_t *)found, name, value)
        if (!json_object_get(asked, name))
            return name;
    return NULL;
}

static enum ml_status check(const struct opening *o, const json_t *key, struct ml_prepared *rows, struct ml_error *why)
{
    uint64_t seal = 0;
    if (!o->text)
        return ml_error_set(why, ML_EARTIFACT, "it is damaged");
    enum ml_status status = mli_prepared_decode(o->text, o->len, o->path, rows, NULL);
    if (status)
        return status == ML_ENOMEM ? no_memory(why) : ml_error_set(why, ML_EARTIFACT, "it is damaged");
    const char *other = difference(key, json_object_get(rows->document, "key"));
    if (other && strcmp(other, "sha256") == 0)
        return ml_error_set(why, ML_EARTIFACT, "it is of other data");
    if (other)
        return ml_error_set(why, ML_EARTIFACT, "it is of another %s", other);
    if (!find_places(rows, o->len, &seal) || o->size != seal + SEAL)
        return ml_error_set(why, ML_EARTIFACT, "it is not whole");
    return is_sealed(o, seal) ? ML_OK : ml_error_set(why, ML_EARTIFACT, "it is damaged (its SHA-256 differs)");
}

enum ml_status mli_prepared_open(const char *path, const json_t *key, struct ml_prepared **out, struct ml_error *why,
                                 struct ml_error *err)
{
    struct ml_prepared *rows = NULL, found = { .fd = -1 };
    struct opening o = { .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
    *why = (struct ml_error)ML_ERROR_INIT;
    if (o.fd < 0 && errno == ENOENT)
        return ML_OK;
    if (o.fd < 0)
        return ml_error_set(err, ML_EIO, "cannot read \"%s\": %s", path, strerror(errno));
    enum ml_status status = read_head(&o, err);
    enum ml_status usable = status ? status : check(&o, key, &found, why);
    free(o.text);
    if (!usable) {
        rows = mli_alloc(1, sizeof *rows);
        found.path = mli_strdup(path);
        if (!rows || !found.path)
            status = no_memory(err);
    }
    if (usable || status) {
        mli_prepared_release(&found);
        free(rows);
        close(o.fd);
        return status;
    }
    found.fd = o.fd;
    *rows = found;
    *out = rows;
    return ML_OK;
}

/* ---- the document, written --------------------------------------------------------------------------------------- */

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

static json_t *document(const struct mli_prepared_facts *f, struct ml_error *err)
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

/* ---- writing ----------------------------------------------------------------------------------------------------- */

struct writing {
    const struct mli_prepared_facts *facts;
    struct mli_output *out;
    struct mli_sha256 sha;
    uint64_t at;
    size_t blocks;
};

static enum ml_status put(struct writing *w, const void *bytes, size_t n, struct ml_error *err)
{
    mli_sha256_add(&w->sha, bytes, n);
    w->at += n;
    return mli_output_write(w->out, bytes, n, err);
}

static enum ml_status pad(struct writing *w, struct ml_error *err)
{
    static const char zeros[PAGE];
    size_t over = w->at % PAGE;
    return over ? put(w, zeros, PAGE - over, err) : ML_OK;
}

/* Of each row in the order of the parts: its numbers of `of`, width of them, one of each row of the table or of those with a target. */
static enum ml_status put_numbers(struct writing *w, const double *of, size_t width, bool every, struct ml_error *err)
{
    const struct mli_prepared_facts *f = w->facts;
    const struct mli_plan *plan = f->plan;
    enum { MANY = 1 << 16 };
    struct mli_buf bytes;
    enum ml_status status = ML_OK;
    mli_buf_init(&bytes, SIZE_MAX);
    for (int p = MLI_PART_TRAIN; p < MLI_PARTS; p++) {
        for (size_t row = 0, i = 0; !status && row < f->table->rows; row++) {
            if (plan->part[row] == p)
                mli_buf_add(&bytes, of + (every ? row : i) * width, width * sizeof *of);
            i += plan->target.has[row];
            if (bytes.len < MANY)
                continue;
            status = bytes.status ? no_memory(err) : put(w, bytes.data, bytes.len, err);
            mli_buf_reset(&bytes);
        }
    }
    if (!status && bytes.len > 0)
        status = bytes.status ? no_memory(err) : put(w, bytes.data, bytes.len, err);
    mli_buf_release(&bytes);
    return status ? status : pad(w, err);
}

static enum ml_status put_block(void *data, const struct mli_matrix_block *block, struct ml_error *err)
{
    struct writing *w = data;
    size_t d = mli_pipeline_features(w->facts->pipeline);
    if (w->facts->table->spool && w->blocks++ % 64 == 0)
        mli_spool_rest_all(w->facts->table->spool);
    return put(w, block->X, block->n * d * sizeof *block->X, err);
}

static enum ml_status put_rows(struct writing *w, struct ml_error *err)
{
    const struct mli_prepared_facts *f = w->facts;
    enum ml_status status = ML_OK;
    for (int p = MLI_PART_TRAIN; !status && p < MLI_PARTS; p++) {
        const struct mli_matrix_rows rows = { .pipeline = f->pipeline, .table = f->table, .prepared = f->prepared,
                                              .part = f->plan->part, .which = (uint8_t)p, .threads = f->threads };
        if (f->plan->rows[p])
            status = mli_matrix_ordered(&rows, put_block, w, err);
    }
    return status;
}

static enum ml_status put_head(struct writing *w, struct ml_error *err)
{
    json_t *doc = document(w->facts, err);
    char *text = doc ? mli_json_text(doc, false) : NULL;
    uint64_t len = text ? strlen(text) : 0;
    enum ml_status status = !doc ? ML_EIO : text ? ML_OK : no_memory(err);
    if (!doc && err)
        status = err->status;
    if (!status)
        status = put(w, magic, sizeof magic, err);
    if (!status)
        status = put(w, &len, sizeof len, err);
    if (!status)
        status = put(w, text, (size_t)len, err);
    free(text);
    json_decref(doc);
    return status ? status : pad(w, err);
}

static enum ml_status put_all(struct writing *w, struct ml_error *err)
{
    char seal[MLI_SHA256_HEX];
    enum ml_status status = put_head(w, err);
    if (!status)
        status = put_numbers(w, w->facts->plan->target.y, w->facts->plan->target.columns, false, err);
    if (!status && w->facts->plan->weight)
        status = put_numbers(w, w->facts->plan->weight, 1, true, err);
    if (!status)
        status = put_rows(w, err);
    mli_sha256_hex(&w->sha, seal);
    return status ? status : mli_output_write(w->out, seal, SEAL, err);
}

enum ml_status mli_prepared_write(const char *path, const struct mli_prepared_facts *facts, struct ml_error *err)
{
    struct writing w = { .facts = facts };
    enum ml_status status = mli_output_open(path, &w.out, err);
    if (status)
        return status;
    mli_sha256_init(&w.sha);
    status = put_all(&w, err);
    if (!status)
        return mli_output_commit(w.out, err);
    mli_output_abort(w.out);
    return status;
}
