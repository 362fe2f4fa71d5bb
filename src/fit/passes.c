#include <fit/passes.h>

#include <base/limits.h>
#include <base/mem.h>
#include <base/spool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/chunks.h>
#include <table/table.h>

#define BASE ((size_t)64 << 20)  /* program, buffers, texts under way */
#define SAMPLE ((size_t)1 << 20) /* bytes that rows are counted in */
#define ROW_BYTES ((size_t)40)   /* target, split, order, marks */

/* What is known of a file before it is read. */
struct estimate {
    size_t rows;
    size_t columns;
    char **name; /* of the columns, columns of them */
};

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

/* ---- how many rows ---------------------------------------------------------------------------------------------- */

struct sample {
    size_t rows, bytes;
};

static void *sample_new(void *shared)
{
    (void)shared;
    return mli_calloc(1, sizeof(struct sample));
}

static enum ml_status count(void *shared, void *state, struct mli_chunk *chunk, struct ml_error *err)
{
    struct sample *sample = state;
    struct mli_csv_record record = { 0 };
    enum ml_status status;
    (void)shared;
    while ((status = mli_chunk_next(chunk, &record, err)) == ML_OK && record.count > 0) {
        sample->rows++;
        for (size_t i = 0; i < record.count; i++)
            sample->bytes += record.field[i].len + 1;
    }
    return status;
}

/* The first piece is enough: a status that no one sees ends the reading. */
static enum ml_status take_sample(void *shared, void *state, struct ml_error *err)
{
    (void)err;
    *(struct sample *)shared = *(struct sample *)state;
    return ML_EREFUSED;
}

/* Stored bytes of all files; 0 when one of them is no regular file. */
static uint64_t stored_bytes(const char *const *paths, size_t n)
{
    uint64_t bytes = 0;
    struct stat st;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(paths[i], "-") == 0 || stat(paths[i], &st) != 0 || !S_ISREG(st.st_mode))
            return 0;
        bytes += (uint64_t)st.st_size;
    }
    return bytes;
}

/* Of a packed file the sample has more bytes than were taken for it. Without a whole row in it there is nothing to learn. */
static size_t rows_in(uint64_t stored, uint64_t taken, const struct sample *sample)
{
    double text = (double)(sample->bytes > taken ? sample->bytes : taken) / (double)(taken ? taken : 1);
    double rows = sample->bytes ? (double)stored * text / (double)sample->bytes * (double)sample->rows : 0;
    return rows < 1e15 ? (size_t)rows + 1 : SIZE_MAX;
}

static bool copy_names(const struct mli_dict *header, struct estimate *out)
{
    out->columns = mli_dict_count(header);
    out->name = mli_calloc(out->columns + 1, sizeof *out->name);
    for (size_t i = 0; out->name && i < out->columns; i++)
        if (!(out->name[i] = mli_strdup(mli_dict_text(header, i))))
            return false;
    return out->name != NULL;
}

static void estimate_release(struct estimate *estimate)
{
    for (size_t i = 0; estimate->name && i < estimate->columns; i++)
        free(estimate->name[i]);
    free(estimate->name);
}

/* Fails quietly, rows 0, where reading the table will say what is wrong with the file. */
static enum ml_status estimate_file(const char *const *paths, size_t n, const struct ml_read_options *options,
                                    struct estimate *out, struct ml_error *err)
{
    struct ml_csv_options csv = options->csv;
    const struct mli_chunks_options chunked = { .csv = &csv, .threads = 1, .size = SAMPLE };
    struct mli_chunks *chunks = NULL;
    struct sample sample = { 0 };
    const struct mli_chunk_job job = { .shared = &sample, .state_new = sample_new, .state_free = free,
                                       .work = count, .commit = take_sample };
    if (csv.bad_rows == ML_BAD_ROWS_QUARANTINE)
        csv.bad_rows = ML_BAD_ROWS_SKIP;
    csv.log = NULL;
    if (mli_chunks_open(paths, n, &chunked, &chunks, NULL) != ML_OK)
        return ML_OK;
    (void)!mli_chunks_run(chunks, &job, NULL);
    out->rows = sample.rows ? rows_in(stored_bytes(paths, n), mli_chunks_taken(chunks), &sample) : 0;
    enum ml_status status = copy_names(mli_chunks_header(chunks), out) ? ML_OK : no_memory(err);
    mli_chunks_close(chunks);
    return status;
}

/* Bytes of so many columns: the cells, while they are read a third more, and once more the training rows. */
static size_t bytes_of(size_t rows, size_t columns, size_t each)
{
    size_t cells, bytes;
    if (!mli_mul(rows, columns, &cells) || !mli_mul(cells, each, &cells) || !mli_mul(rows, ROW_BYTES, &bytes) ||
        !mli_add(bytes, cells, &bytes) || !mli_add(bytes, BASE, &bytes))
        return SIZE_MAX;
    return bytes;
}

enum { IN_MEMORY = 16, IN_PASSES = 11 }; /* bytes a cell */

/* ---- reading in groups ------------------------------------------------------------------------------------------ */

struct passes {
    const char *const *paths;
    size_t n;
    const struct ml_read_options *options;
    const struct estimate *estimate;
    struct mli_spool *spool;
    struct ml_table *table;
};

static bool is_dropped(const struct passes *p, const char *name)
{
    const char *const *drop = p->options->drop;
    for (size_t i = 0; drop && drop[i]; i++)
        if (strcmp(drop[i], name) == 0)
            return true;
    return false;
}

/* All names but those of columns [begin, end), and what the user drops. NULL: no memory. */
static const char **others(const struct passes *p, size_t begin, size_t end)
{
    size_t given = 0, count = 0;
    while (p->options->drop && p->options->drop[given])
        given++;
    const char **list = mli_alloc(p->estimate->columns + given + 1, sizeof *list);
    for (size_t i = 0; list && i < given; i++)
        list[count++] = p->options->drop[i];
    for (size_t i = 0; list && i < p->estimate->columns; i++)
        if (i < begin || i >= end)
            list[count++] = p->estimate->name[i];
    if (list)
        list[count] = NULL;
    return list;
}

static enum ml_status put_aside(struct passes *p, void *from, size_t size, void **to, struct ml_error *err)
{
    void *data = mli_spool_alloc(p->spool, p->table->rows, size);
    if (!data)
        return ml_error_set(err, ML_EIO,
                            "no room for a column of %zu MiB in \"%s\"; TMPDIR names another place",
                            (p->table->rows * size >> 20) + 1, mli_spool_directory(p->spool));
    memcpy(data, from, p->table->rows * size);
    mli_spool_rest(p->spool, data);
    free(from);
    *to = data;
    return ML_OK;
}

/* Moves the columns of one pass behind those of the passes before. */
static enum ml_status take_columns(struct passes *p, struct ml_table *part, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    for (size_t i = 0; i < part->columns && !status; i++) {
        struct mli_column *to = &p->table->column[p->table->columns];
        double *number = part->column[i].number;
        int32_t *code = part->column[i].code;
        void *aside = NULL;
        status = number ? put_aside(p, number, sizeof *number, &aside, err)
                        : put_aside(p, code, sizeof *code, &aside, err);
        if (status)
            break;
        *to = part->column[i];
        to->number = number ? aside : NULL;
        to->code = number ? NULL : aside;
        part->column[i] = (struct mli_column){ 0 };
        p->table->columns++;
    }
    return status;
}

/* The first pass says how many rows there are and what the file's digest is; later ones must agree. */
static enum ml_status begin_table(struct passes *p, struct ml_table *part, struct ml_error *err)
{
    struct ml_table *table = p->table;
    if (!table->source) {
        table->column = mli_calloc(p->estimate->columns, sizeof *table->column);
        table->source = mli_strdup(part->source);
        table->rows = part->rows;
        table->bytes = part->bytes;
        table->delimiter = part->delimiter;
        memcpy(table->encoding, part->encoding, sizeof table->encoding);
        memcpy(table->sha256, part->sha256, sizeof table->sha256);
        return table->column && table->source ? ML_OK : no_memory(err);
    }
    if (part->rows == table->rows && strcmp(part->sha256, table->sha256) == 0)
        return ML_OK;
    return ml_error_at(err, ML_EIO, table->source, 0, 0, "the file changed while it was read");
}

static enum ml_status read_group(struct passes *p, size_t begin, size_t end, struct ml_error *err)
{
    struct ml_read_options options = *p->options;
    struct ml_table *part = NULL;
    const char **drop = others(p, begin, end);
    if (!drop)
        return no_memory(err);
    options.drop = drop;
    enum ml_status status = ml_table_read_files(p->paths, p->n, &options, &part, err);
    if (!status)
        status = begin_table(p, part, err);
    if (!status)
        status = take_columns(p, part, err);
    ml_table_free(part);
    free(drop);
    return status;
}

/* Groups of `width` columns that are kept, in the order of the file. */
static enum ml_status read_groups(struct passes *p, size_t width, struct ml_error *err)
{
    enum ml_status status = ML_OK;
    for (size_t begin = 0, end; begin < p->estimate->columns && !status; begin = end) {
        size_t kept = 0;
        for (end = begin; end < p->estimate->columns && kept < width; end++)
            kept += !is_dropped(p, p->estimate->name[end]);
        if (kept > 0)
            status = read_group(p, begin, end, err);
    }
    return status;
}

static enum ml_status read_passes(struct passes *p, size_t memory, const char *beside,
                                  struct ml_table **out, struct ml_error *err)
{
    const struct estimate *e = p->estimate;
    size_t fixed = bytes_of(e->rows, 0, 0), one = bytes_of(e->rows, 1, IN_PASSES) - fixed;
    size_t width = memory > fixed ? (memory - fixed) / one : 0;
    if (width == 0)
        return ml_error_set(err, ML_ELIMIT,
                            "about %zu rows need %zu MiB of memory even when a column is read at a time; %zu MiB may be used",
                            e->rows, (fixed + one) >> 20, memory >> 20);
    enum ml_status status = mli_spool_new(beside, &p->spool, err);
    if (status)
        return status;
    ml_log(p->options->log, ML_LOG_NOTE,
           "about %zu MiB of memory are needed and %zu MiB may be used: the file is read %zu columns at a time, and columns are kept in %s",
           bytes_of(e->rows, e->columns, IN_MEMORY) >> 20, memory >> 20, width, mli_spool_directory(p->spool));
    p->table = mli_calloc(1, sizeof *p->table);
    if (!p->table) {
        mli_spool_free(p->spool);
        return no_memory(err);
    }
    p->table->spool = p->spool; /* owned from here on */
    status = read_groups(p, width, err);
    if (status)
        ml_table_free(p->table);
    else
        *out = p->table;
    return status;
}

enum ml_status mli_passes_read(const char *const *paths, size_t n, const struct ml_read_options *options,
                               size_t memory, const char *beside, struct ml_table **out,
                               struct ml_error *err)
{
    struct estimate estimate = { 0 };
    struct passes passes = { .paths = paths, .n = n, .options = options, .estimate = &estimate };
    uint64_t stored = stored_bytes(paths, n);
    if (!stored && memory)
        return ml_error_set(err, ML_EUSAGE,
                            "--memory needs a file: what comes through a pipe cannot be read twice when it is too large; write it to a file, or leave --memory out");
    enum ml_status status = stored ? estimate_file(paths, n, options, &estimate, err) : ML_OK;
    memory = memory ? memory : mli_memory_available();
    if (!status && bytes_of(estimate.rows, estimate.columns, IN_MEMORY) > memory)
        status = read_passes(&passes, memory, beside, out, err);
    else if (!status)
        status = ml_table_read_files(paths, n, options, out, err);
    estimate_release(&estimate);
    return status;
}
