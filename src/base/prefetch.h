/*
 * Prefetch: memory that will be read soon. gcc takes a function that does nothing else for one without effects and leaves
 * its calls out, so this one has one, which costs no instruction.
 */
#ifndef BASE_PREFETCH_H
#define BASE_PREFETCH_H

static inline void mli_prefetch(const void *p)
{
    __builtin_prefetch(p);
    __asm__ volatile("");
}

#endif
