/*
 * Progress on stderr: on a terminal one line that is rewritten (done, rate, time left), elsewhere a line every few
 * seconds; silent for anything that takes less than a second, and with -q.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <cmd/cmd.h>
#include <stdatomic.h>
#include <stdint.h>

struct progress {
    struct cmd_context *ctx;
    const char *unit;      /* "rows", "epochs" */
    double started, shown; /* seconds, monotonic */
    bool terminal;
    atomic_bool dirty; /* its line stands on the terminal */
};

double progress_now(void);
/* Between _start and _end it is ctx->progress, so that a log line clears its line first. */
void progress_start(struct progress *p, struct cmd_context *ctx, const char *unit);
/* share in [0,1], negative when not known; text is shown after the count, may be "". */
void progress_show(struct progress *p, uint64_t done, double share, const char *text);
void progress_clear(struct progress *p); /* its line; any thread, NULL is fine */
void progress_end(struct progress *p);

#endif
