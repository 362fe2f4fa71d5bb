#include <serve/v2.h>

#include <limits.h>
#include <serve/outputs.h>
#include <serve/v2_inference.h>
#include <string.h>

void mli_v2_server(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply)
{
    (void)service, (void)worker, (void)request;
    mli_reply_json(reply, "{\"name\":\"mlctl\",\"version\":\"" ML_VERSION
                          "\",\"extensions\":[\"binary_tensor_data\",\"statistics\",\"model_repository\",\"classification\",\"parameters\"]}\n");
}

void mli_v2_live(const struct mli_service *service, struct mli_worker *worker,
                 const struct mli_request *request, struct mli_reply *reply)
{
    (void)service, (void)worker, (void)request;
    mli_reply_json(reply, "{\"live\":true}\n");
}

/* Clients look at the status alone; the body is for people. */
static void say_ready(const struct mli_service *service, const struct mli_request *request, const char *name,
                      struct mli_reply *reply)
{
    const char *why = mli_service_unready(service, request->registry);

    mli_reply_json(reply, "{");
    reply->status = why ? 503 : 200;
    if (name)
        mli_buf_printf(&reply->body, "\"name\":\"%s\",", name);
    mli_buf_printf(&reply->body, "\"ready\":%s%s%s}\n", why ? "false,\"error\":\"" : "true", why ? why : "", why ? "\"" : "");
}

void mli_v2_ready(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply)
{
    (void)worker;
    say_ready(service, request, NULL, reply);
}

void mli_v2_model_ready(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply)
{
    (void)worker;
    say_ready(service, request, request->served->name, reply);
}

void mli_v2_models(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_registry *registry = request->registry;
    const char *before = "";

    (void)service, (void)worker;
    mli_reply_json(reply, "{\"models\":[");
    for (size_t i = 0; (i = mli_registry_next(registry, i)) != MLI_NO_PLACE; i++) {
        const char *name = registry->lineup[i].name;
        mli_buf_printf(&reply->body, "%s\"%s\"", before, name);
        before = ",";
    }
    mli_buf_str(&reply->body, "]}\n");
}

static void add_state(struct mli_buf *out, const char *name, const struct mli_version *version)
{
    const char *reason = version->reason ? version->reason : "";

    mli_buf_printf(out, "{\"name\":\"%s\",\"version\":\"%s\",\"state\":\"%s\",\"reason\":", name,
                   version->version, version->served ? "READY" : "UNAVAILABLE");
    mli_buf_json_string(out, reason, strlen(reason));
    mli_buf_char(out, '}');
}

/* {"ready":true} asks for those alone that answer; without a body it is all of them. False: err says what is wrong. */
static bool read_index(const struct mli_service *service, const struct mli_request *request, bool *ready, struct ml_error *err)
{
    struct mli_scan scan = mli_scan_of(request->body, request->len, service->config.max_depth);
    struct mli_scan_wanted wanted[] = { { .name = "ready" } };

    if (request->len == 0 || (mli_scan_members(&scan, wanted, 1) && mli_scan_end(&scan) && mli_v2_flag(wanted, ready)))
        return true;
    mli_scan_error(scan.wrong ? &scan : &wanted[0].at, err);
    return false;
}

void mli_v2_index(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_registry *registry = request->registry;
    struct ml_error err = ML_ERROR_INIT;
    const char *before = "";
    bool ready = false;

    (void)worker;
    if (!read_index(service, request, &ready, &err)) {
        mli_reply_failure(reply, &err, NULL);
        return;
    }
    mli_reply_json(reply, "[");
    for (size_t i = 0; i < registry->lineups; i++) {
        const struct mli_lineup *lineup = &registry->lineup[i];
        for (size_t k = lineup->first; k < lineup->first + lineup->count; k++) {
            if (ready && !registry->version[k].served)
                continue;
            mli_buf_str(&reply->body, before);
            add_state(&reply->body, lineup->name, &registry->version[k]);
            before = ",";
        }
    }
    mli_buf_str(&reply->body, "]\n");
}

/* ---- model metadata ---------------------------------------------------------------------------------------------- */

static void add_tensor(struct mli_buf *out, const char *name, const char *datatype, size_t width)
{
    mli_buf_str(out, "{\"name\":");
    mli_buf_json_string(out, name, strlen(name));
    mli_buf_printf(out, ",\"datatype\":\"%s\",\"shape\":[-1,%zu]}", datatype, width);
}

typedef void add_one(struct mli_buf *out, const char *name, const char *datatype, size_t width);

static void add_inputs(struct mli_buf *out, const struct mli_served *served, add_one *add)
{
    const struct mli_schema *schema = served->schema;

    if (served->numbers) {
        add(out, "input-0", "FP64", schema->count);
        return;
    }
    for (size_t i = 0; i < schema->count; i++) {
        if (i > 0)
            mli_buf_char(out, ',');
        add(out, schema->field[i].name, schema->field[i].type == ML_TYPE_NUMBER ? "FP64" : "BYTES", 1);
    }
}

static void add_outputs(struct mli_buf *out, const struct mli_served *served, add_one *add)
{
    for (size_t i = 0; i < served->outputs; i++) {
        const struct mli_output *output = &served->output[i];
        if (i > 0)
            mli_buf_char(out, ',');
        add(out, output->name, output->datatype, output->width);
    }
}

/* Those that are there, the oldest first. */
static void add_versions(struct mli_buf *out, const struct mli_registry *registry,
                         const struct mli_lineup *lineup)
{
    const char *before = "";

    for (size_t i = lineup->first + lineup->count; i-- > lineup->first;) {
        if (!registry->version[i].served)
            continue;
        mli_buf_printf(out, "%s\"%s\"", before, registry->version[i].version);
        before = ",";
    }
}

void mli_v2_model(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_served *served = request->served;
    struct mli_buf *out = &reply->body;

    (void)service, (void)worker;
    mli_reply_json(reply, "{");
    mli_buf_printf(out, "\"name\":\"%s\",\"versions\":[", served->name);
    add_versions(out, request->registry, request->lineup);
    mli_buf_str(out, "],\"platform\":\"mlctl_safetensors\",\"inputs\":[");
    add_inputs(out, served, add_tensor);
    mli_buf_str(out, "],\"outputs\":[");
    add_outputs(out, served, add_tensor);
    mli_buf_str(out, "]}\n");
}

/* ---- model configuration ----------------------------------------------------------------------------------------- */

static void add_configured(struct mli_buf *out, const char *name, const char *datatype, size_t width)
{
    mli_buf_str(out, "{\"name\":");
    mli_buf_json_string(out, name, strlen(name));
    mli_buf_printf(out, ",\"data_type\":\"TYPE_%s\",\"dims\":[%zu]}", strcmp(datatype, "BYTES") == 0 ? "STRING" : datatype, width);
}

/* What Triton calls the configuration: the tensors of the metadata without the rows, of which there may be max_batch_size. */
void mli_v2_config(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_served *served = request->served;
    const size_t rows = service->config.max_rows;
    struct mli_buf *out = &reply->body;

    (void)worker;
    mli_reply_json(reply, "{");
    mli_buf_printf(out, "\"name\":\"%s\",\"platform\":\"mlctl_safetensors\",\"backend\":\"mlctl\",\"max_batch_size\":%zu,\"input\":[",
                   served->name, rows < INT_MAX ? rows : (size_t)INT_MAX);
    add_inputs(out, served, add_configured);
    mli_buf_str(out, "],\"output\":[");
    add_outputs(out, served, add_configured);
    mli_buf_str(out, "]}\n");
}
