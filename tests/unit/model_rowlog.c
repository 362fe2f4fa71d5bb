/* Lines of a prediction log as rows of a model, and what is said of those that are none. */
#include <tests/unit/model_tests.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <model/rowlog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/unit/serve_sample.h>

#define ROW "{\"row\":{\"age\":31,\"city\":\"Oslo\",\"when\":\"2024-02-29\"}"

static const struct {
    const char *text;
    size_t rows, others;
    const char *said; /* of the error, NULL: there is none */
    size_t line;      /* of it */
    size_t left;      /* rows, when bad lines are left out */
} cases[] = {
    { "", 0, 0, NULL, 0, 0 },
    { "\n\r\n", 0, 0, NULL, 0, 0 },
    { ROW "}\n" ROW ",\"more\":[1]}\r\n", 2, 0, NULL, 0, 2 },
    { ROW "}", 1, 0, NULL, 0, 1 },
    { ROW "}\n{\"row\":{\"age\"", 1, 0, NULL, 0, 1 }, /* a last line that was not written to its end */
    { "{\"row\":{\"when\":null,\"age\":null,\"city\":null}}\n", 1, 0, NULL, 0, 1 },
    { "{\"row\":{\"when\":1e9,\"age\":-1e300,\"city\":\"Nowhere\"}}\n", 1, 0, NULL, 0, 1 },
    { "{\"digest\":\"00\",\"row\":5}\n" ROW "}\n{\"digest\":\"01\"}\n", 1, 2, NULL, 0, 1 },
    { "{\"digest\":7,\"row\":{}}\n", 0, 0, "column \"age\" of the model is not in \"row\"", 1, 0 },
    { ROW "}\n\n{\"row\":{\"age\":1,\"city\":\"a\"}}\n" ROW "}\n", 0, 0, "column \"when\"", 3, 2 },
    { ROW "}\n{\"row\":{\"age\":\"1\",\"city\":\"a\",\"when\":null}}\n" ROW "}\n", 0, 0,
      "column \"age\": expected a number or null, found \"1\"", 2, 2 },
    { "{\"row\":{\"age\":[1],\"city\":\"a\",\"when\":null}}\n", 0, 0, "expected a number or null, found [1]", 1, 0 },
    { "{\"row\":{\"age\":1,\"city\":{},\"when\":null}}\n", 0, 0, "column \"city\": expected a string or null", 1, 0 },
    { "{\"row\":{\"age\":1,\"city\":\"a\",\"when\":\"soon\"}}\n", 0, 0, "column \"when\": expected a date", 1, 0 },
    { "{\"row\":{\"age\":1,\"city\":\"a\",\"when\":true}}\n", 0, 0, "column \"when\": expected a date", 1, 0 },
    { "[]\n", 0, 0, "\"row\" is no object", 1, 0 },
    { "{\"row\":[]}\n", 0, 0, "\"row\" is no object", 1, 0 },
    { "age,city,when\n1,a,\n", 0, 0, "", 1, 0 },
};

static void count(void *data, const struct ml_table *rows)
{
    *(size_t *)data += rows->rows;
}

static enum ml_status read_text(const struct ml_model *model, const char *text, size_t n, bool skips, struct mli_rowlog *log,
                                struct ml_error *err)
{
    static size_t taken;
    struct mli_input *input = NULL;

    taken = 0;
    *err = (struct ml_error)ML_ERROR_INIT;
    *log = (struct mli_rowlog){ .model = model, .take = count, .data = &taken };
    log->bad = skips ? mli_bad_rows_new(NULL, NULL) : NULL;
    assert_int_equal(mli_input_memory("some.log", text, n, &input, NULL), ML_OK);
    enum ml_status status = mli_rowlog_read_input(log, input, err);
    mli_input_close(input);
    mli_bad_rows_free(log->bad);
    assert_int_equal(taken, log->rows);
    return status;
}

void test_rowlog(void **state)
{
    struct ml_model *model = sample_people();
    struct mli_rowlog log;
    struct ml_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = cases[i].text;
        enum ml_status status = read_text(model, text, strlen(text), false, &log, &err);
        if (cases[i].said && (status != ML_EDATA || !strstr(err.text, cases[i].said) || err.line != cases[i].line))
            fail_msg("%s: line %zu: %s", text, err.line, err.text);
        if (!cases[i].said && (status != ML_OK || log.rows != cases[i].rows || log.others != cases[i].others))
            fail_msg("%s: %s, %zu rows, %zu of others", text, err.text, log.rows, log.others);
        if (read_text(model, text, strlen(text), true, &log, &err) != ML_OK || log.rows != cases[i].left)
            fail_msg("%s, bad lines left out: %s, %zu rows", text, err.text, log.rows);
    }
    ml_model_free(model);
}

/* More rows than a block takes, and a line that comes in pieces. */
void test_rowlog_long(void **state)
{
    const size_t lines = 1000, blanks = 200000;
    struct ml_model *model = sample_people();
    struct mli_rowlog log;
    struct ml_error err;
    char *text = malloc(lines * sizeof(ROW "}\n") + blanks), *at = text;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < lines; i++) {
        at = stpcpy(at, ROW);
        if (i == lines / 2) {
            memset(at, ' ', blanks);
            at += blanks;
        }
        at = stpcpy(at, "}\n");
    }
    assert_int_equal(read_text(model, text, (size_t)(at - text), false, &log, &err), ML_OK);
    assert_int_equal(log.rows, lines);
    free(text);
    ml_model_free(model);
}
