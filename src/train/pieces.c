#include <train/pieces.h>

#define PIECE ((size_t)8192)
#define WORTH ((size_t)32768) /* parameters that are worth waking a thread for: some 10 us */

struct pieces {
    size_t n;
    void (*each)(void *data, size_t first, size_t end);
    void *data;
};

static void run(void *data, size_t item, size_t thread)
{
    const struct pieces *pieces = data;
    size_t first = item * PIECE, rest = pieces->n - first;

    (void)thread;
    pieces->each(pieces->data, first, first + (rest < PIECE ? rest : PIECE));
}

void mli_pieces(size_t n, struct mli_team *team, void (*each)(void *data, size_t first, size_t end), void *data)
{
    struct pieces pieces = { n, each, data };
    mli_team_run(team, n / WORTH, n / PIECE + (n % PIECE != 0), run, &pieces);
}
