/*
 * A request is looked through once, for where its parts are; then the tensors are read in step (feed.h). The bytes of
 * binary tensors lie behind the JSON part in the order of the inputs.
 */
#include <serve/v2.h>

#include <base/raw.h>
#include <serve/results.h>
#include <serve/v2_inference.h>

/* The JSON part, to the end of what it has to say. */
static enum ml_status read_json(struct mli_v2_inference *in, size_t len, size_t max_depth,
                                struct mli_intake *intake, struct ml_error *err)
{
    enum { ID, PARAMETERS, INPUTS, OUTPUTS, MEMBERS };
    struct mli_scan_wanted wanted[MEMBERS] = {
        { .name = "id" }, { .name = "parameters" }, { .name = "inputs" }, { .name = "outputs" }
    };
    struct mli_scan scan = mli_scan_of(in->request->body, len, max_depth);
    enum ml_status status = ML_OK;

    if (!mli_scan_members(&scan, wanted, MEMBERS) || !mli_scan_end(&scan))
        return mli_scan_error(&scan, err);
    if (wanted[ID].found) {
        if (mli_scan_peek(&wanted[ID].at) != '"')
            return ml_error_set(err, ML_EDATA, "\"id\" must be a string");
        in->id = wanted[ID].at;
    }
    if (!wanted[INPUTS].found)
        return ml_error_set(err, ML_EDATA, "\"inputs\" is missing");
    if (wanted[PARAMETERS].found)
        status = mli_v2_parameters(in, &wanted[PARAMETERS].at, err);
    if (status == ML_OK)
        status = mli_v2_take_outputs(in, &wanted[OUTPUTS], err);
    return status == ML_OK ? mli_v2_take_inputs(in, &wanted[INPUTS].at, intake, err) : status;
}

/* The body is the only input of the model and nothing else. */
static enum ml_status read_raw(struct mli_v2_inference *in, struct mli_intake *intake,
                               struct ml_error *err)
{
    static const struct mli_scan_text number = { "FP64", 4, false }, text = { "BYTES", 5, false };
    size_t columns = in->served->schema->count, width = columns * sizeof(double);
    size_t len = (size_t)(in->end - in->bytes);
    struct mli_v2_tensor tensor = { .name = (char *)(uintptr_t)MLI_V2_INPUT,
                                    .binary = true,
                                    .bytes = len };
    struct mli_scan_wanted none = { 0 };

    if (!in->served->numbers && columns > 1)
        return ml_error_set(
            err, ML_EDATA,
            "a raw request (Inference-Header-Content-Length: 0) needs a model of one "
            "input; this one has %zu",
            columns);
    tensor.type = mli_datatype_find(in->served->numbers ? &number : &text);
    tensor.dimensions = 2;
    tensor.shape[1] = columns;
    tensor.shape[0] = in->served->numbers ? len / width : 1;
    tensor.elements = tensor.shape[0] * columns;
    if (in->served->numbers && len % width != 0)
        return ml_error_set(err, ML_EDATA,
                            "a raw request must be rows of %zu bytes, found %zu bytes", width, len);
    in->binary_output = true;
    enum ml_status status = mli_v2_take_outputs(in, &none, err);
    if (status == ML_OK)
        status = mli_v2_take_all(in, &tensor, err);
    in->bytes = in->end;
    return status == ML_OK ? mli_v2_check_inputs(in, intake, err) : status;
}

static enum ml_status infer(struct mli_v2_inference *in, size_t max_depth,
                            struct mli_intake *intake, struct mli_reply *reply,
                            struct ml_error *err)
{
    const struct mli_request *request = in->request;
    struct mli_arena *arena = &in->worker->request;
    size_t json = request->parts ? request->json_part : request->len;
    enum ml_status status;
    const double *P;

    if (request->len == 0)
        return ml_error_set(err, ML_EDATA, "the body is empty");
    if (json > request->len)
        return ml_error_set(
            err, ML_EDATA,
            "Inference-Header-Content-Length is %zu, but the body has only %zu bytes", json,
            request->len);
    in->feed = mli_arena_calloc(arena, in->served->schema->count + 1, sizeof(*in->feed));
    in->chosen = mli_arena_calloc(arena, in->served->outputs, sizeof(*in->chosen));
    if (!in->feed || !in->chosen)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the request");
    in->bytes = (const unsigned char *)request->body + json;
    in->end = (const unsigned char *)request->body + request->len;
    status = request->parts && json == 0 ? read_raw(in, intake, err)
                                         : read_json(in, json, max_depth, intake, err);
    if (status == ML_OK)
        status = mli_feed_rows(in->feed, in->rows_major, in->rows, intake, err);
    if (status == ML_OK)
        status = mli_results_end(intake, &P, err);
    if (status == ML_OK && intake->faults == 0)
        mli_v2_write(in, P, reply);
    return status;
}

void mli_v2_infer(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply)
{
    struct mli_v2_inference in = {
        .request = request, .worker = worker, .served = request->served, .rows = SIZE_MAX
    };
    MLI_RAW struct ml_error err;
    MLI_RAW struct mli_intake intake;

    mli_error_clear(&err);
    mli_intake_init(&intake, worker, service->config.max_rows);
    intake.typed = true;
    mli_results_begin(&intake);
    enum ml_status status = infer(&in, service->config.max_depth, &intake, reply, &err);
    mli_reply_done(reply, &intake, status, &err);
}
