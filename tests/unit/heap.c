#include <tests/unit/heap.h>

#include <errno.h>
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

struct heap_report heap_stop(void)
{
    return (struct heap_report){ 0 };
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static bool on;
static size_t left;
static struct heap_report report;

bool heap_counts(void)
{
    return true;
}

void heap_start(size_t allowed)
{
    left = allowed;
    report = (struct heap_report){ 0 };
    on = true;
}

struct heap_report heap_stop(void)
{
    on = false;
    return report;
}

static bool allow(size_t bytes)
{
    if (!on)
        return true;
    if (left == 0) {
        report.failed = true;
        errno = ENOMEM;
        return false;
    }
    left--;
    report.bytes += bytes;
    return true;
}

static void *count(void *p)
{
    report.blocks += on && p;
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

void free(void *p)
{
    report.blocks -= on && p;
    __libc_free(p);
}

#endif
