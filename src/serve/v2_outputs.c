#include <serve/v2_inference.h>

#include <string.h>

/* {"binary_data":true,"classification":2} */
static enum ml_status take_parameters(struct mli_v2_output *chosen, struct mli_scan *scan, struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "binary_data" }, { .name = "classification" }, { .name = "shared_memory_region" } };
    size_t classes = 0;

    if (!mli_scan_members(scan, wanted, 3))
        return mli_scan_error(scan, err);
    if (wanted[2].found)
        return ml_error_set(err, ML_EDATA, "there is no shared memory here; \"%.200s\" comes in the answer", chosen->of->name);
    if (!mli_v2_flag(&wanted[0], &chosen->binary))
        return mli_scan_error(&wanted[0].at, err);
    if (wanted[1].found && !mli_v2_size(&wanted[1].at, &classes))
        return mli_scan_error(&wanted[1].at, err);
    if (classes > 0 && chosen->of->label)
        return ml_error_set(err, ML_EDATA, "\"classification\" is of an output of numbers; \"%.200s\" is labels",
                            chosen->of->name);
    chosen->classes = classes < chosen->of->width ? classes : chosen->of->width;
    return ML_OK;
}

static enum ml_status take_output(struct mli_v2_inference *in, struct mli_scan *scan,
                                  struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "name" }, { .name = "parameters" } };
    struct mli_v2_output chosen = { .binary = in->binary_output };
    char *name;

    if (!mli_scan_members(scan, wanted, 2))
        return mli_scan_error(scan, err);
    if (!wanted[0].found)
        return ml_error_set(err, ML_EDATA, "an output has no \"name\"");
    enum ml_status status = mli_v2_text(in, &wanted[0].at, &name, err);
    if (status != ML_OK)
        return status;
    chosen.of = mli_output_find(in->served, name);
    if (!chosen.of)
        return ml_error_set(err, ML_EDATA, "the model has no output \"%.200s\"", name);
    for (size_t i = 0; i < in->outputs; i++) {
        if (in->chosen[i].of == chosen.of)
            return ml_error_set(err, ML_EDATA, "the output \"%.200s\" is asked for twice", name);
    }
    if (wanted[1].found && (status = take_parameters(&chosen, &wanted[1].at, err)) != ML_OK)
        return status;
    in->chosen[in->outputs++] = chosen;
    return ML_OK;
}

enum ml_status mli_v2_take_outputs(struct mli_v2_inference *in, struct mli_scan_wanted *wanted,
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
        in->chosen[i] = (struct mli_v2_output){ .of = &in->served->output[i], .binary = in->binary_output };
    return ML_OK;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

/* All binary outputs one behind the other, as they follow the JSON part. */
static void write_bytes(struct mli_v2_inference *in, const double *P, struct mli_buf *out)
{
    size_t width = ml_model_width(in->served->model);

    mli_buf_reset(out);
    for (size_t i = 0; i < in->outputs; i++) {
        const struct mli_v2_output *chosen = &in->chosen[i];
        size_t before = out->len;
        if (chosen->binary && !chosen->classes)
            mli_output_bytes(out, chosen->of, P, in->rows, width);
        for (size_t r = 0; chosen->binary && chosen->classes && r < in->rows; r++)
            mli_v2_classes(in, chosen, P + r * width, out);
        in->chosen[i].bytes = out->len - before;
    }
}

static void add_whole(struct mli_buf *out, const char *before, size_t number)
{
    mli_buf_str(out, before);
    mli_buf_number(out, (double)number);
}

static void write_output(struct mli_v2_inference *in, const struct mli_v2_output *chosen,
                         const double *P, struct mli_buf *out)
{
    size_t width = ml_model_width(in->served->model);

    mli_buf_str(out, "{\"name\":");
    mli_buf_json_string(out, chosen->of->name, strlen(chosen->of->name));
    mli_buf_str(out, ",\"datatype\":\"");
    mli_buf_str(out, chosen->classes ? "BYTES" : chosen->of->datatype);
    add_whole(out, "\",\"shape\":[", in->rows);
    add_whole(out, ",", chosen->classes ? chosen->classes : chosen->of->width);
    mli_buf_str(out, "],");
    if (chosen->binary) {
        add_whole(out, "\"parameters\":{\"binary_data_size\":", chosen->bytes);
        mli_buf_str(out, "}}");
        return;
    }
    mli_buf_str(out, "\"data\":");
    for (size_t r = 0; r < in->rows; r++) {
        mli_buf_char(out, r == 0 ? '[' : ',');
        if (chosen->classes)
            mli_v2_classes(in, chosen, P + r * width, out);
        else
            mli_output_json(out, chosen->of, P + r * width);
    }
    mli_buf_str(out, "]}");
}

void mli_v2_write(struct mli_v2_inference *in, const double *P, struct mli_reply *reply)
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
    mli_buf_str(out, "\"model_name\":\"");
    mli_buf_str(out, in->served->name);
    mli_buf_str(out, "\",\"model_version\":\"");
    mli_buf_str(out, in->served->version);
    mli_buf_str(out, "\",\"outputs\":[");
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
