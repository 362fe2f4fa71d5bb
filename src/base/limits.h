/* What the machine or the container lets this process use. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>

/*
 * Bytes of memory that can still be taken: the least of MemAvailable, what the cgroup (v2) leaves, and what RLIMIT_AS
 * leaves. SIZE_MAX when nothing is known.
 */
size_t mli_memory_available(void);

/* Processors this process may run on, at least 1 (scheduler affinity; the cgroup v2 CPU quota, rounded up). */
size_t mli_processors(void);

#endif
