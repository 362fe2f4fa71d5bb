#include <serve/catalog.h>

#include <stdlib.h>
#include <string.h>

/* A version of a model: its file, and what is served of it. */
struct entry {
    char *version, *path;
    struct mli_stamp stamp;    /* of the file when it was last looked into */
    struct mli_served *served; /* NULL: nothing yet */
    char *reason;              /* why the file is not served; NULL: it is */
    bool found;                /* in the listing at hand */
};

struct family {
    char *name;
    struct entry *entry; /* the newest first */
    size_t count, capacity;
};

struct mli_catalog {
    struct mli_catalog_config config;
    pthread_mutex_t lock;
    struct family *family; /* in the order of the sources */
    size_t count, capacity;
    struct mli_registry *registry;
    struct mli_worker *worker;
    size_t workers;
};

/* ---- families ---------------------------------------------------------------------------------------------------- */

static void release_entry(struct entry *entry)
{
    mli_served_drop(entry->served);
    free(entry->version);
    free(entry->path);
    free(entry->reason);
}

static void release_family(struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        release_entry(&family->entry[i]);
    free(family->entry);
    free(family->name);
}

static struct family *find_family(struct mli_catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->count; i++) {
        if (strcmp(catalog->family[i].name, name) == 0)
            return &catalog->family[i];
    }
    return NULL;
}

/* NULL: no memory. */
static struct family *need_family(struct mli_catalog *catalog, const char *name)
{
    struct family *family = find_family(catalog, name);

    if (family)
        return family;
    if (!mli_grow((void **)&catalog->family, &catalog->capacity, catalog->count, sizeof(*family)))
        return NULL;
    family = &catalog->family[catalog->count];
    *family = (struct family){ .name = mli_strdup(name) };
    if (!family->name)
        return NULL;
    catalog->count++;
    return family;
}

static struct entry *find_entry(struct family *family, const char *version)
{
    for (size_t i = 0; i < family->count; i++) {
        if (strcmp(family->entry[i].version, version) == 0)
            return &family->entry[i];
    }
    return NULL;
}

/* The entry of that version, put in where its age says if it is new. NULL: no memory. */
static struct entry *need_entry(struct family *family, const char *version, const char *path)
{
    struct entry *entry = find_entry(family, version);
    struct entry made = { 0 };
    size_t at = 0;

    if (entry)
        return entry;
    if (!mli_grow((void **)&family->entry, &family->capacity, family->count, sizeof(made)))
        return NULL;
    made.version = mli_strdup(version);
    made.path = mli_strdup(path);
    if (!made.version || !made.path) {
        release_entry(&made);
        return NULL;
    }
    while (at < family->count && mli_version_compare(family->entry[at].version, version) > 0)
        at++;
    entry = &family->entry[at];
    memmove(entry + 1, entry, (family->count++ - at) * sizeof(made));
    *entry = made;
    return entry;
}

/* ---- publishing -------------------------------------------------------------------------------------------------- */

static bool fill_version(struct mli_version *out, const struct entry *entry)
{
    out->version = mli_strdup(entry->version);
    out->reason = entry->reason ? mli_strdup(entry->reason) : NULL;
    out->served = entry->served ? mli_served_hold(entry->served) : NULL;
    return out->version && (out->reason || !entry->reason);
}

static bool fill_lineup(struct mli_registry *registry, struct mli_lineup *out, const struct family *family)
{
    out->name = mli_strdup(family->name);
    out->main = MLI_NO_PLACE;
    out->count = family->count;
    for (size_t i = 0; i < family->count; i++) {
        if (!fill_version(&registry->version[out->first + i], &family->entry[i]))
            return false;
        if (family->entry[i].served && out->main == MLI_NO_PLACE)
            out->main = out->first + i;
    }
    return out->name != NULL;
}

/* NULL: no memory. */
static struct mli_registry *make_registry(const struct mli_catalog *catalog)
{
    size_t versions = 0, first = 0;

    for (size_t i = 0; i < catalog->count; i++)
        versions += catalog->family[i].count;
    struct mli_registry *registry = mli_registry_new(catalog->count, versions);
    for (size_t i = 0; registry && i < catalog->count; i++) {
        registry->lineup[i].first = first;
        first += catalog->family[i].count;
        if (!fill_lineup(registry, &registry->lineup[i], &catalog->family[i])) {
            mli_registry_drop(registry);
            return NULL;
        }
    }
    return registry;
}

/* All workers get it, or none. */
static bool show(struct mli_worker *worker, size_t workers, struct mli_registry *registry)
{
    struct mli_view **view = mli_calloc(workers, sizeof(*view));
    size_t made = 0;

    while (view && made < workers && (view[made] = mli_view_new(registry)))
        made++;
    bool all = view && made == workers;
    for (size_t i = 0; i < made; i++) {
        if (all)
            mli_worker_show(&worker[i], view[i]);
        else
            mli_view_free(view[i]);
    }
    free(view);
    return all;
}

static enum ml_status publish(struct mli_catalog *catalog, struct ml_error *err)
{
    struct mli_registry *registry = make_registry(catalog);

    if (!registry || !show(catalog->worker, catalog->workers, registry)) {
        mli_registry_drop(registry);
        return ml_error_set(err, ML_ENOMEM, "out of memory for the models' registry");
    }
    mli_registry_drop(catalog->registry);
    catalog->registry = registry;
    return ML_OK;
}

struct mli_registry *mli_catalog_registry(struct mli_catalog *catalog)
{
    pthread_mutex_lock(&catalog->lock);
    struct mli_registry *registry = mli_registry_hold(catalog->registry);
    pthread_mutex_unlock(&catalog->lock);
    return registry;
}

enum ml_status mli_catalog_attach(struct mli_catalog *catalog, struct mli_worker *worker, size_t workers,
                                  struct ml_error *err)
{
    enum ml_status status = ML_OK;

    pthread_mutex_lock(&catalog->lock);
    if (show(worker, workers, catalog->registry)) {
        catalog->worker = worker;
        catalog->workers = workers;
    } else {
        status = ml_error_set(err, ML_ENOMEM, "out of memory for the models' registry");
    }
    pthread_mutex_unlock(&catalog->lock);
    return status;
}

void mli_catalog_detach(struct mli_catalog *catalog)
{
    pthread_mutex_lock(&catalog->lock);
    catalog->worker = NULL;
    catalog->workers = 0;
    pthread_mutex_unlock(&catalog->lock);
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

/* The model takes the place of what the entry serves. `own` is taken. */
static enum ml_status put_in(struct mli_catalog *catalog, const struct family *family, struct entry *entry,
                             const struct ml_model *model, struct ml_model *own, struct ml_error *err)
{
    struct mli_tally *tally =
        entry->served ? mli_tally_hold(entry->served->tally) : mli_tally_new(catalog->config.threads);
    struct mli_served *served = mli_served_new(model, own, family->name, entry->version, tally);

    if (!served)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the model's registry");
    mli_served_drop(entry->served);
    entry->served = served;
    free(entry->reason);
    entry->reason = NULL;
    return ML_OK;
}

/* Reads the file of an entry, if it is another one than last time. */
static enum ml_status load(struct mli_catalog *catalog, const struct family *family, struct entry *entry,
                           struct ml_error *err)
{
    struct mli_stamp stamp = mli_stamp_of(entry->path);
    struct ml_model *model = NULL;

    if (entry->served && mli_stamp_equals(&stamp, &entry->stamp))
        return ML_OK;
    entry->stamp = stamp;
    enum ml_status status = ml_model_load(entry->path, &model, err);
    if (status != ML_OK)
        return status;
    return put_in(catalog, family, entry, model, model, err);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static bool has_served(const struct family *family)
{
    for (size_t i = 0; i < family->count; i++) {
        if (family->entry[i].served)
            return true;
    }
    return false;
}

/* Loads finds[0..n), the versions of one model, as many of them as are to be kept; one at least must be fit to be served. */
static enum ml_status open_model(struct mli_catalog *catalog, const struct mli_found *found, size_t n,
                                 struct ml_error *err)
{
    struct ml_error first = ML_ERROR_INIT;

    if (find_family(catalog, found->name))
        return ml_error_set(err, ML_EUSAGE, "two models are named \"%s\"", found->name);
    struct family *family = need_family(catalog, found->name);
    if (!family)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
    for (size_t i = 0; i < n && (catalog->config.keep == 0 || i < catalog->config.keep); i++) {
        struct ml_error problem = ML_ERROR_INIT;
        struct entry *entry = need_entry(family, found[i].version, found[i].path);
        if (!entry)
            return ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
        if (load(catalog, family, entry, &problem) == ML_OK)
            continue;
        if (first.status == ML_OK)
            first = problem;
        if (n > 1)
            ml_log(catalog->config.log, ML_LOG_WARNING, "%s is not served: %s", entry->path, problem.text);
        entry->reason = mli_strdup(problem.text);
    }
    if (!has_served(family) && err)
        *err = first;
    return has_served(family) ? ML_OK : first.status;
}

static enum ml_status open_source(struct mli_catalog *catalog, const struct mli_source *source,
                                  struct ml_error *err)
{
    struct mli_finds finds = { 0 };
    enum ml_status status = mli_source_list(source, &finds, err);

    if (status == ML_OK && finds.count == 0)
        status = ml_error_set(err, ML_EIO, "no model is in the folder %s; expected %sVERSION/" MLI_DISK_FILE,
                              source->path, source->name ? "" : "NAME/");
    for (size_t i = 0, n = 0; status == ML_OK && i < finds.count; i += n) {
        for (n = 1; i + n < finds.count && strcmp(finds.found[i].name, finds.found[i + n].name) == 0;)
            n++;
        status = open_model(catalog, &finds.found[i], n, err);
    }
    mli_finds_release(&finds);
    return status;
}

enum ml_status mli_catalog_open(const struct mli_catalog_config *config, struct mli_catalog **out,
                                struct ml_error *err)
{
    struct mli_catalog *catalog = mli_calloc(1, sizeof(*catalog));
    enum ml_status status = ML_OK;

    if (!catalog)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the models' registry");
    catalog->config = *config;
    pthread_mutex_init(&catalog->lock, NULL);
    for (size_t i = 0; status == ML_OK && i < config->sources; i++)
        status = open_source(catalog, &config->source[i], err);
    if (status == ML_OK)
        status = publish(catalog, err);
    if (status == ML_OK)
        *out = catalog;
    else
        mli_catalog_close(catalog);
    return status;
}

enum ml_status mli_catalog_of(const struct ml_model *model, const char *name, const char *version,
                              size_t threads, struct mli_catalog **out, struct ml_error *err)
{
    const struct mli_catalog_config config = { .threads = threads };
    struct mli_catalog *catalog;

    enum ml_status status = mli_catalog_open(&config, &catalog, err);
    if (status != ML_OK)
        return status;
    struct family *family = need_family(catalog, name);
    struct entry *entry = family ? need_entry(family, version, "") : NULL;
    status = entry ? put_in(catalog, family, entry, model, NULL, err)
                   : ml_error_set(err, ML_ENOMEM, "out of memory for the models' registry");
    if (status == ML_OK)
        status = publish(catalog, err);
    if (status == ML_OK)
        *out = catalog;
    else
        mli_catalog_close(catalog);
    return status;
}

void mli_catalog_close(struct mli_catalog *catalog)
{
    if (!catalog)
        return;
    mli_registry_drop(catalog->registry);
    for (size_t i = 0; i < catalog->count; i++)
        release_family(&catalog->family[i]);
    free(catalog->family);
    pthread_mutex_destroy(&catalog->lock);
    free(catalog);
}
