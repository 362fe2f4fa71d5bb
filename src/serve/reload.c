/*
 * Folders are watched and not files: a file that is replaced by renaming is another file. After an event the thread waits
 * until nothing has happened for a moment, since a file that is written in place makes many of them.
 */
#include <serve/reload.h>

#include <base/mem.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#define QUIET 50      /* milliseconds without an event */
#define QUIET_MAX 20  /* such turns at most */
#define TURN 5000     /* milliseconds to the look that nobody asked for */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)

enum order { NOTHING, AGAIN = 1, STOP = 2 };

struct mli_reload {
    struct mli_catalog *catalog;
    const struct mli_source *source;
    size_t sources;
    const struct ml_log *log;
    struct mli_audit *audit;
    pthread_t thread;
    int events, orders; /* inotify, -1: none; eventfd */
    _Atomic unsigned order;
    bool warned;
};

/* ---- folders ----------------------------------------------------------------------------------------------------- */

static void watch_folder(struct mli_reload *reload, const char *path)
{
    if (reload->events < 0 || inotify_add_watch(reload->events, path, EVENTS) >= 0 || errno != ENOSPC ||
        reload->warned)
        return;
    reload->warned = true;
    ml_log(reload->log, ML_LOG_WARNING,
           "%s: too many folders are watched (fs.inotify.max_user_watches); changes are seen within %d seconds",
           path, TURN / 1000);
}

/* The folder that `path` lies in, `up` folders above it. */
static void watch_above(struct mli_reload *reload, const char *path, unsigned up)
{
    char *folder = mli_strdup(path), *end;

    for (; folder && up > 0; up--) {
        end = strrchr(folder, '/');
        if (end)
            *end = '\0';
    }
    if (folder && strchr(path, '/'))
        watch_folder(reload, folder[0] ? folder : "/");
    else if (folder)
        watch_folder(reload, ".");
    free(folder);
}

/* Watching what is watched already changes nothing. */
static void watch_source(struct mli_reload *reload, const struct mli_source *source)
{
    struct mli_finds finds = { 0 };

    if (!mli_source_is_folder(source)) {
        watch_above(reload, source->path, 1);
        return;
    }
    watch_folder(reload, source->path);
    if (mli_source_list(source, &finds, NULL) == ML_OK) {
        for (size_t i = 0; i < finds.count; i++) {
            watch_above(reload, finds.found[i].path, 1);
            watch_above(reload, finds.found[i].path, 2);
        }
    }
    mli_finds_release(&finds);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* Waits for something to do; false: nothing came in `milliseconds`. */
static bool wait_for_events(struct mli_reload *reload, int milliseconds)
{
    struct pollfd from[] = { { .fd = reload->orders, .events = POLLIN },
                             { .fd = reload->events, .events = POLLIN } };
    char bytes[4096];
    uint64_t orders;

    if (poll(from, 2, milliseconds) <= 0)
        return false;
    if (from[0].revents && read(reload->orders, &orders, sizeof(orders)) < 0)
        return false;
    if (from[1].revents && read(reload->events, bytes, sizeof(bytes)) < 0)
        return false;
    return true;
}

static enum ml_status refresh(struct mli_reload *reload, bool asked)
{
    const struct mli_audit_entry entry = { .action = "reload", .by = asked ? "SIGHUP" : "file" };

    if (!reload->audit)
        return mli_catalog_refresh(reload->catalog, asked, NULL);
    struct mli_registry *before = mli_catalog_registry(reload->catalog);
    enum ml_status status = mli_catalog_refresh(reload->catalog, asked, NULL);
    struct mli_registry *after = mli_catalog_registry(reload->catalog);
    if (after != before)
        mli_audit_models(reload->audit, &entry, NULL, before, after);
    mli_registry_drop(before);
    mli_registry_drop(after);
    return status;
}

static void *run(void *data)
{
    struct mli_reload *reload = data;

    for (;;) {
        for (size_t i = 0; i < reload->sources; i++)
            watch_source(reload, &reload->source[i]);
        /* what came before the folders were watched is seen now, what comes from here on makes an event */
        unsigned order = atomic_exchange(&reload->order, NOTHING);
        if (order & STOP)
            return NULL;
        if (refresh(reload, order & AGAIN) == ML_OK && (order & AGAIN))
            ml_log(reload->log, ML_LOG_NOTE, "all models have been read again");
        if (wait_for_events(reload, TURN)) {
            for (unsigned i = 0; i < QUIET_MAX && !atomic_load(&reload->order); i++) {
                if (!wait_for_events(reload, QUIET))
                    break;
            }
        }
    }
}

static void release(struct mli_reload *reload)
{
    if (reload->events >= 0)
        close(reload->events);
    if (reload->orders >= 0)
        close(reload->orders);
    free(reload);
}

enum ml_status mli_reload_start(struct mli_catalog *catalog, const struct mli_source *source, size_t sources,
                                const struct ml_log *log, struct mli_audit *audit, struct mli_reload **out, struct ml_error *err)
{
    struct mli_reload *reload = mli_calloc(1, sizeof(*reload));

    if (!reload)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    reload->catalog = catalog;
    reload->source = source;
    reload->sources = sources;
    reload->log = log;
    reload->audit = audit;
    reload->events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    reload->orders = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (reload->events < 0)
        ml_log(log, ML_LOG_WARNING, "no inotify (%s): changed models are seen within %d seconds", strerror(errno),
               TURN / 1000);
    int failed = reload->orders < 0 ? errno : pthread_create(&reload->thread, NULL, run, reload);
    if (failed) {
        release(reload);
        return ml_error_set(err, ML_EIO, "cannot start the thread that loads models: %s", strerror(failed));
    }
    *out = reload;
    return ML_OK;
}

static void give_order(struct mli_reload *reload, enum order order)
{
    const uint64_t one = 1;

    atomic_fetch_or(&reload->order, order);
    while (write(reload->orders, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
}

void mli_reload_now(struct mli_reload *reload)
{
    give_order(reload, AGAIN);
}

void mli_reload_stop(struct mli_reload *reload)
{
    if (!reload)
        return;
    give_order(reload, STOP);
    pthread_join(reload->thread, NULL);
    release(reload);
}
