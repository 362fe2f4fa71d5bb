/*
 * Radix sort, lowest digit first [Knuth, TAOCP 3, 5.2.5], of the doubles' bits in the order of their values, the row
 * beside each. Linear and stable; a digit that all values share costs no pass, which is most of them when the column
 * holds whole numbers or few decimals.
 */
#include <describe/order.h>

#include <base/mem.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS 11
#define DIGITS ((size_t)1 << DIGIT_BITS)
#define PASSES ((size_t)6)

#define SIGN ((uint64_t)1 << 63)

enum ml_status mli_order_init(struct mli_order *order, size_t rows, struct ml_error *err)
{
    *order = (struct mli_order){ 0 };
    if (rows > UINT32_MAX)
        return ml_error_set(err, ML_ELIMIT, "%zu rows; at most 4294967295 can be described", rows);
    order->memory = mli_alloc(rows ? rows : 1, 2 * (sizeof(uint64_t) + sizeof(uint32_t)));
    return order->memory ? ML_OK
                         : ml_error_set(err, ML_ENOMEM, "out of memory for the order of %zu rows", rows);
}

void mli_order_release(struct mli_order *order)
{
    free(order->memory);
    *order = (struct mli_order){ 0 };
}

static uint64_t key_of(double value)
{
    uint64_t bits;

    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof(bits));
    return bits & SIGN ? ~bits : bits | SIGN;
}

static double value_of(uint64_t key)
{
    double value;

    key = key & SIGN ? key ^ SIGN : ~key;
    memcpy(&value, &key, sizeof(value));
    return value;
}

/* Turns counts into first places; false when one digit has all n. */
static bool places(size_t *count, size_t n)
{
    size_t sum = 0;

    for (size_t k = 0; k < DIGITS; k++) {
        size_t c = count[k];
        if (c == n)
            return false;
        count[k] = sum;
        sum += c;
    }
    return true;
}

void mli_order_fill(struct mli_order *order, const double *x, size_t rows)
{
    static const size_t mask = DIGITS - 1;
    size_t count[PASSES][DIGITS] = { 0 }, n = 0;
    uint64_t *key = order->memory, *key_to = key + rows;
    uint32_t *row = (uint32_t *)(key_to + rows), *row_to = row + rows;

    for (size_t i = 0; i < rows; i++) {
        if (isnan(x[i]))
            continue;
        key[n] = key_of(x[i]);
        row[n] = (uint32_t)i;
        for (size_t p = 0; p < PASSES; p++)
            count[p][(key[n] >> (p * DIGIT_BITS)) & mask]++;
        n++;
    }
    for (size_t p = 0; p < PASSES && n > 1; p++) {
        if (!places(count[p], n))
            continue;
        for (size_t i = 0; i < n; i++) {
            size_t at = count[p][(key[i] >> (p * DIGIT_BITS)) & mask]++;
            key_to[at] = key[i];
            row_to[at] = row[i];
        }
        uint64_t *other_key = key;
        key = key_to;
        key_to = other_key;
        uint32_t *other_row = row;
        row = row_to;
        row_to = other_row;
    }
    order->n = n;
    order->row = row;
    order->value = (double *)(void *)key_to; /* the half that is free now */
    for (size_t i = 0; i < n; i++)
        order->value[i] = value_of(key[i]);
}

size_t mli_order_run(const struct mli_order *order, size_t first)
{
    size_t end = first + 1;

    while (end < order->n && !(order->value[end] > order->value[first]))
        end++;
    return end;
}

double mli_order_quantile(const struct mli_order *order, double q)
{
    double at = q * (double)(order->n - 1), low = floor(at), t = at - low;
    size_t i = (size_t)low;
    double a = order->value[i], b = i + 1 < order->n ? order->value[i + 1] : a;

    /* from the nearer neighbour, as numpy does, so that the ends are exact */
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}
