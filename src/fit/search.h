/*
 * Search: which settings are tried. A point is a document such as {"kind":"mlp","l2":0.01,"hidden":"128,64"}: what a
 * trial sets, in the order of the spaces.
 *
 *   grid     every combination, the last space fastest
 *   random   drawn from the spaces [Bergstra & Bengio 2012]; trial i is the same whatever the others are
 *   halving  random trials on a share of the training rows, the better third of which goes on with three times as many,
 *            and so on to all rows [Jamieson & Talwalkar 2016; Li et al. 2018, successive halving]
 */
#ifndef FIT_SEARCH_H
#define FIT_SEARCH_H

#include <fit/space.h>

#define MLI_SEARCH_GRID_MAX ((size_t)1000000)

struct mli_search {
    const struct mli_space *space; /* one of them may be of the kind; of two for one knob and kind the later counts */
    size_t spaces;
    const char *kind; /* of every trial when there is no such space */
};

/* Combinations of a grid; more than MLI_SEARCH_GRID_MAX: one more than that. */
size_t mli_search_grid_size(const struct mli_search *search);
/* The i-th of them. NULL: no memory. */
json_t *mli_search_grid(const struct mli_search *search, size_t i);
/* A random point. NULL: no memory. */
json_t *mli_search_draw(const struct mli_search *search, uint64_t seed, size_t trial);

enum { MLI_ROUNDS_MAX = 16, MLI_HALVING_FACTOR = 3 };

struct mli_round {
    size_t trials;
    double share; /* of the training rows */
};

/*
 * Rounds of a halving that ends on all rows and starts on as few as still let `trials` go down to one by then, but not on
 * fewer than `smallest`: scikit-learn's min_resources="exhaust". out (MLI_ROUNDS_MAX). Returns how many, from 1.
 */
size_t mli_halving_rounds(size_t trials, size_t rows, size_t smallest, struct mli_round *out);

#endif
