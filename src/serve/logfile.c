/*
 * A write is cut at line ends where a file becomes full. After one that failed amid a line, the next begins with a line feed, so that
 * only that line is lost. Behind the sandbox a file is opened with just the flags that it lets through (sandbox.h).
 */
#include <serve/logfile.h>

#include <base/mem.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC)
#define MODE 0640
#define PIECE ((size_t)4096) /* PIPE_BUF: a pipe that is ready takes that much without waiting */

static void take_fd(struct mli_logfile *file, int fd)
{
    struct stat is = { 0 };

    file->fd = fd;
    file->regular = fstat(fd, &is) == 0 && S_ISREG(is.st_mode);
    file->device = is.st_dev;
    file->inode = is.st_ino;
    file->size = is.st_size > 0 ? (size_t)is.st_size : 0;
    file->torn = false;
}

enum ml_status mli_logfile_open(struct mli_logfile *file, const struct mli_logfile_config *config,
                                struct ml_error *err)
{
    bool standard = strcmp(config->path, "-") == 0;
    int fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open(config->path, FLAGS, MODE);

    if (fd < 0)
        return ml_error_set(err, ML_EIO, "%s: cannot be opened to be written: %s",
                            standard ? "standard output" : config->path, strerror(errno));
    *file = (struct mli_logfile){ .config = *config };
    take_fd(file, fd);
    file->regular = file->regular && !standard;
    return ML_OK;
}

void mli_logfile_close(struct mli_logfile *file)
{
    close(file->fd);
    file->fd = -1;
}

static void complain(struct mli_logfile *file, const char *what)
{
    if (!file->warned)
        ml_log(file->config.log, ML_LOG_WARNING, "%s: %s: %s", file->config.path, what, strerror(errno));
    file->warned = true;
}

static bool reopen(struct mli_logfile *file)
{
    int fd = open(file->config.path, FLAGS, MODE);

    if (fd < 0) {
        complain(file, "cannot be opened again");
        return false;
    }
    close(file->fd);
    take_fd(file, fd);
    file->warned = false;
    return true;
}

void mli_logfile_refresh(struct mli_logfile *file)
{
    struct stat is;

    if (!file->regular)
        return;
    bool there = stat(file->config.path, &is) == 0;
    if (there && is.st_dev == file->device && is.st_ino == file->inode)
        file->size = (size_t)is.st_size; /* it may have been emptied */
    else if (there || errno == ENOENT)
        reopen(file);
}

/* ---- rotation ---------------------------------------------------------------------------------------------------- */

static bool move(const char *path, unsigned from, unsigned to)
{
    size_t room = strlen(path) + 16;
    char *old = mli_alloc(room, 1), *new = mli_alloc(room, 1);
    bool moved = false;

    if (old && new) {
        snprintf(old, room, from ? "%s.%u" : "%s", path, from);
        snprintf(new, room, "%s.%u", path, to);
        moved = renameat(AT_FDCWD, old, AT_FDCWD, new) == 0 || (from && errno == ENOENT);
    }
    free(old);
    free(new);
    return moved;
}

/* A file that has been renamed and whose successor could not be opened then is not there, and nothing more is renamed. */
static bool rotate(struct mli_logfile *file)
{
    struct stat is;
    const bool there = stat(file->config.path, &is) == 0;

    for (unsigned i = file->config.files - 1; there && i > 0; i--) {
        if (!move(file->config.path, i - 1, i)) {
            complain(file, "cannot be rotated");
            return false;
        }
    }
    const ino_t full = file->inode;
    const bool warned = file->warned;
    if (!reopen(file))
        return false;
    if (file->inode != full)
        return true;
    file->warned = warned;
    errno = EEXIST;
    complain(file, "cannot be rotated, as the next name is a hard link to it");
    return false;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static bool wait_for(const struct mli_logfile *file, int patience)
{
    struct pollfd to = { .fd = file->fd, .events = POLLOUT };
    int ready;

    do {
        ready = poll(&to, 1, patience);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 && (to.revents & POLLOUT);
}

/* How many of n bytes were written. */
static size_t write_bytes(struct mli_logfile *file, const char *bytes, size_t n, int patience)
{
    size_t done = 0;

    while (done < n) {
        size_t piece = n - done;
        if (!file->regular) {
            piece = piece < PIECE ? piece : PIECE;
            if (!wait_for(file, patience))
                break;
        }
        ssize_t wrote = write(file->fd, bytes + done, piece);
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote < 0 && errno != EINTR && errno != EAGAIN) {
            complain(file, "cannot be written");
            break;
        }
    }
    file->size += done;
    if (done > 0)
        file->torn = bytes[done - 1] != '\n';
    if (done == n)
        file->warned = false;
    return done;
}

/* Bytes of whole lines at the start of lines[0..n) that fit into the file; one line always fits into an empty one. */
static size_t fitting(const struct mli_logfile *file, const char *lines, size_t n)
{
    size_t max = file->config.max_bytes, fit = 0;

    if (!file->regular || max == 0)
        return n;
    if (file->size < max && n <= max - file->size)
        return n;
    size_t room = file->size < max ? max - file->size : 0;
    const char *end = room ? memrchr(lines, '\n', room < n ? room : n) : NULL;
    if (end)
        fit = (size_t)(end - lines) + 1;
    else if (file->size == 0)
        fit = (size_t)((const char *)memchr(lines, '\n', n) - lines) + 1;
    return fit;
}

size_t mli_logfile_write(struct mli_logfile *file, const char *lines, size_t n, int patience)
{
    size_t done = 0;

    while (done < n) {
        if (file->torn && write_bytes(file, "\n", 1, patience) == 0)
            break;
        size_t fit = fitting(file, lines + done, n - done);
        if (fit == 0 && rotate(file))
            fit = fitting(file, lines + done, n - done);
        if (fit == 0) /* also when a name is a hard link to the next, so that renaming does nothing */
            break;
        size_t wrote = write_bytes(file, lines + done, fit, patience);
        done += wrote;
        if (wrote < fit)
            break;
    }
    return done;
}

bool mli_logfile_sync(struct mli_logfile *file)
{
    if (!file->regular || fdatasync(file->fd) == 0)
        return true;
    complain(file, "cannot be made durable");
    return false;
}
