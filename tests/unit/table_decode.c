/* Bytes to text, whatever the size of a read; the row's text is UTF-8, with \xFF where there is no text. */
#include <tests/unit/table.h>

#include <base/buf.h>
#include <stdio.h>
#include <stdlib.h>
#include <table/csv.h>
#include <table/decode.h>

#define BYTES(s) s, sizeof(s) - 1

static const struct {
    const char *encoding;
    const char *bytes;
    size_t n;
    const char *text;
    size_t len;
    size_t warnings;
} cases[] = {
    { NULL, BYTES(""), BYTES(""), 0 },
    { NULL, BYTES("a"), BYTES("a"), 0 },
    { NULL, BYTES("a,b\n1,gr\xC3\xBCn\n\xFF\n"), BYTES("a,b\n1,gr\xC3\xBCn\n\xFF\n"), 0 },
    { NULL, BYTES("\xEF\xBB\xBF"), BYTES(""), 0 },
    { NULL, BYTES("\xEF\xBB\xBF"
                  "a\xE9"), BYTES("a\xE9"), 0 }, /* the mark says UTF-8 */
    { NULL, BYTES("\xEF\xBB"), BYTES("\xC3\xAF\xC2\xBB"), 1 },
    { NULL, BYTES("a\xE9"), BYTES("a\xC3\xA9"), 1 },
    { NULL, BYTES("\xE9"), BYTES("\xC3\xA9"), 1 },
    { NULL, BYTES("caf\xE9 \x80 5\x81\n\xC3\xBC"), BYTES("caf\xC3\xA9 \xE2\x82\xAC 5\xC2\x81\n\xC3\x83\xC2\xBC"), 1 },
    { NULL, BYTES("\xF0\x9F\x98\x80 \xE9"), BYTES("\xF0\x9F\x98\x80 \xE9"), 0 },
    { NULL, BYTES("a\xF0\x9F\x98"), BYTES("a\xC3\xB0\xC5\xB8\xCB\x9C"), 1 },
    { NULL, BYTES("\xFF\xFE\x61\0\xE9\0"), BYTES("a\xC3\xA9"), 0 },
    { NULL, BYTES("\xFE\xFF\0\x61\0\xE9"), BYTES("a\xC3\xA9"), 0 },
    { NULL, BYTES("\xFF\xFE"), BYTES(""), 0 },
    { "utf-8", BYTES("\xEF\xBB\xBF"
                     "a\xE9"), BYTES("a\xE9"), 0 },
    { "UTF8", BYTES("\xE9"), BYTES("\xE9"), 0 },
    { "utf-16le", BYTES("a\0\xAC\x20\x3D\xD8\x00\xDE"), BYTES("a\xE2\x82\xAC\xF0\x9F\x98\x80"), 0 },
    { "utf-16be", BYTES("\0a\x20\xAC\xD8\x3D\xDE\x00"), BYTES("a\xE2\x82\xAC\xF0\x9F\x98\x80"), 0 },
    { "utf-16", BYTES("\xFE\xFF\0a"), BYTES("a"), 0 },
    { "utf-16", BYTES("a\0b\0"), BYTES("ab"), 0 },
    { "utf-16le", BYTES("\x00\xD8\xFF\xDF\xFF\xDB\x00\xDC"), BYTES("\xF0\x90\x8F\xBF\xF4\x8F\xB0\x80"), 0 }, /* first and last halves */
    { "utf-16le", BYTES("\x00\xDE" "a\0\x3D\xD8" "b\0\x3D\xD8"), BYTES("\xFF" "a\xFF" "b\xFF"), 0 }, /* halves of pairs */
    { "utf-16le", BYTES("a\0b"), BYTES("a\xFF"), 0 },
    { "latin1", BYTES("\xE9\x80"), BYTES("\xC3\xA9\xC2\x80"), 0 },
    { "ISO-8859-1", BYTES("\xFF"), BYTES("\xC3\xBF"), 0 },
    { "windows-1252", BYTES("\x80\x9F\xA0\x81"), BYTES("\xE2\x82\xAC\xC5\xB8\xC2\xA0\xC2\x81"), 0 },
    { "cp1252", BYTES("\xEF\xBB\xBF\xC3\xA9"), BYTES("\xC3\xA9"), 1 }, /* a mark is never anything else */
    { "cp1252", BYTES("\xFF\xFE"), BYTES("\xC3\xBF\xC3\xBE"), 0 },
    { "windows-1251", BYTES("\xCF\xF0\xE8"), BYTES("\xD0\x9F\xD1\x80\xD0\xB8"), 0 },
    { "shift_jis", BYTES("\x83\x65\x83\x58,a\x83"), BYTES("\xE3\x83\x86\xE3\x82\xB9,a\xFF"), 0 },
    { "shift_jis", BYTES("a\xFF\x83\x65"), BYTES("a\xFF\xE3\x83\x86"), 0 },
};

static void decodes(void **state)
{
    static const size_t sizes[] = { 1, 2, 3, 5, 63, 64, 65, 100000 };

    (void)state;
    for (size_t i = 0; i < COUNT(cases) * COUNT(sizes); i++) {
        size_t k = i / COUNT(sizes), n = sizes[i % COUNT(sizes)], got;
        struct notes notes = { 0 };
        struct ml_log log = log_to(&notes);
        struct mli_decode *decode;
        struct mli_buf text;
        char *bytes = malloc(n);
        assert_non_null(bytes);
        mli_buf_init(&text, SIZE_MAX);
        assert_int_equal(mli_decode_open(input_of(cases[k].bytes, cases[k].n), cases[k].encoding, &log, &decode, NULL), ML_OK);
        do {
            assert_int_equal(mli_decode_read(decode, bytes, n, &got, NULL), ML_OK);
            assert_true(got <= n);
            mli_buf_add(&text, bytes, got);
        } while (got > 0);
        assert_int_equal(mli_decode_read(decode, bytes, n, &got, NULL), ML_OK);
        assert_int_equal(got, 0);
        if (text.len != cases[k].len || memcmp(text.data, cases[k].text, text.len) != 0)
            fail_msg("case %zu, %zu bytes at a time: \"%s\"", k, n, text.data);
        assert_int_equal(notes.lines, cases[k].warnings);
        mli_buf_release(&text);
        mli_decode_close(decode);
        free(bytes);
    }
}

/* Text of `n` bytes of ASCII in lines of 10, then `tail`, read in pieces of `size`. */
static void expect_tail(size_t n, const char *tail, const char *expected, size_t line, size_t size)
{
    size_t len = strlen(tail), got, at = 0;
    char *bytes = malloc(n + len), *text = malloc(n + 200 + size), said[64];
    struct notes notes = { 0 };
    struct ml_log log = log_to(&notes);
    struct mli_decode *decode;

    assert_non_null(bytes);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        bytes[i] = i % 10 == 9 ? '\n' : 'x';
    memcpy(bytes + n, tail, len);
    assert_int_equal(mli_decode_open(input_of(bytes, n + len), NULL, &log, &decode, NULL), ML_OK);
    do {
        assert_int_equal(mli_decode_read(decode, text + at, size, &got, NULL), ML_OK);
        at += got;
        assert_true(at < n + 200);
    } while (got > 0);
    assert_memory_equal(text, bytes, n);
    assert_int_equal(at, n + strlen(expected));
    assert_memory_equal(text + n, expected, strlen(expected));
    snprintf(said, sizeof(said), "test.csv: line %zu is not UTF-8", line);
    if (line > 0)
        assert_non_null(strstr(notes.text, said));
    else
        assert_int_equal(notes.lines, 0);
    mli_decode_close(decode);
    free(bytes);
    free(text);
}

/* The decision falls at the same byte wherever reads and blocks end, and names the line. */
static void decides_at_any_place(void **state)
{
    static const size_t borders[] = { 64, 65536, 262144, 300000 };
    static const size_t sizes[] = { 64, 1000, 65536, 1000000 };

    (void)state;
    for (size_t i = 0; i < COUNT(borders) * 9; i++) {
        size_t n = borders[i / 9] - 4 + i % 9;
        for (size_t k = 0; k < COUNT(sizes); k++) {
            expect_tail(n, "\xE9\n\xC3\xBC", "\xC3\xA9\n\xC3\x83\xC2\xBC", n / 10 + 1, sizes[k]);
            expect_tail(n, "\xE2\x82\xAC\n\xE9", "\xE2\x82\xAC\n\xE9", 0, sizes[k]);
            expect_tail(n, "\xE2\x82", "\xC3\xA2\xE2\x80\x9A", n / 10 + 1, sizes[k]);
        }
    }
}

static void refuses_what_is_not_known(void **state)
{
    static const char *const names[] = { "klingon", "", "utf-8//IGNORE", "/", "latin-77" };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ml_error err = ML_ERROR_INIT;
        struct mli_decode *decode = NULL;
        assert_int_equal(mli_decode_open(input_of("a", 1), names[i], NULL, &decode, &err), ML_EUSAGE);
        assert_null(decode);
        expect_error(&err, ML_EUSAGE, 0, 0, "is not known here");
    }
}

/* What is no text has its line and field, in whatever encoding. */
static void errors_have_their_place(void **state)
{
    static const struct {
        const char *encoding, *bytes;
        size_t n, line, column;
        const char *part;
    } bad[] = {
        { NULL, BYTES("a,b\n\xC3\xBC,\xE9\n"), 2, 2, "not UTF-8 text; --encoding names another" },
        { "utf-16le", BYTES("a\0,\0b\0\n\0c\0,\0\x00\xDE"), 2, 2, "not utf-16le text" },
        { "shift_jis", BYTES("a,b\n\xFF,c\n"), 2, 1, "not shift_jis text" },
        { NULL, BYTES("a\0,\0b\0\n\0"), 1, 1, "--encoding utf-16le" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct ml_csv_options options = { .delimiter = ',', .encoding = bad[i].encoding };
        struct ml_error err = ML_ERROR_INIT;
        struct mli_csv_record record;
        struct mli_csv *csv;
        assert_int_equal(mli_csv_open(input_of(bad[i].bytes, bad[i].n), &options, &csv, NULL), ML_OK);
        while (mli_csv_next(csv, &record, &err) == ML_OK)
            assert_int_equal(record.count, 2);
        expect_error(&err, ML_EDATA, bad[i].line, bad[i].column, bad[i].part);
        mli_csv_close(csv);
    }
}

int table_decode_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(decides_at_any_place),
        cmocka_unit_test(refuses_what_is_not_known),
        cmocka_unit_test(errors_have_their_place),
    };
    return cmocka_run_group_tests_name("table/decode", tests, NULL, NULL);
}
