#include <serve/many.h>

#include <serve/repository.h>
#include <serve/scan.h>
#include <string.h>

/* {"modelName":...,"modelUrl":... without the end */
static void write_names(struct mli_buf *out, const struct mli_lineup *lineup)
{
    mli_buf_printf(out, "{\"modelName\":\"%s\",\"modelUrl\":", lineup->name);
    if (lineup->url)
        mli_buf_json_string(out, lineup->url, strlen(lineup->url));
    else
        mli_buf_printf(out, "\"/models/%s\"", lineup->name);
}

void mli_many_list(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_registry *registry = request->registry;
    const char *before = "";

    (void)service, (void)worker;
    mli_reply_json(reply, "{\"models\":[");
    for (size_t i = 0; (i = mli_registry_next(registry, i)) != MLI_NO_PLACE; i++) {
        mli_buf_str(&reply->body, before);
        write_names(&reply->body, &registry->lineup[i]);
        mli_buf_char(&reply->body, '}');
        before = ",";
    }
    mli_buf_str(&reply->body, "]}\n");
}

void mli_many_card(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply)
{
    (void)service, (void)worker;
    mli_reply_json(reply, "");
    write_names(&reply->body, request->lineup);
    mli_buf_char(&reply->body, ',');
    mli_buf_str(&reply->body, request->served->card + 1); /* behind its brace */
}

/* ---- changes, by the clerk's thread (service.h) ---- */

/* A string of the body, with its NUL, in the request's memory. NULL: it is not there, or none. */
static char *read_text(struct mli_worker *worker, struct mli_scan_wanted *wanted)
{
    struct mli_scan_text text;

    if (!wanted->found || !mli_scan_string(&wanted->at, &text))
        return NULL;
    char *plain = mli_arena_alloc(&worker->request, text.len + 1, 1);
    if (plain)
        plain[mli_scan_decode(&text, plain)] = '\0';
    return plain;
}

static unsigned status_of(enum ml_status status)
{
    return status == ML_EREFUSED ? 409 : status == ML_ENOMEM ? 507 : status == ML_ELIMIT ? 507 : 400;
}

void mli_many_load(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply)
{
    struct mli_scan_wanted wanted[] = { { .name = "model_name" }, { .name = "url" } };
    struct mli_scan scan = mli_scan_of(request->body, request->len, service->config.max_depth);
    struct ml_error err = ML_ERROR_INIT;

    mli_worker_begin(worker);
    if (!mli_scan_members(&scan, wanted, 2) || !mli_scan_end(&scan)) {
        mli_scan_error(&scan, &err);
        mli_reply_failure(reply, &err, NULL);
        return;
    }
    const char *name = read_text(worker, &wanted[0]), *url = read_text(worker, &wanted[1]);
    if (!name || !url) {
        mli_reply_error(reply, 400, "expected {\"model_name\": NAME, \"url\": PATH}");
        return;
    }
    struct mli_registry *before = mli_catalog_registry(service->catalog);
    enum ml_status status = mli_catalog_add(service->catalog, name, url, &err);
    mli_repository_note(service, request, "load", mli_name_valid(name) ? name : "", before,
                        status == ML_OK ? NULL : err.text);
    if (status != ML_OK) {
        mli_reply_error(reply, status_of(status), "%s", err.text);
        return;
    }
    mli_reply_json(reply, "");
    mli_buf_printf(&reply->body, "{\"modelName\":\"%s\"}\n", name);
}

void mli_many_unload(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply)
{
    struct ml_error err = ML_ERROR_INIT;
    char name[MLI_NAME_MAX + 1];

    (void)worker;
    size_t n = request->name_len < sizeof(name) ? request->name_len : 0;
    memcpy(name, request->name, n);
    name[n] = '\0';
    struct mli_registry *before = mli_catalog_registry(service->catalog);
    enum ml_status status = mli_catalog_remove(service->catalog, name, &err);
    mli_repository_note(service, request, "unload", mli_name_valid(name) ? name : "", before,
                        status == ML_OK ? NULL : err.text);
    if (status != ML_OK) {
        mli_reply_error(reply, status == ML_ENOMEM ? 507 : 404, "%s", err.text);
        return;
    }
    mli_reply_json(reply, "");
    mli_buf_printf(&reply->body, "{\"modelName\":\"%s\"}\n", name);
}
