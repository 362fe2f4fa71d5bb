#include <base/rng.h>

#include <math.h>

/*
 * splitmix64 [Steele, Lea & Flood 2014]: spreads any seed, 0 too, over a state that is never all
 * zero.
 */
static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void mli_rng_init(struct mli_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        rng->state[i] = splitmix(&seed);
}

/*
 * xoshiro256** [Blackman & Vigna 2021, "Scrambled linear pseudorandom number generators"]. Apart from mli_rng_next(), since
 * what a shared library exports is not inlined.
 */
static inline uint64_t next(struct mli_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t mli_rng_next(struct mli_rng *rng)
{
    return next(rng);
}

double mli_rng_uniform(struct mli_rng *rng)
{
    return (double)(next(rng) >> 11) * 0x1p-53;
}

/*
 * The high half of a product is the answer; draws whose low half is below 2^64 mod n are
 * over-represented [Lemire 2019].
 */
static inline size_t below(struct mli_rng *rng, size_t n)
{
    uint64_t bound = n;
    __uint128_t product = (__uint128_t)next(rng) * bound;

    if ((uint64_t)product < bound) /* seldom, and the division is slow */
        for (uint64_t threshold = -bound % bound; (uint64_t)product < threshold;)
            product = (__uint128_t)next(rng) * bound;
    return (size_t)(product >> 64);
}

size_t mli_rng_below(struct mli_rng *rng, size_t n)
{
    return below(rng, n);
}

/*
 * Polar method [Marsaglia & Bray 1964]. Its second value is dropped, so that the state is all there
 * is to save.
 */
double mli_rng_normal(struct mli_rng *rng)
{
    double u, v, s;

    do {
        u = 2.0 * mli_rng_uniform(rng) - 1.0;
        v = 2.0 * mli_rng_uniform(rng) - 1.0;
        s = u * u + v * v;
    } while (s >= 1.0 || s == 0.0);
    return u * sqrt(-2.0 * log(s) / s);
}

enum { DRAWN = 16 };

/*
 * Durstenfeld's form of Fisher & Yates: from the last place down, each swapped with one of those
 * not yet settled. Places are drawn some ahead of their turn, since they come from all over memory.
 */
void mli_rng_shuffle(struct mli_rng *rng, size_t *items, size_t n)
{
    size_t place[DRAWN] = { 0 };

    for (size_t i = n, count; i > 1; i -= count) {
        count = i - 1 < DRAWN ? i - 1 : DRAWN;
        for (size_t k = 0; k < count; k++) {
            place[k] = below(rng, i - k);
            __builtin_prefetch(items + place[k], 1);
        }
        for (size_t k = 0; k < count; k++) {
            size_t item = items[i - k - 1];
            items[i - k - 1] = items[place[k]];
            items[place[k]] = item;
        }
    }
}

void mli_rng_shuffle_32(struct mli_rng *rng, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = below(rng, i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
