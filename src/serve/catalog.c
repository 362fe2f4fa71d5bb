#include <serve/catalog.h>

#include <base/mem.h>
#include <serve/catalog_inside.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- publishing -------------------------------------------------------------------------------------------------- */

static bool fill_version(struct mli_version *out, const struct mli_entry *entry, bool unloaded)
{
    out->version = mli_strdup(entry->version);
    const char *reason = unloaded ? "unloaded" : entry->reason;
    out->reason = reason ? mli_strdup(reason) : NULL;
    out->served = entry->served ? mli_served_hold(entry->served) : NULL;
    return out->version && (out->reason || !reason);
}

const struct mli_second *mli_second_find(const struct mli_second *second, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(second[i].name, name) == 0)
            return &second[i];
    }
    return NULL;
}

static bool is_version(const struct mli_second *second, const struct mli_entry *entry)
{
    return second && strcmp(second->version, entry->version) == 0;
}

/*
 * After the versions; the share of a canary that is not there, or is all there is, goes to the main version, and a shadow that is
 * all there is is the main one.
 */
static void choose(struct mli_lineup *out, const struct mli_catalog *catalog, struct mli_family *family)
{
    const struct mli_catalog_config *config = &catalog->config;
    const struct mli_second *canary = mli_second_find(config->canary, config->canaries, family->name);
    const struct mli_second *copy = mli_second_find(config->shadow, config->shadows, family->name);
    size_t tried = MLI_NO_PLACE, shadow = MLI_NO_PLACE;

    for (size_t i = 0; i < family->count; i++) {
        struct mli_entry *entry = &family->entry[i];
        entry->trial = is_version(canary, entry);
        entry->shadow = is_version(copy, entry);
        if (entry->trial && entry->served && !family->untried)
            tried = out->first + i;
        if (entry->shadow && entry->served)
            shadow = out->first + i;
    }
    const struct mli_entry *main = mli_family_main(family);
    out->main = main ? out->first + (size_t)(main - family->entry) : MLI_NO_PLACE;
    out->shadow = shadow == out->main ? MLI_NO_PLACE : shadow;
    out->canary = tried == out->main ? MLI_NO_PLACE : tried;
    if (out->canary != MLI_NO_PLACE)
        out->share = canary->share >= 1 ? UINT64_MAX : (uint64_t)(canary->share * 0x1p64);
}

static bool fill_lineup(struct mli_registry *registry, struct mli_lineup *out, const struct mli_catalog *catalog,
                        struct mli_family *family)
{
    out->name = mli_strdup(family->name);
    out->url = family->url ? mli_strdup(family->url) : NULL;
    out->count = family->count;
    for (size_t i = 0; i < family->count; i++) {
        if (!fill_version(&registry->version[out->first + i], &family->entry[i], family->unloaded))
            return false;
    }
    choose(out, catalog, family);
    return out->name && (out->url || !family->url);
}

/* NULL: no memory. */
static struct mli_registry *make_registry(const struct mli_catalog *catalog)
{
    size_t versions = 0, first = 0;

    for (size_t i = 0; i < catalog->count; i++)
        versions += catalog->family[i].count;
    struct mli_registry *registry = mli_registry_new(catalog->count, versions);
    if (registry) {
        registry->label = catalog->config.label;
        registry->labels = catalog->config.labels;
    }
    for (size_t i = 0; registry && i < catalog->count; i++) {
        registry->lineup[i].first = first;
        first += catalog->family[i].count;
        if (!fill_lineup(registry, &registry->lineup[i], catalog, &catalog->family[i])) {
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

enum ml_status mli_catalog_publish(struct mli_catalog *catalog, struct ml_error *err)
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

bool mli_catalog_has_shadow(const struct mli_catalog *catalog)
{
    return catalog->config.shadows > 0;
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

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* A model that lies in the folder itself, where no version is. */
static bool has_file(const char *folder)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/" MLI_DISK_FILE, folder);

    return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

/* Every model of the source must have a version that is served. */
static enum ml_status open_source(struct mli_catalog *catalog, size_t source, struct ml_error *err)
{
    const struct mli_source *from = &catalog->config.source[source];
    struct ml_error problem = ML_ERROR_INIT;
    size_t before = catalog->count;
    bool changed;

    enum ml_status status = mli_source_load(catalog, source, NULL, true, &changed, &problem);
    bool served = status == ML_OK || status == ML_EARTIFACT || status == ML_EIO;
    for (size_t i = before; i < catalog->count; i++)
        served = served && mli_family_is_served(&catalog->family[i]);
    if (served && catalog->count > before)
        return ML_OK;
    if (status == ML_OK)
        return ml_error_set(err, ML_EIO, "no model is in the folder %s; expected %sVERSION/" MLI_DISK_FILE "%s", from->path,
                            from->name ? "" : "NAME/", has_file(from->path) ? ", or the file itself: say its name, too" : "");
    if (err)
        *err = problem;
    return status;
}

static enum ml_status check_folder(const struct mli_source *source, struct ml_error *err)
{
    if (mli_source_is_folder(source))
        return ML_OK;
    return ml_error_set(err, ML_EIO, "%s is not a folder; models that are added later must lie below one", source->path);
}

/* Publishes what there is; the catalog is closed when that or what came before it failed. */
static enum ml_status finish(struct mli_catalog *catalog, enum ml_status status, struct mli_catalog **out,
                             struct ml_error *err)
{
    if (status == ML_OK)
        status = mli_catalog_publish(catalog, err);
    if (status == ML_OK)
        *out = catalog;
    else
        mli_catalog_close(catalog);
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
    catalog->config.threads += config->shadows > 0;
    pthread_mutex_init(&catalog->lock, NULL);
    catalog->others = mli_tally_new(catalog->config.threads, NULL);
    if (catalog->others)
        atomic_init(&catalog->others->room, MLI_TALLY_HISTOGRAMS);
    else
        status = ml_error_set(err, ML_ENOMEM, "out of memory for the models' registry");
    for (size_t i = 0; status == ML_OK && i < config->sources; i++)
        status = config->on_demand ? check_folder(&config->source[i], err) : open_source(catalog, i, err);
    if (status == ML_OK)
        status = mli_catalog_check(catalog, err);
    return finish(catalog, status, out, err);
}

enum ml_status mli_catalog_of(const struct ml_model *model, const char *name, const char *version,
                              size_t threads, struct mli_catalog **out, struct ml_error *err)
{
    const struct mli_catalog_config config = { .threads = threads };
    struct mli_catalog *catalog;

    enum ml_status status = mli_catalog_open(&config, &catalog, err);
    if (status != ML_OK)
        return status;
    struct mli_family *family = mli_family_need(catalog, name);
    struct mli_entry *entry = family ? mli_entry_need(family, version, "") : NULL;
    status = entry ? mli_entry_put(catalog, family, entry, model, NULL, err)
                   : ml_error_set(err, ML_ENOMEM, "out of memory for the models' registry");
    return finish(catalog, status, out, err);
}

void mli_catalog_close(struct mli_catalog *catalog)
{
    if (!catalog)
        return;
    mli_registry_drop(catalog->registry);
    mli_families_release(catalog);
    mli_tally_drop(catalog->others);
    pthread_mutex_destroy(&catalog->lock);
    free(catalog);
}

/* ---- changes ----------------------------------------------------------------------------------------------------- */

enum ml_status mli_catalog_refresh(struct mli_catalog *catalog, bool force, struct ml_error *err)
{
    struct ml_error problem = ML_ERROR_INIT;
    enum ml_status status = ML_OK;
    bool changed = false;

    pthread_mutex_lock(&catalog->lock);
    for (size_t i = 0; i < catalog->config.sources && !catalog->config.on_demand; i++) {
        bool here = false;
        enum ml_status of = mli_source_load(catalog, i, NULL, force, &here, &problem);
        status = status == ML_OK ? of : status;
        changed = changed || here;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        struct mli_family *family = &catalog->family[i];
        bool here = false;
        enum ml_status of = family->url && !family->unloaded ? mli_family_load(catalog, family, force, &here, &problem) : ML_OK;
        status = status == ML_OK ? of : status;
        changed = changed || here;
    }
    if (err)
        *err = problem;
    if (changed && status == ML_OK)
        status = mli_catalog_publish(catalog, err);
    else if (changed && mli_catalog_publish(catalog, NULL) != ML_OK)
        ml_log(catalog->config.log, ML_LOG_WARNING, "out of memory for the models' registry");
    pthread_mutex_unlock(&catalog->lock);
    return status;
}

struct mli_tally *mli_catalog_others(const struct mli_catalog *catalog)
{
    return catalog->others;
}

struct mli_catalog_counts mli_catalog_counts(const struct mli_catalog *catalog)
{
    return (struct mli_catalog_counts){ .loads = atomic_load(&catalog->loads),
                                        .refusals = atomic_load(&catalog->refusals) };
}
