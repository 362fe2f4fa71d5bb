#include <prep/murmur.h>

#include <stdbool.h>

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

static uint32_t scramble(uint32_t k)
{
    return rotate(k * 0xcc9e2d51U, 15) * 0x1b873593U;
}

/* Up to four bytes, the first in the lowest place whatever the machine. */
static uint32_t gather(const unsigned char *bytes, size_t n)
{
    uint32_t k = 0;

    while (n-- > 0)
        k = k << 8 | bytes[n];
    return k;
}

static uint32_t finish(uint32_t h)
{
    h ^= h >> 16;
    h *= 0x85ebca6bU;
    h ^= h >> 13;
    h *= 0xc2b2ae35U;
    return h ^ h >> 16;
}

uint32_t mli_murmur3(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    uint32_t h = 0;
    size_t i = 0;

    for (; n - i >= 4; i += 4)
        h = rotate(h ^ scramble(gather(p + i, 4)), 13) * 5 + 0xe6546b64U;
    if (i < n)
        h ^= scramble(gather(p + i, n - i));
    return finish(h ^ (uint32_t)n);
}

size_t mli_hash_bucket(const char *token, size_t n, size_t buckets, double *sign)
{
    uint32_t h = mli_murmur3(token, n);
    bool negative = h >> 31;

    *sign = negative ? -1 : 1;
    return (negative ? 0U - h : h) % buckets;
}
