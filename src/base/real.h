/*
 * mli_real: the number that training computes with. The folders below fit that touch arrays of them (la's kernels,
 * net, train, and fit/learn.c) are compiled twice: as they stand, with double, and with -DMLI_SINGLE, with float. In
 * the second build every external name of those sources gets the suffix _f32 by a header of renames that the Makefile
 * makes from the objects of the first, so that the source says it once and plainly. Only fit/learn.h names both.
 *
 * Arrays of features, parameters and gradients are mli_real. Targets, weights of rows, sums, losses, penalties and step
 * sizes are double in both builds. A struct that holds an mli_real, and a pointer to one, never crosses from one
 * build to the other.
 */
#ifndef BASE_REAL_H
#define BASE_REAL_H

#include <float.h>
#include <math.h>

#ifdef MLI_SINGLE
typedef float mli_real;
#define MLI_REAL_EPSILON ((double)FLT_EPSILON)
#else
typedef double mli_real;
#define MLI_REAL_EPSILON DBL_EPSILON
#endif

static inline mli_real mli_sqrt(mli_real x)
{
#ifdef MLI_SINGLE
    return sqrtf(x);
#else
    return sqrt(x);
#endif
}

#endif
