/* How a model says that files are read: what carries over to another file, and what is said of it. */
#include <tests/unit/model_tests.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <model/reading.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct inherited {
    const char *read; /* the document */
    struct ml_csv_options given;
    const char *missing; /* given */
    struct ml_csv_options csv;
    const char *tokens, *said;
};

static const struct inherited cases[] = {
    { "{}", { 0 }, NULL, { 0 }, NULL, "" },
    { "null", { .quote = '\'' }, "x", { .quote = '\'' }, "x", "" },
    { "{\"missing\":\"x,n a\"}", { 0 }, NULL, { 0 }, "x,n a", "as tested: --na 'x,n a'" },
    { "{\"missing\":\"it's $5\"}", { 0 }, NULL, { 0 }, "it's $5", "as tested: --na \"it's \\$5\"" },
    { "{\"missing\":\"x\"}", { 0 }, "", { 0 }, "", "" },
    { "{\"missing\":5,\"no_header\":\"yes\",\"skip_rows\":-1,\"comment\":\"ab\",\"quote\":\"q\",\"decimal\":\";\"}",
      { 0 }, NULL, { 0 }, NULL, "" },
    { "{\"no_header\":true,\"skip_rows\":2}", { 0 }, NULL, { .no_header = true, .skip_rows = 2 }, NULL,
      "as tested: --no-header --skip-rows 2" },
    { "{\"no_header\":true,\"skip_rows\":2}", { .said = ML_SAID_HEADER | ML_SAID_SKIP_ROWS }, NULL, { 0 }, NULL, "" },
    { "{\"skip_rows\":2}", { .skip_rows = 1 }, NULL, { .skip_rows = 1 }, NULL, "" },
    { "{\"comment\":\"#\",\"quote\":\"\\u007f\"}", { 0 }, NULL, { .comment = '#', .quote = ML_QUOTE_NONE }, NULL,
      "as tested: --quote none --comment '#'" },
    { "{\"comment\":\"#\",\"quote\":\"'\"}", { .comment = '%', .quote = '"' }, NULL, { .comment = '%', .quote = '"' },
      NULL, "" },
    { "{\"comment\":\"#\",\"thousands\":\" \"}", { .said = ML_SAID_COMMENT | ML_SAID_THOUSANDS }, NULL, { 0 }, NULL, "" },
    { "{\"decimal\":\",\",\"thousands\":\".\"}", { 0 }, NULL, { .decimal = ',', .thousands = '.' }, NULL,
      "as tested: --decimal , --thousands ." },
    { "{\"decimal\":\",\",\"thousands\":\".\"}", { .decimal = '.' }, NULL, { .decimal = '.' }, NULL, "" },
    { "{\"decimal\":\",\"}", { .thousands = ',' }, NULL, { .thousands = ',' }, NULL, "" },
    { "{\"thousands\":\" \"}", { 0 }, NULL, { .thousands = ' ' }, NULL, "as tested: --thousands space" },
    /* found out in each file, if they can be */
    { "{\"delimiter\":\";\",\"encoding\":\"Latin1\"}", { 0 }, NULL, { 0 }, NULL, "" },
    { "{\"delimiter\":\"^\",\"encoding\":\"utf-16le\"}", { 0 }, NULL, { .delimiter = '^', .encoding = "utf-16le" }, NULL,
      "as tested: --delimiter ^ --encoding utf-16le" },
    { "{\"delimiter\":\"^\",\"encoding\":\"cp850\"}", { .delimiter = ',', .encoding = "utf-8" }, NULL,
      { .delimiter = ',', .encoding = "utf-8" }, NULL, "" },
    /* how much is let through is asked anew */
    { "{\"max_field\":5,\"leave_out_bad_rows\":true}", { 0 }, NULL, { 0 }, NULL, "" },
};

static void keep_line(void *data, enum ml_log_level level, const char *text)
{
    (void)level;
    snprintf(data, 256, "%s", text);
}

static void check(const struct inherited *c)
{
    char said[256] = "", expected[256] = "";
    const struct ml_log log = { keep_line, said, ML_LOG_NOTE };
    json_t *read = json_loads(c->read, JSON_DECODE_ANY, NULL);
    struct ml_csv_options csv = c->given;
    const char *tokens = c->missing;

    mli_reading_inherit(read, "tested", &csv, &tokens, &log);
    if (c->said[0])
        snprintf(expected, sizeof(expected), "reading %s", c->said);
    assert_string_equal(said, expected);
    assert_true((tokens == NULL) == (c->tokens == NULL));
    assert_string_equal(tokens ? tokens : "", c->tokens ? c->tokens : "");
    assert_string_equal(csv.encoding ? csv.encoding : "", c->csv.encoding ? c->csv.encoding : "");
    assert_int_equal(csv.delimiter, c->csv.delimiter);
    assert_int_equal(csv.quote, c->csv.quote);
    assert_int_equal(csv.comment, c->csv.comment);
    assert_int_equal(csv.decimal, c->csv.decimal);
    assert_int_equal(csv.thousands, c->csv.thousands);
    assert_int_equal(csv.skip_rows, c->csv.skip_rows);
    assert_int_equal(csv.no_header, c->csv.no_header);
    assert_int_equal(csv.max_field, 0);
    assert_int_equal(csv.bad_rows, ML_BAD_ROWS_ERROR);
    json_decref(read);
}

void test_reading_inherited(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check(&cases[i]);
}
