#include <serve/process.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* /proc/self/stat [proc(5)]: the name in parentheses may hold anything, so fields are counted from its end. */
static bool read_stat(struct mli_process *out)
{
    char line[1024];
    unsigned long user, system, virtual;
    unsigned long long started;
    long threads, pages;
    struct timespec up, wall;

    FILE *file = fopen("/proc/self/stat", "re");
    if (!file)
        return false;
    size_t len = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[len] = '\0';
    const char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld "
                        "%*d %llu %lu %ld",
                        &user, &system, &threads, &started, &virtual, &pages) != 6)
        return false;
    double tick = (double)sysconf(_SC_CLK_TCK);
    out->cpu_seconds = (double)(user + system) / tick;
    out->threads = (double)threads;
    out->virtual_bytes = (double)virtual;
    out->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    clock_gettime(CLOCK_BOOTTIME, &up);
    clock_gettime(CLOCK_REALTIME, &wall);
    out->start_seconds = (double)(wall.tv_sec - up.tv_sec) + (double)started / tick;
    return true;
}

static bool count_descriptors(struct mli_process *out)
{
    struct rlimit limit;
    DIR *directory = opendir("/proc/self/fd");

    if (!directory || getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        if (directory)
            closedir(directory);
        return false;
    }
    out->open_fds = -1; /* the one that reads the directory is no one's */
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        out->open_fds += entry->d_name[0] != '.';
    closedir(directory);
    out->max_fds = (double)limit.rlim_cur;
    return true;
}

bool mli_process_read(struct mli_process *out)
{
    return read_stat(out) && count_descriptors(out);
}
