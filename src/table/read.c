/* ml_table_read: header, plan (read_plan.h), rows into the columns' cells, cells into typed columns. */
#include <mlctl/table.h>

#include <base/mem.h>
#include <base/ordered.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/advise.h>
#include <table/cells.h>
#include <table/chunks.h>
#include <table/faults.h>
#include <table/read_plan.h>
#include <table/rows.h>
#include <table/table.h>

#define RESTS 16 /* pieces, of 1 MiB of text, between two times that a spool's arrays leave memory */

struct reader {
    const struct ml_read_options *options;
    struct mli_chunks *chunks;
    const struct mli_dict *header; /* the chunks' */
    struct mli_missing *missing;
    struct mli_rules *rules;   /* NULL: no schema file */
    struct mli_faults faults;  /* cells that depart from them */
    struct mli_numerals numerals;
    struct mli_read_plan *plan; /* one a column of the file */
    struct mli_cells *cells; /* the same; those of dropped columns stay empty */
    size_t columns, rows;
    uint64_t bytes;    /* of text that the rows were */
    size_t *file_rows; /* rows of each file; NULL when they are not counted */
    size_t first_line; /* of row 0 */
    bool irregular;    /* rows do not stand in a line each, one after the other */
    struct mli_spool *spool; /* where the cells' arrays are; NULL: memory */
    size_t texts;      /* bytes that texts may take then */
    size_t pieces;     /* appended */
    bool forgetful, again; /* the files can be read again; they are being, for the columns that are lost */
};

/* What one thread makes of a chunk. */
struct piece {
    struct mli_cells *cells; /* one a column of the file */
    size_t columns, rows, file, bytes;
    size_t first_line; /* as the reader's */
    bool irregular;
    struct mli_faults faults;
};

static enum ml_status out_of_memory(const struct reader *reader, struct ml_error *err)
{
    if (reader->spool)
        return ml_error_at(err, ML_EIO, mli_chunks_source(reader->chunks), 0, 0,
                           "no room on the disk or in memory after %zu rows of %zu columns, which are put aside in \"%s\"; TMPDIR names another place",
                           reader->rows, reader->columns, mli_spool_directory(reader->spool));
    return ml_error_at(err, ML_ENOMEM, mli_chunks_source(reader->chunks), 0, 0,
                       "out of memory after %zu rows of %zu columns", reader->rows,
                       reader->columns);
}

static void init_cells(const struct reader *reader, struct mli_cells *cells, size_t column)
{
    const struct mli_read_plan *plan = &reader->plan[column];

    mli_cells_init(cells, plan->pinned ? &plan->pin : NULL, reader->numerals,
                   !reader->options->csv.libcsv, reader->forgetful);
    if (reader->again)
        mli_cells_as_text(cells);
}

static enum ml_status begin(struct reader *reader, struct ml_error *err)
{
    reader->header = mli_chunks_header(reader->chunks);
    reader->columns = mli_dict_count(reader->header);
    reader->missing = mli_missing_new(reader->options->missing);
    reader->plan = mli_calloc(reader->columns, sizeof(*reader->plan));
    reader->cells = mli_calloc(reader->columns, sizeof(*reader->cells));
    reader->file_rows = mli_calloc(mli_chunks_files(reader->chunks), sizeof(*reader->file_rows));
    if (!reader->file_rows || !reader->missing || !reader->plan || !reader->cells)
        return out_of_memory(reader, err);
    const struct ml_csv_options *csv = mli_chunks_csv(reader->chunks);
    reader->numerals = (struct mli_numerals){ csv->decimal, csv->thousands };
    enum ml_status status = ML_OK;
    if (reader->options->schema)
        status = mli_rules_read(reader->options->schema, &reader->rules, err);
    if (status == ML_OK)
        status = mli_read_plan_make(reader->chunks, reader->options, reader->rules, reader->plan, err);
    for (size_t i = 0; i < reader->columns && status == ML_OK; i++) {
        init_cells(reader, &reader->cells[i], i);
        reader->cells[i].spool = reader->spool;
    }
    return status;
}

/* ---- rows into pieces ------------------------------------------------------------------------ */

static enum ml_status cell_error(const struct reader *reader, enum ml_status status,
                                 const struct mli_chunk *chunk, size_t line, size_t column,
                                 const char *text, struct ml_error *err)
{
    const char *name = mli_dict_text(reader->header, column), *source = mli_chunk_source(chunk);
    size_t field = mli_chunk_field(chunk, column);

    if (status == ML_ENOMEM)
        return ml_error_at(err, ML_ENOMEM, source, line, 0, "out of memory for a row");
    if (status == ML_ELIMIT)
        return ml_error_at(err, status, source, line, field,
                           "column \"%s\" has too many distinct values (--drop-columns leaves it out)",
                           name);
    return mli_cell_refuse(&reader->plan[column].pin, source, line, field, name, text, err);
}

/* Notes a cell that departs from the schema file. */
static bool follows_rule(const struct reader *reader, struct piece *piece,
                         const struct mli_chunk *chunk, const struct mli_csv_record *record,
                         size_t column, bool missing)
{
    const struct mli_rule *rule = reader->plan[column].rule;
    const struct mli_csv_field *field = &record->field[column];
    char why[300];

    if (mli_rule_allows(rule, field->text, field->len, missing, reader->numerals, why, sizeof(why)))
        return true;
    mli_faults_add(&piece->faults, mli_chunk_source(chunk), record->line,
                   mli_chunk_field(chunk, column), rule->name, field->text, why);
    return false;
}

static enum ml_status read_row(const struct reader *reader, struct piece *piece,
                               const struct mli_chunk *chunk, const struct mli_csv_record *record,
                               struct ml_error *err)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct mli_csv_field *field = &record->field[i];
        if (reader->plan[i].drop)
            continue;
        bool missing = mli_missing_has(reader->missing, field->text, field->len);
        if (reader->rules && !follows_rule(reader, piece, chunk, record, i, missing))
            missing = true;
        enum ml_status status = mli_cells_add(&piece->cells[i], field->text, field->len, missing);
        if (status != ML_OK)
            return cell_error(reader, status, chunk, record->line, i, field->text, err);
    }
    piece->rows++;
    return ML_OK;
}

static void piece_free(void *data)
{
    struct piece *piece = data;

    if (!piece)
        return;
    for (size_t i = 0; piece->cells && i < piece->columns; i++)
        mli_cells_release(&piece->cells[i]);
    free(piece->cells);
    free(piece);
}

static void *piece_new(void *shared)
{
    const struct reader *reader = shared;
    struct piece *piece = mli_calloc(1, sizeof(*piece));

    if (!piece)
        return NULL;
    piece->columns = reader->columns;
    piece->cells = mli_calloc(piece->columns, sizeof(*piece->cells));
    if (!piece->cells) {
        piece_free(piece);
        return NULL;
    }
    for (size_t i = 0; i < piece->columns; i++)
        init_cells(reader, &piece->cells[i], i);
    return piece;
}

static void note_line(struct piece *piece, size_t line)
{
    if (piece->rows == 0)
        piece->first_line = line;
    piece->irregular |= line != piece->first_line + piece->rows;
}

/* Column by column, each as far as the first row that was refused until then: of several the first in the file counts. */
static enum ml_status read_grid(const struct reader *reader, struct piece *piece,
                                const struct mli_chunk *chunk, const struct mli_grid *grid,
                                struct ml_error *err)
{
    enum ml_status status = ML_OK;
    size_t rows = grid->rows, refused = 0, added;

    note_line(piece, grid->first_line);
    piece->irregular |= grid->lines != rows;
    for (size_t i = 0; i < reader->columns && rows > 0; i++) {
        if (reader->plan[i].drop)
            continue;
        enum ml_status found = mli_cells_add_grid(&piece->cells[i], grid, mli_chunk_field(chunk, i) - 1,
                                                  rows, reader->missing, &added);
        if (found == ML_OK)
            continue;
        status = found;
        refused = i;
        rows = added;
    }
    piece->rows += rows;
    if (status == ML_OK)
        return ML_OK;
    const char *text =
        grid->text + grid->span[rows * grid->columns + mli_chunk_field(chunk, refused) - 1].at;
    size_t line = grid->first_line + (grid->behind ? grid->behind[rows] : rows);
    return cell_error(reader, status, chunk, line, refused, text, err);
}

/* As many rows as there are at once; *more is false when there are none. */
static enum ml_status read_some(const struct reader *reader, struct piece *piece, struct mli_chunk *chunk,
                                bool *more, struct ml_error *err)
{
    const struct mli_grid *grid = reader->rules ? NULL : mli_chunk_next_grid(chunk);
    struct mli_csv_record record;

    if (grid)
        return read_grid(reader, piece, chunk, grid, err);
    enum ml_status status = mli_chunk_next(chunk, &record, err);
    *more = record.count > 0;
    if (status != ML_OK || !*more)
        return status;
    note_line(piece, record.line);
    return read_row(reader, piece, chunk, &record, err);
}

static enum ml_status work(void *shared, void *state, struct mli_chunk *chunk, struct ml_error *err)
{
    const struct reader *reader = shared;
    struct piece *piece = state;
    enum ml_status status = ML_OK;
    bool more = true;

    piece->rows = 0;
    piece->file = mli_chunk_file(chunk);
    piece->bytes = mli_chunk_bytes(chunk);
    piece->faults.count = 0;
    piece->irregular = false;
    for (size_t i = 0; i < piece->columns; i++)
        mli_cells_clear(&piece->cells[i]);
    while (status == ML_OK && more)
        status = read_some(reader, piece, chunk, &more, err);
    for (size_t i = 0; i < piece->columns && status == ML_OK; i++) {
        if (!reader->plan[i].drop && mli_cells_end(&piece->cells[i]) != ML_OK)
            status = ml_error_at(err, ML_ENOMEM, mli_chunk_source(chunk), 0, 0,
                                 "out of memory for a piece of the file");
    }
    return status;
}

/* ---- pieces into columns --------------------------------------------------------------------- */

static void show_progress(const struct reader *reader)
{
    const struct ml_read_progress *progress = &reader->options->progress;
    double size = (double)mli_chunks_size(reader->chunks), taken = (double)mli_chunks_taken(reader->chunks);

    if (progress->show)
        progress->show(progress->data, reader->rows, size > 0 && taken < size ? taken / size : -1);
}

/* How many rows there will be in the end if the rest of the files is like what has been read; 0: no idea. */
static size_t expected_rows(struct reader *reader, const struct piece *piece)
{
    uint64_t size = mli_chunks_size(reader->chunks);
    size_t rows = reader->rows + piece->rows;

    reader->bytes += piece->bytes;
    if (reader->bytes == 0 || size < reader->bytes)
        return 0;
    double expected = (double)rows * ((double)size / (double)reader->bytes) * 1.01 + 100;
    return expected < 1e15 ? (size_t)expected : 0;
}

/* Now and then: what was filled leaves memory; texts cannot. */
static enum ml_status rest(struct reader *reader, struct ml_error *err)
{
    size_t most = 0, largest = 0, all = 0;

    if (!reader->spool || reader->pieces++ % RESTS != 0)
        return ML_OK;
    mli_spool_rest_all(reader->spool);
    for (size_t i = 0; i < reader->columns; i++) {
        const struct mli_cells *cells = &reader->cells[i];
        size_t bytes = cells->raw.len + (cells->dict ? mli_dict_bytes(cells->dict) : 0);
        all += bytes;
        largest = bytes > most ? i : largest;
        most = bytes > most ? bytes : most;
    }
    if (all <= reader->texts)
        return ML_OK;
    return ml_error_at(err, ML_ELIMIT, mli_chunks_source(reader->chunks), 0, 0,
                       "after %zu rows the texts of its columns need %zu MiB of memory and %zu MiB may be used, most for column \"%.100s\"; --drop-columns leaves it out",
                       reader->rows, all >> 20, reader->texts >> 20, mli_dict_text(reader->header, largest));
}

static enum ml_status commit(void *shared, void *state, struct ml_error *err)
{
    struct reader *reader = shared;
    struct piece *piece = state;

    size_t expected = expected_rows(reader, piece);

    for (size_t i = 0; i < reader->columns; i++) {
        if (reader->plan[i].drop)
            continue;
        reader->cells[i].expected = expected;
        enum ml_status status = mli_cells_append(&reader->cells[i], &piece->cells[i]);
        if (status == ML_ELIMIT)
            return ml_error_at(err, status, mli_chunks_source(reader->chunks), 0, 0,
                               "column \"%s\" has too many distinct values (--drop-columns leaves it out)",
                               mli_dict_text(reader->header, i));
        if (status != ML_OK)
            return out_of_memory(reader, err);
    }
    if (reader->rows == 0)
        reader->first_line = piece->first_line;
    reader->irregular |= piece->irregular ||
                         (piece->rows > 0 && piece->first_line != reader->first_line + reader->rows);
    reader->rows += piece->rows;
    if (reader->file_rows)
        reader->file_rows[piece->file] += piece->rows;
    mli_faults_append(&reader->faults, &piece->faults);
    show_progress(reader);
    return rest(reader, err);
}

static enum ml_status read_rows(struct reader *reader, struct ml_error *err)
{
    const struct mli_chunk_job job = { .shared = reader,
                                       .state_new = piece_new,
                                       .state_free = piece_free,
                                       .work = work,
                                       .commit = commit };
    enum ml_status status = mli_chunks_run(reader->chunks, &job, err);

    if (status == ML_OK && reader->rows == 0)
        return ml_error_at(err, ML_EDATA, mli_chunks_source(reader->chunks), 0, 0,
                           "no rows below the header");
    return status;
}

/* ---- the second reading ---------------------------------------------------------------------- */

static bool is_lost(const struct reader *reader)
{
    for (size_t i = 0; i < reader->columns; i++) {
        if (reader->cells[i].lost)
            return true;
    }
    return false;
}

static enum ml_status changed(const struct reader *reader, struct ml_error *err)
{
    return ml_error_at(err, ML_EIO, mli_chunks_source(reader->chunks), 0, 0,
                       "the file changed while it was read");
}

/* Reads the lost columns alone, as texts, through `again`, which is another reading of the same files. */
static enum ml_status read_lost(struct reader *reader, struct mli_chunks *again, struct ml_error *err)
{
    struct reader lost = *reader;
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
        return out_of_memory(reader, err);
    for (size_t i = 0; i < reader->columns; i++) {
        lost.plan[i] = (struct mli_read_plan){ .drop = !reader->cells[i].lost };
        if (reader->cells[i].lost)
            mli_cells_as_text(&reader->cells[i]);
    }
    status = read_rows(&lost, err);
    free(lost.plan);
    if (status != ML_OK)
        return status;
    bool same = mli_chunks_version(again) == mli_chunks_version(reader->chunks);
    return same && lost.rows == reader->rows ? ML_OK : changed(reader, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

static enum ml_status column_error(const struct reader *reader, enum ml_status status, size_t column,
                                   struct ml_error *err)
{
    const char *name = mli_dict_text(reader->header, column);

    if (status != ML_EDATA)
        return out_of_memory(reader, err);
    return ml_error_at(err, status, mli_chunks_source(reader->chunks), 0, 0,
                       "column \"%.100s\": its dates are not all written in one way; --type "
                       "%.100s=instant:dmy (mdy, ymd, iso, named) says which it should be",
                       name, name);
}

/* The columns are finished side by side: dictionaries sorted, what is left of raw text parsed. */
struct finishing {
    struct reader *reader;
    struct ml_table *table;
    size_t next;   /* column of the file to be taken next */
    size_t *field; /* of each slot: the column of the file */
    size_t *place; /* and of the table */
    struct mli_adviser adviser;
};

static enum ml_status take_column(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct finishing *f = data;

    (void)err;
    while (f->next < f->reader->columns && f->reader->plan[f->next].drop)
        f->next++;
    *made = f->next < f->reader->columns;
    if (*made) {
        f->field[slot] = f->next++;
        f->place[slot] = f->table->columns++;
    }
    return ML_OK;
}

static enum ml_status finish_column(void *data, size_t slot, struct ml_error *err)
{
    struct finishing *f = data;
    size_t field = f->field[slot];
    struct mli_column *column = &f->table->column[f->place[slot]];
    enum ml_status status = mli_cells_finish(&f->reader->cells[field], column);

    if (status != ML_OK)
        return column_error(f->reader, status, field, err);
    column->name = mli_strdup(mli_dict_text(f->reader->header, field));
    return column->name ? ML_OK : out_of_memory(f->reader, err);
}

static enum ml_status advise_on_column(void *data, size_t slot, struct ml_error *err)
{
    struct finishing *f = data;

    (void)err;
    mli_advise(&f->adviser, &f->table->column[f->place[slot]],
               f->reader->plan[f->field[slot]].pinned);
    mli_spool_rest_all(f->reader->spool);
    return ML_OK;
}

static enum ml_status finish_columns(struct reader *reader, struct ml_table *table,
                                     struct ml_error *err)
{
    struct finishing f = { .reader = reader,
                           .table = table,
                           .adviser = { .rows = table->rows,
                                        .first_line = reader->irregular ? 0 : reader->first_line,
                                        .numerals = reader->numerals,
                                        .log = reader->options->log } };
    size_t threads = reader->spool ? 1 : mli_chunks_threads(reader->chunks); /* one column in memory at a time */
    const struct mli_ordered plan = { .threads = threads,
                                      .slots = mli_ordered_slots(threads),
                                      .make = take_column,
                                      .work = finish_column,
                                      .commit = advise_on_column,
                                      .data = &f };

    f.field = mli_alloc(plan.slots, sizeof(*f.field));
    f.place = mli_alloc(plan.slots, sizeof(*f.place));
    enum ml_status status = f.field && f.place ? mli_ordered_run(&plan, err) : out_of_memory(reader, err);
    free(f.field);
    free(f.place);
    if (status == ML_OK)
        mli_advise_end(&f.adviser);
    return status;
}

/* A table of one file knows its source alone. */
static bool name_files(const struct reader *reader, struct ml_table *table)
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

static enum ml_status fill_table(struct reader *reader, struct ml_table *table, struct ml_error *err)
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
        return out_of_memory(reader, err);
    return finish_columns(reader, table, err);
}

static enum ml_status finish(struct reader *reader, struct ml_table **out, struct ml_error *err)
{
    struct ml_table *table = mli_calloc(1, sizeof(*table));
    enum ml_status status = table ? fill_table(reader, table, err) : out_of_memory(reader, err);

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

static void release(struct reader *reader)
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

static enum ml_status read_again(struct reader *reader, const char *const *paths, size_t n,
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
    struct reader reader = { .options = options ? options : &defaults, .spool = spool, .texts = texts };
    enum ml_status status = open_chunks(paths, n, input, reader.options, &reader.chunks, err);

    if (status != ML_OK)
        return status;
    reader.forgetful = mli_chunks_rereadable(reader.chunks);
    status = begin(&reader, err);
    if (status == ML_OK)
        status = read_rows(&reader, err);
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
