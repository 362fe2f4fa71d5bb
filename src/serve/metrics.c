/*
 * Exposition formats: https://prometheus.io/docs/instrumenting/exposition_formats (0.0.4) and OpenMetrics 1.0. They
 * differ in the name on a counter's TYPE and HELP lines (without _total in OpenMetrics) and in the last line (# EOF).
 */
#include <serve/metrics.h>

#include <serve/metrics_text.h>
#include <serve/process.h>
#include <serve/routes.h>
#include <string.h>
#include <time.h>

static const unsigned statuses[] = { 200, 204, 400, 401, 403, 404, 405, 409, 411, 413, 414, 415,
                                     417, 429, 431, 500, 501, 503, 504, 505, 507 };
enum { STATUSES = sizeof(statuses) / sizeof(statuses[0]) };
_Static_assert(STATUSES < MLI_METRIC_STATUSES, "one more for every other status");

const struct mli_metrics_bound mli_metrics_bounds[] = {
    { 100000, "0.0001" },   { 250000, "0.00025" }, { 500000, "0.0005" },  { 1000000, "0.001" },
    { 2500000, "0.0025" },  { 5000000, "0.005" },  { 10000000, "0.01" },  { 25000000, "0.025" },
    { 50000000, "0.05" },   { 100000000, "0.1" },  { 250000000, "0.25" }, { 500000000, "0.5" },
    { 1000000000, "1.0" },  { 2500000000, "2.5" }, { 5000000000, "5.0" }, { 10000000000, "10.0" },
    { UINT64_MAX, "+Inf" },
};
enum { BUCKETS = sizeof(mli_metrics_bounds) / sizeof(mli_metrics_bounds[0]) };
_Static_assert(BUCKETS == MLI_METRIC_BUCKETS, "a counter a bucket");

uint64_t mli_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

size_t mli_metrics_bucket(uint64_t nanoseconds)
{
    size_t b = 0;

    while (nanoseconds > mli_metrics_bounds[b].nanoseconds)
        b++;
    return b;
}

void mli_metrics_request(struct mli_metrics *metrics, size_t route, unsigned status,
                         uint64_t nanoseconds)
{
    struct mli_route_metrics *of = &metrics->route[route];
    size_t s = 0;

    while (s < STATUSES && statuses[s] != status)
        s++;
    mli_count(&of->requests[s], 1);
    mli_count(&of->bucket[mli_metrics_bucket(nanoseconds)], 1);
    mli_count(&of->nanoseconds, nanoseconds);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The sum over the threads of the counter at `offset` bytes into their metrics. */
static uint64_t sum(const struct mli_metrics_writer *w, size_t offset)
{
    uint64_t total = 0;

    for (size_t i = 0; i < w->service->workers; i++)
        total +=
            get((const _Atomic uint64_t *)((const char *)&w->service->worker[i].metrics + offset));
    return total;
}

/* Backslash, quote and line feed are escaped in a label's value. */
void mli_metrics_label(struct mli_buf *out, const char *value)
{
    mli_buf_char(out, '"');
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            mli_buf_char(out, '\\');
        if (*value == '\n')
            mli_buf_str(out, "\\n");
        else
            mli_buf_char(out, *value);
    }
    mli_buf_char(out, '"');
}

void mli_metrics_head(const struct mli_metrics_writer *w, const char *name, const char *type, const char *help)
{
    const char *suffix = !w->openmetrics && strcmp(type, "counter") == 0 ? "_total" : "";

    mli_buf_printf(w->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
                   type);
}

static void add_counter(const struct mli_metrics_writer *w, const char *name, const char *help, uint64_t value)
{
    mli_metrics_head(w, name, "counter", help);
    mli_buf_printf(w->out, "%s_total %llu\n", name, (unsigned long long)value);
}

static void add_gauge(const struct mli_metrics_writer *w, const char *name, const char *help, double value)
{
    mli_metrics_head(w, name, "gauge", help);
    mli_buf_printf(w->out, "%s ", name);
    mli_buf_number(w->out, value);
    mli_buf_char(w->out, '\n');
}

static bool is_error(unsigned status)
{
    return status >= 500 && status != 501 && status != 505;
}

struct mli_answers mli_metrics_answers(const struct mli_service *service)
{
    struct mli_answers answers = { 0 };

    for (size_t i = 0; i < service->workers * mli_route_count; i++) {
        const size_t route = i % mli_route_count;
        if (mli_routes[route].takes == MLI_TAKES_NOTHING || mli_routes[route].scope != MLI_SCOPE_PREDICT)
            continue;
        for (size_t s = 0; s <= STATUSES; s++) {
            const uint64_t n = get(&service->worker[i / mli_route_count].metrics.route[route].requests[s]);
            answers.all += n;
            answers.failed += s < STATUSES && is_error(statuses[s]) ? n : 0;
        }
    }
    return answers;
}

static const char *route_name(size_t route)
{
    return route < mli_route_count ? mli_routes[route].path : "other";
}

static size_t route_offset(size_t route)
{
    return offsetof(struct mli_metrics, route) + route * sizeof(struct mli_route_metrics);
}

static void add_requests(const struct mli_metrics_writer *w)
{
    mli_metrics_head(w, "mlctl_http_requests", "counter", "Requests answered, by route and status code.");
    for (size_t route = 0; route <= mli_route_count; route++) {
        for (size_t s = 0; s <= STATUSES; s++) {
            uint64_t n = sum(w, route_offset(route) + offsetof(struct mli_route_metrics, requests) +
                                    s * sizeof(_Atomic uint64_t));
            if (n == 0)
                continue;
            mli_buf_printf(w->out, "mlctl_http_requests_total{route=\"%s\",code=\"",
                           route_name(route));
            if (s < STATUSES)
                mli_buf_printf(w->out, "%u", statuses[s]);
            else
                mli_buf_str(w->out, "other");
            mli_buf_printf(w->out, "\"} %llu\n", (unsigned long long)n);
        }
    }
}

static void add_durations_of(const struct mli_metrics_writer *w, size_t route)
{
    static const char name[] = "mlctl_http_request_duration_seconds";
    uint64_t total = 0, n[BUCKETS];

    for (size_t b = 0; b < BUCKETS; b++) {
        n[b] = sum(w, route_offset(route) + offsetof(struct mli_route_metrics, bucket) +
                          b * sizeof(_Atomic uint64_t));
        total += n[b];
    }
    if (total == 0)
        return;
    total = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        total += n[b];
        mli_buf_printf(w->out, "%s_bucket{route=\"%s\",le=\"%s\"} %llu\n", name, route_name(route),
                       mli_metrics_bounds[b].text, (unsigned long long)total);
    }
    mli_buf_printf(w->out, "%s_sum{route=\"%s\"} ", name, route_name(route));
    mli_buf_number(w->out, (double)sum(w, route_offset(route) +
                                              offsetof(struct mli_route_metrics, nanoseconds)) /
                               1e9);
    mli_buf_printf(w->out, "\n%s_count{route=\"%s\"} %llu\n", name, route_name(route),
                   (unsigned long long)total);
}

static void add_durations(const struct mli_metrics_writer *w)
{
    mli_metrics_head(w, "mlctl_http_request_duration_seconds", "histogram",
             "Seconds from a request's first line to its answer, by route.");
    for (size_t route = 0; route <= mli_route_count; route++)
        add_durations_of(w, route);
}

static void add_rows(const struct mli_metrics_writer *w)
{
    add_counter(w, "mlctl_rows", "Rows predicted.", sum(w, offsetof(struct mli_metrics, rows)));
    add_counter(w, "mlctl_missing_cells",
                "Cells of predicted rows that were missing and filled in.",
                sum(w, offsetof(struct mli_metrics, missing)));
    add_counter(w, "mlctl_unknown_categories",
                "Cells of predicted rows with a category that training did not see.",
                sum(w, offsetof(struct mli_metrics, unknown)));
    add_counter(w, "mlctl_refused_cells", "Cells that did not fit their column.",
                sum(w, offsetof(struct mli_metrics, faults)));
}

static void add_connections(const struct mli_metrics_writer *w)
{
    static const char *const phases[MLI_PHASES] = { [MLI_PHASE_FIRST] = "first",
                                                    [MLI_PHASE_IDLE] = "idle",
                                                    [MLI_PHASE_HEAD] = "head",
                                                    [MLI_PHASE_BODY] = "body",
                                                    [MLI_PHASE_SEND] = "send" };
    const struct mli_connections *table = w->service->connections;

    add_gauge(w, "mlctl_connections", "Open connections.", (double)mli_connections_count(table));
    add_counter(w, "mlctl_connections_accepted", "Connections accepted.", get(&table->accepted));
    mli_metrics_head(w, "mlctl_connections_refused", "counter", "Connections answered 503 or 429 at once.");
    mli_buf_printf(w->out,
                   "mlctl_connections_refused_total{reason=\"full\"} %llu\n"
                   "mlctl_connections_refused_total{reason=\"address\"} %llu\n",
                   (unsigned long long)get(&table->refused_full),
                   (unsigned long long)get(&table->refused_address));
    mli_metrics_head(w, "mlctl_connections_expired", "counter",
             "Connections closed at a deadline, by what was awaited.");
    for (size_t i = 0; i < MLI_PHASES; i++) {
        if (phases[i])
            mli_buf_printf(w->out, "mlctl_connections_expired_total{awaiting=\"%s\"} %llu\n",
                           phases[i], (unsigned long long)get(&table->expired[i]));
    }
}

/* Models have a counter of their own. */
static void add_reloads(const struct mli_metrics_writer *w)
{
    static const char *const files[MLI_FILES] = { [MLI_FILES_TOKENS] = "tokens",
                                                  [MLI_FILES_CERTIFICATES] = "certificates" };
    static const char *const outcomes[] = { "refused", "taken" };

    mli_metrics_head(w, "mlctl_file_reloads", "counter", "Files read again because they changed, by what came of it.");
    for (size_t f = 0; f < MLI_FILES; f++) {
        for (size_t o = 0; o < 2; o++)
            mli_buf_printf(w->out, "mlctl_file_reloads_total{files=\"%s\",outcome=\"%s\"} %llu\n", files[f],
                           outcomes[o], (unsigned long long)get(&w->service->reloads[f][o]));
    }
}

static void add_log(const struct mli_metrics_writer *w, const char *metric, const char *log, uint64_t lines)
{
    mli_buf_printf(w->out, "%s_total{log=\"%s\"} %llu\n", metric, log, (unsigned long long)lines);
}

static void add_logs(const struct mli_metrics_writer *w)
{
    static const char lines[] = "mlctl_log_lines", dropped[] = "mlctl_log_dropped_lines";
    const struct mli_audit *audit = w->service->audit;

    const struct {
        const char *name;
        const struct mli_journal *journal;
    } rows[] = { { "access", w->service->access_log }, { "predictions", w->service->prediction_log } };
    const size_t n = sizeof(rows) / sizeof(rows[0]);

    mli_metrics_head(w, lines, "counter", "Lines written to a log.");
    for (size_t i = 0; i < n; i++) {
        if (rows[i].journal)
            add_log(w, lines, rows[i].name, mli_journal_written(rows[i].journal));
    }
    if (audit)
        add_log(w, lines, "audit", mli_audit_written(audit));
    mli_metrics_head(w, dropped, "counter", "Lines that a log had no room for, or could not be written.");
    for (size_t i = 0; i < n; i++) {
        if (rows[i].journal)
            add_log(w, dropped, rows[i].name, mli_journal_dropped(rows[i].journal));
    }
    if (audit)
        add_log(w, dropped, "audit", mli_audit_dropped(audit));
}

static void add_process(const struct mli_metrics_writer *w)
{
    struct mli_process process;

    if (!mli_process_read(&process))
        return;
    mli_metrics_head(w, "process_cpu_seconds", "counter", "Processor time, user and system.");
    mli_buf_str(w->out, "process_cpu_seconds_total ");
    mli_buf_number(w->out, process.cpu_seconds);
    mli_buf_char(w->out, '\n');
    add_gauge(w, "process_open_fds", "Open file descriptors.", process.open_fds);
    add_gauge(w, "process_max_fds", "Most file descriptors that may be open.", process.max_fds);
    add_gauge(w, "process_virtual_memory_bytes", "Virtual memory.", process.virtual_bytes);
    add_gauge(w, "process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
    add_gauge(w, "process_start_time_seconds", "Start, in seconds since 1970.",
              process.start_seconds);
    add_gauge(w, "process_threads", "Threads.", process.threads);
}

void mli_metrics_write(const struct mli_service *service, const struct mli_registry *registry,
                       bool openmetrics, struct mli_buf *out)
{
    const struct mli_metrics_writer w = { service, openmetrics, out };

    add_requests(&w);
    add_durations(&w);
    add_rows(&w);
    /* ended first: a request that starts between the two readings must not count as less than none */
    uint64_t ended = sum(&w, offsetof(struct mli_metrics, ended));
    add_gauge(&w, "mlctl_http_requests_in_flight", "Requests begun and not yet done.",
              (double)(sum(&w, offsetof(struct mli_metrics, started)) - ended));
    if (service->pool) {
        add_gauge(&w, "mlctl_large_requests_in_flight", "Large requests that wait for a worker or are with one.",
                  (double)mli_pool_inside(service->pool));
        add_gauge(&w, "mlctl_large_requests_queued", "Of them, those that wait.", (double)mli_pool_waiting(service->pool));
    }
    if (service->clerk)
        add_gauge(&w, "mlctl_model_changes_in_flight", "Changes of models that have been asked for and not made yet.",
                  (double)mli_pool_inside(service->clerk));
    if (service->connections)
        add_connections(&w);
    add_gauge(&w, "mlctl_ready", "1 if ready, 0 while draining or without a model.",
              mli_service_unready(service, registry) ? 0 : 1);
    add_reloads(&w);
    add_logs(&w);
    if (service->tls)
        add_gauge(&w, "mlctl_tls_certificate_expiry_timestamp_seconds",
                  "When the server's certificate expires, in seconds since 1970.", mli_tls_expires(service->tls));
    mli_metrics_models(&w, registry);
    add_process(&w);
    if (openmetrics)
        mli_buf_str(out, "# EOF\n");
}
