/* Seconds of a clock that never jumps, from some moment on. */
#ifndef FIT_CLOCK_H
#define FIT_CLOCK_H

#include <time.h>

static inline double mli_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
