#include <mlctl/prep.h>

#include <base/file.h>
#include <base/mem.h>
#include <fit/clean.h>
#include <fit/plan.h>
#include <fit/prepfile.h>
#include <fit/record.h>
#include <stdlib.h>
#include <string.h>
#include <table/stream.h>
#include <table/write.h>

static void write_header(struct mli_csv_writer *csv, const struct mli_pipeline *pipeline,
                         const char *target)
{
    for (size_t j = 0; j < mli_pipeline_features(pipeline); j++) {
        const char *name = mli_pipeline_feature(pipeline, j);
        mli_csv_write_text(csv, name, strlen(name));
    }
    if (target)
        mli_csv_write_text(csv, target, strlen(target));
    mli_csv_write_end(csv);
}

static void write_features(struct mli_csv_writer *csv, const double *x, size_t d)
{
    mli_csv_write_numbers(csv, x, d);
}

/* Writes what the buffer holds to the file, and empties it. */
static enum ml_status flush(struct mli_buf *text, struct mli_output *out, struct ml_error *err)
{
    if (text->status)
        return ml_error_set(err, text->status, "out of memory");
    enum ml_status status = mli_output_write(out, text->data, text->len, err);
    mli_buf_reset(text);
    return status;
}

/* The clean file has no column that a split or its groups could be found by again. */
static bool needs_held_out(const struct mli_settings *settings)
{
    return settings->group || settings->split.kind == MLI_SPLIT_COLUMN || settings->split.kind == MLI_SPLIT_TIME;
}

static enum ml_status write_prep(const struct ml_table *table, const struct ml_fit_config *config,
                                 const struct mli_settings *settings, const struct mli_plan *plan,
                                 struct mli_prepfile *file, const char *path, struct ml_error *err)
{
    file->target = mli_strdup(table->column[plan->target.column].name);
    file->split = mli_strdup(settings->split_text);
    file->group = settings->group ? mli_strdup(settings->group) : NULL;
    file->dedupe = settings->dedupe;
    file->raw_path = mli_strdup(table->source);
    file->read = mli_record_read(table, config->read);
    file->seed = config->seed;
    memcpy(file->raw_sha256, table->sha256, MLI_SHA256_HEX);
    if (needs_held_out(settings) && !(file->held_out = mli_plan_held_out(table, plan)))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    if (!file->target || !file->split || !file->group != !settings->group || !file->raw_path || !file->read)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    return mli_prepfile_write(file, path, err);
}

enum ml_status ml_preprocess(const struct ml_table *table, const struct ml_fit_config *config,
                             const char *clean, const char *prep, struct ml_prep_report *report,
                             struct ml_error *err)
{
    struct mli_settings settings;
    struct mli_plan plan = { 0 };
    struct mli_prepfile file = { 0 };
    enum ml_status status = mli_settings_check(config, &settings, err);
    if (!status)
        status = mli_plan_make(table, config->target, config->task, &settings, config->seed, config->log,
                               &plan, err);
    if (!status)
        status = mli_plan_fit_pipeline(table, &plan, &settings, config->log, &file.pipeline, err);
    if (!status)
        status = mli_clean_write(file.pipeline, table, plan.target.column, plan.target.has,
                                 settings.train.threads, clean, file.clean_sha256, err);
    if (!status)
        status = write_prep(table, config, &settings, &plan, &file, prep, err);
    if (!status)
        *report = (struct ml_prep_report){ .rows = table->rows,
                                           .columns = table->columns,
                                           .used = plan.target.n,
                                           .duplicates = plan.duplicates,
                                           .trained = plan.rows[MLI_PART_TRAIN],
                                           .features = mli_pipeline_features(file.pipeline) };
    mli_prepfile_release(&file);
    mli_plan_release(&plan);
    return status;
}

/* ---- apply ------------------------------------------------------------------------------------------------------ */

static enum ml_status apply_block(const struct mli_pipeline *pipeline, const struct mli_stream *stream,
                                  const struct ml_table *block, bool target, struct mli_arena *scratch,
                                  struct mli_csv_writer *csv, struct ml_error *err)
{
    size_t d = mli_pipeline_features(pipeline);
    double *X = mli_arena_alloc(scratch, block->rows, d * sizeof *X);
    if (!X)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    enum ml_status status = mli_pipeline_apply(pipeline, block, scratch, X, NULL, err);
    for (size_t i = 0; !status && i < block->rows; i++) {
        write_features(csv, X + i * d, d);
        const char *text = target ? mli_stream_kept(stream, i, 0) : NULL;
        if (target)
            mli_csv_write_text(csv, text, strlen(text));
        mli_csv_write_end(csv);
    }
    return status;
}

static enum ml_status apply(const struct mli_prepfile *file, struct mli_stream *stream, bool target,
                            struct mli_output *out, size_t *rows, struct ml_error *err)
{
    struct mli_arena scratch = MLI_ARENA_INIT;
    struct mli_buf text;
    struct mli_csv_writer csv;
    const struct ml_table *block;
    enum ml_status status;
    mli_buf_init(&text, (size_t)1 << 30);
    mli_csv_writer_init(&csv, &text, ',');
    write_header(&csv, file->pipeline, target ? file->target : NULL);
    *rows = 0;
    while (!(status = mli_stream_next(stream, &block, err)) && block) {
        mli_arena_reset(&scratch);
        status = apply_block(file->pipeline, stream, block, target, &scratch, &csv, err);
        if (!status)
            status = flush(&text, out, err);
        if (status)
            break;
        *rows += block->rows;
    }
    if (!status)
        status = flush(&text, out, err);
    mli_buf_release(&text);
    mli_arena_release(&scratch);
    return status;
}

enum ml_status ml_preprocess_apply(const char *prep, const char *path, const struct ml_read_options *read,
                                   const char *clean, size_t *rows, struct ml_error *err)
{
    struct mli_prepfile file = { 0 };
    struct mli_stream *stream = NULL;
    struct mli_output *out = NULL;
    enum ml_status status = mli_prepfile_read(prep, &file, err);
    const char *keep[] = { file.target, NULL };
    struct mli_stream_options options = { .csv = read->csv,
                                          .missing = read->missing,
                                          .keep = keep,
                                          .optional = file.target,
                                          .log = read->log };
    if (!status)
        status = mli_stream_open(path, mli_pipeline_schema(file.pipeline), &options, &stream, err);
    if (!status)
        status = mli_output_open(clean, &out, err);
    if (!status) {
        status = apply(&file, stream, mli_stream_has_kept(stream, 0), out, rows, err);
        if (status)
            mli_output_abort(out);
        else
            status = mli_output_commit(out, err);
    }
    mli_stream_close(stream);
    mli_prepfile_release(&file);
    return status;
}
