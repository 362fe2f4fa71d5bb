/*
 * Any bytes as a CSV file (or a gzip of one): reading them must end in a table or in an error with
 * a text. A table is then streamed against the schema inferred from it, and written and read again;
 * every time the cells are the same. How it is read (table.h: fast lanes, chunks, threads, a pipe or a file) makes no
 * difference to the table or the error.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/schema.h>
#include <table/stream.h>
#include <table/table.h>
#include <table/write.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void stream_again(const uint8_t *bytes, size_t n, const struct ml_table *table,
                         const struct ml_csv_options *csv)
{
    const struct mli_stream_options options = { .csv = *csv, .block = 3 };
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
    const struct ml_read_options options = {
        .csv = { .delimiter = ',', .quote = '"', .encoding = "utf-8" }
    };
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

/* A damaged archive is found out by whoever gets that far: its place among the errors of the text is not fixed. */
static bool is_damaged(const struct ml_error *err)
{
    return strstr(err->text, "this is a damaged ") != NULL;
}

static void compare_errors(const struct ml_error *a, const struct ml_error *b)
{
    require(a->status == b->status, "the status of another way of reading");
    if (is_damaged(a) || is_damaged(b))
        return;
    require(a->line == b->line && a->column == b->column && strcmp(a->text, b->text) == 0,
            "the error of another way of reading");
}

static void compare_tables(const struct ml_table *a, const struct ml_table *b)
{
    require(!a == !b, "a table");
    if (!a)
        return;
    require(a->rows == b->rows && a->columns == b->columns && a->delimiter == b->delimiter &&
                strcmp(a->sha256, b->sha256) == 0,
            "the shape by another way of reading");
    for (size_t i = 0; i < a->columns; i++) {
        require(a->column[i].integer == b->column[i].integer, "whole numbers");
        require(a->column[i].format == b->column[i].format, "the format of dates");
        compare_column(&a->column[i], 0, &b->column[i], a->rows);
        compare_dict(a->column[i].dict, b->column[i].dict);
    }
}

/* The same bytes as a regular file, which can be read a second time. */
static enum ml_status read_file(const uint8_t *bytes, size_t n, const struct ml_read_options *options,
                                struct ml_table **table, struct ml_error *err)
{
    char path[64];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    require(fd >= 0 && write(fd, bytes, n) == (ssize_t)n, "a file");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    enum ml_status status = ml_table_read(path, options, table, err);
    close(fd);
    return status;
}

/* Whole or in chunks, by one thread or two, all by libcsv or not, once or twice: the same table or the same error. */
static void read_otherwise(const uint8_t *bytes, size_t n, const struct ml_csv_options *csv,
                           const struct ml_table *table, const struct ml_error *err)
{
    struct ml_read_options ways[] = { { .csv = *csv },
                                      { .csv = *csv, .chunk = 1 + n % 64, .threads = 1 },
                                      { .csv = *csv, .chunk = 16 + n % 200, .threads = 2 } };
    ways[0].csv.libcsv = true;

    for (size_t i = 0; i < 4; i++) {
        struct ml_error found = ML_ERROR_INIT;
        struct ml_table *other = NULL;
        if (i < 3)
            (void)!mli_table_read_input(input_of(bytes, n), &ways[i], &other, &found);
        else
            (void)!read_file(bytes, n, &ways[1 + n % 2], &other, &found);
        compare_errors(err, &found);
        compare_tables(table, other);
        ml_table_free(other);
    }
}

/* The options that the first bytes choose; how many those were. */
static size_t choose_options(const uint8_t *bytes, size_t n, struct ml_csv_options *csv)
{
    static const char delimiters[] = { 0, ',', ';', '\t', '|', ' ' };
    static const char quotes[] = { 0, '"', '\'', ML_QUOTE_NONE };
    static const char *const encodings[] = { NULL, "utf-8", "utf-16le", "utf-16be", "latin1", "windows-1252", "shift_jis" };

    *csv = (struct ml_csv_options){ 0 };
    if (n < 5 || bytes[0] != 1)
        return 0;
    csv->delimiter = delimiters[bytes[1] % sizeof(delimiters)];
    csv->comment = bytes[1] & 0x80 ? '#' : 0;
    csv->quote = quotes[bytes[2] % sizeof(quotes)];
    csv->no_header = bytes[2] & 0x80;
    csv->encoding = encodings[bytes[3] % (sizeof(encodings) / sizeof(*encodings))];
    csv->bad_rows = bytes[3] & 0x80 ? ML_BAD_ROWS_SKIP : ML_BAD_ROWS_ERROR;
    csv->skip_rows = bytes[4] % 4;
    csv->max_field = bytes[4] & 0x80 ? 8 : 0;
    return 5;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ml_read_options options = { 0 };
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    size_t chosen = choose_options(bytes, n, &options.csv);

    bytes += chosen;
    n -= chosen;
    if (mli_table_read_input(input_of(bytes, n), &options, &table, &err) != ML_OK) {
        require(err.status != ML_OK && err.text[0] != '\0' && !table, "the error");
        read_otherwise(bytes, n, &options.csv, NULL, &err);
        return 0;
    }
    read_otherwise(bytes, n, &options.csv, table, &err);
    stream_again(bytes, n, table, &options.csv);
    write_again(table);
    ml_table_free(table);
    return 0;
}
