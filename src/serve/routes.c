#include <serve/routes.h>

#include <serve/pages.h>
#include <serve/predict.h>
#include <string.h>

const struct mli_route mli_routes[] = {
    { "POST", "/predict", true, mli_predict_answer },
    { "GET", "/healthz", false, mli_health_answer },
    { "GET", "/readyz", false, mli_ready_answer },
    { "GET", "/metrics", false, mli_metrics_answer },
    { "GET", "/model", false, mli_model_answer },
    { "GET", "/version", false, mli_version_answer },
};
const size_t mli_route_count = sizeof(mli_routes) / sizeof(mli_routes[0]);
_Static_assert(sizeof(mli_routes) / sizeof(mli_routes[0]) < MLI_METRIC_ROUTES,
               "a counter a route and one more");

const struct mli_route *mli_route_find(const char *method, const char *path, size_t path_len,
                                       const char **allow)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

    *allow = NULL;
    for (size_t i = 0; i < mli_route_count; i++) {
        const struct mli_route *route = &mli_routes[i];
        if (strlen(route->path) != path_len || memcmp(route->path, path, path_len) != 0)
            continue;
        if (strcmp(route->method, wanted) == 0)
            return route;
        *allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method;
    }
    return NULL;
}
