#include <base/spool.h>

#include <base/mem.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char pattern[] = "/.mlctl-spool-XXXXXX";

struct array {
    void *data;
    size_t bytes;
};

struct mli_spool {
    char *directory;
    pthread_mutex_t lock; /* of the list */
    struct array *array;
    size_t count, capacity;
};

static char *directory_of(const char *beside)
{
    const char *temporary = secure_getenv("TMPDIR"), *slash = strrchr(beside, '/');

    if (temporary && temporary[0] == '/')
        return mli_strdup(temporary);
    if (!slash)
        return mli_strdup(".");
    return mli_strndup(beside, slash == beside ? 1 : (size_t)(slash - beside));
}

/* A file that no one else can open. -1: errno says why. */
static int open_file(const struct mli_spool *spool)
{
    size_t length = strlen(spool->directory);
    char *path = mli_alloc(length + sizeof(pattern), 1);

    if (!path)
        return -1;
    memcpy(path, spool->directory, length);
    memcpy(path + length, pattern, sizeof(pattern));
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    free(path);
    return fd;
}

enum ml_status mli_spool_new(const char *beside, struct mli_spool **out, struct ml_error *err)
{
    struct mli_spool *spool = mli_calloc(1, sizeof(*spool));

    if (spool)
        spool->directory = directory_of(beside);
    if (!spool || !spool->directory) {
        free(spool);
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    pthread_mutex_init(&spool->lock, NULL);
    int fd = open_file(spool);
    if (fd < 0) {
        ml_error_set(err, ML_EIO, "cannot write temporary files in \"%s\": %s; TMPDIR names another place",
                     spool->directory, strerror(errno));
        mli_spool_free(spool);
        return ML_EIO;
    }
    close(fd);
    *out = spool;
    return ML_OK;
}

void mli_spool_free(struct mli_spool *spool)
{
    if (!spool)
        return;
    for (size_t i = 0; i < spool->count; i++)
        munmap(spool->array[i].data, spool->array[i].bytes);
    pthread_mutex_destroy(&spool->lock);
    free(spool->array);
    free(spool->directory);
    free(spool);
}

const char *mli_spool_directory(const struct mli_spool *spool)
{
    return spool->directory;
}

static void *map_file(const struct mli_spool *spool, size_t bytes)
{
    void *data = MAP_FAILED;
    int fd = open_file(spool);

    if (fd < 0)
        return NULL;
    if (posix_fallocate(fd, 0, (off_t)bytes) == 0)
        data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return data == MAP_FAILED ? NULL : data;
}

void *mli_spool_alloc(struct mli_spool *spool, size_t count, size_t size)
{
    size_t bytes;

    if (!mli_mul(count, size, &bytes) || bytes > (size_t)PTRDIFF_MAX)
        return NULL;
    bytes = bytes > 0 ? bytes : 1;
    void *data = map_file(spool, bytes);
    if (!data)
        return NULL;
    pthread_mutex_lock(&spool->lock);
    bool kept = mli_grow((void **)&spool->array, &spool->capacity, spool->count, sizeof(*spool->array));
    if (kept)
        spool->array[spool->count++] = (struct array){ data, bytes };
    pthread_mutex_unlock(&spool->lock);
    if (!kept)
        munmap(data, bytes);
    return kept ? data : NULL;
}

/* The place in the list; count when it is not there. With the lock held. */
static size_t find(const struct mli_spool *spool, const void *array)
{
    size_t i = 0;

    while (i < spool->count && spool->array[i].data != array)
        i++;
    return i;
}

void mli_spool_give_back(struct mli_spool *spool, void *array)
{
    struct array found = { 0 };

    pthread_mutex_lock(&spool->lock);
    size_t i = find(spool, array);
    if (i < spool->count) {
        found = spool->array[i];
        spool->array[i] = spool->array[--spool->count];
    }
    pthread_mutex_unlock(&spool->lock);
    if (found.data)
        munmap(found.data, found.bytes);
}

void mli_spool_rest(struct mli_spool *spool, void *array)
{
    pthread_mutex_lock(&spool->lock);
    size_t i = find(spool, array);
    if (i < spool->count)
        madvise(spool->array[i].data, spool->array[i].bytes, MADV_DONTNEED);
    pthread_mutex_unlock(&spool->lock);
}

void mli_spool_leave(const void *from, const void *to)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = ((uintptr_t)from + page - 1) & ~(page - 1);
    uintptr_t end = (uintptr_t)to & ~(page - 1);

    if (begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void mli_spool_rest_all(struct mli_spool *spool)
{
    if (!spool)
        return;
    pthread_mutex_lock(&spool->lock);
    for (size_t i = 0; i < spool->count; i++)
        madvise(spool->array[i].data, spool->array[i].bytes, MADV_DONTNEED);
    pthread_mutex_unlock(&spool->lock);
}
