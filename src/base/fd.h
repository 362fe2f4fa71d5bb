/* Reads and writes on file descriptors that go on after a signal and after a part. errno says why
 * one failed. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>

/* Reads what is there, up to n bytes; *got is 0 at the end only. False on a read error. */
bool mli_fd_read(int fd, void *bytes, size_t n, size_t *got);

/* Writes all n bytes. False on a write error; some may have been written then. */
bool mli_fd_write(int fd, const void *bytes, size_t n);

#endif
