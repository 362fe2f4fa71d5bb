#include <serve/sink.h>

#include <model/output.h>
#include <serve/outputs.h>

/* Members of the document that was just closed. */
static void add_members(struct mli_sink *sink, size_t row)
{
    struct mli_buf *body = &sink->reply->body;

    if (body->status != ML_OK)
        return;
    body->len--;
    sink->add(sink->add_data, row, body);
    mli_buf_char(body, '}');
}

static void write_json(struct mli_sink *sink, const double *p, size_t row)
{
    struct mli_buf *body = &sink->reply->body;

    if (sink->form == MLI_FORM_PREDICTIONS)
        mli_buf_str(body, sink->rows == 0 ? "{\"predictions\":[" : ",");
    else if (sink->form == MLI_FORM_DOCUMENTS && sink->intake.many)
        mli_buf_char(body, sink->rows == 0 ? '[' : ',');
    if (sink->form == MLI_FORM_PREDICTIONS && sink->served->outputs == 1 && !sink->add)
        mli_output_json(body, &sink->served->output[0], p);
    else
        mli_reply_prediction(sink->reply, sink->served, p);
    if (sink->add)
        add_members(sink, row);
    if (sink->form == MLI_FORM_LINES)
        mli_buf_char(body, '\n');
}

static void write_csv(struct mli_sink *sink, const double *p)
{
    if (sink->rows == 0 && sink->form == MLI_FORM_TABLE) {
        mli_prediction_write_header(&sink->csv, sink->served->model);
        mli_csv_write_end(&sink->csv);
    }
    mli_prediction_write_row(&sink->csv, sink->served->model, p);
    mli_csv_write_end(&sink->csv);
}

static bool is_table(const struct mli_sink *sink)
{
    return sink->form == MLI_FORM_TABLE || sink->form == MLI_FORM_BARE_TABLE;
}

static void emit(void *data, const double *P, size_t n)
{
    struct mli_sink *sink = data;
    size_t width = ml_model_width(sink->served->model);

    for (size_t i = 0; i < n; i++) {
        if (is_table(sink))
            write_csv(sink, P + i * width);
        else
            write_json(sink, P + i * width, i);
        sink->rows++;
    }
}

void mli_sink_begin(struct mli_sink *sink, const struct mli_service *service,
                    struct mli_worker *worker, const struct mli_request *request,
                    struct mli_reply *reply, enum mli_form form)
{
    sink->served = request->served;
    sink->reply = reply;
    sink->form = form;
    sink->rows = 0;
    sink->add = NULL;
    mli_csv_writer_init(&sink->csv, &reply->body, ',');
    mli_intake_init(&sink->intake, worker, service->config.max_rows);
    sink->intake.typed = true;
    sink->intake.emit = emit;
    sink->intake.data = sink;
}

void mli_sink_end(struct mli_sink *sink, enum ml_status status, struct ml_error *err)
{
    struct mli_reply *reply = sink->reply;

    if (status == ML_OK)
        status = mli_intake_end(&sink->intake, err);
    if (!mli_reply_done(reply, &sink->intake, status, err))
        return;
    if (is_table(sink))
        reply->type = "text/csv; charset=utf-8";
    else if (sink->form == MLI_FORM_LINES)
        reply->type = "application/jsonlines";
    else
        mli_buf_str(&reply->body, sink->form == MLI_FORM_PREDICTIONS ? "]}\n"
                                  : sink->intake.many                ? "]\n"
                                                                     : "\n");
}
