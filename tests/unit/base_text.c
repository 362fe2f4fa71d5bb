#include <tests/unit/base.h>

#include <base/base64.h>
#include <base/suggest.h>
#include <base/text.h>
#include <mlctl/log.h>
#include <mlctl/status.h>
#include <string.h>

static void statuses_have_names(void **state)
{
    (void)state;
    assert_string_equal(ml_status_name(ML_OK), "OK");
    assert_string_equal(ml_status_name(ML_EDATA), "DATA");
    assert_string_equal(ml_status_text(ML_ENOMEM), "out of memory");
    assert_string_equal(ml_status_name((enum ml_status)99), "UNKNOWN");
    assert_string_equal(ml_status_text((enum ml_status) - 1), "unknown status");
}

static void first_error_wins(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;

    assert_int_equal(ml_error_at(&err, ML_EDATA, "a.csv", 42, 7, "found %d", 5), ML_EDATA);
    assert_int_equal(ml_error_set(&err, ML_EIO, "later"), ML_EIO);
    assert_int_equal(ml_error_at(&err, ML_EIO, "b", 1, 1, "later"), ML_EIO);
    ml_error_source(&err, "c");
    assert_int_equal(err.status, ML_EDATA);
    assert_string_equal(err.source, "a.csv");
    assert_int_equal(err.line, 42);
    assert_int_equal(err.column, 7);
    assert_string_equal(err.text, "found 5");
}

static void error_may_be_null(void **state)
{
    (void)state;
    assert_int_equal(ml_error_set(NULL, ML_EIO, "x"), ML_EIO);
    assert_int_equal(ml_error_at(NULL, ML_ELIMIT, "a", 1, 1, "x"), ML_ELIMIT);
    ml_error_source(NULL, "a");
}

static void source_is_given_once(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;

    ml_error_source(&err, "too early");
    assert_string_equal(err.source, "");
    ml_error_set(&err, ML_EIO, "x");
    assert_string_equal(err.source, "");
    ml_error_source(&err, "a.csv");
    ml_error_source(&err, "b.csv");
    assert_string_equal(err.source, "a.csv");
}

static void error_text_is_one_clean_line(void **state)
{
    (void)state;
    struct ml_error err = ML_ERROR_INIT;

    ml_error_at(&err, ML_EDATA, "a\nb", 0, 0, "1\n2\t3\x1b[31m\x7f \xc2\x9b \xc3\xa9");
    assert_string_equal(err.text, "1?2?3?[31m? ?? \xc3\xa9");
    assert_string_equal(err.source, "a?b");
}

/* Whatever the place of the cut, no sequence is halved. */
static void error_text_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = { "x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

    for (size_t c = 0; c < 4; c++) {
        for (size_t shift = 0; shift < 4; shift++) {
            char text[2000] = "abc";
            size_t length = shift, step = strlen(characters[c]);
            for (; length + step < sizeof(text); length += step)
                memcpy(text + length, characters[c], step + 1);
            struct ml_error err = ML_ERROR_INIT;
            ml_error_at(&err, ML_EDATA, text, 0, 0, "%s", text);
            assert_int_equal(strlen(err.text),
                             shift + (sizeof(err.text) - 1 - shift) / step * step);
            assert_int_equal(strlen(err.source),
                             shift + (sizeof(err.source) - 1 - shift) / step * step);
            assert_memory_equal(err.text, text, strlen(err.text));
        }
    }
}

static void utf8_sequences(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        { "", 0 },
        { "a", 1 },
        { "\x7f", 1 },
        { "\xc2\x80", 2 },
        { "\xdf\xbf", 2 },
        { "\xe0\xa0\x80", 3 },
        { "\xed\x9f\xbf", 3 },
        { "\xee\x80\x80", 3 },
        { "\xf0\x90\x80\x80", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "\x80", 0 },             /* continuation */
        { "\xc1\xbf", 0 },         /* overlong */
        { "\xe0\x9f\xbf", 0 },     /* overlong */
        { "\xf0\x8f\xbf\xbf", 0 }, /* overlong */
        { "\xed\xa0\x80", 0 },     /* surrogate */
        { "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
        { "\xf5\x80\x80\x80", 0 },
        { "\xff", 0 },
        { "\xc3", 0 }, /* incomplete */
        { "\xe2\x82", 0 },
        { "\xf0\x9f\x98", 0 },
        { "\xe2\x82x", 0 },
        { "\xc3(", 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(mli_utf8_sequence(cases[i].bytes, strlen(cases[i].bytes)),
                         cases[i].length);
    assert_int_equal(mli_utf8_sequence("\xe2\x82\xac", 2), 0);
}

struct seen {
    enum ml_log_level level;
    char text[2048];
    int count;
};

static void remember(void *data, enum ml_log_level level, const char *text)
{
    struct seen *seen = data;
    seen->level = level;
    strncpy(seen->text, text, sizeof(seen->text) - 1);
    seen->count++;
}

static void log_goes_to_the_sink(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    struct ml_log log = { .write = remember, .data = &seen, .level = ML_LOG_NOTE };

    ml_log(&log, ML_LOG_NOTE, "epoch %d\n", 3);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.level, ML_LOG_NOTE);
    assert_string_equal(seen.text, "epoch 3?");
    ml_log(&log, ML_LOG_DEBUG, "more");
    assert_int_equal(seen.count, 1);
    ml_log(&log, ML_LOG_ERROR, "%02000d", 1);
    assert_int_equal(seen.count, 2);
    assert_in_range(strlen(seen.text), 500, 1100);
    ml_log(NULL, ML_LOG_ERROR, "nobody listens");
    ml_log(&(struct ml_log){ .level = ML_LOG_DEBUG }, ML_LOG_ERROR, "nobody listens");
}

static void suggestions(void **state)
{
    (void)state;
    static const char *const names[] = { "learning-rate", "epochs", "Seed", "batch",
                                         "botch",         "",       "csv" };
    static const struct {
        const char *word;
        size_t index;
    } cases[] = {
        { "epochs", 1 },                                 /* the same */
        { "epoch", 1 },                                  /* one missing */
        { "eopchs", 1 },                                 /* two swapped */
        { "cvs", 6 },                                    /* a swap is one edit, not two */
        { "EPOCHS", 1 },                                 /* case does not count */
        { "seed", 2 },                                   /* neither way */
        { "lerning-rat", 0 },                            /* two missing, long enough */
        { "larning_rates", 0 },                          /* three edits of 13 */
        { "butch", 3 },                                  /* the first of equals */
        { "epxyzs", 7 },                                 /* too far */
        { "sxxd", 2 },                                   /* 2 <= 1 + 4 / 4 */
        { "sxxx", 7 },          { "zz", 7 }, { "z", 5 }, /* one away from the empty name */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(mli_suggest(cases[i].word, names, 7), cases[i].index);
    assert_int_equal(mli_suggest("epochs", names, 0), 0);
}

static void suggestions_bound_their_work(void **state)
{
    (void)state;
    char word[200], name[200];
    const char *names[] = { name };

    memset(word, 'x', sizeof(word) - 1);
    memset(name, 'x', sizeof(name) - 1);
    word[199] = name[199] = '\0';
    assert_int_equal(mli_suggest(word, names, 1), 1);
    word[128] = '\0';
    assert_int_equal(mli_suggest(word, names, 1), 1);
    name[128] = '\0';
    assert_int_equal(mli_suggest(word, names, 1), 0);
}

static void base64(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes; /* NULL: it is none */
        size_t n;
    } rows[] = {
        { "", "", 0 },           { "T3Nsbw==", "Oslo", 4 }, { "T3Nsb3M=", "Oslos", 5 }, { "T3Nsb3Mh", "Oslos!", 6 }, { "AP8=", "\0\xFF", 2 },
        { "T3Nsbw", NULL, 0 },   { "T3Nsbw=", NULL, 0 },    { "T3Nsbw===", NULL, 0 },   { "T3Ns bw==", NULL, 0 },    { "T3Nsbw==\n", NULL, 0 },
        { "T3Nsbx==", NULL, 0 }, { "-_8=", NULL, 0 },       { "=", NULL, 0 },           { "\xC3\xA9", NULL, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char place[16];
        size_t len = strlen(rows[i].text), n = 0;
        memcpy(place, rows[i].text, len);
        assert_int_equal(mli_base64_decode(place, len, place, &n), rows[i].bytes != NULL);
        if (rows[i].bytes) {
            assert_int_equal(n, rows[i].n);
            assert_memory_equal(place, rows[i].bytes, n);
        }
    }
    assert_true(mli_utf8_is_text("Troms\xC3\xB8", 7));
    assert_false(mli_utf8_is_text("Troms\xC3", 6));
    assert_false(mli_utf8_is_text("a\0b", 3));
}

int base_text_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_have_names),
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(error_may_be_null),
        cmocka_unit_test(source_is_given_once),
        cmocka_unit_test(error_text_is_one_clean_line),
        cmocka_unit_test(error_text_is_cut_between_characters),
        cmocka_unit_test(utf8_sequences),
        cmocka_unit_test(log_goes_to_the_sink),
        cmocka_unit_test(suggestions),
        cmocka_unit_test(suggestions_bound_their_work),
        cmocka_unit_test(base64),
    };
    return cmocka_run_group_tests_name("base: text", tests, NULL, NULL);
}
