#include <serve/registry.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

struct mli_registry *mli_registry_new(size_t lineups, size_t versions)
{
    struct mli_registry *registry = mli_calloc(1, sizeof(*registry));

    if (!registry)
        return NULL;
    atomic_init(&registry->holders, 1);
    registry->lineup = mli_calloc(lineups, sizeof(*registry->lineup));
    registry->version = mli_calloc(versions, sizeof(*registry->version));
    if (registry->lineup && registry->version) {
        registry->lineups = lineups;
        registry->versions = versions;
        return registry;
    }
    mli_registry_drop(registry);
    return NULL;
}

struct mli_registry *mli_registry_hold(struct mli_registry *registry)
{
    atomic_fetch_add(&registry->holders, 1);
    return registry;
}

void mli_registry_drop(struct mli_registry *registry)
{
    if (!registry || atomic_fetch_sub(&registry->holders, 1) > 1)
        return;
    for (size_t i = 0; i < registry->versions; i++) {
        mli_served_drop(registry->version[i].served);
        free(registry->version[i].version);
        free(registry->version[i].reason);
    }
    for (size_t i = 0; i < registry->lineups; i++) {
        free(registry->lineup[i].name);
        free(registry->lineup[i].url);
    }
    free(registry->version);
    free(registry->lineup);
    free(registry);
}

static bool is(const char *text, const char *wanted, size_t len)
{
    return strlen(text) == len && memcmp(text, wanted, len) == 0;
}

const struct mli_lineup *mli_registry_lineup(const struct mli_registry *registry, const char *name,
                                             size_t name_len)
{
    for (size_t i = 0; i < registry->lineups; i++) {
        if (!name || is(registry->lineup[i].name, name, name_len))
            return &registry->lineup[i];
    }
    return NULL;
}

size_t mli_registry_next(const struct mli_registry *registry, size_t at)
{
    while (at < registry->lineups && registry->lineup[at].main == MLI_NO_PLACE)
        at++;
    return at < registry->lineups ? at : MLI_NO_PLACE;
}

size_t mli_registry_find(const struct mli_registry *registry, const char *name, size_t name_len,
                         const char *version, size_t version_len)
{
    const struct mli_lineup *lineup = mli_registry_lineup(registry, name, name_len);

    if (!lineup)
        return MLI_NO_PLACE;
    if (!version)
        return lineup->main;
    for (size_t i = lineup->first; i < lineup->first + lineup->count; i++) {
        const struct mli_version *at = &registry->version[i];
        if (at->served && is(at->version, version, version_len))
            return i;
    }
    return MLI_NO_PLACE;
}

size_t mli_registry_labelled(const struct mli_registry *registry, const struct mli_lineup *lineup, const char *label,
                             size_t len)
{
    for (size_t i = 0; i < registry->labels; i++) {
        const struct mli_label *at = &registry->label[i];
        if (strcmp(at->name, lineup->name) == 0 && is(at->label, label, len))
            return mli_registry_find(registry, lineup->name, strlen(lineup->name), at->version, strlen(at->version));
    }
    return is(MLI_LABEL_LATEST, label, len) ? lineup->main : MLI_NO_PLACE;
}
