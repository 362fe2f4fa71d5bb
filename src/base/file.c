#include <base/file.h>

#include <base/fd.h>
#include <base/mem.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)64 << 10)

/* O_NONBLOCK: a FIFO is refused, not waited for. `unfit`: the status of something that can never be the file meant. */
static enum ml_status open_regular(const char *path, enum ml_status unfit, int *out,
                                   struct ml_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 || fstat(fd, &st) != 0) {
        int reason = errno;
        if (fd >= 0)
            close(fd);
        return ml_error_at(err, reason == ELOOP ? unfit : ML_EIO, path, 0, 0,
                           "cannot be opened: %s", strerror(reason));
    }
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return ml_error_at(err, unfit, path, 0, 0, "is not a regular file");
    }
    *out = fd;
    return ML_OK;
}

/* Hands the bytes of a regular file to a sink, piece by piece. */
static enum ml_status each_piece(const char *path, enum ml_status unfit,
                                 enum ml_status (*sink)(void *data, const void *bytes, size_t n,
                                                        struct ml_error *err),
                                 void *data, struct ml_error *err)
{
    size_t got;
    int fd = -1;
    enum ml_status status = open_regular(path, unfit, &fd, err);

    if (status != ML_OK)
        return status;
    char *chunk = mli_alloc(CHUNK, 1);
    if (!chunk)
        status = ml_error_at(err, ML_ENOMEM, path, 0, 0, "out of memory");
    do {
        got = 0;
        if (status == ML_OK && !mli_fd_read(fd, chunk, CHUNK, &got))
            status = ml_error_at(err, ML_EIO, path, 0, 0, "cannot be read: %s", strerror(errno));
        if (status == ML_OK && got > 0)
            status = sink(data, chunk, got, err);
    } while (status == ML_OK && got > 0);
    free(chunk);
    close(fd);
    return status;
}

static enum ml_status into_buf(void *data, const void *bytes, size_t n, struct ml_error *err)
{
    struct mli_buf *buf = data;

    mli_buf_add(buf, bytes, n);
    if (buf->status == ML_ELIMIT)
        return ml_error_set(err, ML_ELIMIT, "is larger than %zu bytes, the most that is read",
                            buf->limit);
    if (buf->status != ML_OK)
        return ml_error_set(err, buf->status, "out of memory");
    return ML_OK;
}

enum ml_status mli_file_read(const char *path, struct mli_buf *buf, struct ml_error *err)
{
    size_t before = buf->len;
    enum ml_status status = each_piece(path, ML_EARTIFACT, into_buf, buf, err);

    if (status == ML_OK)
        return ML_OK;
    ml_error_source(err, path);
    buf->len = before;
    if (buf->data)
        buf->data[before] = '\0';
    return status;
}

static enum ml_status into_sha256(void *data, const void *bytes, size_t n, struct ml_error *err)
{
    (void)err;
    mli_sha256_add(data, bytes, n);
    return ML_OK;
}

enum ml_status mli_files_sha256(const char *const *paths, size_t n, char hex[MLI_SHA256_HEX],
                                struct ml_error *err)
{
    struct mli_sha256 sha;
    enum ml_status status = ML_OK;

    mli_sha256_init(&sha);
    for (size_t i = 0; i < n && status == ML_OK; i++)
        status = each_piece(paths[i], ML_EIO, into_sha256, &sha, err);
    if (status == ML_OK)
        mli_sha256_hex(&sha, hex);
    return status;
}

enum ml_status mli_file_sha256(const char *path, char hex[MLI_SHA256_HEX], struct ml_error *err)
{
    return mli_files_sha256(&path, 1, hex, err);
}

enum ml_status mli_file_write(const char *path, const void *bytes, size_t n, bool executable,
                              struct ml_error *err)
{
    struct mli_output *out;
    enum ml_status status = mli_output_open(path, &out, err);

    if (status != ML_OK)
        return status;
    status = mli_output_write(out, bytes, n, err);
    if (status != ML_OK) {
        mli_output_abort(out);
        return status;
    }
    if (executable)
        mli_output_mode(out, 0777, 0111);
    return mli_output_commit(out, err);
}

static enum ml_status into_output(void *data, const void *bytes, size_t n, struct ml_error *err)
{
    return mli_output_write(data, bytes, n, err);
}

enum ml_status mli_file_copy(const char *from, const char *to, bool executable,
                             struct ml_error *err)
{
    struct mli_output *out;
    enum ml_status status = mli_output_open(to, &out, err);

    if (status != ML_OK)
        return status;
    status = each_piece(from, ML_EIO, into_output, out, err);
    if (status != ML_OK) {
        mli_output_abort(out);
        return status;
    }
    if (executable)
        mli_output_mode(out, 0, 0755);
    return mli_output_commit(out, err);
}

/* One directory: fine when it is there already, be it by a symbolic link. */
static int make_directory(const char *path)
{
    struct stat st;

    if (mkdir(path, 0777) == 0)
        return 0;
    if (errno != EEXIST)
        return errno;
    if (stat(path, &st) != 0)
        return errno;
    return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
}

enum ml_status mli_file_mkdirs(const char *path, struct ml_error *err)
{
    char *part = mli_strdup(path);
    int reason = 0;

    if (!part)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    for (char *p = part; *p != '\0' && reason == 0; p++) {
        if (*p != '/' || p == part || p[-1] == '/')
            continue;
        *p = '\0';
        reason = make_directory(part);
        *p = '/';
    }
    if (reason == 0)
        reason = make_directory(part);
    free(part);
    if (reason != 0)
        return ml_error_set(err, ML_EIO, "cannot make the directory \"%s\": %s", path,
                            strerror(reason));
    return ML_OK;
}
