#include <serve/predict.h>

#include <base/raw.h>
#include <serve/csv_rows.h>
#include <serve/json_rows.h>
#include <serve/lines.h>
#include <serve/sink.h>

void mli_predict_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply)
{
    enum mli_media media = request->content.media;
    enum mli_form form = media == MLI_MEDIA_CSV     ? MLI_FORM_TABLE
                         : media == MLI_MEDIA_LINES ? MLI_FORM_LINES
                                                    : MLI_FORM_DOCUMENTS;
    enum mli_header header = request->content.header;
    MLI_RAW struct ml_error err;
    enum ml_status status = ML_EDATA;
    MLI_RAW struct mli_sink sink;

    mli_error_clear(&err);
    mli_sink_begin(&sink, service, worker, request, reply, form);
    switch (media) {
    case MLI_MEDIA_CSV:
        header = header == MLI_HEADER_ABSENT ? header : MLI_HEADER_PRESENT;
        status = mli_csv_rows(request->body, request->len, header, &sink.intake, &err);
        break;
    case MLI_MEDIA_LINES:
        status = mli_lines_read(request->body, request->len, service->config.max_depth,
                                &sink.intake, &err);
        break;
    case MLI_MEDIA_JSON:
    case MLI_MEDIA_TENSORS: /* refused before they came here, */
    case MLI_MEDIA_OTHER:   /* as these */
        status = mli_json_rows(request->body, request->len, service->config.max_depth, &sink.intake,
                               &err);
        break;
    }
    mli_sink_end(&sink, status, &err);
}
