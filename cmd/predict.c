#include <cmd/commands.h>
#include <cmd/out.h>
#include <cmd/progress.h>

#include <base/file.h>
#include <model/model.h>
#include <model/output.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/stream.h>

struct predict_flags {
    char *model, *output, *delimiter, *missing;
    char **keep, **keep_list;
};

/* One run: a stream of rows in, predictions out, a block at a time. */
struct run {
    const struct cmd_context *ctx;
    const struct predict_flags *flags;
    const struct ml_model *model;
    struct mli_stream *stream;
    struct mli_output *out;
    struct mli_buf text;
    struct mli_csv_writer writer;
    struct mli_arena scratch;
    struct mli_apply_counts counts;
    char **label_json;
    size_t rows;
};

static void write_header(struct run *run)
{
    char *const *keep = run->flags->keep_list;
    if (run->ctx->json) {
        mli_buf_str(&run->text, "[");
        return;
    }
    for (size_t k = 0; keep && keep[k]; k++)
        mli_csv_write_text(&run->writer, keep[k], strlen(keep[k]));
    mli_prediction_write_header(&run->writer, run->model);
    mli_csv_write_end(&run->writer);
}

static void write_csv_row(struct run *run, size_t row, const double *p)
{
    char *const *keep = run->flags->keep_list;
    for (size_t k = 0; keep && keep[k]; k++) {
        const char *text = mli_stream_kept(run->stream, row, k);
        mli_csv_write_text(&run->writer, text, strlen(text));
    }
    mli_prediction_write_row(&run->writer, run->model, p);
    mli_csv_write_end(&run->writer);
}

static void write_json_row(struct run *run, size_t row, const double *p)
{
    char *const *keep = run->flags->keep_list;
    mli_buf_str(&run->text, run->rows + row ? ",\n " : "\n ");
    mli_prediction_write_json(&run->text, run->model, run->label_json, p);
    if (!keep || !keep[0])
        return;
    if (run->text.len)
        run->text.len--; /* reopen the object */
    for (size_t k = 0; keep[k]; k++) {
        const char *text = mli_stream_kept(run->stream, row, k);
        mli_buf_str(&run->text, ",");
        mli_buf_json_string(&run->text, keep[k], strlen(keep[k]));
        mli_buf_str(&run->text, ":");
        mli_buf_json_string(&run->text, text, strlen(text));
    }
    mli_buf_str(&run->text, "}");
}

static enum ml_status flush(struct run *run, struct ml_error *err)
{
    if (run->text.status)
        return ml_error_set(err, run->text.status, "out of memory");
    enum ml_status status = mli_output_write(run->out, run->text.data, run->text.len, err);
    mli_buf_reset(&run->text);
    return status;
}

static enum ml_status predict_block(struct run *run, const struct ml_table *block, struct ml_error *err)
{
    size_t width = ml_model_width(run->model);
    mli_arena_reset(&run->scratch);
    double *P = mli_arena_alloc(&run->scratch, block->rows, width * sizeof *P);
    if (!P)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    enum ml_status status =
        mli_model_predict_rows(run->model, block, &run->scratch, P, &run->counts, err);
    for (size_t i = 0; !status && i < block->rows; i++) {
        if (run->ctx->json)
            write_json_row(run, i, P + i * width);
        else
            write_csv_row(run, i, P + i * width);
    }
    run->rows += block->rows;
    return status ? status : flush(run, err);
}

static double share_done(const struct mli_stream *stream)
{
    const struct mli_input *in = mli_stream_input((struct mli_stream *)stream);
    uint64_t size = mli_input_size(in);
    return size ? (double)mli_input_taken(in) / (double)size : -1;
}

static enum ml_status predict_all(struct run *run, struct ml_error *err)
{
    const struct ml_table *block;
    struct progress progress;
    progress_start(&progress, run->ctx, "rows");
    write_header(run);
    enum ml_status status;
    while (!(status = mli_stream_next(run->stream, &block, err)) && block) {
        status = predict_block(run, block, err);
        if (status)
            break;
        progress_show(&progress, run->rows, share_done(run->stream), "");
    }
    progress_end(&progress);
    if (!status && run->ctx->json)
        mli_buf_str(&run->text, "\n]\n");
    return status ? status : flush(run, err);
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

static int predict(struct cmd_context *ctx, const struct predict_flags *f, char delimiter)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    struct run run = { .ctx = ctx, .flags = f, .scratch = MLI_ARENA_INIT };
    const struct mli_stream_options options = { .csv.delimiter = delimiter,
                                                .missing = f->missing,
                                                .keep = (const char *const *)f->keep_list,
                                                .log = &ctx->log };
    mli_buf_init(&run.text, (size_t)1 << 30);
    enum ml_status status = ml_model_load(f->model, &model, &err);
    run.model = model;
    if (!status)
        run.label_json = mli_prediction_labels_json(model);
    if (!status && !run.label_json)
        status = ml_error_set(&err, ML_ENOMEM, "out of memory");
    if (!status)
        status = mli_stream_open(ctx->args[0], mli_pipeline_schema(model->pipeline), &options, &run.stream,
                                 &err);
    if (!status)
        status = mli_output_open(f->output, &run.out, &err);
    if (!status) {
        mli_csv_writer_init(&run.writer, &run.text, ',');
        status = predict_all(&run, &err);
        if (status)
            mli_output_abort(run.out);
        else
            status = mli_output_commit(run.out, &err);
    }
    if (!status)
        say_counts(&run);
    mli_stream_close(run.stream);
    mli_arena_release(&run.scratch);
    mli_buf_release(&run.text);
    mli_prediction_labels_free(run.label_json);
    ml_model_free(model);
    return status ? cmd_fail(ctx, &err) : CMD_DONE;
}

/* Whether the output has a column of this name besides the one that is kept. */
static bool is_taken(char *const *keep, size_t k, bool json)
{
    static const char probability[] = "probability:";
    for (size_t i = 0; i < k; i++)
        if (strcmp(keep[i], keep[k]) == 0)
            return true;
    if (json)
        return strcmp(keep[k], "prediction") == 0 || strcmp(keep[k], "probabilities") == 0;
    return strcmp(keep[k], "prediction") == 0 || strncmp(keep[k], probability, sizeof probability - 1) == 0;
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

int cmd_predict(struct cmd_context *ctx, int argc, const char **argv)
{
    struct predict_flags f = { .model = CMD_MODEL_DEFAULT, .output = "-" };
    struct poptOption options[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.model, 0, "model file", "FILE" },
        { "output", 'o', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.output, 0, "file to write, - for standard output", "FILE" },
        { "keep", 0, POPT_ARG_ARGV, &f.keep, 0, "columns of the input to write before the prediction", "LIST" },
        { "delimiter", 'd', POPT_ARG_STRING, &f.delimiter, 0, "field delimiter: , ; | or tab (found out if not given)", "CHAR" },
        { "na", 0, POPT_ARG_STRING, &f.missing, 0, "more tokens that mean missing", "LIST" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 1, 1);
    int delimiter = code == CMD_CONTINUE ? cmd_delimiter(ctx, f.delimiter) : 0;
    if (delimiter < 0)
        return CMD_USAGE;
    if (code != CMD_CONTINUE)
        return code;
    if (cmd_output_refused(ctx, f.output, ctx->args[0]) || cmd_output_refused(ctx, f.output, f.model))
        return CMD_USAGE;
    f.keep_list = cmd_list((const char *const *)f.keep);
    code = check_keep(ctx, f.keep_list);
    if (code == CMD_CONTINUE)
        code = predict(ctx, &f, (char)delimiter);
    cmd_list_free(f.keep_list);
    return code;
}
