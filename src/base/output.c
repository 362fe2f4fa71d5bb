#include <base/file.h>

#include <base/fd.h>
#include <base/mem.h>
#include <base/packing.h>
#include <base/sha256.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_SIZE 32 /* ".mlctl-", 16 hexadecimal digits, NUL */
#define TEMPORARY_TRIES 100
#define PACKED_SIZE ((size_t)64 << 10)

struct mli_output {
    char *path;       /* as the caller wrote it, for errors */
    char *target;     /* symbolic links followed; NULL when written straight through */
    const char *name; /* last part of target */
    int directory;    /* of target and of the temporary file, -1 when straight through */
    int fd;
    char temporary[TEMPORARY_SIZE]; /* "" until it is there */
    mode_t mode;                    /* for the final file */
    bool failed;                    /* a write has failed, so the file may not be committed */
    const struct mli_packing *packing; /* NULL: none */
    void *packer;
    unsigned char *packed;     /* PACKED_SIZE bytes */
    struct mli_sha256 *digest; /* of the bytes as stored; NULL: nobody asks */
};

/* ---- temporary files that are there ---------------------------------------------------------- */

/*
 * A signal handler can ask nobody, so what it is to remove stands in memory that never goes away: the one mutable
 * global of the library. A name is random and never used again, so removing one that is already renamed, or not yet
 * there, does no harm. More outputs at once than places: the others are not removed by a signal.
 */
#define PLACES 64

enum { PLACE_FREE, PLACE_CHANGING, PLACE_SET };

static struct place {
    atomic_int state;
    int directory;
    char name[TEMPORARY_SIZE];
} places[PLACES];
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may not wait for a lock");

static void remember(int directory, const char *name)
{
    for (size_t i = 0; i < PLACES; i++) {
        int expected = PLACE_FREE;
        if (!atomic_compare_exchange_strong(&places[i].state, &expected, PLACE_CHANGING))
            continue;
        places[i].directory = directory;
        memcpy(places[i].name, name, TEMPORARY_SIZE);
        atomic_store(&places[i].state, PLACE_SET);
        return;
    }
}

static void forget(const char *name)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (atomic_load(&places[i].state) == PLACE_SET && strcmp(places[i].name, name) == 0)
            atomic_store(&places[i].state, PLACE_FREE);
    }
}

void mli_output_remove_all(void)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (atomic_load(&places[i].state) == PLACE_SET)
            unlinkat(places[i].directory, places[i].name, 0);
    }
}

/* ---- output ---------------------------------------------------------------------------------- */

static void output_free(struct mli_output *out)
{
    if (out->fd > STDERR_FILENO)
        close(out->fd);
    if (out->temporary[0] != '\0') {
        unlinkat(out->directory, out->temporary, 0);
        forget(out->temporary);
    }
    if (out->directory >= 0)
        close(out->directory);
    if (out->packer)
        out->packing->pack_close(out->packer);
    free(out->packed);
    free(out->target);
    free(out->path);
    free(out);
}

static enum ml_status cannot_write(const char *path, int reason, struct ml_error *err)
{
    return ml_error_set(err, ML_EIO, "cannot write \"%s\": %s", path, strerror(reason));
}

/* A link stays a link: what it points at is replaced. One that points at nothing gives ENOENT. */
static enum ml_status find_target(struct mli_output *out, bool is_link, struct ml_error *err)
{
    out->target = is_link ? realpath(out->path, NULL) : mli_strdup(out->path);
    if (!out->target && (errno == ENOMEM || !is_link))
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    if (!out->target && errno == ENOENT)
        return ml_error_set(err, ML_EIO,
                            "cannot write \"%s\": it is a symbolic link to a file "
                            "that does not exist",
                            out->path);
    if (!out->target)
        return cannot_write(out->path, errno, err);
    return ML_OK;
}

static enum ml_status open_directory(struct mli_output *out, struct ml_error *err)
{
    char *slash = strrchr(out->target, '/');
    const char *directory = slash == out->target ? "/" : slash ? out->target : ".";

    if (slash)
        *slash = '\0';
    out->name = slash ? slash + 1 : out->target;
    out->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->directory < 0)
        return cannot_write(out->path, errno, err);
    if (out->name[0] == '\0')
        return cannot_write(out->path, EISDIR, err);
    return ML_OK;
}

/*
 * Beside the target, because a rename cannot leave a file system; under a name that no one can have
 * prepared.
 */
static enum ml_status open_temporary(struct mli_output *out, mode_t mode, struct ml_error *err)
{
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        uint64_t number;
        if (getrandom(&number, sizeof(number), 0) != sizeof(number))
            return cannot_write(out->path, errno, err);
        char name[TEMPORARY_SIZE] = "";
        snprintf(name, sizeof(name), ".mlctl-%016" PRIx64, number);
        remember(out->directory, name); /* before it is there, so that no moment is left out */
        out->fd = openat(out->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                         mode);
        if (out->fd >= 0) {
            memcpy(out->temporary, name, sizeof(name));
            return ML_OK;
        }
        int reason = errno;
        forget(name);
        errno = reason;
        if (reason != EEXIST)
            break;
    }
    return cannot_write(out->path, errno, err);
}

static enum ml_status open_replacement(struct mli_output *out, const struct stat *replaced,
                                       bool is_link, struct ml_error *err)
{
    enum ml_status status = find_target(out, is_link, err);
    if (status == ML_OK)
        status = open_directory(out, err);
    if (status == ML_OK)
        status = open_temporary(out, replaced ? replaced->st_mode & 0777 : 0666, err);
    if (status != ML_OK)
        return status;
    struct stat st; /* the mode less the umask, which cannot be read without changing it */
    if (fstat(out->fd, &st) != 0)
        return cannot_write(out->path, errno, err);
    out->mode = (replaced ? replaced->st_mode : st.st_mode) & 0777;
    return ML_OK;
}

static enum ml_status open_through(struct mli_output *out, struct ml_error *err)
{
    out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return out->fd >= 0 ? ML_OK : cannot_write(out->path, errno, err);
}

static enum ml_status open_path(struct mli_output *out, struct ml_error *err)
{
    struct stat st, link;
    bool exists = stat(out->path, &st) == 0;

    if (!exists && errno != ENOENT)
        return cannot_write(out->path, errno, err);
    if (exists && !S_ISREG(st.st_mode))
        return open_through(out, err); /* a directory fails there */
    bool is_link = lstat(out->path, &link) == 0 && S_ISLNK(link.st_mode);
    return open_replacement(out, exists ? &st : NULL, is_link, err);
}

enum ml_status mli_output_open(const char *path, struct mli_output **out, struct ml_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct mli_output *output = mli_calloc(1, sizeof(*output));

    if (!output)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    output->directory = -1;
    output->fd = standard ? STDOUT_FILENO : -1;
    output->path = mli_strdup(standard ? "standard output" : path);
    enum ml_status status = ML_OK;
    if (!output->path)
        status = ml_error_set(err, ML_ENOMEM, "out of memory");
    else if (!standard)
        status = open_path(output, err);
    if (status != ML_OK) {
        output_free(output);
        return status;
    }
    *out = output;
    return ML_OK;
}

void mli_output_mode(struct mli_output *out, mode_t keep, mode_t add)
{
    out->mode = (out->mode & keep) | add;
}

/* ---- writing --------------------------------------------------------------------------------- */

static const struct mli_packing *packing_named(const char *path)
{
    static const struct mli_packing *const packings[] = { &mli_gzip, &mli_zstd };
    size_t len = strlen(path);

    for (size_t i = 0; i < sizeof(packings) / sizeof(*packings); i++) {
        size_t end = strlen(packings[i]->suffix);
        if (len > end && strcmp(path + len - end, packings[i]->suffix) == 0)
            return packings[i];
    }
    return NULL;
}

enum ml_status mli_output_open_packed(const char *path, struct mli_output **out, struct ml_error *err)
{
    struct mli_output *output;
    enum ml_status status = mli_output_open(path, &output, err);

    if (status != ML_OK)
        return status;
    output->packing = packing_named(path);
    if (output->packing) {
        output->packer = output->packing->pack_open();
        output->packed = mli_alloc(PACKED_SIZE, 1);
    }
    if (output->packing && (!output->packer || !output->packed)) {
        output_free(output);
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    *out = output;
    return ML_OK;
}

void mli_output_digest(struct mli_output *out, struct mli_sha256 *sha)
{
    out->digest = sha;
}

static enum ml_status store(struct mli_output *out, const void *bytes, size_t n, struct ml_error *err)
{
    if (out->digest)
        mli_sha256_add(out->digest, bytes, n);
    if (mli_fd_write(out->fd, bytes, n))
        return ML_OK;
    out->failed = true;
    return cannot_write(out->path, errno, err);
}

static enum ml_status store_packed(struct mli_output *out, const void *bytes, size_t n, bool end,
                                   struct ml_error *err)
{
    struct mli_unpacking io = { .in = bytes, .in_left = n, .inside = true };
    enum ml_status status = ML_OK;

    while (io.inside && status == ML_OK) {
        io.out = out->packed;
        io.out_left = PACKED_SIZE;
        status = out->packing->pack(out->packer, &io, end);
        if (status != ML_OK) {
            out->failed = true;
            return ml_error_set(err, status, "cannot write \"%s\": out of memory to pack it", out->path);
        }
        status = store(out, out->packed, PACKED_SIZE - io.out_left, err);
    }
    return status;
}

enum ml_status mli_output_write(struct mli_output *out, const void *bytes, size_t n,
                                struct ml_error *err)
{
    return out->packing ? store_packed(out, bytes, n, false, err) : store(out, bytes, n, err);
}

/* close() may be where a network file system reports a full disk. */
static bool close_fd(struct mli_output *out)
{
    int fd = out->fd;

    out->fd = -1;
    return fd <= STDERR_FILENO || close(fd) == 0;
}

/* The steps in their order; the temporary file is no longer ours after the rename. */
static bool replace(struct mli_output *out)
{
    if (fchmod(out->fd, out->mode) != 0 || fsync(out->fd) != 0 || !close_fd(out))
        return false;
    if (renameat(out->directory, out->temporary, out->directory, out->name) != 0)
        return false;
    forget(out->temporary);
    out->temporary[0] = '\0';
    return fsync(out->directory) == 0 ||
           errno == EINVAL; /* some file systems have no fsync of directories */
}

enum ml_status mli_output_commit(struct mli_output *out, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    if (out->failed)
        status =
            ml_error_set(err, ML_EIO, "cannot write \"%s\": an earlier write failed", out->path);
    else if (out->packing)
        status = store_packed(out, "", 0, true, err);
    if (status == ML_OK && (out->directory >= 0 ? !replace(out) : !close_fd(out)))
        status = cannot_write(out->path, errno, err);
    output_free(out);
    return status;
}

void mli_output_abort(struct mli_output *out)
{
    if (out)
        output_free(out);
}
