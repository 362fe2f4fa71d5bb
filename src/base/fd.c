#include <base/fd.h>

#include <errno.h>
#include <unistd.h>

bool mli_fd_read(int fd, void *bytes, size_t n, size_t *got)
{
    ssize_t part;

    do {
        part = read(fd, bytes, n);
    } while (part < 0 && errno == EINTR);
    if (part < 0)
        return false;
    *got = (size_t)part;
    return true;
}

bool mli_fd_write(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t part = write(fd, p, n);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return false;
        p += part;
        n -= (size_t)part;
    }
    return true;
}
