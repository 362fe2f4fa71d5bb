#include <serve/intake.h>

#include <base/num.h>
#include <base/text.h>
#include <math.h>
#include <serve/group.h>
#include <serve/far.h>
#include <stddef.h>
#include <string.h>

void mli_intake_init(struct mli_intake *intake, struct mli_worker *worker, size_t max_rows)
{
    memset(intake, 0, offsetof(struct mli_intake, fault)); /* kilobytes, which few requests fill */
    mli_worker_begin(worker);
    intake->worker = worker;
    intake->desk = worker->desk;
    intake->max_rows = max_rows;
    worker->run.asked = true;
    mli_rows_reset(intake->desk->rows);
    if (worker->pen.journal)
        mli_rows_keep_strangers(intake->desk->rows);
}

/* A few rows of a request that is expected in a group go with those of others. */
static enum ml_status predict_together(struct mli_intake *intake, size_t n, struct mli_apply_counts *counts,
                                       struct ml_error *err)
{
    struct mli_worker *worker = intake->worker;
    const struct ml_model *model = intake->desk->model;
    struct mli_group *group = worker->group;
    double *X = mli_arena_alloc(&worker->scratch, n, model->network->inputs * sizeof(double));

    if (!X)
        return ml_error_set(err, ML_ENOMEM, "out of memory for predicting %zu rows", n);
    enum ml_status status =
        mli_pipeline_apply(model->pipeline, mli_rows_table(intake->desk->rows), &worker->scratch, X, counts, err);
    if (status != ML_OK)
        return status;
    worker->group = NULL;
    return mli_group_predict(group, n, X, &worker->scratch, intake->desk->P, err);
}

static enum ml_status predict_block(struct mli_intake *intake, struct ml_error *err)
{
    struct mli_worker *worker = intake->worker;
    struct mli_desk *desk = intake->desk;
    size_t n = mli_rows_count(desk->rows);
    struct mli_apply_counts counts = { 0 };

    if (n == 0 || intake->faults > 0) {
        mli_rows_reset(desk->rows);
        return ML_OK;
    }
    uint64_t started = mli_clock();
    if (atomic_load_explicit(&worker->stopping, memory_order_relaxed)) {
        mli_rows_reset(desk->rows);
        return ml_error_set(err, ML_EINTERRUPTED, "the server has stopped before the answer was made");
    }
    if (worker->deadline && started > worker->deadline) {
        mli_rows_reset(desk->rows);
        return ml_error_set(err, ML_EINTERRUPTED, "the request took longer than it may; send fewer rows at a time");
    }
    bool together = worker->group && worker->group == desk->served->group && n <= MLI_GROUP_ROWS;
    enum ml_status status = together ? predict_together(intake, n, &counts, err)
                                     : mli_model_predict_rows(desk->model, mli_rows_table(desk->rows),
                                                              &worker->scratch, desk->P, &counts, err);
    mli_arena_reset(&worker->scratch);
    if (status == ML_EDATA && mli_far_note(intake)) {
        *err = (struct ml_error)ML_ERROR_INIT; /* the faults say more */
        mli_rows_reset(desk->rows);
        return ML_OK;
    }
    if (status == ML_OK && intake->look)
        status = intake->look(intake->look_data, mli_rows_table(desk->rows), err);
    if (status == ML_OK && desk->live)
        mli_live_add(desk->live, mli_rows_table(desk->rows), desk->P);
    if (status == ML_OK && worker->pen.journal)
        mli_pen_rows(&worker->pen, desk->served, desk->rows, desk->P, worker->run.rows, &worker->rng);
    mli_rows_reset(desk->rows);
    if (status != ML_OK)
        return status;
    if (worker->captures)
        mli_buf_add(&worker->captured, desk->P, n * ml_model_width(desk->model) * sizeof(*desk->P));
    intake->unknown += counts.unknown;
    intake->missing += counts.missing;
    uint64_t predicted = mli_clock();
    intake->emit(intake->data, desk->P, n);
    worker->run.rows += n;
    worker->run.blocks++;
    worker->run.infer += predicted - started;
    worker->run.write += mli_clock() - predicted;
    return ML_OK;
}

static enum ml_status too_many(const struct mli_intake *intake, struct ml_error *err)
{
    return ml_error_set(err, ML_ELIMIT, "more than %zu rows in one request (--max-rows); send them in parts", intake->max_rows);
}

enum ml_status mli_intake_row(struct mli_intake *intake, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    if (intake->rows == intake->max_rows)
        return too_many(intake, err);
    intake->rows++;
    intake->desk->row++;
    if (!mli_rows_append(intake->desk->rows)) {
        status = predict_block(intake, err);
        if (status == ML_OK)
            mli_rows_append(intake->desk->rows);
    }
    intake->at = mli_rows_count(intake->desk->rows) - 1;
    return status;
}

enum ml_status mli_intake_rows(struct mli_intake *intake, size_t n, size_t *opened, struct ml_error *err)
{
    struct mli_desk *desk = intake->desk;
    enum ml_status status = ML_OK;

    if (n > intake->max_rows - intake->rows)
        return too_many(intake, err);
    size_t got = mli_rows_extend(desk->rows, n);
    if (got == 0) {
        status = predict_block(intake, err);
        if (status != ML_OK)
            return status;
        got = mli_rows_extend(desk->rows, n);
    }
    intake->rows += got;
    desk->row += got;
    intake->at = mli_rows_count(desk->rows) - got;
    *opened = got;
    return ML_OK;
}

enum ml_status mli_intake_end(struct mli_intake *intake, struct ml_error *err)
{
    return predict_block(intake, err);
}

/* ---- faults ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *code, *text;
} meanings[] = {
    { "not_a_number", "expected a number" },
    { "not_an_instant", "expected a date or date-time, in ISO 8601 or as the training data has them" },
    { "too_far", "expected a number nearer to those of the training rows" },
    { "too_large", "expected a text that fits into memory" },
    { "missing_column", "the column is missing" },
    { "wrong_type", "expected a number, a string, true, false or null" },
};

const char *mli_fault_text(const struct mli_fault *fault)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strcmp(meanings[i].code, fault->code) == 0)
            return meanings[i].text;
    }
    return fault->code;
}

void mli_intake_fault(struct mli_intake *intake, size_t field, const char *code, const char *found,
                      size_t len)
{
    if (intake->faults++ >= MLI_FAULTS)
        return;
    struct mli_fault *fault = &intake->fault[intake->faults - 1];
    fault->row = intake->rows;
    fault->column = intake->desk->schema->field[field].name;
    fault->code = code;
    bool cut = found && len >= sizeof(fault->found);
    len = found ? (cut ? sizeof(fault->found) - 1 : len) : 0;
    if (len > 0)
        memcpy(fault->found, found, len);
    fault->found[len] = '\0';
    mli_text_clean(fault->found, cut);
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static bool refused(enum mli_cell cell)
{
    return cell == MLI_CELL_NOT_A_NUMBER || cell == MLI_CELL_NOT_AN_INSTANT || cell == MLI_CELL_NO_MEMORY;
}

static void text_fault(struct mli_intake *intake, size_t field, enum mli_cell cell,
                       const char *text, size_t len)
{
    struct mli_buf quoted;

    if (!intake->typed) {
        mli_intake_fault(intake, field, mli_cell_code(cell), text, len);
        return;
    }
    mli_buf_init(&quoted, SIZE_MAX);
    mli_buf_json_string(&quoted, text, len < MLI_FAULT_FOUND ? len : MLI_FAULT_FOUND);
    mli_intake_fault(intake, field, mli_cell_code(cell),
                     quoted.status == ML_OK ? quoted.data : NULL, quoted.len);
    mli_buf_release(&quoted);
}

void mli_intake_text(struct mli_intake *intake, size_t field, const char *text, size_t len)
{
    bool number = intake->desk->schema->field[field].type == ML_TYPE_NUMBER;
    enum mli_cell cell = MLI_CELL_NOT_A_NUMBER;

    if (!intake->typed || !number)
        cell = mli_rows_set_text(intake->desk->rows, field, text, len);
    if (refused(cell))
        text_fault(intake, field, cell, text, len);
}

static void number_fault(struct mli_intake *intake, size_t field, enum mli_cell cell, double value)
{
    char text[MLI_NUM_MAX];

    mli_intake_fault(intake, field, mli_cell_code(cell), text, mli_num_format(value, text));
}

void mli_intake_number(struct mli_intake *intake, size_t field, double value)
{
    double *plain = intake->desk->plain[field];
    if (plain && isfinite(value)) {
        plain[intake->at] = value;
        return;
    }
    enum mli_cell cell = mli_rows_set_number(intake->desk->rows, field, value);

    if (refused(cell))
        number_fault(intake, field, cell, value);
}

void mli_intake_bool(struct mli_intake *intake, size_t field, bool value)
{
    const char *text = value ? "true" : "false";
    enum mli_cell cell = mli_rows_set_bool(intake->desk->rows, field, value);

    if (refused(cell))
        mli_intake_fault(intake, field, mli_cell_code(cell), text, strlen(text));
}

/* The empty text is the missing token of every column. */
void mli_intake_missing(struct mli_intake *intake, size_t field)
{
    mli_rows_set_text(intake->desk->rows, field, "", 0);
}
