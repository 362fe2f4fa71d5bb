#include <serve/catalog_inside.h>

#include <base/mem.h>
#include <base/suggest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A version that is asked for by a flag. */
struct wanted {
    const char *flag, *name, *version;
    bool alone; /* it makes sense where it is the only one */
};

static enum ml_status check_name(struct mli_catalog *catalog, const struct wanted *wanted, struct ml_error *err)
{
    const char **names = mli_calloc(catalog->count + 1, sizeof(*names));

    if (!names)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
    for (size_t i = 0; i < catalog->count; i++)
        names[i] = catalog->family[i].name;
    size_t near = mli_suggest(wanted->name, names, catalog->count);
    const char *nearest = near < catalog->count ? names[near] : NULL;
    free(names);
    if (mli_family_find(catalog, wanted->name))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "--%s: no model is named \"%.128s\"%s%s%s", wanted->flag, wanted->name,
                        nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* "10, 9, 1", the first of them that have room. */
static void list_versions(const struct mli_family *family, char out[256])
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < family->count; i++) {
        const char *version = family->entry[i].version;
        if (n + strlen(version) + 8 > 256) {
            snprintf(out + n, 256 - n, ", ...");
            return;
        }
        n += (size_t)snprintf(out + n, 256 - n, "%s%s", i > 0 ? ", " : "", version);
    }
}

/* A folder may get the version later, or another one beside it; a file is all there will be of its model. */
static enum ml_status check_version(struct mli_catalog *catalog, const struct wanted *wanted, struct ml_error *err)
{
    const struct mli_family *family = mli_family_find(catalog, wanted->name);
    bool later = family->url || mli_source_is_folder(&catalog->config.source[family->source]), there = false;
    char text[512], all[256];

    for (size_t i = 0; i < family->count; i++)
        there = there || strcmp(family->entry[i].version, wanted->version) == 0;
    if (there && (wanted->alone || family->count > 1))
        return ML_OK;
    list_versions(family, all);
    if (there)
        snprintf(text, sizeof(text), "--%s: %s has no version but %s, which answers everything", wanted->flag, wanted->name, all);
    else
        snprintf(text, sizeof(text), "--%s: %s has no version \"%.128s\"; there is %s", wanted->flag, wanted->name,
                 wanted->version, all);
    if (!later)
        return ml_error_set(err, ML_EUSAGE, "%s", text);
    ml_log(catalog->config.log, ML_LOG_WARNING, "%s; it counts when its folder has %s", text,
           there ? "another one, too" : "it");
    return ML_OK;
}

static enum ml_status check(struct mli_catalog *catalog, const struct wanted *wanted, struct ml_error *err)
{
    enum ml_status status = check_name(catalog, wanted, err);

    return status == ML_OK ? check_version(catalog, wanted, err) : status;
}

static enum ml_status check_seconds(struct mli_catalog *catalog, const char *flag, const struct mli_second *second, size_t n,
                                    struct ml_error *err)
{
    enum ml_status status = ML_OK;

    for (size_t i = 0; status == ML_OK && i < n; i++) {
        status = check(catalog, &(struct wanted){ flag, second[i].name, second[i].version, false }, err);
        if (status == ML_OK && mli_second_find(second, i, second[i].name))
            status = ml_error_set(err, ML_EUSAGE, "--%s: \"%.128s\" is there twice; once a model is all there can be", flag,
                                  second[i].name);
    }
    return status;
}

static enum ml_status check_both(const struct mli_catalog_config *config, struct ml_error *err)
{
    for (size_t i = 0; i < config->shadows; i++) {
        const struct mli_second *shadow = &config->shadow[i];
        const struct mli_second *canary = mli_second_find(config->canary, config->canaries, shadow->name);
        if (canary && strcmp(canary->version, shadow->version) == 0)
            return ml_error_set(err, ML_EUSAGE, "version %.128s of %.128s cannot be its canary and its shadow",
                                shadow->version, shadow->name);
    }
    return ML_OK;
}

static enum ml_status check_labels(struct mli_catalog *catalog, struct ml_error *err)
{
    const struct mli_label *label = catalog->config.label;
    enum ml_status status = ML_OK;

    for (size_t i = 0; status == ML_OK && i < catalog->config.labels; i++) {
        status = check(catalog, &(struct wanted){ "label", label[i].name, label[i].version, true }, err);
        for (size_t k = 0; status == ML_OK && k < i; k++)
            if (strcmp(label[i].name, label[k].name) == 0 && strcmp(label[i].label, label[k].label) == 0)
                status = ml_error_set(err, ML_EUSAGE, "--label: \"%.128s:%.128s\" is there twice; it means one version", label[i].name,
                                      label[i].label);
    }
    return status;
}

enum ml_status mli_catalog_check(struct mli_catalog *catalog, struct ml_error *err)
{
    const struct mli_catalog_config *config = &catalog->config;
    enum ml_status status = check_seconds(catalog, "canary", config->canary, config->canaries, err);

    if (status == ML_OK)
        status = check_seconds(catalog, "shadow", config->shadow, config->shadows, err);
    if (status == ML_OK)
        status = check_both(config, err);
    return status == ML_OK ? check_labels(catalog, err) : status;
}
