#include <base/sort.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DIGIT_BITS 11 /* six passes over 64 bits; the counts fit the first-level cache */
#define DIGITS ((size_t)1 << DIGIT_BITS)

/* The bits of a double in the order of its values: all bits of a negative flipped, the sign of a positive set. */
static uint64_t ordered(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static size_t digit(double value, unsigned shift)
{
    return (size_t)(ordered(value) >> shift) & (DIGITS - 1);
}

/* One stable pass by one digit; false when all values share it and nothing was moved. */
static bool pass(const double *from, double *to, size_t n, unsigned shift)
{
    size_t start[DIGITS] = { 0 }, sum = 0;

    for (size_t i = 0; i < n; i++)
        start[digit(from[i], shift)]++;
    if (start[digit(from[0], shift)] == n)
        return false;
    for (size_t k = 0; k < DIGITS; k++) {
        size_t count = start[k];
        start[k] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[digit(from[i], shift)]++] = from[i];
    return true;
}

/* Radix sort, lowest digit first [Knuth, TAOCP 3, 5.2.5]: linear whatever the order of the values. */
void mli_sort(double *x, double *temp, size_t n)
{
    double *from = x, *to = temp;

    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (!pass(from, to, n, shift))
            continue;
        double *swap = from;
        from = to;
        to = swap;
    }
    if (from != x)
        memcpy(x, from, n * sizeof(*x));
}
