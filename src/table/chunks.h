/*
 * Chunks: one or several CSV files with one header as runs of whole records, read and cut by whoever is free, parsed
 * by all threads side by side, and handed back in file order. What a table is read through, and a stream.
 *
 * After the header a file is cut into chunks of about 1 MiB at line ends outside of quotes, which an even number of
 * quote characters tells: exact up to the first malformed quote of a file, which is the error that is reported, since
 * the first error in file order wins. Where the number of quotes tells nothing (options that csv.h names) one thread
 * reads record by record, to the same end. At most 2 t + 1 chunks are held by t threads: constant memory.
 *
 * A job does its work on a chunk in any thread, into a state of which there is one for each chunk in flight, and then
 * commits states one at a time in file order:
 *
 *     static enum ml_status work(void *shared, void *state, struct mli_chunk *chunk, struct ml_error *err)
 *     {
 *         struct mli_csv_record record;
 *         enum ml_status status;
 *         while ((status = mli_chunk_next(chunk, &record, err)) == ML_OK && record.count > 0)
 *             ... record.field[i], i a column of mli_chunks_header(), into state ...
 *         return status;
 *     }
 *
 * What is committed does not depend on the number of threads if it does not depend on where chunks are cut.
 */
#ifndef TABLE_CHUNKS_H
#define TABLE_CHUNKS_H

#include <table/header.h>

#define MLI_ENCODING_SIZE ((size_t)40)

struct mli_chunks_options {
    const struct ml_csv_options *csv; /* NULL: everything is found out from the first file */
    size_t threads;                   /* 0: one a processor; 1: the caller's alone */
    bool undigested;                  /* spare the digest */
    size_t size;                      /* bytes of text a chunk, 0: 1 MiB; small ones for tests */
    const struct ml_log *log;
};

struct mli_chunks;
/*
 * n >= 1 paths or "-", as they are (cmd expands patterns). Reads the header of the first; the others are
 * opened as they are reached and must have the same column names, in any order, else ML_EDATA naming file and column.
 */
ML_NODISCARD enum ml_status mli_chunks_open(const char *const *paths, size_t n,
                                            const struct mli_chunks_options *options,
                                            struct mli_chunks **out, struct ml_error *err);
/* The same over one input that the caller has opened (taken, closed by _close, and on failure). */
ML_NODISCARD enum ml_status mli_chunks_open_input(struct mli_input *input,
                                                  const struct mli_chunks_options *options,
                                                  struct mli_chunks **out, struct ml_error *err);
void mli_chunks_close(struct mli_chunks *chunks); /* NULL is fine */

/* Of the first file; every record has its columns in this order, whatever the order in its own file. */
const struct mli_dict *mli_chunks_header(const struct mli_chunks *chunks);
/* Column of a name, as mli_header_find(). Before _run. */
ML_NODISCARD enum ml_status mli_chunks_find(const struct mli_chunks *chunks, const char *name,
                                            enum ml_status status, const char *what, size_t *column,
                                            struct ml_error *err);
/* The options with what was found out filled in: the delimiter is never 0. */
const struct ml_csv_options *mli_chunks_csv(const struct mli_chunks *chunks);
size_t mli_chunks_files(const struct mli_chunks *chunks);
const char *mli_chunks_file(const struct mli_chunks *chunks, size_t file); /* its name */
/* What the files are written in, as csv.h says; "mixed" when they differ. After a _run. */
const char *mli_chunks_encoding(struct mli_chunks *chunks);
const char *mli_chunks_source(const struct mli_chunks *chunks); /* the files' names, joined by ", " */
/* Stored bytes read so far, and in all (0 when not known); of all files. Any thread, at any time. */
uint64_t mli_chunks_taken(const struct mli_chunks *chunks);
uint64_t mli_chunks_size(const struct mli_chunks *chunks);
bool mli_chunks_rereadable(const struct mli_chunks *chunks); /* opened by paths, which are regular files */
size_t mli_chunks_threads(const struct mli_chunks *chunks); /* how many will run, at least 1 */
/* Of the stored bytes of all files, one after the other, "" for a spared one; after a _run that returned ML_OK. */
void mli_chunks_sha256(const struct mli_chunks *chunks, char hex[MLI_SHA256_HEX]);

/* Of all files together, see mli_input_version(); after a _run that returned ML_OK. */
uint64_t mli_chunks_version(const struct mli_chunks *chunks);

struct mli_chunk;
/*
 * The next record of the chunk, which has as many fields as the header (ML_EDATA otherwise); count == 0 at the end.
 * Its texts are NUL-terminated and live until the next call.
 */
ML_NODISCARD enum ml_status mli_chunk_next(struct mli_chunk *chunk, struct mli_csv_record *record,
                                           struct ml_error *err);
/*
 * Many of the next records at once, NULL: the next one is to be asked for by _next. Its columns stand as in the file;
 * mli_chunk_field() - 1 is that of the header's. Valid until the next call.
 */
const struct mli_grid *mli_chunk_next_grid(struct mli_chunk *chunk);
size_t mli_chunk_bytes(const struct mli_chunk *chunk); /* of its text, as far as it is known before it is read */
size_t mli_chunk_file(const struct mli_chunk *chunk);        /* index of its file */
const char *mli_chunk_source(const struct mli_chunk *chunk); /* name of its file; lives as long as the chunks */
/* 1-based number in its file of the header's column, for errors. */
size_t mli_chunk_field(const struct mli_chunk *chunk, size_t column);

struct mli_chunk_job {
    void *shared; /* handed to all; work() may only read it, commit() has it alone among commits */
    void *(*state_new)(void *shared);  /* NULL: no memory. In the caller's thread */
    void (*state_free)(void *state);   /* NULL is fine */
    /* In any thread. Must take all records. The state comes as the last commit left it. */
    enum ml_status (*work)(void *shared, void *state, struct mli_chunk *chunk, struct ml_error *err);
    /* In any thread, one at a time, in file order, only after work() that returned ML_OK. */
    enum ml_status (*commit)(void *shared, void *state, struct ml_error *err);
};
/*
 * All chunks through the job, once. The first error in file order ends it: nothing that comes after it in the file is
 * committed. The caller's thread takes part.
 */
ML_NODISCARD enum ml_status mli_chunks_run(struct mli_chunks *chunks, const struct mli_chunk_job *job,
                                           struct ml_error *err);

#endif
