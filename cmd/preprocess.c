#include <cmd/commands.h>
#include <cmd/explain.h>
#include <cmd/out.h>
#include <cmd/reading.h>

#include <fit/prepfile.h>
#include <mlctl/prep.h>
#include <prep/explain.h>
#include <prep/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct preprocess_flags {
    struct reading reading;
    char *output, *apply;
    char *memory;
    long threads;
    int explain;
};

/* What a prep file does to each column; NULL with an error said to err. */
static json_t *explain(const char *prep, struct ml_error *err)
{
    struct mli_prepfile file = { 0 };
    if (mli_prepfile_read(prep, &file, err))
        return NULL;
    json_t *doc = mli_explain(file.pipeline);
    mli_prepfile_release(&file);
    if (!doc)
        ml_error_set(err, ML_ENOMEM, "out of memory");
    return doc;
}

/* Prints a result with the explanation of the prep file in it; takes doc, which may be NULL: no memory. */
static int out_explained(const struct cmd_context *ctx, json_t *doc, const char *prep)
{
    struct ml_error err = ML_ERROR_INIT;
    json_t *explained = explain(prep, &err);
    if (explained && mli_json_put(doc, "explain", explained))
        return out_json(ctx, doc);
    json_decref(doc);
    ml_error_set(&err, ML_ENOMEM, "out of memory");
    return cmd_fail(ctx, &err);
}

static int print_explained(const struct cmd_context *ctx, const char *prep)
{
    struct ml_error err = ML_ERROR_INIT;
    json_t *doc = explain(prep, &err);
    if (!doc)
        return cmd_fail(ctx, &err);
    explain_print(doc);
    json_decref(doc);
    return out_end(ctx, CMD_DONE);
}

static int fit(struct cmd_context *ctx, struct preprocess_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_prep_report report;
    char prep[4096];
    if ((size_t)snprintf(prep, sizeof prep, "%s.prep.json", f->output) >= sizeof prep)
        ml_error_set(&err, ML_EUSAGE, "the output's name is too long");
    else
        (void)!ml_preprocess_files(ctx->args, ctx->nargs, &f->reading.fit, f->output, prep, &report, &err);
    if (err.status)
        return cmd_fail(ctx, &err);
    if (ctx->json) {
        json_t *doc = json_pack("{sssssIsIsIsIsIsI}", "output", f->output, "prep", prep, "rows",
                                       (json_int_t)report.rows, "columns", (json_int_t)report.columns,
                                       "rows_with_target", (json_int_t)(report.used + report.duplicates), "duplicates",
                                       (json_int_t)report.duplicates, "train_rows",
                                       (json_int_t)report.trained, "features",
                                       (json_int_t)report.features);
        return f->explain ? out_explained(ctx, doc, prep) : out_json(ctx, doc);
    }
    out_line("data", "%s: %zu rows, %zu columns", report.source, report.rows, report.columns);
    if (report.duplicates)
        out_line("", "%zu duplicate rows left out", report.duplicates);
    out_line("fitted", "on %zu training rows", report.trained);
    out_line("wrote", "%s: %zu rows, %zu features and the target", f->output, report.used, report.features);
    out_line("", "%s: the pipeline; mlctl train %s puts it into the model", prep, f->output);
    return f->explain ? print_explained(ctx, prep) : out_end(ctx, CMD_DONE);
}

static int apply(struct cmd_context *ctx, struct preprocess_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    size_t rows = 0;
    if (ml_preprocess_apply(f->apply, ctx->args, ctx->nargs, &f->reading.options, f->output, &rows, &err))
        return cmd_fail(ctx, &err);
    if (strcmp(f->output, "-") == 0)
        return CMD_DONE;
    if (ctx->json) {
        json_t *doc = json_pack("{sssI}", "output", f->output, "rows", (json_int_t)rows);
        return f->explain ? out_explained(ctx, doc, f->apply) : out_json(ctx, doc);
    }
    out_line("wrote", "%s: %zu rows", f->output, rows);
    return f->explain ? print_explained(ctx, f->apply) : out_end(ctx, CMD_DONE);
}

/* The first option that only fitting takes, of those given; NULL: none. */
static const char *fitting_option(const struct reading *r)
{
    static const struct reading unset = READING_INIT;
    const struct ml_fit_config *fit = &r->fit;
    const struct {
        const char *name;
        bool given;
    } options[] = {
        { "target", r->target != NULL },
        { "task", strcmp(fit->task, unset.fit.task) != 0 },
        { "split", fit->split != NULL },
        { "group", fit->group != NULL },
        { "dedupe", r->dedupe != 0 },
        { "seed", r->seed != unset.seed },
        { "drop-columns", r->drop != NULL },
        { "type", r->type != NULL },
        { "memory", fit->memory != 0 },
        { "schema", r->schema != NULL },
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].given)
            return options[i].name;
    return mli_prep_given(&fit->clean);
}

static int check(struct cmd_context *ctx, struct preprocess_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    int code = reading_count(ctx, "threads", f->threads, &f->reading.fit.threads);
    if (code == CMD_CONTINUE && !cmd_size(ctx, "memory", f->memory, &f->reading.fit.memory))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE)
        code = reading_options(ctx, &f->reading);
    if (code != CMD_CONTINUE)
        return code;
    const char *fitting = f->apply ? fitting_option(&f->reading) : NULL;
    if (fitting) {
        ml_error_set(&err, ML_EUSAGE, "--%s does not go with --apply: the prep file decides it", fitting);
        return cmd_fail(ctx, &err);
    }
    if (f->apply && f->explain && ctx->nargs && strcmp(f->output, "-") == 0) {
        ml_error_set(&err, ML_EUSAGE, "--explain with --apply and data needs -o FILE: both would go to standard output");
        return cmd_fail(ctx, &err);
    }
    if (!ctx->nargs && !(f->apply && f->explain)) {
        ml_error_set(&err, ML_EUSAGE, "it wants DATA.csv (only --apply FILE.prep.json --explain goes without)");
        return cmd_fail(ctx, &err);
    }
    if (f->apply || strcmp(f->output, "-") != 0)
        return CMD_CONTINUE;
    ml_error_set(&err, ML_EUSAGE, "-o FILE is needed: the prep file is written beside it");
    return cmd_fail(ctx, &err);
}

int cmd_preprocess(struct cmd_context *ctx, int argc, const char **argv)
{
    struct preprocess_flags f = { .reading = READING_INIT, .output = "-" };
    struct poptOption rows[] = READING_ROWS(f.reading), file[] = READING_FILE(f.reading),
                      cleaning[READING_CLEANING_MAX + 1];
    reading_cleaning(&f.reading, cleaning);
    struct poptOption files[] = {
        { "output", 'o', POPT_ARG_STRING, &f.output, 0, "clean file to write (.gz, .zst: packed; - for standard output, with --apply only)", "FILE" },
        { "apply", 0, POPT_ARG_STRING, &f.apply, 0, "apply this prep file instead of fitting one", "FILE.prep.json" },
        { "explain", 0, POPT_ARG_NONE, &f.explain, 0, "print what is done to each column, with its statistics; with --apply also without data", NULL },
        POPT_TABLEEND
    };
    struct poptOption running[] = {
        { "threads", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &f.threads, 0,
          "0: one a core; the result does not depend on it", "COUNT" },
        { "memory", 0, POPT_ARG_STRING, &f.memory, 0,
          "most memory to use, e.g. 2G (what is free if not given); columns of a larger table are put aside in $TMPDIR or beside the output", "SIZE" },
        POPT_TABLEEND
    };
    struct poptOption options[] = { READING_GROUP(files, "Files"), READING_GROUP(rows, "Target and rows"),
                                    READING_GROUP(file, "Reading"), READING_GROUP(cleaning, "Cleaning"),
                                    READING_GROUP(running, "Running"), POPT_TABLEEND };
    int code = cmd_parse(ctx, argc, argv, options, 0, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = check(ctx, &f);
    if (code == CMD_CONTINUE && !ctx->nargs)
        code = ctx->json ? out_explained(ctx, json_pack("{ss}", "prep", f.apply), f.apply) : print_explained(ctx, f.apply);
    if (code == CMD_CONTINUE && (cmd_output_is_file(ctx, f.output) || cmd_output_refused(ctx, f.output, f.apply) ||
                                 dialect_output_refused(ctx, &f.reading.options.csv, f.output)))
        code = CMD_USAGE;
    if (code == CMD_CONTINUE)
        code = f.apply ? apply(ctx, &f) : fit(ctx, &f);
    reading_release(&f.reading);
    return code;
}
