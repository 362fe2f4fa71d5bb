/*
 * Code for x86-64 with AVX2 (Intel 2013, AMD 2015) in a program for every x86-64: a function that is marked
 * MLI_WIDE_CODE may use it, and may only be called when mli_wide(). Where MLI_WIDE is not defined there is none.
 */
#ifndef TABLE_WIDE_H
#define TABLE_WIDE_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define MLI_WIDE
#define MLI_WIDE_CODE __attribute__((target("avx2,bmi,popcnt")))

static inline bool mli_wide(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}
#else
static inline bool mli_wide(void)
{
    return false;
}
#endif

#endif
