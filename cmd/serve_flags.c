#include <cmd/serve_flags.h>

#include <base/num.h>
#include <limits.h>
#include <serve/content.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void serve_flags_init(struct serve_flags *f)
{
    *f = (struct serve_flags){ .server = MLI_SERVER_CONFIG_INIT, .model = CMD_MODEL_DEFAULT, .max_body = "8M", .nan = "null", .drift_window = 10000, .prediction_size = "64M" };
    f->server.alert_psi = 0.2;
    f->metrics_port = INT_MIN; /* not said */
}

static bool in_range(const struct cmd_context *ctx, const char *option, int value, int low, int high)
{
    if (value >= low && value <= high)
        return true;
    struct ml_error err = ML_ERROR_INIT;
    ml_error_set(&err, ML_EUSAGE, "--%s %d is out of range: %d to %d", option, value, low, high);
    cmd_fail(ctx, &err);
    return false;
}

/* Flags that would do nothing without another, or beside one. */
static bool take_pairs(const struct cmd_context *ctx, int argc, const char **argv)
{
    static const char drift[] = "is about drift, which --no-drift does not count";
    static const struct cmd_pair pairs[] = {
        { "canary-header", "canary", NULL },
        { "alert-token", "alert-webhook", NULL },
        { "tls-client-crl", "tls-client-ca", NULL },
        { "prediction-log-sample", "prediction-log", NULL },
        { "prediction-log-size", "prediction-log", NULL },
        { "prediction-log-files", "prediction-log", NULL },
        { "alert-webhook", "no-drift", drift },
        { "alert-psi", "no-drift", drift },
        { "drift-window", "no-drift", drift },
    };
    return !cmd_pairs_refused(ctx, pairs, sizeof pairs / sizeof *pairs, argc, argv);
}

static bool take_counts(const struct cmd_context *ctx, const struct serve_flags *f)
{
    const struct mli_server_config *server = &f->server;
    const struct {
        const char *option;
        unsigned value; /* popt wrote an int there */
        int low, high;
    } rows[] = {
        { "port", server->port, 0, 65535 },
        { "threads", server->threads, 0, 256 },
        { "workers", server->workers, 0, 256 },
        { "max-inflight", server->max_inflight, 1, 1000000 },
        { "drift-window", f->drift_window, 100, 100000000 },
        { "versions", f->versions, 0, 1000 },
        { "max-rows", server->max_rows, 1, 10000000 },
        { "prediction-log-files", server->prediction_files, 2, 1000 },
        { "max-connections", server->max_connections, 1, 1000000 },
        { "max-per-address", server->max_per_address, 0, 1000000 },
        { "max-depth", server->max_depth, 3, 1000 },
        { "header-timeout", server->header_timeout, 1, 3600 },
        { "body-timeout", server->body_timeout, 1, 3600 },
        { "idle-timeout", server->idle_timeout, 1, 86400 },
        { "grace", server->grace, 0, 3600 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!in_range(ctx, rows[i].option, (int)rows[i].value, rows[i].low, rows[i].high))
            return false;
    return true;
}

static bool take_metrics_port(const struct cmd_context *ctx, struct serve_flags *f)
{
    f->server.metrics_apart = f->metrics_port != INT_MIN;
    if (!f->server.metrics_apart)
        return true;
    f->server.metrics_port = (unsigned)f->metrics_port;
    return in_range(ctx, "metrics-port", f->metrics_port, 0, 65535);
}

static bool take_numbers(const struct cmd_context *ctx, struct serve_flags *f)
{
    if (!take_metrics_port(ctx, f) || !take_counts(ctx, f) || !cmd_size(ctx, "max-body", f->max_body, &f->server.max_body) ||
        !cmd_size(ctx, "prediction-log-size", f->prediction_size, &f->server.prediction_size))
        return false;
    f->server.sandbox = !f->no_sandbox;
    f->server.say_ids = f->request_ids ? MLI_TRACE_ALL : MLI_TRACE_NOTHING;
    f->server.log = &ctx->log;
    return true;
}

/* Without keys all may predict and see the metrics; with a file of them nobody without one, unless --open says so. */
static bool take_access(const struct cmd_context *ctx, struct serve_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;

    if (f->server.tokens)
        f->server.open = 0;
    if (!f->open)
        return true;
    if (!f->server.tokens)
        ml_error_set(&err, ML_EUSAGE, "--open goes with --tokens FILE: without keys predict and metrics are open");
    else if (!mli_scopes_parse(f->open, strlen(f->open), &f->server.open))
        ml_error_set(&err, ML_EUSAGE, "--open \"%.60s\": expected predict, metrics or both", f->open);
    else
        return true;
    cmd_fail(ctx, &err);
    return false;
}

/* A name that no request can have would decide nothing [RFC 9110, 5.6.2]. */
static bool take_canary_header(const struct cmd_context *ctx, const char *name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    struct ml_error err = ML_ERROR_INIT;

    if (!name || (name[strspn(name, token)] == '\0' && strlen(name) <= 128))
        return true;
    ml_error_set(&err, ML_EUSAGE, "--canary-header \"%.60s\" is no name of a header field, like X-User", name);
    cmd_fail(ctx, &err);
    return false;
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool take_logs(const struct cmd_context *ctx, const struct mli_server_config *server)
{
    struct ml_error err = ML_ERROR_INIT;

    if (!(server->prediction_sample > 0 && server->prediction_sample <= 1))
        ml_error_set(&err, ML_EUSAGE, "--prediction-log-sample %g is not a share of the rows, which is above 0 and at most 1",
                     server->prediction_sample);
    else if (server->prediction_size < 4096)
        ml_error_set(&err, ML_EUSAGE, "--prediction-log-size %zu is too small: 4096 bytes or more", server->prediction_size);
    else if (same(server->access_log, server->audit_log) || same(server->access_log, server->prediction_log) ||
             same(server->audit_log, server->prediction_log))
        ml_error_set(&err, ML_EUSAGE, "two logs cannot go into one file: each of --access-log, --audit-log and --prediction-log wants its own");
    else
        return true;
    cmd_fail(ctx, &err);
    return false;
}

/* Of a second at most: a request is answered while somebody waits for it. */
static bool take_window(const struct cmd_context *ctx, struct serve_flags *f)
{
    static const struct {
        const char *unit;
        size_t nanoseconds, most;
    } rows[] = { { "us", 1000, 1000000 }, { "ms", 1000000, 1000 } };
    struct ml_error err = ML_ERROR_INIT;
    size_t digits = f->batch_window ? strspn(f->batch_window, "0123456789") : 0, value;
    if (!f->batch_window)
        return true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(f->batch_window + digits, rows[i].unit) == 0 && mli_num_parse_size(f->batch_window, digits, &value) &&
            value > 0 && value <= rows[i].most) {
            f->server.batch_window = value * rows[i].nanoseconds;
            return true;
        }
    ml_error_set(&err, ML_EUSAGE, "--batch-window \"%.40s\": expected a time with its unit, such as 200us, of at most 1000ms", f->batch_window);
    cmd_fail(ctx, &err);
    return false;
}

static bool take_nan(const struct cmd_context *ctx, struct serve_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;

    f->server.nan_tokens = strcmp(f->nan, "token") == 0;
    if (f->server.nan_tokens || strcmp(f->nan, "null") == 0)
        return true;
    ml_error_set(&err, ML_EUSAGE, "--nan \"%.40s\": expected null or token", f->nan);
    cmd_fail(ctx, &err);
    return false;
}

static bool take_tls(const struct cmd_context *ctx, const struct mli_server_config *server)
{
    struct ml_error err = ML_ERROR_INIT;

    if (!server->tls_cert == !server->tls_key && (server->tls_cert || !server->tls_client_ca))
        return true;
    ml_error_set(&err, ML_EUSAGE, server->tls_client_ca ? "--tls-client-ca goes with --tls-cert and --tls-key"
                                                        : "--tls-cert and --tls-key go together");
    cmd_fail(ctx, &err);
    return false;
}

static bool take_alerts(const struct cmd_context *ctx, struct serve_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;

    f->server.drift = !f->no_drift;
    if (!(f->server.alert_psi > 0 && f->server.alert_psi < 1000))
        ml_error_set(&err, ML_EUSAGE, "--alert-psi %g: expected a number above 0, such as 0.2", f->server.alert_psi);
    else if (!(f->server.alert_error_rate >= 0 && f->server.alert_error_rate < 1))
        ml_error_set(&err, ML_EUSAGE, "--alert-error-rate %g: expected a share of the requests below 1, such as 0.05", f->server.alert_error_rate);
    else
        return true;
    cmd_fail(ctx, &err);
    return false;
}

static bool take_rate(const struct cmd_context *ctx, struct serve_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;

    if (f->rate_burst && f->rate == 0)
        ml_error_set(&err, ML_EUSAGE, "--rate-burst goes with --rate-limit");
    else if (f->rate_burst == 0 && f->rate != 0 && !mli_rate_make(f->rate, 0, &f->server.rate))
        ml_error_set(&err, ML_EUSAGE, "--rate-limit %g is out of range: 0.001 to 1000000 requests a second", f->rate);
    else if (f->rate_burst < 0 || (f->rate != 0 && !mli_rate_make(f->rate, (unsigned)f->rate_burst, &f->server.rate)))
        ml_error_set(&err, ML_EUSAGE, "--rate-limit %g, --rate-burst %d: the first is 0.001 to 1000000 requests a second, the other 1 to 1000000",
                     f->rate, f->rate_burst);
    else
        return true;
    cmd_fail(ctx, &err);
    return false;
}

/* A whole number of the environment; false: the variable is not there, or err says that it is none. */
static bool take_number(const char *name, size_t low, size_t high, size_t *out, struct ml_error *err)
{
    const char *text = getenv(name);
    size_t number;
    if (!text)
        return false;
    if (mli_num_parse_size(text, strlen(text), &number) && number >= low && number <= high) {
        *out = number;
        return true;
    }
    ml_error_set(err, ML_EUSAGE, "%s in the environment is \"%.40s\", expected a whole number of %zu to %zu", name, text, low, high);
    return false;
}

void serve_flags_environment(struct serve_flags *f, struct ml_error *err)
{
    size_t number;

    f->server.predict_route = getenv("AIP_PREDICT_ROUTE");
    f->server.health_route = getenv("AIP_HEALTH_ROUTE");
    const char *accept = getenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT");
    f->server.invocations_accept = accept ? mli_content_accepted(accept) : MLI_MEDIA_OTHER;
    f->platform = getenv("AIP_HTTP_PORT") ? "AIP_HTTP_PORT" : getenv("SAGEMAKER_BIND_TO_PORT") ? "SAGEMAKER_BIND_TO_PORT" : NULL;
    if (f->platform && take_number(f->platform, 0, 65535, &number, err)) {
        f->server.port = (unsigned)number;
        f->server.address = "0.0.0.0";
    }
    const char *many = getenv("SAGEMAKER_MULTI_MODEL");
    f->server.multi_model = many && (strcasecmp(many, "true") == 0 || strcmp(many, "1") == 0);
    if (take_number("SAGEMAKER_MODEL_SERVER_WORKERS", 1, 256, &number, err))
        f->server.threads = (unsigned)number;
    if (take_number("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", 1, 86400, &number, err) ||
        take_number("SAGEMAKER_MODEL_SERVER_TIMEOUT", 1, 86400, &number, err))
        f->server.request_timeout = (double)number;
    if (take_number("SAGEMAKER_MAX_PAYLOAD_IN_MB", 1, 1024, &number, err)) {
        snprintf(f->payload, sizeof f->payload, "%zuM", number);
        f->max_body = f->payload;
    }
}

const char *serve_flags_model(const struct serve_flags *f, struct ml_error *err)
{
    static const char *const places[] = { "/opt/ml/model/" MLI_DISK_FILE, "/mnt/models/" MLI_DISK_FILE };
    bool said = strcmp(f->model, CMD_MODEL_DEFAULT) != 0;
    if (f->server.multi_model && !said)
        return "/opt/ml/models";
    if (said || access(f->model, F_OK) == 0)
        return f->model;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], F_OK) == 0)
            return places[i];
    const char *storage = getenv("AIP_STORAGE_URI");
    if (!storage || !*storage)
        return f->model;
    ml_error_set(err, ML_EUSAGE, "no model is here, nor at %s, and nothing is fetched from AIP_STORAGE_URI %.200s: put the model into the image",
                 places[0], storage);
    return NULL;
}

int serve_flags_take(const struct cmd_context *ctx, struct serve_flags *f, int argc, const char **argv)
{
    bool sense = take_pairs(ctx, argc, argv) && take_numbers(ctx, f) && take_access(ctx, f) && take_canary_header(ctx, f->server.canary_header) && take_rate(ctx, f) && take_nan(ctx, f) && take_window(ctx, f) && take_alerts(ctx, f) &&
                 take_tls(ctx, &f->server) && take_logs(ctx, &f->server);
    return sense ? CMD_CONTINUE : CMD_USAGE;
}
