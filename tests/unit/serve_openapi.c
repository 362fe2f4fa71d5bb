/* /openapi.json: every route is described, every reference leads somewhere, and rows and predictions are the model's. */
#include <tests/unit/serve.h>

#include <base/json.h>
#include <serve/markup.h>
#include <string.h>
#include <tests/unit/serve_sample.h>

static json_t *document(struct bench *bench)
{
    const char *text = bench_ask(bench, "GET", "/openapi.json", MLI_MEDIA_OTHER, NULL, 0);
    json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    assert_int_equal(bench->reply.status, 200);
    assert_non_null(doc);
    return doc;
}

/* The member behind names with '/' between them; one with a '/' of its own cannot be asked for. */
static json_t *at(json_t *doc, const char *path)
{
    char name[64];

    while (doc && *path) {
        size_t n = strcspn(path, "/");
        snprintf(name, sizeof(name), "%.*s", (int)n, path);
        doc = json_object_get(doc, name);
        path += n + (path[n] == '/');
    }
    return doc;
}

static void expect_json(json_t *doc, const char *path, const char *expected)
{
    json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);
    char *found = json_dumps(at(doc, path), JSON_ENCODE_ANY);

    assert_non_null(wanted);
    if (!json_equal(at(doc, path), wanted))
        fail_msg("%s is %s, expected %s", path, found ? found : "not there", expected);
    free(found);
    json_decref(wanted);
}

/* Each reference in a document, which must lead to something. */
static void check_references(json_t *doc, json_t *part)
{
    const char *key, *to = json_string_value(json_object_get(part, "$ref"));
    json_t *value;
    size_t i;

    if (to && (strncmp(to, "#/", 2) != 0 || !at(doc, to + 2)))
        fail_msg("%s leads nowhere", to);
    json_object_foreach(part, key, value)
        check_references(doc, value);
    json_array_foreach(part, i, value)
        check_references(doc, value);
}

static size_t check_operations(json_t *doc)
{
    json_t *seen = json_object(), *item, *operation;
    const char *path, *method;
    size_t count = 0;

    json_object_foreach(json_object_get(doc, "paths"), path, item) {
        json_object_foreach(item, method, operation) {
            const char *id = json_string_value(json_object_get(operation, "operationId"));
            if (!id || !json_object_get(operation, "summary"))
                fail_msg("%s %s is not described in src/serve/page/openapi.json", method, path);
            if (json_object_get(seen, id))
                fail_msg("operationId %s stands twice", id);
            json_object_set_new(seen, id, json_true());
            assert_non_null(at(operation, "responses/200"));
            assert_non_null(at(operation, "responses/503"));
            count++;
        }
    }
    json_decref(seen);
    return count;
}

/* :classify and :regress, each without a version, with one and with a label: a model has one of them, or with several targets none. */
static void test_routes_described(void **state)
{
    struct ml_model *models[] = { sample_people(), sample_mean() };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench bench;
        bench_init(&bench, models[i]);
        json_t *doc = document(&bench);
        json_t *paths = json_object_get(doc, "paths");
        assert_int_equal(check_operations(doc), mli_route_count - 3);
        assert_true(!json_object_get(paths, "/v1/models/model:classify") == (i == 1));
        assert_true(!json_object_get(paths, "/v1/models/model/versions/1:regress") == (i == 0));
        assert_non_null(json_object_get(paths, "/explain"));
        assert_non_null(json_object_get(paths, "/v1/endpoints/{endpoint}/deployedModels/{deployed}:predict"));
        check_references(doc, doc);
        json_decref(doc);
        bench_release(&bench);
    }
}

static void test_schemas(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_people());
    json_t *doc = document(&bench), *schemas = at(doc, "components/schemas");
    expect_json(doc, "info/title", "\"model\"");
    expect_json(schemas, "Row/required", "[\"age\",\"city\",\"when\"]");
    expect_json(schemas, "Column1/type", "[\"number\",\"boolean\",\"null\"]");
    expect_json(schemas, "Column1/description",
                "\"a number; true is 1, false is 0; training saw 28.5 to 45; null is a missing value\"");
    expect_json(schemas, "Column2/type", "[\"string\",\"number\",\"boolean\",\"null\"]");
    assert_null(at(schemas, "Column2/enum"));
    expect_json(schemas, "Values/minItems", "3");
    expect_json(schemas, "RowList/maxItems", "65536");
    expect_json(schemas, "Prediction/properties/prediction", "{\"enum\":[\"no\",\"yes \\\"\\u00e9\\\"\"]}");
    expect_json(schemas, "Prediction/required", "[\"prediction\",\"probabilities\"]");
    expect_json(schemas, "OutputName/enum", "[\"predict\",\"probabilities\"]");
    json_decref(doc);
    bench_release(&bench);
    bench_init(&bench, sample_mean());
    doc = document(&bench);
    expect_json(doc, "components/schemas/Prediction",
                "{\"type\":\"object\",\"required\":[\"prediction\"],\"properties\":{\"prediction\":"
                "{\"type\":[\"number\",\"null\"]}},\"additionalProperties\":false}");
    expect_json(doc, "components/schemas/Bare", "{\"type\":[\"number\",\"null\"]}");
    json_decref(doc);
    bench_release(&bench);
}

/* A key is asked for where the route's scope is not open. */
static void test_security(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench, sample_mean());
    bench.service.config.open = MLI_SCOPE_METRICS;
    json_t *doc = document(&bench), *paths = json_object_get(doc, "paths");
    json_t *predict = at(json_object_get(paths, "/predict"), "post");
    assert_non_null(json_object_get(predict, "security"));
    assert_non_null(at(predict, "responses/401"));
    assert_null(at(json_object_get(paths, "/metrics"), "get/security"));
    assert_null(at(json_object_get(paths, "/healthz"), "get/responses/401"));
    json_decref(doc);
    bench_release(&bench);
}

/* ---- pages of HTML ------------------------------------------------------------------------------------------------ */

static void write_name(const void *data, const char *name, struct mli_buf *out)
{
    mli_markup_text(out, data);
    mli_markup_text(out, name);
}

static void test_markup(void **state)
{
    const struct mli_markup markup = { .html = "<p><!--style-->|<!--script-->|<!--word--></p>",
                                       .style = "abc",
                                       .script = "",
                                       .part = write_name,
                                       .data = "<a href='\"'>&\x01" };
    struct mli_reply reply;

    (void)state;
    mli_reply_init(&reply);
    mli_markup_reply(&reply, &markup);
    assert_string_equal(reply.body.data,
                        "<p>abc||&lt;a href=&#39;&quot;&#39;&gt;&amp;\xEF\xBF\xBDword</p>");
    /* SHA-256 of "abc" and of nothing [FIPS 180-4], in base64 */
    expect_part(reply.policy, "style-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='; ");
    expect_part(reply.policy, "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; ");
    expect_part(reply.policy, "frame-ancestors 'none'");
    mli_reply_release(&reply);
}

int run_openapi_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes_described),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_security),
        cmocka_unit_test(test_markup),
    };
    return cmocka_run_group_tests_name("openapi", tests, NULL, NULL);
}
