/*
 * Dispatch: from a request whose route is known to the handler that answers it: which model it is for, the worker's
 * desk of that model, and afterwards what came of it, counted for the model.
 */
#ifndef SERVE_DISPATCH_H
#define SERVE_DISPATCH_H

#include <serve/routes.h>

/* What the path names: request->name, view, registry, served. False: the reply says why there is no such model. */
bool mli_dispatch_find(struct mli_view *view, const struct mli_match *match, struct mli_request *request,
                       struct mli_reply *reply);
void mli_dispatch(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_route *route, struct mli_request *request, struct mli_reply *reply);

#endif
