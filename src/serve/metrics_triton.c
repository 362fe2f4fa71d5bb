/*
 * What dashboards made for Triton look for. Its counters have no _total, which OpenMetrics asks for, so they are in the older format
 * alone. Names and versions are of letters that need no escape (mli_name_valid()).
 */
#include <serve/metrics_text.h>

#include <serve/service.h>
#include <serve/tally.h>

static const struct {
    const char *name, *labels, *help;
    enum mli_tally_field field;
    unsigned per; /* of what is counted in one of these */
} rows[] = {
    { "nv_inference_request_success", "", "Requests for predictions that were answered.", MLI_TALLY_SUCCESS, 1 },
    { "nv_inference_request_failure", ",reason=\"OTHER\"", "Those that were not.", MLI_TALLY_FAILED, 1 },
    { "nv_inference_count", "", "Rows predicted.", MLI_TALLY_ROWS, 1 },
    { "nv_inference_exec_count", "", "Blocks of rows predicted.", MLI_TALLY_BLOCKS, 1 },
    { "nv_inference_request_duration_us", "", "Microseconds that answering took.", MLI_TALLY_SUCCESS_NS, 1000 },
    { "nv_inference_queue_duration_us", "", "Of them for waiting.", MLI_TALLY_QUEUE_NS, 1000 },
    { "nv_inference_compute_input_duration_us", "", "Of them for reading.", MLI_TALLY_INPUT_NS, 1000 },
    { "nv_inference_compute_infer_duration_us", "", "For predicting.", MLI_TALLY_INFER_NS, 1000 },
    { "nv_inference_compute_output_duration_us", "", "For writing.", MLI_TALLY_OUTPUT_NS, 1000 },
};

void mli_metrics_triton(const struct mli_metrics_writer *w, const struct mli_registry *registry)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !w->openmetrics; i++) {
        mli_buf_printf(w->out, "# HELP %s %s\n# TYPE %s counter\n", rows[i].name, rows[i].help, rows[i].name);
        for (size_t k = 0; k < registry->versions; k++) {
            const struct mli_served *served = registry->version[k].served;
            if (served)
                mli_buf_printf(w->out, "%s{model=\"%s\",version=\"%s\"%s} %llu\n", rows[i].name, served->name, served->version,
                               rows[i].labels, (unsigned long long)mli_tally_get(served->tally, rows[i].field) / rows[i].per);
        }
    }
}
