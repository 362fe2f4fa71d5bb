/*
 * Loops over parameters in pieces of fixed size, shared out to threads where there are enough of them. For what is done
 * to each parameter by itself: the result does not depend on the pieces.
 */
#ifndef TRAIN_PIECES_H
#define TRAIN_PIECES_H

#include <base/team.h>

#define MLI_PIECE ((size_t)8192)

static inline size_t mli_pieces_count(size_t n)
{
    return n / MLI_PIECE + (n % MLI_PIECE != 0);
}

/* each(data, first, end) for pieces that cover [0, n). */
void mli_pieces(size_t n, struct mli_team *team, void (*each)(void *data, size_t first, size_t end), void *data);

#endif
