#include <cmd/commands.h>
#include <cmd/dialect.h>
#include <cmd/out.h>

#include <base/file.h>
#include <base/mem.h>
#include <base/num.h>
#include <ctype.h>
#include <math.h>
#include <model/drift.h>
#include <model/reading.h>
#include <model/rowlog.h>
#include <stdlib.h>
#include <string.h>
#include <table/flow.h>

#define FEW ((size_t)200) /* rows; of ten bins, chance alone then gives a PSI of 0.05 */

struct monitor_flags {
    char *model;
    struct dialect dialect;
    const char *max; /* as it was said, NULL: it was not */
    double max_psi;  /* infinite, too, when it was not */
    int csv, any_model;
};

/* What predicting takes; of one thread. */
struct guess {
    struct mli_arena scratch;
    double *P;
    size_t room; /* rows of P */
};

struct run {
    const struct cmd_context *ctx;
    const struct monitor_flags *flags;
    const struct ml_csv_options *csv;
    const struct ml_model *model;
    struct mli_drift *drift;
    uint64_t *counts;
    size_t rows, others;
    size_t silent; /* rows that the model has no prediction for */
    struct guess guess;
    struct ml_error problem; /* of a block of a log */
};

/* ---- predictions ------------------------------------------------------------------------------------------------- */

static void guess_release(struct guess *guess)
{
    mli_arena_release(&guess->scratch);
    free(guess->P);
}

/*
 * What the model says about these rows is counted, too, if there is anything to compare it with. A block with a row that is too far
 * out for it is not: the server refuses such rows.
 */
static enum ml_status count_predictions(const struct run *run, struct guess *guess, const struct ml_table *rows,
                                        uint64_t *counts, size_t *silent, struct ml_error *err)
{
    struct ml_error problem = ML_ERROR_INIT;
    size_t bytes;
    if (rows->rows == 0 || mli_drift_targets(run->drift) == 0)
        return ML_OK;
    if (rows->rows > guess->room) {
        free(guess->P);
        guess->P = mli_mul(ml_model_width(run->model), sizeof *guess->P, &bytes) ? mli_alloc(rows->rows, bytes) : NULL;
        guess->room = guess->P ? rows->rows : 0;
        if (!guess->P)
            return ml_error_set(err, ML_ENOMEM, "out of memory for predictions of %zu rows", rows->rows);
    }
    enum ml_status status = mli_model_predict_rows(run->model, rows, &guess->scratch, guess->P, NULL, &problem);
    mli_arena_reset(&guess->scratch);
    if (status == ML_EDATA)
        *silent += rows->rows;
    else if (status)
        return ml_error_set(err, status, "%s", problem.text);
    else
        mli_drift_add_predictions(run->drift, guess->P, rows->rows, counts);
    return ML_OK;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static void count_rows(void *data, const struct ml_table *rows)
{
    struct run *run = data;
    mli_drift_add(run->drift, rows, run->counts);
    run->rows += rows->rows;
    if (run->problem.status == ML_OK)
        (void)!count_predictions(run, &run->guess, rows, run->counts, &run->silent, &run->problem);
}

/*
 * Opens the first file. A log begins with the brace of its first object, which is looked at unpacked. What is none is closed again
 * to be read as CSV; of a pipe nothing may be lost, so that has to be said.
 */
static enum ml_status open_log(const char *path, struct mli_input **out, struct ml_error *err)
{
    struct mli_input *input = NULL;
    const char *start = "";
    size_t n = 0, at = 0;
    enum ml_status status = mli_input_open(path, &input, err);
    if (!status) {
        mli_input_undigested(input);
        status = mli_input_peek(input, &start, &n, err);
    }
    while (at < n && isspace((unsigned char)start[at]))
        at++;
    if (!status && (at == n || start[at] == '{')) {
        *out = input;
        return ML_OK;
    }
    if (!status && (strcmp(path, "-") == 0 || mli_input_version(input) == 0))
        status = ml_error_at(err, ML_EDATA, mli_input_name(input), 0, 0,
                             "does not begin as a prediction log does; give --csv if these are raw rows in CSV");
    mli_input_close(input);
    return status;
}

/* first: the first of them, which is open. */
static enum ml_status read_logs(struct run *run, struct mli_input *first, struct ml_error *err)
{
    const struct ml_csv_options *csv = run->csv;
    struct mli_rowlog log = { .model = run->model, .any_model = run->flags->any_model, .take = count_rows, .data = run };
    struct ml_csv_options unused = { 0 };
    mli_reading_again(mli_model_reading(run->model), &unused, &log.missing);
    if (run->flags->dialect.missing)
        log.missing = run->flags->dialect.missing;
    if (csv->bad_rows != ML_BAD_ROWS_ERROR) {
        log.bad = mli_bad_rows_new(csv->bad_rows == ML_BAD_ROWS_QUARANTINE ? csv->quarantine : NULL, &run->ctx->log);
        if (!log.bad)
            return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    enum ml_status status = ML_OK;
    for (size_t i = 0; i < run->ctx->nargs && !status; i++)
        status = i == 0 ? mli_rowlog_read_input(&log, first, err) : mli_rowlog_read(&log, run->ctx->args[i], err);
    if (!status && log.bad)
        status = mli_bad_rows_end(log.bad, err);
    mli_bad_rows_free(log.bad);
    run->others = log.others;
    if (!status && run->problem.status)
        status = ml_error_set(err, run->problem.status, "%s", run->problem.text);
    return status;
}

/* Counts of a piece of a file, which are added to the others' in turn. */
struct piece {
    const struct run *run;
    size_t rows, silent;
    struct guess guess;
    uint64_t counts[];
};

static void *piece_new(void *shared)
{
    const struct run *run = shared;
    struct piece *piece = mli_calloc(1, sizeof *piece + mli_drift_counts(run->drift) * sizeof *piece->counts);
    if (piece)
        *piece = (struct piece){ .run = run, .guess.scratch = MLI_ARENA_INIT };
    return piece;
}

static void piece_free(void *data)
{
    struct piece *piece = data;
    if (piece)
        guess_release(&piece->guess);
    free(piece);
}

static enum ml_status count_piece(void *shared, void *data, const struct mli_bound *rows, struct ml_error *err)
{
    const struct run *run = shared;
    struct piece *piece = data;
    const struct ml_table *table = mli_rows_table(rows->rows);
    mli_drift_add(run->drift, table, piece->counts);
    piece->rows += table->rows;
    return count_predictions(run, &piece->guess, table, piece->counts, &piece->silent, err);
}

static enum ml_status add_piece(void *shared, void *data, struct ml_error *err)
{
    struct run *run = shared;
    struct piece *piece = data;
    size_t counts = mli_drift_counts(run->drift);
    (void)err;
    for (size_t i = 0; i < counts; i++)
        run->counts[i] += piece->counts[i];
    run->rows += piece->rows;
    run->silent += piece->silent;
    piece->rows = piece->silent = 0;
    memset(piece->counts, 0, counts * sizeof *piece->counts);
    return ML_OK;
}

static enum ml_status read_csv(struct run *run, struct ml_error *err)
{
    const struct mli_flow_job job = { .shared = run, .state_new = piece_new, .state_free = piece_free, .work = count_piece,
                                      .commit = add_piece };
    struct mli_flow_options options = { .csv = *run->csv, .missing = run->flags->dialect.missing, .log = &run->ctx->log };
    const char **targets = mli_model_target_list(run->model);
    struct mli_flow *flow = NULL;
    enum ml_status status = targets ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory");
    if (!status) {
        mli_reading_inherit(mli_model_reading(run->model), "the model was trained", &options.csv, &options.missing,
                            &run->ctx->log);
        options.known = targets;
        status = mli_flow_open(run->ctx->args, run->ctx->nargs, mli_pipeline_schema(run->model->pipeline), &options, &flow,
                               err);
    }
    if (!status)
        status = mli_flow_run(flow, &job, err);
    mli_flow_close(flow);
    free(targets);
    return status;
}

static enum ml_status read_rows(struct run *run, struct ml_error *err)
{
    struct mli_input *first = NULL;
    enum ml_status status = run->flags->csv ? ML_OK : open_log(run->ctx->args[0], &first, err);
    if (!status)
        status = first ? read_logs(run, first, err) : read_csv(run, err);
    mli_input_close(first);
    if (!status && run->rows == 0)
        status = ml_error_at(err, ML_EDATA, run->ctx->args[0], 0, 0,
                             run->others ? "no row is of this model, and %zu are of others (by their digests; --any-model takes them, too)"
                                         : "there are no rows to compare",
                             run->others);
    return status;
}

/* ---- report ------------------------------------------------------------------------------------------------------ */

/* The greatest PSI first, columns without one behind, else as in the model. */
static int compare(const void *a, const void *b)
{
    const struct mli_drift_column *x = a, *y = b;
    double p = isnan(x->psi) ? -1 : x->psi, q = isnan(y->psi) ? -1 : y->psi;
    return (p < q) - (p > q);
}

static json_t *counts_json(const uint64_t *counts, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < n; i++)
        json_array_append_new(list, json_integer((json_int_t)counts[i]));
    return list;
}

static double share(uint64_t cells, const struct mli_drift_column *c)
{
    return (double)cells / (double)c->rows;
}

static json_t *column_json(const struct mli_drift_column *c)
{
    json_t *doc = json_pack("{sssosososo}", "name", c->name, "psi", mli_json_from(c->psi), "missing",
                            mli_json_from(share(c->missing, c)), "out_of_range", mli_json_from(share(c->outside, c)),
                            "unseen", mli_json_from(share(c->unseen, c)));
    if (doc && c->bins) {
        mli_json_put(doc, "training_rows", counts_json(c->before, c->bins));
        mli_json_put(doc, "rows", counts_json(c->now, c->bins));
    }
    return doc;
}

/* Of each target, as of a column; missing: none is. */
static json_t *predictions_json(const struct run *run)
{
    json_t *list = json_array();
    for (size_t t = 0; list && t < mli_drift_targets(run->drift); t++) {
        struct mli_drift_column c;
        mli_drift_target(run->drift, t, run->counts, &c);
        json_array_append_new(list, json_pack("{sssososo}", "name", c.name, "psi", mli_json_from(c.psi), "measured_rows",
                                              counts_json(c.before, c.bins), "rows", counts_json(c.now, c.bins)));
    }
    return list;
}

static json_t *report_json(const struct run *run, const struct mli_drift_column *column, size_t columns, size_t drifted)
{
    json_t *list = json_array();
    for (size_t j = 0; list && j < columns; j++)
        json_array_append_new(list, column_json(&column[j]));
    double limit = run->flags->max_psi;
    return json_pack("{sssssIsIsosIsoso}", "model", run->flags->model, "sha256", run->model->sha256, "rows",
                     (json_int_t)run->rows, "rows_of_other_models", (json_int_t)run->others, "max_psi",
                     mli_json_from(limit), "above_max_psi", (json_int_t)drifted, "columns", list, "predictions", predictions_json(run));
}

static void print_report(const struct run *run, const struct mli_drift_column *column, size_t columns, size_t drifted)
{
    out_line("rows", "%zu, against %s", run->rows, run->flags->model);
    out_line("", "%-28s %9s %9s %12s %9s", "column", "PSI", "missing", "out of range", "unseen");
    for (size_t j = 0; j < columns; j++) {
        const struct mli_drift_column *c = &column[j];
        char psi[32] = "-";
        if (!isnan(c->psi))
            snprintf(psi, sizeof psi, "%.4f", c->psi);
        out_line("", "%-28.60s %9s %8.2f%% %11.2f%% %8.2f%%", c->name, psi, 100 * share(c->missing, c),
                 100 * share(c->outside, c), 100 * share(c->unseen, c));
    }
    for (size_t t = 0; t < mli_drift_targets(run->drift); t++) {
        struct mli_drift_column c;
        mli_drift_target(run->drift, t, run->counts, &c);
        if (!isnan(c.psi))
            out_line(t == 0 ? "predicted" : "", "%-28.60s %9.4f", c.name, c.psi);
    }
    if (run->flags->max)
        out_line("drift", "%zu of %zu columns above PSI %g", drifted, columns, run->flags->max_psi);
}

static int report(struct cmd_context *ctx, const struct run *run)
{
    size_t columns = mli_drift_columns(run->drift), drifted = 0, unknown = 0;
    struct mli_drift_column *column = mli_alloc(columns + 1, sizeof *column);
    struct ml_error err = ML_ERROR_INIT;
    if (!column) {
        ml_error_set(&err, ML_ENOMEM, "out of memory");
        return cmd_fail(ctx, &err);
    }
    for (size_t j = 0; j < columns; j++) {
        mli_drift_column(run->drift, j, run->counts, &column[j]);
        drifted += column[j].psi > run->flags->max_psi;
        unknown += isnan(column[j].psi) ? 1 : 0;
    }
    qsort(column, columns, sizeof *column, compare);
    if (unknown)
        ml_log(&ctx->log, ML_LOG_WARNING, "%zu of %zu columns have no histogram in the model (%s), so no PSI", unknown, columns,
               unknown == columns ? "it was made by an older mlctl; train it again" : "texts that are hashed");
    if (run->silent)
        ml_log(&ctx->log, ML_LOG_WARNING, "%zu rows are in blocks with numbers too far out to predict anything: the predictions of the others are compared",
               run->silent);
    if (run->rows < FEW)
        ml_log(&ctx->log, ML_LOG_WARNING, "%zu rows are few: so far apart they may be by chance", run->rows);
    if (run->others)
        ml_log(&ctx->log, ML_LOG_NOTE, "%zu rows of other models passed over", run->others);
    int code;
    if (ctx->json) {
        code = out_json(ctx, report_json(run, column, columns, drifted));
    } else {
        print_report(run, column, columns, drifted);
        code = out_end(ctx, CMD_DONE);
    }
    free(column);
    return code == CMD_DONE && drifted ? CMD_NO : code;
}

static int monitor(struct cmd_context *ctx, const struct monitor_flags *f, const struct ml_csv_options *csv)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    struct run run = { .ctx = ctx, .flags = f, .csv = csv, .guess.scratch = MLI_ARENA_INIT, .problem = ML_ERROR_INIT };
    enum ml_status status = ml_model_load(f->model, &model, &err);
    run.model = model;
    if (!status && (status = mli_drift_of(model, &run.drift, &err)))
        ml_error_source(&err, f->model);
    if (!status && !(run.counts = mli_calloc(mli_drift_counts(run.drift) + 1, sizeof *run.counts)))
        status = ml_error_set(&err, ML_ENOMEM, "out of memory");
    if (!status)
        status = read_rows(&run, &err);
    int code = status ? cmd_fail(ctx, &err) : report(ctx, &run);
    guess_release(&run.guess);
    free(run.counts);
    mli_drift_free(run.drift);
    ml_model_free(model);
    return code;
}

int cmd_monitor(struct cmd_context *ctx, int argc, const char **argv)
{
    struct monitor_flags f = { .model = CMD_MODEL_DEFAULT, .max_psi = INFINITY };
    struct poptOption options[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.model, 0, "model file", "FILE" },
        { "max-psi", 0, POPT_ARG_STRING, &f.max, 0, "exit 1 when a column's PSI is above it, such as 0.2", "NUMBER" },
        { "any-model", 0, POPT_ARG_NONE, &f.any_model, 0, "take the rows that another model has predicted, too", NULL },
        { "csv", 0, POPT_ARG_NONE, &f.csv, 0, "the files are raw rows in CSV, whatever they begin with", NULL },
        POPT_TABLEEND
    };
    struct poptOption file[] = { DIALECT_ROWS(f.dialect), POPT_TABLEEND };
    struct poptOption all[] = { READING_GROUP(options, "Comparing"), READING_GROUP(file, "Reading"), POPT_TABLEEND };
    struct ml_csv_options csv;
    struct ml_error err = ML_ERROR_INIT;
    int code = cmd_parse(ctx, argc, argv, all, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = dialect_options(ctx, &f.dialect, &csv);
    if (code != CMD_CONTINUE)
        return code;
    if (f.max && !(mli_num_parse(f.max, strlen(f.max), &f.max_psi) && f.max_psi >= 0 && isfinite(f.max_psi))) {
        ml_error_set(&err, ML_EUSAGE, "--max-psi \"%.40s\": expected a number of 0 or more, such as 0.2", f.max);
        return cmd_fail(ctx, &err);
    }
    if (dialect_output_refused(ctx, &csv, f.model))
        return CMD_USAGE;
    return monitor(ctx, &f, &csv);
}
