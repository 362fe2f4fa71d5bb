/*
 * Arena: memory that is dropped whole. A command or an HTTP request owns one; what is allocated from it lives until
 * _reset or _release. Chunks double in size; a limit (bytes, 0 = none) bounds the total, past it NULL is returned.
 * Not thread-safe: one arena, one thread.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct mli_arena_chunk;
struct mli_arena {
    struct mli_arena_chunk *head;
    size_t total; /* bytes taken from malloc */
    size_t limit; /* 0 = none */
};

#define MLI_ARENA_INIT { 0 }

void mli_arena_init(struct mli_arena *arena, size_t limit);
void *mli_arena_alloc(struct mli_arena *arena, size_t count, size_t size);  /* 64-byte aligned, uninitialised */
void *mli_arena_calloc(struct mli_arena *arena, size_t count, size_t size); /* zeroed */
char *mli_arena_strndup(struct mli_arena *arena, const char *s, size_t n);
char *mli_arena_printf(struct mli_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Allocations since a mark are dropped by _rewind; marks nest. For loops that must not grow the arena. */
struct mli_arena_mark {
    struct mli_arena_chunk *head;
    size_t used;
};
struct mli_arena_mark mli_arena_mark(const struct mli_arena *arena);
void mli_arena_rewind(struct mli_arena *arena, struct mli_arena_mark mark);
void mli_arena_reset(struct mli_arena *arena);   /* keeps the largest chunk for reuse */
void mli_arena_release(struct mli_arena *arena); /* frees all */

#endif
