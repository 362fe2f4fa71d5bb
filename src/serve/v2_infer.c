/*
 * A request is looked through once, for where its parts are; then the tensors are read in step (feed.h). The bytes of
 * binary tensors lie behind the JSON part in the order of the inputs.
 */
#include <serve/v2.h>

#include <base/mem.h>
#include <math.h>
#include <serve/feed.h>
#include <serve/outputs.h>
#include <serve/results.h>
#include <string.h>

#define INPUT_ALL "input-0"
#define DIMENSIONS ((size_t)8)

struct tensor {
    char *name;
    const struct mli_datatype *type;
    size_t shape[DIMENSIONS], dimensions, elements;
    bool binary;
    size_t bytes; /* of a binary one */
    struct mli_scan data;
};

struct chosen {
    const struct mli_output *of;
    bool binary;
    size_t bytes; /* of a binary one */
};

struct inference {
    const struct mli_request *request;
    struct mli_worker *worker;
    const struct mli_served *served;
    struct mli_scan id; /* text NULL: none */
    bool frame; /* content_type "pd": columns that the model does not know are passed over */
    bool binary_output;
    struct mli_feed *feed;            /* one a column; name NULL: not given */
    bool rows_major;                  /* feed[0] has all columns */
    size_t rows;                      /* SIZE_MAX: not known yet */
    const unsigned char *bytes, *end; /* binary data not taken yet */
    struct chosen *chosen;            /* room for every output of the model */
    size_t outputs;
};

/* ---- parts of the request ---------------------------------------------------------------------------------------- */

static enum ml_status read_text(struct inference *in, struct mli_scan *scan, char **out,
                                struct ml_error *err)
{
    struct mli_scan_text text;

    if (!mli_scan_string(scan, &text))
        return mli_scan_error(scan, err);
    char *plain = mli_arena_alloc(&in->worker->request, text.len + 1, 1);
    if (!plain)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the request");
    plain[mli_scan_decode(&text, plain)] = '\0';
    *out = plain;
    return ML_OK;
}

static bool read_size(struct mli_scan *scan, size_t *out)
{
    double value;

    if (!mli_scan_number(scan, &value))
        return false;
    if (value < 0 || value > 0x1p48 || value != floor(value))
        return mli_scan_refuse(scan, "a whole number of 0 or more, before this");
    *out = (size_t)value;
    return true;
}

static enum ml_status read_shape(struct mli_scan *scan, struct tensor *tensor, struct ml_error *err)
{
    size_t size;

    tensor->elements = 1;
    mli_scan_open(scan, '[');
    while (mli_scan_item(scan)) {
        if (!read_size(scan, &size))
            break;
        if (tensor->dimensions == DIMENSIONS || !mli_mul(tensor->elements, size, &tensor->elements))
            return ml_error_set(err, ML_EDATA, "the shape of \"%.200s\" is too large",
                                tensor->name);
        tensor->shape[tensor->dimensions++] = size;
    }
    if (scan->wrong)
        return mli_scan_error(scan, err);
    if (tensor->dimensions == 0)
        return ml_error_set(err, ML_EDATA, "the shape of \"%.200s\" has no dimensions",
                            tensor->name);
    return ML_OK;
}

static enum ml_status read_datatype(struct mli_scan *scan, struct tensor *tensor,
                                    struct ml_error *err)
{
    struct mli_scan_text text;

    if (!mli_scan_string(scan, &text))
        return mli_scan_error(scan, err);
    tensor->type = mli_datatype_find(&text);
    return tensor->type
               ? ML_OK
               : ml_error_set(err, ML_EDATA,
                              "\"%.200s\" has an unknown datatype; there are BOOL, UINT8 to "
                              "UINT64, INT8 to INT64, FP16 to FP64, BF16 and BYTES",
                              tensor->name);
}

/* true or false of a member of "parameters", left as it is when it is not there. */
static bool read_flag(struct mli_scan_wanted *wanted, bool *out)
{
    char literal = 'n';

    if (!wanted->found)
        return true;
    if (!mli_scan_literal(&wanted->at, &literal) || literal == 'n')
        return mli_scan_refuse(&wanted->at, "true or false, before this");
    *out = literal == 't';
    return true;
}

static enum ml_status read_parameters(struct inference *in, struct mli_scan *scan,
                                      struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "content_type" },
                                        { .name = "binary_data_output" } };
    struct mli_scan_text text;

    if (!mli_scan_members(scan, wanted, 2))
        return mli_scan_error(scan, err);
    if (wanted[0].found && mli_scan_peek(&wanted[0].at) == '"' &&
        mli_scan_string(&wanted[0].at, &text))
        in->frame = mli_scan_equals(&text, "pd");
    return read_flag(&wanted[1], &in->binary_output) ? ML_OK : mli_scan_error(&wanted[1].at, err);
}

/* ---- inputs ------------------------------------------------------------------------------------------------------ */

/* Takes the bytes that are this tensor's. */
static enum ml_status take_bytes(struct inference *in, struct tensor *tensor,
                                 struct mli_scan *parameters, struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "binary_data_size" } };
    size_t bytes;

    if (!mli_scan_members(parameters, wanted, 1))
        return mli_scan_error(parameters, err);
    tensor->binary = wanted[0].found;
    if (!tensor->binary)
        return ML_OK;
    if (!read_size(&wanted[0].at, &tensor->bytes))
        return mli_scan_error(&wanted[0].at, err);
    if (tensor->bytes > (size_t)(in->end - in->bytes))
        return ml_error_set(
            err, ML_EDATA,
            "\"%.200s\": binary_data_size is %zu, but only %zu bytes are left behind "
            "the JSON part",
            tensor->name, tensor->bytes, (size_t)(in->end - in->bytes));
    if (tensor->type->size > 0 &&
        (!mli_mul(tensor->elements, tensor->type->size, &bytes) || bytes != tensor->bytes))
        return ml_error_set(err, ML_EDATA,
                            "\"%.200s\": binary_data_size is %zu, its shape holds %zu values of "
                            "datatype %s",
                            tensor->name, tensor->bytes, tensor->elements, tensor->type->name);
    return ML_OK;
}

static enum ml_status read_tensor(struct inference *in, struct mli_scan *scan,
                                  struct tensor *tensor, struct ml_error *err)
{
    enum { NAME, SHAPE, DATATYPE, DATA, PARAMETERS, MEMBERS };
    struct mli_scan_wanted wanted[MEMBERS] = { { .name = "name" },
                                               { .name = "shape" },
                                               { .name = "datatype" },
                                               { .name = "data" },
                                               { .name = "parameters" } };

    *tensor = (struct tensor){ 0 };
    if (!mli_scan_members(scan, wanted, MEMBERS))
        return mli_scan_error(scan, err);
    for (size_t i = 0; i <= DATATYPE; i++) {
        if (!wanted[i].found)
            return ml_error_set(err, ML_EDATA, "an input has no \"%s\"", wanted[i].name);
    }
    enum ml_status status = read_text(in, &wanted[NAME].at, &tensor->name, err);
    if (status == ML_OK)
        status = read_shape(&wanted[SHAPE].at, tensor, err);
    if (status == ML_OK)
        status = read_datatype(&wanted[DATATYPE].at, tensor, err);
    if (status == ML_OK && wanted[PARAMETERS].found)
        status = take_bytes(in, tensor, &wanted[PARAMETERS].at, err);
    if (status != ML_OK)
        return status;
    if (wanted[DATA].found == tensor->binary)
        return ml_error_set(err, ML_EDATA,
                            "\"%.200s\" needs either \"data\" or the parameter binary_data_size",
                            tensor->name);
    if (!tensor->binary && tensor->type->binary)
        return ml_error_set(err, ML_EDATA,
                            "\"%.200s\": datatype %s has no form in JSON; send it as "
                            "binary data",
                            tensor->name, tensor->type->name);
    tensor->data = wanted[DATA].at;
    return ML_OK;
}

/* Whether a column takes values of that datatype: texts are never numbers. */
static enum ml_status check_type(const struct inference *in, const struct tensor *tensor,
                                 size_t field, struct ml_error *err)
{
    const struct mli_field *column = &in->served->schema->field[field];

    if (column->type == ML_TYPE_NUMBER && tensor->type->kind == MLI_DATATYPE_BYTES)
        return ml_error_set(
            err, ML_EDATA,
            "\"%.200s\" is of datatype BYTES, but column \"%.200s\" is a number: FP64 "
            "or another datatype of numbers",
            tensor->name, column->name);
    return ML_OK;
}

static enum ml_status check_rows(struct inference *in, const struct tensor *tensor, size_t columns,
                                 struct ml_error *err)
{
    size_t rows = tensor->shape[0], wanted;

    if (!mli_mul(rows, columns, &wanted) || wanted != tensor->elements ||
        (columns > 1 && tensor->dimensions != 2))
        return ml_error_set(err, ML_EDATA, "\"%.200s\" must be of shape [rows,%zu]", tensor->name,
                            columns);
    if (in->rows != SIZE_MAX && in->rows != rows)
        return ml_error_set(err, ML_EDATA, "\"%.200s\" has %zu rows, an input before it %zu",
                            tensor->name, rows, in->rows);
    in->rows = rows;
    return ML_OK;
}

static enum ml_status set_feed(struct inference *in, const struct tensor *tensor, size_t field,
                               struct ml_error *err)
{
    struct mli_feed *feed = &in->feed[field];

    if (feed->name)
        return ml_error_set(err, ML_EDATA, "there are two inputs for column \"%.200s\"",
                            in->served->schema->field[field].name);
    *feed = (struct mli_feed){ .name = tensor->name, .type = tensor->type, .scan = tensor->data };
    if (tensor->binary) {
        feed->at = in->bytes;
        feed->end = in->bytes + tensor->bytes;
        return ML_OK;
    }
    return mli_feed_open(feed) ? ML_OK : mli_scan_error(&feed->scan, err);
}

static enum ml_status set_all(struct inference *in, const struct tensor *tensor,
                              struct ml_error *err)
{
    size_t columns = in->served->schema->count;
    enum ml_status status = check_rows(in, tensor, columns, err);

    for (size_t i = 0; i < columns && status == ML_OK; i++) {
        status = check_type(in, tensor, i, err);
        if (status == ML_OK)
            status = set_feed(in, tensor, i, err);
    }
    in->rows_major = true;
    return status;
}

static enum ml_status set_column(struct inference *in, const struct tensor *tensor, size_t field,
                                 struct ml_error *err)
{
    enum ml_status status = check_type(in, tensor, field, err);

    if (status == ML_OK)
        status = check_rows(in, tensor, 1, err);
    return status == ML_OK ? set_feed(in, tensor, field, err) : status;
}

static enum ml_status take_input(struct inference *in, struct mli_scan *scan, struct ml_error *err)
{
    struct tensor tensor;
    enum ml_status status = read_tensor(in, scan, &tensor, err);

    if (status != ML_OK)
        return status;
    int32_t field = mli_dict_find(in->served->columns, tensor.name, strlen(tensor.name));
    if (field >= 0)
        status = set_column(in, &tensor, (size_t)field, err);
    else if (strcmp(tensor.name, INPUT_ALL) == 0)
        status = set_all(in, &tensor, err);
    else if (!in->frame)
        status = ml_error_set(err, ML_EDATA, "the model has no input \"%.200s\"", tensor.name);
    in->bytes += tensor.bytes;
    return status;
}

static enum ml_status check_inputs(const struct inference *in, struct mli_intake *intake,
                                   struct ml_error *err)
{
    const struct mli_schema *schema = in->served->schema;
    enum ml_status status = ML_OK;

    for (size_t i = 0; i < schema->count; i++) {
        if (in->feed[i].name)
            continue;
        mli_intake_fault(intake, i, "missing_column", NULL, 0);
        status =
            ml_error_set(err, ML_EDATA, "the input \"%.200s\" is missing", schema->field[i].name);
    }
    if (status == ML_OK && in->bytes < in->end)
        return ml_error_set(err, ML_EDATA, "%zu bytes of binary data belong to no input",
                            (size_t)(in->end - in->bytes));
    if (status == ML_OK && in->rows == 0)
        return ml_error_set(err, ML_EDATA, "there are no rows; expected at least one");
    return status;
}

static enum ml_status take_inputs(struct inference *in, struct mli_scan *scan,
                                  struct mli_intake *intake, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    mli_scan_open(scan, '[');
    while (status == ML_OK && mli_scan_item(scan))
        status = take_input(in, scan, err);
    if (status == ML_OK && scan->wrong)
        return mli_scan_error(scan, err);
    return status == ML_OK ? check_inputs(in, intake, err) : status;
}

/* ---- outputs ----------------------------------------------------------------------------------------------------- */

static enum ml_status take_output(struct inference *in, struct mli_scan *scan, struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "name" }, { .name = "parameters" } };
    struct mli_scan_wanted parameter[] = { { .name = "binary_data" } };
    struct chosen chosen = { .binary = in->binary_output };
    char *name;

    if (!mli_scan_members(scan, wanted, 2))
        return mli_scan_error(scan, err);
    if (!wanted[0].found)
        return ml_error_set(err, ML_EDATA, "an output has no \"name\"");
    enum ml_status status = read_text(in, &wanted[0].at, &name, err);
    if (status != ML_OK)
        return status;
    chosen.of = mli_output_find(in->served, name);
    if (!chosen.of)
        return ml_error_set(err, ML_EDATA, "the model has no output \"%.200s\"", name);
    for (size_t i = 0; i < in->outputs; i++) {
        if (in->chosen[i].of == chosen.of)
            return ml_error_set(err, ML_EDATA, "the output \"%.200s\" is asked for twice", name);
    }
    if (wanted[1].found && !mli_scan_members(&wanted[1].at, parameter, 1))
        return mli_scan_error(&wanted[1].at, err);
    if (!read_flag(&parameter[0], &chosen.binary))
        return mli_scan_error(&parameter[0].at, err);
    in->chosen[in->outputs++] = chosen;
    return ML_OK;
}

static enum ml_status take_outputs(struct inference *in, struct mli_scan_wanted *wanted,
                                   struct ml_error *err)
{
    enum ml_status status = ML_OK;

    if (wanted->found) {
        mli_scan_open(&wanted->at, '[');
        while (status == ML_OK && mli_scan_item(&wanted->at))
            status = take_output(in, &wanted->at, err);
        if (status == ML_OK && wanted->at.wrong)
            return mli_scan_error(&wanted->at, err);
    }
    if (status != ML_OK || in->outputs > 0)
        return status;
    in->outputs = in->served->outputs;
    for (size_t i = 0; i < in->outputs; i++)
        in->chosen[i] = (struct chosen){ &in->served->output[i], in->binary_output, 0 };
    return ML_OK;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

/* All binary outputs one behind the other, as they follow the JSON part. */
static void write_bytes(struct inference *in, const double *P, struct mli_buf *out)
{
    size_t width = ml_model_width(in->served->model);

    mli_buf_reset(out);
    for (size_t i = 0; i < in->outputs; i++) {
        size_t before = out->len;
        for (size_t r = 0; in->chosen[i].binary && r < in->rows; r++)
            mli_output_bytes(out, in->chosen[i].of, P + r * width);
        in->chosen[i].bytes = out->len - before;
    }
}

static void write_output(const struct inference *in, const struct chosen *chosen, const double *P,
                         struct mli_buf *out)
{
    size_t width = ml_model_width(in->served->model);

    mli_buf_str(out, "{\"name\":");
    mli_buf_json_string(out, chosen->of->name, strlen(chosen->of->name));
    mli_buf_printf(out, ",\"datatype\":\"%s\",\"shape\":[%zu,%zu],", chosen->of->datatype, in->rows,
                   chosen->of->width);
    if (chosen->binary) {
        mli_buf_printf(out, "\"parameters\":{\"binary_data_size\":%zu}}", chosen->bytes);
        return;
    }
    mli_buf_str(out, "\"data\":");
    for (size_t r = 0; r < in->rows; r++) {
        mli_buf_char(out, r == 0 ? '[' : ',');
        mli_output_json(out, chosen->of, P + r * width);
    }
    mli_buf_str(out, "]}");
}

static void write_answer(struct inference *in, const double *P, struct mli_reply *reply)
{
    struct mli_buf *out = &reply->body, *bytes = &in->worker->payload;
    bool binary = false;

    write_bytes(in, P, bytes);
    mli_buf_char(out, '{');
    if (in->id.text) {
        struct mli_scan end = in->id;
        mli_scan_skip(&end);
        mli_buf_str(out, "\"id\":");
        mli_buf_add(out, in->id.text + in->id.at, end.at - in->id.at);
        mli_buf_char(out, ',');
    }
    mli_buf_printf(out, "\"model_name\":\"%s\",\"model_version\":\"%s\",\"outputs\":[",
                   in->served->name, in->served->version);
    for (size_t i = 0; i < in->outputs; i++) {
        if (i > 0)
            mli_buf_char(out, ',');
        write_output(in, &in->chosen[i], P, out);
        binary = binary || in->chosen[i].binary;
    }
    mli_buf_str(out, "]}");
    if (!binary)
        return;
    reply->json_part = out->len;
    reply->type = "application/octet-stream";
    if (bytes->status != ML_OK && out->status == ML_OK)
        out->status = bytes->status;
    mli_buf_add(out, bytes->data, bytes->len);
}

/* ---- the request ------------------------------------------------------------------------------------------------- */

/* The JSON part, to the end of what it has to say. */
static enum ml_status read_json(struct inference *in, size_t len, size_t max_depth,
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
        status = read_parameters(in, &wanted[PARAMETERS].at, err);
    if (status == ML_OK)
        status = take_outputs(in, &wanted[OUTPUTS], err);
    return status == ML_OK ? take_inputs(in, &wanted[INPUTS].at, intake, err) : status;
}

/* The body is the only input of the model and nothing else. */
static enum ml_status read_raw(struct inference *in, struct mli_intake *intake,
                               struct ml_error *err)
{
    static const struct mli_scan_text number = { "FP64", 4, false }, text = { "BYTES", 5, false };
    size_t columns = in->served->schema->count, width = columns * sizeof(double);
    size_t len = (size_t)(in->end - in->bytes);
    struct tensor tensor = { .name = (char *)(uintptr_t)INPUT_ALL, .binary = true, .bytes = len };
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
    enum ml_status status = take_outputs(in, &none, err);
    if (status == ML_OK)
        status = set_all(in, &tensor, err);
    in->bytes = in->end;
    return status == ML_OK ? check_inputs(in, intake, err) : status;
}

static enum ml_status infer(struct inference *in, size_t max_depth, struct mli_intake *intake,
                            struct mli_reply *reply, struct ml_error *err)
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
        write_answer(in, P, reply);
    return status;
}

void mli_v2_infer(const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply)
{
    struct inference in = {
        .request = request, .worker = worker, .served = request->served, .rows = SIZE_MAX
    };
    struct ml_error err = ML_ERROR_INIT;
    struct mli_intake intake;

    mli_intake_init(&intake, worker, service->config.max_rows);
    intake.typed = true;
    mli_results_begin(&intake);
    enum ml_status status = infer(&in, service->config.max_depth, &intake, reply, &err);
    mli_reply_done(reply, &intake, status, &err);
}
