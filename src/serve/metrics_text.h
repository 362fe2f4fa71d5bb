/* What the parts of the metrics text share: metrics.c writes the server's, metrics_models.c those of the models. */
#ifndef SERVE_METRICS_TEXT_H
#define SERVE_METRICS_TEXT_H

#include <serve/metrics.h>
#include <serve/registry.h>

struct mli_metrics_writer {
    const struct mli_service *service;
    bool openmetrics;
    struct mli_buf *out;
};

struct mli_metrics_bound {
    uint64_t nanoseconds;
    const char *text; /* le, in the canonical form of OpenMetrics */
};
extern const struct mli_metrics_bound mli_metrics_bounds[]; /* MLI_METRIC_BUCKETS of them, the last without end */

/* The lines before the samples of a metric; type: counter, gauge, histogram. */
void mli_metrics_head(const struct mli_metrics_writer *w, const char *name, const char *type, const char *help);
/* A label's value in quotes: backslash, quote and line feed are escaped. */
void mli_metrics_label(struct mli_buf *out, const char *value);

/* ---- metrics_models.c ---- */

void mli_metrics_models(const struct mli_metrics_writer *w, const struct mli_registry *registry);

/* ---- metrics_drift.c ---- */

void mli_metrics_drift(const struct mli_metrics_writer *w, const struct mli_registry *registry);

/* ---- metrics_triton.c ---- */

void mli_metrics_triton(const struct mli_metrics_writer *w, const struct mli_registry *registry);

/* ---- metrics_shadow.c ---- */

void mli_metrics_shadows(const struct mli_metrics_writer *w, const struct mli_registry *registry);

#endif
