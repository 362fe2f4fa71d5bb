/* Routes, and the pages one GETs. */
#include <tests/unit/serve.h>

#include <base/json.h>
#include <stdio.h>
#include <string.h>
#include <tests/unit/serve_sample.h>

static const struct {
    const char *method, *path, *found, *allow;
} routes[] = {
    { "POST", "/predict", "/predict", NULL }, { "GET", "/predict", NULL, "POST" },
    { "HEAD", "/predict", NULL, "POST" },     { "OPTIONS", "/predict", NULL, "POST" },
    { "GET", "/healthz", "/healthz", NULL },  { "HEAD", "/metrics", "/metrics", NULL },
    { "POST", "/readyz", NULL, "GET, HEAD" }, { "get", "/healthz", NULL, "GET, HEAD" },
    { "GET", "/nothing", NULL, NULL },        { "GET", "/healthz/", NULL, NULL },
    { "GET", "/healthy", NULL, NULL },        { "GET", "", NULL, NULL },
    { "GET", "/v2/models/m/versions/1/ready", "/v2/models/{m}/versions/{v}/ready", NULL },
    { "GET", "/v2/models//ready", NULL, NULL },
    { "GET", "/v2/models/a/b/ready", NULL, NULL },
    { "POST", "/v1/models/m:predict", "/v1/models/{m}:predict", NULL },
    { "POST", "/v1/models/m:predict:", NULL, NULL },
    { "POST", "/v1/models/m", NULL, "GET, HEAD" },
    { "POST", "/V1/Models/m:PREDICT", "/v1/models/{m}:predict", NULL },
    { "POST", "/V2/models/m/infer", NULL, NULL },
    { "POST", "/v1/endpoints/1/deployedModels/2:predict",
      "/v1/endpoints/{}/deployedModels/{}:predict", NULL },
    { "POST", "/own/predict", "/v1/endpoints/{}/deployedModels/{}:predict", NULL },
    { "GET", "/own/predict", NULL, "POST" },
    { "GET", "/both", "/v1/endpoints/{}/deployedModels/{}", NULL },
};

static void test_routes(void **state)
{
    struct mli_server_config config = MLI_SERVER_CONFIG_INIT;

    config.predict_route = "/own/predict";
    config.health_route = "/both";
    (void)state;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        const struct mli_match match =
            mli_route_find(&config, routes[i].method, routes[i].path, strlen(routes[i].path));
        assert_true((match.route != NULL) == (routes[i].found != NULL));
        if (match.route)
            assert_string_equal(match.route->path, routes[i].found);
        assert_true((match.allow != NULL) == (routes[i].allow != NULL));
        if (match.allow)
            assert_string_equal(match.allow, routes[i].allow);
    }
}

static json_t *page(struct bench *bench, const char *path)
{
    const char *text = bench_ask(bench, "GET", path, MLI_MEDIA_OTHER, NULL, 0);
    json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(doc);
    assert_string_equal(bench->reply.type, "application/json");
    return doc;
}

static const char *member(const json_t *doc, const char *key)
{
    const char *text = json_string_value(json_object_get(doc, key));

    assert_non_null(text);
    return text;
}

static void test_pages(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_people());
    json_t *doc = page(&bench, "/healthz");
    assert_string_equal(member(doc, "status"), "ok");
    json_decref(doc);
    assert_string_equal(bench_ask(&bench, "GET", "/version", MLI_MEDIA_OTHER, NULL, 0), ML_VERSION);
    doc = page(&bench, "/readyz");
    assert_int_equal(bench.reply.status, 200);
    json_decref(doc);
    atomic_store(&bench.service.draining, true);
    doc = page(&bench, "/readyz");
    assert_int_equal(bench.reply.status, 503);
    assert_int_equal(bench.reply.retry_after, 1);
    assert_string_equal(member(doc, "error_code"), "TEMPORARILY_UNAVAILABLE");
    assert_string_equal(member(doc, "error"), member(doc, "message"));
    json_decref(doc);
    bench_release(&bench);
}

static void test_card(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_people());
    json_t *doc = page(&bench, "/model");
    assert_string_equal(member(doc, "task"), "classification");
    assert_string_equal(member(doc, "target"), "target");
    assert_int_equal(json_array_size(json_object_get(doc, "labels")), 2);
    assert_int_equal(json_array_size(json_object_get(doc, "inputs")), 3);
    assert_true(json_number_value(json_object_get(json_object_get(doc, "metrics"), "score")) ==
                0.75);
    assert_string_equal(member(doc, "sha256"), "");
    assert_string_equal(member(doc, "program"), "mlctl " ML_VERSION);
    json_decref(doc);
    bench_release(&bench);
    bench_init(&bench, sample_mean());
    doc = page(&bench, "/model");
    assert_string_equal(member(doc, "task"), "regression");
    assert_null(json_object_get(doc, "labels"));
    json_decref(doc);
    bench_release(&bench);
}

/* ---- metrics: a strict reader of the text format ------------------------------------------------------------------ */

int run_pages_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_card),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
