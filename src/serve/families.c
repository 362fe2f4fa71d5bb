#include <serve/catalog_inside.h>

#include <stdlib.h>
#include <string.h>

static void release_entry(struct mli_entry *entry)
{
    mli_served_drop(entry->served);
    mli_served_drop(entry->before);
    mli_tally_drop(entry->tally);
    free(entry->version);
    free(entry->path);
    free(entry->reason);
}

void mli_family_release(struct mli_family *family)
{
    for (size_t i = 0; i < family->count; i++)
        release_entry(&family->entry[i]);
    free(family->entry);
    free(family->name);
    free(family->url);
}

struct mli_family *mli_family_find(struct mli_catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->count; i++) {
        if (strcmp(catalog->family[i].name, name) == 0)
            return &catalog->family[i];
    }
    return NULL;
}

struct mli_family *mli_family_need(struct mli_catalog *catalog, const char *name)
{
    struct mli_family *family = mli_family_find(catalog, name);

    if (family)
        return family;
    if (!mli_grow((void **)&catalog->family, &catalog->capacity, catalog->count, sizeof(*family)))
        return NULL;
    family = &catalog->family[catalog->count];
    *family = (struct mli_family){ .name = mli_strdup(name) };
    if (!family->name)
        return NULL;
    catalog->count++;
    return family;
}

static struct mli_entry *find_entry(struct mli_family *family, const char *version)
{
    for (size_t i = 0; i < family->count; i++) {
        if (strcmp(family->entry[i].version, version) == 0)
            return &family->entry[i];
    }
    return NULL;
}

struct mli_entry *mli_entry_need(struct mli_family *family, const char *version, const char *path)
{
    struct mli_entry *entry = find_entry(family, version);
    struct mli_entry made = { 0 };
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

void mli_entry_remove(struct mli_family *family, struct mli_entry *entry)
{
    size_t at = (size_t)(entry - family->entry);

    release_entry(entry);
    memmove(entry, entry + 1, (--family->count - at) * sizeof(*entry));
}

bool mli_family_is_served(const struct mli_family *family)
{
    for (size_t i = 0; i < family->count; i++) {
        if (family->entry[i].served)
            return true;
    }
    return false;
}

struct mli_entry *mli_family_main(const struct mli_family *family)
{
    struct mli_entry *any = NULL;

    for (size_t i = 0; i < family->count; i++) {
        struct mli_entry *entry = &family->entry[i];
        if (entry->served && !entry->withdrawn && !entry->trial && !entry->shadow)
            return entry;
        any = any || !entry->served ? any : entry;
    }
    return any;
}

void mli_family_remove(struct mli_catalog *catalog, struct mli_family *family)
{
    size_t at = (size_t)(family - catalog->family);

    mli_family_release(family);
    memmove(family, family + 1, (--catalog->count - at) * sizeof(*family));
}

void mli_families_release(struct mli_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        mli_family_release(&catalog->family[i]);
    free(catalog->family);
}
