/*
 * Seeded generator: xoshiro256** [Blackman & Vigna 2021], its state filled by splitmix64 from one 64-bit seed.
 * Every random choice of the program flows from one of these; the same seed gives the same sequence everywhere.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct mli_rng {
    uint64_t state[4];
};

void mli_rng_init(struct mli_rng *rng, uint64_t seed);
uint64_t mli_rng_next(struct mli_rng *rng);
double mli_rng_uniform(struct mli_rng *rng);                /* [0, 1), 53 bits */
size_t mli_rng_below(struct mli_rng *rng, size_t n);        /* [0, n), unbiased (Lemire 2019); n > 0 */
double mli_rng_normal(struct mli_rng *rng);                 /* mean 0, variance 1 (polar method) */
void mli_rng_shuffle(struct mli_rng *rng, size_t *items, size_t n); /* Fisher & Yates */
void mli_rng_shuffle_32(struct mli_rng *rng, uint32_t *items, size_t n); /* to the same order */

#endif
