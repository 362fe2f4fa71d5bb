/*
 * Any bytes as a CSV file (or a gzip of one): reading them must end in a table or in an error with
 * a text. A table is then streamed against the schema inferred from it, and written and read again;
 * every time the cells are the same. The fast lanes of reading (table.h) make no difference to table, stream or error.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/schema.h>
#include <table/stream.h>
#include <table/table.h>
#include <table/write.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static struct mli_input *input_of(const void *bytes, size_t n)
{
    struct mli_input *input;

    require(mli_input_memory("fuzz", bytes, n, &input, NULL) == ML_OK, "an input over memory");
    return input;
}

static bool same_number(double a, double b)
{
    return (a == b && !signbit(a) == !signbit(b)) || (isnan(a) && isnan(b));
}

/* Rows of `part` against the rows of `whole` from `from` on. */
static void compare_column(const struct mli_column *whole, size_t from,
                           const struct mli_column *part, size_t rows)
{
    require(whole->type == part->type, "the type of a column");
    require(strcmp(whole->name, part->name) == 0, "the name of a column");
    for (size_t i = 0; i < rows; i++) {
        if (whole->number)
            require(same_number(whole->number[from + i], part->number[i]), "a number");
        else
            require(whole->code[from + i] == part->code[i], "a code");
    }
}

static void compare_dict(const struct mli_dict *a, const struct mli_dict *b)
{
    require(!a == !b && (!a || mli_dict_count(a) == mli_dict_count(b)), "the size of a dictionary");
    for (size_t i = 0; a && i < mli_dict_count(a); i++)
        require(strcmp(mli_dict_text(a, i), mli_dict_text(b, i)) == 0, "a string of a dictionary");
}

static void stream_again(const uint8_t *bytes, size_t n, const struct ml_table *table)
{
    const struct mli_stream_options options = { .csv.delimiter = table->delimiter, .block = 3 };
    struct mli_schema *schema;
    struct mli_stream *stream;
    const struct ml_table *block;
    size_t row = 0;
    size_t *columns = calloc(table->columns, sizeof(*columns));

    require(columns != NULL, "memory");
    for (size_t i = 0; i < table->columns; i++)
        columns[i] = i;
    require(mli_schema_from_table(table, columns, table->columns, NULL, &schema, NULL) == ML_OK,
            "a schema");
    require(mli_stream_open_input(input_of(bytes, n), schema, &options, &stream, NULL) == ML_OK,
            "a stream");
    while (require(mli_stream_next(stream, &block, NULL) == ML_OK, "a block"), block) {
        require(block->columns == table->columns && block->rows <= table->rows - row,
                "the shape of a block");
        for (size_t i = 0; i < table->columns; i++) {
            compare_column(&table->column[i], row, &block->column[i], block->rows);
            compare_dict(table->column[i].dict, block->column[i].dict);
        }
        row += block->rows;
    }
    require(row == table->rows && mli_stream_unknown(stream) == 0, "the end of a stream");
    mli_stream_close(stream);
    mli_schema_free(schema);
    free(columns);
}

static void write_again(const struct ml_table *table)
{
    const struct ml_read_options options = { .csv.delimiter = ',' };
    struct mli_csv_writer writer;
    struct ml_table *back;
    struct mli_buf out;

    mli_buf_init(&out, SIZE_MAX);
    mli_csv_writer_init(&writer, &out, ',');
    for (size_t i = 0; i < table->columns; i++)
        mli_csv_write_text(&writer, table->column[i].name, strlen(table->column[i].name));
    mli_csv_write_end(&writer);
    for (size_t row = 0; row < table->rows; row++) {
        for (size_t i = 0; i < table->columns; i++)
            mli_csv_write_cell(&writer, table, row, i);
        mli_csv_write_end(&writer);
    }
    require(out.status == ML_OK, "memory");
    require(mli_table_read_input(input_of(out.data, out.len), &options, &back, NULL) == ML_OK,
            "the written file");
    require(back->rows == table->rows && back->columns == table->columns,
            "the shape of the written file");
    for (size_t i = 0; i < table->columns; i++) {
        compare_column(&table->column[i], 0, &back->column[i], table->rows);
        compare_dict(table->column[i].dict, back->column[i].dict);
    }
    ml_table_free(back);
    mli_buf_release(&out);
}

/* The same bytes, read without the fast lanes, end in the same table or the same error. */
static void read_slowly(const uint8_t *bytes, size_t n, const struct ml_table *fast,
                        const struct ml_error *fast_err)
{
    const struct ml_read_options options = { .csv.libcsv = true };
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;

    enum ml_status status = mli_table_read_input(input_of(bytes, n), &options, &table, &err);
    require(status == (fast ? ML_OK : fast_err->status), "the status without the fast lanes");
    require(err.line == fast_err->line && err.column == fast_err->column &&
                strcmp(err.text, fast_err->text) == 0,
            "the error without the fast lanes");
    if (fast) {
        require(table->rows == fast->rows && table->columns == fast->columns &&
                    table->delimiter == fast->delimiter,
                "the shape without the fast lanes");
        for (size_t i = 0; i < table->columns; i++) {
            require(table->column[i].integer == fast->column[i].integer, "whole numbers");
            compare_column(&table->column[i], 0, &fast->column[i], table->rows);
            compare_dict(table->column[i].dict, fast->column[i].dict);
        }
        stream_again(bytes, n, table);
    }
    ml_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;

    if (mli_table_read_input(input_of(bytes, n), NULL, &table, &err) != ML_OK) {
        require(err.status != ML_OK && err.text[0] != '\0' && !table, "the error");
        read_slowly(bytes, n, NULL, &err);
        return 0;
    }
    read_slowly(bytes, n, table, &err);
    stream_again(bytes, n, table);
    write_again(table);
    ml_table_free(table);
    return 0;
}
