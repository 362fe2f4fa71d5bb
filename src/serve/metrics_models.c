/* Names and versions are of letters that need no escape (mli_name_valid()). */
#include <serve/metrics_text.h>

#include <serve/service.h>
#include <serve/tally.h>
#include <stdio.h>
#include <string.h>

#define LABEL_BYTES ((size_t)256) /* names of many targets are longer */

/* The beginning of a label's value, whole letters of it. */
static void add_cut(struct mli_buf *out, const char *value)
{
    char cut[LABEL_BYTES + 4];
    size_t n = strlen(value);

    if (n > LABEL_BYTES) {
        for (n = LABEL_BYTES; n > 0 && ((unsigned char)value[n] & 0xC0) == 0x80; n--)
            continue;
        snprintf(cut, sizeof(cut), "%.*s...", (int)n, value);
        value = cut;
    }
    mli_metrics_label(out, value);
}

static void add_info(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    const struct ml_model *model = served->model;

    const char *kind = json_string_value(json_object_get(model->record, "kind"));

    mli_buf_str(w->out, "mlctl_model_info{sha256=");
    mli_metrics_label(w->out, model->sha256);
    mli_buf_str(w->out, ",target=");
    add_cut(w->out, model->target_names);
    mli_buf_printf(w->out, ",task=\"%s\",version=\"%s\",model=\"%s\",model_version=\"%s\",kind=",
                   mli_model_task(model), ML_VERSION, served->name, served->version);
    mli_metrics_label(w->out, kind ? kind : "");
    mli_buf_str(w->out, "} 1\n");
}

static void add_requests(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    static const struct {
        const char *outcome;
        enum mli_tally_field field;
    } rows[] = { { "success", MLI_TALLY_SUCCESS }, { "failure", MLI_TALLY_FAILED } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        mli_buf_printf(w->out, "mlctl_model_requests_total{model=\"%s\",model_version=\"%s\",outcome=\"%s\"} %llu\n",
                       served->name, served->version, rows[i].outcome,
                       (unsigned long long)mli_tally_get(served->tally, rows[i].field));
}

static void add_rows(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    mli_buf_printf(w->out, "mlctl_model_rows_total{model=\"%s\",model_version=\"%s\"} %llu\n", served->name,
                   served->version, (unsigned long long)mli_tally_get(served->tally, MLI_TALLY_ROWS));
}

static void add_queue(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    mli_buf_printf(w->out, "mlctl_model_queue_seconds_total{model=\"%s\",model_version=\"%s\"} ", served->name, served->version);
    mli_buf_number(w->out, (double)mli_tally_get(served->tally, MLI_TALLY_QUEUE_NS) / 1e9);
    mli_buf_char(w->out, '\n');
}

/* A histogram whose sum is the requests and whose count the batches. */
static void add_batches(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    static const char name[] = "mlctl_model_batch_requests";
    const struct mli_together_counts *counts = &served->tally->together;
    char labels[2 * MLI_NAME_MAX + 40];
    unsigned long long total = 0;

    snprintf(labels, sizeof(labels), "model=\"%s\",model_version=\"%s\"", served->name, served->version);
    for (size_t size = 0; size < MLI_TALLY_TOGETHER; size++) {
        total += atomic_load_explicit(&counts->batches[size], memory_order_relaxed);
        mli_buf_printf(w->out, "%s_bucket{%s,le=\"%zu.0\"} %llu\n", name, labels, (size_t)1 << size, total);
    }
    mli_buf_printf(w->out, "%s_bucket{%s,le=\"+Inf\"} %llu\n%s_sum{%s} %llu\n%s_count{%s} %llu\n", name, labels, total, name,
                   labels, (unsigned long long)atomic_load_explicit(&counts->requests, memory_order_relaxed), name, labels, total);
}

static uint64_t count_of(const struct mli_tally *tally, enum mli_protocol protocol)
{
    uint64_t total = 0;

    for (size_t b = 0; b < MLI_METRIC_BUCKETS; b++)
        total += mli_tally_bucket(tally, protocol, b);
    return total;
}

/* model: its labels. */
static void add_protocol(const struct mli_metrics_writer *w, const struct mli_tally *tally, const char *model,
                         enum mli_protocol protocol)
{
    static const char name[] = "mlctl_model_request_duration_seconds";
    unsigned long long total = 0;
    char labels[2 * MLI_NAME_MAX + 80];

    snprintf(labels, sizeof(labels), "%s,protocol=\"%s\"", model, mli_protocol_names[protocol]);
    for (size_t b = 0; b < MLI_METRIC_BUCKETS; b++) {
        total += mli_tally_bucket(tally, protocol, b);
        mli_buf_printf(w->out, "%s_bucket{%s,le=\"%s\"} %llu\n", name, labels, mli_metrics_bounds[b].text, total);
    }
    mli_buf_printf(w->out, "%s_sum{%s} ", name, labels);
    mli_buf_number(w->out, (double)(mli_tally_get_of(tally, protocol, MLI_TALLY_SUCCESS_NS) +
                                    mli_tally_get_of(tally, protocol, MLI_TALLY_FAILED_NS)) / 1e9);
    mli_buf_printf(w->out, "\n%s_count{%s} %llu\n", name, labels, total);
}

/* A protocol that nobody has spoken has no line. */
static void add_durations(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    char labels[2 * MLI_NAME_MAX + 40];

    snprintf(labels, sizeof(labels), "model=\"%s\",model_version=\"%s\"", served->name, served->version);
    for (size_t p = 0; p < MLI_PROTOCOLS; p++) {
        if (mli_tally_place(served->tally, (enum mli_protocol)p) == MLI_TALLY_OWN &&
            count_of(served->tally, (enum mli_protocol)p) > 0)
            add_protocol(w, served->tally, labels, (enum mli_protocol)p);
    }
}

/* Behind those of the versions: the durations of what is not told apart, which have no version. */
static void add_others(const struct mli_metrics_writer *w, const struct mli_registry *registry)
{
    static const char left_out[] = "mlctl_model_histograms_left_out";
    const struct mli_tally *others = mli_catalog_others(w->service->catalog);
    size_t n = 0;

    for (size_t p = 0; p < MLI_PROTOCOLS; p++) {
        if (count_of(others, (enum mli_protocol)p) > 0)
            add_protocol(w, others, "model=\"other\"", (enum mli_protocol)p);
        for (size_t k = 0; k < registry->versions; k++) {
            const struct mli_served *served = registry->version[k].served;
            n += served && mli_tally_place(served->tally, (enum mli_protocol)p) == MLI_TALLY_OTHERS;
        }
    }
    mli_metrics_head(w, left_out, "gauge",
                     "Versions by protocol whose durations are not told apart, for there are too many: they are in model=\"other\".");
    mli_buf_printf(w->out, "%s %zu\n", left_out, n);
}

static void add_loads(const struct mli_metrics_writer *w)
{
    const struct mli_catalog_counts counts = mli_catalog_counts(w->service->catalog);

    mli_metrics_head(w, "mlctl_model_loads", "counter", "Model files read to be served, by what came of it.");
    mli_buf_printf(w->out,
                   "mlctl_model_loads_total{outcome=\"served\"} %llu\n"
                   "mlctl_model_loads_total{outcome=\"refused\"} %llu\n",
                   (unsigned long long)counts.loads, (unsigned long long)counts.refusals);
}

static void add_together(const struct mli_metrics_writer *w, const struct mli_registry *registry)
{
    mli_metrics_head(w, "mlctl_model_batch_requests", "histogram", "Requests that went through the network together.");
    for (size_t k = 0; k < registry->versions; k++) {
        const struct mli_served *served = registry->version[k].served;
        if (served && served->group)
            add_batches(w, served);
    }
}

void mli_metrics_models(const struct mli_metrics_writer *w, const struct mli_registry *registry)
{
    static const struct {
        const char *name, *type, *help;
        void (*add)(const struct mli_metrics_writer *w, const struct mli_served *served);
    } rows[] = {
        { "mlctl_model_info", "gauge", "A model that answers; always 1.", add_info },
        { "mlctl_model_requests", "counter", "Requests for predictions, by model and outcome.", add_requests },
        { "mlctl_model_rows", "counter", "Rows predicted, by model.", add_rows },
        { "mlctl_model_queue_seconds", "counter", "Seconds that requests waited for a worker, by model.", add_queue },
        { "mlctl_model_request_duration_seconds", "histogram",
          "Seconds it took to answer a request for predictions, by model and protocol.", add_durations },
    };

    add_loads(w);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mli_metrics_head(w, rows[i].name, rows[i].type, rows[i].help);
        for (size_t k = 0; k < registry->versions; k++) {
            if (registry->version[k].served)
                rows[i].add(w, registry->version[k].served);
        }
    }
    add_others(w, registry); /* the durations were the last */
    if (w->service->seats)
        add_together(w, registry);
    mli_metrics_shadows(w, registry);
    mli_metrics_drift(w, registry);
    mli_metrics_triton(w, registry);
}
