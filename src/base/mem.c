#include <base/mem.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

bool mli_mul(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

bool mli_add(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

/* Zero bytes are asked for as one, because malloc(0) may answer NULL and NULL means failure here.
 */
static bool byte_count(size_t count, size_t size, size_t *bytes)
{
    if (!mli_mul(count, size, bytes))
        return false;
    if (*bytes == 0)
        *bytes = 1;
    return true;
}

void *mli_alloc(size_t count, size_t size)
{
    size_t bytes;
    return byte_count(count, size, &bytes) ? malloc(bytes) : NULL;
}

void *mli_calloc(size_t count, size_t size)
{
    size_t bytes;
    return byte_count(count, size, &bytes) ? calloc(1, bytes) : NULL;
}

void *mli_calloc_lines(size_t count, size_t size)
{
    size_t bytes, lines;

    if (!byte_count(count, size, &bytes) || !mli_add(bytes, MLI_LINE - 1, &lines))
        return NULL;
    void *p = aligned_alloc(MLI_LINE, lines & ~(size_t)(MLI_LINE - 1));
    if (p)
        memset(p, 0, bytes);
    return p;
}

void *mli_realloc(void *p, size_t count, size_t size)
{
    size_t bytes;
    return byte_count(count, size, &bytes) ? realloc(p, bytes) : NULL;
}

#define PAGE ((size_t)4096)
#define HUGE_PAGE ((size_t)2 * 1024 * 1024)

void *mli_alloc_large(size_t count, size_t size)
{
    void *p = mli_alloc(count, size);
#ifdef MADV_HUGEPAGE
    uintptr_t begin = ((uintptr_t)p + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    uintptr_t end = ((uintptr_t)p + (p ? count * size : 0)) & ~(uintptr_t)(HUGE_PAGE - 1);
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#endif
    return p;
}

void mli_touch(void *p, size_t from, size_t to)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t begin = ((uintptr_t)p + from) & ~(uintptr_t)(PAGE - 1), end = (uintptr_t)p + to;
    madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
#else
    (void)p;
    (void)from;
    (void)to;
#endif
}

void mli_give_back(void *p, size_t from, size_t to)
{
    uintptr_t begin = ((uintptr_t)p + from + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = ((uintptr_t)p + to) & ~(uintptr_t)(PAGE - 1);
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}

static struct mli_room whole_pages(struct mli_room room)
{
    uintptr_t begin = ((uintptr_t)room.begin + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = (uintptr_t)room.end & ~(uintptr_t)(PAGE - 1);

    return (struct mli_room){ (char *)begin, (char *)end };
}

#define HANDED ((ptrdiff_t)64 * 1024) /* bytes that are worth a call */

bool mli_hand_on(struct mli_room *from, struct mli_room *to)
{
#ifdef MREMAP_DONTUNMAP
    struct mli_room a = whole_pages(*from), b = whole_pages(*to);
    ptrdiff_t n = a.end - a.begin < b.end - b.begin ? a.end - a.begin : b.end - b.begin;

    if (n < HANDED)
        return true;
    int how = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    if (mremap(a.begin, (size_t)n, (size_t)n, how, b.begin) != MAP_FAILED) {
        from->begin = a.begin + n;
        to->begin = b.begin + n;
        return true;
    }
    /* What was there may be gone. */
    how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    return mmap(b.begin, (size_t)n, PROT_READ | PROT_WRITE, how, -1, 0) != MAP_FAILED;
#else
    (void)from;
    (void)to;
    return true;
#endif
}

char *mli_strdup(const char *s)
{
    return mli_strndup(s, strlen(s));
}

char *mli_strndup(const char *s, size_t n)
{
    size_t bytes;
    char *copy = mli_add(n, 1, &bytes) ? malloc(bytes) : NULL;
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

bool mli_grow(void **items, size_t *capacity, size_t count, size_t size)
{
    size_t wanted = 16;

    if (count < *capacity)
        return true;
    if (*capacity > 0 && !mli_mul(*capacity, 2, &wanted))
        return false;
    void *grown = mli_realloc(*items, wanted, size);
    if (!grown)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}
