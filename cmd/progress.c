#include <cmd/progress.h>

#include <stdio.h>
#include <time.h>
#include <unistd.h>

double progress_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_start(struct progress *p, const struct cmd_context *ctx, const char *unit)
{
    *p = (struct progress){ .ctx = ctx, .unit = unit, .terminal = isatty(STDERR_FILENO) == 1 };
    p->started = p->shown = progress_now();
}

void progress_show(struct progress *p, uint64_t done, double share, const char *text)
{
    double now = progress_now(), passed = now - p->started;
    if (p->ctx->quiet || passed < 1 || now - p->shown < (p->terminal ? 0.1 : 5))
        return;
    p->shown = now;
    char left[48] = "";
    if (share > 0.01 && share <= 1)
        snprintf(left, sizeof left, ", %.0f s left", passed / share - passed);
    fprintf(stderr, "%s%llu %s, %.3g/s%s%s%s%s", p->terminal ? "\r\033[K" : "",
            (unsigned long long)done, p->unit, (double)done / passed, left, *text ? ", " : "", text,
            p->terminal ? "" : "\n");
    p->dirty = p->terminal;
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->dirty)
        fputs("\r\033[K", stderr);
    p->dirty = false;
}
