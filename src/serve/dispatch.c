#include <serve/dispatch.h>

bool mli_dispatch_find(struct mli_view *view, const struct mli_match *match, struct mli_request *request,
                       struct mli_reply *reply)
{
    const struct mli_registry *registry = view->registry;

    request->view = view;
    request->registry = registry;
    request->name = match->name;
    request->name_len = match->name_len;
    request->versioned = match->version != NULL;
    if (match->route->about != MLI_ABOUT_MODEL)
        return true;
    request->place = mli_registry_find(registry, match->name, match->name_len, match->version, match->version_len);
    if (request->place == MLI_NO_PLACE) {
        mli_reply_error(reply, 404, "no model of that name and version is served here");
        return false;
    }
    request->lineup = mli_registry_lineup(registry, match->name, match->name_len);
    request->served = registry->version[request->place].served;
    return true;
}

void mli_dispatch(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_route *route, struct mli_request *request, struct mli_reply *reply)
{
    struct ml_error err = ML_ERROR_INIT;
    uint64_t started = mli_clock();

    worker->run = (struct mli_run){ 0 };
    if (request->served && mli_worker_sit(worker, request->view, request->place, &err) != ML_OK) {
        mli_reply_failure(reply, &err, NULL);
        return;
    }
    route->answer(service, worker, request, reply);
    mli_reply_settle(reply);
    if (!worker->run.asked)
        return;
    worker->run.total = mli_clock() - started;
    mli_tally_add(request->served->tally, worker->number, &worker->run, reply->status < 400);
}
