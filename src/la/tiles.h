/*
 * The products of la/kernels.h for processors with AVX2 and FMA and operands that fit the caches, where a BLAS spends much
 * of its time on packing. Training alone: with FMA the bits are those of the type of processor.
 */
#ifndef LA_TILES_H
#define LA_TILES_H

#include <la/kernels.h>

const struct mli_kernels *mli_tiles(void); /* NULL: not for this processor */

#endif
