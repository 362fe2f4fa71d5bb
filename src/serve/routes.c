#include <serve/routes.h>

#include <serve/explain.h>
#include <serve/invocations.h>
#include <serve/many.h>
#include <serve/openapi.h>
#include <serve/page.h>
#include <serve/pages.h>
#include <serve/predict.h>
#include <serve/repository.h>
#include <serve/v1.h>
#include <serve/v2.h>
#include <string.h>
#include <strings.h>

const struct mli_route mli_routes[] = {
    { "POST", "/predict", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ROWS, mli_predict_answer },
    { "POST", "/explain", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ROWS, mli_explain_answer },
    /* MLflow's scoring server and Amazon SageMaker */
    { "POST", "/invocations", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_SCORING, mli_invocations_answer },
    { "GET", "/ping", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_ping_answer },
    { "GET", "/health", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_ping_answer },
    { "GET", "/execution-parameters", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_execution_answer },
    { "GET", "/healthz", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_health_answer },
    { "GET", "/readyz", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_ready_answer },
    { "GET", "/metrics", MLI_SCOPE_METRICS, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_metrics_answer },
    { "GET", "/monitoring/prometheus/metrics", MLI_SCOPE_METRICS, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_metrics_answer }, /* TensorFlow Serving's */
    { "GET", "/model", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_model_answer },
    /* the same of a model by its name, as Amazon SageMaker has it for several models */
    { "GET", "/models", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_many_list },
    { "GET", "/models/{m}", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_many_card },
    { "POST", "/models", MLI_SCOPE_ADMIN, MLI_ABOUT_SERVER, MLI_TAKES_ANY, mli_many_load },
    { "DELETE", "/models/{m}", MLI_SCOPE_ADMIN, MLI_ABOUT_NAME, MLI_TAKES_NOTHING, mli_many_unload },
    { "GET", "/models/{m}/versions/{v}", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_model_answer },
    { "POST", "/models/{m}/predict", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ROWS, mli_predict_answer },
    { "POST", "/models/{m}/versions/{v}/predict", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ROWS, mli_predict_answer },
    { "POST", "/models/{m}/explain", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ROWS, mli_explain_answer },
    { "POST", "/models/{m}/versions/{v}/explain", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ROWS, mli_explain_answer },
    { "GET", "/models/{m}/page", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_page_answer },
    { "GET", "/models/{m}/versions/{v}/page", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_page_answer },
    { "GET", "/models/{m}/openapi.json", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_openapi_answer },
    { "GET", "/models/{m}/versions/{v}/openapi.json", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_openapi_answer },
    { "GET", "/models/{m}/docs", MLI_SCOPE_OPEN, MLI_ABOUT_NAME, MLI_TAKES_NOTHING, mli_docs_answer },
    { "GET", "/models/{m}/versions/{v}/docs", MLI_SCOPE_OPEN, MLI_ABOUT_NAME, MLI_TAKES_NOTHING, mli_docs_answer },
    { "POST", "/endpoints/{m}/invocations", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_SCORING, mli_invocations_answer },
    { "POST", "/models/{m}/invoke", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_SCORING, mli_invocations_answer },
    { "GET", "/version", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_version_answer },
    { "GET", "/openapi.json", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_openapi_answer },
    { "GET", "/page", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_page_answer },
    { "GET", "/docs", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_docs_answer },
    /* Vertex AI, whose paths look like those below but for a word */
    { "POST", "/v1/endpoints/{}/deployedModels/{}:predict", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_predict },
    { "GET", "/v1/endpoints/{}/deployedModels/{}", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_ready_answer },
    /* TensorFlow Serving and KServe v1 */
    { "GET", "/", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_root_answer },
    { "GET", "/v1/models", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_v2_models },
    { "GET", "/v1/models/{m}", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v1_status },
    { "GET", "/v1/models/{m}/versions/{v}", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v1_status },
    { "GET", "/v1/models/{m}/labels/{l}", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v1_status },
    { "GET", "/v1/models/{m}/metadata", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v1_metadata },
    { "GET", "/v1/models/{m}/versions/{v}/metadata", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v1_metadata },
    { "GET", "/v1/models/{m}/labels/{l}/metadata", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v1_metadata },
    { "POST", "/v1/models/{m}:predict", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_predict },
    { "POST", "/v1/models/{m}/versions/{v}:predict", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_predict },
    { "POST", "/v1/models/{m}/labels/{l}:predict", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_predict },
    { "POST", "/v1/models/{m}:classify", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_classify },
    { "POST", "/v1/models/{m}/versions/{v}:classify", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_classify },
    { "POST", "/v1/models/{m}/labels/{l}:classify", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_classify },
    { "POST", "/v1/models/{m}:regress", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_regress },
    { "POST", "/v1/models/{m}/versions/{v}:regress", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_regress },
    { "POST", "/v1/models/{m}/labels/{l}:regress", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v1_regress },
    { "POST", "/v1/models/{m}:explain", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_explain_instances },
    { "POST", "/v1/models/{m}/versions/{v}:explain", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_explain_instances },
    { "POST", "/v1/models/{m}/labels/{l}:explain", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_explain_instances },
    /* Open Inference Protocol v2 */
    { "GET", "/v2", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_v2_server },
    { "GET", "/v2/", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_v2_server },
    { "GET", "/v2/health/live", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_v2_live },
    { "GET", "/v2/health/ready", MLI_SCOPE_OPEN, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_v2_ready },
    { "GET", "/v2/models", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_v2_models },
    { "POST", "/v2/repository/index", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_ANY, mli_v2_index },
    { "POST", "/v2/repository/models/{m}/load", MLI_SCOPE_ADMIN, MLI_ABOUT_NAME, MLI_TAKES_ANY, mli_repository_load },
    { "POST", "/v2/repository/models/{m}/unload", MLI_SCOPE_ADMIN, MLI_ABOUT_NAME, MLI_TAKES_ANY, mli_repository_unload },
    { "POST", "/v2/repository/models/{m}/rollback", MLI_SCOPE_ADMIN, MLI_ABOUT_NAME, MLI_TAKES_ANY, mli_repository_rollback },
    { "GET", "/v2/models/stats", MLI_SCOPE_PREDICT, MLI_ABOUT_SERVER, MLI_TAKES_NOTHING, mli_repository_stats },
    { "GET", "/v2/models/{m}/stats", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_repository_stats },
    { "GET", "/v2/models/{m}/versions/{v}/stats", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_repository_stats },
    { "GET", "/v2/models/{m}", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v2_model },
    { "GET", "/v2/models/{m}/versions/{v}", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v2_model },
    { "GET", "/v2/models/{m}/config", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v2_config },
    { "GET", "/v2/models/{m}/versions/{v}/config", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v2_config },
    { "GET", "/v2/models/{m}/ready", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v2_model_ready },
    { "GET", "/v2/models/{m}/versions/{v}/ready", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_NOTHING, mli_v2_model_ready },
    { "POST", "/v2/models/{m}/infer", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v2_infer },
    { "POST", "/v2/models/{m}/versions/{v}/infer", MLI_SCOPE_PREDICT, MLI_ABOUT_MODEL, MLI_TAKES_ANY, mli_v2_infer },
};
const size_t mli_route_count = sizeof(mli_routes) / sizeof(mli_routes[0]);
_Static_assert(sizeof(mli_routes) / sizeof(mli_routes[0]) < MLI_METRIC_ROUTES,
               "a counter a route and one more");

enum mli_scope mli_route_scope(const struct mli_server_config *config, const struct mli_route *route)
{
    bool many = route->answer == mli_many_load || route->answer == mli_many_unload;

    return many && config->multi_model && !config->tokens ? MLI_SCOPE_OPEN : route->scope;
}

bool mli_route_watches(const struct mli_route *route)
{
    return route->answer == mli_metrics_answer || route->answer == mli_health_answer || route->answer == mli_ready_answer ||
           route->answer == mli_ping_answer || route->answer == mli_v2_live || route->answer == mli_v2_ready;
}

enum mli_protocol mli_route_protocol(const struct mli_route *route)
{
    static const struct {
        const char *path; /* begins so */
        enum mli_protocol protocol;
    } rows[] = { { "/v1/endpoints/", MLI_PROTOCOL_VERTEX }, { "/v1/", MLI_PROTOCOL_V1 }, { "/v2/", MLI_PROTOCOL_V2 } };

    if (route->answer == mli_predict_answer)
        return MLI_PROTOCOL_PREDICT;
    if (route->answer == mli_invocations_answer)
        return MLI_PROTOCOL_INVOCATIONS;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strncmp(route->path, rows[i].path, strlen(rows[i].path)) == 0)
            return rows[i].protocol;
    }
    return MLI_PROTOCOL_EXPLAIN;
}

/* Length of the name at the start of path[0..n). */
static size_t name_length(const char *path, size_t n)
{
    size_t len = 0;

    while (len < n && path[len] != '/' && path[len] != ':')
        len++;
    return len;
}

static bool same(const char *a, const char *b, size_t n, bool any_case)
{
    return any_case ? strncasecmp(a, b, n) == 0 : memcmp(a, b, n) == 0;
}

/* Whether path[0..n) is of the pattern, and what stands in the places of its names. */
static bool fits(const char *pattern, const char *path, size_t n, struct mli_match *match)
{
    bool any_case = strncmp(pattern, "/v1/", 4) == 0;

    while (*pattern) {
        size_t literal = strcspn(pattern, "{");
        if (literal > n || !same(pattern, path, literal, any_case))
            return false;
        pattern += literal;
        path += literal;
        n -= literal;
        if (*pattern == '\0')
            break;
        size_t len = name_length(path, n);
        if (len == 0)
            return false;
        if (pattern[1] == 'm') {
            match->name = path;
            match->name_len = len;
        } else if (pattern[1] == 'v') {
            match->version = path;
            match->version_len = len;
        } else if (pattern[1] == 'l') {
            match->label = path;
            match->label_len = len;
        }
        pattern += strcspn(pattern, "}") + 1;
        path += len;
        n -= len;
    }
    return n == 0;
}

static bool is_path(const char *wanted, const char *path, size_t n)
{
    return wanted && strlen(wanted) == n && memcmp(wanted, path, n) == 0;
}

/* A path of the operator's choice stands for one of the table. */
static const char *known_path(const struct mli_server_config *config, const char *method,
                              const char *path, size_t *n)
{
    static const char predict[] = "/v1/endpoints/-/deployedModels/-:predict",
                      health[] = "/v1/endpoints/-/deployedModels/-";

    bool predicts = is_path(config->predict_route, path, *n);
    bool is_health = is_path(config->health_route, path, *n);

    if (!predicts && !is_health)
        return path;
    path = predicts && !(is_health && strcmp(method, "GET") == 0) ? predict : health;
    *n = strlen(path);
    return path;
}

struct mli_match mli_route_find(const struct mli_server_config *config, const char *method,
                                const char *path, size_t path_len)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    static const char *const allowed[] = { NULL,     "GET, HEAD",         "POST",         "GET, HEAD, POST",
                                           "DELETE", "GET, HEAD, DELETE", "POST, DELETE", "GET, HEAD, POST, DELETE" };
    unsigned methods = 0;

    path = known_path(config, wanted, path, &path_len);
    for (size_t i = 0; i < mli_route_count; i++) {
        struct mli_match match = { .route = &mli_routes[i] };
        if (!fits(match.route->path, path, path_len, &match))
            continue;
        if (strcmp(match.route->method, wanted) == 0)
            return match;
        methods |= strcmp(match.route->method, "GET") == 0 ? 1u : strcmp(match.route->method, "POST") == 0 ? 2u : 4u;
    }
    return (struct mli_match){ .allow = allowed[methods] };
}
