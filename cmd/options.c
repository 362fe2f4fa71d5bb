#include <cmd/cmd.h>
#include <cmd/docs.h>
#include <cmd/progress.h>

#include <base/mem.h>
#include <base/suggest.h>
#include <base/text.h>
#include <errno.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t option_names(const struct poptOption *rows, const char **names, size_t n)
{
    for (; rows->longName || rows->shortName || rows->arg; rows++) {
        if ((rows->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
            n = option_names(rows->arg, names, n);
        else if (rows->longName && n < CMD_MAX_OPTIONS)
            names[n++] = rows->longName;
    }
    return n;
}

const struct poptOption *cmd_option_find(const struct poptOption *table, const char *name, size_t n, char letter)
{
    for (; table->longName || table->shortName || table->arg; table++) {
        const struct poptOption *inside = NULL;
        if ((table->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
            inside = cmd_option_find(table->arg, name, n, letter);
        else if (name ? table->longName && strlen(table->longName) == n && strncmp(table->longName, name, n) == 0
                      : table->shortName == letter)
            inside = table;
        if (inside)
            return inside;
    }
    return NULL;
}

int cmd_usage_error(const struct cmd_context *ctx, const char *text)
{
    fprintf(stderr, "mlctl %s: %s\n", ctx->cmd->name, text);
    fprintf(stderr, "usage: mlctl %s [OPTION...] %s   (mlctl %s --help lists the options)\n",
            ctx->cmd->name, ctx->cmd->arguments, ctx->cmd->name);
    return CMD_USAGE;
}

/* The word before a value, which is its option; "" if the value is in the option's own word. */
static const char *option_of(const char *value, const char **argv)
{
    for (size_t i = 1; value[0] != '-' && argv[i - 1] && argv[i]; i++)
        if (strcmp(argv[i], value) == 0 && argv[i - 1][0] == '-')
            return argv[i - 1];
    return "";
}

static int bad_option(const struct cmd_context *ctx, const struct poptOption *options,
                      const char **argv, int code)
{
    char text[512];
    const char *bad = poptBadOption(ctx->popt, POPT_BADOPTION_NOALIAS);
    const char *names[CMD_MAX_OPTIONS];
    size_t n = option_names(options, names, 0), near = n;
    if (code == POPT_ERROR_BADOPT && strncmp(bad, "--", 2) == 0) {
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(bad + 2, "="), bad + 2);
        near = mli_suggest(word, names, n);
    }
    if (near < n)
        snprintf(text, sizeof text, "no option %s; did you mean --%s?", bad, names[near]);
    else if (code == POPT_ERROR_BADOPT)
        snprintf(text, sizeof text, "no option %s", bad);
    else if (code == POPT_ERROR_BADNUMBER || code == POPT_ERROR_OVERFLOW)
        snprintf(text, sizeof text, "%s%s%s: expected a number, a whole one for a count",
                 option_of(bad, argv), *option_of(bad, argv) ? " " : "", bad);
    else if (code == POPT_ERROR_NOARG)
        snprintf(text, sizeof text, "%s wants a value", bad);
    else
        snprintf(text, sizeof text, "%s: %s", bad, poptStrerror(code));
    return cmd_usage_error(ctx, text);
}

/*
 * String and list options of the rows, in order: the addresses of their targets. Strings get a val, so that poptGetNextOpt()
 * comes back after each of them.
 */
static size_t value_targets(struct poptOption *rows, void ***targets, bool *list, size_t n)
{
    for (; rows->longName || rows->shortName || rows->arg; rows++) {
        unsigned kind = rows->argInfo & POPT_ARG_MASK;
        if (kind == POPT_ARG_INCLUDE_TABLE) {
            n = value_targets(rows->arg, targets, list, n);
        } else if ((kind == POPT_ARG_STRING || kind == POPT_ARG_ARGV) && n < CMD_MAX_OPTIONS) {
            list[n] = kind == POPT_ARG_ARGV;
            rows->val = !list[n];
            targets[n++] = rows->arg;
        }
    }
    return n;
}

/* Without memory it stays allocated until the program ends, which is soon. */
static void own(struct cmd_context *ctx, void *value)
{
    if (mli_grow((void **)&ctx->owned, &ctx->owned_capacity, ctx->owned_count, sizeof *ctx->owned))
        ctx->owned[ctx->owned_count++] = value;
}

/*
 * popt replaces a default by memory of its own, which is the caller's to free; an option given twice replaces the first
 * string, so each is taken as it comes. A list grows in place and is taken at the end.
 */
static int parse_and_own(struct cmd_context *ctx, struct poptOption *rows)
{
    void **target[CMD_MAX_OPTIONS], *before[CMD_MAX_OPTIONS];
    bool list[CMD_MAX_OPTIONS];
    size_t n = value_targets(rows, target, list, 0);
    for (size_t i = 0; i < n; i++)
        before[i] = *target[i];
    int code;
    while ((code = poptGetNextOpt(ctx->popt)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (list[i] || *target[i] == before[i])
                continue;
            before[i] = *target[i];
            own(ctx, *target[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        char **strings = *target[i] != before[i] && list[i] ? *(char ***)(void *)target[i] : NULL;
        for (size_t k = 0; strings && strings[k]; k++)
            own(ctx, strings[k]);
        if (*target[i] != before[i])
            own(ctx, *target[i]);
    }
    return code;
}

static void log_line(void *data, enum ml_log_level level, const char *text)
{
    const struct cmd_context *ctx = data;
    progress_clear(ctx->progress);
    static const char *const label[] = { "error: ", "warning: ", "", "" };
    fprintf(stderr, "mlctl %s: %s%s\n", ctx->cmd->name, label[level], text);
}

/* One pattern's files in the order of their names, by bytes; or the argument itself, which is then a file's name. */
static enum ml_status expand(const char *argument, char ***files, size_t *n, size_t *capacity,
                             struct ml_error *err)
{
    glob_t found = { .gl_pathc = 0 };
    enum ml_status status = ML_OK;
    bool pattern = strpbrk(argument, "*?[") && access(argument, F_OK) != 0;
    int code = pattern ? glob(argument, GLOB_ERR, NULL, &found) : 0;
    if (code)
        globfree(&found);
    if (code == GLOB_NOMATCH || (code == GLOB_ABORTED && errno == ENOENT)) /* no such directory */
        return ml_error_set(err, ML_EIO, "%s: no file has such a name", argument);
    if (code)
        return ml_error_set(err, code == GLOB_NOSPACE ? ML_ENOMEM : ML_EIO,
                            "%s: cannot be looked up", argument);
    size_t count = pattern ? found.gl_pathc : 1;
    for (size_t i = 0; i < count && !status; i++) {
        char *copy = mli_strdup(pattern ? found.gl_pathv[i] : argument);
        if (!copy || !mli_grow((void **)files, capacity, *n, sizeof **files)) {
            free(copy);
            status = ml_error_set(err, ML_ENOMEM, "out of memory");
        } else {
            (*files)[(*n)++] = copy;
        }
    }
    if (pattern)
        globfree(&found);
    return status;
}

int cmd_files(const struct cmd_context *ctx, const char *const *arguments, size_t count,
              char ***files, size_t *n)
{
    struct ml_error err = ML_ERROR_INIT;
    size_t capacity = 0;
    char **list = NULL;
    enum ml_status status = ML_OK;
    *n = 0;
    for (size_t i = 0; i < count && !status; i++)
        status = expand(arguments[i], &list, n, &capacity, &err);
    if (!status && !mli_grow((void **)&list, &capacity, *n, sizeof *list))
        status = ml_error_set(&err, ML_ENOMEM, "out of memory");
    for (size_t i = *n; i < capacity; i++)
        list[i] = NULL;
    if (!status) {
        *files = list;
        return CMD_CONTINUE;
    }
    cmd_list_free(list);
    return cmd_fail(ctx, &err);
}

static int expand_arguments(struct cmd_context *ctx)
{
    int code = cmd_files(ctx, ctx->args, ctx->nargs, &ctx->files, &ctx->nargs);
    if (code == CMD_CONTINUE)
        ctx->args = (const char **)ctx->files;
    return code;
}

static int count_arguments(struct cmd_context *ctx, size_t min, size_t max)
{
    char text[256];
    ctx->args = poptGetArgs(ctx->popt);
    ctx->nargs = 0;
    while (ctx->args && ctx->args[ctx->nargs])
        ctx->nargs++;
    if (ctx->nargs < min) {
        snprintf(text, sizeof text, "it wants %s", ctx->cmd->arguments);
        return cmd_usage_error(ctx, text);
    }
    if (ctx->nargs > max) {
        snprintf(text, sizeof text, "\"%.100s\" is one argument too many", ctx->args[max]);
        return cmd_usage_error(ctx, text);
    }
    return max == CMD_FILES ? expand_arguments(ctx) : CMD_CONTINUE;
}

/* Names of files and columns go into JSON, which is UTF-8. */
static int check_utf8(const struct cmd_context *ctx, int argc, const char **argv)
{
    char text[64];
    for (int i = 1; i < argc; i++) {
        size_t left = strlen(argv[i]), n = 0;
        for (const char *c = argv[i]; left && (n = mli_utf8_sequence(c, left)); c += n)
            left -= n;
        if (!left)
            continue;
        snprintf(text, sizeof text, "argument %d is not UTF-8; rename the file", i);
        return cmd_usage_error(ctx, text);
    }
    return CMD_CONTINUE;
}

/*
 * A value that is empty comes of a variable that is not set, say in a unit file. It would turn a log or the keys off, and popt
 * takes a number for 0.
 */
static int check_empty(const struct cmd_context *ctx, const struct poptOption *options, int argc, const char **argv)
{
    struct ml_error err = ML_ERROR_INIT;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i], *name = strncmp(word, "--", 2) == 0 ? word + 2 : NULL;
        size_t n = strlen(word);
        bool here = name && word[n - 1] == '=', next = i + 1 < argc && argv[i + 1][0] == '\0';
        const struct poptOption *option = NULL;
        if (name && (here || next))
            option = cmd_option_find(options, name, strlen(name) - here, '\0');
        else if (next && word[0] == '-' && n == 2)
            option = cmd_option_find(options, NULL, 0, word[1]);
        unsigned kind = option ? option->argInfo & POPT_ARG_MASK : POPT_ARG_NONE;
        if (kind == POPT_ARG_NONE || kind == POPT_ARG_ARGV)
            continue;
        ml_error_set(&err, ML_EUSAGE, "--%s is given without a value; expected %s", option->longName, option->argDescrip);
        return cmd_fail(ctx, &err);
    }
    return CMD_CONTINUE;
}

/* popt would take the next argument for the value of an option that may stand alone, be it the name of a file. */
static void say_what_is_left_out(int argc, const char **argv)
{
    static const char *const said[][2] = { { "--missing-flags", "--missing-flags=yes" } };
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        for (size_t k = 0; k < sizeof said / sizeof *said; k++)
            if (strcmp(argv[i], said[k][0]) == 0)
                argv[i] = said[k][1];
}

int cmd_parse(struct cmd_context *ctx, int argc, const char **argv, struct poptOption *options,
              size_t min, size_t max)
{
    int help = 0;
    struct poptOption common[] = {
        { "json", 0, POPT_ARG_NONE, &ctx->json, 0, "print the result as one JSON document", NULL },
        { "quiet", 'q', POPT_ARG_NONE, &ctx->quiet, 0, "say nothing but errors on stderr", NULL },
        { "verbose", 'v', POPT_ARG_NONE, &ctx->verbose, 0, "say more on stderr", NULL },
        { "help", 'h', POPT_ARG_NONE, &help, 0, "print this help", NULL },
        POPT_TABLEEND
    };
    struct poptOption all[] = { { NULL, 0, POPT_ARG_INCLUDE_TABLE, options, 0, "Options", NULL },
                                { NULL, 0, POPT_ARG_INCLUDE_TABLE, common, 0, "Common options",
                                  NULL },
                                POPT_TABLEEND };
    if (ctx->docs != CMD_RUN) {
        docs_command(ctx->cmd, all, ctx->docs);
        return CMD_DONE;
    }
    if (check_utf8(ctx, argc, argv) != CMD_CONTINUE || check_empty(ctx, all, argc, argv) != CMD_CONTINUE)
        return CMD_USAGE;
    say_what_is_left_out(argc, argv);
    ctx->popt = poptGetContext(ctx->cmd->name, argc, argv, all, 0);
    if (!ctx->popt)
        return CMD_SYSTEM;
    int code = parse_and_own(ctx, all), result = CMD_CONTINUE;
    if (code < -1)
        result = bad_option(ctx, all, argv, code);
    else if (help)
        docs_command(ctx->cmd, all, CMD_HELP), result = CMD_DONE;
    else
        result = count_arguments(ctx, min, max);
    ctx->log = (struct ml_log){ .write = log_line,
                                .data = ctx,
                                .level = ctx->quiet     ? ML_LOG_ERROR
                                         : ctx->verbose ? ML_LOG_DEBUG
                                                        : ML_LOG_NOTE };
    return result;
}

void cmd_end(struct cmd_context *ctx)
{
    if (ctx->popt)
        poptFreeContext(ctx->popt);
    ctx->popt = NULL;
    cmd_list_free(ctx->files);
    for (size_t i = 0; i < ctx->owned_count; i++)
        free(ctx->owned[i]);
    free(ctx->owned);
}

static int exit_code(enum ml_status status)
{
    switch (status) {
    case ML_OK:
        return CMD_DONE;
    case ML_EREFUSED:
        return CMD_NO;
    case ML_EUSAGE:
        return CMD_USAGE;
    case ML_EDATA:
        return CMD_DATA;
    case ML_EARTIFACT:
        return CMD_ARTIFACT;
    case ML_ELIMIT:
    case ML_EIO:
    case ML_ENOMEM:
        return CMD_SYSTEM;
    case ML_EDIVERGED:
        return CMD_TRAINING;
    case ML_EINTERRUPTED:
        return CMD_INTERRUPTED;
    }
    return CMD_SYSTEM;
}

int cmd_fail(const struct cmd_context *ctx, const struct ml_error *err)
{
    progress_clear(ctx->progress);
    fprintf(stderr, "mlctl %s: ", ctx->cmd->name);
    if (err->source[0])
        fprintf(stderr, "%s:", err->source);
    if (err->source[0] && err->line)
        fprintf(stderr, "%zu:", err->line);
    if (err->source[0] && err->line && err->column)
        fprintf(stderr, "%zu:", err->column);
    fprintf(stderr, "%s%s\n", err->source[0] ? " " : "",
            err->text[0] ? err->text : ml_status_text(err->status));
    return exit_code(err->status);
}
