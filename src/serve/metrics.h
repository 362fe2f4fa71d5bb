/*
 * Metrics: counters of one loop thread. Only that thread writes them and any thread may read them, so a plain relaxed
 * load and store is enough. Text for Prometheus (format 0.0.4) and OpenMetrics 1.0.
 */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

#include <base/buf.h>
#include <serve/error_rate.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MLI_METRIC_ROUTES 96 /* rows of the route table, and one for every other path */
#define MLI_METRIC_STATUSES                                                                        \
    24 /* rows of the status table in metrics.c, and one for every other status */
#define MLI_METRIC_BUCKETS 17 /* upper bounds in metrics.c, and infinity */

struct mli_route_metrics {
    _Atomic uint64_t requests[MLI_METRIC_STATUSES];
    _Atomic uint64_t bucket[MLI_METRIC_BUCKETS]; /* not cumulative */
    _Atomic uint64_t nanoseconds;
};

struct mli_metrics {
    struct mli_route_metrics route[MLI_METRIC_ROUTES];
    _Atomic uint64_t rows, missing, unknown, faults;
    _Atomic uint64_t started, ended; /* requests; the difference is in flight */
};

/* Nanoseconds of the monotonic clock. */
uint64_t mli_clock(void);

/* By the one thread that writes this counter. */
static inline void mli_count(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

/* A request was answered: route index, HTTP status, time since its first line. */
void mli_metrics_request(struct mli_metrics *metrics, size_t route, unsigned status,
                         uint64_t nanoseconds);

/* The bucket of a duration. */
size_t mli_metrics_bucket(uint64_t nanoseconds);

struct mli_service;
struct mli_registry;
/* Requests for predictions, by whatever protocol. */
struct mli_answers mli_metrics_answers(const struct mli_service *service);
/* All metrics of the server as text, with the models of that registry. */
void mli_metrics_write(const struct mli_service *service, const struct mli_registry *registry,
                       bool openmetrics, struct mli_buf *out);

#endif
