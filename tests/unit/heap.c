#include <tests/unit/heap.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(SANITIZED) ||         \
    !defined(__GLIBC__)

bool heap_counts(void)
{
    return false;
}

void heap_start(size_t allowed)
{
    (void)allowed;
}

void heap_start_one(size_t allowed)
{
    (void)allowed;
}

struct heap_report heap_stop(void)
{
    return (struct heap_report){ 0 };
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static atomic_bool on, failed;
static bool one; /* fails, and the rest does not */
static atomic_size_t left, bytes;
static atomic_long blocks;

bool heap_counts(void)
{
    return true;
}

static void start(size_t allowed, bool alone)
{
    one = alone;
    left = allowed;
    bytes = 0;
    blocks = 0;
    failed = false;
    on = true;
}

void heap_start(size_t allowed)
{
    start(allowed, false);
}

void heap_start_one(size_t allowed)
{
    start(allowed, true);
}

struct heap_report heap_stop(void)
{
    on = false;
    return (struct heap_report){ .blocks = blocks, .bytes = bytes, .failed = failed };
}

static bool allow(size_t size)
{
    size_t now = left;

    if (!on)
        return true;
    while (now > 0) {
        if (!atomic_compare_exchange_weak(&left, &now, now - 1))
            continue;
        bytes += size;
        return true;
    }
    if (one)
        left = SIZE_MAX;
    failed = true;
    errno = ENOMEM;
    return false;
}

static void *count(void *p)
{
    blocks += on && p;
    return p;
}

void *malloc(size_t size)
{
    return allow(size) ? count(__libc_malloc(size)) : NULL;
}

void *calloc(size_t n, size_t size)
{
    return allow(n * size) ? count(__libc_calloc(n, size)) : NULL;
}

void *realloc(void *p, size_t size)
{
    if (!allow(size))
        return NULL;
    return p ? __libc_realloc(p, size) : count(__libc_malloc(size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return allow(size) ? count(__libc_memalign(alignment, size)) : NULL;
}

void free(void *p)
{
    blocks -= on && p;
    __libc_free(p);
}

#endif
