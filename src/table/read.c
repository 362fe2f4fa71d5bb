/* ml_table_read: header, plan (pins and drops), rows into the columns' cells, cells into typed columns. */
#include <mlctl/table.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>
#include <table/csv.h>
#include <table/header.h>
#include <table/infer.h>
#include <table/rows.h>
#include <table/table.h>

struct plan { /* of one column of the file */
    bool drop, pinned;
    enum ml_type type;
};

struct reader {
    const struct ml_read_options *options;
    struct mli_csv *csv;
    const char *source;
    struct mli_dict *header;
    struct mli_missing *missing;
    struct plan *plan;       /* one a column of the file */
    struct mli_cells *cells; /* the same; those of dropped columns stay empty */
    size_t columns, rows;
};

static enum ml_status out_of_memory(const struct reader *reader, struct ml_error *err)
{
    return ml_error_at(err, ML_ENOMEM, reader->source, 0, 0,
                       "out of memory after %zu rows of %zu columns", reader->rows,
                       reader->columns);
}

/* "column=type"; the name may hold '=' itself. */
static enum ml_status plan_pin(struct reader *reader, const char *pin, struct ml_error *err)
{
    const char *equals = strrchr(pin, '=');
    enum ml_type type;
    size_t column;

    if (!equals || equals == pin)
        return ml_error_set(err, ML_EUSAGE, "--type: expected COLUMN=TYPE, found \"%s\"", pin);
    if (!ml_type_parse(equals + 1, &type))
        return ml_error_set(
            err, ML_EUSAGE,
            "--type: \"%s\" is not a type; there are number, category, boolean, instant, text and identifier",
            equals + 1);
    char *name = mli_strndup(pin, (size_t)(equals - pin));
    if (!name)
        return out_of_memory(reader, err);
    enum ml_status status =
        mli_header_find(reader->csv, reader->header, name, ML_EUSAGE, "--type: ", &column, err);
    free(name);
    if (status == ML_OK) {
        reader->plan[column].pinned = true;
        reader->plan[column].type = type;
    }
    return status;
}

static enum ml_status plan_columns(struct reader *reader, struct ml_error *err)
{
    const struct ml_read_options *options = reader->options;
    enum ml_status status = ML_OK;
    size_t column, kept = 0;

    for (size_t i = 0; options->type && options->type[i] && status == ML_OK; i++)
        status = plan_pin(reader, options->type[i], err);
    for (size_t i = 0; options->drop && options->drop[i] && status == ML_OK; i++) {
        status = mli_header_find(reader->csv, reader->header, options->drop[i], ML_EUSAGE,
                                 "--drop-columns: ", &column, err);
        if (status == ML_OK)
            reader->plan[column].drop = true;
    }
    if (status != ML_OK)
        return status;
    for (size_t i = 0; i < reader->columns; i++) {
        const struct plan *plan = &reader->plan[i];
        mli_cells_init(&reader->cells[i], plan->pinned ? &plan->type : NULL, !options->csv.libcsv);
        kept += !plan->drop;
    }
    return kept > 0 ? ML_OK : ml_error_set(err, ML_EUSAGE, "--drop-columns: no column is left");
}

static enum ml_status begin(struct reader *reader, struct ml_error *err)
{
    enum ml_status status =
        mli_header_read(reader->csv, reader->options->log, &reader->header, err);

    if (status != ML_OK)
        return status;
    reader->columns = mli_dict_count(reader->header);
    reader->missing = mli_missing_new(reader->options->missing);
    reader->plan = mli_calloc(reader->columns, sizeof(*reader->plan));
    reader->cells = mli_calloc(reader->columns, sizeof(*reader->cells));
    if (!reader->missing || !reader->plan || !reader->cells)
        return out_of_memory(reader, err);
    return plan_columns(reader, err);
}

static enum ml_status cell_error(const struct reader *reader, enum ml_status status,
                                 const struct mli_csv_record *record, size_t column,
                                 struct ml_error *err)
{
    const char *name = mli_dict_text(reader->header, column);

    if (status == ML_ENOMEM)
        return out_of_memory(reader, err);
    if (status == ML_ELIMIT)
        return ml_error_at(err, status, reader->source, record->line, column + 1,
                           "column \"%s\" has too many distinct values (--drop leaves it out)",
                           name);
    return mli_cell_refuse(mli_cell_not(reader->plan[column].type), reader->source, record->line, column + 1, name,
                           record->field[column].text, err);
}

static enum ml_status read_row(struct reader *reader, const struct mli_csv_record *record,
                               struct ml_error *err)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct mli_csv_field *field = &record->field[i];
        if (reader->plan[i].drop)
            continue;
        bool missing = mli_missing_has(reader->missing, field->text, field->len);
        enum ml_status status = mli_cells_add(&reader->cells[i], field->text, field->len, missing);
        if (status != ML_OK)
            return cell_error(reader, status, record, i, err);
    }
    reader->rows++;
    return ML_OK;
}

static enum ml_status read_rows(struct reader *reader, struct ml_error *err)
{
    struct mli_csv_record record;
    enum ml_status status;

    do {
        status = mli_header_next(reader->csv, reader->header, &record, err);
        if (status == ML_OK && record.count > 0)
            status = read_row(reader, &record, err);
    } while (status == ML_OK && record.count > 0);
    if (status == ML_OK && reader->rows == 0)
        return ml_error_at(err, ML_EDATA, reader->source, 0, 0, "no rows below the header");
    return status;
}

static enum ml_status fill_table(struct reader *reader, struct ml_table *table)
{
    struct mli_input *input = mli_csv_input(reader->csv);

    table->rows = reader->rows;
    table->delimiter = mli_csv_options(reader->csv)->delimiter;
    mli_input_sha256(input, table->sha256);
    table->bytes = mli_input_taken(input);
    table->source = mli_strdup(reader->source);
    table->column = mli_calloc(reader->columns, sizeof(*table->column));
    if (!table->source || !table->column)
        return ML_ENOMEM;
    for (size_t i = 0; i < reader->columns; i++) {
        if (reader->plan[i].drop)
            continue;
        struct mli_column *column = &table->column[table->columns++];
        enum ml_status status = mli_cells_finish(&reader->cells[i], column);
        if (status != ML_OK)
            return status;
        column->name = mli_strdup(mli_dict_text(reader->header, i));
        if (!column->name)
            return ML_ENOMEM;
    }
    return ML_OK;
}

static enum ml_status finish(struct reader *reader, struct ml_table **out, struct ml_error *err)
{
    struct ml_table *table = mli_calloc(1, sizeof(*table));
    enum ml_status status = table ? fill_table(reader, table) : ML_ENOMEM;

    if (status == ML_OK) {
        *out = table;
        return ML_OK;
    }
    ml_table_free(table);
    return out_of_memory(reader, err);
}

static void release(struct reader *reader)
{
    for (size_t i = 0; reader->cells && i < reader->columns; i++)
        mli_cells_release(&reader->cells[i]);
    free(reader->cells);
    free(reader->plan);
    mli_missing_free(reader->missing);
    mli_dict_free(reader->header);
    mli_csv_close(reader->csv);
}

enum ml_status mli_table_read_input(struct mli_input *input, const struct ml_read_options *options,
                                    struct ml_table **out, struct ml_error *err)
{
    static const struct ml_read_options defaults = ML_READ_OPTIONS_INIT;
    struct reader reader = { .options = options ? options : &defaults };
    enum ml_status status = mli_csv_open(input, &reader.options->csv, &reader.csv, err);

    if (status != ML_OK)
        return status;
    reader.source = mli_input_name(mli_csv_input(reader.csv));
    status = begin(&reader, err);
    if (status == ML_OK)
        status = read_rows(&reader, err);
    if (status == ML_OK)
        status = finish(&reader, out, err);
    release(&reader);
    return status;
}

enum ml_status ml_table_read(const char *path, const struct ml_read_options *options,
                             struct ml_table **out, struct ml_error *err)
{
    struct mli_input *input;
    enum ml_status status = mli_input_open(path, &input, err);

    return status == ML_OK ? mli_table_read_input(input, options, out, err) : status;
}
