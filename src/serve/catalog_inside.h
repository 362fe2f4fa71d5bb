/*
 * The inside of the catalog: catalog.c opens, publishes and closes, families.c keeps the list, catalog_load.c fills it,
 * catalog_check.c holds what is asked for against it.
 */
#ifndef SERVE_CATALOG_INSIDE_H
#define SERVE_CATALOG_INSIDE_H

#include <serve/catalog.h>

/* A version of a model: its file, and what is served of it. */
struct mli_entry {
    char *version, *path;
    bool looked;               /* into the file, */
    struct mli_stamp stamp;    /* which was this one then */
    struct mli_served *served; /* NULL: nothing yet */
    struct mli_served *before; /* what it was before that; NULL: nothing */
    struct mli_tally *tally;   /* of all that it has served; held; NULL: nothing yet */
    bool trial;                /* a canary, */
    bool shadow;               /* or a shadow: not the main one */
    bool withdrawn;            /* rolled back: another version answers where none is said */
    char shunned[MLI_SHA256_HEX]; /* digest of a file that was rolled back and is not taken again; "": none */
    char *reason;              /* why the file is not served; NULL: it is */
    bool found;                /* in the listing at hand */
};

struct mli_family {
    char *name;
    size_t source; /* of the configuration */
    bool untried;  /* rolled back: its canary gets nothing */
    bool unloaded; /* by whoever may; nothing is read of it */
    char *url;     /* of one that was added by its place; NULL: it is listed */
    struct mli_entry *entry; /* the newest first */
    size_t count, capacity;
};

struct mli_catalog {
    struct mli_catalog_config config;
    pthread_mutex_t lock; /* of all that follows */
    struct mli_family *family; /* in the order of the sources */
    size_t count, capacity;
    struct mli_registry *registry;
    struct mli_tally *others;  /* durations of what has no histogram of its own; set once */
    struct mli_worker *worker;
    size_t workers;
    size_t unread; /* 1 + a source whose folder could not be read the last time, and that was said; 0: none */
    _Atomic uint64_t loads, refusals; /* read without the lock */
};

/* ---- families.c; pointers to families and entries live until the next one is put in or out ---- */

struct mli_family *mli_family_find(struct mli_catalog *catalog, const char *name);
/* The same, put in if it is not there. NULL: no memory. */
struct mli_family *mli_family_need(struct mli_catalog *catalog, const char *name);
void mli_family_remove(struct mli_catalog *catalog, struct mli_family *family);
/* What a family had, when it is no family of the catalog (any more). */
void mli_family_release(struct mli_family *family);
/* The version that answers where none is said: the newest that is served and neither a canary nor withdrawn. NULL: none. */
struct mli_entry *mli_family_main(const struct mli_family *family);
bool mli_family_is_served(const struct mli_family *family);
/* The entry of that version, put in where its age says if it is new. NULL: no memory. */
struct mli_entry *mli_entry_need(struct mli_family *family, const char *version, const char *path);
void mli_entry_remove(struct mli_family *family, struct mli_entry *entry);
void mli_families_release(struct mli_catalog *catalog);

/* ---- catalog_load.c ---- */

/* The model takes the place of what the entry serves. `own` is taken. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_entry_put(struct mli_catalog *catalog, const struct mli_family *family,
                                          struct mli_entry *entry, const struct ml_model *model,
                                          struct ml_model *own, struct ml_error *err);
/*
 * Reads what a source has now: new and changed files, all of them with `force`; what is gone goes. `name`: of that
 * model only, NULL: of all. *changed: there is something to publish. The first thing that went wrong, after all the rest
 * was tried.
 */
ML_NODISCARD enum ml_status mli_source_load(struct mli_catalog *catalog, size_t source, const char *name, bool force,
                                            bool *changed, struct ml_error *err);

/* The same of the files of one model that is not listed. */
ML_NODISCARD enum ml_status mli_family_load(struct mli_catalog *catalog, struct mli_family *family, bool force,
                                            bool *changed, struct ml_error *err);

/* ---- catalog_check.c ---- */

/*
 * Whether the canaries, shadows and labels that are asked for can be: a mistyped name or version would do nothing, and nobody would
 * know. A version that its folder may get later is a warning. ML_EUSAGE, ML_ENOMEM.
 */
ML_NODISCARD enum ml_status mli_catalog_check(struct mli_catalog *catalog, struct ml_error *err);

/* ---- catalog.c ---- */

/* The one of that model among the first n. NULL: it has none. */
const struct mli_second *mli_second_find(const struct mli_second *second, size_t n, const char *name);
ML_NODISCARD enum ml_status mli_catalog_publish(struct mli_catalog *catalog, struct ml_error *err);

#endif
