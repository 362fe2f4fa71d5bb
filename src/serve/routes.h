/*
 * Routes: method, path, whether there is a body, and the function that answers. A new one is a row of the table.
 * Paths are matched byte for byte; HEAD is GET without the body.
 */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include <serve/service.h>

struct mli_request {
    enum mli_media media;
    bool openmetrics; /* the client accepts application/openmetrics-text */
    const char *body;
    size_t len;
};

struct mli_route {
    const char *method, *path;
    bool body; /* a body is expected, JSON or CSV, at most config.max_body bytes */
    /* Fills the reply, which is as mli_reply_reset() leaves it. */
    void (*answer)(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply);
};

extern const struct mli_route mli_routes[];
extern const size_t mli_route_count;

/*
 * The row for method and path, NULL when there is none: then *allow is NULL if no row has that path, else the methods
 * that it takes, for the Allow header (static storage).
 */
const struct mli_route *mli_route_find(const char *method, const char *path, size_t path_len,
                                       const char **allow);

#endif
