#include <fit/spooled.h>

#include <base/limits.h>
#include <base/mem.h>
#include <base/spool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/chunks.h>
#include <table/table.h>

#define BASE ((size_t)40 << 20)  /* program, buffers, texts under way */
#define SAMPLE ((size_t)1 << 20) /* bytes that rows are counted in */
#define ROW_BYTES ((size_t)12)   /* target, split, order, marks */
#define IN_MEMORY ((size_t)16)   /* a cell */
#define TEXTS ((size_t)16 << 20) /* of the columns, besides half of what is left */

/* What is known of a file before it is read. */
struct estimate {
    size_t rows, columns;
};

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

/* Fails quietly, rows 0, where reading the table will say what is wrong with the file. */
static void estimate_file(const char *const *paths, size_t n, const struct ml_read_options *options,
                          struct estimate *out)
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
        return;
    (void)!mli_chunks_run(chunks, &job, NULL);
    out->rows = sample.rows ? rows_in(stored_bytes(paths, n), mli_chunks_taken(chunks), &sample) : 0;
    out->columns = mli_dict_count(mli_chunks_header(chunks));
    mli_chunks_close(chunks);
}

/* Bytes of a table: the cells, while they are read a third more, and once more the training rows. */
static size_t bytes_of(const struct estimate *e, size_t each)
{
    size_t cells, bytes;
    if (!mli_mul(e->rows, e->columns, &cells) || !mli_mul(cells, each, &cells) || !mli_mul(e->rows, ROW_BYTES, &bytes) ||
        !mli_add(bytes, cells, &bytes) || !mli_add(bytes, BASE, &bytes))
        return SIZE_MAX;
    return bytes;
}

/* Of one whose columns are put aside: one of them, and what stays of each row. */
static size_t least_of(const struct estimate *e)
{
    const struct estimate one = { e->rows, 1 };
    return bytes_of(&one, sizeof(double));
}

static enum ml_status put_aside(const char *const *paths, size_t n, const struct ml_read_options *options,
                                const struct estimate *e, size_t memory, const char *beside, struct ml_table **out,
                                struct ml_error *err)
{
    struct mli_spool *spool = NULL;
    size_t least = least_of(e);
    if (least > memory)
        return ml_error_set(err, ML_ELIMIT,
                            "about %zu rows need %zu MiB of memory even when columns are put aside on the disk; %zu MiB may be used",
                            e->rows, least >> 20, memory >> 20);
    enum ml_status status = mli_spool_new(beside, &spool, err);
    if (status)
        return status;
    ml_log(options->log, ML_LOG_NOTE, "about %zu MiB of memory are needed and %zu MiB may be used: columns are put aside in %s",
           bytes_of(e, IN_MEMORY) >> 20, memory >> 20, mli_spool_directory(spool));
    return mli_table_read_spooled(paths, n, options, spool, (memory - least) / 2 + TEXTS, out, err);
}

enum ml_status mli_spooled_read(const char *const *paths, size_t n, const struct ml_read_options *options,
                                size_t memory, const char *beside, struct ml_table **out, struct ml_error *err)
{
    struct estimate estimate = { 0 };
    uint64_t stored = stored_bytes(paths, n);
    if (!stored && memory)
        return ml_error_set(err, ML_EUSAGE,
                            "--memory needs a file: nobody knows how much comes through a pipe; write it to a file, or leave --memory out");
    if (stored)
        estimate_file(paths, n, options, &estimate);
    memory = memory ? memory : mli_memory_available();
    if (bytes_of(&estimate, IN_MEMORY) > memory)
        return put_aside(paths, n, options, &estimate, memory, beside, out, err);
    return ml_table_read_files(paths, n, options, out, err);
}
