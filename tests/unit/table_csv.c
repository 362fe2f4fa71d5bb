#include <tests/unit/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <table/csv.h>
#include <table/header.h>
#include <table/sniff.h>
#include <unistd.h>

/* Records as "[field][field]@line " each, or the error as "!line:column text". */
static void render_with(const char *text, size_t len, const struct ml_csv_options *options, char *out, size_t size)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_csv_record record = { 0 };
    struct mli_csv *csv = NULL;
    size_t at = 0;

    out[0] = '\0';
    assert_int_equal(mli_csv_open(input_of(text, len), options, &csv, &err), ML_OK);
    do {
        if (mli_csv_next(csv, &record, &err) != ML_OK) {
            snprintf(out + at, size - at, "!%zu:%zu %s", err.line, err.column, err.text);
            assert_int_equal(err.status, ML_EDATA);
            assert_string_equal(err.source, "test.csv");
            break;
        }
        for (size_t i = 0; i < record.count; i++) {
            assert_int_equal(strlen(record.field[i].text), record.field[i].len);
            at += (size_t)snprintf(out + at, size - at, "[%s]", record.field[i].text);
        }
        if (record.count > 0)
            at += (size_t)snprintf(out + at, size - at, "@%zu ", record.line);
        assert_true(at < size);
    } while (record.count > 0);
    mli_csv_close(csv);
}

static void render(const char *text, size_t len, char delimiter, char *out, size_t size)
{
    render_with(text, len, &(struct ml_csv_options){ .delimiter = delimiter, .encoding = "UTF-8" }, out, size);
}

static const struct {
    const char *text;
    char delimiter;
    const char *records;
} good[] = {
    { "", 0, "" },
    { "\n\r\n \t\n", 0, "" },
    { "a,b\n1,2\n", 0, "[a][b]@1 [1][2]@2 " },
    { "a,b\n1,2", 0, "[a][b]@1 [1][2]@2 " },
    { "a,b\r\n1,2\r\n", 0, "[a][b]@1 [1][2]@2 " },
    { "a,b\r1,2\r", 0, "[a][b]@1 [1][2]@2 " },
    { "\xEF\xBB\xBF"
      "a,b\n1,2\n",
      0, "[a][b]@1 [1][2]@2 " },
    { "\xEF\xBB\xBF", 0, "" },
    { "\n\na,b\n\r\n1,2\n   \n3,4\n\n", 0, "[a][b]@3 [1][2]@5 [3][4]@7 " },
    { "a,b\n\"x\ny\",2\n3,4\n", 0, "[a][b]@1 [x\ny][2]@2 [3][4]@4 " },
    { "a,b\r\n\"x\r\ny\r\n\",2\r\n3,4\r\n", 0, "[a][b]@1 [x\r\ny\r\n][2]@2 [3][4]@5 " },
    { "a\r\"x\r\ry\"\rz\r", ',', "[a]@1 [x\r\ry]@2 [z]@5 " },
    { "a\n\"\n\n\"\n\nb\n", ',', "[a]@1 [\n\n]@2 [b]@6 " },
    { "a,b\n\"say \"\"hi\"\"\",\"\"\n", 0, "[a][b]@1 [say \"hi\"][]@2 " },
    { "a,b\n\"1,2\",3\n", 0, "[a][b]@1 [1,2][3]@2 " },
    { "a,b\n 1 ,\t2 3\t\n\" q \" , \"\t\"\n", ',', "[a][b]@1 [1][2 3]@2 [ q ][\t]@3 " },
    { "a\tb\n\t2\n 1 \t\n", '\t', "[a][b]@1 [][2]@2 [1][]@3 " },
    { "a b\n 2\n1\t \n", ' ', "[a][b]@1 [][2]@2 [1][]@3 " },
    { "a,b,\n,,\n", 0, "[a][b][]@1 [][][]@2 " },
    { "\"\"\n\"\"", 0, "[]@1 []@2 " },
    { "a,b\n1,2,3\n4\n", 0, "[a][b]@1 [1][2][3]@2 [4]@3 " },
    { "gr\xC3\xBC\xC3\x9F"
      "e,\xE2\x82\xAC\n\xF0\x9F\x98\x80,1\n",
      0,
      "[gr\xC3\xBC\xC3\x9F"
      "e][\xE2\x82\xAC]@1 [\xF0\x9F\x98\x80][1]@2 " },
};

static void reads_records_with_their_lines(void **state)
{
    char out[512];

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        render(good[i].text, strlen(good[i].text), good[i].delimiter, out, sizeof(out));
        assert_string_equal(out, good[i].records);
    }
}

#define BYTES(s) s, sizeof(s) - 1

static const struct {
    const char *text;
    size_t len;
    const char *records; /* how the result begins */
} bad[] = {
    { BYTES("a,b\n1,x\"y\n"), "[a][b]@1 !2:2 a quote inside a field" },
    { BYTES("a,b\n\n\"x\"y,2\n"), "[a][b]@1 !3:1 text after a closing quote" },
    { BYTES("a,b\n1,\"x\" \"y\"\n"), "[a][b]@1 !2:2 text after a closing quote" },
    { BYTES("a,b\n1,\"x\ny\"z\n"), "[a][b]@1 !3:2 text after a closing quote" },
    { BYTES("a,b\n1,\"x\n3,4\n5,6\n"), "[a][b]@1 !2:2 a quote that is never closed" },
    { BYTES("a,b\n\"1\n2\",\"x\n3,4\n5,6\n"), "[a][b]@1 !3:2 a quote that is never closed" },
    { BYTES("a,b\n\"x"), "[a][b]@1 !2:1 a quote that is never closed" },
    { BYTES("a,b\n1,x\0y\n"), "[a][b]@1 !2:2 a NUL byte" },
    { BYTES("a,b\n1,x\n\0"), "[a][b]@1 [1][x]@2 !3:1 a NUL byte" },
    { BYTES("a,b\n1,\xFF\n"), "[a][b]@1 !2:2 not UTF-8" },
    { BYTES("a,b\n1,\"p\nq\xC0\x80\r\nr\n\"\n"), "[a][b]@1 !3:2 not UTF-8" },
    { BYTES("a,b\n1,\xE2\x82\n"), "[a][b]@1 !2:2 not UTF-8" },         /* cut short */
    { BYTES("a,b\n1,\x80\n"), "[a][b]@1 !2:2 not UTF-8" },             /* stray continuation */
    { BYTES("a,b\n1,\xE0\x80\xAF\n"), "[a][b]@1 !2:2 not UTF-8" },     /* overlong */
    { BYTES("a,b\n1,\xED\xA0\x80\n"), "[a][b]@1 !2:2 not UTF-8" },     /* surrogate */
    { BYTES("a,b\n1,\xF4\x90\x80\x80\n"), "[a][b]@1 !2:2 not UTF-8" }, /* above U+10FFFF */
    { BYTES("a,b\n12345678,1234567\xE9"
            "12345678\n"),
      "[a][b]@1 !2:2 not UTF-8" },
    { BYTES("a,b\n12345678,12345678\0\n"), "[a][b]@1 !2:2 a NUL byte" },
};

static void refuses_malformed_text_with_its_place(void **state)
{
    char out[512];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        render(bad[i].text, bad[i].len, ',', out, sizeof(out));
        if (strncmp(out, bad[i].records, strlen(bad[i].records)) != 0)
            fail_msg("case %zu: expected \"%s\", got \"%s\"", i, bad[i].records, out);
    }
}

static const struct {
    const char *text;
    char delimiter;
} dialects[] = {
    { "a,b\n1,2\n", ',' },
    { "a;b\n1;2\n", ';' },
    { "a\tb\n1\t2\n", '\t' },
    { "a|b\n1|2\n", '|' },
    { "a\n1\n2\n", ',' },
    { "", ',' },
    { "x;y;z\n1,5;2,5;3,5\n1,5;2;3\n", ';' }, /* decimal commas */
    { "\"a;b;c\",d\n\"1;2;3\",4\n", ',' },    /* delimiters inside quotes do not count */
    { "\"a\n;b\",d;e\n1,2;x\n3,4\n", ',' },   /* nor does a line end there */
    { "name, given;city\nLee, Ann;Rome\nOsman;Oslo\n", ';' },
    { "a|b,c|d\n1|2,3|4\n", '|' }, /* as many records: more fields */
    { "\n\na;b\n\n1;2\n", ';' },
    { "a;b;c\n1;2\n", ';' }, /* ragged, but nothing else cuts the header */
};

static void sniffs_the_delimiter(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dialects); i++) {
        struct mli_csv *csv = NULL;
        const char *text = dialects[i].text;
        assert_int_equal(mli_csv_open(input_of(text, strlen(text)), &(struct ml_csv_options){ 0 }, &csv, NULL), ML_OK);
        if (mli_csv_options(csv)->delimiter != dialects[i].delimiter)
            fail_msg("case %zu: '%c' instead of '%c'", i, mli_csv_options(csv)->delimiter,
                     dialects[i].delimiter);
        mli_csv_close(csv);
    }
}

static const struct {
    struct ml_csv_options options;
    const char *text, *records;
} dialect[] = {
    { { .quote = '\'' }, "a,b\n'x,\ny',it\"s\n'it''s',''\n", "[a][b]@1 [x,\ny][it\"s]@2 [it's][]@4 " },
    { { .quote = '\'' }, "a\nx'y\n", "[a]@1 !2:1 a quote inside a field" },
    { { .quote = ML_QUOTE_NONE }, "a,b\n\"x,y\"z\n 5\" ,\"\n", "[a][b]@1 [\"x][y\"z]@2 [5\"][\"]@3 " },
    { { .quote = ML_QUOTE_NONE }, "a,b\nx,\xFFy\n", "[a][b]@1 !2:2 not UTF-8 text" },
    { { .quote = ML_QUOTE_NONE }, "a,b\n\xFF,\xFF\n", "[a][b]@1 !2:1 not UTF-8 text" },
    { { .quote = ML_QUOTE_NONE }, "a,b\n\x7F,\x7F\"\x7F\n", "[a][b]@1 [\x7F][\x7F\"\x7F]@2 " },
    { { .comment = '#' }, "# x, \"\na,b\n#\n1,#2\n #3,4\n\"#\n#\",5\n#6", "[a][b]@2 [1][#2]@4 [#3][4]@5 [#\n#][5]@6 " },
    { { .comment = '#' }, "a\r\n#\r\n1\r\n", "[a]@1 [1]@3 " },
    { { .comment = '#' }, "a\r#\r#\r1\r", "[a]@1 [1]@4 " },
    { { .comment = '#' }, "#", "" },
    { { .skip_rows = 2 }, "\"x\n\na,b\n1,2\n", "[a][b]@3 [1][2]@4 " },
    { { .skip_rows = 1 }, "x\r\n\r\na,b\r\n", "[a][b]@3 " },
    { { .skip_rows = 2 }, "x\ry\ra\r", "[a]@3 " },
    { { .skip_rows = 9 }, "x\ny", "" },
    { { .skip_rows = 1, .comment = '#' }, "#1\n#2\na\n", "[a]@3 " },
    { { .max_field = 3 }, "a\n123\n\"123\"\n\"12\"\"\"\n1234\n", "[a]@1 [123]@2 [123]@3 [12\"]@4 !5:1 a field of more than 3 bytes" },
    { { .max_field = 3 }, "a\n1,\"123\n", "[a]@1 !2:2 a field of more than 3 bytes; is there a quote that is not closed?" },
};

static void options_decide(void **state)
{
    char out[512];

    (void)state;
    for (size_t i = 0; i < COUNT(dialect) * 2; i++) {
        struct ml_csv_options options = dialect[i / 2].options;
        const char *text = dialect[i / 2].text, *records = dialect[i / 2].records;
        options.delimiter = ',';
        options.encoding = "UTF-8";
        options.libcsv = i % 2 == 1;
        render_with(text, strlen(text), &options, out, sizeof(out));
        if (strchr(records, '!') ? strncmp(out, records, strlen(records)) : strcmp(out, records))
            fail_msg("case %zu: expected \"%s\", got \"%s\"", i / 2, records, out);
    }
}

static void refuses_impossible_options(void **state)
{
    static const struct ml_csv_options no[] = {
        { .quote = ',', .delimiter = ',' }, { .quote = '\n' }, { .quote = ' ' }, { .quote = '\xE9' },
        { .comment = '"', .quote = '"' }, { .comment = ';', .delimiter = ';' }, { .comment = '\r' },
        { .encoding = "klingon" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(no); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_csv *csv = NULL;
        assert_int_equal(mli_csv_open(input_of("a", 1), &no[i], &csv, &err), ML_EUSAGE);
        assert_null(csv);
    }
}

/* Records below the header, then what was left out: "!line reason|text". */
static void render_lenient(const char *text, size_t len, struct ml_csv_options options, char *out, size_t size)
{
    struct mli_csv_record record = { 0 };
    struct mli_csv *csv = NULL;
    struct mli_dict *header = NULL;
    struct mli_buf left;
    size_t at = 0;

    options.delimiter = ',';
    options.encoding = "UTF-8";
    options.bad_rows = ML_BAD_ROWS_QUARANTINE;
    options.quarantine = "build/quarantine.csv";
    remove(options.quarantine);
    out[0] = '\0';
    assert_int_equal(mli_csv_open(input_of(text, len), &options, &csv, NULL), ML_OK);
    assert_int_equal(mli_header_read(csv, NULL, &header, NULL), ML_OK);
    while (mli_csv_next(csv, &record, NULL) == ML_OK && record.count > 0) {
        assert_int_equal(record.count, mli_dict_count(header));
        for (size_t i = 0; i < record.count; i++)
            at += (size_t)snprintf(out + at, size - at, "[%s]", record.field[i].text);
        at += (size_t)snprintf(out + at, size - at, "@%zu ", record.line);
    }
    assert_int_equal(access(options.quarantine, F_OK), -1);
    assert_int_equal(mli_csv_end(csv, NULL), ML_OK);
    mli_csv_close(csv);
    mli_dict_free(header);
    mli_buf_init(&left, SIZE_MAX);
    assert_int_equal(mli_file_read(options.quarantine, &left, NULL), ML_OK);
    remove(options.quarantine);
    assert_int_equal(mli_csv_open(input_of(left.data, left.len), &(struct ml_csv_options){ .delimiter = ',', .encoding = "latin1" }, &csv, NULL), ML_OK);
    while (mli_csv_next(csv, &record, NULL) == ML_OK && record.count > 0) {
        assert_int_equal(record.count, 4);
        if (record.line > 1)
            at += (size_t)snprintf(out + at, size - at, "!%s %s|%s|%s ", record.field[0].text, record.field[1].text,
                                   record.field[2].text, record.field[3].text);
        assert_true(at < size);
    }
    mli_csv_close(csv);
    mli_buf_release(&left);
}

static const struct {
    struct ml_csv_options options;
    const char *text;
    size_t len;
    const char *result;
} lenient[] = {
    { { 0 }, BYTES("a,b\n1,2\n"), "[1][2]@2 " },
    { { 0 }, BYTES("a,b\n1,2\n3\n4,5,6\n7,8\n"),
      "[1][2]@2 [7][8]@5 !3 1 field where the header has 2|3|test.csv !4 3 fields where the header has 2|4,5,6|test.csv " },
    { { 0 }, BYTES("a,b\n\n \"1\n,\",x,y \r\n3,4"),
      "[3][4]@5 !3 3 fields where the header has 2| \"1\n,\",x,y |test.csv " },
    { { 0 }, BYTES("a,b\n1,x\"y\n3,4\n"), "[3][4]@3 !2 field 2: a quote inside a field without quotes; quote the field and write the quote twice|1,x\"y|test.csv " },
    { { 0 }, BYTES("a,b\n1,\"x\n3,4\n5,6\n"), "[3][4]@3 [5][6]@4 !2 field 2: a quote that is never closed|1,\"x|test.csv " },
    { { 0 }, BYTES("a,b\n1,\"x"), "!2 field 2: a quote that is never closed|1,\"x|test.csv " },
    { { 0 }, BYTES("a,b\r1,\"x\r3,4\r"), "[3][4]@3 !2 field 2: a quote that is never closed|1,\"x|test.csv " },
    { { 0 }, BYTES("a,b\n\"x\n\xFF\",2\n3,4\n"), "[3][4]@4 !2 field 1: not UTF-8 text|\"x\n\xC3\xBF\",2|test.csv " },
    { { .max_field = 4 }, BYTES("a,b\n12345,1\n1,2\n\"123456\n7,8\n"),
      "[1][2]@3 [7][8]@5 !2 field 1: a field of more than 4 bytes|12345,1|test.csv "
      "!4 field 1: a field of more than 4 bytes; is there a quote that is not closed?|\"123456|test.csv " },
    { { .quote = ML_QUOTE_NONE }, BYTES("a,b\n\"\xFF,1\n\"1,2\n"), "[\"1][2]@3 !2 field 1: not UTF-8 text|\"\xC3\xBF,1|test.csv " },
    { { .no_header = true }, BYTES("1,2\n3\n"), "[1][2]@1 !2 1 field where the header has 2|3|test.csv " },
    { { .no_header = true, .skip_rows = 1, .comment = '#' }, BYTES("x\n#\n\n\"1\n\",2"), "[1\n][2]@4 " },
    { { .comment = '#' }, BYTES("a,b\n1,\"\n#\n3,4\n"), "[3][4]@4 !2 field 2: a quote that is never closed|1,\"|test.csv " },
};

static void leaves_out_bad_rows(void **state)
{
    char out[1024];

    (void)state;
    for (size_t i = 0; i < COUNT(lenient) * 2; i++) {
        struct ml_csv_options options = lenient[i / 2].options;
        options.libcsv = i % 2 == 1;
        render_lenient(lenient[i / 2].text, lenient[i / 2].len, options, out, sizeof(out));
        if (strcmp(out, lenient[i / 2].result) != 0)
            fail_msg("case %zu: expected \"%s\", got \"%s\"", i / 2, lenient[i / 2].result, out);
    }
}

/* Wherever blocks end: a bad record of everything, after a long good one that fills a block. */
static void leaves_out_at_block_borders(void **state)
{
    static const char tail[] = "\"\r\n\r\n\",x,\"y\"\r\n1,\"open\r\n5,6\r\n";
    const size_t border = 65536, around = sizeof(tail) + 2;
    char *text = malloc(2 * border), out[512];

    (void)state;
    assert_non_null(text);
    for (size_t k = 1; k <= around; k++) {
        size_t at = border - k;
        memset(text, ' ', at); /* fields of spaces are empty */
        memcpy(text, "a,b\n ,", 6);
        text[at - 1] = '\n';
        memcpy(text + at, tail, sizeof(tail));
        render_lenient(text, at + sizeof(tail) - 1, (struct ml_csv_options){ 0 }, out, sizeof(out));
        assert_string_equal(out, "[][]@2 [5][6]@7 !3 3 fields where the header has 2|\"\r\n\r\n\",x,\"y\"|test.csv "
                                 "!6 field 2: a quote that is never closed|1,\"open|test.csv ");
    }
    free(text);
}

/* The first row of a file without a header is read once, in whatever block it ends, and by a reader of the rest, too. */
static void reads_the_first_row(void **state)
{
    static const size_t lengths[] = { 1, 65530, 65536, 70000, 200000 };

    (void)state;
    for (size_t i = 0; i < COUNT(lengths) * 2; i++) {
        size_t n = lengths[i / 2], got = 0, total = 0;
        char *text = malloc(n + 5), *back = malloc(n + 6);
        struct mli_csv_record record;
        struct mli_dict *header;
        struct mli_csv *csv;
        assert_non_null(text);
        assert_non_null(back);
        memset(text, 'x', n);
        memcpy(text + n, ",1\n2,", 5);
        assert_int_equal(mli_csv_open(input_of(text, n + 5), &(struct ml_csv_options){ .no_header = true, .delimiter = ',' }, &csv, NULL), ML_OK);
        assert_int_equal(mli_header_read(csv, NULL, &header, NULL), ML_OK);
        assert_string_equal(mli_dict_text(header, 1), "column2");
        assert_int_equal(mli_csv_line(csv), 1);
        if (i % 2 == 0) {
            assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
            assert_int_equal(record.field[0].len, n);
            assert_int_equal(record.line, 1);
            assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
            assert_string_equal(record.field[0].text, "2");
        } else {
            do {
                assert_int_equal(mli_csv_read_rest(csv, back + total, n + 6 - total, &got, NULL), ML_OK);
                total += got;
            } while (got > 0);
            assert_int_equal(total, n + 5);
            assert_memory_equal(back, text, total);
        }
        mli_dict_free(header);
        mli_csv_close(csv);
        free(text);
        free(back);
    }
}

static const struct {
    const char *text;
    struct ml_csv_options given;
    char delimiter, quote, decimal;
    bool looks_like_data, sep_line;
    size_t title_lines;
} sniffed[] = {
    { "a;b\n1,5;x\n2,25;y\n", { 0 }, ';', '"', ',', false, false, 0 },
    { "a\tb\n1,5\tx\n2,25\ty\n", { 0 }, '\t', '"', ',', false, false, 0 },
    { "a\tb\n1,500\tx\n12,250\ty\n", { 0 }, '\t', '"', '.', false, false, 0 }, /* thousands, it may be */
    { "a;b\n1,5;1.5\n2,25;2\n", { 0 }, ';', '"', '.', false, false, 0 },
    { "a,b\n1,5\n2,25\n", { 0 }, ',', '"', '.', false, false, 0 },
    { "a,b\n\"1,5\",x\n\"2,25\",y\n", { 0 }, ',', '"', '.', false, false, 0 },
    { "5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,virginica\n", { 0 }, ',', '"', '.', true, false, 0 },
    { "5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,virginica\n", { .no_header = true }, ',', '"', '.', false, false, 0 },
    { "5.1,3.5,species\n4.9,3.0,setosa\n7.0,3.2,setosa\n", { 0 }, ',', '"', '.', false, false, 0 },
    { "name,age\nann,5\nbob,7\n", { 0 }, ',', '"', '.', false, false, 0 },
    { "ann,5\nbob,7\ncarl,9\n", { 0 }, ',', '"', '.', true, false, 0 },
    { "a,b\nx,y\nx,z\n", { 0 }, ',', '"', '.', false, false, 0 },
    { "Sales of 2019\n\nas of today\na;b;c\n1;2;3\n4;5;6\n", { 0 }, ';', '"', '.', false, false, 3 },
    { "Sales\n\"of,\n2019\"\na,b,c\n1,2,3\n4,5,6\n", { 0 }, ',', '"', '.', false, false, 3 },
    { "Sales\na;b;c\n1;2;3\n4;5;6\n", { .skip_rows = 1 }, ';', '"', '.', false, false, 0 },
    { "# a|b|c|d\na;b\n# 1|2|3|4\n1;2\n", { .comment = '#' }, ';', '"', '.', false, false, 0 },
    { "sep=;\na,b;c\n1,2;3\n", { 0 }, ';', '"', ',', false, true, 0 },
    { "sep=^\r\na,b^c\r\n1,2^3\r\n", { 0 }, '^', '"', ',', false, true, 0 },
    { "sep=x\na,b\n1,2\n", { 0 }, ',', '"', '.', false, false, 1 },
    { "name\nAda\nBo; the other\nCy\n", { 0 }, ',', '"', '.', false, false, 0 }, /* text with one here and there */
    { "text\na, b\nc\nd; e\nf\n", { 0 }, '\t', '"', '.', false, false, 0 }, /* any that it does not hold */
    { "a,b,c\n1,2,3,\n4,5,6,\n", { 0 }, ',', '"', '.', false, false, 0 }, /* a delimiter at the end is no title */
    { "'a','b'\n'x,y','it''s'\n'z','w'\n", { 0 }, ',', '\'', '.', false, false, 0 },
    { "'a';1\n'b';2\n'c';3\n", { 0 }, ';', '\'', '.', true, false, 0 },
    { "a,b\nit's,1\ndon't,2\n'tis,3\n", { 0 }, ',', '"', '.', false, false, 0 },
    { "a,b\n\"it's, well\",'x'\nw,'y'\nw,'z'\n", { 0 }, ',', '"', '.', false, false, 0 },
    { "a\tb\n1\t5\" disk\n2\t3\n", { 0 }, '\t', ML_QUOTE_NONE, '.', false, false, 0 },
    { "a\tb\n1\t\"Hello\" he said\n2\tno\n", { 0 }, '\t', ML_QUOTE_NONE, '.', false, false, 0 },
    { "a\tb\n1\t\"open\n2\tno\n3\tyes\n", { 0 }, '\t', ML_QUOTE_NONE, '.', false, false, 0 },
    { "a\tb\n1\t\"x\ty\"\n2\t5\" disk\n", { 0 }, '\t', '"', '.', false, false, 0 }, /* one needs its quotes */
    { "a,b\n1,5\" disk\n2,3\n", { 0 }, ',', '"', '.', false, false, 0 }, /* once is an error */
    { "a,b\n1,5\" disk\n2,3\"\n3,\"x\" y\n", { 0 }, ',', ML_QUOTE_NONE, '.', false, false, 0 },
    { "a,b\n1,5\" disk\n2,3\"\n3,\"x\" y\n", { .quote = '"' }, ',', '"', '.', false, false, 0 },
};

static void sniffs_the_structure(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sniffed); i++) {
        struct mli_dialect found;
        mli_sniff(sniffed[i].text, strlen(sniffed[i].text), true, &sniffed[i].given, &found);
        if (found.delimiter != sniffed[i].delimiter || found.quote != sniffed[i].quote ||
            found.decimal != sniffed[i].decimal || found.looks_like_data != sniffed[i].looks_like_data ||
            found.sep_line != sniffed[i].sep_line || found.title_lines != sniffed[i].title_lines)
            fail_msg("case %zu: delimiter '%c', quote '%c', decimal '%c', data %d, sep %d, title %zu", i, found.delimiter,
                     found.quote, found.decimal, found.looks_like_data, found.sep_line, found.title_lines);
    }
}

/* The first 64 KiB decide, and a record that they cut off does not count unless it is the only one.
 */
static void sniffs_within_the_first_block(void **state)
{
    size_t len = 200000;
    char *text = malloc(len);
    struct mli_csv *csv = NULL;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < len; i += 4)
        memcpy(text + i, "a;,b",
               4); /* one record longer than the sample, commas and semicolons alike */
    text[3] = ';';
    assert_int_equal(mli_csv_open(input_of(text, len), &(struct ml_csv_options){ 0 }, &csv, NULL), ML_OK);
    assert_int_equal(mli_csv_options(csv)->delimiter, ';');
    mli_csv_close(csv);
    free(text);
}

static void refuses_impossible_delimiters(void **state)
{
    static const char delimiters[] = { '"', '\n', '\r', '\xE9' };

    (void)state;
    for (size_t i = 0; i < COUNT(delimiters); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_csv *csv = NULL;
        assert_int_equal(mli_csv_open(input_of("a", 1), &(struct ml_csv_options){ .delimiter = delimiters[i] }, &csv, &err), ML_EUSAGE);
        assert_null(csv);
        expect_error(&err, ML_EUSAGE, 0, 0, "one ASCII character");
    }
}

/*
 * Blocks of 64 KiB are an implementation matter: wherever their border falls in a record with
 * everything in it, the record and the lines around it are the same.
 */
static void does_not_see_block_borders(void **state)
{
    static const char piece[] =
        "\"x\r\n\"\"y\"\"\n\r\nz\xE2\x82\xAC\" , \xF0\x9F\x98\x80\r\n\r\nlast,1\r\n";
    const size_t border = 65536, size = border + sizeof(piece);
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    for (size_t before = 0; before < sizeof(piece); before++) {
        size_t lines = 0, at = border - before;
        struct mli_csv_record record = { 0 };
        struct mli_csv *csv = NULL;
        memset(text, 'a', at);
        for (size_t i = 40; i < at - 40; i += 40, lines++)
            memcpy(text + i - 3, ",b\n", 3);
        memcpy(text + at - 3, ",b\n", 3);
        lines++;
        memcpy(text + at, piece, sizeof(piece) - 1);
        assert_int_equal(mli_csv_open(input_of(text, at + sizeof(piece) - 1), &(struct ml_csv_options){ .delimiter = ',' }, &csv, NULL),
                         ML_OK);
        for (size_t i = 0; i < lines; i++) {
            assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
            assert_int_equal(record.count, 2);
            assert_int_equal(record.line, i + 1);
            assert_string_equal(record.field[1].text, "b");
        }
        assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
        assert_int_equal(record.count, 2);
        assert_int_equal(record.line, lines + 1);
        assert_string_equal(record.field[0].text, "x\r\n\"y\"\n\r\nz\xE2\x82\xAC");
        assert_string_equal(record.field[1].text, "\xF0\x9F\x98\x80");
        assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
        assert_int_equal(record.line, lines + 6);
        assert_string_equal(record.field[0].text, "last");
        assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
        assert_int_equal(record.count, 0);
        mli_csv_close(csv);
    }
    free(text);
}

static void refuses_giants(void **state)
{
    const size_t field = ((size_t)16 << 20) + 1, fields = 65536;
    char *text = malloc(field + 16), out[128];

    (void)state;
    assert_non_null(text);
    memset(text, 'x', field);
    text[field] = '\n';
    render(text, field + 1, ',', out, sizeof(out));
    assert_string_equal(out, "!1:1 a field of more than 16 MiB");
    text[field - 1] = '\n'; /* exactly 16 MiB is fine, but does not fit into `out` */
    struct mli_csv *csv = NULL;
    struct mli_csv_record record = { 0 };
    assert_int_equal(mli_csv_open(input_of(text, field), &(struct ml_csv_options){ .delimiter = ',' }, &csv, NULL), ML_OK);
    assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
    assert_int_equal(record.field[0].len, field - 1);
    mli_csv_close(csv);
    memset(text, 'x', field);
    memcpy(text, "a\n1,\"", 5); /* a quote that swallows the file is found long before the end */
    memset(text + 1000, '\n', field - 1000);
    render(text, field + 16, ',', out, sizeof(out));
    assert_string_equal(
        out, "[a]@1 !2:2 a field of more than 16 MiB; is there a quote that is not closed?");

    memset(text, ',', fields);
    render(text, fields, ',', out, sizeof(out));
    assert_string_equal(out, "!1:0 more than 65536 fields");
    csv = NULL;
    assert_int_equal(mli_csv_open(input_of(text, fields - 1), &(struct ml_csv_options){ .delimiter = ',' }, &csv, NULL), ML_OK);
    assert_int_equal(mli_csv_next(csv, &record, NULL), ML_OK);
    assert_int_equal(record.count, fields);
    mli_csv_close(csv);
    free(text);
}

static void gives_its_input(void **state)
{
    struct mli_csv *csv = NULL;
    struct mli_input *input = input_of("a\n", 2);

    (void)state;
    assert_int_equal(mli_csv_open(input, &(struct ml_csv_options){ 0 }, &csv, NULL), ML_OK);
    assert_ptr_equal(mli_csv_input(csv), input);
    mli_csv_close(csv);
    mli_csv_close(NULL);
}

int table_csv_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_records_with_their_lines),
        cmocka_unit_test(refuses_malformed_text_with_its_place),
        cmocka_unit_test(options_decide),
        cmocka_unit_test(refuses_impossible_options),
        cmocka_unit_test(leaves_out_bad_rows),
        cmocka_unit_test(leaves_out_at_block_borders),
        cmocka_unit_test(reads_the_first_row),
        cmocka_unit_test(sniffs_the_delimiter),
        cmocka_unit_test(sniffs_the_structure),
        cmocka_unit_test(sniffs_within_the_first_block),
        cmocka_unit_test(refuses_impossible_delimiters),
        cmocka_unit_test(does_not_see_block_borders),
        cmocka_unit_test(refuses_giants),
        cmocka_unit_test(gives_its_input),
    };
    return cmocka_run_group_tests_name("table/csv", tests, NULL, NULL);
}
