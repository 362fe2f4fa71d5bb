#include <cmd/commands.h>
#include <cmd/dialect.h>
#include <cmd/out.h>
#include <cmd/progress.h>

#include <base/arena.h>
#include <base/file.h>
#include <base/mem.h>
#include <model/model.h>
#include <model/output.h>
#include <model/reading.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/flow.h>

struct predict_flags {
    char *model, *output;
    struct dialect dialect;
    char **keep, **keep_list;
    long threads;
};

/* One run: rows in, predictions out, pieces of the file side by side and written in order. */
struct run {
    struct cmd_context *ctx;
    const struct predict_flags *flags;
    const struct ml_model *model;
    struct mli_flow *flow;
    struct mli_output *out;
    char **label_json;
    struct mli_apply_counts counts;
    size_t rows;
    bool begun; /* the header is written, with the first rows: what fails before them writes nothing */
    struct progress progress;
};

/* What one thread makes of a piece of the file. */
struct piece {
    struct mli_arena scratch;
    struct mli_buf text;
    struct mli_apply_counts counts;
    size_t rows;
};

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static void write_header(const struct run *run, struct mli_buf *text)
{
    char *const *keep = run->flags->keep_list;
    struct mli_csv_writer writer;
    if (run->ctx->json) {
        mli_buf_str(text, "[");
        return;
    }
    mli_csv_writer_init(&writer, text, ',');
    for (size_t k = 0; keep && keep[k]; k++)
        mli_csv_write_text(&writer, keep[k], strlen(keep[k]));
    mli_prediction_write_header(&writer, run->model);
    mli_csv_write_end(&writer);
}

static void write_csv_row(const struct run *run, const struct mli_bound *rows, size_t row, const double *p,
                          struct mli_csv_writer *writer)
{
    char *const *keep = run->flags->keep_list;
    for (size_t k = 0; keep && keep[k]; k++) {
        const char *text = mli_bound_kept(rows, row, k);
        mli_csv_write_text(writer, text, strlen(text));
    }
    mli_prediction_write_row(writer, run->model, p);
    mli_csv_write_end(writer);
}

/* With a comma before it, which the first row of all loses when it is written. */
static void write_json_row(const struct run *run, const struct mli_bound *rows, size_t row, const double *p,
                           struct mli_buf *out)
{
    char *const *keep = run->flags->keep_list;
    mli_buf_str(out, ",\n ");
    mli_prediction_write_json(out, run->model, run->label_json, p);
    if (!keep || !keep[0])
        return;
    if (out->len)
        out->len--; /* reopen the object */
    for (size_t k = 0; keep[k]; k++) {
        const char *text = mli_bound_kept(rows, row, k);
        mli_buf_str(out, ",");
        mli_buf_json_string(out, keep[k], strlen(keep[k]));
        mli_buf_str(out, ":");
        mli_buf_json_string(out, text, strlen(text));
    }
    mli_buf_str(out, "}");
}

static void write_rows(const struct run *run, const struct mli_bound *rows, size_t n, const double *P,
                       struct mli_buf *text)
{
    size_t width = ml_model_width(run->model);
    struct mli_csv_writer writer;
    mli_csv_writer_init(&writer, text, ',');
    for (size_t i = 0; i < n; i++) {
        if (run->ctx->json)
            write_json_row(run, rows, i, P + i * width, text);
        else
            write_csv_row(run, rows, i, P + i * width, &writer);
    }
}

static void *piece_new(void *shared)
{
    struct piece *piece = mli_calloc(1, sizeof *piece);
    (void)shared;
    if (piece)
        mli_buf_init(&piece->text, (size_t)1 << 30);
    return piece;
}

static void piece_free(void *data)
{
    struct piece *piece = data;
    if (!piece)
        return;
    mli_arena_release(&piece->scratch);
    mli_buf_release(&piece->text);
    free(piece);
}

static enum ml_status predict_rows(void *shared, void *data, const struct mli_bound *rows,
                                   struct ml_error *err)
{
    const struct run *run = shared;
    struct piece *piece = data;
    const struct ml_table *table = mli_rows_table(rows->rows);
    struct mli_apply_counts counts;
    mli_arena_reset(&piece->scratch);
    double *P = mli_arena_alloc(&piece->scratch, table->rows, ml_model_width(run->model) * sizeof *P);
    if (!P)
        return no_memory(err);
    enum ml_status status =
        mli_model_predict_rows(run->model, table, &piece->scratch, P, &counts, err);
    if (status)
        return status;
    piece->counts.missing += counts.missing;
    piece->counts.unknown += counts.unknown;
    piece->rows += table->rows;
    write_rows(run, rows, table->rows, P, &piece->text);
    return piece->text.status ? no_memory(err) : ML_OK;
}

static double share_done(const struct run *run)
{
    uint64_t size = mli_flow_size(run->flow);
    return size ? (double)mli_flow_taken(run->flow) / (double)size : -1;
}

static enum ml_status begin(struct run *run, struct ml_error *err)
{
    struct mli_buf text;
    if (run->begun)
        return ML_OK;
    run->begun = true;
    mli_buf_init(&text, (size_t)1 << 30);
    write_header(run, &text);
    enum ml_status status =
        text.status ? no_memory(err) : mli_output_write(run->out, text.data, text.len, err);
    mli_buf_release(&text);
    return status;
}

static enum ml_status write_piece(void *shared, void *data, struct ml_error *err)
{
    struct run *run = shared;
    struct piece *piece = data;
    size_t comma = run->ctx->json && run->rows == 0 && piece->rows > 0;
    enum ml_status status = begin(run, err);
    if (!status)
        status = mli_output_write(run->out, piece->text.data + comma, piece->text.len - comma, err);
    run->rows += piece->rows;
    run->counts.missing += piece->counts.missing;
    run->counts.unknown += piece->counts.unknown;
    piece->rows = piece->counts.missing = piece->counts.unknown = 0;
    mli_buf_reset(&piece->text);
    progress_show(&run->progress, run->rows, share_done(run), "");
    return status;
}

static enum ml_status predict_all(struct run *run, struct ml_error *err)
{
    static const char end[] = "\n]\n";
    const struct mli_flow_job job = { .shared = run,
                                      .state_new = piece_new,
                                      .state_free = piece_free,
                                      .work = predict_rows,
                                      .commit = write_piece };
    progress_start(&run->progress, run->ctx, "rows");
    enum ml_status status = mli_flow_run(run->flow, &job, err);
    progress_end(&run->progress);
    if (!status)
        status = begin(run, err);
    if (!status && run->ctx->json)
        status = mli_output_write(run->out, end, sizeof end - 1, err);
    return status;
}

/* A cell of the file takes a few bytes; of the result a number up to 20, and more with its name in JSON. */
static size_t grows(const struct run *run)
{
    size_t bytes = (1 + ml_model_width(run->model)) * (run->ctx->json ? 40 : 20);
    return 1 + bytes / (4 * ml_model_inputs(run->model));
}

static void say_counts(const struct run *run)
{
    if (run->counts.unknown)
        ml_log(&run->ctx->log, ML_LOG_NOTE, "%zu cells hold a category that training did not see",
               run->counts.unknown);
    if (run->counts.missing)
        ml_log(&run->ctx->log, ML_LOG_NOTE, "%zu missing cells were imputed", run->counts.missing);
    ml_log(&run->ctx->log, ML_LOG_DEBUG, "%zu rows", run->rows);
}

static int predict(struct cmd_context *ctx, const struct predict_flags *f, const struct ml_csv_options *csv, size_t threads)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    struct run run = { .ctx = ctx, .flags = f };
    struct mli_flow_options options = { .csv = *csv,
                                        .missing = f->dialect.missing,
                                        .keep = (const char *const *)f->keep_list,
                                        .threads = threads,
                                        .log = &ctx->log };
    const char **targets = NULL;
    enum ml_status status = ml_model_load(f->model, &model, &err);
    run.model = model;
    if (!status)
        run.label_json = mli_prediction_labels_json(model);
    if (!status)
        targets = mli_model_target_list(model);
    if (!status && (!run.label_json || !targets))
        status = ml_error_set(&err, ML_ENOMEM, "out of memory");
    if (!status) {
        mli_reading_inherit(mli_model_reading(model), "the model was trained", &options.csv, &options.missing, &ctx->log);
        options.known = targets;
        options.grows = grows(&run);
        status = mli_flow_open(ctx->args, ctx->nargs, mli_pipeline_schema(model->pipeline), &options, &run.flow,
                               &err);
    }
    if (!status)
        status = mli_output_open_packed(f->output, &run.out, &err);
    if (!status) {
        status = predict_all(&run, &err);
        if (status)
            mli_output_abort(run.out);
        else
            status = mli_output_commit(run.out, &err);
    }
    if (!status)
        say_counts(&run);
    mli_flow_close(run.flow);
    free(targets);
    mli_prediction_labels_free(run.label_json);
    ml_model_free(model);
    return status ? cmd_fail(ctx, &err) : CMD_DONE;
}

/* Whether the output has a column of this name besides the one that is kept. */
static bool is_taken(char *const *keep, size_t k, bool json)
{
    static const char probability[] = "probability:", score[] = "score:";
    for (size_t i = 0; i < k; i++)
        if (strcmp(keep[i], keep[k]) == 0)
            return true;
    if (json)
        return strcmp(keep[k], "prediction") == 0 || strcmp(keep[k], "probabilities") == 0 ||
               strcmp(keep[k], "scores") == 0;
    return strcmp(keep[k], "prediction") == 0 || strncmp(keep[k], probability, sizeof probability - 1) == 0 ||
           strncmp(keep[k], score, sizeof score - 1) == 0;
}

/* Two columns of one name cannot be told apart by who reads them. */
static int check_keep(const struct cmd_context *ctx, char *const *keep)
{
    struct ml_error err = ML_ERROR_INIT;
    for (size_t k = 0; keep && keep[k]; k++) {
        if (!is_taken(keep, k, ctx->json))
            continue;
        ml_error_set(&err, ML_EUSAGE, "--keep %s: the output already has a column of that name", keep[k]);
        return cmd_fail(ctx, &err);
    }
    return CMD_CONTINUE;
}

static int check_threads(const struct cmd_context *ctx, long threads)
{
    struct ml_error err = ML_ERROR_INIT;
    if (threads >= 0 && threads <= 1024)
        return CMD_CONTINUE;
    ml_error_set(&err, ML_EUSAGE, "--threads %ld is out of range: it must be 0 (one a core) to 1024", threads);
    return cmd_fail(ctx, &err);
}

int cmd_predict(struct cmd_context *ctx, int argc, const char **argv)
{
    struct predict_flags f = { .model = CMD_MODEL_DEFAULT, .output = "-" };
    struct poptOption files[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.model, 0, "model file", "FILE" },
        { "output", 'o', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.output, 0, "file to write (.gz, .zst: packed), - for standard output", "FILE" },
        { "keep", 0, POPT_ARG_ARGV, &f.keep, 0, "columns of the input to write before the prediction", "LIST" },
        { "threads", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &f.threads, 0, "0: one a core; the result does not depend on it", "COUNT" },
        POPT_TABLEEND
    };
    struct poptOption file[] = { DIALECT_ROWS(f.dialect), POPT_TABLEEND };
    struct poptOption options[] = { READING_GROUP(files, "Files"), READING_GROUP(file, "Reading"), POPT_TABLEEND };
    struct ml_csv_options csv;
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = dialect_options(ctx, &f.dialect, &csv);
    if (code != CMD_CONTINUE)
        return code;
    if (cmd_output_is_file(ctx, f.output) || cmd_output_refused(ctx, f.output, f.model) ||
        dialect_output_refused(ctx, &csv, f.output) || dialect_output_refused(ctx, &csv, f.model))
        return CMD_USAGE;
    f.keep_list = cmd_list((const char *const *)f.keep);
    code = check_threads(ctx, f.threads);
    if (code == CMD_CONTINUE)
        code = check_keep(ctx, f.keep_list);
    if (code == CMD_CONTINUE)
        code = predict(ctx, &f, &csv, (size_t)f.threads);
    cmd_list_free(f.keep_list);
    return code;
}
