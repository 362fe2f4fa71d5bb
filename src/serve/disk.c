#include <serve/disk.h>

#include <base/buf.h>
#include <dirent.h>
#include <errno.h>
#include <serve/served.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int mli_version_compare(const char *a, const char *b)
{
    return strverscmp(a, b);
}

struct mli_stamp mli_stamp_of(const char *path)
{
    struct stat file;

    if (stat(path, &file) != 0)
        return (struct mli_stamp){ 0 };
    return (struct mli_stamp){ file.st_dev, file.st_ino, file.st_size, file.st_ctim };
}

bool mli_stamp_equals(const struct mli_stamp *a, const struct mli_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

bool mli_source_is_folder(const struct mli_source *source)
{
    struct stat at;

    return stat(source->path, &at) == 0 && S_ISDIR(at.st_mode);
}

/* ---- finds ------------------------------------------------------------------------------------------------------- */

void mli_finds_release(struct mli_finds *finds)
{
    for (size_t i = 0; i < finds->count; i++) {
        free(finds->found[i].name);
        free(finds->found[i].version);
        free(finds->found[i].path);
    }
    free(finds->found);
    *finds = (struct mli_finds){ 0 };
}

/* Takes the path. */
static enum ml_status add(struct mli_finds *finds, const char *name, const char *version, char *path,
                          struct ml_error *err)
{
    struct mli_found *found;

    if (finds->count == MLI_DISK_MODELS) {
        free(path);
        return ml_error_set(err, ML_ELIMIT, "more than %zu models", MLI_DISK_MODELS);
    }
    if (!path || !mli_grow((void **)&finds->found, &finds->capacity, finds->count, sizeof(*finds->found))) {
        free(path);
        return ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
    }
    found = &finds->found[finds->count++];
    *found = (struct mli_found){ .name = mli_strdup(name), .version = mli_strdup(version), .path = path };
    return found->name && found->version
               ? ML_OK
               : ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
}

static int by_age(const void *a, const void *b)
{
    const struct mli_found *x = a, *y = b;
    int names = strcmp(x->name, y->name);

    return names ? names : mli_version_compare(y->version, x->version);
}

/* ---- folders ----------------------------------------------------------------------------------------------------- */

/* NULL: no memory. */
static char *join(const char *folder, const char *name)
{
    struct mli_buf path;

    mli_buf_init(&path, SIZE_MAX);
    mli_buf_printf(&path, "%s/%s", folder, name);
    return mli_buf_detach(&path);
}

typedef enum ml_status list_entry(struct mli_finds *finds, const char *name, const char *folder,
                                  const char *entry, struct ml_error *err);

static enum ml_status each(const char *folder, list_entry *list, struct mli_finds *finds, const char *name,
                           struct ml_error *err)
{
    enum ml_status status = ML_OK;
    struct dirent *entry;
    DIR *directory = opendir(folder);

    if (!directory)
        return ml_error_set(err, ML_EIO, "%s: %s", folder, strerror(errno));
    while (status == ML_OK && (entry = readdir(directory))) {
        if (mli_name_valid(entry->d_name))
            status = list(finds, name, folder, entry->d_name, err);
    }
    closedir(directory);
    return status;
}

static enum ml_status list_version(struct mli_finds *finds, const char *name, const char *folder,
                                   const char *entry, struct ml_error *err)
{
    char *version = join(folder, entry), *path = version ? join(version, MLI_DISK_FILE) : NULL;
    struct stat file;

    free(version);
    if (path && stat(path, &file) != 0) {
        free(path);
        return ML_OK;
    }
    return add(finds, name, entry, path, err);
}

static enum ml_status list_model(struct mli_finds *finds, const char *name, const char *folder,
                                 const char *entry, struct ml_error *err)
{
    char *path = join(folder, entry);
    enum ml_status status = ML_OK;
    struct stat at;

    (void)name;
    if (!path)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
    if (stat(path, &at) == 0 && S_ISDIR(at.st_mode))
        status = each(path, list_version, finds, entry, err);
    free(path);
    return status;
}

static enum ml_status check_name(const char *name, const char *what, struct ml_error *err)
{
    if (mli_name_valid(name))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "\"%.150s\" is no %s of a model: letters, digits, '.', '_' and '-', at "
                        "most %zu of them",
                        name, what, MLI_NAME_MAX);
}

enum ml_status mli_source_list(const struct mli_source *source, struct mli_finds *finds, struct ml_error *err)
{
    enum ml_status status = source->name ? check_name(source->name, "name", err) : ML_OK;
    size_t before = finds->count;

    if (status != ML_OK)
        return status;
    if (!source->name) {
        status = each(source->path, list_model, finds, NULL, err);
    } else if (mli_source_is_folder(source)) {
        status = each(source->path, list_version, finds, source->name, err);
    } else {
        status = check_name(source->version, "version", err);
        if (status == ML_OK)
            status = add(finds, source->name, source->version, mli_strdup(source->path), err);
    }
    if (status == ML_OK && finds->count > before)
        qsort(finds->found + before, finds->count - before, sizeof(*finds->found), by_age);
    return status;
}
