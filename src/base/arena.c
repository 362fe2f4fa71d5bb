#include <base/arena.h>

#include <base/mem.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64 /* a cache line, and the widest vector register */
#define FIRST_CHUNK ((size_t)4096)
#define LARGEST_CHUNK ((size_t)64 << 20) /* doubling ends here: no more than this is idle */

struct mli_arena_chunk {
    struct mli_arena_chunk *next;
    size_t size; /* of the whole chunk, this header included */
    size_t used; /* likewise */
};

void mli_arena_init(struct mli_arena *arena, size_t limit)
{
    *arena = (struct mli_arena){ .limit = limit };
}

/* Room in a chunk at the alignment, NULL if it has not enough. */
static void *chunk_take(struct mli_arena_chunk *chunk, size_t bytes, size_t alignment)
{
    uintptr_t base = (uintptr_t)chunk;
    uintptr_t aligned = (base + chunk->used + alignment - 1) & ~(uintptr_t)(alignment - 1);
    size_t start = (size_t)(aligned - base);
    if (start > chunk->size || chunk->size - start < bytes)
        return NULL;
    chunk->used = start + bytes;
    return (char *)chunk + start;
}

/*
 * Twice the last chunk, or what is needed if that is more; under a limit no more than is left of
 * it.
 */
static bool chunk_size(const struct mli_arena *arena, size_t bytes, size_t *out)
{
    size_t needed;
    if (!mli_add(bytes, sizeof(struct mli_arena_chunk) + ALIGNMENT, &needed))
        return false;
    size_t size = arena->head ? arena->head->size : FIRST_CHUNK / 2;
    size = size < LARGEST_CHUNK / 2 ? size * 2 : LARGEST_CHUNK;
    if (size < needed)
        size = needed;
    if (arena->limit > 0) {
        size_t left = arena->limit > arena->total ? arena->limit - arena->total : 0;
        if (left < needed)
            return false;
        if (size > left)
            size = left;
    }
    *out = size;
    return true;
}

static bool chunk_add(struct mli_arena *arena, size_t bytes)
{
    size_t size;
    if (!chunk_size(arena, bytes, &size))
        return false;
    struct mli_arena_chunk *chunk = malloc(size);
    if (!chunk)
        return false;
    *chunk = (struct mli_arena_chunk){ .next = arena->head, .size = size, .used = sizeof(*chunk) };
    arena->head = chunk;
    arena->total += size;
    return true;
}

static void *take(struct mli_arena *arena, size_t bytes, size_t alignment)
{
    if (bytes == 0)
        bytes = 1; /* every result is a place of its own */
    void *p = arena->head ? chunk_take(arena->head, bytes, alignment) : NULL;
    if (p)
        return p;
    return chunk_add(arena, bytes) ? chunk_take(arena->head, bytes, alignment) : NULL;
}

void *mli_arena_alloc(struct mli_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return mli_mul(count, size, &bytes) ? take(arena, bytes, ALIGNMENT) : NULL;
}

void *mli_arena_calloc(struct mli_arena *arena, size_t count, size_t size)
{
    void *p = mli_arena_alloc(arena, count, size);
    if (p)
        memset(p, 0, count * size); /* the product was checked */
    return p;
}

char *mli_arena_strndup(struct mli_arena *arena, const char *s, size_t n)
{
    size_t bytes;
    char *copy = mli_add(n, 1, &bytes) ? take(arena, bytes, 1) : NULL;
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *mli_arena_printf(struct mli_arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return NULL;
    char *text = take(arena, (size_t)length + 1, 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

struct mli_arena_mark mli_arena_mark(const struct mli_arena *arena)
{
    return (struct mli_arena_mark){ .head = arena->head,
                                    .used = arena->head ? arena->head->used : 0 };
}

void mli_arena_rewind(struct mli_arena *arena, struct mli_arena_mark mark)
{
    while (arena->head != mark.head) {
        struct mli_arena_chunk *newer = arena->head;
        arena->head = newer->next;
        arena->total -= newer->size;
        free(newer);
    }
    if (mark.head)
        mark.head->used = mark.used;
}

static void free_all_but(struct mli_arena *arena, struct mli_arena_chunk *kept)
{
    struct mli_arena_chunk *next;
    for (struct mli_arena_chunk *chunk = arena->head; chunk; chunk = next) {
        next = chunk->next; /* cppcheck-suppress nullPointerRedundantCheck ; kept may be NULL, chunk is not */
        if (chunk != kept)
            free(chunk);
    }
    arena->head = kept;
    arena->total = kept ? kept->size : 0;
}

void mli_arena_reset(struct mli_arena *arena)
{
    struct mli_arena_chunk *largest = arena->head;
    for (struct mli_arena_chunk *chunk = arena->head; chunk; chunk = chunk->next)
        if (chunk->size > largest->size)
            largest = chunk;
    free_all_but(arena, largest);
    if (largest) {
        largest->next = NULL;
        largest->used = sizeof(*largest);
    }
}

void mli_arena_release(struct mli_arena *arena)
{
    free_all_but(arena, NULL);
}
