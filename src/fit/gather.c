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
static bool make_room(struct mli_gathered *rows, size_t n, size_t width, size_t targets)
{
    size_t capacity = rows->capacity ? rows->capacity : 16, numbers, values, bytes;
    if (n <= rows->capacity)
        return true;
    while (capacity < n)
        if (!mli_mul(capacity, 2, &capacity))
            return false;
    if (!mli_mul(capacity, width, &numbers) || !mli_mul(numbers, sizeof(double), &bytes) ||
        !mli_mul(capacity, targets, &values))
        return false;
    double *y = mli_realloc(rows->y, values, sizeof *y);
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

static enum ml_status parse_target(const struct mli_model_target *target, const char *text,
                                   struct mli_numerals numerals, double *y, struct ml_error *err)
{
    size_t len = strlen(text);
    if (target->classes) {
        int32_t k = mli_label_find(target->classes, target->label, text, len);
        if (k < 0)
            return ml_error_set(err, ML_EDATA,
                                "target \"%s\": \"%s\" is not one of the %zu classes the model knows (\"%s\", \"%s\"%s)",
                                target->name, text, target->classes, target->label[0], target->label[1],
                                target->classes > 2 ? ", ..." : "");
        *y = (double)k;
        return ML_OK;
    }
    if (!mli_num_parse_grouped(text, len, numerals, y))
        return ml_error_set(err, ML_EDATA, "target \"%s\": \"%s\" is not a number", target->name, text);
    return ML_OK;
}

/* y gets the targets of a row; *has is whether it has them all. */
static enum ml_status parse_targets(const struct ml_model *model, const struct mli_bound *rows, size_t row, bool *has,
                                    double *y, struct ml_error *err)
{
    *has = true;
    for (size_t t = 0; t < model->targets && *has; t++) {
        const char *text = mli_bound_kept(rows, row, t);
        *has = !mli_missing_has(rows->missing, text, strlen(text));
    }
    for (size_t t = 0; t < model->targets && *has; t++) {
        enum ml_status status =
            parse_target(&model->target[t], mli_bound_kept(rows, row, t), rows->binding->numerals, &y[t], err);
        if (status && err && !err->line)
            err->line = rows->line[row];
        if (status)
            return status;
    }
    return ML_OK;
}

static enum ml_status take_rows(const struct ml_model *model, const struct mli_bound *rows, size_t n,
                                const double *P, struct mli_gathered *out, struct ml_error *err)
{
    size_t width = ml_model_width(model), targets = model->targets;
    if (!make_room(out, out->n + n, width, targets))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        size_t row = out->rows++;
        bool has;
        enum ml_status status = parse_targets(model, rows, i, &has, out->y + out->n * targets, err);
        if (status)
            return status;
        if (!has)
            continue;
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
    size_t width = ml_model_width(g->model), targets = g->model->targets;
    if (!make_room(to, to->n + from->n, width, targets))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    if (from->n) {
        memcpy(to->y + to->n * targets, from->y, from->n * targets * sizeof *to->y);
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

/* The files, with the columns of the schema and all targets. */
static enum ml_status open_files(const char *const *paths, size_t n, const struct mli_schema *schema, const char *const *target,
                                 const struct mli_flow_options *options, struct mli_flow **out, struct ml_error *err)
{
    struct mli_flow_options o = *options;
    struct mli_flow *flow = NULL;
    o.keep = target;
    o.optional = target;
    o.quiet_extra = true;
    enum ml_status status = mli_flow_open(paths, n, schema, &o, &flow, err);
    for (size_t t = 0; !status && target[t]; t++)
        if (!mli_flow_has_kept(flow, t))
            status = ml_error_at(err, ML_EDATA, mli_flow_source(flow), 0, 0,
                                 "no column \"%s\", the target, to compare predictions with", target[t]);
    if (status)
        mli_flow_close(flow);
    else
        *out = flow;
    return status;
}

enum ml_status mli_gather_try(const char *path, const struct mli_schema *schema, const char *const *target,
                              const struct mli_flow_options *options, struct ml_error *err)
{
    struct mli_flow_options quiet = *options;
    struct mli_flow *flow;
    quiet.log = NULL;
    enum ml_status status = open_files(&path, 1, schema, target, &quiet, &flow, err);
    if (!status)
        mli_flow_close(flow);
    return status;
}

enum ml_status mli_gather(const struct ml_model *model, const char *const *paths, size_t n,
                          const struct mli_flow_options *options, struct mli_gathered *out,
                          struct ml_error *err)
{
    const char **keep = mli_model_target_list(model);
    struct gathering g = { .model = model };
    const struct mli_flow_job job = {
        .shared = &g, .state_new = piece_new, .state_free = piece_free, .work = work, .commit = commit
    };
    struct mli_flow *flow = NULL;
    enum ml_status status = keep ? open_files(paths, n, mli_pipeline_schema(model->pipeline), keep, options, &flow, err)
                                 : ml_error_set(err, ML_ENOMEM, "out of memory");
    if (!status)
        status = mli_flow_run(flow, &job, err);
    mli_flow_close(flow);
    free(keep);
    if (status)
        mli_gathered_release(&g.rows);
    else
        *out = g.rows;
    return status;
}
