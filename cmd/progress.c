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

void progress_start(struct progress *p, struct cmd_context *ctx, const char *unit)
{
    *p = (struct progress){ .ctx = ctx, .unit = unit, .terminal = isatty(STDERR_FILENO) == 1 };
    p->started = p->shown = progress_now();
    progress_clear(ctx->progress);
    ctx->progress = p;
}

void progress_show(struct progress *p, uint64_t done, double share, const char *text)
{
    double now = progress_now(), passed = now - p->started;
    if (p->ctx->quiet || passed < 1 || now - p->shown < (p->terminal ? 0.1 : 5))
        return;
    p->shown = now;
    char left[48] = "";
    double rate = (double)done / passed;
    if (share > 0.01 && share <= 1)
        snprintf(left, sizeof left, ", %.0f s left", passed / share - passed);
    fprintf(stderr, "%s%llu %s, %.*f/s%s%s%s%s", p->terminal ? "\r\033[K" : "",
            (unsigned long long)done, p->unit, rate < 10 ? 2 : rate < 100 ? 1 : 0, rate, left, *text ? ", " : "", text,
            p->terminal ? "" : "\n");
    p->dirty = p->terminal;
    fflush(stderr);
}

void progress_clear(struct progress *p)
{
    if (p && atomic_exchange(&p->dirty, false))
        fputs("\r\033[K", stderr);
}

void progress_end(struct progress *p)
{
    progress_clear(p);
    if (p->ctx && p->ctx->progress == p)
        p->ctx->progress = NULL;
}
