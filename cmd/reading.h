/* Options that train and preprocess share: reading a raw CSV file, which rows train, cleaning. */
#ifndef CMD_READING_H
#define CMD_READING_H

#include <cmd/cmd.h>
#include <mlctl/fit.h>

struct reading {
    struct ml_fit_config fit;
    char *delimiter, *missing;
    char **drop, **type; /* as given, repeated flags add up */
    char **drop_list;    /* split at commas */
    int keep_all;
    long seed, max_categories;
    struct ml_read_options options;
};

#define READING_INIT { .fit = ML_FIT_CONFIG_INIT, .seed = 1, .max_categories = 1000 }

#define READING_ROWS(r)                                                                            \
    {                                                                                              \
        { "target", 't', POPT_ARG_STRING, &(r).fit.target, 0,                                      \
          "column to predict (the last one if not given)", "COLUMN" },                             \
        { "task", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &(r).fit.task, 0,                \
          "auto, regression or classification", "TASK" },                                          \
        { "split", 's', POPT_ARG_STRING, &(r).fit.split, 0,                                        \
          "rows to hold out, of which nothing is learned: random:F, every:K, last:F, column:NAME " \
          "or none (random:0.2 if not given; random keeps the shares of classes)", "SPEC" },       \
        { "seed", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &(r).seed, 0,                      \
          "of every random choice", "NUMBER" },                                                    \
        POPT_TABLEEND                                                                              \
    }

#define READING_FILE(r)                                                                            \
    {                                                                                              \
        { "delimiter", 'd', POPT_ARG_STRING, &(r).delimiter, 0,                                    \
          "field delimiter: , ; | or tab (found out if not given)", "CHAR" },                      \
        { "na", 0, POPT_ARG_STRING, &(r).missing, 0,                                               \
          "more tokens that mean missing, besides empty NA N/A NaN nan null NULL None ?", "LIST" }, \
        { "drop-columns", 0, POPT_ARG_ARGV, &(r).drop, 0, "columns to leave out", "LIST" },        \
        { "type", 0, POPT_ARG_ARGV, &(r).type, 0,                                                  \
          "pin a column's type: number, category, instant or text (may be repeated)",              \
          "COLUMN=TYPE" },                                                                         \
        POPT_TABLEEND                                                                              \
    }

#define READING_CLEANING(r)                                                                        \
    {                                                                                              \
        { "impute", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &(r).fit.impute, 0,            \
          "missing numbers become the mean, median, mode or a number", "HOW" },                    \
        { "scale", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &(r).fit.scale, 0,              \
          "standard, minmax or none", "HOW" },                                                     \
        { "max-missing", 0, POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT, &(r).fit.max_missing, 0,  \
          "drop columns with a larger share of missing cells", "SHARE" },                          \
        { "max-categories", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT, &(r).max_categories, 0,  \
          "drop category columns with more values", "COUNT" },                                     \
        { "keep-all", 0, POPT_ARG_NONE, &(r).keep_all, 0, "drop constant columns only", NULL },    \
        POPT_TABLEEND                                                                              \
    }

/* Row of a command's options that includes one of the tables above under a heading. */
#define READING_GROUP(rows, heading) { NULL, 0, POPT_ARG_INCLUDE_TABLE, rows, 0, heading, NULL }

/* Checks the flags and moves them to reading->fit and its read options; CMD_CONTINUE or the exit code. */
int reading_options(const struct cmd_context *ctx, struct reading *reading);
/* A count that may not be negative. */
int reading_count(const struct cmd_context *ctx, const char *option, long value, size_t *out);
void reading_release(struct reading *reading);

#endif
