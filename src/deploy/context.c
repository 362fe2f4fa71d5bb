#include <deploy/context.h>

#include <base/file.h>
#include <deploy/closure.h>
#include <deploy/compose.h>
#include <deploy/dockerfile.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_MAX ((size_t)1 << 20) /* bytes of a file written here; a Dockerfile has 1,500 */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-"

static enum ml_status set_mode(const char *path, mode_t mode, struct ml_error *err)
{
    if (chmod(path, mode))
        return ml_error_at(err, ML_EIO, path, 0, 0, "its mode cannot be set: %s", strerror(errno));
    return ML_OK;
}

/*
 * Makes one directory that the image will hold: open to every user whatever the umask, and a
 * directory of our own: a symbolic link in its place would lead the copies that follow out of the
 * context.
 */
static enum ml_status make_directory(const char *path, struct ml_error *err)
{
    struct stat info;
    if (mkdir(path, 0755) && errno != EEXIST)
        return ml_error_at(err, ML_EIO, path, 0, 0, "cannot be made: %s", strerror(errno));
    if (lstat(path, &info) || !S_ISDIR(info.st_mode))
        return ml_error_at(err, ML_EIO, path, 0, 0, "is in the way: a directory is needed here");
    return set_mode(path, 0755, err);
}

/* `context`/`name`, the first n bytes of the name. */
static enum ml_status join(const char *context, const char *name, size_t n, char out[PATH_MAX],
                           struct ml_error *err)
{
    int length = snprintf(out, PATH_MAX, "%s/%.*s", context, (int)n, name);
    if (length < 0 || length >= PATH_MAX)
        return ml_error_at(err, ML_EUSAGE, context, 0, 0, "the path of the context is too long");
    return ML_OK;
}

/* Makes the directories between `context` and the file `context`/`name`. */
static enum ml_status make_parents(const char *context, const char *name, struct ml_error *err)
{
    char path[PATH_MAX];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        enum ml_status status = join(context, name, (size_t)(slash - name), path, err);
        if (status == ML_OK)
            status = make_directory(path, err);
        if (status != ML_OK)
            return status;
    }
    return ML_OK;
}

/* `context`/`name`, which is free or a file: a link could lead out of the context. */
static enum ml_status place(const char *context, const char *name, char out[PATH_MAX],
                            struct ml_error *err)
{
    struct stat info;
    enum ml_status status = join(context, name, strlen(name), out, err);
    if (status == ML_OK && lstat(out, &info) == 0 && !S_ISREG(info.st_mode))
        return ml_error_at(err, ML_EIO, out, 0, 0, "is in the way: a plain file is needed here");
    return status;
}

/* Copies a file to `context`/`name` with a mode that the image's user can read by. */
static enum ml_status ship(const char *context, const char *name, const char *from, bool executable,
                           struct ml_error *err)
{
    char path[PATH_MAX];
    enum ml_status status = make_parents(context, name, err);
    if (status == ML_OK)
        status = place(context, name, path, err);
    if (status == ML_OK)
        status = mli_file_copy(from, path, executable, err);
    return status == ML_OK ? set_mode(path, executable ? 0755 : 0644, err) : status;
}

static enum ml_status write_text(const char *context, const char *name, const struct mli_buf *text,
                                 struct ml_error *err)
{
    char path[PATH_MAX];
    if (text->status != ML_OK)
        return ml_error_set(err, text->status, "%s cannot be made: %s", name,
                            ml_status_text(text->status));
    enum ml_status status = place(context, name, path, err);
    return status == ML_OK ? mli_file_write(path, text->data, text->len, false, err) : status;
}

/* A path goes into .dockerignore, where `*`, `?`, `[`, `\` and blanks have a meaning. */
static enum ml_status check_closure(const struct mli_closure *closure, struct ml_error *err)
{
    for (size_t i = 0; i < closure->count; i++)
        if (closure->path[i][strspn(closure->path[i], PLAIN)] != '\0')
            return ml_error_at(err, ML_EUSAGE, closure->path[i], 0, 0,
                               "a library's path may hold letters, digits and /._+- only");
    return ML_OK;
}

static enum ml_status ship_libraries(const char *context, const struct mli_closure *closure,
                                     struct ml_error *err)
{
    for (size_t i = 0; i < closure->count; i++) {
        const char *from = closure->path[i];
        char name[PATH_MAX];
        enum ml_status status = join("rootfs", from + 1, strlen(from + 1), name, err);
        if (status ==
            ML_OK) /* the kernel starts the dynamic loader, so that one is an executable */
            status = ship(context, name, from, from == closure->loader, err);
        if (status != ML_OK)
            return status;
    }
    return ML_OK;
}

static enum ml_status write_manifests(const struct ml_model *model,
                                      const struct mli_context_config *config,
                                      const struct mli_closure *closure, uint64_t model_bytes,
                                      struct ml_error *err)
{
    struct mli_buf text;
    mli_buf_init(&text, TEXT_MAX);
    mli_dockerignore_render(&text, closure);
    enum ml_status status = write_text(config->directory, ".dockerignore", &text, err);
    if (status == ML_OK) {
        mli_buf_reset(&text);
        mli_compose_render(&text, config, model_bytes);
        status = write_text(config->directory, "compose.yaml", &text, err);
    }
    if (status == ML_OK) {
        mli_buf_reset(&text);
        mli_dockerfile_render(&text, model, config);
        status = write_text(config->directory, "Dockerfile", &text, err);
    }
    mli_buf_release(&text);
    return status;
}

/* Whether a file of that name is there that begins otherwise than the ones this module writes. */
static bool is_foreign(const char *directory, const char *name, const char *first)
{
    char path[PATH_MAX], head[64] = "";
    int n = snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;

    if (!f)
        return false;
    size_t got = fread(head, 1, sizeof(head) - 1, f);
    fclose(f);
    return got > 0 && strncmp(head, first, strlen(first)) != 0;
}

static enum ml_status check_config(const struct mli_context_config *config, struct ml_error *err)
{
    if (config->port < 1 || config->port > 65535)
        return ml_error_set(err, ML_EUSAGE, "port %u: expected 1 to 65535", config->port);
    if (!config->name || config->name[0] == '\0')
        return ml_error_set(err, ML_EUSAGE, "the image needs a name");
    if (strcmp(config->model, "-") == 0)
        return ml_error_set(err, ML_EUSAGE,
                            "an image is made of a model file, standard input will not do");
    if (is_foreign(config->directory, "Dockerfile", "# Written by `mlctl docker`"))
        return ml_error_set(err, ML_EUSAGE,
                            "%s/Dockerfile is not one that mlctl docker wrote; choose another "
                            "directory with -o, or move it away",
                            config->directory);
    return ML_OK;
}

static enum ml_status write_files(const struct ml_model *model,
                                  const struct mli_context_config *config,
                                  const struct mli_closure *closure, struct ml_error *err)
{
    struct stat info;
    if (stat(config->model, &info))
        return ml_error_at(err, ML_EIO, config->model, 0, 0, "cannot be read: %s", strerror(errno));
    enum ml_status status = mli_file_mkdirs(config->directory, err);
    if (status == ML_OK)
        status = ship(config->directory, "rootfs/mlctl", config->program, true, err);
    if (status == ML_OK)
        status = ship_libraries(config->directory, closure, err);
    if (status == ML_OK)
        status = ship(config->directory, "model.safetensors", config->model, false, err);
    if (status == ML_OK)
        status = write_manifests(model, config, closure, (uint64_t)info.st_size, err);
    return status;
}

enum ml_status mli_context_write(const struct ml_model *model,
                                 const struct mli_context_config *config, struct ml_error *err)
{
    struct mli_closure closure = { 0 };
    enum ml_status status = check_config(config, err);
    if (status == ML_OK)
        status = mli_closure_of(config->program, &closure, err);
    if (status == ML_OK)
        status = check_closure(&closure, err);
    if (status == ML_OK)
        status = write_files(model, config, &closure, err);
    if (status == ML_OK)
        ml_log(config->log, ML_LOG_NOTE, "the image holds %s and the %zu shared libraries it loads",
               config->program, closure.count);
    mli_closure_release(&closure);
    return status;
}
