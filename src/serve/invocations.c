#include <serve/invocations.h>

#include <base/raw.h>
#include <serve/columns.h>
#include <serve/csv_rows.h>
#include <serve/lines.h>
#include <serve/row.h>
#include <serve/sink.h>
#include <serve/v2.h>
#include <stdio.h>

#define KEYS "{'dataframe_records', 'dataframe_split', 'instances', 'inputs'}"

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* Every column of the model once. */
static enum ml_status check_columns(struct mli_intake *intake, const size_t *field, size_t n,
                                    struct ml_error *err)
{
    const struct mli_schema *schema = intake->desk->schema;
    bool *there = mli_arena_calloc(&intake->worker->request, schema->count, sizeof(*there));
    enum ml_status status = ML_OK;

    if (!there)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", schema->count);
    for (size_t i = 0; i < n; i++) {
        if (field[i] == schema->count)
            continue;
        if (there[field[i]])
            return ml_error_set(err, ML_EDATA, "column \"%.200s\" is there twice",
                                schema->field[field[i]].name);
        there[field[i]] = true;
    }
    for (size_t i = 0; i < schema->count; i++) {
        if (there[i])
            continue;
        mli_intake_fault(intake, i, "missing_column", NULL, 0);
        status = ml_error_set(err, ML_EDATA, "column \"%.200s\" is missing", schema->field[i].name);
    }
    return status;
}

/* Fields of the columns of a "dataframe_split", by their places. */
static enum ml_status read_columns(struct mli_scan *scan, struct mli_intake *intake, size_t **field,
                                   size_t *count, struct ml_error *err)
{
    struct mli_scan_text name;
    struct mli_scan counting = *scan;
    size_t n = 0;

    for (mli_scan_open(&counting, '['); mli_scan_item(&counting); n++)
        mli_scan_skip(&counting);
    *field = mli_arena_alloc(&intake->worker->request, n + 1, sizeof(**field));
    if (!*field)
        return ml_error_set(err, ML_ENOMEM, "out of memory for %zu columns", n);
    mli_scan_open(scan, '[');
    for (*count = 0; *count < n && mli_scan_item(scan); ++*count) {
        if (!mli_scan_string(scan, &name))
            break;
        (*field)[*count] = mli_row_field(intake, &name, *count);
    }
    if (scan->wrong)
        return mli_scan_error(scan, err);
    if (counting.wrong)
        return mli_scan_error(&counting, err);
    return check_columns(intake, *field, n, err);
}

static enum ml_status read_split_rows(struct mli_scan *scan, struct mli_intake *intake,
                                      const size_t *field, size_t count, struct ml_error *err)
{
    intake->many = true;
    mli_scan_open(scan, '[');
    while (mli_scan_item(scan)) {
        enum ml_status status = mli_row_read_placed(scan, intake, field, count, err);
        if (status != ML_OK)
            return status;
    }
    if (scan->wrong)
        return mli_scan_error(scan, err);
    return intake->rows > 0
               ? ML_OK
               : ml_error_set(err, ML_EDATA, "there are no rows; expected at least one");
}

static enum ml_status read_split(struct mli_scan *scan, struct mli_intake *intake,
                                 struct ml_error *err)
{
    enum { DATA, COLUMNS, INDEX, MEMBERS };
    struct mli_scan_wanted wanted[MEMBERS] = { { .name = "data" },
                                               { .name = "columns" },
                                               { .name = "index" } };
    struct mli_scan_text name;
    struct mli_scan names = *scan;
    size_t *field = NULL, count = 0;

    if (!mli_scan_members(scan, wanted, MEMBERS))
        return mli_scan_error(scan, err);
    for (mli_scan_open(&names, '{'); mli_scan_member(&names, &name); mli_scan_skip(&names)) {
        if (!mli_scan_equals(&name, "data") && !mli_scan_equals(&name, "columns") &&
            !mli_scan_equals(&name, "index"))
            return ml_error_set(
                err, ML_EDATA,
                "dataframe_split has \"data\", \"columns\" and \"index\", nothing else");
    }
    if (!wanted[DATA].found)
        return ml_error_set(err, ML_EDATA, "dataframe_split has no \"data\"");
    if (!wanted[COLUMNS].found)
        return mli_row_read_list(&wanted[DATA].at, intake, err);
    enum ml_status status = read_columns(&wanted[COLUMNS].at, intake, &field, &count, err);
    return status == ML_OK ? read_split_rows(&wanted[DATA].at, intake, field, count, err) : status;
}

static const char *what_came(char first)
{
    return first == '[' ? "list" : first == '"' ? "string" : first == '{' ? "dictionary" : "scalar";
}

static enum ml_status read_json(const struct mli_request *request, size_t max_depth,
                                struct mli_intake *intake, struct ml_error *err)
{
    enum { SPLIT, RECORDS, INSTANCES, INPUTS, KINDS };
    struct mli_scan_wanted wanted[KINDS] = { { .name = "dataframe_split" },
                                             { .name = "dataframe_records" },
                                             { .name = "instances" },
                                             { .name = "inputs" } };
    struct mli_scan scan = mli_scan_of(request->body, request->len, max_depth);
    char first = mli_scan_peek(&scan);
    size_t kind = KINDS, found = 0;

    if (first != '{' && mli_scan_skip(&scan) && mli_scan_end(&scan))
        return ml_error_set(
            err, ML_EDATA,
            "The input must be a JSON dictionary with exactly one of the input fields " KEYS
            ". Received a %s.",
            what_came(first));
    if (!mli_scan_members(&scan, wanted, KINDS) || !mli_scan_end(&scan))
        return mli_scan_error(&scan, err);
    for (size_t i = 0; i < KINDS; i++) {
        found += wanted[i].found;
        kind = wanted[i].found ? i : kind;
    }
    if (found != 1)
        return ml_error_set(
            err, ML_EDATA,
            "The input must be a JSON dictionary with exactly one of the input fields " KEYS
            ". Received %zu of them.",
            found);
    struct mli_scan *at = &wanted[kind].at;
    if (kind == SPLIT)
        return read_split(at, intake, err);
    return kind == INPUTS && mli_scan_peek(at) == '{' ? mli_columns_read(at, intake, err)
                                                      : mli_row_read_list(at, intake, err);
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

/* Open Inference Protocol v2, as Triton takes it behind SageMaker: Content-Type says what a header says elsewhere. */
static void answer_tensors(const struct mli_service *service, struct mli_worker *worker,
                           const struct mli_request *request, struct mli_reply *reply)
{
    mli_v2_infer(service, worker, request, reply);
    if (!reply->json_part)
        return;
    snprintf(reply->made, sizeof(reply->made), "%s;json-header-size=%zu", MLI_MEDIA_TENSORS_TYPE, reply->json_part);
    reply->type = reply->made;
    reply->json_part = 0;
}

/* ---- the handler ------------------------------------------------------------------------------------------------- */

static enum mli_form form_of(const struct mli_service *service, const struct mli_request *request)
{
    enum mli_media media = request->accept;

    if (media == MLI_MEDIA_OTHER)
        media = service->config.invocations_accept;
    if (media == MLI_MEDIA_OTHER && request->content.media == MLI_MEDIA_LINES)
        media = MLI_MEDIA_LINES;
    return media == MLI_MEDIA_CSV     ? MLI_FORM_BARE_TABLE
           : media == MLI_MEDIA_LINES ? MLI_FORM_LINES
                                      : MLI_FORM_PREDICTIONS;
}

void mli_invocations_answer(const struct mli_service *service, struct mli_worker *worker,
                            const struct mli_request *request, struct mli_reply *reply)
{
    size_t depth = service->config.max_depth;
    struct ml_error err = ML_ERROR_INIT;
    enum ml_status status = ML_EDATA;
    MLI_RAW struct mli_sink sink;

    if (request->content.media == MLI_MEDIA_TENSORS) {
        answer_tensors(service, worker, request, reply);
        return;
    }
    mli_sink_begin(&sink, service, worker, request, reply, form_of(service, request));
    switch (request->content.media) {
    case MLI_MEDIA_CSV:
        status =
            mli_csv_rows(request->body, request->len, request->content.header, &sink.intake, &err);
        break;
    case MLI_MEDIA_LINES:
        status = mli_lines_read(request->body, request->len, depth, &sink.intake, &err);
        break;
    case MLI_MEDIA_JSON:
    case MLI_MEDIA_TENSORS: /* answered above */
    case MLI_MEDIA_OTHER: /* refused before it came here */
        status = read_json(request, depth, &sink.intake, &err);
        break;
    }
    mli_sink_end(&sink, status, &err);
    if (reply->status != 504)
        return;
    mli_reply_json(reply, "Request processing time exceeded limit"); /* MLflow's words, which are no JSON there either */
    reply->status = 504;
}

void mli_ping_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply)
{
    (void)worker;
    mli_reply_json(reply, "");
    reply->status = mli_service_unready(service, request->registry) ? 503 : 200;
}

void mli_execution_answer(const struct mli_service *service, struct mli_worker *worker,
                          const struct mli_request *request, struct mli_reply *reply)
{
    size_t megabytes = service->config.max_body >> 20;

    (void)worker, (void)request;
    mli_reply_json(reply, "");
    mli_buf_printf(&reply->body,
                   "{\"MaxConcurrentTransforms\":%zu,\"BatchStrategy\":\"MULTI_RECORD\","
                   "\"MaxPayloadInMB\":%zu}\n",
                   service->loops - service->config.metrics_apart, megabytes > 0 ? megabytes : 1);
}

/* The words are those of MLflow 2, which clients may look for; the last of them say what is understood here. */
void mli_invocations_refuse(struct mli_reply *reply, const struct mli_content *content, const char *type)
{
    struct mli_buf *out = &reply->body;

    mli_reply_json(reply, "");
    reply->status = 415;
    reply->type = "text/plain; charset=utf-8";
    if (content->fault == MLI_CONTENT_CHARSET) {
        mli_buf_str(out, "The scoring server only supports UTF-8");
    } else if (content->fault == MLI_CONTENT_PARAMETER) {
        mli_buf_str(out, "Unrecognized content type parameters: ");
        mli_buf_add(out, content->parameter ? content->parameter : "", content->parameter_len);
        mli_buf_str(out, ". charset=utf-8 is understood, and of text/csv header=present, header=absent and label_size=0.");
    } else {
        mli_buf_printf(out,
                       "This predictor only supports the following content types: Types: ['text/csv', "
                       "'application/json']. Got '%.200s'.",
                       type ? type : "");
    }
}
