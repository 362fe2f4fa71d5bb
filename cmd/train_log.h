/*
 * Log of a run as JSON lines: an object an epoch, written as it is done, so that a kill loses nothing that was there, and
 * one of the whole run in the end. docs/training.md has the keys.
 */
#ifndef CMD_TRAIN_LOG_H
#define CMD_TRAIN_LOG_H

#include <base/json.h>
#include <cmd/cmd.h>
#include <mlctl/fit.h>

struct train_log {
    const struct cmd_context *ctx;
    const char *path;
    int fd; /* below 0: none */
    bool failed;
};

/* Starts the file anew, or adds to it for a run that is taken up (`more`); "-" is standard output; path NULL: no log. False, with an error said, when it cannot be written. */
bool train_log_open(struct train_log *log, const struct cmd_context *ctx, const char *path, bool more);
void train_log_epoch(struct train_log *log, const struct ml_fit_epoch *epoch);
/* The last line: what the model's record says in the end (a document of train_report_json(), borrowed), or the error. */
void train_log_end(struct train_log *log, const json_t *report, const struct ml_error *err, double seconds);
/* CMD_DONE, or CMD_SYSTEM with an error said when not all of it could be written. */
int train_log_close(struct train_log *log);

#endif
