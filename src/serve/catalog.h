/*
 * Catalog: the models that are to be served, where they come from, and what became of them. It reads and checks model
 * files and publishes registries (registry.h) to the workers. A version whose new file is not fit to be served keeps the
 * one it had. One change at a time; requests never wait for one.
 */
#ifndef SERVE_CATALOG_H
#define SERVE_CATALOG_H

#include <mlctl/log.h>
#include <serve/disk.h>
#include <serve/worker.h>

/*
 * A version beside the main one, which it never is: a canary gets a share of the requests that say no version, a shadow
 * predicts what the main one is asked, for comparison (shadow.h). A model has one of each at most.
 */
struct mli_second {
    char *name, *version;
    double share; /* of 1, of a canary */
};

struct mli_catalog_config {
    const struct mli_source *source; /* borrowed for the life of the catalog */
    size_t sources;
    size_t keep;              /* so many of the newest versions of a model; 0: all of them */
    const struct mli_second *canary; /* borrowed likewise */
    size_t canaries;
    const struct mli_second *shadow; /* likewise */
    size_t shadows;
    const struct mli_label *label; /* likewise, for the life of the registries too */
    size_t labels;
    size_t drift_window;      /* rows (live.h); 0: nobody counts */
    uint64_t batch_window;    /* nanoseconds that requests wait for others to go with (group.h); 0: each goes alone */
    bool on_demand;           /* folders are not looked through: only what _add names is served, at first nothing */
    size_t threads;           /* that will answer: parts of the tallies */
    const struct ml_log *log; /* what is loaded at NOTE, what is refused at WARNING */
};

struct mli_catalog;

/*
 * Reads all there is. Of every source something must be fit to be served: ML_EIO, ML_EARTIFACT, ML_EUSAGE (a name that is
 * none, or is there twice), ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_catalog_open(const struct mli_catalog_config *config,
                                             struct mli_catalog **out, struct ml_error *err);
/* A catalog of one model, which is borrowed, as it is. */
ML_NODISCARD enum ml_status mli_catalog_of(const struct ml_model *model, const char *name,
                                           const char *version, size_t threads, struct mli_catalog **out,
                                           struct ml_error *err);
/* The workers are gone, or detached. NULL is fine. */
void mli_catalog_close(struct mli_catalog *catalog);

/* Whether there is a thread more that predicts, of a shadow. */
bool mli_catalog_has_shadow(const struct mli_catalog *catalog);
/* The newest registry, held for the caller. */
struct mli_registry *mli_catalog_registry(struct mli_catalog *catalog);
/* Shows what there is to these workers, and everything that is published until they are detached. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_catalog_attach(struct mli_catalog *catalog, struct mli_worker *worker,
                                               size_t workers, struct ml_error *err);
void mli_catalog_detach(struct mli_catalog *catalog);

/*
 * Reads what is new or has changed on the disk, with `force` all of it, checks it and publishes what is fit to be
 * served. The first thing that was not: it is logged and counted, too, and what it should have replaced is still served.
 */
ML_NODISCARD enum ml_status mli_catalog_refresh(struct mli_catalog *catalog, bool force, struct ml_error *err);

/*
 * What may be asked for one model, by name. ML_EUSAGE: there is no model of that name, or nothing to go back to; _load also
 * what is wrong with its files.
 *   _load      reads its files again, also when it was unloaded or rolled back
 *   _unload    it is served no more, and nothing of it is read until it is loaded
 *   _rollback  a version that is tried gets no requests any more; if none is,
 *              what the file was before it was replaced, or else the next older version, answers again; the file or
 *              version that is left behind does not come back until it is loaded, or another takes its place
 */
ML_NODISCARD enum ml_status mli_catalog_load(struct mli_catalog *catalog, const char *name, struct ml_error *err);
ML_NODISCARD enum ml_status mli_catalog_unload(struct mli_catalog *catalog, const char *name, struct ml_error *err);
ML_NODISCARD enum ml_status mli_catalog_rollback(struct mli_catalog *catalog, const char *name, struct ml_error *err);

/*
 * Models by name and place, as Amazon SageMaker has them: version 1 of that name, read of a file below a folder that is a source,
 * or of a folder there with a model.safetensors in it. _add: ML_EREFUSED: the name is served already; ML_EUSAGE: it is no name, or the
 * place is not below a folder; and what is wrong with the file. A model that was found in a folder and unloaded is loaded again.
 * _remove: ML_EUSAGE: no model of that name is served.
 */
ML_NODISCARD enum ml_status mli_catalog_add(struct mli_catalog *catalog, const char *name, const char *url, struct ml_error *err);
ML_NODISCARD enum ml_status mli_catalog_remove(struct mli_catalog *catalog, const char *name, struct ml_error *err);

/* Durations that are not told apart (tally.h); borrowed. */
struct mli_tally *mli_catalog_others(const struct mli_catalog *catalog);

struct mli_catalog_counts {
    uint64_t loads, refusals; /* model files that came to be served, and that did not */
};
struct mli_catalog_counts mli_catalog_counts(const struct mli_catalog *catalog);

#endif
