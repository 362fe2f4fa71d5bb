/*
 * Tiles: four numbers in a vector of the compiler's own, and four such vectors turned, so that what lies column by column
 * is written row by row and the other way round, sixteen numbers at a time instead of one. For functions with MLI_CLONES;
 * what it is lowered to makes no difference to the bits.
 */
#ifndef BASE_TILE_H
#define BASE_TILE_H

#include <stdint.h>

#define MLI_TILE 4

/* Loads and stores need no more alignment than a double's. A comparison of four is -1 where it holds, else 0. */
typedef double mli_four __attribute__((vector_size(32), aligned(8), may_alias));
typedef float mli_four_floats __attribute__((vector_size(16)));
typedef int64_t mli_four_bits __attribute__((vector_size(32), aligned(8), may_alias));

#define MLI_FOUR(p) (*(mli_four *)(p))
#define MLI_FOUR_CONST(p) (*(const mli_four *)(p))

/* What was number j of vector i becomes number i of vector j. */
static inline __attribute__((always_inline)) void mli_tile_turn(mli_four *a, mli_four *b, mli_four *c, mli_four *d)
{
    const mli_four even = __builtin_shufflevector(*a, *b, 0, 4, 2, 6), odd = __builtin_shufflevector(*a, *b, 1, 5, 3, 7);
    const mli_four even2 = __builtin_shufflevector(*c, *d, 0, 4, 2, 6), odd2 = __builtin_shufflevector(*c, *d, 1, 5, 3, 7);

    *a = __builtin_shufflevector(even, even2, 0, 1, 4, 5);
    *b = __builtin_shufflevector(odd, odd2, 0, 1, 4, 5);
    *c = __builtin_shufflevector(even, even2, 2, 3, 6, 7);
    *d = __builtin_shufflevector(odd, odd2, 2, 3, 6, 7);
}

static inline __attribute__((always_inline)) int64_t mli_four_sum(const mli_four_bits *v)
{
    return ((*v)[0] + (*v)[1]) + ((*v)[2] + (*v)[3]);
}

#endif
