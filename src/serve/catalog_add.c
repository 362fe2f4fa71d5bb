/* Models that are added by where they lie: only below the folders that are served, wherever links lead. */
#include <serve/catalog_inside.h>

#include <base/buf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether the real path lies below the folder of a source; *source: which. */
static bool lies_below(const struct mli_catalog *catalog, const char *path, size_t *source)
{
    for (size_t i = 0; i < catalog->config.sources; i++) {
        char *folder = mli_source_is_folder(&catalog->config.source[i]) ? realpath(catalog->config.source[i].path, NULL) : NULL;
        size_t n = folder ? strlen(folder) : 0;
        bool below = n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/';
        free(folder);
        if (below) {
            *source = i;
            return true;
        }
    }
    return false;
}

/* The real path of the model file that a place means, on the heap; NULL: err says why there is none. */
static char *find_file(const struct mli_catalog *catalog, const char *url, size_t *source, struct ml_error *err)
{
    struct stat at;
    struct mli_buf path;
    char *real = NULL;

    mli_buf_init(&path, PATH_MAX);
    mli_buf_printf(&path, "%s%s", url, stat(url, &at) == 0 && S_ISDIR(at.st_mode) ? "/" MLI_DISK_FILE : "");
    if (path.status == ML_OK)
        real = realpath(path.data, NULL);
    mli_buf_release(&path);
    if (real && lies_below(catalog, real, source))
        return real;
    free(real); /* what is elsewhere and what is nowhere get the same answer */
    ml_error_set(err, ML_EUSAGE, "\"%.200s\" is no model below a folder that is served here", url);
    return NULL;
}

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for another model");
}

/* The one version of a family that is new, or stands in for another: read and published. */
static enum ml_status fill(struct mli_catalog *catalog, struct mli_family *family, const char *url, const char *path,
                           const struct mli_family *before, struct ml_error *err)
{
    bool changed;

    family->url = mli_strdup(url);
    struct mli_entry *entry = family->url ? mli_entry_need(family, "1", path) : NULL;
    if (!entry)
        return no_memory(err);
    if (before->count > 0 && before->entry->tally)
        entry->tally = mli_tally_hold(before->entry->tally);
    enum ml_status status = mli_family_load(catalog, family, true, &changed, err);
    return status == ML_OK ? mli_catalog_publish(catalog, err) : status;
}

/* A family of one version. What had the name, unloaded, has its place again if nothing comes of it. */
static enum ml_status add(struct mli_catalog *catalog, const char *name, const char *url, struct ml_error *err)
{
    size_t source;
    char *path = find_file(catalog, url, &source, err);
    bool anew = path && !mli_family_find(catalog, name);
    struct mli_family *family = path ? mli_family_need(catalog, name) : NULL, before = { 0 };

    if (!family) {
        free(path);
        return path ? no_memory(err) : ML_EUSAGE;
    }
    if (!anew) {
        before = *family;
        *family = (struct mli_family){ .name = mli_strdup(name) };
    }
    family->source = source;
    enum ml_status status = family->name ? fill(catalog, family, url, path, &before, err) : no_memory(err);
    free(path);
    if (status == ML_OK) {
        mli_family_release(&before);
    } else if (anew) {
        mli_family_remove(catalog, family);
    } else {
        mli_family_release(family);
        *family = before;
    }
    return status;
}

/* One of a folder, unloaded, is loaded again, or it stays that. */
static enum ml_status load_listed(struct mli_catalog *catalog, const char *name, struct ml_error *err)
{
    enum ml_status status = mli_catalog_load(catalog, name, err);

    if (status == ML_OK)
        return status;
    pthread_mutex_lock(&catalog->lock);
    struct mli_family *family = mli_family_find(catalog, name);
    if (family && !mli_family_is_served(family)) {
        family->unloaded = true;
        if (mli_catalog_publish(catalog, NULL) != ML_OK)
            ml_log(catalog->config.log, ML_LOG_WARNING, "out of memory for the models' registry");
    }
    pthread_mutex_unlock(&catalog->lock);
    return status;
}

enum ml_status mli_catalog_add(struct mli_catalog *catalog, const char *name, const char *url, struct ml_error *err)
{
    enum ml_status status;

    if (!mli_name_valid(name))
        return ml_error_set(err, ML_EUSAGE, "\"%.150s\" is no name of a model: letters, digits, '.', '_' and '-'", name);
    pthread_mutex_lock(&catalog->lock);
    struct mli_family *family = mli_family_find(catalog, name);
    bool listed = family && !family->url;
    if (family && mli_family_is_served(family))
        status = ml_error_set(err, ML_EREFUSED, "a model \"%.128s\" is loaded already", name);
    else if (catalog->count >= MLI_DISK_MODELS)
        status = no_memory(err);
    else if (listed)
        status = ML_OK;
    else
        status = add(catalog, name, url, err);
    pthread_mutex_unlock(&catalog->lock);
    return listed && status == ML_OK ? load_listed(catalog, name, err) : status;
}

enum ml_status mli_catalog_remove(struct mli_catalog *catalog, const char *name, struct ml_error *err)
{
    enum ml_status status;

    pthread_mutex_lock(&catalog->lock);
    struct mli_family *family = mli_family_find(catalog, name);
    bool served = family && mli_family_is_served(family), listed = served && !family->url;
    if (served && !listed)
        mli_family_remove(catalog, family);
    status = !served  ? ml_error_set(err, ML_EUSAGE, "no model \"%.128s\" is served here", name)
             : listed ? ML_OK
                      : mli_catalog_publish(catalog, err);
    pthread_mutex_unlock(&catalog->lock);
    return listed ? mli_catalog_unload(catalog, name, err) : status;
}
