/* The text of /metrics, in both formats. */
#include <tests/unit/serve.h>

#include <serve/metrics_text.h>
#include <stdio.h>
#include <string.h>
#include <tests/unit/serve_sample.h>

struct family {
    char name[128], type[16];
};

/* name{label="value",...} value: checks the syntax and returns the value's text. */
static const char *check_sample(const char *line, const struct family *family, bool openmetrics)
{
    size_t stem = strlen(family->name), n = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *suffix = line + stem, *at = line + n;
    bool counter = strcmp(family->type, "counter") == 0,
         histogram = strcmp(family->type, "histogram") == 0;

    assert_true(n >= stem && strncmp(line, family->name, stem) == 0);
    if (counter && openmetrics)
        assert_true(n == stem + 6 && strncmp(suffix, "_total", 6) == 0);
    else if (histogram)
        assert_true(strncmp(suffix, "_bucket{", 8) == 0 || strncmp(suffix, "_sum{", 5) == 0 ||
                    strncmp(suffix, "_count{", 7) == 0);
    else
        assert_int_equal(n, stem);
    if (counter && !openmetrics && strncmp(family->name, "nv_", 3) != 0) /* which are as Triton has them */
        assert_string_equal(family->name + stem - 6, "_total");
    for (char next = '{'; *at == next; next = ',') {
        n = strspn(++at, "abcdefghijklmnopqrstuvwxyz0123456789_");
        assert_true(n > 0 && at[n] == '=' && at[n + 1] == '"');
        for (at += n + 2; *at != '"'; at++) {
            assert_true(*at != '\n' && *at != '\0');
            at += *at == '\\' && (at[1] == '\\' || at[1] == '"' || at[1] == 'n');
        }
        at++;
    }
    at += *at == '}';
    assert_int_equal(*at, ' ');
    return at + 1;
}

static void check_metrics(const char *text, bool openmetrics)
{
    struct family family = { "", "" };
    char line[1024], seen[8192] = " ";
    bool helped = false, ended = false;

    while (*text) {
        size_t len = strcspn(text, "\n");
        assert_true(text[len] == '\n' && len < sizeof(line) && !ended);
        memcpy(line, text, len);
        line[len] = '\0';
        text += len + 1;
        if (sscanf(line, "# HELP %120s", family.name) == 1) {
            snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s ", family.name);
            char *again = strstr(seen, family.name);
            assert_true(again[strlen(family.name)] != ' ' ||
                        again[strlen(family.name) + 1] == '\0' || again[-1] != ' ');
            helped = true;
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            char name[128];
            assert_true(helped);
            assert_int_equal(sscanf(line, "# TYPE %120s %15s", name, family.type), 2);
            assert_string_equal(name, family.name);
            helped = false;
        } else if (strcmp(line, "# EOF") == 0) {
            ended = true;
        } else {
            double value;
            char rest;
            assert_int_equal(
                sscanf(check_sample(line, &family, openmetrics), "%lf%c", &value, &rest), 1);
        }
    }
    assert_true(ended == openmetrics);
}

static const char *metrics_of(struct bench *bench, bool openmetrics)
{
    mli_reply_reset(&bench->reply);
    struct mli_registry *registry = mli_catalog_registry(bench->catalog);
    mli_metrics_write(&bench->service, registry, openmetrics, &bench->reply.body);
    mli_registry_drop(registry);
    assert_int_equal(bench->reply.body.status, ML_OK);
    return bench->reply.body.data;
}

static void test_metrics(void **state)
{
    const struct mli_connections_config config = {
        .max = 4, .head_timeout = 1, .body_timeout = 1, .idle_timeout = 1
    };
    struct mli_connections connections;
    struct bench bench;

    (void)state;
    assert_int_equal(mli_connections_init(&connections, &config, NULL), ML_OK);
    bench_init(&bench, sample_people());
    bench.service.connections = &connections;
    struct mli_metrics *metrics = &bench.service.worker[0].metrics;
    bench_json(&bench, "[{\"age\":null,\"city\":\"Atlantis\",\"when\":null},{\"age\":1,\"city\":"
                       "\"Oslo\",\"when\":1}]");
    mli_metrics_request(metrics, 0, 200, 100000);
    mli_metrics_request(metrics, 0, 200, 100001);
    mli_metrics_request(metrics, 0, 418, UINT64_C(99000000000));
    mli_metrics_request(metrics, mli_route_count, 404, 0);
    mli_count(&metrics->started, 5);
    mli_count(&metrics->ended, 4);
    for (int openmetrics = 0; openmetrics < 2; openmetrics++) {
        const char *text = metrics_of(&bench, openmetrics);
        check_metrics(text, openmetrics);
        expect_part(text, "mlctl_http_requests_total{route=\"/predict\",code=\"200\"} 2\n");
        expect_part(text, "mlctl_http_requests_total{route=\"/predict\",code=\"other\"} 1\n");
        expect_part(text, "mlctl_http_requests_total{route=\"other\",code=\"404\"} 1\n");
        expect_part(text, "_seconds_bucket{route=\"/predict\",le=\"0.0001\"} 1\n");
        expect_part(text, "_seconds_bucket{route=\"/predict\",le=\"0.00025\"} 2\n");
        expect_part(text, "_seconds_bucket{route=\"/predict\",le=\"10.0\"} 2\n");
        expect_part(text, "_seconds_bucket{route=\"/predict\",le=\"+Inf\"} 3\n");
        expect_part(text, "_seconds_count{route=\"/predict\"} 3\n");
        expect_part(text, "_seconds_sum{route=\"/predict\"} 99.000200001\n");
        expect_part(text, "mlctl_rows_total 2\n");
        expect_part(text, "mlctl_missing_cells_total 2\n");
        expect_part(text, "mlctl_unknown_categories_total 1\n");
        expect_part(text, "mlctl_http_requests_in_flight 1\n");
        expect_part(text, "mlctl_connections 0\n");
        expect_part(text, "mlctl_ready 1\n");
        expect_part(text, "process_resident_memory_bytes ");
        expect_part(text, openmetrics ? "# TYPE mlctl_rows counter\n"
                                      : "# TYPE mlctl_rows_total counter\n");
    }
    bench_release(&bench);
    mli_connections_release(&connections);
}

/* The count of a model's durations by protocol; -1: it has none. model: its labels. */
static int durations_of(struct bench *bench, const char *model, const char *protocol)
{
    char wanted[200];
    int count = -1;

    snprintf(wanted, sizeof(wanted), "\nmlctl_model_request_duration_seconds_count{%s,protocol=\"%s\"} ", model, protocol);
    const char *at = strstr(metrics_of(bench, true), wanted);
    if (at)
        assert_int_equal(sscanf(at + strlen(wanted), "%d", &count), 1);
    return count;
}

/* So many histograms are told apart, the first ones; the rest is in one that only grows, whatever goes. */
static void test_few_histograms(void **state)
{
    static const struct mli_run run = { .asked = true, .rows = 1, .blocks = 1, .total = 1000000 };
    static const char first[] = "model=\"model\",model_version=\"1\"", other[] = "model=\"other\"";
    struct mli_connections connections;
    struct bench bench;

    (void)state;
    assert_int_equal(mli_connections_init(&connections, &(struct mli_connections_config){ .max = 4 }, NULL), ML_OK);
    bench_init(&bench, sample_mean());
    bench.service.connections = &connections;
    struct mli_tally *others = mli_catalog_others(bench.catalog);
    atomic_store(&others->room, 2);
    struct mli_registry *registry = mli_catalog_registry(bench.catalog);
    struct mli_tally *tally = registry->version[0].served->tally;
    for (int turn = 1; turn <= 3; turn++) {
        mli_tally_add(tally, 0, MLI_PROTOCOL_PREDICT, &run, true);
        mli_tally_add(tally, 0, MLI_PROTOCOL_V2, &run, false);
        mli_tally_add(tally, 0, MLI_PROTOCOL_V1, &run, true);
        mli_tally_add(tally, 0, MLI_PROTOCOL_VERTEX, &run, false);
        check_metrics(metrics_of(&bench, false), false);
        check_metrics(metrics_of(&bench, true), true);
        assert_int_equal(durations_of(&bench, first, "predict"), turn);
        assert_int_equal(durations_of(&bench, first, "v2"), turn);
        assert_int_equal(durations_of(&bench, first, "v1"), -1);
        assert_int_equal(durations_of(&bench, other, "predict"), -1);
        assert_int_equal(durations_of(&bench, other, "v1"), turn);
        assert_int_equal(durations_of(&bench, other, "vertex"), turn);
        expect_part(bench.reply.body.data, "\nmlctl_model_histograms_left_out 2\n");
    }
    /* what is not told apart is still counted where it belongs */
    assert_int_equal(mli_tally_get(tally, MLI_TALLY_SUCCESS), 6);
    assert_int_equal(mli_tally_get(tally, MLI_TALLY_FAILED), 6);
    expect_part(bench.reply.body.data, "mlctl_model_request_duration_seconds_sum{model=\"other\",protocol=\"v1\"} 0.003\n");
    /* another version, which goes again: its place is free then, and the others keep what it has counted */
    struct mli_tally *second = mli_tally_new(1, others);
    assert_int_equal(atomic_load(&others->room), 0);
    mli_tally_add(second, 0, MLI_PROTOCOL_V1, &run, true);
    mli_tally_drop(second);
    assert_int_equal(atomic_load(&others->room), 0);
    assert_int_equal(durations_of(&bench, other, "v1"), 4);
    atomic_store(&others->room, 1);
    second = mli_tally_new(1, others);
    mli_tally_add(second, 0, MLI_PROTOCOL_V1, &run, true);
    assert_int_equal(atomic_load(&others->room), 0);
    mli_tally_drop(second);
    assert_int_equal(atomic_load(&others->room), 1);
    assert_int_equal(durations_of(&bench, other, "v1"), 4);
    mli_registry_drop(registry);
    bench_release(&bench);
    mli_connections_release(&connections);
}

/* A target's name may hold anything; as a label it is escaped. */
static void test_label_escape(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    free(bench.model->target_names);
    bench.model->target_names = mli_strdup("a\\b\"c\nd");
    const char *text = metrics_of(&bench, false);
    check_metrics(text, false);
    expect_part(text, ",target=\"a\\\\b\\\"c\\nd\",task=\"regression\"");
    bench_release(&bench);
}

/* What a scraper makes of a label's value; NULL: it would not take it. */
static char *read_label(const char *text, char *out)
{
    if (*text++ != '"')
        return NULL;
    for (; *text != '"'; text++) {
        char c = *text;
        if (c == '\0' || c == '\n')
            return NULL;
        if (c == '\\') {
            c = *++text;
            if (c != '\\' && c != '"' && c != 'n')
                return NULL;
            c = c == 'n' ? '\n' : c;
        }
        *out++ = c;
    }
    *out = '\0';
    return text[1] == '\0' ? out : NULL;
}

/* Any name comes back as it went in, and stays on its line. */
static void test_labels(void **state)
{
    static const char letters[] = "\\\\\\\"\"\n\nn{},=a\r\t\033\303\251#";
    uint64_t random = 88172645463325252u;
    char name[24], back[48];
    struct mli_buf out;

    (void)state;
    mli_buf_init(&out, SIZE_MAX);
    for (int i = 0; i < 20000; i++) {
        size_t n = 0;
        for (; n + 1 < sizeof(name); n++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            size_t letter = (size_t)(random >> 33) % sizeof(letters); /* the last one ends the name */
            if (letters[letter] == '\0')
                break;
            name[n] = letters[letter];
        }
        name[n] = '\0';
        mli_buf_reset(&out);
        mli_metrics_label(&out, name);
        assert_non_null(read_label(out.data, back));
        assert_string_equal(back, name);
    }
    mli_buf_release(&out);
}

/* Prometheus' own fields first, then what people and others send [RFC 9110, 12.5.1]. */
static void test_negotiation(void **state)
{
    static const struct {
        const char *accept;
        bool openmetrics;
    } rows[] = {
        { NULL, false },
        { "", false },
        { "*/*", false },
        { "text/plain", false },
        { "application/openmetrics-text", true },
        { "Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", true },
        { "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true },
        { "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
          "version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
          "*/*;q=0.2", true },
        { "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.6", false },
        { "application/openmetrics-text;q=0", false },
        { "application/openmetrics-text;q=0.000, */*", false },
        { "application/openmetrics-text;q=0.5, text/plain;q=0.5", true },
        { "application/openmetrics-text;q=0.5, */*;q=0.8", false },
        { "application/openmetrics-text;q=0.5, */*;q=0.8, text/plain;q=0.2", true },
        { "application/openmetrics-text;q=0.5, text/*;q=0.2, */*", true },
        { "application/openmetrics-text; version=2.0.0", false },
        { "application/openmetrics-text; version=\"1.0.0\"", true },
        { "application/openmetrics-text; q=nan, text/plain; q=0.1", false },
        { "application/openmetrics-text; q=1.5", false },
        { "application/openmetrics-textual", false },
        { ";;;,,,application/openmetrics-text;=;,", true },
        { "text/plain;version=9;q=1,application/openmetrics-text;q=0.1", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (mli_content_openmetrics(rows[i].accept) != rows[i].openmetrics)
            fail_msg("\"%s\": expected %s", rows[i].accept, rows[i].openmetrics ? "OpenMetrics" : "text");
    }
}

/* Each protocol's requests are in a histogram of their own, and in the sums of the model. */
static void test_protocols(void **state)
{
    static const struct {
        const char *path, *body, *name;
    } rows[] = {
        { "/predict", "{\"x\":1,\"y\":2}", "predict" },
        { "/models/model/predict", "{\"x\":1,\"y\":2}", "predict" },
        { "/explain", "{\"x\":1,\"y\":2}", "explain" },
        { "/invocations", "{\"instances\":[[1,2]]}", "invocations" },
        { "/models/model/invoke", "{\"instances\":[[1,2]]}", "invocations" },
        { "/v1/models/model:predict", "{\"instances\":[[1,2]]}", "v1" },
        { "/v1/models/model:regress", "{\"examples\":[{\"x\":1,\"y\":2}]}", "v1" },
        { "/v1/endpoints/a/deployedModels/b:predict", "{\"instances\":[[1,2]]}", "vertex" },
        { "/v2/models/model/infer", "{\"inputs\":[]}", "v2" },
    };
    static const char *const lines[] = { "predict\"} 2\n", "explain\"} 1\n", "invocations\"} 2\n", "v1\"} 2\n",
                                         "vertex\"} 1\n", "v2\"} 1\n" };
    struct bench bench;
    char line[120];

    (void)state;
    bench_init(&bench, sample_mean());
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        bench_ask(&bench, "POST", rows[i].path, MLI_MEDIA_JSON, rows[i].body, strlen(rows[i].body));
    const char *text = metrics_of(&bench, true);
    check_metrics(text, true);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(line, sizeof(line), "_count{model=\"model\",model_version=\"1\",protocol=\"%s", lines[i]);
        expect_part(text, line);
    }
    expect_part(text, "mlctl_model_requests_total{model=\"model\",model_version=\"1\",outcome=\"success\"} 8\n");
    expect_part(text, "mlctl_model_requests_total{model=\"model\",model_version=\"1\",outcome=\"failure\"} 1\n");
    bench_release(&bench);
}

int run_metrics_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_few_histograms),
        cmocka_unit_test(test_label_escape),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_negotiation),
        cmocka_unit_test(test_protocols),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
