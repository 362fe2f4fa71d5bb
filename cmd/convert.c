#include <cmd/commands.h>
#include <cmd/out.h>
#include <cmd/reading.h>

#include <base/file.h>
#include <stdio.h>
#include <string.h>
#include <table/table.h>
#include <table/write.h>

struct convert_flags {
    struct reading reading;
    char *output;
    long rows;
};

static void write_header(const struct ml_table *table, struct mli_csv_writer *csv)
{
    for (size_t j = 0; j < table->columns; j++)
        mli_csv_write_text(csv, table->column[j].name, strlen(table->column[j].name));
    mli_csv_write_end(csv);
}

static void write_csv_row(const struct ml_table *table, size_t row, struct mli_csv_writer *csv)
{
    for (size_t j = 0; j < table->columns; j++)
        mli_csv_write_cell(csv, table, row, j);
    mli_csv_write_end(csv);
}

/* Numbers and booleans as such, missing as null, the rest as strings. */
static void write_json_cell(const struct mli_column *column, size_t row, struct mli_buf *text)
{
    char date[MLI_INSTANT_MAX];
    if (column->code && column->code[row] < 0) {
        mli_buf_str(text, "null");
    } else if (column->type == ML_TYPE_BOOLEAN) {
        mli_buf_str(text, column->code[row] ? "true" : "false");
    } else if (column->code) {
        const char *word = mli_dict_text(column->dict, (size_t)column->code[row]);
        mli_buf_json_string(text, word, strlen(word));
    } else if (column->number[row] != column->number[row]) {
        mli_buf_str(text, "null");
    } else if (column->type == ML_TYPE_INSTANT) {
        mli_instant_format(column->number[row], date);
        mli_buf_json_string(text, date, strlen(date));
    } else {
        mli_buf_number(text, column->number[row]);
    }
}

static void write_json_row(const struct ml_table *table, size_t row, struct mli_buf *text)
{
    for (size_t j = 0; j < table->columns; j++) {
        mli_buf_str(text, j ? ", " : row ? ",\n {" : "\n {");
        mli_buf_json_string(text, table->column[j].name, strlen(table->column[j].name));
        mli_buf_str(text, ": ");
        write_json_cell(&table->column[j], row, text);
    }
    mli_buf_str(text, "}");
}

static enum ml_status flush(struct mli_buf *text, struct mli_output *out, size_t most, struct ml_error *err)
{
    if (text->status)
        return ml_error_set(err, text->status, "out of memory");
    if (text->len <= most)
        return ML_OK;
    enum ml_status status = mli_output_write(out, text->data, text->len, err);
    mli_buf_reset(text);
    return status;
}

static enum ml_status write_table(const struct ml_table *table, size_t rows, bool json, struct mli_output *out,
                                  struct ml_error *err)
{
    struct mli_buf text;
    struct mli_csv_writer csv;
    enum ml_status status = ML_OK;
    mli_buf_init(&text, (size_t)1 << 30);
    mli_csv_writer_init(&csv, &text, ',');
    if (json)
        mli_buf_str(&text, "[");
    else
        write_header(table, &csv);
    for (size_t row = 0; row < rows && !status; row++) {
        if (json)
            write_json_row(table, row, &text);
        else
            write_csv_row(table, row, &csv);
        status = flush(&text, out, 1 << 16, err);
    }
    if (json)
        mli_buf_str(&text, "\n]\n");
    if (!status)
        status = flush(&text, out, 0, err);
    mli_buf_release(&text);
    return status;
}

static int convert(struct cmd_context *ctx, struct convert_flags *f, size_t rows)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    struct mli_output *out = NULL;
    enum ml_status status = ml_table_read_files(ctx->args, ctx->nargs, &f->reading.options, &table, &err);
    if (!status)
        status = mli_output_open_packed(f->output, &out, &err);
    if (!status) {
        rows = rows && rows < table->rows ? rows : table->rows;
        status = write_table(table, rows, ctx->json, out, &err);
        if (status)
            mli_output_abort(out);
        else
            status = mli_output_commit(out, &err);
    }
    ml_table_free(table);
    if (status)
        return cmd_fail(ctx, &err);
    if (strcmp(f->output, "-") == 0)
        return CMD_DONE;
    out_line("wrote", "%s: %zu rows", f->output, rows);
    return out_end(ctx, CMD_DONE);
}

int cmd_convert(struct cmd_context *ctx, int argc, const char **argv)
{
    struct convert_flags f = { .reading = READING_INIT, .output = "-" };
    size_t rows = 0;
    struct poptOption file[] = READING_FILE(f.reading);
    struct poptOption files[] = {
        { "output", 'o', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.output, 0, "file to write (.gz, .zst: packed), - for standard output", "FILE" },
        { "rows", 'n', POPT_ARG_LONG, &f.rows, 0, "write the first COUNT rows only", "COUNT" },
        POPT_TABLEEND
    };
    struct poptOption options[] = { READING_GROUP(files, "Files"), READING_GROUP(file, "Reading"), POPT_TABLEEND };
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = reading_count(ctx, "rows", f.rows, &rows);
    if (code == CMD_CONTINUE)
        code = reading_options(ctx, &f.reading);
    if (code == CMD_CONTINUE && (cmd_output_is_file(ctx, f.output) ||
                                 dialect_output_refused(ctx, &f.reading.options.csv, f.output)))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE)
        code = convert(ctx, &f, rows);
    reading_release(&f.reading);
    return code;
}
