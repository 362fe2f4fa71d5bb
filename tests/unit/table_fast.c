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

/* The next record with its line; false at the end. */
static bool add_record(struct mli_buf *out, struct mli_csv *csv, enum ml_status *status,
                       struct ml_error *err, size_t *line)
{
    struct mli_csv_record record = { 0 };

    *status = mli_csv_next(csv, &record, err);
    if (*status != ML_OK || record.count == 0)
        return false;
    *line = record.line;
    mli_buf_printf(out, "@%zu", record.line);
    for (size_t i = 0; i < record.count; i++) {
        assert_int_equal(strlen(record.field[i].text), record.field[i].len);
        mli_buf_char(out, '[');
        mli_buf_add(out, record.field[i].text, record.field[i].len);
        mli_buf_char(out, ']');
    }
    return true;
}

static void add_error(struct mli_buf *out, enum ml_status status, const struct ml_error *err)
{
    mli_buf_printf(out, "\n%d %zu:%zu %s\n", (int)status, err->line, err->column, err->text);
}

/* Where lines start, one after the last, too. */
static size_t *line_starts(const char *text, size_t len, size_t *lines)
{
    size_t *start = malloc((len + 2) * sizeof(*start)), n = 0;

    assert_non_null(start);
    start[n++] = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == len || text[i + 1] != '\n')))
            start[n++] = i + 1;
    }
    start[n] = len;
    *lines = n;
    return start;
}

/*
 * The records of a text in memory, cut into chunks of whole records: one begins at each of the lines in `at`. Each chunk
 * is a copy of its own, so that reading beyond it shows.
 */
static void add_chunks(struct mli_buf *out, const char *text, size_t len,
                       const struct ml_csv_options *options, const size_t *at, size_t chunks)
{
    size_t lines, line, *start = line_starts(text, len, &lines);
    struct ml_error err = ML_ERROR_INIT;
    struct mli_csv *csv = NULL;
    enum ml_status status = ML_OK;

    for (size_t k = 0; k < chunks && status == ML_OK; k++) {
        size_t from = start[at[k] - 1], to = k + 1 < chunks ? start[at[k + 1] - 1] : len;
        char *copy = malloc(to - from + MLI_CSV_ROOM);
        assert_non_null(copy);
        memcpy(copy, text + from, to - from);
        if (!csv)
            assert_int_equal(mli_csv_open_text(copy, to - from, at[k], "test.csv", options, &csv, &err), ML_OK);
        else
            mli_csv_reset_text(csv, copy, to - from, at[k]);
        while (add_record(out, csv, &status, &err, &line))
            ;
        free(copy);
    }
    add_error(out, status, &err);
    mli_csv_close(csv);
    free(start);
}

/* The text as one chunk, and in chunks of a few records, gives what reading the file gives: `whole`, with its lines. */
static void expect_chunks(const struct mli_buf *whole, const char *text, size_t len,
                          const struct ml_csv_options *options, const size_t *at, size_t records)
{
    bool bom = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    size_t *some = malloc((records + 1) * sizeof(*some)), chunks;

    assert_non_null(some);
    for (size_t step = 1; step <= records + 1; step = step * 3 + 1) {
        struct mli_buf out;
        some[0] = 1;
        chunks = 1;
        for (size_t i = step; i < records; i += step)
            some[chunks++] = at[i];
        mli_buf_init(&out, SIZE_MAX);
        add_chunks(&out, text + (bom ? 3 : 0), len - (bom ? 3 : 0), options, some, chunks);
        assert_int_equal(out.status, ML_OK);
        if (out.len != whole->len || memcmp(out.data, whole->data, out.len) != 0)
            fail_msg("chunks of %zu records are read differently:\n%s\nand not\n%s", step, out.data, whole->data);
        mli_buf_release(&out);
    }
    free(some);
}

/* Records with their lines, then the error, if any; the same out of memory. */
static void add_records(struct mli_buf *out, const char *text, size_t len,
                        const struct ml_csv_options *options)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_csv *csv = NULL;
    struct mli_buf records;
    size_t n = 0, line, *at = malloc((len + 1) * sizeof(*at));
    enum ml_status status = mli_csv_open(input_of(text, len), options, &csv, &err);

    assert_non_null(at);
    assert_int_equal(status, ML_OK);
    mli_buf_init(&records, SIZE_MAX);
    while (add_record(&records, csv, &status, &err, &line))
        at[n++] = line;
    add_error(&records, status, &err);
    expect_chunks(&records, text, len, mli_csv_options(csv), at, n);
    mli_buf_add(out, records.data, records.len);
    mli_buf_release(&records);
    mli_csv_close(csv);
    free(at);
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
                       const struct ml_table *table, const struct ml_csv_options *csv)
{
    const char *keep[] = { table->column[0].name, NULL };
    const struct mli_stream_options options = {
        .csv = *csv, .keep = keep
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
static void describe(struct mli_buf *out, const char *text, size_t len,
                     const struct ml_csv_options *dialect, bool fast)
{
    struct ml_csv_options csv = *dialect;
    csv.libcsv = !fast;
    const struct ml_read_options options = { .csv = csv, .missing = "-9,-99.0" };
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    struct notes notes = { 0 };
    struct ml_log log = log_to(&notes);

    log.level = ML_LOG_WARNING;
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
        add_stream(out, text, len, table, &csv);
        ml_table_free(table);
    }
    struct ml_read_options lenient = { .csv = csv, .log = &log };
    lenient.csv.bad_rows = ML_BAD_ROWS_SKIP;
    lenient.csv.no_header = len % 2 == 0;
    lenient.csv.comment = len % 3 == 0 ? '5' : 0;
    if (mli_table_read_input(input_of(text, len), &lenient, &table, NULL) == ML_OK) {
        add_table(out, table);
        ml_table_free(table);
    }
    mli_buf_add(out, notes.text, strlen(notes.text));
    assert_int_equal(out->status, ML_OK);
}

static void expect_same(const char *name, const char *text, size_t len, char delimiter, char quote)
{
    const struct ml_csv_options options = { .delimiter = delimiter,
                                            .quote = quote,
                                            .encoding = "UTF-8" };
    struct mli_buf fast, slow;

    describe(&fast, text, len, &options, true);
    describe(&slow, text, len, &options, false);
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
        expect_same(path, text.data ? text.data : "", text.len, 0, 0);
        expect_same(path, text.data ? text.data : "", text.len, 0, ML_QUOTE_NONE);
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
static const char *const quoted[] = { "\"1\"",
                                      "\"\"",
                                      "\" two \"",
                                      "\"a,b;c\td e|f\"",
                                      "\"x\ny\"",
                                      "\"x\r\ny\r\"",
                                      "\"\n\r\n\n\"",
                                      "\"\"\"\"",
                                      "\"\"\"\"\"\"",
                                      "\"say \"\"hi\"\"\"",
                                      "\"\"\"gr\xC3\xBCn\"\", \xE2\x82\xAC\"" };
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
static void add_cell(struct mli_buf *out, struct mli_rng *rng, unsigned wild, size_t quotes)
{
    size_t dice = mli_rng_below(rng, 1000);

    if (mli_rng_below(rng, 1000) < quotes)
        mli_buf_str(out, pick(rng, quoted, COUNT(quoted)));
    else if (wild >= 2 && dice < 15)
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
    size_t columns = 1 + mli_rng_below(rng, 5), quotes = wild == 0 ? 0 : mli_rng_below(rng, 3) * 200;
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
                add_cell(out, rng, wild, quotes);
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
    static const char quotes[] = { 0, '"', '"', '\'', ML_QUOTE_NONE, 0, 0 };
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
        char quote = quotes[i % COUNT(quotes)];
        for (size_t k = 0; quote == '\'' && k < text.len; k++)
            text.data[k] = text.data[k] == '"' ? quote : text.data[k];
        expect_same(name, text.data, text.len, i % 3 == 0 ? 0 : delimiter, quote);
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
            expect_same(lines[k], text, at + len + 4, ',', 0);
        }
    }
    free(text);
}

/* The marks of a word at a time are those of the machine's own, and both are the plain loop's. */
static void marks_agree(void **state)
{
    static const char byte[MLI_MARKED] = { ',', '"', '\n', '\x80' };
    struct mli_marker marker = mli_marker_of(byte);
    struct mli_rng rng;
    char text[MLI_MARKS];

    (void)state;
    mli_rng_init(&rng, 8);
    for (size_t round = 0; round < 2000; round++) {
        uint64_t marks = 0;
        for (size_t i = 0; i < MLI_MARKS; i++) {
            text[i] = (char)(mli_rng_below(&rng, 4) == 0 ? (unsigned char)byte[mli_rng_below(&rng, 4)] + mli_rng_below(&rng, 3) - 1
                                                         : mli_rng_below(&rng, 256));
            marks |= (uint64_t)!!memchr(byte, text[i], sizeof(byte)) << i;
        }
        assert_int_equal(mli_marks_by_word(text, byte), marks);
        assert_int_equal(mli_marks(text, &marker), marks);
        size_t len = round % MLI_MARKS;
        assert_int_equal(mli_marks_of_rest(text, len, &marker), marks & ((UINT64_C(1) << len) - 1));
    }
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
        cmocka_unit_test(marks_agree),
        cmocka_unit_test(texts_come_back),
    };
    return cmocka_run_group_tests_name("table/fast", tests, NULL, NULL);
}
