#include <cmd/commands.h>
#include <cmd/out.h>
#include <cmd/progress.h>
#include <cmd/train_log.h>
#include <cmd/train_report.h>
#include <cmd/training.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/table.h>

struct train_flags {
    struct training training;
    char *time_budget, *log, *every;
    int resume;
    long folds;
};

struct epoch_report {
    const struct cmd_context *ctx;
    struct progress progress;
    struct train_log log;
    double line; /* when the last line was printed */
    size_t next; /* epoch of which a line is due: 1, 2, 5, 10, 20, 50 ... */
};

/* 1, 2, 5, 10, 20, 50 ... */
static size_t next_line(size_t n)
{
    size_t unit = 1;
    while (n / unit >= 10)
        unit *= 10;
    return n / unit == 2 ? 5 * unit : 2 * n;
}

/* A terminal sees one line change; elsewhere ever fewer lines, but one every few seconds; -v prints every one. */
static void on_epoch(void *data, const struct ml_fit_epoch *epoch)
{
    struct epoch_report *r = data;
    train_log_epoch(&r->log, epoch);
    char text[96];
    int n = snprintf(text, sizeof text, "loss %.6g", epoch->loss);
    if (!isnan(epoch->validation))
        snprintf(text + n, sizeof text - (size_t)n, ", validation %.6g", epoch->validation);
    double now = progress_now();
    bool line = epoch->epoch == r->next || now - r->line >= 2;
    if (epoch->epoch == r->next)
        r->next = next_line(r->next);
    if (r->ctx->quiet)
        return;
    if (r->ctx->verbose || (!r->progress.terminal && line)) {
        fprintf(stderr, "mlctl train: epoch %zu: %s\n", epoch->epoch, text);
        r->line = now;
    } else if (r->progress.terminal) {
        progress_show(&r->progress, epoch->epoch, (double)epoch->epoch / (double)epoch->epochs, text);
    }
}

/* A log that would destroy what is read or written, or mix with a document. */
static bool log_refused(const struct cmd_context *ctx, const struct train_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    if (cmd_output_is_file(ctx, f->log) || cmd_output_refused(ctx, f->log, f->training.reading.fit.test))
        return true;
    if (strcmp(f->log, f->training.model) == 0)
        ml_error_set(&err, ML_EUSAGE, "--log %s: the model is written there; give the log a file of its own", f->log);
    else if (ctx->json && strcmp(f->log, "-") == 0)
        ml_error_set(&err, ML_EUSAGE, "--log -: with --json standard output holds one document; give the log a file");
    return err.status != ML_OK && cmd_fail(ctx, &err) != CMD_DONE;
}

static bool take_checkpoint(const struct cmd_context *ctx, struct train_flags *f)
{
    struct ml_fit_config *fit = &f->training.reading.fit;
    struct ml_error err = ML_ERROR_INIT;
    fit->resume = f->resume != 0;
    if (f->every && !cmd_seconds(ctx, "every", f->every, &fit->every))
        return false;
    if (fit->checkpoint || (!f->every && !f->resume))
        return true;
    ml_error_set(&err, ML_EUSAGE, "--%s does nothing without --checkpoint DIR, where the state is kept",
                 f->resume ? "resume" : "every");
    cmd_fail(ctx, &err);
    return false;
}

/* A model that is whole needs no state to go on from. */
static int end_checkpoint(const struct cmd_context *ctx, const struct train_flags *f, bool interrupted)
{
    const char *directory = f->training.reading.fit.checkpoint;
    struct ml_error err = ML_ERROR_INIT;
    if (!directory || interrupted || !ml_checkpoint_remove(directory, &err))
        return CMD_DONE;
    return cmd_fail(ctx, &err);
}

static int train(struct cmd_context *ctx, struct train_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    struct ml_model *model = NULL;
    struct epoch_report report = { .ctx = ctx, .next = 1 };
    double started = progress_now();
    if (cmd_output_is_file(ctx, f->training.model) || cmd_output_refused(ctx, f->training.model, f->training.reading.fit.test) ||
        dialect_output_refused(ctx, &f->training.reading.options.csv, f->training.model))
        return CMD_USAGE;
    if (f->log && log_refused(ctx, f))
        return CMD_USAGE;
    if (!cmd_output_writable(ctx, f->training.model) || !train_log_open(&report.log, ctx, f->log, f->resume != 0))
        return CMD_SYSTEM;
    struct ml_fit_config *fit = &f->training.reading.fit;
    char *prep = training_prep(ctx, &f->training);
    fit->prep = prep;
    fit->stop = &training_stopped;
    fit->epoch = on_epoch;
    fit->data = &report;
    enum ml_status status = ml_table_read_files(ctx->args, ctx->nargs, &f->training.reading.options, &table, &err);
    progress_start(&report.progress, ctx, "epochs");
    if (!status) {
        training_catch_signals();
        status = ml_fit(table, fit, &model, &err);
    }
    progress_end(&report.progress);
    int code = CMD_DONE;
    bool interrupted = status == ML_EINTERRUPTED;
    if (status && !interrupted) {
        code = cmd_fail(ctx, &err);
        train_log_end(&report.log, NULL, &err, progress_now() - started);
        goto out;
    }
    struct ml_error save = ML_ERROR_INIT;
    if (ml_model_save(model, f->training.model, &save)) {
        code = cmd_fail(ctx, &save);
        goto out;
    }
    if ((code = end_checkpoint(ctx, f, interrupted)) != CMD_DONE)
        goto out;
    json_t *doc = train_report_json(model, f->training.model);
    train_log_end(&report.log, doc, &err, progress_now() - started);
    if (ctx->json)
        code = out_json(ctx, doc);
    else {
        json_decref(doc);
        train_report_print(table, model, f->training.model, progress_now() - started);
        code = out_end(ctx, CMD_DONE);
    }
    if (!code && training_stopped) { /* a signal that came after the last epoch counts too */
        if (!interrupted)
            ml_error_set(&err, ML_EINTERRUPTED, "interrupted; the model was finished and kept");
        cmd_fail(ctx, &err);
        code = 128 + training_stopped;
    }
out:
    if (train_log_close(&report.log) && !code)
        code = CMD_SYSTEM;
    ml_model_free(model);
    ml_table_free(table);
    free(prep);
    return code;
}

int cmd_train(struct cmd_context *ctx, int argc, const char **argv)
{
    struct train_flags f = { .training = training_init() };
    struct training *t = &f.training;
    struct poptOption files[] = TRAINING_FILES(*t), training[] = TRAINING_ROWS(*t), network[] = TRAINING_NETWORK(*t),
                      rows[] = READING_ROWS(t->reading),
                      file[] = READING_FILE(t->reading), cleaning[READING_CLEANING_MAX + 1];
    reading_cleaning(&t->reading, cleaning);
    struct poptOption run[] = {
        { "log", 0, POPT_ARG_STRING, &f.log, 0, "write every epoch to this file as it is done, as JSON lines", "FILE" },
        { "folds", 0, TRAINING_COUNT, &f.folds, 0, "first cross-validate the training rows with so many folds: mean and deviation of each metric; 0: not", "COUNT" },
        { "checkpoint", 0, POPT_ARG_STRING, &t->reading.fit.checkpoint, 0, "keep the state of the training in this directory", "DIR" },
        { "every", 0, POPT_ARG_STRING, &f.every, 0, "time between two checkpoints, e.g. 30s, 5m (1m if not given)", "TIME" },
        { "resume", 0, POPT_ARG_NONE, &f.resume, 0, "go on from the checkpoint, if there is one: the model gets the same bytes", NULL },
        { "time-budget", 0, POPT_ARG_STRING, &f.time_budget, 0, "end training after this time, e.g. 60s, 5m, 1h, and keep what was learnt", "TIME" },
        POPT_TABLEEND
    };
    struct poptOption options[] = {
        READING_GROUP(files, "Files"),         READING_GROUP(rows, "Target and rows"),
        READING_GROUP(file, "Reading"),        READING_GROUP(cleaning, "Cleaning"),
        READING_GROUP(training, "Training"),   READING_GROUP(network, "Network"),
        READING_GROUP(run, "Run"),
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = training_flags(ctx, t);
    if (code == CMD_CONTINUE && !cmd_seconds(ctx, "time-budget", f.time_budget, &t->reading.fit.time_budget))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE)
        code = reading_count(ctx, "folds", f.folds, &t->reading.fit.folds);
    if (code == CMD_CONTINUE && !take_checkpoint(ctx, &f))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE)
        code = train(ctx, &f);
    reading_release(&t->reading);
    return code;
}
