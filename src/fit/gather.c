#include <fit/gather.h>

#include <base/mem.h>
#include <base/num.h>
#include <fit/target.h>
#include <stdlib.h>
#include <string.h>

void mli_gathered_release(struct mli_gathered *rows)
{
    free(rows->y);
    free(rows->P);
    free(rows->row);
    *rows = (struct mli_gathered){ 0 };
}

/* Room for n rows in all. */
static bool make_room(struct mli_gathered *rows, size_t n, size_t width)
{
    size_t capacity = rows->capacity ? rows->capacity : 16, numbers, bytes;
    if (n <= rows->capacity)
        return true;
    while (capacity < n)
        if (!mli_mul(capacity, 2, &capacity))
            return false;
    if (!mli_mul(capacity, width, &numbers) || !mli_mul(numbers, sizeof(double), &bytes))
        return false;
    double *y = mli_realloc(rows->y, capacity, sizeof *y);
    rows->y = y ? y : rows->y;
    double *P = y ? mli_realloc(rows->P, numbers, sizeof *P) : NULL;
    rows->P = P ? P : rows->P;
    size_t *row = P ? mli_realloc(rows->row, capacity, sizeof *row) : NULL;
    rows->row = row ? row : rows->row;
    if (row)
        rows->capacity = capacity;
    return row != NULL;
}

/* ---- a piece of a file, in any thread ------------------------------------------------------------------------------ */

struct gathering {
    const struct ml_model *model;
    struct mli_gathered rows;
};

struct piece {
    struct mli_arena scratch;
    struct mli_gathered rows; /* numbered from 0 */
};

static void *piece_new(void *shared)
{
    (void)shared;
    return mli_calloc(1, sizeof(struct piece));
}

static void piece_free(void *data)
{
    struct piece *piece = data;
    if (!piece)
        return;
    mli_arena_release(&piece->scratch);
    mli_gathered_release(&piece->rows);
    free(piece);
}

static enum ml_status parse_target(const struct ml_model *model, const char *text,
                                   struct mli_numerals numerals, double *y, struct ml_error *err)
{
    size_t len = strlen(text);
    if (model->classes) {
        int32_t k = mli_label_find(model->classes, model->label, text, len);
        if (k < 0)
            return ml_error_set(err, ML_EDATA,
                                "target \"%s\": \"%s\" is not one of the %zu classes the model knows (\"%s\", \"%s\"%s)",
                                model->target, text, model->classes, model->label[0], model->label[1],
                                model->classes > 2 ? ", ..." : "");
        *y = (double)k;
        return ML_OK;
    }
    if (!mli_num_parse_grouped(text, len, numerals, y))
        return ml_error_set(err, ML_EDATA, "target \"%s\": \"%s\" is not a number", model->target, text);
    return ML_OK;
}

static enum ml_status take_rows(const struct ml_model *model, const struct mli_bound *rows, size_t n,
                                const double *P, struct mli_gathered *out, struct ml_error *err)
{
    size_t width = ml_model_width(model);
    if (!make_room(out, out->n + n, width))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const char *text = mli_bound_kept(rows, i, 0);
        size_t row = out->rows++;
        if (mli_missing_has(rows->missing, text, strlen(text)))
            continue;
        enum ml_status status = parse_target(model, text, rows->binding->numerals, &out->y[out->n], err);
        if (status) {
            if (err && !err->line)
                err->line = rows->line[i];
            return status;
        }
        memcpy(out->P + out->n * width, P + i * width, width * sizeof *P);
        out->row[out->n++] = row;
    }
    return ML_OK;
}

static enum ml_status work(void *shared, void *data, const struct mli_bound *rows, struct ml_error *err)
{
    const struct gathering *g = shared;
    struct piece *piece = data;
    const struct ml_table *table = mli_rows_table(rows->rows);
    struct mli_apply_counts counts = { 0 };
    mli_arena_reset(&piece->scratch);
    double *P = mli_arena_alloc(&piece->scratch, table->rows, ml_model_width(g->model) * sizeof *P);
    enum ml_status status = P ? mli_model_predict_rows(g->model, table, &piece->scratch, P, &counts, err)
                              : ml_error_set(err, ML_ENOMEM, "out of memory");
    return status ? status : take_rows(g->model, rows, table->rows, P, &piece->rows, err);
}

static enum ml_status commit(void *shared, void *data, struct ml_error *err)
{
    struct gathering *g = shared;
    struct mli_gathered *from = &((struct piece *)data)->rows, *to = &g->rows;
    size_t width = ml_model_width(g->model);
    if (!make_room(to, to->n + from->n, width))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    if (from->n) {
        memcpy(to->y + to->n, from->y, from->n * sizeof *to->y);
        memcpy(to->P + to->n * width, from->P, from->n * width * sizeof *to->P);
    }
    for (size_t i = 0; i < from->n; i++)
        to->row[to->n + i] = to->rows + from->row[i];
    to->n += from->n;
    to->rows += from->rows;
    from->n = from->rows = 0;
    return ML_OK;
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

enum ml_status mli_gather(const struct ml_model *model, const char *const *paths, size_t n,
                          const struct mli_flow_options *options, struct mli_gathered *out,
                          struct ml_error *err)
{
    const char *keep[] = { model->target, NULL };
    struct gathering g = { .model = model };
    const struct mli_flow_job job = {
        .shared = &g, .state_new = piece_new, .state_free = piece_free, .work = work, .commit = commit
    };
    struct mli_flow_options o = *options;
    struct mli_flow *flow = NULL;
    o.keep = keep;
    o.optional = model->target;
    o.quiet_extra = true;
    enum ml_status status = mli_flow_open(paths, n, mli_pipeline_schema(model->pipeline), &o, &flow, err);
    if (!status && !mli_flow_has_kept(flow, 0))
        status = ml_error_at(err, ML_EDATA, mli_flow_source(flow), 0, 0,
                             "no column \"%s\", the target, to compare predictions with", model->target);
    if (!status)
        status = mli_flow_run(flow, &job, err);
    mli_flow_close(flow);
    if (status)
        mli_gathered_release(&g.rows);
    else
        *out = g.rows;
    return status;
}
