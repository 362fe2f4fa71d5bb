#include <serve/dispatch.h>

#include <base/raw.h>
#include <serve/absent.h>
#include <serve/shadow.h>
#include <string.h>

#define HASHED ((size_t)4096) /* bytes of a body that decide */

bool mli_dispatch_find(struct mli_view *view, const struct mli_match *match, struct mli_request *request,
                       struct mli_reply *reply)
{
    const struct mli_registry *registry = view->registry;

    request->view = view;
    request->registry = registry;
    request->name = match->name;
    request->name_len = match->name_len;
    request->versioned = match->version || match->label;
    if (match->route->about == MLI_ABOUT_NAME)
        request->place = mli_registry_find(registry, match->name, match->name_len, match->version, match->version_len);
    if (match->route->about != MLI_ABOUT_MODEL)
        return true;
    request->lineup = mli_registry_lineup(registry, match->name, match->name_len);
    request->place = mli_registry_find(registry, match->name, match->name_len, match->version, match->version_len);
    if (match->label && request->lineup)
        request->place = mli_registry_labelled(registry, request->lineup, match->label, match->label_len);
    if (request->place == MLI_NO_PLACE) {
        mli_absent_model(reply, registry, match);
        return false;
    }
    request->served = registry->version[request->place].served;
    return true;
}

/* FNV-1a, and the last step of MurmurHash3, without which its upper bits follow the last bytes too closely. */
static uint64_t hash_of(const char *bytes, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 33;
}

/* Who gets the canary: always the same clients, or where they are not told apart the same rows. */
static void choose_canary(struct mli_request *request)
{
    const struct mli_lineup *lineup = request->lineup;
    size_t n = request->sticky ? strlen(request->sticky) : request->len;

    if (!lineup || request->versioned || lineup->canary == MLI_NO_PLACE)
        return;
    if (hash_of(request->sticky ? request->sticky : request->body, n < HASHED ? n : HASHED) >= lineup->share)
        return;
    request->place = lineup->canary;
    request->served = request->registry->version[request->place].served;
}

void mli_dispatch(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_route *route, struct mli_request *request, struct mli_reply *reply)
{
    MLI_RAW struct ml_error err;
    uint64_t started = mli_clock();
    uint64_t since = request->since ? request->since : started;

    worker->run = (struct mli_run){ .queue = started - since };
    if (route->takes != MLI_TAKES_NOTHING)
        choose_canary(request);
    mli_error_clear(&err);
    if (request->served && mli_worker_sit(worker, request->view, request->place, &err) != ML_OK) {
        mli_reply_failure(reply, &err, NULL);
        return;
    }
    reply->body.tokens = service->config.nan_tokens;
    worker->deadline = service->config.request_timeout > 0 ? since + (uint64_t)(service->config.request_timeout * 1e9) : 0;
    worker->captures = service->shadow && mli_shadow_wants(route, request);
    route->answer(service, worker, request, reply);
    mli_reply_settle(reply);
    if (worker->pen.journal)
        mli_pen_end(&worker->pen, worker->number, worker->run.asked && reply->status < 400);
    if (worker->captures && reply->status < 400)
        mli_shadow_offer(service->shadow, worker, route, request);
    if (!worker->run.asked)
        return;
    if (reply->status < 400)
        reply->model = request->served->model->sha256;
    worker->run.total = mli_clock() - since;
    mli_tally_add(request->served->tally, worker->number, mli_route_protocol(route), &worker->run, reply->status < 400);
}
