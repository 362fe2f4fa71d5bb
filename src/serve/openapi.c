#include <serve/openapi.h>

#include <model/contributions.h>
#include <serve/assets.h>
#include <serve/explain.h>
#include <serve/markup.h>
#include <serve/schemas.h>
#include <serve/v1.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH ((size_t)64) /* of the template */

/* ---- the errors of an operation ---------------------------------------------------------------------------------- */

static const struct {
    const char *status;
    enum { ALWAYS, BODY, KEY } where; /* BODY: where one is taken; KEY: where one is asked for */
} errors[] = {
    { "400", ALWAYS }, { "401", KEY },    { "403", KEY },    { "411", BODY },   { "413", ALWAYS },
    { "414", ALWAYS }, { "415", BODY },   { "417", ALWAYS }, { "429", ALWAYS }, { "431", ALWAYS },
    { "500", BODY },   { "501", ALWAYS }, { "503", ALWAYS }, { "504", BODY },   { "505", ALWAYS },
};

/* Those that the template has none of its own for. */
static bool add_errors(json_t *operation, bool body, bool key)
{
    json_t *responses = json_object_get(operation, "responses");

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        const char *status = errors[i].status;
        bool here = errors[i].where == BODY ? body : errors[i].where == ALWAYS || key;
        if (!here || json_object_get(responses, status))
            continue;
        if (!mli_json_put(responses, status, mli_schemas_ref("responses", status)))
            return false;
    }
    return true;
}

/* Of answers with predictions. */
static bool add_digest(json_t *operation)
{
    json_t *done = json_object_get(json_object_get(operation, "responses"), "200");

    if (!json_object_get(done, "headers") && !mli_json_put(done, "headers", json_object()))
        return false;
    return mli_json_put(json_object_get(done, "headers"), "X-Model-Digest",
                        json_pack("{s:s,s:{s:s}}", "description", "SHA-256 of the model whose predictions these are, as in its card",
                                  "schema", "type", "string"));
}

/* ---- paths ------------------------------------------------------------------------------------------------------- */

static const char of_version[] = "/versions/{v}", of_label[] = "/labels/{l}";

/* Behind what says which version, if that stands there. */
static const char *skip_version(const char *path)
{
    if (strncmp(path, of_version, strlen(of_version)) == 0)
        return path + strlen(of_version);
    return strncmp(path, of_label, strlen(of_label)) == 0 ? path + strlen(of_label) : path;
}

/* Whether a path of the template is that of the table: names in braces do not count, nor what says which version. */
static bool is_route(const char *given, const char *path)
{
    while (*given && *path) {
        const char *behind = skip_version(path);
        if (behind != path) {
            path = behind;
        } else if (*given == '{' && *path == '{') {
            given += strcspn(given, "}");
            path += strcspn(path, "}");
        } else if (*given++ != *path++) {
            return false;
        }
    }
    return *given == '\0' && *skip_version(path) == '\0';
}

/* The path with the model's name and version in their places; names of others are the template's. */
static void write_path(struct mli_buf *out, const char *given, const char *path,
                       const struct mli_served *served)
{
    for (; *path; path++) {
        if (*path != '{') {
            mli_buf_char(out, *path);
            continue;
        }
        const char *name = strchr(given, '{');
        if (path[1] == 'm') {
            mli_buf_str(out, served->name);
        } else if (path[1] == 'v') {
            mli_buf_str(out, served->version);
        } else if (path[1] == 'l') {
            mli_buf_str(out, MLI_LABEL_LATEST);
        } else {
            mli_buf_add(out, name, strcspn(name, "}") + 1);
        }
        if (path[1] != 'v' && path[1] != 'l')
            given = name + 1;
        path += strcspn(path, "}");
    }
}

/* Whether a path that may say a name and a version leads to that one: without a version to the main one, without both to
 * the main one of the first. */
static bool names_it(const struct mli_route *route, const struct mli_request *request)
{
    if (route->about != MLI_ABOUT_MODEL || strstr(route->path, "{v}"))
        return true;
    if (strstr(route->path, of_label))
        return request->place ==
               mli_registry_labelled(request->registry, request->lineup, MLI_LABEL_LATEST, strlen(MLI_LABEL_LATEST));
    if (strstr(route->path, "{m}"))
        return request->place == request->lineup->main;
    return request->place == mli_registry_find(request->registry, NULL, 0, NULL, 0);
}

/* Whether the model answers there, with anything but a refusal. */
static bool is_answered(const struct mli_route *route, const struct mli_request *request)
{
    const struct ml_model *model = request->served->model;
    bool one = model->targets == 1, classes = model->target[0].classes > 0;

    if (!names_it(route, request))
        return false;
    if (route->answer == mli_explain_answer || route->answer == mli_explain_instances)
        return mli_contributions_can(model);
    if (route->answer == mli_v1_classify)
        return one && classes;
    return route->answer != mli_v1_regress || (one && !classes);
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static const char *const methods[][2] = { { "GET", "get" }, { "POST", "post" }, { "PUT", "put" }, { "DELETE", "delete" } };

static const char *method_of(const struct mli_route *route)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(route->method, methods[i][0]) == 0)
            return methods[i][1];
    }
    return "trace";
}

/* Either way of showing a key. */
static bool add_security(json_t *operation)
{
    return mli_json_put(operation, "security", json_pack("[{s:[]},{s:[]}]", "bearer", "header"));
}

/* Of the template, else what can be said of any. New reference. */
static json_t *operation_of(const json_t *item, const struct mli_route *route, unsigned open)
{
    json_t *given = json_object_get(item, method_of(route));
    json_t *operation = given ? json_deep_copy(given) : json_pack("{s:{s:{s:s}}}", "responses", "200", "description", "Done");
    const char *name = json_string_value(json_object_get(operation, "operationId"));
    bool key = route->scope != MLI_SCOPE_OPEN && !(open & route->scope);
    bool made = add_errors(operation, route->takes != MLI_TAKES_NOTHING, key) &&
                (!key || add_security(operation)) &&
                (route->takes == MLI_TAKES_NOTHING || route->about != MLI_ABOUT_MODEL || add_digest(operation));

    const char *which = strstr(route->path, of_version) ? "Version" : strstr(route->path, of_label) ? "Label" : NULL;
    if (made && name && which)
        made = mli_json_put(operation, "operationId", json_sprintf("%sOf%s", name, which));
    if (made)
        return operation;
    json_decref(operation);
    return NULL;
}

/* GET and POST of one path are members of one item. */
static bool put_operation(json_t *paths, const char *path, const struct mli_route *route, json_t *operation)
{
    if (!json_object_get(paths, path) && !mli_json_put(paths, path, json_object())) {
        json_decref(operation);
        return false;
    }
    return mli_json_put(json_object_get(paths, path), method_of(route), operation);
}

static bool put_route(json_t *paths, json_t *given, const struct mli_route *route,
                      const struct mli_served *served, unsigned open)
{
    const char *key, *found = route->path;
    json_t *item, *described = NULL;
    struct mli_buf path;

    json_object_foreach(given, key, item) {
        if (!is_route(key, route->path))
            continue;
        found = key;
        described = item;
        break;
    }
    mli_buf_init(&path, SIZE_MAX);
    write_path(&path, found, route->path, served);
    bool made = path.status == ML_OK && put_operation(paths, path.data, route, operation_of(described, route, open));
    mli_buf_release(&path);
    return made;
}

/* ---- the document ------------------------------------------------------------------------------------------------ */

static bool put_paths(json_t *doc, const struct mli_request *request, const struct mli_server_config *config)
{
    json_t *paths = json_object(), *given = json_object_get(doc, "paths");
    bool made = paths != NULL;

    for (size_t i = 0; i < mli_route_count && made; i++) {
        bool elsewhere = config->metrics_apart && mli_routes[i].scope == MLI_SCOPE_METRICS;
        if (!elsewhere && is_answered(&mli_routes[i], request))
            made = put_route(paths, given, &mli_routes[i], request->served, config->open);
    }
    if (made)
        return mli_json_put(doc, "paths", paths);
    json_decref(paths);
    return false;
}

static bool fill(json_t *doc, const struct mli_service *service, const struct mli_request *request)
{
    const struct mli_served *served = request->served;
    json_t *info = json_object_get(doc, "info");
    json_t *schemas = json_object_get(json_object_get(doc, "components"), "schemas");

    return mli_json_put(info, "title", json_string(served->name)) &&
           mli_json_put(info, "version", json_string(served->version)) &&
           mli_schemas_put(schemas, served, service->config.max_rows) && put_paths(doc, request, &service->config);
}

void mli_openapi_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply)
{
    struct ml_error err = ML_ERROR_INIT;
    json_t *doc = NULL;
    char *text = NULL;

    (void)worker;
    enum ml_status status = mli_json_parse(mli_asset_openapi, strlen(mli_asset_openapi), DEPTH,
                                           "openapi.json", &doc, &err);
    if (status == ML_OK && fill(doc, service, request))
        text = mli_json_text(doc, false);
    json_decref(doc);
    if (text)
        mli_reply_json(reply, text);
    else if (status == ML_OK)
        mli_reply_error(reply, 503, "out of memory for the answer");
    else
        mli_reply_failure(reply, &err, NULL);
    free(text);
}

/* The page of the model that it is about: beside it, or where a browser gets that of the first. */
static void write_part(const void *data, const char *name, struct mli_buf *out)
{
    const struct mli_request *request = data;

    if (strcmp(name, "model") == 0)
        mli_buf_str(out, request->name ? "page" : "/");
}

/* Who may not know which models there are gets it of any. */
void mli_docs_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_markup page = { .html = mli_asset_docs,
                                     .style = mli_asset_style,
                                     .script = mli_asset_docs_script,
                                     .part = write_part,
                                     .data = request };

    (void)worker;
    if (request->name && request->place == MLI_NO_PLACE && (service->config.open & MLI_SCOPE_PREDICT))
        mli_reply_error(reply, 404, "no model \"%.*s\", or not that version of it, is served here",
                        (int)(request->name_len < 128 ? request->name_len : 128), request->name);
    else
        mli_markup_reply(reply, &page);
}
