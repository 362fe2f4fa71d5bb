#include <serve/catalog_inside.h>

#include <stdio.h>
#include <string.h>

static enum ml_status unknown(const struct mli_catalog *catalog, const char *name, struct ml_error *err)
{
    char there[300] = "";

    for (size_t i = 0, n = 0; i < catalog->count && n + 1 < sizeof(there); i++)
        n += (size_t)snprintf(there + n, sizeof(there) - n, "%s%s", i > 0 ? ", " : "; there is ", catalog->family[i].name);
    return ml_error_set(err, ML_EUSAGE, "there is no model \"%.128s\" to be served here%s", name, there);
}

/* ---- load -------------------------------------------------------------------------------------------------------- */

static enum ml_status load(struct mli_catalog *catalog, const char *name, struct ml_error *err)
{
    struct mli_family *family = mli_family_find(catalog, name);
    enum ml_status status = ML_OK;

    if (family)
        family->unloaded = family->untried = false;
    for (size_t i = 0; family && i < family->count; i++) {
        family->entry[i].withdrawn = false;
        family->entry[i].shunned[0] = '\0';
    }
    if (family && family->url) {
        bool changed;
        return mli_family_load(catalog, family, true, &changed, err);
    }
    for (size_t i = 0; status == ML_OK && i < catalog->config.sources && !catalog->config.on_demand; i++) {
        bool changed;
        status = mli_source_load(catalog, i, name, true, &changed, err);
    }
    return status == ML_OK && !mli_family_find(catalog, name) ? unknown(catalog, name, err) : status;
}

enum ml_status mli_catalog_load(struct mli_catalog *catalog, const char *name, struct ml_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    enum ml_status status = load(catalog, name, err);
    enum ml_status published = mli_catalog_publish(catalog, status == ML_OK ? err : NULL);
    pthread_mutex_unlock(&catalog->lock);
    return status == ML_OK ? published : status;
}

/* ---- unload ------------------------------------------------------------------------------------------------------ */

static void unload(struct mli_family *family)
{
    family->unloaded = true;
    for (size_t i = 0; i < family->count; i++) {
        struct mli_entry *entry = &family->entry[i];
        mli_served_drop(entry->served);
        mli_served_drop(entry->before);
        entry->served = entry->before = NULL;
        entry->looked = false;
    }
}

enum ml_status mli_catalog_unload(struct mli_catalog *catalog, const char *name, struct ml_error *err)
{
    enum ml_status status;

    pthread_mutex_lock(&catalog->lock);
    struct mli_family *family = mli_family_find(catalog, name);
    if (family) {
        unload(family);
        ml_log(catalog->config.log, ML_LOG_NOTE, "%s is unloaded", name);
        status = mli_catalog_publish(catalog, err);
    } else {
        status = unknown(catalog, name, err);
    }
    pthread_mutex_unlock(&catalog->lock);
    return status;
}

/* ---- rollback ---------------------------------------------------------------------------------------------------- */

/* True: it was on. */
static bool end_trial(struct mli_family *family)
{
    bool on = false;

    for (size_t i = 0; i < family->count; i++)
        on = on || (family->entry[i].trial && family->entry[i].served && !family->untried);
    family->untried = family->untried || on;
    return on;
}

/* Why there is nothing to go back to: what else is there cannot answer, and which. */
static enum ml_status cannot_go_back(const struct mli_family *family, struct ml_error *err)
{
    const struct mli_entry *main = mli_family_main(family), *end = family->entry + family->count;
    char text[400] = "";
    size_t n = 0;

    if (!main)
        return ml_error_set(err, ML_EUSAGE, "no version of %.128s is served: load it first", family->name);
    for (const struct mli_entry *older = main + 1; older < end && n < sizeof(text); older++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s version %.64s is %s", n > 0 ? "," : ", and", older->version,
                              older->shadow      ? "its shadow"
                              : older->trial     ? "its canary"
                              : older->withdrawn ? "one that was left behind before"
                                                 : "not fit to be served");
    return ml_error_set(err, ML_EUSAGE, "%.128s has nothing to go back to: no file of version %.64s before this one is kept%s",
                        family->name, main->version, n > 0 ? text : ", and no older version is there");
}

static bool go_back(struct mli_family *family)
{
    struct mli_entry *main = mli_family_main(family), *end = family->entry + family->count;

    if (!main)
        return false;
    if (end_trial(family))
        return true;
    if (main->before) {
        memcpy(main->shunned, main->served->model->sha256, sizeof(main->shunned));
        mli_served_drop(main->served);
        main->served = main->before;
        main->before = NULL;
        return true;
    }
    for (struct mli_entry *older = main + 1; older < end; older++) {
        if (!older->served || older->withdrawn || older->trial || older->shadow)
            continue;
        main->withdrawn = true;
        return true;
    }
    return false;
}

enum ml_status mli_catalog_rollback(struct mli_catalog *catalog, const char *name, struct ml_error *err)
{
    enum ml_status status;

    pthread_mutex_lock(&catalog->lock);
    struct mli_family *family = mli_family_find(catalog, name);
    if (!family) {
        status = unknown(catalog, name, err);
    } else if (!go_back(family)) {
        status = cannot_go_back(family, err);
    } else {
        const struct mli_served *now = mli_family_main(family)->served;
        ml_log(catalog->config.log, ML_LOG_NOTE, "%s is rolled back to version %s, digest %.12s", name, now->version,
               now->model->sha256);
        status = mli_catalog_publish(catalog, err);
    }
    pthread_mutex_unlock(&catalog->lock);
    return status;
}
