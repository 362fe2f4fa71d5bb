/*
 * Checked allocation. Count times size goes through here, so a product that overflows is an allocation failure and
 * never a short buffer. Every function returns NULL on failure; free with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mli_alloc(size_t count, size_t size);  /* uninitialised; count or size 0 gives a unique pointer */
/*
 * The same for an array that is read out of order: where there are pages of 2 MiB it asks for them, since with small ones
 * every row is also looked up in tables that no cache holds.
 */
void *mli_alloc_large(size_t count, size_t size);
void *mli_calloc(size_t count, size_t size); /* zeroed */
/* The same from the start of a cache line on: a struct whose size is whole lines shares none with another thread's. */
#define MLI_LINE 64
void *mli_calloc_lines(size_t count, size_t size);
void *mli_realloc(void *p, size_t count, size_t size); /* p stays valid on failure */
/*
 * Bytes [from, to) of memory are about to be written for the first time: their pages are fetched at once, which is
 * cheaper than each when it is met. A hint that changes nothing.
 */
void mli_touch(void *p, size_t from, size_t to);
/* Bytes [from, to) are needed no more, whole pages of them are given back; p stays allocated, what it holds there is lost. */
void mli_give_back(void *p, size_t from, size_t to);

struct mli_room { /* bytes of memory */
    char *begin, *end;
};
/*
 * The same for bytes whose pages others can use at once: the first whole pages of *to, about to be written for the first
 * time, become the first ones of *from, so that none is cleared. Both begin behind them then; nothing has changed where there
 * are too few to be worth it, or no such call. False: *to is no memory any more.
 */
bool mli_hand_on(struct mli_room *from, struct mli_room *to);
char *mli_strdup(const char *s);
char *mli_strndup(const char *s, size_t n); /* exactly n bytes plus NUL */

/* *out = a * b or a + b; false on overflow (out untouched). */
bool mli_mul(size_t a, size_t b, size_t *out);
bool mli_add(size_t a, size_t b, size_t *out);

/*
 * Makes room for one more element in a growing array: *items has *capacity elements of `size` bytes and `count` in use.
 * Doubles from 16. Returns false on failure, the array unchanged.
 */
bool mli_grow(void **items, size_t *capacity, size_t count, size_t size);

#endif
