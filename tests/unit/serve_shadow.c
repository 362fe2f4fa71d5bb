/* A shadow that is asked for longer than the server lives. */
#include <tests/unit/serve.h>

#include <sched.h>
#include <serve/shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tests/unit/serve_sample.h>
#include <unistd.h>

#define ROWS ((size_t)1 << 21)

static char folder[] = "/tmp/mlctl-shadow-XXXXXX";

static void put_version(const char *version, char *path, size_t size)
{
    struct ml_model *model = sample_mean();

    snprintf(path, size, "%s/%s", folder, version);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, size, "%s/%s/model.safetensors", folder, version);
    assert_int_equal(ml_model_save(model, path, NULL), ML_OK);
    ml_model_free(model);
}

static void remove_version(char *path)
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

static bool has_begun(struct mli_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool begun = worker->view->requests > 0;
    pthread_mutex_unlock(&worker->lock);
    return begun;
}

/* What is at hand ends between two blocks of rows. */
static void test_stop(void **state)
{
    char one[80], two[80], *body = malloc(4 * ROWS), name[] = "mean", version[] = "1";
    const struct mli_source source = { .name = name, .path = folder };
    const struct mli_second of = { .name = name, .version = version };
    const struct mli_catalog_config models = { .source = &source, .sources = 1, .shadow = &of, .shadows = 1, .threads = 1 };
    struct mli_server_config config = MLI_SERVER_CONFIG_INIT;
    struct mli_catalog *catalog = NULL;
    struct mli_shadow *shadow = NULL;
    struct mli_service service;

    (void)state;
    assert_non_null(body);
    assert_non_null(mkdtemp(folder));
    put_version("1", one, sizeof(one));
    put_version("2", two, sizeof(two));
    for (size_t i = 0; i < ROWS; i++)
        memcpy(body + 4 * i, i == 0 ? "x,y\n" : "1,2\n", 4);
    config.max_rows = ROWS;
    assert_int_equal(mli_catalog_open(&models, &catalog, NULL), ML_OK);
    assert_int_equal(mli_service_init(&service, catalog, &config, 1, 0, NULL), ML_OK);
    assert_int_equal(mli_shadow_start(&service, service.shadow_worker, &shadow, NULL), ML_OK);

    struct mli_worker *worker = &service.worker[0];
    const struct mli_match match = mli_route_find(&config, "POST", "/predict", 8);
    struct mli_request request = { .content = { .media = MLI_MEDIA_CSV }, .body = body, .len = 4 * ROWS };
    struct mli_reply reply;
    mli_reply_init(&reply);
    mli_reply_reset(&reply);
    assert_true(mli_dispatch_find(mli_worker_take(worker), &match, &request, &reply));
    double *given = calloc(ROWS, sizeof(*given));
    assert_non_null(given);
    mli_buf_add(&worker->captured, (const char *)given, (ROWS - 1) * sizeof(*given));
    struct mli_served *asked = request.registry->version[request.lineup->shadow].served;
    mli_shadow_offer(shadow, worker, match.route, &request);
    while (!has_begun(service.shadow_worker))
        sched_yield();
    mli_shadow_stop(shadow);
    assert_int_equal(atomic_load(&asked->tally->shadow.dropped), 0);
    assert_int_equal(atomic_load(&asked->tally->shadow.compared), 0);
    assert_int_equal(atomic_load(&asked->tally->shadow.failed), 1);
    mli_worker_leave(worker, request.view);
    mli_reply_release(&reply);
    mli_service_release(&service);
    mli_catalog_close(catalog);
    remove_version(one);
    remove_version(two);
    rmdir(folder);
    free(given);
    free(body);
}

int run_shadow_tests(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_stop) };

    return cmocka_run_group_tests_name("shadow", tests, NULL, NULL);
}
