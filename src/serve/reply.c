#include <serve/reply.h>

#include <base/text.h>
#include <model/output.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BODY_KEPT ((size_t)64 << 10) /* a larger buffer is not kept from one request to the next */

static const char type_json[] = "application/json";

static const struct {
    unsigned status;
    const char *code;
} codes[] = {
    { 400, "BAD_REQUEST" },
    { 401, "UNAUTHENTICATED" },
    { 403, "PERMISSION_DENIED" },
    { 404, "NOT_FOUND" },
    { 405, "METHOD_NOT_ALLOWED" },
    { 409, "ALREADY_EXISTS" },
    { 411, "LENGTH_REQUIRED" },
    { 413, "CONTENT_TOO_LARGE" },
    { 414, "URI_TOO_LONG" },
    { 415, "UNSUPPORTED_MEDIA_TYPE" },
    { 417, "EXPECTATION_FAILED" },
    { 429, "TOO_MANY_REQUESTS" },
    { 431, "HEADERS_TOO_LARGE" },
    { 500, "INTERNAL_ERROR" },
    { 501, "NOT_IMPLEMENTED" },
    { 503, "TEMPORARILY_UNAVAILABLE" },
    { 504, "DEADLINE_EXCEEDED" },
    { 505, "HTTP_VERSION_NOT_SUPPORTED" },
    { 507, "OUT_OF_MEMORY" },
};

const char *mli_reply_code(unsigned status)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].status == status)
            return codes[i].code;
    }
    return "ERROR";
}

void mli_reply_init(struct mli_reply *reply)
{
    *reply = (struct mli_reply){ .type = type_json };
    mli_buf_init(&reply->body, MLI_REPLY_MAX);
}

void mli_reply_release(struct mli_reply *reply)
{
    mli_buf_release(&reply->body);
}

void mli_reply_reset(struct mli_reply *reply)
{
    struct mli_buf body = reply->body;

    if (body.capacity > BODY_KEPT)
        mli_buf_release(&body);
    else
        mli_buf_reset(&body);
    memset(reply, 0, offsetof(struct mli_reply, policy) + 1);
    reply->type = type_json;
    reply->body = body;
}

void mli_reply_json(struct mli_reply *reply, const char *text)
{
    mli_reply_reset(reply);
    reply->status = 200;
    mli_buf_str(&reply->body, text);
}

/* Begins an error's body and leaves the object open. */
static void begin_error(struct mli_reply *reply, unsigned status, const char *text)
{
    bool close = reply->close;

    mli_reply_reset(reply);
    reply->status = status;
    reply->close = close;
    reply->retry_after = status == 503 || status == 429 ? 1 : 0;
    mli_buf_str(&reply->body, "{\"error\":");
    mli_buf_json_string(&reply->body, text, strlen(text));
    mli_buf_printf(&reply->body, ",\"error_code\":\"%s\",\"message\":", mli_reply_code(status));
    mli_buf_json_string(&reply->body, text, strlen(text));
}

void mli_reply_error(struct mli_reply *reply, unsigned status, const char *format, ...)
{
    struct ml_error err = ML_ERROR_INIT;
    va_list args;

    va_start(args, format);
    mli_text_format(err.text, sizeof(err.text), format, args);
    va_end(args);
    begin_error(reply, status, err.text);
    mli_buf_str(&reply->body, "}\n");
}

/* A full switch: a new status does not compile before it has an answer here. */
static unsigned http_status(enum ml_status status)
{
    switch (status) {
    case ML_EDATA:
        return 400;
    case ML_ELIMIT:
        return 413;
    case ML_ENOMEM:
        return 503;
    case ML_EINTERRUPTED:
        return 504;
    case ML_OK:
    case ML_EUSAGE:
    case ML_EARTIFACT:
    case ML_EREFUSED:
    case ML_EIO:
    case ML_EDIVERGED:
        break;
    }
    return 500;
}

static void add_fault(struct mli_buf *body, const struct mli_fault *fault)
{
    mli_buf_char(body, '{');
    if (fault->row > 0)
        mli_buf_printf(body, "\"row\":%zu,", fault->row);
    mli_buf_str(body, "\"column\":");
    mli_buf_json_string(body, fault->column, strlen(fault->column));
    mli_buf_printf(body, ",\"code\":\"%s\"", fault->code);
    if (fault->found[0] != '\0') {
        mli_buf_str(body, ",\"found\":");
        mli_buf_json_string(body, fault->found, strlen(fault->found));
    }
    mli_buf_char(body, '}');
}

static void add_faults(struct mli_buf *body, const struct mli_intake *intake)
{
    size_t listed = intake->faults < MLI_FAULTS ? intake->faults : MLI_FAULTS;

    mli_buf_str(body, ",\"rows\":[");
    for (size_t i = 0; i < listed; i++) {
        if (i > 0)
            mli_buf_char(body, ',');
        add_fault(body, &intake->fault[i]);
    }
    mli_buf_char(body, ']');
    if (intake->faults > listed)
        mli_buf_printf(body, ",\"more\":%zu", intake->faults - listed);
}

/* The first fault in words: row 3, column "age": expected a number, found abc (and 4 more) */
static void describe_fault(const struct mli_intake *intake, struct ml_error *err)
{
    const struct mli_fault *fault = &intake->fault[0];
    const char *found = strcmp(fault->code, "missing_column") == 0 ? "; there is " : ", found ";
    char more[48] = "";

    if (intake->faults > 1)
        snprintf(more, sizeof(more), " (and %zu more)", intake->faults - 1);
    ml_error_set(err, ML_EDATA, "row %zu, column \"%.200s\": %s%s%s%s", fault->row, fault->column,
                 mli_fault_text(fault), fault->found[0] ? found : "", fault->found, more);
}

void mli_reply_failure(struct mli_reply *reply, const struct ml_error *err,
                       const struct mli_intake *intake)
{
    struct ml_error said = *err;
    char text[sizeof(said.text) + 32];

    if (said.status == ML_OK && intake && intake->faults > 0)
        describe_fault(intake, &said);
    if (said.line > 0)
        snprintf(text, sizeof(text), "line %zu: %s", said.line, said.text);
    else
        snprintf(text, sizeof(text), "%s", said.text);
    begin_error(reply, http_status(said.status), text);
    if (intake && intake->faults > 0)
        add_faults(&reply->body, intake);
    mli_buf_str(&reply->body, "}\n");
}

bool mli_reply_done(struct mli_reply *reply, const struct mli_intake *intake,
                    enum ml_status status, const struct ml_error *err)
{
    struct mli_metrics *metrics = &intake->worker->metrics;

    if (status != ML_OK || intake->faults > 0) {
        mli_count(&metrics->faults, intake->faults);
        mli_reply_failure(reply, err, intake);
        return false;
    }
    mli_count(&metrics->rows, intake->rows);
    mli_count(&metrics->missing, intake->missing);
    mli_count(&metrics->unknown, intake->unknown);
    reply->status = 200;
    return true;
}

void mli_reply_prediction(struct mli_reply *reply, const struct mli_served *served, const double *p)
{
    mli_prediction_write_json(&reply->body, served->model, served->label_json, p);
}

void mli_reply_settle(struct mli_reply *reply)
{
    enum ml_status status = reply->body.status;

    reply->nulls += reply->body.nulls;
    reply->body.nulls = 0;
    if (status == ML_OK)
        return;
    mli_buf_release(&reply->body);
    if (status == ML_ELIMIT)
        mli_reply_error(reply, 413, "the answer would be longer than %zu bytes; send fewer rows",
                        MLI_REPLY_MAX);
    else
        mli_reply_error(reply, 503, "out of memory for the answer");
    if (reply->body.status != ML_OK)
        mli_buf_release(&reply->body); /* not even that: the status alone */
}
