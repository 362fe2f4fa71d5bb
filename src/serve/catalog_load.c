/*
 * A file that is written in place is half there for a while. It is not fit to be served then, so nothing happens, and it
 * is looked into again when it has changed again.
 */
#include <serve/catalog_inside.h>

#include <model/predicted.h>
#include <model/selftest.h>
#include <serve/group.h>
#include <stdlib.h>
#include <string.h>

enum ml_status mli_entry_put(struct mli_catalog *catalog, const struct mli_family *family,
                             struct mli_entry *entry, const struct ml_model *model, struct ml_model *own,
                             struct ml_error *err)
{
    if (!entry->tally)
        entry->tally = mli_tally_new(catalog->config.threads, catalog->others);
    struct mli_tally *tally = entry->tally ? mli_tally_hold(entry->tally) : NULL;
    struct mli_served *served = mli_served_new(model, own, family->name, entry->version, tally,
                                                 catalog->config.drift_window);
    bool together = catalog->config.batch_window > 0 && mli_group_gains(model);

    if (served && together)
        served->group = mli_group_new(model, catalog->config.batch_window, &served->tally->together);
    if (served && together && !served->group) {
        mli_served_drop(served);
        served = NULL;
    }
    if (!served)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the model's registry");
    mli_served_drop(entry->before);
    entry->before = entry->served;
    entry->served = served;
    entry->withdrawn = false;
    entry->shunned[0] = '\0';
    return ML_OK;
}

/* ---- one file ---------------------------------------------------------------------------------------------------- */

/* The file is not served, and that is said; what was served before stays. */
static void refuse(struct mli_catalog *catalog, const struct mli_family *family, struct mli_entry *entry,
                   const struct ml_error *why)
{
    bool fatal = !catalog->registry && !mli_source_is_folder(&catalog->config.source[family->source]);

    free(entry->reason);
    entry->reason = mli_strdup(why->text);
    atomic_fetch_add(&catalog->refusals, 1);
    if (!fatal) /* then it is said as the reason why there is no start */
        ml_log(catalog->config.log, ML_LOG_WARNING, "%s is not served%s: %s", entry->path,
               entry->served ? ", the one before it still is" : "", why->text);
}

/* A file whose model is whole, and says here what it said when it was made. */
static enum ml_status read_file(const char *path, struct ml_model **out, struct ml_error *err)
{
    struct ml_model *model;
    enum ml_status status = ml_model_load(path, &model, err);

    if (status == ML_OK && ((status = mli_selftest_check(model, err)) != ML_OK ||
                            (status = mli_predicted_check(model, err)) != ML_OK))
        ml_model_free(model);
    ml_error_source(err, path);
    if (status == ML_OK)
        *out = model;
    return status;
}

static enum ml_status take(struct mli_catalog *catalog, const struct mli_family *family,
                           struct mli_entry *entry, struct ml_model *model, struct ml_error *err)
{
    if ((entry->served && strcmp(entry->served->model->sha256, model->sha256) == 0) ||
        strcmp(entry->shunned, model->sha256) == 0) {
        ml_model_free(model);
        return ML_OK;
    }
    bool anew = entry->served != NULL;
    enum ml_status status = mli_entry_put(catalog, family, entry, model, model, err);
    if (status != ML_OK)
        return status;
    atomic_fetch_add(&catalog->loads, 1);
    ml_log(catalog->config.log, catalog->registry ? ML_LOG_NOTE : ML_LOG_DEBUG, "%s version %s is served %sof %s, digest %.12s",
           family->name, entry->version, anew ? "anew " : "", entry->path, entry->served->model->sha256);
    return ML_OK;
}

/* Reads the file of an entry, if it is another one than last time. */
static enum ml_status load(struct mli_catalog *catalog, const struct mli_family *family,
                           struct mli_entry *entry, bool force, bool *changed, struct ml_error *err)
{
    struct mli_stamp stamp = mli_stamp_of(entry->path);
    struct ml_error problem = ML_ERROR_INIT;
    const struct mli_served *before = entry->served;
    struct ml_model *model = NULL;

    if (entry->looked && !force && mli_stamp_equals(&stamp, &entry->stamp))
        return ML_OK;
    entry->looked = true;
    entry->stamp = stamp;
    enum ml_status status = read_file(entry->path, &model, &problem);
    if (status == ML_OK)
        status = take(catalog, family, entry, model, &problem);
    if (status != ML_OK) {
        refuse(catalog, family, entry, &problem);
        *changed = true;
        if (err && err->status == ML_OK)
            *err = problem;
        return status;
    }
    *changed = *changed || entry->served != before || entry->reason;
    free(entry->reason);
    entry->reason = NULL;
    return ML_OK;
}

/* ---- one model --------------------------------------------------------------------------------------------------- */

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
}

/* The versions of one model, found[0..n), as many of them as are to be kept. */
static enum ml_status load_model(struct mli_catalog *catalog, size_t source, const struct mli_found *found,
                                 size_t n, bool force, bool *changed, struct ml_error *err)
{
    size_t keep = catalog->config.keep && catalog->config.keep < n ? catalog->config.keep : n;
    struct mli_family *family = mli_family_find(catalog, found->name);
    enum ml_status status = ML_OK;

    if (family && family->source != source)
        return ml_error_set(err, ML_EUSAGE, "two models are named \"%s\"", found->name);
    if (!family && !(family = mli_family_need(catalog, found->name)))
        return no_memory(err);
    family->source = source;
    for (size_t i = 0; i < keep; i++) {
        struct mli_entry *entry = mli_entry_need(family, found[i].version, found[i].path);
        if (!entry)
            return no_memory(err);
        entry->found = true;
        enum ml_status of = load(catalog, family, entry, force, changed, err);
        status = status == ML_OK ? of : status;
    }
    return status;
}

enum ml_status mli_family_load(struct mli_catalog *catalog, struct mli_family *family, bool force, bool *changed,
                               struct ml_error *err)
{
    enum ml_status status = ML_OK;

    *changed = false;
    for (size_t i = 0; i < family->count; i++) {
        enum ml_status of = load(catalog, family, &family->entry[i], force, changed, err);
        status = status == ML_OK ? of : status;
    }
    return status;
}

/* ---- a source ---------------------------------------------------------------------------------------------------- */

/* Versions that are gone from the disk go, but for the last one that is served. */
static void drop_versions(struct mli_catalog *catalog, struct mli_family *family, bool *changed)
{
    bool others = false;

    for (size_t i = 0; i < family->count; i++)
        others = others || (family->entry[i].found && family->entry[i].served);
    for (size_t i = family->count; i-- > 0 && others;) {
        struct mli_entry *entry = &family->entry[i];
        if (entry->found)
            continue;
        ml_log(catalog->config.log, ML_LOG_NOTE, "%s version %s is served no more: %s is gone", family->name,
               entry->version, entry->path);
        mli_entry_remove(family, entry);
        *changed = true;
    }
}

/* A model whose folder is gone goes, unless it would be the last. */
static void drop_models(struct mli_catalog *catalog, size_t source, const char *name, bool *changed)
{
    for (size_t i = catalog->count; i-- > 0;) {
        struct mli_family *family = &catalog->family[i];
        bool found = false;
        if (family->source != source || family->url || (name ? strcmp(family->name, name) != 0 : family->unloaded))
            continue;
        for (size_t k = 0; k < family->count; k++)
            found = found || family->entry[k].found;
        if (found) {
            drop_versions(catalog, family, changed);
        } else if (catalog->count > 1 && !catalog->config.source[source].name) {
            ml_log(catalog->config.log, ML_LOG_NOTE, "%s is served no more: its folder is gone", family->name);
            mli_family_remove(catalog, family);
            *changed = true;
        }
    }
}

static void forget_found(struct mli_catalog *catalog, size_t source)
{
    for (size_t i = 0; i < catalog->count; i++) {
        struct mli_family *family = &catalog->family[i];
        for (size_t k = 0; k < family->count && family->source == source; k++)
            family->entry[k].found = false;
    }
}

/* The folder of a source cannot be read: said once, and what was served of it still is. */
static void miss_source(struct mli_catalog *catalog, size_t source, const struct ml_error *why)
{
    if (catalog->registry && catalog->unread != source + 1)
        ml_log(catalog->config.log, ML_LOG_WARNING, "%s; what was served of it still is", why->text);
    catalog->unread = source + 1;
}

/* Nothing is read of it because somebody wants it so, or the name is one's that was added. */
static bool is_passed_over(struct mli_catalog *catalog, const char *name, bool unloaded)
{
    const struct mli_family *family = mli_family_find(catalog, name);

    return family && (family->url || (unloaded && family->unloaded));
}

enum ml_status mli_source_load(struct mli_catalog *catalog, size_t source, const char *name, bool force,
                               bool *changed, struct ml_error *err)
{
    struct mli_finds finds = { 0 };
    struct ml_error problem = ML_ERROR_INIT;
    enum ml_status status = mli_source_list(&catalog->config.source[source], &finds, &problem);

    *changed = false;
    if (status != ML_OK) {
        mli_finds_release(&finds);
        miss_source(catalog, source, &problem);
        return ml_error_set(err, status, "%s", problem.text);
    }
    catalog->unread = catalog->unread == source + 1 ? 0 : catalog->unread;
    forget_found(catalog, source);
    for (size_t i = 0, n = 0; i < finds.count; i += n) {
        const struct mli_found *found = &finds.found[i];
        for (n = 1; i + n < finds.count && strcmp(found->name, found[n].name) == 0;)
            n++;
        if ((name && strcmp(found->name, name) != 0) || is_passed_over(catalog, found->name, !name))
            continue;
        enum ml_status of = load_model(catalog, source, found, n, force, changed, err);
        status = status == ML_OK ? of : status;
    }
    drop_models(catalog, source, name, changed);
    mli_finds_release(&finds);
    return status;
}
