/*
 * Files cut into chunks: wherever they are cut, by however many threads, and from whatever files, the records are those
 * that one reader finds, in their order, with their lines, and the first error is its error.
 */
#include <tests/unit/table.h>

#include <base/buf.h>
#include <base/rng.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/chunks.h>
#include <table/table.h>
#include <unistd.h>

/* ---- records --------------------------------------------------------------------------------- */

struct gathered {
    struct mli_buf out;
    size_t commits, stop; /* commit number `stop` fails */
};

static void *text_new(void *shared)
{
    struct mli_buf *buf = malloc(sizeof(*buf));

    (void)shared;
    assert_non_null(buf);
    mli_buf_init(buf, SIZE_MAX);
    return buf;
}

static void text_free(void *state)
{
    if (state)
        mli_buf_release(state);
    free(state);
}

static enum ml_status gather(void *shared, void *state, struct mli_chunk *chunk,
                             struct ml_error *err)
{
    struct mli_csv_record record;
    enum ml_status status;

    (void)shared;
    mli_buf_reset(state);
    while ((status = mli_chunk_next(chunk, &record, err)) == ML_OK && record.count > 0) {
        mli_buf_printf(state, "%s@%zu", mli_chunk_source(chunk), record.line);
        for (size_t i = 0; i < record.count; i++)
            mli_buf_printf(state, "[%s]", record.field[i].text);
    }
    return status;
}

static enum ml_status keep(void *shared, void *state, struct ml_error *err)
{
    struct gathered *gathered = shared;
    const struct mli_buf *text = state;

    if (++gathered->commits == gathered->stop)
        return ml_error_set(err, ML_ELIMIT, "enough");
    mli_buf_add(&gathered->out, text->data, text->len);
    return ML_OK;
}

static struct mli_chunk_job job_of(struct gathered *gathered)
{
    mli_buf_init(&gathered->out, SIZE_MAX);
    return (struct mli_chunk_job){ gathered, text_new, text_free, gather, keep };
}

/* Records up to the first error, then the error, and the digest where there was none. */
static char *records_of(struct mli_chunks *chunks)
{
    struct gathered gathered = { 0 };
    struct ml_error err = ML_ERROR_INIT;
    char sha256[MLI_SHA256_HEX] = "";
    const struct mli_chunk_job job = job_of(&gathered);

    if (mli_chunks_run(chunks, &job, &err) == ML_OK)
        mli_chunks_sha256(chunks, sha256);
    else
        mli_buf_reset(&gathered.out); /* how much was committed before depends on the cuts */
    mli_buf_printf(&gathered.out, "|%d %s:%zu:%zu %s|%s|%zu", (int)err.status, err.source, err.line,
                   err.column, err.text, sha256, (size_t)mli_chunks_taken(chunks) * !err.status);
    mli_chunks_close(chunks);
    return mli_buf_detach(&gathered.out);
}

static char *read_text(const char *text, size_t len, size_t size, size_t threads, bool libcsv)
{
    const struct ml_csv_options csv = { .delimiter = ',', .libcsv = libcsv };
    const struct mli_chunks_options options = { .csv = &csv, .threads = threads, .size = size };
    struct mli_chunks *chunks = NULL;
    struct ml_error err = ML_ERROR_INIT;

    if (mli_chunks_open_input(input_of(text, len), &options, &chunks, &err) != ML_OK) {
        assert_null(chunks);
        return strdup(err.text);
    }
    return records_of(chunks);
}

static void expect_same(const char *text, size_t len)
{
    static const size_t sizes[] = { 1, 2, 3, 5, 7, 16, 64, 0 };
    char *whole = read_text(text, len, 0, 1, true);

    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t threads = 1; threads <= 4; threads *= 2) {
            char *cut = read_text(text, len, sizes[i], threads, false);
            if (strcmp(whole, cut) != 0)
                fail_msg("chunks of %zu bytes, %zu threads:\n%s\nnot\n%s\nof\n%s", sizes[i], threads,
                         cut, whole, text);
            free(cut);
        }
    }
    free(whole);
}

static void texts(void **state)
{
    static const char *const texts[] = {
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n\r\n3,4\r\n",
        "a,b\r1,2\r\r3,4\r",
        "a,b\r1,2\n\r3,4\r\n5,6\n\n\n7,8",
        "a,b\n\"1\n\n,\n\",2\n3,\"\r\n\"\n\"\"\"\n\"\"\",\"\"\n",
        "a,b\n\"a long field of many lines\nand more\nand more\nand more\nand more\nand more\",2\n3,4\n",
        "a,b\n",
        "a,b",
        "a,b\r",
        "a,b\r\n",
        "a\n1\n\"\"\n3\n",
        "a,b\n1,2\n3\n5,6\n7\n",
        "a,b\n1,2\n3,4\n5,x\"y\n7,8\n9\n",
        "a,b\n1,2\n3,\"4\"5\n\"6,7\n8,9\n",
        "a,b\n1,2\n\"3,4\n5,6\n",
        "a,b\n1,2\n3,\xFF\n5,6\n7\n",
        "a,b\n\"1\n2\",3\n4,\"5\n\n6\n\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        expect_same(texts[i], strlen(texts[i]));
}

static void random_texts(void **state)
{
    static const char *const parts[] = { ",", ",",   "\n",     "\n", "\r\n", "\r",        "1",
                                         "x", "\"\n\"", "\"\"", "\"", " ",    "\"a,\r\nb\"", "1,2\n" };
    struct mli_rng rng;

    (void)state;
    mli_rng_init(&rng, 31);
    for (size_t i = 0; i < 1500; i++) {
        struct mli_buf text;
        size_t n = mli_rng_below(&rng, 30), most = i % 4 == 0 ? COUNT(parts) : 8;
        mli_buf_init(&text, SIZE_MAX);
        mli_buf_str(&text, i % 2 ? "a,b\n" : "a\n");
        for (size_t k = 0; k < n; k++)
            mli_buf_str(&text, parts[mli_rng_below(&rng, most)]);
        expect_same(text.data, text.len);
        mli_buf_release(&text);
    }
}

/* The header is read in blocks of 64 KiB; what follows it goes on at any place of one. */
static void header_at_a_border(void **state)
{
    static const char *const ends[] = { "\n", "\r\n", "\r" };
    const size_t block = 65536;
    char *text = malloc(block + 200);

    (void)state;
    assert_non_null(text);
    for (size_t e = 0; e < COUNT(ends); e++) {
        for (size_t at = block - 4; at < block + 3; at++) {
            memset(text, 'h', at);
            snprintf(text + at, 100, "%s1%s2%s", ends[e], ends[e], ends[e]);
            char *whole = read_text(text, strlen(text), 0, 1, true);
            char *cut = read_text(text, strlen(text), 0, 2, false);
            assert_string_equal(whole, cut);
            free(whole);
            free(cut);
        }
    }
    free(text);
}

static void commits_stop(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        const char text[] = "a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\nx,y\n";
        const struct mli_chunks_options options = { .threads = threads, .size = 2 };
        struct gathered gathered = { .stop = 4 };
        struct ml_error err = ML_ERROR_INIT;
        struct mli_chunks *chunks = NULL;
        assert_int_equal(mli_chunks_open_input(input_of(text, strlen(text)), &options, &chunks, NULL),
                         ML_OK);
        const struct mli_chunk_job job = job_of(&gathered);
        assert_int_equal(mli_chunks_run(chunks, &job, &err), ML_ELIMIT);
        assert_string_equal(err.text, "enough");
        assert_string_equal(gathered.out.data, "test.csv@2[1]test.csv@3[2]test.csv@4[3]");
        mli_buf_release(&gathered.out);
        mli_chunks_close(chunks);
    }
}

/* A quote that is never closed does not pull the whole file into memory. */
static void a_field_without_end(void **state)
{
    const size_t len = 4 << 20;
    const struct ml_csv_options csv = { .delimiter = ',', .max_field = 100000 };
    const struct mli_chunks_options options = { .csv = &csv, .threads = 2, .size = 1000 };
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    memset(text, '\n', len);
    memcpy(text, "a,b\n1,\"", 7);
    struct mli_chunks *chunks = NULL;
    assert_int_equal(mli_chunks_open_input(input_of(text, len), &options, &chunks, NULL), ML_OK);
    struct gathered gathered = { 0 };
    struct ml_error err = ML_ERROR_INIT;
    const struct mli_chunk_job job = job_of(&gathered);
    assert_int_equal(mli_chunks_run(chunks, &job, &err), ML_EDATA);
    expect_error(&err, ML_EDATA, 2, 2, "a field of more than 100000 bytes");
    assert_true(mli_chunks_taken(chunks) < 1 << 20);
    mli_chunks_close(chunks);
    free(text);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char *const names[] = { "chunks-1.csv", "chunks-2.csv", "chunks-3.csv" };

static void write_files(const char *a, const char *b, const char *c)
{
    const char *const text[] = { a, b, c };

    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(mli_file_write(names[i], text[i], strlen(text[i]), false, NULL), ML_OK);
}

static int remove_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        unlink(names[i]);
    return 0;
}

static enum ml_status read_files(size_t threads, size_t size, struct ml_table **table,
                                 struct ml_error *err)
{
    const struct ml_read_options options = { .threads = threads, .chunk = size };
    return ml_table_read_files(names, COUNT(names), &options, table, err);
}

static void files_as_one(void **state)
{
    (void)state;
    write_files("a,b\n1,x\n2,y\n", "b,a\nz,3\n", "a,b\n4,x\n");
    for (size_t threads = 1; threads <= 4; threads++) {
        struct ml_table *table = NULL;
        assert_int_equal(read_files(threads, 3, &table, NULL), ML_OK);
        assert_int_equal(ml_table_rows(table), 4);
        assert_string_equal(table->source, "chunks-1.csv, chunks-2.csv, chunks-3.csv");
        assert_int_equal(table->bytes, 12 + 8 + 8);
        /* printf 'a,b\n1,x\n2,y\nb,a\nz,3\na,b\n4,x\n' | sha256sum */
        assert_string_equal(table->sha256,
                            "ac91957d8dc1d6139a7bdbd5428fac2dbd9709e828ba8fa7f4201ce2d148b86a");
        for (size_t i = 0; i < 4; i++)
            assert_true(ml_table_numbers(table, 0)[i] == (double)(i + 1));
        assert_string_equal(cell(table, 2, 1), "z");
        ml_table_free(table);
    }
}

static void expect_files_refused(size_t file, size_t line, size_t column, const char *part)
{
    struct ml_table *table = NULL;

    for (size_t threads = 1; threads <= 4; threads++) {
        struct ml_error err = ML_ERROR_INIT;
        assert_int_equal(read_files(threads, 4, &table, &err), ML_EDATA);
        assert_null(table);
        assert_string_equal(err.source, names[file]);
        expect_error(&err, ML_EDATA, line, column, part);
    }
}

static void files_that_differ(void **state)
{
    (void)state;
    write_files("a,b\n1,x\n", "a,c\n1,x\n", "a,b\n");
    expect_files_refused(1, 1, 0, "has a column \"c\", which chunks-1.csv has not");
    write_files("a,b\n1,x\n", "a,b\n1,x\n", "b\n1\n");
    expect_files_refused(2, 1, 0, "lacks column \"a\", which chunks-1.csv has");
    write_files("a,b\n1,x\n", "b,a\n1,2\n3,4\"\n", "b\n");
    expect_files_refused(1, 3, 2, "a quote inside a field");
    write_files("a,b\n1,x\n", "b,a\n1,2\n3\n", "b\n");
    expect_files_refused(1, 3, 0, "1 field where the header has 2");
}

/* Long numbers and instants forget their text; it is found again when it turns out to be needed. */
static void second_reading(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        struct ml_table *table = NULL;
        write_files("a,b,c,d,e\n0.12345678901234567,2020-01-01,1e5,1.50,7\n"
                    "0.5,2020-01-02,2e5,2.0,\n,,,,\n",
                    "a,b,c,d,e\n1,2020-01-03T00:00:00Z,3,x,1e1\n",
                    "a,b,c,d,e\nnone,2020-01-04,0.12345678901234567,4,9007199254740993\n");
        assert_int_equal(read_files(threads, 8, &table, NULL), ML_OK);
        assert_int_equal(ml_table_type(table, 0), ML_TYPE_CATEGORY);
        assert_string_equal(cell(table, 0, 0), "0.12345678901234567");
        assert_string_equal(cell(table, 1, 0), "0.5");
        assert_string_equal(cell(table, 2, 0), "");
        assert_string_equal(cell(table, 4, 0), "none");
        assert_int_equal(ml_table_type(table, 1), ML_TYPE_INSTANT);
        assert_string_equal(cell(table, 3, 1), "2020-01-03");
        assert_int_equal(ml_table_type(table, 2), ML_TYPE_NUMBER);
        assert_true(ml_table_numbers(table, 2)[4] == 0.12345678901234567);
        assert_string_equal(cell(table, 0, 3), "1.50");
        assert_string_equal(cell(table, 4, 3), "4");
        assert_int_equal(ml_table_type(table, 4), ML_TYPE_NUMBER);
        assert_true(ml_table_numbers(table, 4)[3] == 10.0);
        ml_table_free(table);
    }
}

/* Every file of datasets/ as a file and as a pipe, cut small: the same table. */
static void datasets(void **state)
{
    DIR *dir = opendir("datasets");
    size_t files = 0;

    (void)state;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        const struct ml_read_options small = { .chunk = 3000, .threads = 3 },
                                     slow = { .csv.libcsv = true };
        struct ml_table *cut = NULL, *whole = NULL;
        char path[512];
        size_t len = strlen(entry->d_name);
        if (len < 4 || strcmp(entry->d_name + len - 4, ".csv") != 0)
            continue;
        snprintf(path, sizeof(path), "datasets/%s", entry->d_name);
        assert_int_equal(ml_table_read(path, &small, &cut, NULL), ML_OK);
        assert_int_equal(ml_table_read(path, &slow, &whole, NULL), ML_OK);
        assert_int_equal(cut->rows, whole->rows);
        assert_int_equal(cut->columns, whole->columns);
        assert_string_equal(cut->sha256, whole->sha256);
        for (size_t i = 0; i < whole->columns; i++) {
            const struct mli_column *a = &cut->column[i], *b = &whole->column[i];
            assert_int_equal(a->type, b->type);
            assert_string_equal(a->name, b->name);
            if (b->number)
                assert_memory_equal(a->number, b->number, whole->rows * sizeof(*b->number));
            else
                assert_memory_equal(a->code, b->code, whole->rows * sizeof(*b->code));
            for (size_t k = 0; b->dict && k < mli_dict_count(b->dict); k++)
                assert_string_equal(mli_dict_text(a->dict, k), mli_dict_text(b->dict, k));
        }
        ml_table_free(cut);
        ml_table_free(whole);
        files++;
    }
    closedir(dir);
    assert_true(files > 5);
}

int table_chunks_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(random_texts),
        cmocka_unit_test(header_at_a_border),
        cmocka_unit_test(commits_stop),
        cmocka_unit_test(a_field_without_end),
        cmocka_unit_test_teardown(files_as_one, remove_files),
        cmocka_unit_test_teardown(files_that_differ, remove_files),
        cmocka_unit_test_teardown(second_reading, remove_files),
        cmocka_unit_test(datasets),
    };
    return cmocka_run_group_tests_name("table/chunks", tests, NULL, NULL);
}
