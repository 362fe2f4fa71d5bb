/*
 * Progress on stderr: on a terminal one line that is rewritten (done, rate, time left), elsewhere a line every few
 * seconds; silent for anything that takes less than a second, and with -q.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <cmd/cmd.h>
#include <stdint.h>

struct progress {
    const struct cmd_context *ctx;
    const char *unit;      /* "rows", "epochs" */
    double started, shown; /* seconds, monotonic */
    bool terminal, dirty;
};

double progress_now(void);
void progress_start(struct progress *p, const struct cmd_context *ctx, const char *unit);
/* share in [0,1], negative when not known; text is shown after the count, may be "". */
void progress_show(struct progress *p, uint64_t done, double share, const char *text);
void progress_end(struct progress *p); /* clears the line */

#endif
