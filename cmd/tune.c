#include <cmd/commands.h>
#include <cmd/given.h>
#include <cmd/out.h>
#include <cmd/progress.h>
#include <cmd/train_report.h>
#include <cmd/training.h>

#include <math.h>
#include <mlctl/tune.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table/table.h>

enum { SHOWN = 10 }; /* of the leaderboard, as text */

struct tune_flags {
    struct training training;
    struct ml_tune_config tune;
    char **set;
    char *time_budget, *log;
    long folds, trials;
};

static void on_trial(void *data, const struct ml_tune_progress *p)
{
    char text[160];
    int n = snprintf(text, sizeof text, "of %zu", p->trials);
    if (!isnan(p->best))
        n += snprintf(text + n, sizeof text - (size_t)n, ", best %s %.6g", p->metric, p->best);
    if (p->failed)
        snprintf(text + n, sizeof text - (size_t)n, ", %zu failed", p->failed);
    progress_show(data, p->done, p->share, text);
}

/* MODEL.tune.jsonl. Heap, NULL: the model goes to standard output, or no memory. */
static char *default_log(const char *model)
{
    size_t n = strlen(model) + sizeof ".tune.jsonl";
    char *path = strcmp(model, "-") == 0 ? NULL : malloc(n);
    if (path)
        snprintf(path, n, "%s.tune.jsonl", model);
    return path;
}

/* "kind mlp, l2 0.01": the settings of a trial in a line. */
static void settings_text(const json_t *settings, char *out, size_t size)
{
    const char *name;
    json_t *value;
    size_t n = 0;
    snprintf(out, size, "%s", json_object_size(settings) ? "" : "as mlctl train has them");
    json_object_foreach((json_t *)settings, name, value) {
        char text[40];
        if (json_is_number(value))
            snprintf(text, sizeof text, "%g", json_number_value(value));
        const char *shown = json_is_number(value) ? text : json_string_value(value);
        int more = snprintf(out + n, size - n, "%s%s %s", n ? "; " : "", name, shown);
        n += more > 0 && (size_t)more < size - n ? (size_t)more : 0;
    }
}

static void print_trial(const json_t *trial, size_t rank, bool shares)
{
    char settings[400], share[24] = "";
    const char *failed = json_string_value(json_object_get(trial, "failed"));
    double part = json_number_value(json_object_get(trial, "share"));
    settings_text(json_object_get(trial, "settings"), settings, sizeof settings);
    if (shares)
        snprintf(share, sizeof share, "  %5.3g %%", 100 * part);
    if (failed)
        out_line("", "   -  %-11s  %-9s%s  %s: %s", "failed", "", share, settings, failed);
    else
        out_line("", "%4zu  %-11.6g  %-9.3g%s  %s", rank, json_number_value(json_object_get(trial, "mean")),
                 json_number_value(json_object_get(trial, "deviation")), share, settings);
}

static void print_leaderboard(const json_t *record)
{
    const json_t *search = json_object_get(record, "search"), *trials = json_object_get(search, "trials"), *trial;
    size_t i, n = json_array_size(trials), failed = 0, rank = 0;
    json_array_foreach((json_t *)trials, i, trial)
        failed += json_object_get(trial, "failed") != NULL;
    bool shares = strcmp(json_string_value(json_object_get(search, "method")), "halving") == 0;
    out_line("search", "%s, %zu trials, %lld folds", json_string_value(json_object_get(search, "method")), n,
             (long long)json_integer_value(json_object_get(json_object_get(record, "cross_validation"), "folds")));
    out_line("", "rank  %-11s  %-9s%s  settings", json_string_value(json_object_get(search, "metric")), "deviation",
             shares ? "  of rows" : "");
    json_array_foreach((json_t *)trials, i, trial)
        if (!json_object_get(trial, "failed") && ++rank <= SHOWN)
            print_trial(trial, rank, shares);
    if (rank > SHOWN)
        out_line("", "  ... and %zu more, in the model and in the log", rank - SHOWN);
    if (!failed)
        return;
    json_array_foreach((json_t *)trials, i, trial)
        if (json_object_get(trial, "failed") && (i == n - failed || failed <= 3))
            print_trial(trial, 0, shares);
    if (failed > 3)
        out_line("", "  ... and %zu more that failed", failed - 1);
}

static bool outputs_refused(const struct cmd_context *ctx, const struct tune_flags *f)
{
    const struct training *t = &f->training;
    struct ml_error err = ML_ERROR_INIT;
    if (training_output_refused(ctx, t) ||
        cmd_output_is_file(ctx, f->tune.log) || dialect_output_refused(ctx, &t->reading.options.csv, f->tune.log))
        return true;
    if (f->tune.log && (strcmp(f->tune.log, "-") == 0 || strcmp(f->tune.log, t->model) == 0))
        ml_error_set(&err, ML_EUSAGE, "--log %s: the log is a file of its own, which is read again", f->tune.log);
    return err.status != ML_OK && cmd_fail(ctx, &err) != CMD_DONE;
}

static int print(const struct cmd_context *ctx, const struct tune_flags *f, const struct ml_table *table,
                 const struct ml_model *model, double seconds)
{
    if (ctx->json)
        return out_json(ctx, train_report_json(model, f->training.model));
    if (training_is_silent(ctx, &f->training))
        return CMD_DONE;
    print_leaderboard(model->record);
    train_report_print(table, model, f->training.model, seconds);
    if (f->tune.log)
        out_line("", "%s, every trial", f->tune.log);
    return out_end(ctx, CMD_DONE);
}

static int tune(struct cmd_context *ctx, struct tune_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    struct ml_model *model = NULL;
    struct progress progress;
    struct training *t = &f->training;
    struct ml_fit_config *fit = &t->reading.fit;
    double started = progress_now();
    if (outputs_refused(ctx, f))
        return CMD_USAGE;
    if (!cmd_output_writable(ctx, t->model) || (f->tune.log && !cmd_output_writable(ctx, f->tune.log)))
        return CMD_SYSTEM;
    char *prep = training_prep(ctx, t);
    fit->prep = prep;
    fit->stop = &training_stopped;
    enum ml_status status = ml_table_read_files(ctx->args, ctx->nargs, &t->reading.options, &table, &err);
    progress_start(&progress, ctx, "trials");
    f->tune.trial = on_trial;
    f->tune.data = &progress;
    if (!status) {
        training_catch_signals();
        status = ml_tune(table, fit, &f->tune, &model, &err);
    }
    progress_end(&progress);
    if (!status)
        status = ml_model_save(model, t->model, &err);
    int code = status ? cmd_fail(ctx, &err) : print(ctx, f, table, model, progress_now() - started);
    if (status == ML_EINTERRUPTED && training_stopped)
        code = 128 + training_stopped;
    ml_model_free(model);
    ml_table_free(table);
    free(prep);
    return code;
}

/* A flag is the setting of every trial, unless --set has one for each. */
static bool set_twice(const struct cmd_context *ctx, char *const *set, char *const *given)
{
    struct ml_error err = ML_ERROR_INIT;
    for (; set && *set; set++) {
        size_t n = strcspn(*set, "=");
        for (char *const *flag = given; *flag; flag++)
            if (strcspn(*flag + 2, "=") == n && strncmp(*flag + 2, *set, n) == 0 && strcmp(*flag, "--kind=auto") != 0)
                ml_error_set(&err, ML_EUSAGE, "%.60s does nothing beside --set %.80s, which gives every trial its own", *flag, *set);
    }
    return err.status && cmd_fail(ctx, &err) != CMD_DONE;
}

static int take_flags(struct cmd_context *ctx, struct tune_flags *f)
{
    int code = training_flags(ctx, &f->training);
    if (code == CMD_CONTINUE)
        code = reading_count(ctx, "folds", f->folds, &f->tune.folds);
    if (code == CMD_CONTINUE)
        code = reading_count(ctx, "trials", f->trials, &f->tune.trials);
    if (code == CMD_CONTINUE && !cmd_seconds(ctx, "time-budget", f->time_budget, &f->tune.time_budget))
        code = CMD_USAGE;
    f->tune.set = (const char *const *)f->set;
    return code;
}

int cmd_tune(struct cmd_context *ctx, int argc, const char **argv)
{
    struct tune_flags f = { .training = training_init(), .tune = ML_TUNE_CONFIG_INIT };
    struct training *t = &f.training;
    f.folds = (long)f.tune.folds;
    struct poptOption files[] = TRAINING_FILES(*t), training[] = TRAINING_ROWS(*t), network[] = TRAINING_NETWORK(*t),
                      rows[] = READING_ROWS(t->reading), file[] = READING_FILE(t->reading),
                      cleaning[READING_CLEANING_MAX + 1];
    reading_cleaning(&t->reading, cleaning);
    struct poptOption search[] = {
        { "set", 0, POPT_ARG_ARGV, &f.set, 0,
          "a setting and its space, any option of training, networks and cleaning by its name (may be repeated): a|b|c, LOW..HIGH, LOW..HIGH:log, LOW..HIGH:int; KIND.NAME=SPACE for one kind (a space for each kind if not given)",
          "NAME=SPACE" },
        { "search", 0, TRAINING_STRING, &f.tune.search, 0, "grid, random or halving (random trials on a part of the rows, the better third on three times as many, ...)", "HOW" },
        { "folds", 0, TRAINING_COUNT, &f.folds, 0, "of the cross-validation that measures a trial", "COUNT" },
        { "trials", 0, TRAINING_COUNT, &f.trials, 0, "how many, 0: 40, of a grid all", "COUNT" },
        { "metric", 0, POPT_ARG_STRING, &f.tune.metric, 0, "to be best in, as mlctl eval calls it (rmse or accuracy if not given)", "NAME" },
        { "time-budget", 0, POPT_ARG_STRING, &f.time_budget, 0, "end the search in time for the winner to be trained, e.g. 60s, 5m, 1h", "TIME" },
        { "log", 0, POPT_ARG_STRING, &f.log, 0, "trials as JSON lines, from which a search that was ended goes on (MODEL.tune.jsonl if not given)", "FILE" },
        POPT_TABLEEND
    };
    struct poptOption options[] = {
        READING_GROUP(search, "Search"),       READING_GROUP(files, "Files"),
        READING_GROUP(rows, "Target and rows"), READING_GROUP(file, "Reading"),
        READING_GROUP(cleaning, "Cleaning"),   READING_GROUP(training, "Training"),
        READING_GROUP(network, "Network"),     POPT_TABLEEND
    };
    static const char *const none[] = { NULL };
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    char **given = code == CMD_CONTINUE ? cmd_given(options, argc, argv, none) : NULL;
    if (code == CMD_CONTINUE && !given)
        code = CMD_SYSTEM;
    if (code == CMD_CONTINUE && set_twice(ctx, f.set, given))
        code = CMD_USAGE;
    cmd_list_free(given);
    if (code == CMD_CONTINUE)
        code = take_flags(ctx, &f);
    char *log = code == CMD_CONTINUE && !f.log ? default_log(t->model) : NULL;
    f.tune.log = f.log ? f.log : log;
    if (code == CMD_CONTINUE)
        code = tune(ctx, &f);
    free(log);
    reading_release(&t->reading);
    return code;
}
