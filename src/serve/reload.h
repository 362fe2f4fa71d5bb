/*
 * Reload: the thread that keeps a catalog up with the disk: when it is told to, when a folder of a model changes
 * (inotify), and now and then without being told, for what inotify does not see: network file systems, and links some
 * directories up, as Kubernetes swaps them.
 */
#ifndef SERVE_RELOAD_H
#define SERVE_RELOAD_H

#include <serve/audit.h>
#include <serve/catalog.h>

struct mli_reload;

/* Catalog and audit (NULL: none) are borrowed and outlive it. ML_EIO: no thread; ML_ENOMEM. Without inotify (its limits) it is logged. */
ML_NODISCARD enum ml_status mli_reload_start(struct mli_catalog *catalog, const struct mli_source *source, size_t sources,
                                             const struct ml_log *log, struct mli_audit *audit, struct mli_reload **out,
                                             struct ml_error *err);
/* From any thread: every file is read again, soon. */
void mli_reload_now(struct mli_reload *reload);
void mli_reload_stop(struct mli_reload *reload); /* NULL is fine */

#endif
