#include <tests/unit/serve.h>

#include <string.h>

void bench_init(struct bench *bench, struct ml_model *model)
{
    const struct mli_server_config config = MLI_SERVER_CONFIG_INIT;

    bench->model = model;
    bench->json_part = 0;
    mli_reply_init(&bench->reply);
    assert_int_equal(mli_catalog_of(model, "model", "1", 1, &bench->catalog, NULL), ML_OK);
    assert_int_equal(mli_service_init(&bench->service, bench->catalog, &config, 1, 0, NULL), ML_OK);
}

void bench_release(struct bench *bench)
{
    mli_service_release(&bench->service);
    mli_catalog_close(bench->catalog);
    mli_reply_release(&bench->reply);
    ml_model_free(bench->model);
}

const char *bench_ask(struct bench *bench, const char *method, const char *path,
                      enum mli_media media, const char *body, size_t len)
{
    const struct mli_match match = mli_route_find(&bench->service.config, method, path, strlen(path));
    struct mli_worker *worker = &bench->service.worker[0];
    struct mli_request request = { .content = { .media = media }, .body = body, .len = len,
                                   .parts = bench->json_part > 0, .json_part = bench->json_part };

    assert_non_null(match.route);
    mli_reply_reset(&bench->reply);
    assert_true(mli_dispatch_find(mli_worker_take(worker), &match, &request, &bench->reply));
    mli_dispatch(&bench->service, worker, match.route, &request, &bench->reply);
    mli_worker_leave(worker, request.view);
    assert_int_equal(bench->reply.body.status, ML_OK);
    return bench->reply.body.data;
}

const char *bench_json(struct bench *bench, const char *body)
{
    return bench_ask(bench, "POST", "/predict", MLI_MEDIA_JSON, body, strlen(body));
}

const char *bench_csv(struct bench *bench, const char *body)
{
    return bench_ask(bench, "POST", "/predict", MLI_MEDIA_CSV, body, strlen(body));
}

void expect_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

int main(void)
{
    return run_access_tests() + run_alarm_tests() + run_call_tests() + run_live_tests() + run_shadow_tests() + run_sandbox_tests() + run_client_tests() + run_guard_tests() + run_lobby_tests() + run_logs_tests() + run_metrics_tests() + run_rows_tests() + run_pages_tests() + run_openapi_tests() + run_connections_tests() +
           run_server_tests();
}
