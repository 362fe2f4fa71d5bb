/* Options that train and preprocess share: reading a raw CSV file, which rows train, cleaning. */
#ifndef CMD_READING_H
#define CMD_READING_H

#include <cmd/dialect.h>
#include <cmd/progress.h>
#include <mlctl/fit.h>

enum { READING_CLEANING_MAX = 40 };

struct reading {
    struct ml_fit_config fit;
    struct dialect dialect;
    char *schema;
    char **target;
    char **drop, **type; /* as given, repeated flags add up */
    char *target_text; /* joined by commas */
    char **drop_list;    /* split at commas */
    struct progress progress; /* of reading */
    long seed;
    int dedupe;
    struct ml_read_options options;
    struct { /* options of cleaning, in the order of mli_prep_options() */
        char **given, **list; /* a LIST: as given, and split at commas */
        long count;
        int flag;
    } cleaning[READING_CLEANING_MAX];
};

#define READING_INIT { .fit = ML_FIT_CONFIG_INIT, .seed = 1 }

#define READING_ROWS(r)                                                                            \
    {                                                                                              \
        { "target", 't', POPT_ARG_ARGV, &(r).target, 0,                                            \
          "column to predict (the last one if not given); a,b,c or repeated: labels of two values each", "COLUMN" },  \
        { "task", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &(r).fit.task, 0,                \
          "auto, regression, classification or multilabel", "TASK" },                                          \
        { "split", 's', POPT_ARG_STRING, &(r).fit.split, 0,                                        \
          "rows to hold out, of which nothing is learned: random:F, every:K, last:F, "             \
          "time:COLUMN:F (the latest), column:NAME or none (random:0.2 if not given; random keeps " \
          "the shares of classes)", "SPEC" },                                                      \
        { "group", 0, POPT_ARG_STRING, &(r).fit.group, 0,                                          \
          "rows of one value of this column stay on one side; it is no feature", "COLUMN" },       \
        { "dedupe", 0, POPT_ARG_NONE, &(r).dedupe, 0,                                              \
          "leave out rows that repeat an earlier one in every column read, before the split", NULL }, \
        { "seed", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &(r).seed, 0,                      \
          "of every random choice", "NUMBER" },                                                    \
        POPT_TABLEEND                                                                              \
    }

#define READING_FILE(r)                                                                            \
    {                                                                                              \
        DIALECT_ROWS((r).dialect),                                                                 \
        { "drop-columns", 0, POPT_ARG_ARGV, &(r).drop, 0, "columns to leave out", "LIST" },        \
        { "type", 0, POPT_ARG_ARGV, &(r).type, 0,                                                  \
          "pin a column's type: number, category, boolean, instant (instant:dmy, mdy, ymd, iso, named), text or identifier (may be repeated)",              \
          "COLUMN=TYPE" },                                                                         \
        { "schema", 0, POPT_ARG_STRING, &(r).schema, 0,                                            \
          "schema file (mlctl schema prints one): pins the types; a cell that departs is an error", "FILE" }, \
        POPT_TABLEEND                                                                              \
    }

/* Fills rows[0..READING_CLEANING_MAX] with the options of mli_prep_options() and the end of a table. */
void reading_cleaning(struct reading *reading, struct poptOption *rows);

/* Checks the flags and moves them to reading->fit and its read options; CMD_CONTINUE or the exit code. */
int reading_options(struct cmd_context *ctx, struct reading *reading);
/* A count that may not be negative. */
int reading_count(const struct cmd_context *ctx, const char *option, long value, size_t *out);
void reading_release(struct reading *reading);

#endif
