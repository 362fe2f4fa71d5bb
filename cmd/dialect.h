/* Options of every command that reads a CSV file: how its bytes become cells. docs/reading.md explains them. */
#ifndef CMD_DIALECT_H
#define CMD_DIALECT_H

#include <cmd/cmd.h>
#include <mlctl/table.h>

struct dialect {
    char *delimiter, *quote, *comment, *decimal, *thousands, *encoding, *max_field, *bad_rows, *missing, *skip_rows;
    int no_header, header;
};

#define DIALECT_ROWS(d)                                                                            \
    { "delimiter", 'd', POPT_ARG_STRING, &(d).delimiter, 0,                                        \
      "field delimiter: one character, or tab or space (found out if not given: , ; tab |)", "CHAR" }, \
    { "quote", 0, POPT_ARG_STRING, &(d).quote, 0,                                                  \
      "character that quotes fields, none: quotes are text (\" if not given)", "CHAR" },           \
    { "no-header", 0, POPT_ARG_NONE, &(d).no_header, 0,                                            \
      "the first line is a row; columns are called column1, column2, ...", NULL },                 \
    { "header", 0, POPT_ARG_NONE, &(d).header, 0,                                                  \
      "the first line has the names, whatever it looks like or a model says", NULL },              \
    { "encoding", 0, POPT_ARG_STRING, &(d).encoding, 0,                                            \
      "utf-8, utf-16le, utf-16be, latin1, windows-1252 or another that iconv knows (found out if not given)", \
      "NAME" },                                                                                    \
    { "comment", 0, POPT_ARG_STRING, &(d).comment, 0, "lines that begin with it are passed over (none if not given)", "CHAR" }, \
    { "skip-rows", 0, POPT_ARG_STRING, &(d).skip_rows, 0, "lines above the header to pass over (0 if not given)", "COUNT" }, \
    { "decimal", 0, POPT_ARG_STRING, &(d).decimal, 0,                                              \
      "decimal point of numbers: . or , (found out if not given)", "CHAR" },                       \
    { "thousands", 0, POPT_ARG_STRING, &(d).thousands, 0,                                          \
      "character between groups of three digits (none if not given)", "CHAR" },                    \
    { "na", 0, POPT_ARG_STRING, &(d).missing, 0,                                                   \
      "more tokens that mean missing, besides empty NA N/A NaN nan null NULL None ?", "LIST" },    \
    { "bad-rows", 0, POPT_ARG_STRING, &(d).bad_rows, 0,                                            \
      "malformed rows are an error, or left out: skip, or quarantine=FILE, which keeps line, reason and text", \
      "HOW" },                                                                                     \
    { "max-field", 0, POPT_ARG_STRING, &(d).max_field, 0, "a longer field is malformed (16M if not given)", "SIZE" }

/* Row of a command's options that includes one of tables under a heading. */
#define READING_GROUP(rows, heading) { NULL, 0, POPT_ARG_INCLUDE_TABLE, rows, 0, heading, NULL }

/* The flags as options; CMD_CONTINUE or the exit code, with the error said. No argument of the command is overwritten. */
int dialect_options(const struct cmd_context *ctx, const struct dialect *flags, struct ml_csv_options *out);
/* True, with a usage error said, when bad rows are to be put aside in this other file of the command. NULL is fine. */
bool dialect_output_refused(const struct cmd_context *ctx, const struct ml_csv_options *csv, const char *file);

#endif
