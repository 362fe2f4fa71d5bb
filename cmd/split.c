#include <cmd/commands.h>
#include <cmd/out.h>
#include <cmd/reading.h>

#include <mlctl/split.h>
#include <stdio.h>
#include <string.h>

struct split_flags {
    struct reading reading;
    char **output, **outputs; /* as given, split at commas */
    char *stratify;
    int unstratified;
};

static int usage(const struct cmd_context *ctx, const char *name, const char *what)
{
    struct ml_error err = ML_ERROR_INIT;
    ml_error_set(&err, ML_EUSAGE, "-o %s %s", name, what);
    return cmd_fail(ctx, &err);
}

static int check_outputs(const struct cmd_context *ctx, const struct ml_csv_options *csv, char *const *outputs,
                         size_t *n)
{
    for (*n = 0; outputs && outputs[*n]; ++*n) {
        const char *output = outputs[*n];
        if (strcmp(output, "-") == 0)
            return usage(ctx, output, "is no file; each part needs one");
        if (cmd_output_is_file(ctx, output) || dialect_output_refused(ctx, csv, output))
            return CMD_USAGE;
        for (size_t i = 0; i < *n; i++)
            if (strcmp(outputs[i], output) == 0 || cmd_output_refused(ctx, output, outputs[i]))
                return usage(ctx, output, "is named twice");
    }
    return *n ? CMD_CONTINUE : usage(ctx, "TRAIN.csv,TEST.csv", "is needed");
}

static json_t *report_json(const struct ml_split_report *report, char *const *outputs, const char *split)
{
    json_t *files = json_array();
    for (size_t p = 0; p < report->parts; p++)
        json_array_append_new(files, json_pack("{sssI}", "output", outputs[p], "rows",
                                               (json_int_t)report->written[p]));
    json_t *doc = json_pack("{sIsIssso}", "rows", (json_int_t)report->rows, "duplicates",
                            (json_int_t)report->duplicates, "split", split, "files", files);
    if (doc && report->classes) {
        mli_json_put(doc, "stratified", json_string(report->stratified));
        mli_json_put(doc, "classes", json_integer((json_int_t)report->classes));
        mli_json_put(doc, "without_class", json_integer((json_int_t)report->unlabelled));
    }
    if (doc && report->groups)
        mli_json_put(doc, "groups", json_integer((json_int_t)report->groups));
    return doc;
}

static void print_report(const struct cmd_context *ctx, const struct ml_split_report *report,
                         const struct split_flags *f, const char *split)
{
    out_line("data", "%s%s: %zu rows", ctx->args[0], ctx->nargs > 1 ? " and others" : "", report->rows);
    if (f->reading.fit.dedupe)
        out_line("", "%zu duplicate rows left out", report->duplicates);
    if (strncmp(split, "random", 6) == 0)
        out_line("split", "%s, seed %llu", split, (unsigned long long)f->reading.fit.seed);
    else
        out_line("split", "%s", split);
    char missing[64] = "";
    if (report->unlabelled)
        snprintf(missing, sizeof missing, ", and %zu row%s without one", report->unlabelled, report->unlabelled > 1 ? "s" : "");
    if (report->classes)
        out_line("", "stratified by %s (%zu classes%s)", report->stratified, report->classes, missing);
    if (report->groups)
        out_line("", "by the groups of %s (%zu)", f->reading.fit.group, report->groups);
    for (size_t p = 0; p < report->parts; p++)
        out_line(p ? "" : "wrote", "%s: %zu rows", f->outputs[p], report->written[p]);
}

static int split(struct cmd_context *ctx, struct split_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_split_report report;
    const struct ml_fit_config *fit = &f->reading.fit;
    const struct ml_split_config config = { .split = fit->split,
                                            .stratify = f->stratify,
                                            .target = fit->target,
                                            .group = fit->group,
                                            .unstratified = f->unstratified != 0,
                                            .dedupe = fit->dedupe,
                                            .seed = fit->seed,
                                            .read = &f->reading.options,
                                            .log = &ctx->log };
    size_t n;
    int code = check_outputs(ctx, &f->reading.options.csv, f->outputs, &n);
    if (code != CMD_CONTINUE)
        return code;
    if (ml_split(ctx->args, ctx->nargs, &config, (const char *const *)f->outputs, n, &report, &err))
        return cmd_fail(ctx, &err);
    const char *text = fit->split ? fit->split : "random:0.2";
    if (ctx->json)
        return out_json(ctx, report_json(&report, f->outputs, text));
    print_report(ctx, &report, f, text);
    return out_end(ctx, CMD_DONE);
}

int cmd_split(struct cmd_context *ctx, int argc, const char **argv)
{
    struct split_flags f = { .reading = READING_INIT };
    struct ml_fit_config *fit = &f.reading.fit;
    struct poptOption file[] = READING_FILE(f.reading);
    struct poptOption rows[] = {
        { "output", 'o', POPT_ARG_ARGV, &f.output, 0, "files to write, one for each part (.gz, .zst: packed)", "FILE,FILE" },
        { "split", 's', POPT_ARG_STRING, &fit->split, 0,
          "rows of the second file and on: random:F, every:K, last:F, time:COLUMN:F (the latest) or column:NAME; F,G,... is a share for each file after the first (random:0.2 if not given)",
          "SPEC" },
        { "stratify", 0, POPT_ARG_STRING, &f.stratify, 0,
          "column of which a random split keeps the shares (the target if it is a class)", "COLUMN" },
        { "no-stratify", 0, POPT_ARG_NONE, &f.unstratified, 0, "keep no shares", NULL },
        { "target", 't', POPT_ARG_STRING, &fit->target, 0, "column to predict (the last one if not given)", "COLUMN" },
        { "group", 0, POPT_ARG_STRING, &fit->group, 0, "rows of one value of this column stay in one file", "COLUMN" },
        { "dedupe", 0, POPT_ARG_NONE, &f.reading.dedupe, 0,
          "leave out rows that repeat an earlier one in every column", NULL },
        { "seed", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &f.reading.seed, 0, "of every random choice", "NUMBER" },
        POPT_TABLEEND
    };
    struct poptOption options[] = { READING_GROUP(rows, "Rows"), READING_GROUP(file, "Reading"), POPT_TABLEEND };
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = reading_options(ctx, &f.reading);
    if (code == CMD_CONTINUE) {
        f.outputs = cmd_list((const char *const *)f.output);
        code = split(ctx, &f);
        cmd_list_free(f.outputs);
    }
    reading_release(&f.reading);
    return code;
}
