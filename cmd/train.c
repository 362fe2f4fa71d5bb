#include <cmd/commands.h>
#include <cmd/given.h>
#include <cmd/out.h>
#include <cmd/progress.h>
#include <cmd/reproduce.h>
#include <cmd/train_log.h>
#include <cmd/train_report.h>
#include <cmd/training.h>
#include <cmd/warm.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/table.h>

struct train_flags {
    struct training training;
    char *time_budget, *log, *every;
    char *reproduce; /* model to compare with */
    int resume, stream;
    long folds;
    struct warm warm;
    const struct ml_model *original; /* the one that this run compares with; NULL: it writes a model */
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
    bool line = epoch->epoch >= r->next || now - r->line >= 2;
    while (r->next <= epoch->epoch) /* a run that is resumed begins further on */
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
    if (cmd_output_is_file(ctx, f->log) || cmd_output_refused(ctx, f->log, f->warm.path) ||
        dialect_output_refused(ctx, &f->training.reading.options.csv, f->log))
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

/* What a run makes and frees in the end. */
struct outcome {
    struct ml_table *owned;       /* the data in memory */
    struct ml_prepared *rows;     /* or prepared in a file */
    const struct ml_table *table; /* of either */
    struct ml_model *model;
    bool interrupted; /* the model is the best so far, and err says so */
    double started;
    struct ml_error err;
};

static enum ml_status read_data(const struct cmd_context *ctx, const struct train_flags *f, struct outcome *out)
{
    enum ml_status status;
    if (f->stream) {
        status = ml_prepared_open(ctx->args, ctx->nargs, &f->training.reading.fit, &out->rows, &out->err);
        out->table = status ? NULL : ml_prepared_table(out->rows);
    } else {
        status = ml_table_read_files(ctx->args, ctx->nargs, &f->training.reading.options, &out->owned, &out->err);
        out->table = out->owned;
    }
    return status;
}

static void outcome_release(struct outcome *out)
{
    ml_model_free(out->model);
    ml_prepared_free(out->rows);
    ml_table_free(out->owned);
}

/* CMD_DONE with a model, or the exit code, when its error was said. */
static int fit(struct cmd_context *ctx, struct train_flags *f, struct epoch_report *report, struct outcome *out)
{
    struct ml_fit_config *config = &f->training.reading.fit;
    char *prep = training_prep(ctx, &f->training);
    config->prep = prep;
    config->stop = &training_stopped;
    config->epoch = on_epoch;
    config->data = report;
    config->spend = true; /* what is said at the end is of names and counts */
    int code = f->warm.model && !prep ? warm_pin(ctx, &f->warm, &f->training.reading.options) : CMD_CONTINUE;
    enum ml_status status = code == CMD_CONTINUE ? read_data(ctx, f, out) : ML_OK;
    if (!status && code == CMD_CONTINUE && f->original)
        code = reproduce_check_data(ctx, f->original, out->table);
    progress_start(&report->progress, ctx, "epochs");
    if (!status && code == CMD_CONTINUE) {
        training_catch_signals();
        status = out->rows ? ml_fit_prepared(out->rows, config, &out->model, &out->err)
                           : ml_fit(out->table, config, &out->model, &out->err);
    }
    progress_end(&report->progress);
    free(prep);
    out->interrupted = status == ML_EINTERRUPTED && out->model;
    if (status && !out->interrupted)
        code = cmd_fail(ctx, &out->err);
    if (status == ML_EINTERRUPTED && !out->model && training_stopped)
        code = 128 + training_stopped;
    return code == CMD_CONTINUE ? CMD_DONE : code;
}

static int write_model(struct cmd_context *ctx, struct train_flags *f, struct epoch_report *report, struct outcome *out)
{
    struct ml_error save = ML_ERROR_INIT;
    int code;
    if (ml_model_save(out->model, f->training.model, &save)) {
        train_log_end(&report->log, NULL, &save, progress_now() - out->started);
        return cmd_fail(ctx, &save);
    }
    if ((code = end_checkpoint(ctx, f, out->interrupted)) != CMD_DONE)
        return code;
    json_t *doc = train_report_json(out->model, f->training.model);
    train_log_end(&report->log, doc, &out->err, progress_now() - out->started);
    if (ctx->json)
        return out_json(ctx, doc);
    json_decref(doc);
    if (training_is_silent(ctx, &f->training))
        return CMD_DONE;
    train_report_print(out->table, out->model, f->training.model, progress_now() - out->started);
    return out_end(ctx, CMD_DONE);
}

/* A signal that came after the last epoch counts too. */
static int end_by_signal(struct cmd_context *ctx, struct outcome *out)
{
    if (!out->interrupted)
        ml_error_set(&out->err, ML_EINTERRUPTED, "interrupted; the model was finished and kept");
    cmd_fail(ctx, &out->err);
    return 128 + training_stopped;
}

static int train(struct cmd_context *ctx, struct train_flags *f)
{
    struct outcome out = { .started = progress_now(), .err = ML_ERROR_INIT };
    struct epoch_report report = { .ctx = ctx, .next = 1 };
    const char *model = f->training.model;
    if (training_output_refused(ctx, &f->training) || (f->log && log_refused(ctx, f)))
        return CMD_USAGE;
    if (!cmd_output_writable(ctx, model) || !train_log_open(&report.log, ctx, f->log, f->resume != 0))
        return CMD_SYSTEM;
    int code = fit(ctx, f, &report, &out);
    if (code)
        train_log_end(&report.log, NULL, &out.err, progress_now() - out.started);
    else
        code = write_model(ctx, f, &report, &out);
    if (!code && training_stopped)
        code = end_by_signal(ctx, &out);
    if (train_log_close(&report.log) && !code)
        code = CMD_SYSTEM;
    outcome_release(&out);
    return code;
}

/* Trains as recorded and compares; nothing is written. */
static int compare(struct cmd_context *ctx, struct train_flags *f)
{
    struct outcome out = { .err = ML_ERROR_INIT };
    struct epoch_report report = { .ctx = ctx, .next = 1 };
    train_log_open(&report.log, ctx, NULL, false);
    int code = fit(ctx, f, &report, &out);
    if (!code)
        code = training_stopped ? end_by_signal(ctx, &out) : reproduce_compare(ctx, f->original, out.model);
    outcome_release(&out);
    return code;
}

static int run(struct cmd_context *ctx, int argc, const char **argv, const struct ml_model *original);

/* Flags beside --reproduce that would do nothing. */
static bool flags_refused(const struct cmd_context *ctx, char *const *given)
{
    struct ml_error err = ML_ERROR_INIT;
    if (!*given)
        return false;
    ml_error_set(&err, ML_EUSAGE, "%.*s does nothing with --reproduce: the recorded flags are taken", (int)strcspn(*given, "="),
                 *given);
    cmd_fail(ctx, &err);
    return true;
}

static int reproduce(struct cmd_context *ctx, const char *path, const char *start, char *const *given)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *original = NULL;
    if (flags_refused(ctx, given))
        return CMD_USAGE;
    if (ml_model_load(path, &original, &err))
        return cmd_fail(ctx, &err);
    int argc, code;
    const char **argv = reproduce_command(ctx, original, path, start, &argc, &code);
    if (argv) {
        struct cmd_context again = { .cmd = ctx->cmd, .json = ctx->json, .quiet = ctx->quiet, .verbose = ctx->verbose };
        code = run(&again, argc, argv, original);
        cmd_end(&again);
    }
    free(argv);
    ml_model_free(original);
    return code;
}

/* What the parameters do not depend on, or the model file does not tell. */
static const char *const aside[] = { "model", "threads", "memory", "cache", "log", "checkpoint", "every", "resume",
                                     "warm-start", "json", "quiet", "verbose", NULL };
static const char *const beside[] = { "reproduce", "warm-start", "json", "quiet", "verbose", NULL };

static bool asks_to_reproduce(int argc, const char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--reproduce", strlen("--reproduce")) == 0)
            return true;
    return false;
}

static int check_cache(const struct cmd_context *ctx, const struct train_flags *f)
{
    const char *cache = f->training.reading.fit.cache;
    struct ml_error err = ML_ERROR_INIT;
    if (!f->stream)
        ml_error_set(&err, ML_EUSAGE, "--cache does nothing without --stream, which keeps prepared rows there");
    else if (strcmp(cache, f->training.model) == 0)
        ml_error_set(&err, ML_EUSAGE, "--cache %s: the model is written there; give the rows a file of their own", cache);
    return err.status ? cmd_fail(ctx, &err) : CMD_CONTINUE;
}

/* A flag of one optimiser does nothing with another; none of these is what auto takes. */
static bool optimiser_refused(const struct cmd_context *ctx, const char *optimiser, char *const *given)
{
    static const struct {
        const char *flag, *of, *other;
    } rows[] = { { "--momentum=", "momentum", "nesterov" }, { "--decay=", "adamw", "adamw" } };
    struct ml_error err = ML_ERROR_INIT;
    for (; *given && !err.status; given++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strncmp(*given, rows[i].flag, strlen(rows[i].flag)) == 0 && strcmp(optimiser, rows[i].of) != 0 &&
                strcmp(optimiser, rows[i].other) != 0)
                ml_error_set(&err, ML_EUSAGE, "%.*s does nothing with the optimiser %.40s: give --optimiser %s",
                             (int)strlen(rows[i].flag) - 1, *given, optimiser, rows[i].of);
    return err.status && cmd_fail(ctx, &err) != CMD_DONE;
}

static bool flags_agree(const struct cmd_context *ctx, const struct train_flags *f, char *const *given, int argc, const char **argv)
{
    static const struct cmd_pair pairs[] = {
        { "min-delta", "patience", NULL },
        { "validation", "patience", NULL },
        { "prep", "no-prep", "does nothing beside --no-prep, which takes the file as raw rows" },
    };
    return !cmd_pairs_refused(ctx, pairs, sizeof pairs / sizeof *pairs, argc, argv) &&
           !optimiser_refused(ctx, f->training.reading.fit.optimiser, given);
}

static int take_flags(struct cmd_context *ctx, struct train_flags *f, char *const *given)
{
    struct training *t = &f->training;
    int code = training_flags(ctx, t);
    if (code == CMD_CONTINUE && !cmd_seconds(ctx, "time-budget", f->time_budget, &t->reading.fit.time_budget))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE)
        code = reading_count(ctx, "folds", f->folds, &t->reading.fit.folds);
    if (code == CMD_CONTINUE && t->reading.fit.cache)
        code = check_cache(ctx, f);
    if (code == CMD_CONTINUE && !take_checkpoint(ctx, f))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE && f->warm.path)
        code = warm_take(ctx, &f->warm, given, t);
    if (code == CMD_CONTINUE && f->original)
        code = reproduce_check_start(ctx, f->original, f->warm.model);
    return code;
}

/* original: to be compared with, not NULL when its command is run again. */
static int run(struct cmd_context *ctx, int argc, const char **argv, const struct ml_model *original)
{
    struct train_flags f = { .training = training_init(), .original = original };
    struct training *t = &f.training;
    struct poptOption files[] = TRAINING_FILES(*t), training[] = TRAINING_ROWS(*t), network[] = TRAINING_NETWORK(*t),
                      rows[] = READING_ROWS(t->reading),
                      file[] = READING_FILE(t->reading), cleaning[READING_CLEANING_MAX + 1];
    reading_cleaning(&t->reading, cleaning);
    struct poptOption run[] = {
        { "log", 0, POPT_ARG_STRING, &f.log, 0, "write every epoch to this file as it is done, as JSON lines", "FILE" },
        { "folds", 0, TRAINING_COUNT, &f.folds, 0, "first cross-validate the training rows with so many folds: mean and deviation of each metric; 0: not", "COUNT" },
        { "warm-start", 0, POPT_ARG_STRING, &f.warm.path, 0, "go on from the parameters of this model, with its pipeline, network and loss, on these rows", "MODEL" },
        { "checkpoint", 0, POPT_ARG_STRING, &t->reading.fit.checkpoint, 0, "keep the state of the training in this directory", "DIR" },
        { "every", 0, POPT_ARG_STRING, &f.every, 0, "time between two checkpoints, e.g. 30s, 5m (1m if not given)", "TIME" },
        { "resume", 0, POPT_ARG_NONE, &f.resume, 0, "go on from the checkpoint, if there is one: the model gets the same bytes", NULL },
        { "reproduce", 0, POPT_ARG_STRING, &f.reproduce, 0, "train again as this model says it was trained, and compare: exit code 0 when the bytes are the same, 1 when not; DATA.csv if the data is elsewhere now", "MODEL" },
        { "shuffle", 0, POPT_ARG_STRING, &t->reading.fit.shuffle, 0, "of the rows before each pass over batches: rows (one by one, over 32 MiB of them in stripes of 4 KiB; the default) or windows (of rows that lie side by side, as a disk can give them: what --stream does)", "NAME" },
        { "stream", 0, POPT_ARG_NONE, &f.stream, 0, "for data larger than memory: prepare the rows in a file beside it, once, and read them from there while training", NULL },
        { "cache", 0, POPT_ARG_STRING, &t->reading.fit.cache, 0, "the file of --stream (DATA.csv.rows if not given)", "FILE" },
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
    int code = cmd_parse(ctx, argc, argv, options, asks_to_reproduce(argc, argv) ? 0 : 1, CMD_FILES);
    char **given = code == CMD_CONTINUE ? cmd_given(options, argc, argv, f.reproduce ? beside : aside) : NULL;
    if (code == CMD_CONTINUE && !given)
        code = CMD_SYSTEM;
    if (code == CMD_CONTINUE && f.reproduce) {
        code = reproduce(ctx, f.reproduce, f.warm.path, given);
    } else if (code == CMD_CONTINUE) {
        t->reading.fit.command = (const char *const *)given;
        code = original || flags_agree(ctx, &f, given, argc, argv) ? take_flags(ctx, &f, given) : CMD_USAGE;
        if (code == CMD_CONTINUE)
            code = original ? compare(ctx, &f) : train(ctx, &f);
    }
    cmd_list_free(given);
    warm_release(&f.warm);
    reading_release(&t->reading);
    return code;
}

int cmd_train(struct cmd_context *ctx, int argc, const char **argv)
{
    return run(ctx, argc, argv, NULL);
}
