#include <serve/explain.h>

#include <base/mem.h>
#include <model/contributions.h>
#include <serve/csv_rows.h>
#include <serve/json_rows.h>
#include <serve/lines.h>
#include <serve/row.h>
#include <serve/sink.h>
#include <string.h>

/* Contributions of the rows that the sink is about to write. */
struct explanation {
    struct mli_sink sink;
    double *C;    /* of a block of rows, as model/contributions.h has them */
    size_t block; /* rows that it has room for */
};

static enum ml_status look(void *data, const struct ml_table *rows, struct ml_error *err)
{
    struct explanation *explanation = data;
    struct mli_worker *worker = explanation->sink.intake.worker;
    const struct ml_model *model = explanation->sink.served->model;
    size_t width = mli_contributions_margins(model) * (worker->desk->schema->count + 1);

    if (rows->rows > explanation->block) {
        size_t bytes;
        explanation->C = mli_mul(rows->rows, width, &bytes)
                             ? mli_arena_alloc(&worker->request, bytes, sizeof(*explanation->C))
                             : NULL;
        if (!explanation->C)
            return ml_error_set(err, ML_ENOMEM, "out of memory for contributions");
        explanation->block = rows->rows;
    }
    return mli_contributions(model, rows, &worker->scratch, explanation->C, err);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* What margin o is of. */
static void write_name(struct mli_buf *out, const struct ml_model *model, size_t o)
{
    bool several = model->targets > 1;
    const struct mli_model_target *target = &model->target[several ? o : 0];
    bool second = several || mli_contributions_margins(model) == 1;
    const char *of = target->classes == 0 ? target->name : target->label[second ? 1 : o];

    if (several) {
        mli_buf_str(out, "\"target\":");
        mli_buf_json_string(out, target->name, strlen(target->name));
        mli_buf_char(out, ',');
    }
    mli_buf_str(out, "\"of\":");
    mli_buf_json_string(out, of, strlen(of));
}

static void write_margin(struct mli_buf *out, const struct mli_schema *schema, const double *c)
{
    double margin = c[schema->count];

    for (size_t i = 0; i < schema->count; i++)
        margin += c[i];
    mli_buf_str(out, ",\"margin\":");
    mli_buf_json_number(out, margin);
    mli_buf_str(out, ",\"bias\":");
    mli_buf_json_number(out, c[schema->count]);
    mli_buf_str(out, ",\"columns\":{");
    for (size_t i = 0; i < schema->count; i++) {
        mli_buf_json_key(out, i, schema->field[i].name);
        mli_buf_json_number(out, c[i]);
    }
    mli_buf_char(out, '}');
}

static void add(void *data, size_t row, struct mli_buf *out)
{
    const struct explanation *explanation = data;
    const struct mli_served *served = explanation->sink.served;
    size_t margins = mli_contributions_margins(served->model), width = served->schema->count + 1;

    mli_buf_str(out, ",\"contributions\":[");
    for (size_t o = 0; o < margins; o++) {
        mli_buf_str(out, o > 0 ? ",{" : "{");
        write_name(out, served->model, o);
        write_margin(out, served->schema, explanation->C + (row * margins + o) * width);
        mli_buf_char(out, '}');
    }
    mli_buf_char(out, ']');
}

/* ---- the handler ------------------------------------------------------------------------------------------------- */

static enum ml_status read_rows(const struct mli_request *request, size_t depth, struct mli_intake *intake,
                                struct ml_error *err)
{
    enum mli_header header = request->content.header;

    if (request->content.media == MLI_MEDIA_LINES)
        return mli_lines_read(request->body, request->len, depth, intake, err);
    if (request->content.media != MLI_MEDIA_CSV)
        return mli_json_rows(request->body, request->len, depth, intake, err);
    intake->many = true;
    return mli_csv_rows(request->body, request->len,
                        header == MLI_HEADER_ABSENT ? header : MLI_HEADER_PRESENT, intake, err);
}

/* False: the reply says that there is nothing to explain by. */
static bool begin(struct explanation *explanation, const struct mli_service *service, struct mli_worker *worker,
                  const struct mli_request *request, struct mli_reply *reply, enum mli_form form)
{
    if (!mli_contributions_can(request->served->model)) {
        mli_reply_error(reply, 400,
                        "only a model of one layer can be explained by its columns, this one has "
                        "%zu layers; POST /predict predicts",
                        request->served->model->network->layers);
        return false;
    }
    mli_sink_begin(&explanation->sink, service, worker, request, reply, form);
    explanation->sink.intake.look = look;
    explanation->sink.intake.look_data = explanation;
    explanation->sink.add = add;
    explanation->sink.add_data = explanation;
    return true;
}

void mli_explain_answer(const struct mli_service *service, struct mli_worker *worker,
                        const struct mli_request *request, struct mli_reply *reply)
{
    bool lines = request->content.media == MLI_MEDIA_LINES;
    struct explanation explanation = { .C = NULL };
    struct ml_error err = ML_ERROR_INIT;

    if (begin(&explanation, service, worker, request, reply, lines ? MLI_FORM_LINES : MLI_FORM_DOCUMENTS))
        mli_sink_end(&explanation.sink,
                     read_rows(request, service->config.max_depth, &explanation.sink.intake, &err), &err);
}

static enum ml_status read_instances(const struct mli_request *request, size_t depth, struct mli_intake *intake,
                                     struct ml_error *err)
{
    struct mli_scan_wanted wanted[] = { { .name = "instances" } };
    struct mli_scan scan = mli_scan_of(request->body, request->len, depth);

    if (!mli_scan_members(&scan, wanted, 1) || !mli_scan_end(&scan))
        return mli_scan_error(&scan, err);
    if (!wanted[0].found)
        return ml_error_set(err, ML_EDATA, "\"instances\", a list of rows, is missing");
    return mli_row_read_list(&wanted[0].at, intake, err);
}

void mli_explain_instances(const struct mli_service *service, struct mli_worker *worker,
                           const struct mli_request *request, struct mli_reply *reply)
{
    struct explanation explanation = { .C = NULL };
    struct ml_error err = ML_ERROR_INIT;

    if (begin(&explanation, service, worker, request, reply, MLI_FORM_PREDICTIONS))
        mli_sink_end(&explanation.sink,
                     read_instances(request, service->config.max_depth, &explanation.sink.intake, &err), &err);
}
