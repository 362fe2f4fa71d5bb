#include <serve/pages.h>

void mli_health_answer(const struct mli_service *service, struct mli_worker *worker,
                       const struct mli_request *request, struct mli_reply *reply)
{
    (void)service, (void)worker, (void)request;
    mli_reply_json(reply, "{\"status\":\"ok\"}\n");
}

void mli_ready_answer(const struct mli_service *service, struct mli_worker *worker,
                      const struct mli_request *request, struct mli_reply *reply)
{
    const char *why = mli_service_unready(service, request->registry);

    (void)worker;
    if (why)
        mli_reply_error(reply, 503, "%s", why);
    else
        mli_reply_json(reply, "{\"status\":\"ready\"}\n");
}

void mli_metrics_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply)
{
    (void)worker;
    reply->status = 200;
    reply->type = request->openmetrics
                      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                      : "text/plain; version=0.0.4; charset=utf-8";
    mli_metrics_write(service, request->registry, request->openmetrics, &reply->body);
}

void mli_model_answer(const struct mli_service *service, struct mli_worker *worker,
                      const struct mli_request *request, struct mli_reply *reply)
{
    (void)service, (void)worker;
    mli_reply_json(reply, request->served->card);
}

/* MLflow's: the bare version, which it calls JSON all the same; who asks for JSON gets a document that is. */
void mli_version_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply)
{
    (void)service, (void)worker;
    if (request->accept == MLI_MEDIA_JSON) {
        mli_reply_json(reply, "{\"program\":\"mlctl\",\"version\":\"" ML_VERSION "\"}\n");
        return;
    }
    mli_reply_json(reply, ML_VERSION);
}
