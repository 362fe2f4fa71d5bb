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

static bool make_room(struct mli_gathered *rows, size_t width)
{
    return mli_grow((void **)&rows->y, &rows->capacity_y, rows->n, sizeof *rows->y) &&
           mli_grow((void **)&rows->P, &rows->capacity_P, rows->n, width * sizeof *rows->P) &&
           mli_grow((void **)&rows->row, &rows->capacity_row, rows->n, sizeof *rows->row);
}

static enum ml_status take_block(const struct ml_model *model, const struct mli_stream *stream,
                                 const struct mli_missing *missing, const struct ml_table *block,
                                 const double *P, struct mli_gathered *out, struct ml_error *err)
{
    size_t width = ml_model_width(model);
    for (size_t i = 0; i < block->rows; i++) {
        const char *text = mli_stream_kept(stream, i, 0);
        size_t row = out->rows++;
        if (mli_missing_has(missing, text, strlen(text)))
            continue;
        if (!make_room(out, width))
            return ml_error_set(err, ML_ENOMEM, "out of memory");
        enum ml_status status = parse_target(model, text, mli_stream_numerals(stream), &out->y[out->n], err);
        if (status) {
            if (err && !err->line)
                err->line = mli_stream_line(stream, i);
            return status;
        }
        memcpy(out->P + out->n * width, P + i * width, width * sizeof *P);
        out->row[out->n++] = row;
    }
    return ML_OK;
}

static enum ml_status gather(const struct ml_model *model, struct mli_stream *stream,
                             const struct mli_missing *missing, struct mli_gathered *out,
                             struct ml_error *err)
{
    struct mli_arena scratch = MLI_ARENA_INIT;
    const struct ml_table *block;
    enum ml_status status;
    while (!(status = mli_stream_next(stream, &block, err)) && block) {
        mli_arena_reset(&scratch);
        struct mli_apply_counts counts = { 0 };
        double *P = mli_arena_alloc(&scratch, block->rows, ml_model_width(model) * sizeof *P);
        status = P ? mli_model_predict_rows(model, block, &scratch, P, &counts, err)
                   : ml_error_set(err, ML_ENOMEM, "out of memory");
        if (!status)
            status = take_block(model, stream, missing, block, P, out, err);
        if (status)
            break;
        out->missing += counts.missing;
        out->unknown += counts.unknown;
    }
    if (!status)
        mli_input_sha256(mli_stream_input(stream), out->sha256);
    mli_arena_release(&scratch);
    return status;
}

/* The rows of a file, after those that are there. */
static enum ml_status gather_file(const struct ml_model *model, const char *path,
                                  const struct mli_stream_options *options,
                                  const struct mli_missing *missing, struct mli_gathered *rows,
                                  struct ml_error *err)
{
    const char *keep[] = { model->target, NULL };
    struct mli_stream_options o = *options;
    struct mli_stream *stream = NULL;
    o.keep = keep;
    o.optional = model->target;
    o.quiet_extra = true;
    enum ml_status status = mli_stream_open(path, mli_pipeline_schema(model->pipeline), &o, &stream, err);
    if (!status && !mli_stream_has_kept(stream, 0))
        status = ml_error_at(err, ML_EDATA, path, 0, 0,
                             "no column \"%s\", the target, to compare predictions with", model->target);
    if (!status)
        status = gather(model, stream, missing, rows, err);
    ml_error_source(err, path);
    mli_stream_close(stream);
    return status;
}

enum ml_status mli_gather_files(const struct ml_model *model, const char *const *paths, size_t n,
                                const struct mli_stream_options *options, struct mli_gathered *out,
                                struct ml_error *err)
{
    struct mli_gathered rows = { 0 };
    struct mli_missing *missing = mli_missing_new(options->missing);
    enum ml_status status = missing ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
    for (size_t i = 0; i < n && !status; i++)
        status = gather_file(model, paths[i], options, missing, &rows, err);
    mli_missing_free(missing);
    if (status)
        mli_gathered_release(&rows);
    else
        *out = rows;
    return status;
}

enum ml_status mli_gather(const struct ml_model *model, const char *path,
                          const struct mli_stream_options *options, struct mli_gathered *out,
                          struct ml_error *err)
{
    return mli_gather_files(model, &path, 1, options, out, err);
}
