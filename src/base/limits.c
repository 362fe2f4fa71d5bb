#include <base/limits.h>

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * The first number of a one-line file of /sys or /proc, and the second one if b is not NULL; false
 * for "max" and for files that are not there.
 */
static bool read_numbers(const char *path, unsigned long long *a, unsigned long long *b)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    unsigned long long first, second;
    int got = fscanf(f, "%llu %llu", &first, &second);
    fclose(f);
    if (got < (b ? 2 : 1))
        return false;
    *a = first;
    if (b)
        *b = second;
    return true;
}

static size_t least(size_t a, unsigned long long b)
{
    return b < a ? (size_t)b : a;
}

static size_t from_meminfo(size_t limit)
{
    FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    unsigned long long kib;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
            limit = least(limit, kib * 1024);
    if (f)
        fclose(f);
    return limit;
}

/* Page cache that the kernel gives back when asked: a file just read counts as used memory otherwise. */
static unsigned long long cgroup_cache(void)
{
    FILE *f = fopen("/sys/fs/cgroup/memory.stat", "re");
    char line[128];
    unsigned long long cache = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "inactive_file %llu", &cache) == 1)
            break;
    if (f)
        fclose(f);
    return cache;
}

static size_t from_cgroup(size_t limit)
{
    unsigned long long most, used, cache = cgroup_cache();
    if (!read_numbers("/sys/fs/cgroup/memory.max", &most, NULL) ||
        !read_numbers("/sys/fs/cgroup/memory.current", &used, NULL))
        return limit;
    used -= cache < used ? cache : used;
    return least(limit, most > used ? most - used : 0);
}

/* Address space that libraries map and may never touch: OpenBLAS's buffer. */
#define MAPPED ((unsigned long long)128 << 20)

static size_t from_rlimit(size_t limit)
{
    struct rlimit as;
    unsigned long long pages;
    if (getrlimit(RLIMIT_AS, &as) || as.rlim_cur == RLIM_INFINITY ||
        !read_numbers("/proc/self/statm", &pages, NULL))
        return limit;
    unsigned long long used = pages * (unsigned long long)sysconf(_SC_PAGESIZE) + MAPPED;
    return least(limit, as.rlim_cur > used ? as.rlim_cur - used : 0);
}

size_t mli_memory_available(void)
{
    return from_rlimit(from_cgroup(from_meminfo(SIZE_MAX)));
}

size_t mli_processors(void)
{
    cpu_set_t set;
    size_t n = sched_getaffinity(0, sizeof set, &set) ? 1 : (size_t)CPU_COUNT(&set);
    unsigned long long quota, period;
    if (read_numbers("/sys/fs/cgroup/cpu.max", &quota, &period) && period > 0) {
        size_t share = (size_t)((quota + period - 1) / period);
        n = share < n ? share : n;
    }
    return n ? n : 1;
}
