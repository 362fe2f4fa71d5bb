/*
 * The program's commands: one row each in cmd/mlctl.c, one file each. A command declares its options as popt rows
 * (target, default, help), calls cmd_parse(), calls the library, prints through out.h, returns an exit code. Help, man
 * pages, completion and the README's tables are printed from the same rows.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <mlctl/log.h>
#include <popt.h>
#include <stdbool.h>
#include <stdint.h>

enum cmd_exit {
    CMD_DONE = 0,
    CMD_NO = 1,
    CMD_USAGE = 2,
    CMD_DATA = 3,
    CMD_ARTIFACT = 4,
    CMD_SYSTEM = 5,
    CMD_TRAINING = 6,
    CMD_INTERRUPTED = 130,
    CMD_TERMINATED = 143,
};

enum cmd_docs { CMD_RUN, CMD_HELP, CMD_MAN, CMD_MARKDOWN, CMD_COMPLETION };

struct cmd;
struct progress;

enum { CMD_MAX_OPTIONS = 128 };

struct cmd_context {
    const struct cmd *cmd;
    enum cmd_docs docs; /* not CMD_RUN: cmd_parse() prints the options in that form and ends */
    int json, quiet, verbose;
    struct ml_log log; /* to stderr, by -q and -v */
    const char **args; /* what is not an option, count in nargs; valid until cmd_end() */
    size_t nargs;
    char **files; /* args, when cmd_parse() made them of patterns; NULL: popt's own */
    const char *inputs[3]; /* files to read that options name; NULL: none */
    struct progress *progress; /* whose line may stand on the terminal; NULL: none */
    poptContext popt;
    void **owned; /* option values that popt allocated, freed by cmd_end() */
    size_t owned_count, owned_capacity;
};

struct cmd {
    const char *name, *group, *arguments, *summary;
    const char *about;    /* paragraphs of the help text */
    const char *examples; /* one a line */
    int (*run)(struct cmd_context *ctx, int argc, const char **argv);
};

/* All commands, ended by a row without a name. */
extern const struct cmd cmd_table[];

#define CMD_CONTINUE (-1)
#define CMD_FILES SIZE_MAX /* as `max`: any number of files, of which a quoted pattern (*, ?, [...]) stands for several */
/*
 * Parses argv by the rows of `options` and the common ones. CMD_CONTINUE: go on, ctx->args holds the rest (min to max of
 * them). Anything else is the exit code to return: a usage error was said, or help was printed.
 */
int cmd_parse(struct cmd_context *ctx, int argc, const char **argv, struct poptOption *options, size_t min,
              size_t max);
/* The row of an option by its long name (n characters of it), or by its letter if that is NULL. NULL: there is none. */
const struct poptOption *cmd_option_find(const struct poptOption *table, const char *name, size_t n, char letter);
/* Frees what cmd_parse() made. */
void cmd_end(struct cmd_context *ctx);

/* For signal handlers: removes unfinished outputs and dies of the signal. */
void cmd_die(int number);

/* Prints what is wrong, and the usage below it; CMD_USAGE. */
int cmd_usage_error(const struct cmd_context *ctx, const char *text);

/* Prints one error line and gives the exit code. */
int cmd_fail(const struct cmd_context *ctx, const struct ml_error *err);

/*
 * Comma-separated lists (repeated flags add up) as a NULL-terminated array of strings; free with cmd_list_free(). "\,"
 * is a comma of an entry. NULL in: NULL out.
 */
char **cmd_list(const char *const *values);
void cmd_list_free(char **list);
/* Files that arguments name, patterns expanded as by CMD_FILES, and how many; free with cmd_list_free(). Else the exit code. */
int cmd_files(const struct cmd_context *ctx, const char *const *arguments, size_t count, char ***files, size_t *n);
/* "a.csv, b.csv", cut to fit. */
void cmd_join(const char *const *names, size_t n, char *out, size_t size);

/* True, with a usage error said, when output and input are one file: writing would destroy what is read. NULLs are fine. */
bool cmd_output_refused(const struct cmd_context *ctx, const char *output, const char *input);
/* The same with every argument, and every one of ctx->inputs, as the input. */
bool cmd_output_is_file(const struct cmd_context *ctx, const char *output);
/* False, with an error said, when the directory of a file to write is not there or may not be written. */
bool cmd_output_writable(const struct cmd_context *ctx, const char *output);
/* "512M", "2G", plain bytes; false with an error said. NULL is 0. */
bool cmd_size(const struct cmd_context *ctx, const char *option, const char *text, size_t *out);

/* "60s", "5m", "1.5h", plain seconds; false with an error said. NULL is 0. */
bool cmd_seconds(const struct cmd_context *ctx, const char *option, const char *text, double *out);

/* An option that says nothing without another, or beside it, and then why: what follows its name. */
struct cmd_pair {
    const char *flag, *other, *beside; /* NULL: it wants the other */
};
/* True, with an error said, when one of the pairs is not as it should be. */
bool cmd_pairs_refused(const struct cmd_context *ctx, const struct cmd_pair *pairs, size_t n, int argc, const char **argv);

#define CMD_MODEL_DEFAULT "model.safetensors"

/* Generates the documents: all commands in one form, see `mlctl help --format`. */
int cmd_help_all(enum cmd_docs form);

#endif
