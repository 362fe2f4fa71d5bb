/* Where there is AVX2 (table/wide.h): those of four numbers that a mask chooses, side by side. */
#ifndef PREP_PACK_H
#define PREP_PACK_H

#include <stddef.h>
#include <stdint.h>
#include <table/wide.h>

#ifdef MLI_WIDE
/* Halves of four numbers, in the order in which those of a mask come first. */
#define MLI_PACK_HALVES(a, b, c, d) { 2 * (a), 2 * (a) + 1, 2 * (b), 2 * (b) + 1, 2 * (c), 2 * (c) + 1, 2 * (d), 2 * (d) + 1 }
static const int32_t mli_pack_order[16][8] = {
    MLI_PACK_HALVES(0, 1, 2, 3), MLI_PACK_HALVES(0, 1, 2, 3), MLI_PACK_HALVES(1, 0, 2, 3), MLI_PACK_HALVES(0, 1, 2, 3),
    MLI_PACK_HALVES(2, 0, 1, 3), MLI_PACK_HALVES(0, 2, 1, 3), MLI_PACK_HALVES(1, 2, 0, 3), MLI_PACK_HALVES(0, 1, 2, 3),
    MLI_PACK_HALVES(3, 0, 1, 2), MLI_PACK_HALVES(0, 3, 1, 2), MLI_PACK_HALVES(1, 3, 0, 2), MLI_PACK_HALVES(0, 1, 3, 2),
    MLI_PACK_HALVES(2, 3, 0, 1), MLI_PACK_HALVES(0, 2, 3, 1), MLI_PACK_HALVES(1, 2, 3, 0), MLI_PACK_HALVES(0, 1, 2, 3),
};

/* Writes four, of which the first ones count: as many as are returned. */
MLI_WIDE_CODE static inline size_t mli_pack(__m256d x, unsigned mask, double *to)
{
    __m256i order = _mm256_loadu_si256((const __m256i *)(const void *)mli_pack_order[mask]);

    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_permutevar8x32_epi32(_mm256_castpd_si256(x), order));
    return (size_t)_mm_popcnt_u32(mask);
}
#endif

#endif
