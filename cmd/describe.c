#include <cmd/commands.h>
#include <cmd/describe_text.h>
#include <cmd/out.h>
#include <cmd/reading.h>

#include <base/mem.h>
#include <describe/document.h>
#include <describe/html.h>
#include <stdlib.h>
#include <string.h>

struct describe_flags {
    struct reading reading;
    char *html, *sort;
    long max_columns, threads;
    size_t most, workers;
    bool reading_given; /* flags that decide how the file is read, which a command to go on with would need too */
};

static bool is_sort(const char *sort)
{
    return strcmp(sort, "file") == 0 || strcmp(sort, "link") == 0 || strcmp(sort, "missing") == 0;
}

static int check(struct cmd_context *ctx, struct describe_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    if (!is_sort(f->sort)) {
        ml_error_set(&err, ML_EUSAGE, "--sort %s: it is file, link or missing", f->sort);
        return cmd_fail(ctx, &err);
    }
    if (ctx->json && f->html && strcmp(f->html, "-") == 0) {
        ml_error_set(&err, ML_EUSAGE, "--json and --html - both want standard output; give the page a file");
        return cmd_fail(ctx, &err);
    }
    if (reading_count(ctx, "max-columns", f->max_columns, &f->most) != CMD_CONTINUE ||
        reading_count(ctx, "threads", f->threads, &f->workers) != CMD_CONTINUE)
        return CMD_USAGE;
    int code = reading_options(ctx, &f->reading);
    if (code != CMD_CONTINUE)
        return code;
    if (cmd_output_is_file(ctx, f->html) || dialect_output_refused(ctx, &f->reading.options.csv, f->html))
        return CMD_USAGE;
    return !f->html || cmd_output_writable(ctx, f->html) ? CMD_CONTINUE : CMD_SYSTEM;
}

static size_t *sorted(const struct mli_description *d, const char *sort)
{
    size_t *order = mli_alloc(d->table->columns, sizeof *order);
    for (size_t j = 0; order && j < d->table->columns; j++)
        order[j] = j;
    if (order && strcmp(sort, "link") == 0)
        mli_description_by_link(d, order);
    if (order && strcmp(sort, "missing") == 0)
        mli_description_by_missing(d, order);
    return order;
}

static int print(const struct cmd_context *ctx, const struct describe_flags *f, const struct mli_description *d,
                 const size_t *order)
{
    bool page_on_stdout = f->html && strcmp(f->html, "-") == 0;
    if (ctx->json)
        return out_json(ctx, mli_description_json(d));
    if (page_on_stdout)
        return out_end(ctx, CMD_DONE);
    describe_text(d, order, f->most, ctx->args, f->reading_given ? 0 : ctx->nargs);
    if (f->html)
        out_line("\nwrote", "%s", f->html);
    return out_end(ctx, CMD_DONE);
}

static int describe(const struct cmd_context *ctx, const struct describe_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    struct mli_description *d = NULL;
    size_t *order = NULL;
    int code;
    enum ml_status status = ml_table_read_files(ctx->args, ctx->nargs, &f->reading.options, &table, &err);
    if (!status)
        status = mli_describe(table, f->reading.fit.target, f->workers, &d, &err);
    if (!status && !(order = sorted(d, f->sort)))
        status = ml_error_set(&err, ML_ENOMEM, "out of memory");
    if (!status && f->html)
        status = mli_description_html(d, order, f->most, f->html, &err);
    code = status ? cmd_fail(ctx, &err) : print(ctx, f, d, order);
    free(order);
    mli_description_free(d);
    ml_table_free(table);
    return code;
}

/* Is there an option that is not about the report? */
static bool gives_reading(int argc, const char **argv)
{
    static const char *const report[] = { "-t", "--target", "--html", "--sort", "--max-columns", "--threads", "-q",
                                          "--quiet", "-v", "--verbose" };
    for (int i = 1; i < argc; i++) {
        bool known = argv[i][0] != '-' || !argv[i][1];
        for (size_t k = 0; k < sizeof report / sizeof *report && !known; k++)
            known = strncmp(argv[i], report[k], strlen(report[k])) == 0;
        if (!known)
            return true;
    }
    return false;
}

int cmd_describe(struct cmd_context *ctx, int argc, const char **argv)
{
    struct describe_flags f = { .reading = READING_INIT, .sort = "file", .max_columns = 100 };
    struct poptOption file[] = READING_FILE(f.reading);
    struct poptOption report[] = {
        { "target", 't', POPT_ARG_STRING, &f.reading.fit.target, 0,
          "column to predict (the last one if not given)", "COLUMN" },
        { "html", 0, POPT_ARG_STRING, &f.html, 0,
          "write a page as well: one file, to read and to mail, no network needed (- for standard output)", "FILE" },
        { "sort", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.sort, 0,
          "order of the columns: file, link (strongest first) or missing (most first)", "HOW" },
        { "max-columns", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &f.max_columns, 0,
          "columns that are shown one by one, in text and page", "COUNT" },
        { "threads", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &f.threads, 0,
          "0: one a core; the result does not depend on it", "COUNT" },
        POPT_TABLEEND
    };
    struct poptOption options[] = { READING_GROUP(report, "Report"), READING_GROUP(file, "Reading"), POPT_TABLEEND };
    f.reading_given = gives_reading(argc, argv);
    int code = cmd_parse(ctx, argc, argv, options, 1, CMD_FILES);
    if (code == CMD_CONTINUE)
        code = check(ctx, &f);
    if (code == CMD_CONTINUE)
        code = describe(ctx, &f);
    reading_release(&f.reading);
    return code;
}
