/* The file of prepared rows: opening it with all checks, and writing it. */
#include <fit/prepared.h>

#include <base/mem.h>
#include <errno.h>
#include <fcntl.h>
#include <fit/matrix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/table.h>
#include <unistd.h>

static const char magic[16] = "mlctl rows 1\n";
enum { HEAD = 24, PAGE = 4096, SEAL = MLI_SHA256_HEX - 1, PIECE = 1 << 20, DOCUMENT_MAX = 64 << 20 };

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
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
    json_t *doc = mli_prepared_document(w->facts, err);
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
