/* The fast lanes of reading are not seen in any result: everything is read with them and without, and compared. */
#include <tests/unit/table.h>

#include <base/buf.h>
#include <base/rng.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/csv.h>
#include <table/stream.h>
#include <table/table.h>

/* Records with their lines, then the error, if any. */
static void add_records(struct mli_buf *out, const char *text, size_t len,
                        const struct ml_csv_options *options)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_csv_record record = { 0 };
    struct mli_csv *csv = NULL;
    enum ml_status status = mli_csv_open(input_of(text, len), options, &csv, &err);

    while (status == ML_OK) {
        status = mli_csv_next(csv, &record, &err);
        if (status != ML_OK || record.count == 0)
            break;
        mli_buf_printf(out, "@%zu", record.line);
        for (size_t i = 0; i < record.count; i++) {
            assert_int_equal(strlen(record.field[i].text), record.field[i].len);
            mli_buf_char(out, '[');
            mli_buf_add(out, record.field[i].text, record.field[i].len);
            mli_buf_char(out, ']');
        }
    }
    mli_buf_printf(out, "\n%d %zu:%zu %s\n", (int)status, err.line, err.column, err.text);
    mli_csv_close(csv);
}

static void add_table(struct mli_buf *out, const struct ml_table *table)
{
    for (size_t i = 0; i < table->columns; i++) {
        const struct mli_column *column = &table->column[i];
        mli_buf_printf(out, "%s:%s:%d", column->name, ml_type_name(column->type), column->integer);
        if (column->number)
            mli_buf_add(out, column->number, table->rows * sizeof(*column->number));
        else
            mli_buf_add(out, column->code, table->rows * sizeof(*column->code));
        for (size_t k = 0; column->dict && k < mli_dict_count(column->dict); k++)
            mli_buf_printf(out, "[%s]", mli_dict_text(column->dict, k));
    }
}

static void add_stream(struct mli_buf *out, const char *text, size_t len,
                       const struct ml_table *table, bool fast)
{
    const char *keep[] = { table->column[0].name, NULL };
    const struct mli_stream_options options = {
        .csv = { .delimiter = table->delimiter, .libcsv = !fast }, .keep = keep
    };
    struct mli_schema *schema = schema_of(table);
    struct mli_stream *stream = NULL;
    const struct ml_table *block = NULL;

    assert_int_equal(mli_stream_open_input(input_of(text, len), schema, &options, &stream, NULL),
                     ML_OK);
    while (mli_stream_next(stream, &block, NULL) == ML_OK && block) {
        add_table(out, block);
        for (size_t row = 0; row < block->rows; row++)
            mli_buf_printf(out, "%zu %s\n", mli_stream_line(stream, row),
                           mli_stream_kept(stream, row, 0));
    }
    mli_stream_close(stream);
    mli_schema_free(schema);
}

/* Everything that can be seen of a file. */
static void describe(struct mli_buf *out, const char *text, size_t len, char delimiter, bool fast)
{
    const struct ml_csv_options csv = { .delimiter = delimiter, .libcsv = !fast };
    const struct ml_read_options options = { .csv = csv, .missing = "-9,-99.0" };
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;

    mli_buf_init(out, SIZE_MAX);
    add_records(out, text, len, &csv);
    if (mli_table_read_input(input_of(text, len), &options, &table, &err) == ML_OK) {
        mli_buf_printf(out, "%s %c", table->sha256, table->delimiter);
        add_table(out, table);
        ml_table_free(table);
    }
    mli_buf_printf(out, "\n%d %zu:%zu %s\n", (int)err.status, err.line, err.column, err.text);
    table = NULL; /* the stream knows no more tokens than the built-in ones */
    const struct ml_read_options plain = { .csv = csv };
    if (mli_table_read_input(input_of(text, len), &plain, &table, NULL) == ML_OK) {
        add_table(out, table);
        add_stream(out, text, len, table, fast);
        ml_table_free(table);
    }
    assert_int_equal(out->status, ML_OK);
}

static void expect_same(const char *name, const char *text, size_t len, char delimiter)
{
    struct mli_buf fast, slow;

    describe(&fast, text, len, delimiter, true);
    describe(&slow, text, len, delimiter, false);
    if (fast.len != slow.len || memcmp(fast.data, slow.data, slow.len) != 0) {
        fprintf(stderr, "%.*s\n", len < 4096 ? (int)len : 0, text);
        fail_msg("%s is read differently in the fast lane", name);
    }
    mli_buf_release(&fast);
    mli_buf_release(&slow);
}

static void compare_files(const char *folder)
{
    DIR *dir = opendir(folder);
    size_t files = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct mli_buf text;
        char path[512];
        size_t len = strlen(entry->d_name);
        if (len < 4 || strcmp(entry->d_name + len - 4, ".csv") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        mli_buf_init(&text, SIZE_MAX);
        assert_int_equal(mli_file_read(path, &text, NULL), ML_OK);
        expect_same(path, text.data ? text.data : "", text.len, 0);
        mli_buf_release(&text);
        files++;
    }
    closedir(dir);
    assert_true(files > 5);
}

static void real_files(void **state)
{
    (void)state;
    compare_files("datasets");
    compare_files("tests/fuzz/corpus/csv");
}

/* ---- generated files ------------------------------------------------------------------------- */

static const char *const ordinary[] = { "1",     "-0",   "0.50", "-12.345678", "7", "100000",
                                        "1.5",   "",     "NA",   "123456789012345",
                                        "-0.00", "0" };
static const char *const odd[] = { "-9",
                                   "-99.0",
                                   "1e5",
                                   "+3",
                                   "007",
                                   ".5",
                                   "5.",
                                   "-",
                                   "1e999",
                                   "1234567890123456",
                                   "0.1234567890123456",
                                   "99999999999999999999999999",
                                   "1.2.3",
                                   "0.000000000000001",
                                   "2024-02-29",
                                   "2024-02-29T12:00:00Z",
                                   "nan",
                                   "?",
                                   "text",
                                   "12ab",
                                   "gr\xC3\xBCn",
                                   "\xE2\x82\xAC",
                                   " 5.1 ",
                                   "\t6\t",
                                   " NA ",
                                   "two words",
                                   "   " };
static const char *const nasty[] = { "\"1\"",
                                     "\" q \"",
                                     "\"a,b;c\td\"",
                                     "\"x\ny\"",
                                     "\"x\r\ny\"",
                                     "\"say \"\"hi\"\"\"",
                                     "\"\"",
                                     " \"q\" ",
                                     "x\"y",
                                     "\"x\"y",
                                     "\"open",
                                     "\xFF",
                                     "\xC3",
                                     "\x80",
                                     "\x01",
                                     "\v" };

static const char *pick(struct mli_rng *rng, const char *const *of, size_t n)
{
    return of[mli_rng_below(rng, n)];
}

/* One cell: the wilder the file, the more often something that is not a plain number. */
static void add_cell(struct mli_buf *out, struct mli_rng *rng, unsigned wild)
{
    size_t dice = mli_rng_below(rng, 1000);

    if (wild >= 2 && dice < 15)
        mli_buf_str(out, pick(rng, nasty, COUNT(nasty)));
    else if (wild >= 1 && dice < 60)
        mli_buf_str(out, pick(rng, odd, COUNT(odd)));
    else if (wild >= 2 && dice == 60)
        mli_buf_char(out, '\0');
    else
        mli_buf_str(out, pick(rng, ordinary, COUNT(ordinary)));
}

static void generate(struct mli_buf *out, struct mli_rng *rng, char delimiter, size_t rows)
{
    static const char *const ends[] = { "\n", "\r\n", "\r" };
    static const char *const blanks[] = { "\n", "\r\n", " \n", "\t \n", "\r", "  " };
    unsigned wild = (unsigned)mli_rng_below(rng, 4);
    size_t columns = 1 + mli_rng_below(rng, 5);
    const char *end = pick(rng, ends, COUNT(ends));

    if (mli_rng_below(rng, 5) == 0)
        mli_buf_str(out, "\xEF\xBB\xBF");
    for (size_t row = 0; row <= rows; row++) {
        size_t count = columns + (wild == 3 && mli_rng_below(rng, 200) == 0);
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                mli_buf_char(out, delimiter);
            if (row == 0)
                mli_buf_printf(out, " c%zu", i);
            else
                add_cell(out, rng, wild);
        }
        if (wild > 0 && mli_rng_below(rng, 30) == 0)
            end = pick(rng, ends, COUNT(ends));
        if (row < rows || mli_rng_below(rng, 2) == 0)
            mli_buf_str(out, end);
        if (wild > 0 && mli_rng_below(rng, 20) == 0)
            mli_buf_str(out, pick(rng, blanks, COUNT(blanks)));
    }
}

static void generated_files(void **state)
{
    static const char delimiters[] = { ',', ';', '\t', '|', ' ' };
    struct mli_rng rng;
    char name[32];

    (void)state;
    mli_rng_init(&rng, 20);
    for (size_t i = 0; i < 3000; i++) {
        char delimiter = delimiters[i % COUNT(delimiters)];
        struct mli_buf text;
        mli_buf_init(&text, SIZE_MAX);
        generate(&text, &rng, delimiter, 1 + mli_rng_below(&rng, i % 100 == 0 ? 20000 : 60));
        snprintf(name, sizeof(name), "generated file %zu", i);
        expect_same(name, text.data, text.len, i % 3 == 0 ? 0 : delimiter);
        mli_buf_release(&text);
    }
}

/* A line of everything at every distance from the border of a block. */
static void block_borders(void **state)
{
    static const char *const lines[] = { "1,2\n", "1.5,x\r\n", "gr\xC3\xBCn, 7 \r\n\r\n",
                                         "\"q\n,\",\xE2\x82\xAC\n", "3,4\r", "\r\n,\r\n" };
    const size_t border = 65536, around = 12;
    char *text = malloc(border + 1000);

    (void)state;
    assert_non_null(text);
    for (size_t k = 0; k < COUNT(lines); k++) {
        for (size_t before = 0; before < around; before++) {
            size_t at = border - before, len = strlen(lines[k]);
            memset(text, '7', at);
            memcpy(text, "a,b\n", 4);
            for (size_t i = 8; i + 2000 < at; i += 16)
                memcpy(text + i - 3, ",1\n", 3); /* the last line before the border is long */
            memcpy(text + at - 3, ",5\n", 3);
            memcpy(text + at, lines[k], len);
            memcpy(text + at + len, "8,9\n", 4);
            expect_same(lines[k], text, at + len + 4, ',');
        }
    }
    free(text);
}

/* A column of short decimals that turns out to be something else keeps the text of each. */
static void texts_come_back(void **state)
{
    struct ml_table *table = table_of("a,b\n-0,1\n0.50,2.0\nNA,\n-12.345,7\n123456789012345,-0.00\n"
                                      "0.00000000000001,5\nx,1e1\n");
    static const char *const texts[] = { "-0",      "0.50",            "",
                                         "-12.345", "123456789012345", "0.00000000000001",
                                         "x" };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_string_equal(cell(table, i, 0), texts[i]);
    assert_int_equal(ml_table_type(table, 1), ML_TYPE_NUMBER);
    assert_string_equal(cell(table, 6, 1), "10");
    ml_table_free(table);
}

int table_fast_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_files),
        cmocka_unit_test(generated_files),
        cmocka_unit_test(block_borders),
        cmocka_unit_test(texts_come_back),
    };
    return cmocka_run_group_tests_name("table/fast", tests, NULL, NULL);
}
