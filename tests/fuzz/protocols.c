/*
 * Any request to any route, without sockets: the first line is "MODEL METHOD /path TYPE JSON-PART", the rest the body
 * (TYPE: json, csv, lines, bare for CSV without a header, other; JSON-PART: a number, or '-' for no such header). Whatever it is, the answer is no failure of
 * the server's, and one that says it is JSON is, but for /version: MLflow calls a bare text so.
 */
#include <serve/dispatch.h>
#include <stdint.h>
#include <tests/unit/serve_sample.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct mli_service services[2]; /* mean, people */

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void make_service(struct mli_service *service, struct ml_model *model, const struct mli_server_config *config)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_catalog *catalog;

    sample_need(mli_catalog_of(model, "m", "1", 1, &catalog, &err) == ML_OK, &err);
    sample_need(mli_service_init(service, catalog, config, 1, 0, &err) == ML_OK, &err);
}

static void make_services(void)
{
    struct mli_server_config config = MLI_SERVER_CONFIG_INIT;

    config.max_rows = 600;
    make_service(&services[0], sample_mean(), &config);
    make_service(&services[1], sample_people(), &config);
}

static struct mli_content content_of(const char *type)
{
    return mli_content_parse(strcmp(type, "json") == 0    ? "application/json"
                             : strcmp(type, "csv") == 0   ? "text/csv"
                             : strcmp(type, "bare") == 0  ? "text/csv; header=absent"
                             : strcmp(type, "lines") == 0 ? "application/jsonlines"
                                                          : "text/plain");
}

static void check_reply(const struct mli_reply *reply, bool bare)
{
    size_t json = reply->json_part ? reply->json_part : reply->body.len;

    require(reply->body.status == ML_OK, "the body of a reply");
    require(reply->status == 200 || (reply->status >= 400 && reply->status < 500), "the status");
    require(json <= reply->body.len, "the length of the JSON part");
    if (reply->body.len == 0 || bare || (!reply->json_part && strcmp(reply->type, "application/json") != 0))
        return;
    json_t *doc = json_loadb(reply->body.data, json, JSON_REJECT_DUPLICATES, NULL);
    require(doc != NULL, "a reply that is JSON");
    require((reply->status == 200) == !json_object_get(doc, "error"), "an error that says so");
    json_decref(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char line[256], model[8], method[8], path[200], type[16], part[24];
    const uint8_t *end = memchr(bytes, '\n', n);
    size_t len = end ? (size_t)(end - bytes) : n;
    struct mli_reply reply;

    if (!services[0].worker)
        make_services();
    if (!end || len >= sizeof(line))
        return 0;
    memcpy(line, bytes, len);
    line[len] = '\0';
    if (sscanf(line, "%7s %7s %199s %15s %23s", model, method, path, type, part) != 5)
        return 0;
    const struct mli_service *service = &services[model[0] == 'p'];
    const struct mli_match match = mli_route_find(&service->config, method, path, strlen(path));
    struct mli_request request = { .content = content_of(type), .len = n - len - 1 };
    char *body = mli_alloc(request.len ? request.len : 1, 1); /* of its own, so that a read past the end is seen */
    if (request.len > 0)
        memcpy(body, end + 1, request.len);
    request.body = body;
    request.parts = part[0] != '-';
    request.json_part = request.parts ? strtoul(part, NULL, 10) : 0;
    struct mli_worker *worker = &service->worker[0];
    mli_reply_init(&reply);
    if (match.route && match.route->scope != MLI_SCOPE_ADMIN && mli_dispatch_find(mli_worker_take(worker), &match, &request, &reply) &&
        (match.route->takes == MLI_TAKES_NOTHING || match.route->takes == MLI_TAKES_ANY ||
         request.content.media != MLI_MEDIA_OTHER)) {
        mli_dispatch(service, worker, match.route, &request, &reply);
        check_reply(&reply, strcmp(path, "/version") == 0 && reply.status == 200);
    }
    mli_reply_release(&reply);
    if (request.view)
        mli_worker_leave(worker, request.view);
    free(body);
    return 0;
}
