/*
 * Powers of ten to 128 bits, for the conversion of decimals to doubles and back.
 *
 *   10^k = (high 2^64 + low + e) 2^(mli_power_exponent(k) - 127)    2^63 <= high    0 <= e < 1, 0 for 0 <= k <= 55
 */
#ifndef BASE_POWERS_H
#define BASE_POWERS_H

#include <stdint.h>

#define MLI_POWER_LOW (-342)
#define MLI_POWER_HIGH 324

/* high, low; of k at [k - MLI_POWER_LOW]. */
extern const uint64_t mli_power_table[MLI_POWER_HIGH - MLI_POWER_LOW + 1][2];

/* floor(log2(10^k)), for the k of the table. */
static inline int mli_power_exponent(int k)
{
    return (k * 1741647) >> 19;
}

#endif
