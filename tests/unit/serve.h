/* What the unit tests of serve share: cmocka, the list of tests, and a service without sockets. */
#ifndef TESTS_UNIT_SERVE_H
#define TESTS_UNIT_SERVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <serve/dispatch.h>

int run_access_tests(void);
int run_alarm_tests(void);
int run_call_tests(void);
int run_client_tests(void);
int run_guard_tests(void);
int run_live_tests(void);
int run_lobby_tests(void);
int run_logs_tests(void);
int run_metrics_tests(void);
int run_rows_tests(void);
int run_pages_tests(void);
int run_openapi_tests(void);
int run_connections_tests(void);
int run_sandbox_tests(void);
int run_server_tests(void);
int run_shadow_tests(void);

/* A service with one worker over a model, which it owns. */
struct bench {
    struct ml_model *model;
    struct mli_catalog *catalog;
    struct mli_service service;
    struct mli_reply reply;
    size_t json_part; /* of what is asked from now on: bytes of the body that are JSON; 0: all of them */
};
void bench_init(struct bench *bench, struct ml_model *model);
void bench_release(struct bench *bench);
/* Asks a route; the reply's body is NUL-terminated text. */
const char *bench_ask(struct bench *bench, const char *method, const char *path,
                      enum mli_media media, const char *body, size_t len);
/* POST /predict with text. */
const char *bench_json(struct bench *bench, const char *body);
const char *bench_csv(struct bench *bench, const char *body);

void expect_part(const char *text, const char *part);

#endif
