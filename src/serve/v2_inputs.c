#include <serve/v2_inference.h>

#include <base/mem.h>
#include <string.h>

/* ---- one input --------------------------------------------------------------------------------------------------- */

static enum ml_status read_shape(struct mli_scan *scan, struct mli_v2_tensor *tensor,
                                 struct ml_error *err)
{
    size_t size;

    tensor->elements = 1;
    mli_scan_open(scan, '[');
    while (mli_scan_item(scan)) {
        if (!mli_v2_size(scan, &size))
            break;
        if (tensor->dimensions == MLI_V2_DIMENSIONS ||
            !mli_mul(tensor->elements, size, &tensor->elements))
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

static enum ml_status read_datatype(struct mli_scan *scan, struct mli_v2_tensor *tensor,
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

/* Takes the bytes that are this tensor's. */
static enum ml_status take_bytes(struct mli_v2_inference *in, struct mli_v2_tensor *tensor,
                                 struct mli_scan *parameters, struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "binary_data_size" } };
    size_t bytes;

    if (!mli_scan_members(parameters, wanted, 1))
        return mli_scan_error(parameters, err);
    tensor->binary = wanted[0].found;
    if (!tensor->binary)
        return ML_OK;
    if (!mli_v2_size(&wanted[0].at, &tensor->bytes))
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

static enum ml_status read_tensor(struct mli_v2_inference *in, struct mli_scan *scan,
                                  struct mli_v2_tensor *tensor, struct ml_error *err)
{
    enum { NAME, SHAPE, DATATYPE, DATA, PARAMETERS, MEMBERS };
    struct mli_scan_wanted wanted[MEMBERS] = { { .name = "name" },
                                               { .name = "shape" },
                                               { .name = "datatype" },
                                               { .name = "data" },
                                               { .name = "parameters" } };

    *tensor = (struct mli_v2_tensor){ 0 };
    if (!mli_scan_members(scan, wanted, MEMBERS))
        return mli_scan_error(scan, err);
    for (size_t i = 0; i <= DATATYPE; i++) {
        if (!wanted[i].found)
            return ml_error_set(err, ML_EDATA, "an input has no \"%s\"", wanted[i].name);
    }
    enum ml_status status = mli_v2_text(in, &wanted[NAME].at, &tensor->name, err);
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

/* ---- its place --------------------------------------------------------------------------------------------------- */

/* Whether a column takes values of that datatype: texts are never numbers. */
static enum ml_status check_type(const struct mli_v2_inference *in,
                                 const struct mli_v2_tensor *tensor, size_t field,
                                 struct ml_error *err)
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

static enum ml_status check_rows(struct mli_v2_inference *in, const struct mli_v2_tensor *tensor,
                                 size_t columns, struct ml_error *err)
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

/* A column has one input. */
static enum ml_status claim(struct mli_v2_inference *in, const struct mli_v2_tensor *tensor, size_t field,
                            struct ml_error *err)
{
    if (in->feed[field].name)
        return ml_error_set(err, ML_EDATA, "there are two inputs for column \"%.200s\"",
                            in->served->schema->field[field].name);
    in->feed[field].name = tensor->name;
    return ML_OK;
}

static enum ml_status set_feed(struct mli_v2_inference *in, const struct mli_v2_tensor *tensor,
                               size_t field, struct ml_error *err)
{
    struct mli_feed *feed = &in->feed[field];
    enum ml_status status = claim(in, tensor, field, err);

    if (status != ML_OK)
        return status;
    *feed = (struct mli_feed){ .name = tensor->name, .type = tensor->type, .scan = tensor->data };
    if (tensor->binary) {
        feed->at = in->bytes;
        feed->end = in->bytes + tensor->bytes;
        return ML_OK;
    }
    return mli_feed_open(feed) ? ML_OK : mli_scan_error(&feed->scan, err);
}

enum ml_status mli_v2_take_all(struct mli_v2_inference *in, const struct mli_v2_tensor *tensor,
                               struct ml_error *err)
{
    size_t columns = in->served->schema->count;
    enum ml_status status = check_rows(in, tensor, columns, err);

    for (size_t i = 0; i < columns && status == ML_OK; i++) {
        status = check_type(in, tensor, i, err);
        if (status == ML_OK) /* the first is read for all */
            status = i == 0 ? set_feed(in, tensor, i, err) : claim(in, tensor, i, err);
    }
    in->rows_major = true;
    return status;
}

static enum ml_status set_column(struct mli_v2_inference *in, const struct mli_v2_tensor *tensor,
                                 size_t field, struct ml_error *err)
{
    enum ml_status status = check_type(in, tensor, field, err);

    if (status == ML_OK)
        status = check_rows(in, tensor, 1, err);
    return status == ML_OK ? set_feed(in, tensor, field, err) : status;
}

static enum ml_status take_input(struct mli_v2_inference *in, struct mli_scan *scan,
                                 struct ml_error *err)
{
    struct mli_v2_tensor tensor;
    enum ml_status status = read_tensor(in, scan, &tensor, err);

    if (status != ML_OK)
        return status;
    int32_t field = mli_dict_find(in->served->columns, tensor.name, strlen(tensor.name));
    if (field >= 0)
        status = set_column(in, &tensor, (size_t)field, err);
    else if (strcmp(tensor.name, MLI_V2_INPUT) == 0)
        status = mli_v2_take_all(in, &tensor, err);
    else if (!in->frame)
        status = ml_error_set(err, ML_EDATA, "the model has no input \"%.200s\"", tensor.name);
    in->bytes += tensor.bytes;
    return status;
}

enum ml_status mli_v2_check_inputs(const struct mli_v2_inference *in, struct mli_intake *intake,
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

enum ml_status mli_v2_take_inputs(struct mli_v2_inference *in, struct mli_scan *scan,
                                  struct mli_intake *intake, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    mli_scan_open(scan, '[');
    while (status == ML_OK && mli_scan_item(scan))
        status = take_input(in, scan, err);
    if (status == ML_OK && scan->wrong)
        return mli_scan_error(scan, err);
    return status == ML_OK ? mli_v2_check_inputs(in, intake, err) : status;
}
