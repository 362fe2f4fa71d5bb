#include <cmd/commands.h>
#include <cmd/out.h>
#include <cmd/serve_flags.h>

#include <serve/call.h>
#include <serve/group.h>
#include <serve/reload.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Tokens that strangers can read on the way are known to strangers. */
static void warn_of_plain_tokens(const struct cmd_context *ctx, const struct serve_flags *f)
{
    const struct mli_server_config *server = &f->server;

    if (server->tokens && !server->tls_cert && !mli_call_is_loopback(server->address))
        ml_log(&ctx->log, ML_LOG_WARNING,
               "tokens come to %s in plain HTTP, where whoever is on the way can read them: give --tls-cert and --tls-key, "
               "or listen on 127.0.0.1 behind a proxy that speaks TLS", server->address);
    if (f->courier.token && mli_call_is_open(f->courier.url))
        ml_log(&ctx->log, ML_LOG_WARNING, "--alert-token goes out in plain HTTP, where whoever is on the way can read it: "
               "give --alert-webhook an https:// URL");
}

/* With the address of the metrics where they have their own. */
static json_t *with_metrics(json_t *doc, unsigned port)
{
    if (doc && port && json_object_set_new(doc, "metrics_port", json_integer(port))) {
        json_decref(doc);
        return NULL;
    }
    return doc;
}

/* Of a server that has no model yet. */
static void announce_folder(const struct cmd_context *ctx, const struct serve_flags *f, const char *url, unsigned port,
                            unsigned metrics, FILE *to)
{
    if (ctx->json)
        out_json(ctx, with_metrics(json_pack("{sssisssIs[]}", "url", url, "port", (int)port, "model", f->models.source[0].path, "pid",
                                             (json_int_t)getpid(), "models"), metrics));
    else
        out_line_to(to, "serving", "models below %s that POST /models names, on %s", f->models.source[0].path, url);
}

/* What a client shows that is asked for a token or a certificate. */
static void propose(const struct serve_flags *f, const char *url, FILE *to)
{
    bool key = f->server.tokens && !(f->server.open & MLI_SCOPE_PREDICT);
    out_line_to(to, "page", "%s/ in a browser", url);
    out_line_to(to, "try", "curl %s%s%s/model", key ? "-H \"Authorization: Bearer $TOKEN\" " : "",
                f->server.tls_client_ca ? "--cert CLIENT.pem --key CLIENT-KEY.pem " : "", url);
}

static bool is_stdout(const char *log)
{
    return log && strcmp(log, "-") == 0;
}

/* The lines of a log on standard output are alone there. */
static FILE *announce_to(const struct mli_server_config *server)
{
    return is_stdout(server->access_log) || is_stdout(server->audit_log) || is_stdout(server->prediction_log) ? stderr : stdout;
}

/* What --batch-window does for each model, and why it does nothing. */
static void announce_batches(const struct mli_registry *registry, FILE *to)
{
    for (size_t i = 0; i < registry->versions; i++) {
        const struct mli_served *served = registry->version[i].served;
        if (served && served->group)
            out_line_to(to, "together", "requests for %s, version %s: a network of %zu weights", served->name, served->version, served->weights);
        else if (served)
            out_line_to(to, "alone", "requests for %s, version %s: --batch-window gains nothing with %zu weights and %zu inputs, but from %zu weights on and up to %zu inputs",
                        served->name, served->version, served->weights, served->model->network->inputs, MLI_GROUP_WEIGHTS, MLI_GROUP_INPUTS);
    }
}

/* metrics: their port; 0: they have none of their own. */
static void announce(const struct cmd_context *ctx, const struct serve_flags *f, struct mli_catalog *catalog,
                     unsigned port, unsigned metrics)
{
    struct mli_registry *registry = mli_catalog_registry(catalog);
    FILE *to = announce_to(&f->server);
    bool six = strchr(f->server.address, ':') != NULL;
    char url[128];
    snprintf(url, sizeof url, "http%s://%s%s%s:%u", f->server.tls_cert ? "s" : "", six ? "[" : "", f->server.address, six ? "]" : "", port);
    if (registry->lineups == 0) {
        announce_folder(ctx, f, url, port, metrics, to);
    } else if (ctx->json) {
        const struct mli_served *first = registry->version[registry->lineup[0].main].served;
        out_json(ctx, with_metrics(json_pack("{sssisssssssssIso}", "url", url, "port", (int)port, "model", f->models.source[0].path,
                                "name", first->name, "version", first->version, "sha256", first->model->sha256, "pid",
                                (json_int_t)getpid(), "models", serve_models_json(registry)), metrics));
    } else {
        out_line_to(to, "serving", "%s (target %s) on %s", f->models.source[0].path,
                    registry->version[registry->lineup[0].main].served->model->target_names, url);
        serve_models_print(registry, to);
        if (f->server.batch_window)
            announce_batches(registry, to);
        if (f->platform)
            out_line_to(to, "as told", "by %s", f->platform);
        propose(f, url, to);
    }
    if (metrics && !ctx->json)
        out_line_to(to, "watch", "%.*s:%u/metrics", (int)(strrchr(url, ':') - url), url, metrics);
    fflush(to);
    mli_registry_drop(registry);
}

/*
 * Blocks until SIGTERM or SIGINT, which every thread has blocked from the start; a second one ends at once. SIGHUP has
 * the models read again, and stays blocked: to a server that is about to stop it says nothing.
 */
static void wait_for_stop(const sigset_t *signals, struct mli_reload *reload)
{
    int signal = 0;
    while (sigwait(signals, &signal) != 0 || signal == SIGHUP) {
        if (signal == SIGHUP)
            mli_reload_now(reload);
    }
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t ends = *signals;
    sigdelset(&ends, SIGHUP);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &ends, NULL);
}

static int serve(struct cmd_context *ctx, struct serve_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_catalog *catalog = NULL;
    struct mli_server *server = NULL;
    const char *readable[SERVE_MODELS];
    struct mli_reload *reload = NULL;
    const struct mli_catalog_config models = { .source = f->models.source,
                                               .sources = f->models.count,
                                               .keep = f->versions,
                                               .canary = f->models.canary,
                                               .canaries = f->models.canaries,
                                               .shadow = f->models.shadow,
                                               .shadows = f->models.shadows,
                                               .on_demand = f->server.multi_model,
                                               .label = f->models.label,
                                               .labels = f->models.labels,
                                               .drift_window = f->no_drift ? 0 : f->drift_window,
                                               .batch_window = f->server.batch_window,
                                               .threads = mli_server_threads(&f->server),
                                               .log = &ctx->log };
    sigset_t signals;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    f->courier.sandbox = f->server.sandbox;
    f->courier.log = &ctx->log;
    enum ml_status status = f->courier.url ? mli_courier_start(&f->courier, &f->server.courier, &err) : ML_OK;
    if (!status)
        status = mli_catalog_open(&models, &catalog, &err);
    for (size_t i = 0; i < f->models.count; i++)
        readable[i] = f->models.source[i].path;
    f->server.readable = readable;
    f->server.readables = f->models.count;
    if (!status)
        status = mli_server_start(catalog, &f->server, &server, &err);
    if (!status)
        status = mli_reload_start(catalog, models.source, models.sources, &ctx->log, mli_server_audit(server), &reload, &err);
    if (!status) {
        announce(ctx, f, catalog, mli_server_port(server), mli_server_metrics_port(server));
        wait_for_stop(&signals, reload);
        ml_log(&ctx->log, ML_LOG_NOTE, "stopping: finishing the requests in flight");
    }
    if (server)
        mli_server_drain(server); /* models that are being read again can take longer than requests */
    mli_reload_stop(reload);
    if (server)
        mli_server_stop(server);
    mli_courier_stop(f->server.courier);
    mli_catalog_close(catalog);
    return status ? cmd_fail(ctx, &err) : CMD_DONE;
}

int cmd_serve(struct cmd_context *ctx, int argc, const char **argv)
{
    struct serve_flags f;
    serve_flags_init(&f);
    enum { INT = POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, STRING = POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT };
    struct poptOption options[] = {
        { "model", 'm', STRING, &f.model, 0, "model when no MODEL is given", "FILE" },
        { "name", 0, POPT_ARG_STRING, &f.name, 0, "of a single file in URLs; default: the file's, without its ending", "NAME" },
        { "model-version", 0, POPT_ARG_STRING, &f.version, 0, "of a single file in URLs; default: 1", "VERSION" },
        { "versions", 0, INT, &f.versions, 0, "serve so many of the newest versions of a folder, 0: all", "COUNT" },
        { "address", 'a', STRING, &f.server.address, 0, "address to listen on, 0.0.0.0 for all", "IP" },
        { "port", 'p', INT, &f.server.port, 0, "0: any free port, which is printed", "PORT" },
        { "metrics-port", 0, POPT_ARG_INT, &f.metrics_port, 0, "metrics and health have this port, which --max-connections does not count, and the other one has no metrics; 0: any free port, which is printed", "PORT" },
        { "canary", 0, POPT_ARG_ARGV, &f.canary, 0, "give a share of the requests that say no version to this one; repeated for several models", "NAME=VERSION:PERCENT%" },
        { "canary-header", 0, POPT_ARG_STRING, &f.server.canary_header, 0, "whose value decides which requests those are; default: the body", "HEADER" },
        { "shadow", 0, POPT_ARG_ARGV, &f.shadow, 0, "have this version predict what the model is asked, too, and count in /metrics how they differ; repeated for several models", "NAME=VERSION" },
        { "label", 0, POPT_ARG_ARGV, &f.label, 0, "a word for a version in URLs, /v1/models/NAME/labels/LABEL; repeated", "NAME:LABEL=VERSION" },
        { "drift-window", 0, INT, &f.drift_window, 0, "rows that recent drift is measured on, at least", "ROWS" },
        { "alert-webhook", 0, POPT_ARG_STRING, &f.courier.url, 0, "is sent a JSON document when recent drift passes --alert-psi, and when it is past", "URL" },
        { "alert-psi", 0, POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT, &f.server.alert_psi, 0, "greatest PSI of the columns from which on there is a warning on standard error, and a word to the webhook", "NUMBER" },
        { "alert-error-rate", 0, POPT_ARG_DOUBLE, &f.server.alert_error_rate, 0, "the same when this share of the last minute's requests for predictions has failed (5xx), such as 0.05", "SHARE" },
        { "alert-token", 0, POPT_ARG_STRING, &f.courier.token, 0, "a line with the token that the webhook is sent, as Authorization: Bearer", "FILE" },
        { "no-drift", 0, POPT_ARG_NONE, &f.no_drift, 0, "do not count how the rows differ from those of training", NULL },
        { "threads", 0, INT, &f.server.threads, 0, "0: one a core, at most 8", "COUNT" },
        { "workers", 0, INT, &f.server.workers, 0, "threads more for requests that would hold up others for a millisecond, 0: one a core, at most 4", "COUNT" },
        { "max-inflight", 0, INT, &f.server.max_inflight, 0, "such requests that wait for them or are with them; beyond it: 503 with Retry-After", "COUNT" },
        { "batch-window", 0, POPT_ARG_STRING, &f.batch_window, 0, "a request of few rows waits so long at most, such as 200us, for others to go through a large network with", "TIME" },
        { "tokens", 0, POPT_ARG_STRING, &f.server.tokens, 0, "keys whose tokens are asked for, as mlctl token new prints them; read again when it changes", "FILE" },
        { "open", 0, POPT_ARG_STRING, &f.open, 0, "what needs no token nevertheless: predict, metrics", "SCOPES" },
        { "tls-cert", 0, POPT_ARG_STRING, &f.server.tls_cert, 0, "HTTPS: certificates in PEM, the server's own first; read again when they change", "FILE" },
        { "tls-key", 0, POPT_ARG_STRING, &f.server.tls_key, 0, "the key of the first of them, in PEM", "FILE" },
        { "tls-client-ca", 0, POPT_ARG_STRING, &f.server.tls_client_ca, 0, "clients must show a certificate that leads to one of these", "FILE" },
        { "tls-client-crl", 0, POPT_ARG_STRING, &f.server.tls_client_crl, 0, "lists of those that are revoked, in PEM (X509 CRL); read again when it changes", "FILE" },
        { "rate-limit", 0, POPT_ARG_DOUBLE, &f.rate, 0, "of one client address; beyond it: 429 with Retry-After", "REQUESTS/S" },
        { "rate-burst", 0, POPT_ARG_INT, &f.rate_burst, 0, "requests at once after a pause; default: those of a second", "COUNT" },
        { "trust-proxy", 0, POPT_ARG_STRING, &f.server.proxies, 0, "proxies whose X-Forwarded-For says the client's address, like 10.0.0.0/8,::1", "IPS" },
        { "cors", 0, POPT_ARG_STRING, &f.server.cors, 0, "web pages that may ask from a browser, like https://example.org, or *", "ORIGINS" },
        { "access-log", 0, POPT_ARG_STRING, &f.server.access_log, 0, "a line of JSON for each request; -: standard output; opened again when it was renamed", "FILE" },
        { "audit-log", 0, POPT_ARG_STRING, &f.server.audit_log, 0, "a line of JSON for each change of models, keys and certificates, on the disk before it is answered", "FILE" },
        { "prediction-log", 0, POPT_ARG_STRING, &f.server.prediction_log, 0, "a line of JSON for each row and its prediction; -: standard output", "FILE" },
        { "prediction-log-sample", 0, POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT, &f.server.prediction_sample, 0, "write this share of the rows, chosen by chance", "SHARE" },
        { "prediction-log-size", 0, STRING, &f.prediction_size, 0, "of a file of it; then FILE becomes FILE.1, that FILE.2", "SIZE" },
        { "prediction-log-files", 0, INT, &f.server.prediction_files, 0, "files of it in all; the oldest goes", "COUNT" },
        { "request-ids", 0, POPT_ARG_NONE, &f.request_ids, 0, "every answer has traceparent and X-Request-Id, not only those to requests with one; with a log X-Request-Id is there anyhow", NULL },
        { "max-body", 0, STRING, &f.max_body, 0, "largest request body", "SIZE" },
        { "max-rows", 0, INT, &f.server.max_rows, 0, "most rows in a request", "COUNT" },
        { "max-depth", 0, INT, &f.server.max_depth, 0, "deepest nesting of a JSON body", "COUNT" },
        { "max-connections", 0, INT, &f.server.max_connections, 0, "beyond it: 503 with Retry-After", "COUNT" },
        { "max-per-address", 0, INT, &f.server.max_per_address, 0, "connections of one client address, 0: no limit; beyond it: 429", "COUNT" },
        { "header-timeout", 0, INT, &f.server.header_timeout, 0, "for a request's headers to arrive", "SECONDS" },
        { "body-timeout", 0, INT, &f.server.body_timeout, 0, "for a request's body to arrive", "SECONDS" },
        { "idle-timeout", 0, INT, &f.server.idle_timeout, 0, "for a kept connection without a request", "SECONDS" },
        { "nan", 0, STRING, &f.nan, 0, "a prediction that is no finite number in JSON: null, or token as TensorFlow Serving has it (NaN, Infinity: no JSON)", "HOW" },
        { "request-timeout", 0, POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT, &f.server.request_timeout, 0, "for an answer to be made, beyond it: 504; between blocks of rows, 0: no limit", "SECONDS" },
        { "no-sandbox", 0, POPT_ARG_NONE, &f.no_sandbox, 0, "do not give up, after the start, what serving does not take (seccomp, Landlock)", NULL },
        { "grace", 0, INT, &f.server.grace, 0, "for requests in flight after SIGTERM", "SECONDS" },
        POPT_TABLEEND
    };
    struct ml_error err = ML_ERROR_INIT;
    if (ctx->docs == CMD_RUN)
        serve_flags_environment(&f, &err);
    int code = cmd_parse(ctx, argc, argv, options, 0, SERVE_MODELS);
    if (code == CMD_CONTINUE)
        code = err.status ? cmd_fail(ctx, &err) : serve_flags_take(ctx, &f, argc, argv);
    if (code != CMD_CONTINUE)
        return code;
    const char *const only = serve_flags_model(&f, &err);
    if (!only && ctx->nargs == 0)
        return cmd_fail(ctx, &err);
    code = serve_models_take(ctx, &f.models, ctx->nargs ? ctx->args : &only, ctx->nargs ? ctx->nargs : 1, f.name, f.version);
    if (code == CMD_CONTINUE)
        code = serve_models_try(ctx, &f.models, f.canary);
    if (code == CMD_CONTINUE)
        code = serve_models_shadow(ctx, &f.models, f.shadow);
    if (code == CMD_CONTINUE)
        code = serve_models_label(ctx, &f.models, f.label);
    if (code == CMD_CONTINUE) {
        warn_of_plain_tokens(ctx, &f);
        code = serve(ctx, &f);
    }
    serve_models_release(&f.models);
    return code;
}
