#include <serve/predict.h>

#include <model/output.h>
#include <serve/csv_rows.h>
#include <serve/json_rows.h>

/* Where predictions go as they come: the reply's body, in the form of the request. */
struct sink {
    const struct mli_served *served;
    const struct mli_intake *intake;
    struct mli_reply *reply;
    struct mli_csv_writer csv;
    size_t rows;
};

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void emit_json(void *data, const double *P, size_t n)
{
    struct sink *sink = data;
    size_t width = ml_model_width(sink->served->model);

    for (size_t i = 0; i < n; i++) {
        if (sink->intake->many)
            mli_buf_char(&sink->reply->body, sink->rows == 0 ? '[' : ',');
        mli_reply_prediction(sink->reply, sink->served, P + i * width);
        sink->rows++;
    }
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static void emit_csv(void *data, const double *P, size_t n)
{
    struct sink *sink = data;
    size_t width = ml_model_width(sink->served->model);

    if (sink->rows == 0) {
        mli_prediction_write_header(&sink->csv, sink->served->model);
        mli_csv_write_end(&sink->csv);
    }
    for (size_t i = 0; i < n; i++) {
        mli_prediction_write_row(&sink->csv, sink->served->model, P + i * width);
        mli_csv_write_end(&sink->csv);
    }
    sink->rows += n;
}

/* ---- the handler ------------------------------------------------------------------------------------------------- */

void mli_predict_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply)
{
    bool csv = request->media == MLI_MEDIA_CSV;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_intake intake;
    struct sink sink = { .served = request->served, .intake = &intake, .reply = reply };
    enum ml_status status;

    mli_intake_init(&intake, worker, service->config.max_rows);
    mli_csv_writer_init(&sink.csv, &reply->body, ',');
    intake.emit = csv ? emit_csv : emit_json;
    intake.data = &sink;
    if (csv)
        status = mli_csv_rows(request->body, request->len, &intake, &err);
    else
        status =
            mli_json_rows(request->body, request->len, service->config.max_depth, &intake, &err);
    if (!mli_reply_done(reply, &intake, status, &err))
        return;
    if (csv)
        reply->type = "text/csv; charset=utf-8";
    else
        mli_buf_str(&reply->body, intake.many ? "]\n" : "\n");
}
