/*
 * Reading, hashing and cutting a text are a fraction of parsing it, so no thread is only there to read: the files are
 * one ordered run (base/ordered.h) whose jobs are made by taking the next text from the source.
 */
#include <table/chunks.h>

#include <base/limits.h>
#include <base/mem.h>
#include <base/ordered.h>
#include <stdlib.h>
#include <string.h>
#include <table/source.h>

#define THREADS_MAX ((size_t)256)

struct mli_chunks {
    struct mli_source source;
    size_t threads;
};

struct mli_chunk {
    struct mli_chunks *chunks;
    struct mli_csv *csv;
    size_t file, bytes;
    size_t left; /* bytes still to be given out; SIZE_MAX: to the end of csv */
    struct mli_csv_field *field; /* of a file whose columns stand in another order */
};

/* ---- opening --------------------------------------------------------------------------------- */

static enum ml_status open_source(const char *const *paths, size_t n, struct mli_input *input,
                                  const struct mli_chunks_options *options, struct mli_chunks **out,
                                  struct ml_error *err)
{
    static const struct mli_chunks_options defaults = { 0 };
    struct mli_chunks *chunks = mli_calloc(1, sizeof(*chunks));

    if (!chunks) {
        mli_input_close(input);
        return ml_error_set(err, ML_ENOMEM, "out of memory for a CSV reader");
    }
    if (!options)
        options = &defaults;
    chunks->threads = options->threads ? options->threads : mli_processors();
    if (chunks->threads > THREADS_MAX)
        chunks->threads = THREADS_MAX;
    enum ml_status status = mli_source_open(&chunks->source, paths, n, input, options, err);
    if (status != ML_OK) {
        mli_chunks_close(chunks);
        return status;
    }
    *out = chunks;
    return ML_OK;
}

enum ml_status mli_chunks_open(const char *const *paths, size_t n,
                               const struct mli_chunks_options *options, struct mli_chunks **out,
                               struct ml_error *err)
{
    return open_source(paths, n, NULL, options, out, err);
}

enum ml_status mli_chunks_open_input(struct mli_input *input,
                                     const struct mli_chunks_options *options,
                                     struct mli_chunks **out, struct ml_error *err)
{
    return open_source(NULL, 1, input, options, out, err);
}

void mli_chunks_close(struct mli_chunks *chunks)
{
    if (!chunks)
        return;
    mli_source_release(&chunks->source);
    free(chunks);
}

const struct mli_dict *mli_chunks_header(const struct mli_chunks *chunks)
{
    return chunks->source.header;
}

enum ml_status mli_chunks_find(const struct mli_chunks *chunks, const char *name,
                               enum ml_status status, const char *what, size_t *column,
                               struct ml_error *err)
{
    return mli_header_find(chunks->source.file[0].name, chunks->source.header, name, status, what, column,
                           err);
}

const struct ml_csv_options *mli_chunks_csv(const struct mli_chunks *chunks)
{
    return &chunks->source.csv;
}

size_t mli_chunks_files(const struct mli_chunks *chunks)
{
    return chunks->source.files;
}

const char *mli_chunks_encoding(struct mli_chunks *chunks)
{
    return mli_source_encoding(&chunks->source);
}

const char *mli_chunks_source(const struct mli_chunks *chunks)
{
    return chunks->source.names;
}

uint64_t mli_chunks_taken(const struct mli_chunks *chunks)
{
    return chunks->source.taken;
}

uint64_t mli_chunks_size(const struct mli_chunks *chunks)
{
    return chunks->source.bytes;
}

bool mli_chunks_rereadable(const struct mli_chunks *chunks)
{
    return chunks->source.rereadable;
}

size_t mli_chunks_threads(const struct mli_chunks *chunks)
{
    return chunks->source.whole ? 1 : chunks->threads;
}

uint64_t mli_chunks_version(const struct mli_chunks *chunks)
{
    return chunks->source.version;
}

void mli_chunks_sha256(const struct mli_chunks *chunks, char hex[MLI_SHA256_HEX])
{
    mli_input_sha256(mli_csv_input(chunks->source.reader), hex);
}

/* ---- a chunk --------------------------------------------------------------------------------- */

const char *mli_chunks_file(const struct mli_chunks *chunks, size_t file)
{
    return chunks->source.file[file].name;
}

size_t mli_chunk_bytes(const struct mli_chunk *chunk)
{
    return chunk->bytes;
}

size_t mli_chunk_file(const struct mli_chunk *chunk)
{
    return chunk->file;
}

const char *mli_chunk_source(const struct mli_chunk *chunk)
{
    return chunk->chunks->source.file[chunk->file].name;
}

size_t mli_chunk_field(const struct mli_chunk *chunk, size_t column)
{
    const size_t *order = chunk->chunks->source.file[chunk->file].column;
    return (order ? order[column] : column) + 1;
}

static enum ml_status reorder(struct mli_chunk *chunk, const size_t *order,
                              struct mli_csv_record *record, struct ml_error *err)
{
    if (!chunk->field)
        chunk->field = mli_alloc(record->count, sizeof(*chunk->field));
    if (!chunk->field)
        return ml_error_at(err, ML_ENOMEM, mli_chunk_source(chunk), record->line, 0,
                           "out of memory for a record");
    for (size_t i = 0; i < record->count; i++)
        chunk->field[i] = record->field[order[i]];
    record->field = chunk->field;
    return ML_OK;
}

/* The bytes of a record whose chunk is not cut but counted. */
static void count_down(struct mli_chunk *chunk, const struct mli_csv_record *record)
{
    size_t bytes = record->count;

    for (size_t i = 0; i < record->count; i++)
        bytes += record->field[i].len;
    chunk->left -= bytes < chunk->left ? bytes : chunk->left;
    if (mli_csv_waits(chunk->csv))
        chunk->left = 0;
}

enum ml_status mli_chunk_next(struct mli_chunk *chunk, struct mli_csv_record *record,
                              struct ml_error *err)
{
    struct mli_source *source = &chunk->chunks->source;
    const size_t *order = source->file[chunk->file].column;
    enum ml_status status;

    *record = (struct mli_csv_record){ 0 };
    if (chunk->left == 0)
        return ML_OK;
    status = mli_csv_next(chunk->csv, record, err);
    if (status != ML_OK)
        return status;
    if (chunk->left < SIZE_MAX) {
        count_down(chunk, record);
        if (record->count == 0)
            mli_source_end_file(source);
    }
    if (record->count == 0)
        return ML_OK;
    return order ? reorder(chunk, order, record, err) : ML_OK;
}

const struct mli_grid *mli_chunk_next_grid(struct mli_chunk *chunk)
{
    return chunk->left == SIZE_MAX ? mli_csv_next_grid(chunk->csv) : NULL;
}

/* ---- running --------------------------------------------------------------------------------- */

struct slot {
    struct mli_source_text text;
    struct mli_csv *csv; /* over the text */
    void *state;         /* the job's */
};

struct run {
    struct mli_chunks *chunks;
    const struct mli_chunk_job *job;
    struct slot *slot;
    size_t slots;
};

static enum ml_status read_text(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct run *run = data;
    return mli_source_next(&run->chunks->source, &run->slot[slot].text, made, err);
}

/* The slot's reader, over its text. */
static enum ml_status begin_text(struct slot *slot, const struct mli_chunk *chunk,
                                 struct ml_error *err)
{
    struct mli_source_text *text = &slot->text;

    if (slot->csv && strcmp(mli_csv_source(slot->csv), mli_chunk_source(chunk)) == 0) {
        mli_csv_reset_text(slot->csv, text->data, text->len, text->first_line);
        return ML_OK;
    }
    mli_csv_close(slot->csv);
    slot->csv = NULL;
    enum ml_status status =
        mli_csv_open_text(text->data, text->len, text->first_line, mli_chunk_source(chunk),
                          &chunk->chunks->source.csv, &slot->csv, err);
    return status == ML_OK
               ? mli_csv_expect(slot->csv, mli_dict_count(chunk->chunks->source.header), false, err)
               : status;
}

static enum ml_status work(void *data, size_t number, struct ml_error *err)
{
    struct run *run = data;
    struct slot *slot = &run->slot[number];
    struct mli_chunk chunk = { .chunks = run->chunks, .file = slot->text.file, .bytes = slot->text.len, .left = SIZE_MAX };
    enum ml_status status = ML_OK;

    if (slot->text.reader)
        chunk.left = slot->text.len;
    else
        status = begin_text(slot, &chunk, err);
    chunk.csv = slot->text.reader ? slot->text.reader : slot->csv;
    if (status == ML_OK)
        status = run->job->work(run->job->shared, slot->state, &chunk, err);
    free(chunk.field);
    return status;
}

static enum ml_status commit(void *data, size_t slot, struct ml_error *err)
{
    struct run *run = data;
    return run->job->commit(run->job->shared, run->slot[slot].state, err);
}

static bool make_slots(struct run *run)
{
    run->slot = mli_calloc(run->slots, sizeof(*run->slot));
    for (size_t i = 0; run->slot && i < run->slots; i++) {
        run->slot[i].state = run->job->state_new(run->job->shared);
        if (!run->slot[i].state)
            return false;
    }
    return run->slot != NULL;
}

static void release(struct run *run)
{
    for (size_t i = 0; run->slot && i < run->slots; i++) {
        run->job->state_free(run->slot[i].state);
        mli_csv_close(run->slot[i].csv);
        free(run->slot[i].text.data);
    }
    free(run->slot);
}

enum ml_status mli_chunks_run(struct mli_chunks *chunks, const struct mli_chunk_job *job,
                              struct ml_error *err)
{
    size_t threads = mli_chunks_threads(chunks);
    struct run run = { .chunks = chunks, .job = job, .slots = mli_ordered_slots(threads) };
    const struct mli_ordered plan = { .threads = threads,
                                      .slots = run.slots,
                                      .make = read_text,
                                      .work = work,
                                      .commit = commit,
                                      .data = &run };
    enum ml_status status = ML_ENOMEM;

    if (make_slots(&run))
        status = mli_ordered_run(&plan, err);
    else
        ml_error_at(err, status, mli_chunks_source(chunks), 0, 0, "out of memory for %zu threads",
                    threads);
    release(&run);
    return status;
}
