#include <mlctl/prep.h>

#include <base/file.h>
#include <base/mem.h>
#include <fit/clean.h>
#include <fit/plan.h>
#include <fit/prepfile.h>
#include <fit/record.h>
#include <fit/spooled.h>
#include <model/reading.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/flow.h>

/* The clean file has no column that a split or its groups could be found by again. */
static bool needs_held_out(const struct mli_settings *settings)
{
    return settings->group || settings->split.kind == MLI_SPLIT_COLUMN || settings->split.kind == MLI_SPLIT_TIME;
}

static enum ml_status write_prep(const struct ml_table *table, const struct ml_fit_config *config,
                                 const struct mli_settings *settings, const struct mli_plan *plan,
                                 struct mli_prepfile *file, const char *path, struct ml_error *err)
{
    file->target = mli_strdup(table->column[plan->target.of[0].column].name);
    file->split = mli_strdup(settings->split_text);
    file->group = settings->group ? mli_strdup(settings->group) : NULL;
    file->dedupe = settings->dedupe;
    file->raw_path = mli_strdup(table->source);
    file->raw_files = mli_record_files(table);
    file->read = mli_record_read(table, config->read);
    file->seed = config->seed;
    memcpy(file->raw_sha256, table->sha256, MLI_SHA256_HEX);
    if (needs_held_out(settings) && !(file->held_out = mli_plan_held_out(table, plan)))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    if (!file->target || !file->split || !file->group != !settings->group || !file->raw_path || !file->read || !file->raw_files != !table->file)
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
    if (!status && plan.target.columns > 1)
        status = ml_error_set(err, ML_EUSAGE, "--target names %zu columns; a clean file has one target, mlctl train takes several from the raw file",
                              plan.target.columns);
    if (!status)
        status = mli_plan_fit_pipeline(table, &plan, &settings, config->log, &file.pipeline, err);
    if (!status)
        status = mli_clean_write(file.pipeline, table, plan.target.of[0].column, plan.target.has,
                                 settings.train.threads, clean, file.clean_sha256, err);
    if (!status)
        status = write_prep(table, config, &settings, &plan, &file, prep, err);
    if (!status) {
        *report = (struct ml_prep_report){ .rows = table->rows,
                                           .columns = table->columns,
                                           .used = plan.target.n,
                                           .duplicates = plan.duplicates,
                                           .trained = plan.rows[MLI_PART_TRAIN],
                                           .features = mli_pipeline_features(file.pipeline) };
        snprintf(report->source, sizeof report->source, "%s", table->source);
    }
    mli_prepfile_release(&file);
    mli_plan_release(&plan);
    return status;
}

enum ml_status ml_preprocess_files(const char *const *paths, size_t n,
                                   const struct ml_fit_config *config, const char *clean,
                                   const char *prep, struct ml_prep_report *report,
                                   struct ml_error *err)
{
    static const struct ml_read_options defaults = ML_READ_OPTIONS_INIT;
    struct ml_table *table = NULL;
    enum ml_status status = mli_spooled_read(paths, n, config->read ? config->read : &defaults,
                                            config->memory, clean, &table, err);
    if (!status)
        status = ml_preprocess(table, config, clean, prep, report, err);
    ml_table_free(table);
    return status;
}

/* ---- apply ------------------------------------------------------------------------------------------------------ */

enum ml_status ml_preprocess_apply(const char *prep, const char *const *paths, size_t n,
                                   const struct ml_read_options *read, const char *clean,
                                   size_t *rows, struct ml_error *err)
{
    struct mli_prepfile file = { 0 };
    struct mli_flow *flow = NULL;
    struct mli_output *out = NULL;
    enum ml_status status = mli_prepfile_read(prep, &file, err);
    if (status)
        return status;
    const char *keep[] = { file.target, NULL };
    struct mli_flow_options options = { .csv = read->csv,
                                              .missing = read->missing,
                                              .keep = keep,
                                              .optional = keep,
                                              .threads = read->threads,
                                              .grows = mli_clean_grows(file.pipeline),
                                              .chunk = read->chunk,
                                              .log = read->log };
    mli_reading_inherit(file.read, "the prep file was fitted", &options.csv, &options.missing, read->log);
    status = mli_flow_open(paths, n, mli_pipeline_schema(file.pipeline), &options, &flow, err);
    if (!status)
        status = mli_output_open_packed(clean, &out, err);
    if (!status) {
        status = mli_clean_flow(file.pipeline, flow, file.target, out, rows, err);
        if (status)
            mli_output_abort(out);
        else
            status = mli_output_commit(out, err);
    }
    mli_flow_close(flow);
    mli_prepfile_release(&file);
    return status;
}
