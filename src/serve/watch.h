/*
 * Watch: a thread that looks once a second whether files have changed, and says so. By looking and not by being told
 * (inotify): what Kubernetes mounts is changed by swapping a link some directories up.
 */
#ifndef SERVE_WATCH_H
#define SERVE_WATCH_H

#include <mlctl/status.h>
#include <stdint.h>

#define MLI_WATCHED_MAX 8

struct mli_watched {
    const char *path; /* borrowed */
    void (*changed)(void *data);
    void *data;
};

struct mli_watch;
/* No files: *out is NULL. ML_EIO: no thread, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_watch_start(const struct mli_watched *file, size_t n,
                                            struct mli_watch **out, struct ml_error *err);
void mli_watch_stop(struct mli_watch *watch); /* NULL is fine */

#endif
