#include <serve/v1.h>

#include <base/raw.h>
#include <serve/columns.h>
#include <serve/outputs.h>
#include <serve/results.h>
#include <serve/row.h>
#include <serve/sink.h>
#include <string.h>

/* ---- pages ------------------------------------------------------------------------------------------------------- */

void mli_v1_alive(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply)
{
    (void)service, (void)worker, (void)request;
    mli_reply_json(reply, "{\"status\":\"alive\"}\n");
}

static void add_status(struct mli_buf *out, const struct mli_version *version, bool draining)
{
    const char *reason = version->reason && !version->served ? version->reason : "";

    mli_buf_printf(out, "{\"version\":\"%s\",\"state\":\"%s\",\"status\":{\"error_code\":\"%s\",\"error_message\":",
                   version->version,
                   !version->served ? "END" : draining ? "UNLOADING" : "AVAILABLE",
                   *reason ? "UNKNOWN" : "OK");
    mli_buf_json_string(out, reason, strlen(reason));
    mli_buf_str(out, "}}");
}

/* KServe's answer and TensorFlow Serving's in one object. */
void mli_v1_status(const struct mli_service *service, struct mli_worker *worker,
                   const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_lineup *lineup = request->lineup;
    bool draining = atomic_load(&service->draining);

    (void)worker;
    mli_reply_json(reply, "");
    reply->status = draining ? 503 : 200;
    mli_buf_printf(&reply->body, "{\"name\":\"%s\",\"ready\":%s,\"model_version_status\":[", lineup->name,
                   draining ? "false" : "true");
    if (request->versioned) {
        add_status(&reply->body, &request->registry->version[request->place], draining);
    } else {
        for (size_t i = 0; i < lineup->count; i++) {
            mli_buf_str(&reply->body, i > 0 ? "," : "");
            add_status(&reply->body, &request->registry->version[lineup->first + i], draining);
        }
    }
    mli_buf_printf(&reply->body, "]%s}\n", draining ? ",\"error\":\"the server is about to stop\"" : "");
}

static void add_tensor(struct mli_buf *out, const char *name, bool text, size_t width)
{
    mli_buf_json_string(out, name, strlen(name));
    mli_buf_printf(out,
                   ":{\"dtype\":\"%s\",\"tensor_shape\":{\"dim\":[{\"size\":\"-1\",\"name\":\"\"}",
                   text ? "DT_STRING" : "DT_DOUBLE");
    if (width > 1)
        mli_buf_printf(out, ",{\"size\":\"%zu\",\"name\":\"\"}", width);
    mli_buf_str(out, "],\"unknown_rank\":false},\"name\":");
    mli_buf_json_string(out, name, strlen(name));
    mli_buf_char(out, '}');
}

void mli_v1_metadata(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply)
{
    const struct mli_served *served = request->served;
    struct mli_buf *out = &reply->body;

    (void)service, (void)worker;
    mli_reply_json(reply, "");
    mli_buf_printf(
        out,
        "{\"model_spec\":{\"name\":\"%s\",\"signature_name\":\"\",\"version\":\"%s\"},"
        "\"metadata\":{\"signature_def\":{\"signature_def\":{\"serving_default\":{\"inputs\":{",
        served->name, served->version);
    for (size_t i = 0; i < served->schema->count; i++) {
        const struct mli_field *field = &served->schema->field[i];
        if (i > 0)
            mli_buf_char(out, ',');
        add_tensor(out, field->name, field->type != ML_TYPE_NUMBER, 1);
    }
    mli_buf_str(out, "},\"outputs\":{");
    for (size_t i = 0; i < served->outputs; i++) {
        if (i > 0)
            mli_buf_char(out, ',');
        add_tensor(out, served->output[i].name, served->output[i].label, served->output[i].width);
    }
    mli_buf_str(out, "},\"method_name\":\"tensorflow/serving/predict\",\"defaults\":{}}}}}}\n");
}

/* What TensorFlow Serving says of no body at all. */
static enum ml_status check_body(const struct mli_request *request, struct ml_error *err)
{
    return request->len > 0 ? ML_OK : ml_error_set(err, ML_EDATA, "JSON Parse error: The document is empty");
}

/* ---- predict ----------------------------------------------------------------------------------------------------- */

static void write_column(struct mli_buf *out, const struct mli_output *output, const double *P,
                         size_t rows, size_t width)
{
    for (size_t r = 0; r < rows; r++) {
        mli_buf_char(out, r == 0 ? '[' : ',');
        if (output->width > 1)
            mli_buf_char(out, '[');
        mli_output_json(out, output, P + r * width);
        if (output->width > 1)
            mli_buf_char(out, ']');
    }
    mli_buf_char(out, ']');
}

/* One output: its values. Several: an object of them. */
static void write_outputs(struct mli_buf *out, const struct mli_served *served, const double *P,
                          size_t rows)
{
    size_t width = ml_model_width(served->model);

    mli_buf_str(out, "{\"outputs\":");
    for (size_t i = 0; i < served->outputs; i++) {
        const struct mli_output *output = &served->output[i];
        if (served->outputs > 1) {
            mli_buf_char(out, i == 0 ? '{' : ',');
            mli_buf_json_string(out, output->name, strlen(output->name));
            mli_buf_char(out, ':');
        }
        write_column(out, output, P, rows, width);
    }
    mli_buf_str(out, served->outputs > 1 ? "}}\n" : "}\n");
}

static void answer_columns(const struct mli_service *service, struct mli_worker *worker,
                           const struct mli_request *request, struct mli_scan *inputs,
                           struct mli_reply *reply)
{
    struct ml_error err = ML_ERROR_INIT;
    MLI_RAW struct mli_intake intake;
    const double *P;

    mli_intake_init(&intake, worker, service->config.max_rows);
    intake.typed = true;
    mli_results_begin(&intake);
    enum ml_status status = mli_scan_peek(inputs) == '{' ? mli_columns_read(inputs, &intake, &err)
                                                         : mli_row_read_list(inputs, &intake, &err);
    if (status == ML_OK)
        status = mli_results_end(&intake, &P, &err);
    if (mli_reply_done(reply, &intake, status, &err))
        write_outputs(&reply->body, request->served, P, intake.rows);
}

void mli_v1_predict(const struct mli_service *service, struct mli_worker *worker,
                    const struct mli_request *request, struct mli_reply *reply)
{
    enum { INSTANCES, INPUTS, MEMBERS };
    struct mli_scan_wanted wanted[MEMBERS] = { { .name = "instances" }, { .name = "inputs" } };
    struct mli_scan scan = mli_scan_of(request->body, request->len, service->config.max_depth);
    struct ml_error err = ML_ERROR_INIT;
    MLI_RAW struct mli_sink sink;

    if (check_body(request, &err) != ML_OK || !mli_scan_members(&scan, wanted, MEMBERS) || !mli_scan_end(&scan)) {
        mli_scan_error(&scan, &err);
        mli_reply_failure(reply, &err, NULL);
    } else if (wanted[INSTANCES].found == wanted[INPUTS].found) {
        mli_reply_error(
            reply, 400,
            "expected either \"instances\", a list of rows, or \"inputs\", an object of "
            "columns; found %s",
            wanted[INPUTS].found ? "both" : "neither");
    } else if (wanted[INPUTS].found) {
        answer_columns(service, worker, request, &wanted[INPUTS].at, reply);
    } else {
        mli_sink_begin(&sink, service, worker, request, reply, MLI_FORM_PREDICTIONS);
        mli_sink_end(&sink, mli_row_read_list(&wanted[INSTANCES].at, &sink.intake, &err), &err);
    }
}

/* ---- classify and regress ---------------------------------------------------------------------------------------- */

/* Rows of "examples". True: P has their predictions; false: the reply says why not. */
static bool read_examples(const struct mli_service *service, struct mli_worker *worker,
                          const struct mli_request *request, struct mli_reply *reply,
                          const double **P, size_t *rows)
{
    struct mli_scan_wanted wanted[] = { { .name = "examples" } };
    struct mli_scan scan = mli_scan_of(request->body, request->len, service->config.max_depth);
    struct ml_error err = ML_ERROR_INIT;
    enum ml_status status = ML_OK;
    MLI_RAW struct mli_intake intake;

    mli_intake_init(&intake, worker, service->config.max_rows);
    intake.typed = true;
    mli_results_begin(&intake);
    if (check_body(request, &err) != ML_OK || !mli_scan_members(&scan, wanted, 1) || !mli_scan_end(&scan))
        status = mli_scan_error(&scan, &err);
    else if (!wanted[0].found)
        status = ml_error_set(&err, ML_EDATA, "\"examples\", a list of rows, is missing");
    else
        status = mli_row_read_list(&wanted[0].at, &intake, &err);
    if (status == ML_OK)
        status = mli_results_end(&intake, P, &err);
    *rows = intake.rows;
    return mli_reply_done(reply, &intake, status, &err);
}

static void add_classes(struct mli_buf *out, const struct mli_output *label, const double *p)
{
    const struct mli_model_target *target = label->target;
    const struct mli_output number = { .width = 1 };

    for (size_t k = 0; k < target->classes; k++) {
        mli_buf_char(out, k == 0 ? '[' : ',');
        mli_buf_char(out, '[');
        mli_buf_str(out, label->label_json[k]);
        mli_buf_char(out, ',');
        mli_output_json(out, &number, p + k);
        mli_buf_char(out, ']');
    }
    mli_buf_char(out, ']');
}

static void answer_examples(const struct mli_service *service, struct mli_worker *worker,
                            const struct mli_request *request, struct mli_reply *reply,
                            bool classes)
{
    const struct mli_served *served = request->served;
    const struct mli_output *first = &served->output[0];
    const double *P;
    size_t rows;

    if (served->model->targets > 1) {
        mli_reply_error(reply, 400, "the model has %zu targets: use :predict",
                        served->model->targets);
        return;
    }
    if (first->label != classes) {
        mli_reply_error(reply, 400, "the model is a %s: use :predict or :%s",
                        classes ? "regression" : "classification",
                        classes ? "regress" : "classify");
        return;
    }
    if (!read_examples(service, worker, request, reply, &P, &rows))
        return;
    mli_buf_str(&reply->body, "{\"results\":[");
    for (size_t r = 0; r < rows; r++) {
        const double *p = P + r * ml_model_width(served->model);
        if (r > 0)
            mli_buf_char(&reply->body, ',');
        if (classes)
            add_classes(&reply->body, first, p);
        else
            mli_output_json(&reply->body, first, p);
    }
    mli_buf_str(&reply->body, "]}\n");
}

void mli_v1_classify(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply)
{
    answer_examples(service, worker, request, reply, true);
}

void mli_v1_regress(const struct mli_service *service, struct mli_worker *worker,
                    const struct mli_request *request, struct mli_reply *reply)
{
    answer_examples(service, worker, request, reply, false);
}
