/* Standard output of the commands: JSON documents, and lines of a label and a value. Ends with a check that it arrived. */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include <base/json.h>
#include <cmd/cmd.h>
#include <stdio.h>

/* "label     value": the label in a column of its own; control characters of the value become '?'. */
void out_line(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same to where standard output is taken by something else. */
void out_line_to(FILE *to, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Prints and releases a document; NULL is an out of memory error. Returns the exit code. */
int out_json(const struct cmd_context *ctx, json_t *doc);
/* The metrics of one evaluation as a short table. */
void out_metrics(const json_t *metrics);
/* What follows goes to stderr: a file is on standard output. False, with an error said, when it cannot. */
bool out_to_stderr(const struct cmd_context *ctx);
/* Flushes standard output: exit code `code`, or CMD_SYSTEM with an error said when the output did not arrive. */
int out_end(const struct cmd_context *ctx, int code);

#endif
