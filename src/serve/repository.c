#include <serve/repository.h>

#include <serve/scan.h>
#include <string.h>

/* ---- changes ----------------------------------------------------------------------------------------------------- */

typedef enum ml_status change(struct mli_catalog *catalog, const char *name, struct ml_error *err);

void mli_repository_note(const struct mli_service *service, const struct mli_request *request, const char *action,
                         const char *name, struct mli_registry *before, const char *failure)
{
    struct mli_registry *after = mli_catalog_registry(service->catalog);
    const struct mli_audit_entry entry = { .action = action, .by = "request", .who = request->who, .failure = failure };

    mli_audit_models(service->audit, &entry, name, before, after);
    mli_registry_drop(before);
    mli_registry_drop(after);
}

/* What answers where no version is said: {"version":"2","sha256":"52ab..."}, and the version that is tried beside it. */
static void put_state(struct mli_buf *out, const char *when, const struct mli_registry *registry, const char *name)
{
    const struct mli_lineup *lineup = mli_registry_lineup(registry, name, strlen(name));

    mli_buf_printf(out, ",\"%s\":", when);
    if (!lineup || lineup->main == MLI_NO_PLACE) {
        mli_buf_str(out, "null");
        return;
    }
    const struct mli_version *main = &registry->version[lineup->main];
    mli_buf_printf(out, "{\"version\":\"%s\",\"sha256\":\"%s\"", main->version, main->served->model->sha256);
    if (lineup->canary != MLI_NO_PLACE)
        mli_buf_printf(out, ",\"canary\":\"%s\"", registry->version[lineup->canary].version);
    mli_buf_char(out, '}');
}

/* The change, a line of the audit log about it, and the answer. */
static void change_model(const struct mli_service *service, const struct mli_request *request, change *act,
                         const char *done, const char *name, struct mli_reply *reply)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_registry *before = mli_catalog_registry(service->catalog);
    enum ml_status status = act(service->catalog, name, &err);
    struct mli_registry *after = mli_catalog_registry(service->catalog);

    if (service->audit)
        mli_repository_note(service, request, done, name, mli_registry_hold(before), status == ML_OK ? NULL : err.text);
    if (status == ML_OK) {
        mli_reply_json(reply, "");
        mli_buf_printf(&reply->body, "{\"name\":\"%s\",\"%s\":true", name, done);
        put_state(&reply->body, "before", before, name);
        put_state(&reply->body, "now", after, name);
        mli_buf_str(&reply->body, "}\n");
    } else {
        mli_reply_error(reply, 400, "%s", err.text);
    }
    mli_registry_drop(before);
    mli_registry_drop(after);
}

/*
 * Triton's clients can send a configuration or the files of a model along. Nothing of that is taken, and what is not taken must not
 * look as if it were. True: the request is of the files as they lie; else the reply says what is wrong.
 */
static bool is_plain(const struct mli_service *service, const struct mli_request *request, struct mli_reply *reply)
{
    struct mli_scan scan = mli_scan_of(request->body, request->len, service->config.max_depth);
    struct mli_scan_wanted wanted[] = { { .name = "parameters" } };
    struct mli_scan *at = &wanted[0].at;
    struct mli_scan_text name;
    struct ml_error err = ML_ERROR_INIT;

    if (request->len == 0)
        return true;
    bool read = mli_scan_members(&scan, wanted, 1) && mli_scan_end(&scan);
    for (bool more = read && wanted[0].found && mli_scan_open(at, '{'); more && mli_scan_member(at, &name); mli_scan_skip(at)) {
        if (!mli_scan_equals(&name, "config") && !(name.len >= 5 && memcmp(name.at, "file:", 5) == 0))
            continue;
        mli_reply_error(reply, 400, "a \"config\" or a \"file:\" of a model is not taken here: its files are read as they lie");
        return false;
    }
    if (read && !(wanted[0].found && at->wrong))
        return true;
    mli_scan_error(read ? at : &scan, &err);
    mli_reply_failure(reply, &err, NULL);
    return false;
}

/* By the clerk's thread (service.h). */
static void answer_change(const struct mli_service *service, const struct mli_request *request, change *act,
                          const char *done, struct mli_reply *reply)
{
    char name[MLI_NAME_MAX + 1];

    if (request->name_len >= sizeof(name)) {
        mli_reply_error(reply, 404, "a name of %zu bytes is no name of a model: %zu is the most", request->name_len, MLI_NAME_MAX);
        return;
    }
    memcpy(name, request->name, request->name_len);
    name[request->name_len] = '\0';
    if (!mli_name_valid(name))
        mli_reply_error(reply, 404, "\"%s\" is no name of a model: letters, digits, '.', '_' and '-'", name);
    else if (is_plain(service, request, reply))
        change_model(service, request, act, done, name, reply);
}

void mli_repository_load(const struct mli_service *service, struct mli_worker *worker,
                         const struct mli_request *request, struct mli_reply *reply)
{
    (void)worker;
    answer_change(service, request, mli_catalog_load, "load", reply);
}

void mli_repository_unload(const struct mli_service *service, struct mli_worker *worker,
                           const struct mli_request *request, struct mli_reply *reply)
{
    (void)worker;
    answer_change(service, request, mli_catalog_unload, "unload", reply);
}

void mli_repository_rollback(const struct mli_service *service, struct mli_worker *worker,
                             const struct mli_request *request, struct mli_reply *reply)
{
    (void)worker;
    answer_change(service, request, mli_catalog_rollback, "rollback", reply);
}

/* ---- statistics -------------------------------------------------------------------------------------------------- */

static void add_pair(struct mli_buf *out, const char *before, const char *name, uint64_t count, uint64_t ns)
{
    mli_buf_printf(out, "%s\"%s\":{\"count\":%llu,\"ns\":%llu}", before, name, (unsigned long long)count,
                   (unsigned long long)ns);
}

/* An execution is a block of rows that went through the model; only large requests wait in a queue (pool.h), and there is no cache. */
static void add_stats(struct mli_buf *out, const struct mli_served *served)
{
    const struct mli_tally *tally = served->tally;
    uint64_t success = mli_tally_get(tally, MLI_TALLY_SUCCESS);
    const char *before = "";

    mli_buf_printf(out,
                   "{\"name\":\"%s\",\"version\":\"%s\",\"last_inference\":%llu,\"inference_count\":%llu,"
                   "\"execution_count\":%llu,\"inference_stats\":",
                   served->name, served->version, (unsigned long long)mli_tally_get(tally, MLI_TALLY_LAST),
                   (unsigned long long)mli_tally_get(tally, MLI_TALLY_ROWS),
                   (unsigned long long)mli_tally_get(tally, MLI_TALLY_BLOCKS));
    add_pair(out, "{", "success", success, mli_tally_get(tally, MLI_TALLY_SUCCESS_NS));
    add_pair(out, ",", "fail", mli_tally_get(tally, MLI_TALLY_FAILED), mli_tally_get(tally, MLI_TALLY_FAILED_NS));
    add_pair(out, ",", "queue", success, mli_tally_get(tally, MLI_TALLY_QUEUE_NS));
    add_pair(out, ",", "compute_input", success, mli_tally_get(tally, MLI_TALLY_INPUT_NS));
    add_pair(out, ",", "compute_infer", success, mli_tally_get(tally, MLI_TALLY_INFER_NS));
    add_pair(out, ",", "compute_output", success, mli_tally_get(tally, MLI_TALLY_OUTPUT_NS));
    add_pair(out, ",", "cache_hit", 0, 0);
    add_pair(out, ",", "cache_miss", 0, 0);
    mli_buf_str(out, "},\"batch_stats\":[");
    for (uint64_t size = 0; (size = mli_tally_next_size(tally, size)) != 0; before = ",") {
        const struct mli_batch batch = mli_tally_batch(tally, size);
        mli_buf_printf(out, "%s{\"batch_size\":%llu", before, (unsigned long long)size);
        add_pair(out, ",", "compute_input", batch.count, batch.input);
        add_pair(out, ",", "compute_infer", batch.count, batch.infer);
        add_pair(out, ",", "compute_output", batch.count, batch.output);
        mli_buf_char(out, '}');
    }
    mli_buf_str(out, "]}");
}

void mli_repository_stats(const struct mli_service *service, struct mli_worker *worker,
                          const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_registry *registry = request->registry;
    size_t first = 0, end = registry->versions;
    const char *before = "";

    (void)service, (void)worker;
    if (request->lineup) {
        first = request->versioned ? request->place : request->lineup->first;
        end = first + (request->versioned ? 1 : request->lineup->count);
    }
    mli_reply_json(reply, "{\"model_stats\":[");
    for (size_t i = first; i < end; i++) {
        if (!registry->version[i].served)
            continue;
        mli_buf_str(&reply->body, before);
        add_stats(&reply->body, registry->version[i].served);
        before = ",";
    }
    mli_buf_str(&reply->body, "]}\n");
}
