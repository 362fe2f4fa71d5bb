#include <cmd/commands.h>
#include <cmd/out.h>
#include <cmd/progress.h>
#include <cmd/reading.h>
#include <cmd/train_log.h>
#include <cmd/train_report.h>

#include <base/num.h>
#include <math.h>
#include <mlctl/fit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/table.h>

struct train_flags {
    struct reading reading;
    char *model, *prep, *memory, *rate, *time_budget, *log;
    int no_prep;
    double l2; /* NaN: not given */
    long epochs, batch, patience, threads;
};

static volatile sig_atomic_t stopped; /* the signal that asked to stop; handlers have nowhere else to write */

static void on_signal(int signal)
{
    if (stopped)
        cmd_die(signal);
    stopped = signal;
}

static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

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

/* DATA.csv.prep.json beside the data, unless told otherwise or there are several files. Heap, NULL: none. */
static char *find_prep(const struct cmd_context *ctx, const struct train_flags *flags)
{
    const char *data = ctx->args[0];
    if (flags->prep)
        return strdup(flags->prep);
    if (flags->no_prep || ctx->nargs > 1 || strcmp(data, "-") == 0)
        return NULL;
    size_t n = strlen(data) + sizeof ".prep.json";
    char *path = malloc(n);
    struct stat st;
    if (path)
        snprintf(path, n, "%s.prep.json", data);
    if (path && stat(path, &st) == 0)
        return path;
    free(path);
    return NULL;
}

/* "auto" or a step size. */
static bool take_rate(const struct cmd_context *ctx, const char *text, double *out)
{
    struct ml_error err = ML_ERROR_INIT;
    *out = 0;
    if (strcmp(text, "auto") == 0 || (mli_num_parse(text, strlen(text), out) && *out >= 0))
        return true;
    ml_error_set(&err, ML_EUSAGE, "--rate %.60s is out of range: it must be auto or a number above 0", text);
    cmd_fail(ctx, &err);
    return false;
}

static int take_flags(const struct cmd_context *ctx, struct train_flags *f)
{
    struct ml_fit_config *fit = &f->reading.fit;
    const struct {
        const char *name;
        long value;
        size_t *out;
    } counts[] = { { "epochs", f->epochs, &fit->epochs },
                   { "batch", f->batch, &fit->batch },
                   { "patience", f->patience, &fit->patience },
                   { "threads", f->threads, &fit->threads } };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (reading_count(ctx, counts[i].name, counts[i].value, counts[i].out) != CMD_CONTINUE)
            return CMD_USAGE;
    if (!cmd_size(ctx, "memory", f->memory, &fit->memory) ||
        !cmd_seconds(ctx, "time-budget", f->time_budget, &fit->time_budget) || !take_rate(ctx, f->rate, &fit->rate))
        return CMD_USAGE;
    if (f->l2 < 0) {
        struct ml_error err = ML_ERROR_INIT;
        ml_error_set(&err, ML_EUSAGE, "--l2 %g is out of range: it must be 0 or more", f->l2);
        return cmd_fail(ctx, &err);
    }
    if (!isnan(f->l2))
        fit->l2 = f->l2;
    return reading_options(ctx, &f->reading);
}

/* A log that would destroy what is read or written, or mix with a document. */
static bool log_refused(const struct cmd_context *ctx, const struct train_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    if (cmd_output_is_file(ctx, f->log) || cmd_output_refused(ctx, f->log, f->reading.fit.test))
        return true;
    if (strcmp(f->log, f->model) == 0)
        ml_error_set(&err, ML_EUSAGE, "--log %s: the model is written there; give the log a file of its own", f->log);
    else if (ctx->json && strcmp(f->log, "-") == 0)
        ml_error_set(&err, ML_EUSAGE, "--log -: with --json standard output holds one document; give the log a file");
    return err.status != ML_OK && cmd_fail(ctx, &err) != CMD_DONE;
}

static int train(struct cmd_context *ctx, struct train_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    struct ml_model *model = NULL;
    struct epoch_report report = { .ctx = ctx, .next = 1 };
    double started = progress_now();
    if (cmd_output_is_file(ctx, f->model) || cmd_output_refused(ctx, f->model, f->reading.fit.test) ||
        dialect_output_refused(ctx, &f->reading.options.csv, f->model))
        return CMD_USAGE;
    if (f->log && log_refused(ctx, f))
        return CMD_USAGE;
    if (!cmd_output_writable(ctx, f->model) || !train_log_open(&report.log, ctx, f->log))
        return CMD_SYSTEM;
    struct ml_fit_config *fit = &f->reading.fit;
    char *prep = find_prep(ctx, f);
    fit->prep = prep;
    fit->stop = &stopped;
    fit->epoch = on_epoch;
    fit->data = &report;
    enum ml_status status = ml_table_read_files(ctx->args, ctx->nargs, &f->reading.options, &table, &err);
    progress_start(&report.progress, ctx, "epochs");
    if (!status) {
        catch_signals();
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
    if (ml_model_save(model, f->model, &save)) {
        code = cmd_fail(ctx, &save);
        goto out;
    }
    json_t *doc = train_report_json(model, f->model);
    train_log_end(&report.log, doc, &err, progress_now() - started);
    if (ctx->json)
        code = out_json(ctx, doc);
    else {
        json_decref(doc);
        train_report_print(table, model, f->model, progress_now() - started);
        code = out_end(ctx, CMD_DONE);
    }
    if (!code && stopped) { /* a signal that came after the last epoch counts too */
        if (!interrupted)
            ml_error_set(&err, ML_EINTERRUPTED, "interrupted; the model was finished and kept");
        cmd_fail(ctx, &err);
        code = 128 + stopped;
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
    struct train_flags f = { .reading = READING_INIT, .model = CMD_MODEL_DEFAULT, .rate = (char[]){ "auto" }, .l2 = NAN };
    struct ml_fit_config *fit = &f.reading.fit;
    f.batch = (long)fit->batch;
    enum {
        STRING = POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT,
        COUNT = POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT,
        NUMBER = POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT,
    };
    struct poptOption rows[] = READING_ROWS(f.reading), file[] = READING_FILE(f.reading),
                      cleaning[READING_CLEANING_MAX + 1];
    reading_cleaning(&f.reading, cleaning);
    struct poptOption files[] = {
        { "model", 'm', STRING, &f.model, 0, "model file to write", "FILE" },
        { "test", 0, POPT_ARG_STRING, &fit->test, 0, "measure on this file; all rows of the data train", "FILE" },
        { "prep", 0, POPT_ARG_STRING, &f.prep, 0, "prep file of the data (DATA.prep.json if it is there)", "FILE" },
        { "log", 0, POPT_ARG_STRING, &f.log, 0, "write every epoch to this file as it is done, as JSON lines", "FILE" },
        { "no-prep", 0, POPT_ARG_NONE, &f.no_prep, 0, "take the data as raw rows even if a prep file is beside it", NULL },
        POPT_TABLEEND
    };
    struct poptOption training[] = {
        { "kind", 'k', STRING, &fit->kind, 0, "auto, linear, logistic, svm or poisson", "KIND" },
        { "loss", 0, POPT_ARG_STRING, &fit->loss, 0, "of the kind, e.g. huber:1.35 (that of the kind if not given)", "NAME[:PARAMETER]" },
        { "l1", 0, NUMBER, &fit->l1, 0, "penalty l1 |w|", "NUMBER" },
        { "l2", 0, POPT_ARG_DOUBLE, &f.l2, 0, "penalty l2/2 |w|^2 (1 / training rows if not given: scikit-learn's alpha=1, C=1)", "NUMBER" },
        { "optimiser", 'o', STRING, &fit->optimiser, 0, "auto (lbfgs), gd, sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw or lbfgs", "NAME" },
        { "precision", 0, STRING, &fit->precision, 0, "auto (double for one layer, float for a stack), double or float", "NAME" },
        { "rate", 'r', STRING, &f.rate, 0, "step size, or auto: chosen and said", "NUMBER" },
        { "schedule", 0, POPT_ARG_STRING, &fit->schedule, 0, "of the step size: constant, linear, step:N:F, exponential:F, cosine, onecycle or plateau:N:F (linear over batches, constant for gd if not given)", "SPEC" },
        { "warmup", 0, NUMBER, &fit->warmup, 0, "epochs, or below 1 a share of all, in which the step size grows to the full one", "EPOCHS" },
        { "clip", 0, NUMBER, &fit->clip, 0, "cut longer gradients to this length, 0: none", "NORM" },
        { "momentum", 0, NUMBER, &fit->momentum, 0, "of momentum and nesterov", "NUMBER" },
        { "decay", 0, NUMBER, &fit->decay, 0, "of adamw: a step takes rate * decay of every weight", "NUMBER" },
        { "tolerance", 0, NUMBER, &fit->tolerance, 0, "converged when no gradient entry is larger", "NUMBER" },
        { "epochs", 'e', COUNT, &f.epochs, 0, "passes at most, 0: 1000 for lbfgs and gd, 100 for the others", "COUNT" },
        { "batch", 'b', COUNT, &f.batch, 0, "rows a step (of all but gd and lbfgs)", "ROWS" },
        { "patience", 0, COUNT, &f.patience, 0, "stop after this many epochs without a better validation loss, 0: never", "EPOCHS" },
        { "min-delta", 0, NUMBER, &fit->min_delta, 0, "what a validation loss must be lower by to count as better", "NUMBER" },
        { "validation", 0, NUMBER, &fit->validation, 0, "share of the training rows that --patience sets aside", "SHARE" },
        { "time-budget", 0, POPT_ARG_STRING, &f.time_budget, 0, "end training after this time, e.g. 60s, 5m, 1h, and keep what was learnt", "TIME" },
        { "threads", 0, COUNT, &f.threads, 0, "0: one a core; the result does not depend on it", "COUNT" },
        { "memory", 0, POPT_ARG_STRING, &f.memory, 0, "most memory to use, e.g. 2G (what is free if not given)", "SIZE" },
        POPT_TABLEEND
    };
    struct poptOption options[] = {
        READING_GROUP(files, "Files"),         READING_GROUP(rows, "Target and rows"),
        READING_GROUP(file, "Reading"),        READING_GROUP(cleaning, "Cleaning"),
        READING_GROUP(training, "Training"),   POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = take_flags(ctx, &f);
    if (code == CMD_CONTINUE)
        code = train(ctx, &f);
    reading_release(&f.reading);
    return code;
}
