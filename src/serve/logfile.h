/*
 * Log file: lines at the end of a file, one writer. It is opened again when its path has come to name another file or none, so
 * that what rotates logs from outside (logrotate, by renaming) need tell nobody; or it rotates itself by size: FILE is
 * renamed to FILE.1, what was that to FILE.2, and so on, and the last is replaced.
 */
#ifndef SERVE_LOGFILE_H
#define SERVE_LOGFILE_H

#include <mlctl/log.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mli_logfile_config {
    const char *path; /* "-": standard output; borrowed */
    size_t max_bytes; /* of a file before it is rotated; 0: never */
    unsigned files;   /* then: in all, 2 or more */
    const struct ml_log *log;
};

struct mli_logfile {
    struct mli_logfile_config config;
    int fd;
    bool regular; /* else a pipe, a terminal, a device: neither opened again nor rotated */
    dev_t device;
    ino_t inode;
    size_t size;
    bool torn;   /* the last line lacks its end */
    bool warned; /* of what goes wrong, once until it goes well again */
};

/* Opens it, or makes it with mode 0640. ML_EIO. */
ML_NODISCARD enum ml_status mli_logfile_open(struct mli_logfile *file, const struct mli_logfile_config *config,
                                             struct ml_error *err);
void mli_logfile_close(struct mli_logfile *file);
/* Opens the file of that name, where it is another one by now. */
void mli_logfile_refresh(struct mli_logfile *file);
/*
 * Appends whole lines: how many bytes of them, from the first, are in the file. A reader who is slow may take `patience`
 * milliseconds for each piece of a pipe; negative: any time.
 */
size_t mli_logfile_write(struct mli_logfile *file, const char *lines, size_t n, int patience);
/* Whether what was written will be there after a loss of power. */
bool mli_logfile_sync(struct mli_logfile *file);

#endif
