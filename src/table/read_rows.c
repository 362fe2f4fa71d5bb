/* Rows become cells: each thread makes a piece of a chunk, and the pieces are put one behind the other in the files' order. */
#include <table/reader.h>

#include <base/mem.h>
#include <stdlib.h>
#include <table/rows.h>

#define RESTS 16 /* pieces, of 1 MiB of text, between two times that a spool's arrays leave memory */

/* What one thread makes of a chunk. */
struct piece {
    struct mli_cells *cells; /* one a column of the file */
    size_t columns, rows, file, bytes;
    size_t first_line; /* as the reader's */
    bool irregular;
    struct mli_faults faults;
};

void mli_reader_init_cells(const struct mli_reader *reader, struct mli_cells *cells, size_t column)
{
    const struct mli_read_plan *plan = &reader->plan[column];

    mli_cells_init(cells, plan->pinned ? &plan->pin : NULL, reader->numerals,
                   !reader->options->csv.libcsv, reader->forgetful);
    if (reader->again)
        mli_cells_as_text(cells);
}

/* ---- rows into pieces ------------------------------------------------------------------------ */

static enum ml_status cell_error(const struct mli_reader *reader, enum ml_status status,
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
static bool follows_rule(const struct mli_reader *reader, struct piece *piece,
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

static enum ml_status read_row(const struct mli_reader *reader, struct piece *piece,
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
    const struct mli_reader *reader = shared;
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
        mli_reader_init_cells(reader, &piece->cells[i], i);
    return piece;
}

static void note_line(struct piece *piece, size_t line)
{
    if (piece->rows == 0)
        piece->first_line = line;
    piece->irregular |= line != piece->first_line + piece->rows;
}

/* Column by column, each as far as the first row that was refused until then: of several the first in the file counts. */
static enum ml_status read_grid(const struct mli_reader *reader, struct piece *piece,
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
static enum ml_status read_some(const struct mli_reader *reader, struct piece *piece, struct mli_chunk *chunk,
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
    const struct mli_reader *reader = shared;
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

static void show_progress(const struct mli_reader *reader)
{
    const struct ml_read_progress *progress = &reader->options->progress;
    double size = (double)mli_chunks_size(reader->chunks), taken = (double)mli_chunks_taken(reader->chunks);

    if (progress->show)
        progress->show(progress->data, reader->rows, size > 0 && taken < size ? taken / size : -1);
}

/* How many rows there will be in the end if the rest of the files is like what has been read; 0: no idea. */
static size_t expected_rows(struct mli_reader *reader, const struct piece *piece)
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
static enum ml_status rest(struct mli_reader *reader, struct ml_error *err)
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
    struct mli_reader *reader = shared;
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
            return mli_reader_no_memory(reader, err);
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

enum ml_status mli_reader_rows(struct mli_reader *reader, struct ml_error *err)
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
