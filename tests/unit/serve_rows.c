/* POST /predict without sockets: bodies and the replies they get. */
#include <tests/unit/serve.h>

#include <math.h>
#include <serve/scan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/serve_sample.h>

struct exchange {
    const char *body;
    unsigned status;
    const char *part; /* of the reply; of a 200 all of it, less the last newline */
};

static void check(struct bench *bench, enum mli_media media, const struct exchange *exchange)
{
    const char *reply =
        bench_ask(bench, "POST", "/predict", media, exchange->body, strlen(exchange->body));
    size_t len = strlen(exchange->part);
    bool same = exchange->status == 200
                    ? strncmp(reply, exchange->part, len) == 0 && strcmp(reply + len, "\n") == 0
                    : strstr(reply, exchange->part) != NULL;

    if (bench->reply.status != exchange->status || !same)
        fail_msg("\"%s\" got %u %s, expected %u %s", exchange->body, bench->reply.status, reply,
                 exchange->status, exchange->part);
}

static const struct exchange numbers[] = {
    { "{\"x\": 4, \"y\": 5}", 200, "{\"prediction\":4.5}" },
    { " \t\r\n{\"y\":5e0,\"x\":4.0} \n", 200, "{\"prediction\":4.5}" },
    { "[{\"x\":4,\"y\":5}]", 200, "[{\"prediction\":4.5}]" },
    { "[ {\"x\":1,\"y\":2} , {\"x\":3,\"y\":5},{\"x\":-1,\"y\":0.5}]", 200,
      "[{\"prediction\":1.5},{\"prediction\":4},{\"prediction\":-0.25}]" },
    { "{\"x\":1,\"y\":2,\"z\":[1,{\"x\":9}],\"\":null}", 200, "{\"prediction\":1.5}" },
    { "{\"x\":1,\"y\":2,\"z\":1,\"z\":{\"a\":1,\"a\":1}}", 200, "{\"prediction\":1.5}" },
    { "{\"x\":null,\"y\":5}", 200, "{\"prediction\":4}" }, /* the median of x is 3 */
    { "{\"x\":true,\"y\":false}", 200, "{\"prediction\":0.5}" },
    { "{\"\\u0078\":1,\"y\":2}", 200, "{\"prediction\":1.5}" },
    { "{\"x\":12345678901234567890,\"y\":0}", 200, "{\"prediction\":6.172839450617284e18}" },
    { "{\"x\":0.1,\"y\":0.2}", 200, "{\"prediction\":0.15000000000000002}" },
    { "{\"x\":1e308,\"y\":1e308}", 200, "{\"prediction\":1e308}" },
    { "{\"x\":1.25e2,\"y\":-0.5}", 200, "{\"prediction\":62.25}" },
    { "{\"x\":0.30000000000000004,\"y\":0}", 200, "{\"prediction\":0.15000000000000002}" },
    { "{\"x\":1, \"y\" :2}", 200, "{\"prediction\":1.5}" },
    { "{\"x\":1,\"x\":1,\"y\":2}", 400, "no duplicate of a column" },
    { "{\"x\":1,\"y\":2,\"y\":2}", 400, "no duplicate of a column" },
    { "{\"x\":1,\"y\"2}", 400, "expected ':'" },
    { "{,\"x\":1,\"y\":2}", 400, "a name in quotes" },
    /* cells that do not fit */
    { "{\"x\":\"4\",\"y\":5}", 400,
      "\"rows\":[{\"row\":1,\"column\":\"x\",\"code\":\"not_a_number\",\"found\":\"\\\"4\\\"\"}]" },
    { "{\"x\":\"4\",\"y\":5}", 400,
      "\"message\":\"row 1, column \\\"x\\\": expected a number, found \\\"4\\\"\"" },
    { "{\"y\":5}", 400, "{\"row\":1,\"column\":\"x\",\"code\":\"missing_column\"}" },
    { "{\"X\":4,\"y\":5}", 400,
      "{\"row\":1,\"column\":\"x\",\"code\":\"missing_column\",\"found\":\"X\"}" },
    { "{\"x\":[4],\"y\":5}", 400, "\"code\":\"wrong_type\",\"found\":\"[...]\"" },
    { "{\"x\":{},\"y\":5}", 400, "\"code\":\"wrong_type\",\"found\":\"{...}\"" },
    { "[{\"x\":1,\"y\":2},{\"x\":\"a\",\"y\":\"b\"},{\"x\":1,\"y\":2},{}]", 400,
      "(and 3 "
      "more)\",\"rows\":[{\"row\":2,\"column\":\"x\",\"code\":\"not_a_number\",\"found\":"
      "\"\\\"a\\\"\"},"
      "{\"row\":2,\"column\":\"y\",\"code\":\"not_a_number\",\"found\":\"\\\"b\\\"\"},"
      "{\"row\":4,\"column\":\"x\",\"code\":\"missing_column\"},"
      "{\"row\":4,\"column\":\"y\",\"code\":\"missing_column\"}]}" },
    /* not JSON, or not rows */
    { "", 400, "the body is empty" },
    { "  ", 400, "ends too early" },
    { "[]", 400, "the array has no rows" },
    { "[ ", 400, "ends too early" },
    { "5", 400, "byte 1: expected an object" },
    { "\"x\"", 400, "expected an object" },
    { "null", 400, "expected an object" },
    { "[5]", 400, "byte 2: expected a row" },
    { "[[4,5]]", 400, "expected a row" },
    { "{\"x\":4,\"y\":5", 400, "not valid JSON" },
    { "{\"x\":4,\"y\"", 400, "not valid JSON" },
    { "{\"x\":4,\"y\":5}x", 400, "byte 14: expected nothing after the value" },
    { "{\"x\":4,\"y\":5}{\"x\":4,\"y\":5}", 400, "expected nothing after the value" },
    { "[{\"x\":4,\"y\":5}", 400, "expected ',' or ']'" },
    { "[{\"x\":4,\"y\":5},", 400, "ends too early" },
    { "[{\"x\":4,\"y\":5},]", 400, "expected a row" },
    { "[{\"x\":4,\"y\":5} {\"x\":4,\"y\":5}]", 400, "expected ',' or ']'" },
    { "[{\"x\":4,\"y\":5}]]", 400, "expected nothing after" },
    { "{\"x\":4,\"x\":4,\"y\":5}", 400, "duplicate" },
    { "{\"x\":NaN,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":Infinity,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":-Infinity,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":1e400,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":01,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":+1,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":1.,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":.5,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":0x1,\"y\":5}", 400, "not valid JSON" },
    { "{'x':1,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":1,\"y\":5,}", 400, "not valid JSON" },
    { "{\"x\":1,\"y\":5,\"z\":\"\\ud800\"}", 400, "not valid JSON" },
    { "{\"x\":1,\"y\":5,\"z\":\"\\u0000\"}", 400, "not valid JSON" },
    { "{\"x\":1,\"y\":5,\"z\":\"\xff\"}", 400, "not valid JSON" },
    { "{\"x\":1,\"y\":5,\"z\":\"\xed\xa0\x80\"}", 400, "not valid JSON" },
    { "{\"x\":1,\"y\":5,\"z\":\"a\nb\"}", 400, "not valid JSON" },
    { "\xEF\xBB\xBF{\"x\":1,\"y\":5}", 400, "not valid JSON" },
    { "{\"x\":1/**/,\"y\":5}", 400, "not valid JSON" },
};

static void test_numbers(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        check(&bench, MLI_MEDIA_JSON, &numbers[i]);
    bench_release(&bench);
}

/* Read in one go or not, with or without something behind it: the nearest double, and nothing that JSON does not have. */
static void test_number_forms(void **state)
{
    static const char *const good[] = { "0", "-0", "7", "-7", "10", "0.5", "-0.125", "123456789012345", "1234567890123456",
                                        "0.000000000000001", "123456.789012345", "99999999999999.9", "0.1234567890123456",
                                        "1e5", "1E5", "1.5e-3", "-2.25E+2", "18446744073709551616", "0.0", "0e9",
                                        "123456789012345678901234567890" };
    static const char *const bad[] = { "", "-", "+1", ".5", "1.", "-.5", "01", "-01", "00.5", "1.e5", "1e", "1e+", "- 1",
                                       "1e999", "--1", "0x1" };
    static const char *const behind[] = { "", " ", ",", "}", "]                              " };
    char text[128];
    double value;

    (void)state;
    for (size_t b = 0; b < sizeof(behind) / sizeof(*behind); b++) {
        for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
            int n = snprintf(text, sizeof(text), "%s%s", good[i], behind[b]);
            struct mli_scan scan = mli_scan_of(text, (size_t)n, 8);
            double expected = strtod(good[i], NULL);
            assert_true(mli_scan_number(&scan, &value));
            assert_int_equal(scan.at, strlen(good[i]));
            assert_memory_equal(&value, &expected, sizeof(value));
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
            int n = snprintf(text, sizeof(text), "%s%s", bad[i], behind[b]);
            struct mli_scan scan = mli_scan_of(text, (size_t)n, 8);
            bool whole = mli_scan_number(&scan, &value) && scan.at == strlen(bad[i]);
            if (whole)
                fail_msg("\"%s\" is taken for a number", text);
        }
    }
}

static const struct exchange people[] = {
    { "{\"age\":31,\"city\":5,\"when\":\"yesterday\"}", 400,
      "[{\"row\":1,\"column\":\"when\",\"code\":\"not_an_instant\",\"found\":\"\\\"yesterday\\\"\"}"
      "]" },
    { "{\"age\":31,\"city\":\"Oslo\",\"when\":true}", 400,
      "\"code\":\"not_an_instant\",\"found\":\"true\"" },
    { "{\"age\":31,\"city\":[],\"when\":null}", 400,
      "\"column\":\"city\",\"code\":\"wrong_type\"" },
};

static void test_people(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_people());
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        check(&bench, MLI_MEDIA_JSON, &people[i]);
    bench_release(&bench);
}

/* The two probabilities of a reply, which must be the labels' and sum to 1. */
static double probability(const char *reply)
{
    const char *at = strstr(reply, "\"probabilities\":{\"no\":");
    double no, yes;

    assert_non_null(at);
    assert_int_equal(
        sscanf(at, "\"probabilities\":{\"no\":%lf,\"yes \\\"\xC3\xA9\\\"\":%lf}}", &no, &yes), 2);
    assert_true(fabs(no + yes - 1) < 1e-15 && no > 0 && yes > 0);
    expect_part(reply,
                no >= yes ? "{\"prediction\":\"no\"" : "{\"prediction\":\"yes \\\"\xC3\xA9\\\"\"");
    return no;
}

static double ask(struct bench *bench, const char *row)
{
    const char *reply = bench_json(bench, row);

    if (bench->reply.status != 200)
        fail_msg("%s", reply);
    return probability(reply);
}

/* Values that mean the same give the same number, those that do not give another. */
static void test_meaning(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_people());
    double oslo = ask(&bench, "{\"age\":31,\"city\":\"Oslo\",\"when\":\"2020-01-02\"}");
    assert_true(oslo == ask(&bench, "{\"when\":1577923200,\"city\":\"\\u004fslo\",\"age\":3.1e1}"));
    assert_true(
        oslo ==
        ask(&bench, "{\"when\":\"2020-01-02T01:00:00+01:00\",\"city\":\"Oslo\",\"age\":31}"));
    assert_true(oslo != ask(&bench, "{\"age\":31,\"city\":\"Rome\",\"when\":\"2020-01-02\"}"));
    double seven = ask(&bench, "{\"age\":31,\"city\":\"7\",\"when\":\"2020-01-02\"}");
    assert_true(seven != oslo &&
                seven == ask(&bench, "{\"age\":31,\"city\":7.0,\"when\":\"2020-01-02\"}"));
    double yes = ask(&bench, "{\"age\":31,\"city\":\"true\",\"when\":\"2020-01-02\"}");
    assert_true(yes != oslo &&
                yes == ask(&bench, "{\"age\":31,\"city\":true,\"when\":\"2020-01-02\"}"));
    double missing = ask(&bench, "{\"age\":null,\"city\":null,\"when\":null}");
    assert_true(missing == ask(&bench, "{\"age\":null,\"city\":\"NA\",\"when\":\"\"}"));
    assert_int_equal(bench.service.worker[0].metrics.unknown, 0);
    double unknown = ask(&bench, "{\"age\":31,\"city\":\"Atlantis\",\"when\":\"2020-01-02\"}");
    assert_true(unknown == ask(&bench, "{\"age\":31,\"city\":8,\"when\":\"2020-01-02\"}"));
    assert_int_equal(bench.service.worker[0].metrics.unknown, 2);
    bench_release(&bench);
}

static const struct exchange files[] = {
    { "x,y\n4,5\n", 200, "prediction\n4.5" },
    { "y,z,x\r\n5,abc,4\r\n,\"\",1\r\n", 200, "prediction\n4.5\n2.5" },
    { "x;y\n4;5", 200, "prediction\n4.5" },
    { "\"x\",\"y\"\n\"4\",\" 5\"\n", 400, "\"code\":\"not_a_number\",\"found\":\" 5\"" },
    { "x,y\n4,5\nabc,5\n4,1e999\n", 400,
      "(and 1 "
      "more)\",\"rows\":[{\"row\":2,\"column\":\"x\",\"code\":\"not_a_number\",\"found\":\"abc\"},"
      "{\"row\":3,\"column\":\"y\",\"code\":\"not_a_number\",\"found\":\"1e999\"}]}" },
    { "X,zoo\n4,5\n", 400,
      "2 columns are not there: \\\"x\\\" (did you mean \\\"X\\\"?), \\\"y\\\"" },
    { "X,y\n4,5\n", 400,
      "did you mean \\\"X\\\"?\",\"rows\":[{\"column\":\"x\",\"code\":\"missing_column\",\"found\":\"X\"}]}" },
    { "x,zoo\n4,5\n", 400, "no column \\\"y\\\"; the first of 2 is \\\"x\\\"" }, /* x is taken, and not meant by y */
    { "", 400, "empty" },
    { "x,y\n", 400, "no rows below the header" },
    { "x,y\n1\n", 400, "line 2: 1 field where the header has 2" },
    { "x,y\n1,\"2\n", 400, "line 2" },
    { "\x1f\x8b\x08 whatever", 400, "gzip" },
};

static void test_files(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        check(&bench, MLI_MEDIA_CSV, &files[i]);
    bench_csv(&bench, "x,y\n4,5\n");
    assert_string_equal(bench.reply.type, "text/csv; charset=utf-8");
    bench_release(&bench);
    bench_init(&bench, sample_people());
    const char *reply = bench_csv(&bench, "city,when,age\nOslo,2020-01-02,31\n");
    expect_part(reply, "prediction,probability:no,\"probability:yes \"\"\xC3\xA9\"\"\"\n");
    bench_release(&bench);
}

/* What a cell means is as it was in the training data: missing tokens, in JSON numbers too, and numbers. */
static const struct exchange cells[] = {
    { "x;y\n1.000,5;n.a.\n-1;1,5\n", 200, "prediction\n502.25\n2.25" }, /* the medians are 3 and 4 */
    { "x,y\n\"1,5\",-1\n", 200, "prediction\n2.75" },
    { "x,y\n1.5,2\n", 400, "\"found\":\"1.5\"" },
};
static const struct exchange numerals[] = {
    { "{\"x\":1.5,\"y\":-1}", 200, "{\"prediction\":2.75}" },
    { "{\"x\":1.5,\"y\":-1.5}", 200, "{\"prediction\":0}" },
};

static void test_cells_mean_as_in_training(void **state)
{
    struct bench bench;
    struct ml_model *model = sample_mean();

    (void)state;
    json_object_set_new(model->record, "data",
                        json_pack("{s:{s:s, s:s, s:s, s:b, s:i}}", "read", "missing", "n.a.,-1", "decimal", ",",
                                  "thousands", ".", "no_header", 1, "skip_rows", 3));
    bench_init(&bench, model);
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
        check(&bench, MLI_MEDIA_CSV, &cells[i]);
    for (size_t i = 0; i < sizeof(numerals) / sizeof(numerals[0]); i++)
        check(&bench, MLI_MEDIA_JSON, &numerals[i]);
    bench_release(&bench);
}

/* Many rows go through in blocks: each result as if it were alone, in order, in both forms. */
static void test_blocks(void **state)
{
    const size_t rows = 1000;
    struct mli_buf json, csv, expected, lines;
    struct bench bench;

    (void)state;
    mli_buf_init(&json, SIZE_MAX);
    mli_buf_init(&csv, SIZE_MAX);
    mli_buf_init(&expected, SIZE_MAX);
    mli_buf_init(&lines, SIZE_MAX);
    mli_buf_str(&csv, "x,y\n");
    mli_buf_str(&lines, "prediction\n");
    for (size_t i = 0; i < rows; i++) {
        mli_buf_printf(&json, "%s{\"x\":%zu,\"y\":%zu}", i ? "," : "[", i, i * i);
        mli_buf_printf(&csv, "%zu,%zu\n", i, i * i);
        mli_buf_printf(&expected, "%s{\"prediction\":%zu}", i ? "," : "[", (i + i * i) / 2);
        mli_buf_printf(&lines, "%zu\n", (i + i * i) / 2);
    }
    mli_buf_str(&json, "]");
    mli_buf_str(&expected, "]\n");
    bench_init(&bench, sample_mean());
    assert_string_equal(bench_json(&bench, json.data), expected.data);
    assert_string_equal(bench_csv(&bench, csv.data), lines.data);
    assert_int_equal(bench.service.worker[0].metrics.rows, 2 * rows);
    bench.service.config.max_rows = (unsigned)rows - 1;
    expect_part(bench_json(&bench, json.data), "more than 999 rows in one request");
    assert_int_equal(bench.reply.status, 413);
    expect_part(bench_csv(&bench, csv.data), "more than 999 rows in one request");
    assert_int_equal(bench.reply.status, 413);
    bench_release(&bench);
    mli_buf_release(&json);
    mli_buf_release(&csv);
    mli_buf_release(&expected);
    mli_buf_release(&lines);
}

/* The form with the text in the place of its '#'. */
static void spell(char body[200], const char *form, const char *text)
{
    int before = (int)strcspn(form, "#");

    snprintf(body, 200, "%.*s%s%s", before, form, text, form + before + 1);
}

/*
 * What comes as nearly all rows do and is read in one go, and the same with an escape or a blank that takes the other way:
 * the answers are the same, down to the last digit, and so are the refusals.
 */
static void test_lane(void **state)
{
    static const char *const texts[] = {
        "0", "-0", "-0.0", "7", "-12", "0.5", "-0.25", "123456", "1234567", "12345678", "1234567.5", "12345678.25",
        "0.1234567", "0.12345678", "-0.123456789", "0.12345678901234", "0.123456789012345", "1234567.12345678",
        "1234567.123456789", "0.1234567890123456", "123456789012345678", "1e3", "1E-2", "-2.5e1", "1.5e", "01", "-01.5", "1.",
        "1.e1", "-", "", ".5", "+1", "1.2.3", "1..2", "0x1", "1a", "1 2", "--1", "nan", "1/", "1:", "1\xC3\xA9", "null", "true",
        "\"1\"", "[1]", "{}" };
    static const char *const forms[][2] = {
        { "{\"x\": #, \"y\": 0}", "{\"\\u0078\": #, \"y\": 0}" },
        { "{\"x\":0,\"y\":#}", "{\"\\u0078\":0,\"y\":#}" },
        { "{\"x\":#", "{\"\\u0078\":#" },
        { "[{\"x\":1,\"y\":2},{\"x\":1,\"y\":#}]", "[{\"y\":2,\"x\":1},{\"y\":#,\"x\":1}]" },
        { "{\"x\":#,\"y\":1,\"x\":2}", "{\"\\u0078\":#,\"y\":1,\"x\":2}" },
        { "{\"x\":#,\"y\":1,\"more\":[2]}", "{\"\\u0078\":#,\"y\":1,\"more\":[2]}" },
        { "{\"x\":#,\"more\":[2]}", "{\"\\u0078\":#,\"more\":[2]}" },
    };
    struct bench bench;
    char body[200];

    (void)state;
    bench_init(&bench, sample_mean());
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) * 7; i++) {
        const char *const *form = forms[i % 7];
        spell(body, form[1], texts[i / 7]);
        char *expected = strdup(bench_json(&bench, body));
        unsigned status = bench.reply.status;
        spell(body, form[0], texts[i / 7]);
        const char *reply = bench_json(&bench, body);
        assert_int_equal(bench.reply.status, status);
        if (!strstr(expected, " at byte ")) /* which differs */
            assert_string_equal(reply, expected);
        free(expected);
    }
    bench_release(&bench);
}

/* Binary tensors of floats, in several blocks, are what the same numbers in JSON are. */
static void check_floats(struct bench *bench, size_t columns, const char *datatype, size_t size)
{
    const size_t rows = 602, faulty = 400 * columns + 1; /* second cell of row 401 */
    struct mli_buf json, body;
    char *expected;

    mli_buf_init(&json, SIZE_MAX);
    mli_buf_init(&body, SIZE_MAX);
    mli_buf_printf(&json, "{\"inputs\":[{\"name\":\"input-0\",\"shape\":[%zu,%zu],\"datatype\":\"%s\",\"data\":[", rows, columns,
                   datatype);
    mli_buf_printf(&body, "{\"inputs\":[{\"name\":\"input-0\",\"shape\":[%zu,%zu],\"datatype\":\"%s\",\"parameters\":"
                          "{\"binary_data_size\":%zu}}]}", rows, columns, datatype, rows * columns * size);
    bench->json_part = 0;
    size_t json_part = body.len;
    for (size_t i = 0; i < columns * rows; i++) {
        double value = i % 9 == 3 ? NAN : (double)i / 8 - 30;
        float narrow = (float)value;
        mli_buf_str(&json, i ? "," : "");
        if (value == value)
            mli_buf_number(&json, value);
        else
            mli_buf_str(&json, "null");
        mli_buf_add(&body, size == 4 ? (const void *)&narrow : &value, size);
    }
    mli_buf_str(&json, "]}]}");
    expected = strdup(bench_ask(bench, "POST", "/v2/models/model/infer", MLI_MEDIA_OTHER, json.data, json.len));
    assert_int_equal(bench->reply.status, 200);
    bench->json_part = json_part;
    assert_string_equal(bench_ask(bench, "POST", "/v2/models/model/infer", MLI_MEDIA_OTHER, body.data, body.len), expected);
    double infinite = INFINITY;
    float narrow = INFINITY;
    memcpy(body.data + json_part + faulty * size, size == 4 ? (const void *)&narrow : &infinite, size);
    expect_part(bench_ask(bench, "POST", "/v2/models/model/infer", MLI_MEDIA_OTHER, body.data, body.len),
                "\"rows\":[{\"row\":401,\"column\":\"y\",\"code\":\"not_a_number\",\"found\":\"inf\"}]");
    bench->service.config.max_rows = (unsigned)rows - 1;
    expect_part(bench_ask(bench, "POST", "/v2/models/model/infer", MLI_MEDIA_OTHER, body.data, body.len), "more than 601 rows");
    bench->service.config.max_rows = 65536;
    free(expected);
    mli_buf_release(&json);
    mli_buf_release(&body);
}

/* Of two columns, and of seven, which are a tile and three more; blocks end in tiles of two rows. */
static void test_floats(void **state)
{
    static const char seven[] = "x,y,z,a,b,c,d\n1,2,3,5,8,2,1\n6,4,3,1,2,3,9\n2,7,1,8,2,8,4\n";
    struct ml_model *model[] = { sample_mean(), sample_of(seven, NULL, "dense 1", 0.5, 0.25) };
    const size_t columns[] = { 2, 7 };
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < sizeof(model) / sizeof(model[0]); i++) {
        bench_init(&bench, model[i]);
        check_floats(&bench, columns[i], "FP32", 4);
        check_floats(&bench, columns[i], "FP64", 8);
        bench_release(&bench);
    }
}

/* Only the first faults are listed, all are counted. */
static void test_many_faults(void **state)
{
    struct mli_buf body;
    struct bench bench;

    (void)state;
    mli_buf_init(&body, SIZE_MAX);
    for (size_t i = 0; i < 600; i++)
        mli_buf_str(&body, i ? ",{\"x\":\"?\",\"y\":1}" : "[{\"x\":\"?\",\"y\":1}");
    mli_buf_str(&body, "]");
    bench_init(&bench, sample_mean());
    const char *reply = bench_json(&bench, body.data);
    expect_part(reply, "(and 599 more)");
    expect_part(reply, "{\"row\":20,\"column\"");
    expect_part(reply, "],\"more\":580}");
    assert_null(strstr(reply, "\"row\":21,"));
    assert_int_equal(bench.service.worker[0].metrics.faults, 600);
    assert_int_equal(bench.service.worker[0].metrics.rows, 0);
    bench_release(&bench);
    mli_buf_release(&body);
}

/* What was found is cut, and stays UTF-8. */
static void test_long_found(void **state)
{
    struct mli_buf body;
    struct bench bench;

    (void)state;
    mli_buf_init(&body, SIZE_MAX);
    for (size_t shift = 0; shift < 3; shift++) {
        mli_buf_reset(&body);
        mli_buf_printf(&body, "{\"x\":\"%s", &"aa"[2 - shift]);
        for (size_t i = 0; i < 100; i++)
            mli_buf_str(&body, "\xE2\x82\xAC");
        mli_buf_str(&body, "\",\"y\":1}");
        bench_init(&bench, sample_mean());
        const char *reply = bench_json(&bench, body.data);
        assert_null(strstr(reply, "\\ufffd"));
        assert_true(strlen(reply) < 600);
        bench_release(&bench);
    }
    mli_buf_release(&body);
}

static void test_depth(void **state)
{
    char body[256];
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    for (int depth = 30; depth <= 33;
         depth++) { /* the object, then so many arrays, to a limit of 32 */
        snprintf(body, sizeof(body), "{\"x\":1,\"y\":2,\"z\":%.*s\"]\"%.*s}", depth - 1,
                 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", depth - 1,
                 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
        bench_json(&bench, body);
        assert_int_equal(bench.reply.status, depth > 32 ? 400 : 200);
    }
    expect_part(bench_json(&bench, body), "nested more than 32 levels deep");
    bench.service.config.max_depth = 1;
    bench_json(&bench, "{\"x\":1,\"y\":2}");
    assert_int_equal(bench.reply.status, 200);
    bench_json(&bench, "[{\"x\":1,\"y\":2}]");
    assert_int_equal(bench.reply.status, 400);
    bench_release(&bench);
}

/* A NUL byte is refused wherever it stands. */
static void test_nul(void **state)
{
    const char text[] = "{\"x\":4,\"y\":5}";
    char body[32];
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    for (size_t at = 0; at < sizeof(text); at++) {
        memcpy(body, text, at);
        body[at] = '\0';
        memcpy(body + at + 1, text + at, sizeof(text) - 1 - at);
        expect_part(bench_ask(&bench, "POST", "/predict", MLI_MEDIA_JSON, body, sizeof(text)),
                    "NUL byte");
        assert_int_equal(bench.reply.status, 400);
    }
    bench_release(&bench);
}

static const char *const bombs[] = { "{},", "[],", "\"\",", "0,", "{\"a\":{}}," };

/* A megabyte of small values in one row, that nobody asked for, takes no memory. */
static void test_bombs(void **state)
{
    struct mli_buf body;
    struct bench bench;

    (void)state;
    mli_buf_init(&body, SIZE_MAX);
    bench_init(&bench, sample_mean());
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        mli_buf_reset(&body);
        mli_buf_str(&body, "{\"x\":1,\"y\":2,\"z\":[");
        while (body.len < (size_t)1 << 20)
            mli_buf_str(&body, bombs[i]);
        mli_buf_str(&body, "0]}");
        assert_string_equal(bench_json(&bench, body.data), "{\"prediction\":1.5}\n");
        assert_int_equal(bench.service.worker[0].request.total, 0);
        assert_int_equal(bench.service.worker[0].text.capacity, 0);
    }
    bench_release(&bench);
    mli_buf_release(&body);
}

/* An answer that is too long is an error, not half an answer. */
static void test_long_answer(void **state)
{
    struct mli_reply reply;

    (void)state;
    mli_reply_init(&reply);
    reply.status = 200;
    reply.body.limit = 300;
    for (int i = 0; i < 100; i++)
        mli_buf_str(&reply.body, "{\"prediction\":1}");
    mli_reply_settle(&reply);
    assert_int_equal(reply.status, 413);
    expect_part(reply.body.data, "\"error_code\":\"CONTENT_TOO_LARGE\"");
    assert_int_equal(reply.body.data[reply.body.len - 1], '\n');
    mli_reply_release(&reply);
}

/* What was probably meant is looked for at the beginning of a row only, since that is done for each column that is missing. */
static void test_near_names(void **state)
{
    struct mli_buf body;
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    mli_buf_init(&body, SIZE_MAX);
    for (int last = 0; last < 2; last++) {
        mli_buf_reset(&body);
        mli_buf_str(&body, last ? "{\"list\":[" : "{\"xx\":1,\"list\":[");
        for (int i = 0; i < 40000; i++)
            mli_buf_str(&body, "1,");
        mli_buf_str(&body, last ? "1],\"y\":1,\"xx\":1}" : "1],\"y\":1}");
        const char *reply = bench_json(&bench, body.data);
        assert_int_equal(bench.reply.status, 400);
        expect_part(reply, "column \\\"x\\\": the column is missing");
        assert_int_equal(strstr(reply, "there is xx") != NULL, !last);
    }
    mli_buf_release(&body);
    bench_release(&bench);
}

/* An answer waits for its turn to be sent while the thread that made it has others' requests in its memory. */
static void test_type_outlives_worker(void **state)
{
    static const char body[] = "{\"inputs\":[{\"name\":\"input-0\",\"shape\":[1,2],\"datatype\":\"FP64\",\"data\":[4,5]}],"
                               "\"parameters\":{\"binary_data_output\":true}}";
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    bench_ask(&bench, "POST", "/invocations", MLI_MEDIA_TENSORS, body, strlen(body));
    assert_int_equal(bench.reply.status, 200);
    struct mli_worker *worker = &bench.service.worker[0];
    mli_worker_begin(worker);
    memset(mli_arena_alloc(&worker->request, 1024, 1), 'E', 1024);
    char expected[MLI_TYPE_MAX];
    snprintf(expected, sizeof(expected), "application/vnd.sagemaker-triton.binary+json;json-header-size=%zu",
             bench.reply.body.len - sizeof(double));
    assert_string_equal(bench.reply.type, expected);
    assert_int_equal(bench.reply.json_part, 0);
    bench_release(&bench);
}

int run_rows_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_people),
        cmocka_unit_test(test_number_forms),
        cmocka_unit_test(test_meaning),    cmocka_unit_test(test_files),
        cmocka_unit_test(test_cells_mean_as_in_training),
        cmocka_unit_test(test_lane),
        cmocka_unit_test(test_floats), cmocka_unit_test(test_blocks),     cmocka_unit_test(test_many_faults),
        cmocka_unit_test(test_long_found), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_nul),        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_long_answer), cmocka_unit_test(test_near_names), cmocka_unit_test(test_type_outlives_worker),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
