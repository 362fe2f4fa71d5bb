/*
 * Registry: which models are there by name and version, as of one moment. It never changes once it is published: what
 * is loaded or goes away makes another one (catalog.h). A request holds the registry that it met from its head to its
 * end (worker.h), so that everything it reads there stays.
 */
#ifndef SERVE_REGISTRY_H
#define SERVE_REGISTRY_H

#include <serve/served.h>

#define MLI_NO_PLACE SIZE_MAX

/* A version of a model, loaded or not. */
struct mli_version {
    char *version;
    struct mli_served *served; /* held; NULL: not there, */
    char *reason;              /* and why: "unloaded", or what was wrong with the file. Of a served one: why it is not newer */
};

/* A model: its versions, the newest first. */
struct mli_lineup {
    char *name;
    char *url; /* where it lies, as whoever added it said; NULL: it was found */
    size_t first, count; /* in registry->version */
    size_t shadow;       /* predicts what the main one is asked; MLI_NO_PLACE: none does */
    size_t canary;       /* gets requests that say no version, too; MLI_NO_PLACE: none does */
    uint64_t share;      /* of them: those whose hash is below this */
    size_t main;         /* the one that answers where no version is said; MLI_NO_PLACE: none is there */
};

#define MLI_LABEL_LATEST "latest" /* the main version, unless it is given another */

/* A word that stands for a version of a model in a URL: "stable" for 2. */
struct mli_label {
    char *name, *label, *version;
};

struct mli_registry {
    _Atomic size_t holders;
    struct mli_version *version;
    size_t versions;
    struct mli_lineup *lineup; /* the first is the one that answers where no name is given */
    size_t lineups;
    const struct mli_label *label; /* borrowed */
    size_t labels;
};

/* Room for so many, all empty; held once. NULL: no memory. */
struct mli_registry *mli_registry_new(size_t lineups, size_t versions);
struct mli_registry *mli_registry_hold(struct mli_registry *registry);
void mli_registry_drop(struct mli_registry *registry); /* NULL is fine */

/* NULL: no model has that name. name NULL: the first. */
const struct mli_lineup *mli_registry_lineup(const struct mli_registry *registry, const char *name,
                                             size_t name_len);
/* The models that have a version that answers, one after the other: the first from at 0 on, MLI_NO_PLACE: no more. */
size_t mli_registry_next(const struct mli_registry *registry, size_t at);
/*
 * Place of the version that serves under that name and version; version NULL: the main one of that name, name NULL: of
 * the first. MLI_NO_PLACE: none.
 */
size_t mli_registry_find(const struct mli_registry *registry, const char *name, size_t name_len,
                         const char *version, size_t version_len);
/* Place of the version that serves under that label of a model. */
size_t mli_registry_labelled(const struct mli_registry *registry, const struct mli_lineup *lineup, const char *label,
                             size_t len);

#endif
