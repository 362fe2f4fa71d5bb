#include <serve/watch.h>

#include <base/mem.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURN 1000 /* milliseconds */

/* What of a file changes when it is written or another takes its place. */
struct version {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec written, changed;
};

struct mli_watch {
    pthread_t thread;
    int stop; /* eventfd */
    size_t n;
    struct mli_watched file[MLI_WATCHED_MAX];
    struct version version[MLI_WATCHED_MAX];
};

/* All zeros, padding too, when there is no such file: versions are compared as bytes. */
static struct version version_of(const char *path)
{
    struct version version;
    struct stat is;

    memset(&version, 0, sizeof(version));
    if (stat(path, &is) != 0)
        return version;
    version.device = is.st_dev;
    version.inode = is.st_ino;
    version.size = is.st_size;
    version.written = is.st_mtim;
    version.changed = is.st_ctim;
    return version;
}

static void look(struct mli_watch *watch)
{
    for (size_t i = 0; i < watch->n; i++) {
        struct version now = version_of(watch->file[i].path);
        if (memcmp(&now, &watch->version[i], sizeof(now)) == 0)
            continue;
        watch->version[i] = now;
        if (now.inode != 0) /* gone: something else will come, and until then all stays */
            watch->file[i].changed(watch->file[i].data);
    }
}

static void *run(void *data)
{
    struct mli_watch *watch = data;
    struct pollfd stop = { .fd = watch->stop, .events = POLLIN };

    while (poll(&stop, 1, TURN) <= 0)
        look(watch);
    return NULL;
}

static void release(struct mli_watch *watch)
{
    if (watch->stop >= 0)
        close(watch->stop);
    free(watch);
}

enum ml_status mli_watch_start(const struct mli_watched *file, size_t n, struct mli_watch **out,
                               struct ml_error *err)
{
    *out = NULL;
    if (n == 0)
        return ML_OK;
    struct mli_watch *watch = mli_calloc(1, sizeof(*watch));
    if (!watch)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    for (; watch->n < n && watch->n < MLI_WATCHED_MAX; watch->n++) {
        watch->file[watch->n] = file[watch->n];
        watch->version[watch->n] = version_of(file[watch->n].path);
    }
    watch->stop = eventfd(0, EFD_CLOEXEC);
    int failed = watch->stop < 0 ? errno : pthread_create(&watch->thread, NULL, run, watch);
    if (failed) {
        release(watch);
        return ml_error_set(err, ML_EIO, "cannot start the thread that watches files: %s", strerror(failed));
    }
    *out = watch;
    return ML_OK;
}

void mli_watch_stop(struct mli_watch *watch)
{
    const uint64_t one = 1;

    if (!watch)
        return;
    while (write(watch->stop, &one, sizeof(one)) < 0)
        continue;
    pthread_join(watch->thread, NULL);
    release(watch);
}
