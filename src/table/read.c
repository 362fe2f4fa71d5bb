/* ml_table_read: header, plan (read_plan.h), rows into the columns' cells, cells into typed columns (reader.h). */
#include <mlctl/table.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/reader.h>

enum ml_status mli_reader_no_memory(const struct mli_reader *reader, struct ml_error *err)
{
    if (reader->spool)
        return ml_error_at(err, ML_EIO, mli_chunks_source(reader->chunks), 0, 0,
                           "no room on the disk or in memory after %zu rows of %zu columns, which are put aside in \"%s\"; TMPDIR names another place",
                           reader->rows, reader->columns, mli_spool_directory(reader->spool));
    return ml_error_at(err, ML_ENOMEM, mli_chunks_source(reader->chunks), 0, 0,
                       "out of memory after %zu rows of %zu columns", reader->rows,
                       reader->columns);
}

static enum ml_status begin(struct mli_reader *reader, struct ml_error *err)
{
    reader->header = mli_chunks_header(reader->chunks);
    reader->columns = mli_dict_count(reader->header);
    reader->missing = mli_missing_new(reader->options->missing);
    reader->plan = mli_calloc(reader->columns, sizeof(*reader->plan));
    reader->cells = mli_calloc(reader->columns, sizeof(*reader->cells));
    reader->file_rows = mli_calloc(mli_chunks_files(reader->chunks), sizeof(*reader->file_rows));
    if (!reader->file_rows || !reader->missing || !reader->plan || !reader->cells)
        return mli_reader_no_memory(reader, err);
    const struct ml_csv_options *csv = mli_chunks_csv(reader->chunks);
    reader->numerals = (struct mli_numerals){ csv->decimal, csv->thousands };
    enum ml_status status = ML_OK;
    if (reader->options->schema)
        status = mli_rules_read(reader->options->schema, &reader->rules, err);
    if (status == ML_OK)
        status = mli_read_plan_make(reader->chunks, reader->options, reader->rules, reader->plan, err);
    for (size_t i = 0; i < reader->columns && status == ML_OK; i++) {
        mli_reader_init_cells(reader, &reader->cells[i], i);
        reader->cells[i].spool = reader->spool;
    }
    return status;
}

/* ---- the second reading ---------------------------------------------------------------------- */

static bool is_lost(const struct mli_reader *reader)
{
    for (size_t i = 0; i < reader->columns; i++) {
        if (reader->cells[i].lost)
            return true;
    }
    return false;
}

static enum ml_status changed(const struct mli_reader *reader, struct ml_error *err)
{
    return ml_error_at(err, ML_EIO, mli_chunks_source(reader->chunks), 0, 0,
                       "the file changed while it was read");
}

/* Reads the lost columns alone, as texts, through `again`, which is another reading of the same files. */
static enum ml_status read_lost(struct mli_reader *reader, struct mli_chunks *again, struct ml_error *err)
{
    struct mli_reader lost = *reader;
    enum ml_status status;

    if (mli_dict_count(mli_chunks_header(again)) != reader->columns)
        return changed(reader, err);
    lost.chunks = again;
    lost.header = mli_chunks_header(again);
    lost.rows = 0;
    lost.file_rows = NULL;
    lost.again = true;
    lost.rules = NULL;
    lost.plan = mli_alloc(reader->columns, sizeof(*lost.plan));
    if (!lost.plan)
        return mli_reader_no_memory(reader, err);
    for (size_t i = 0; i < reader->columns; i++) {
        lost.plan[i] = (struct mli_read_plan){ .drop = !reader->cells[i].lost };
        if (reader->cells[i].lost)
            mli_cells_as_text(&reader->cells[i]);
    }
    status = mli_reader_rows(&lost, err);
    free(lost.plan);
    if (status != ML_OK)
        return status;
    bool same = mli_chunks_version(again) == mli_chunks_version(reader->chunks);
    return same && lost.rows == reader->rows ? ML_OK : changed(reader, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* A table of one file knows its source alone. */
static bool name_files(const struct mli_reader *reader, struct ml_table *table)
{
    size_t n = mli_chunks_files(reader->chunks);

    if (n == 1)
        return true;
    table->file = mli_calloc(n, sizeof(*table->file));
    table->files = table->file ? n : 0;
    for (size_t i = 0; i < table->files; i++) {
        table->file[i].rows = reader->file_rows[i];
        table->file[i].path = mli_strdup(mli_chunks_file(reader->chunks, i));
        if (!table->file[i].path)
            return false;
    }
    return table->file != NULL;
}

static enum ml_status fill_table(struct mli_reader *reader, struct ml_table *table, struct ml_error *err)
{
    table->rows = reader->rows;
    table->spool = reader->spool;
    table->delimiter = mli_chunks_csv(reader->chunks)->delimiter;
    snprintf(table->encoding, sizeof(table->encoding), "%s", mli_chunks_encoding(reader->chunks));
    mli_chunks_sha256(reader->chunks, table->sha256);
    table->bytes = mli_chunks_taken(reader->chunks);
    table->source = mli_strdup(mli_chunks_source(reader->chunks));
    table->column = mli_calloc(reader->columns, sizeof(*table->column));
    if (!table->source || !table->column || !name_files(reader, table))
        return mli_reader_no_memory(reader, err);
    return mli_reader_columns(reader, table, err);
}

static enum ml_status finish(struct mli_reader *reader, struct ml_table **out, struct ml_error *err)
{
    struct ml_table *table = mli_calloc(1, sizeof(*table));
    enum ml_status status = table ? fill_table(reader, table, err) : mli_reader_no_memory(reader, err);

    if (status == ML_OK) {
        *out = table;
        return ML_OK;
    }
    for (size_t i = 0; reader->spool && table && table->column && i < table->columns; i++) {
        table->column[i].number = NULL;
        table->column[i].code = NULL;
    }
    if (table)
        table->spool = NULL; /* it and its arrays are the caller's still */
    ml_table_free(table);
    return status;
}

static void release(struct mli_reader *reader)
{
    for (size_t i = 0; reader->cells && i < reader->columns; i++)
        mli_cells_release(&reader->cells[i]);
    free(reader->cells);
    free(reader->file_rows);
    free(reader->plan);
    mli_missing_free(reader->missing);
    mli_rules_free(reader->rules);
    mli_chunks_close(reader->chunks);
}

/* Files by path if `paths` is not NULL, else the input. */
static enum ml_status open_chunks(const char *const *paths, size_t n, struct mli_input *input,
                                  const struct ml_read_options *options, struct mli_chunks **out,
                                  struct ml_error *err)
{
    const struct mli_chunks_options reading = { .csv = &options->csv,
                                                .undigested = options->undigested,
                                                .threads = options->threads,
                                                .size = options->chunk,
                                                .log = options->log };

    return paths ? mli_chunks_open(paths, n, &reading, out, err)
                 : mli_chunks_open_input(input, &reading, out, err);
}

static enum ml_status read_again(struct mli_reader *reader, const char *const *paths, size_t n,
                                 struct ml_error *err)
{
    struct ml_read_options silent = *reader->options;
    struct mli_chunks *again;

    silent.log = NULL;
    silent.undigested = true;
    enum ml_status status = open_chunks(paths, n, NULL, &silent, &again, err);
    if (status != ML_OK)
        return status;
    status = read_lost(reader, again, err);
    mli_chunks_close(again);
    return status;
}

static enum ml_status read_table(const char *const *paths, size_t n, struct mli_input *input,
                                 const struct ml_read_options *options, struct mli_spool *spool, size_t texts,
                                 struct ml_table **out, struct ml_error *err)
{
    static const struct ml_read_options defaults = ML_READ_OPTIONS_INIT;
    struct mli_reader reader = { .options = options ? options : &defaults, .spool = spool, .texts = texts };
    enum ml_status status = open_chunks(paths, n, input, reader.options, &reader.chunks, err);

    if (status != ML_OK)
        return status;
    reader.forgetful = mli_chunks_rereadable(reader.chunks);
    status = begin(&reader, err);
    if (status == ML_OK)
        status = mli_reader_rows(&reader, err);
    if (status == ML_OK && reader.rules)
        status = mli_faults_end(&reader.faults, mli_chunks_source(reader.chunks),
                                reader.rules->source, reader.options->log, err);
    if (status == ML_OK && is_lost(&reader))
        status = read_again(&reader, paths, n, err);
    if (status == ML_OK)
        status = finish(&reader, out, err);
    if (status == ML_OK && reader.options->progress.show)
        reader.options->progress.show(reader.options->progress.data, reader.rows, 1);
    release(&reader);
    return status;
}

enum ml_status mli_table_read_input(struct mli_input *input, const struct ml_read_options *options,
                                    struct ml_table **out, struct ml_error *err)
{
    return read_table(NULL, 1, input, options, NULL, 0, out, err);
}

enum ml_status ml_table_read_files(const char *const *paths, size_t n,
                                   const struct ml_read_options *options, struct ml_table **out,
                                   struct ml_error *err)
{
    return read_table(paths, n, NULL, options, NULL, 0, out, err);
}

enum ml_status mli_table_read_spooled(const char *const *paths, size_t n, const struct ml_read_options *options,
                                      struct mli_spool *spool, size_t texts, struct ml_table **out,
                                      struct ml_error *err)
{
    enum ml_status status = read_table(paths, n, NULL, options, spool, texts, out, err);

    if (status != ML_OK)
        mli_spool_free(spool);
    return status;
}

enum ml_status ml_table_read(const char *path, const struct ml_read_options *options,
                             struct ml_table **out, struct ml_error *err)
{
    return ml_table_read_files(&path, 1, options, out, err);
}
